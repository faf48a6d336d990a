"""From choices of the lattice to findings: what is rendered, what agrees, what is dropped."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.findings import MOST_ALTERNATIVES, Choice, findings
from cleaner.lexicon import Channel, compile_channel
from cleaner.result import Finding
from cleaner.segment import paragraphs, tokenize

CHANNEL: Channel = compile_channel({"test": {"said": (0.01, {"mentioned": 0.99})}})


def find(text: str, *swaps: tuple[str, str | tuple[tuple[str, float], ...]], spun: float = 1.0) -> list[Finding]:
    """The findings in the one paragraph of `text` when the lattice reads each spun phrase of `swaps`, in text order,
    as the original beside it (or as several, with their probabilities)."""
    (span,) = paragraphs(text)
    tokens = tokenize(text, *span)
    chosen, position = [], 0
    for phrase, readings in swaps:
        norms = tokenize(phrase).norms
        position = next(i for i in range(position, len(tokens)) if tokens.norms[i : i + len(norms)] == norms)
        if isinstance(readings, str):
            readings = ((readings, 0.9),)
        chosen.append(Choice(0, position, position + len(norms), readings, 0))
        position += len(norms)
    found = list(findings(text, tokens, chosen, spun, CHANNEL.dialects))
    assert all(text[f.start : f.end] == f.text for f in found)
    assert all(f.end <= g.start for f, g in pairwise(found))
    return found


def restore(text: str, *swaps: tuple[str, str | tuple[tuple[str, float], ...]]) -> str:
    """`text` with all findings applied."""
    for f in reversed(find(text, *swaps)):
        assert f.replacement is not None
        text = text[: f.start] + f.replacement + text[f.end :]
    return text


@pytest.mark.parametrize(
    ("text", "swap", "expected"),
    [
        ("An navy base lay there.", ("navy", "military"), "A military base lay there."),
        ("It was a lengthy wait.", ("lengthy", "hour's"), "It was an hour's wait."),
        ("Such a movie.", ("movie", "film"), "Such a film."),
        ("They saw a  large room.", ("large", "enormous"), "They saw an  enormous room."),
        ("THE END OF AN ARMADA", ("armada", "fleet"), "THE END OF A FLEET"),
        ("It is this sort of a idea.", ("this sort of a", "such a"), "It is such an idea."),
        ("He has one idea.", ("one", "a"), "He has an idea."),
        ("He is a, nicely, odd man.", ("nicely", "well"), "He is a, well, odd man."),
    ],
)
def test_articles_agree(text: str, swap: tuple[str, str], expected: str) -> None:
    assert restore(text, swap) == expected


def test_an_article_agrees_with_the_restored_word_after_it() -> None:
    swaps = (("this sort of a", "such a"), ("notion", "idea"))
    assert restore("It was this sort of a notion.", *swaps) == "It was such an idea."


def test_every_alternative_has_its_own_article() -> None:
    (f,) = find("It met an obstacle.", ("obstacle", (("hurdle", 0.7), ("impediment", 0.2), ("block", 0.05))))
    assert (f.text, f.replacement) == ("an obstacle", "a hurdle")
    assert [text for text, _ in f.alternatives] == ["an impediment", "a block"]


@pytest.mark.parametrize(
    ("text", "swap", "expected"),
    [
        ("The authorities's plan.", ("authorities", "government"), "The government's plan."),
        ("The authorities’s plan.", ("authorities", "government"), "The government’s plan."),
        ("The officers' pay rose.", ("officers", "police"), "The police's pay rose."),
        ("The officers' pay rose.", ("officers", "officials"), "The officials' pay rose."),
        ("The military's pay rose.", ("military", "armed forces"), "The armed forces' pay rose."),
        ("He spoke of 'the officers' again.", ("officers", "police"), "He spoke of 'the police' again."),
        ("It's the boss's view.", ("boss", "class"), "It's the class's view."),
    ],
)
def test_possessives(text: str, swap: tuple[str, str], expected: str) -> None:
    assert restore(text, swap) == expected


@pytest.mark.parametrize("space", ["  ", "\u00a0", "\t", "\u2009"])
def test_white_space_inside_a_span_becomes_single_spaces(space: str) -> None:
    text = f"They spoke in{space}response{space}to him."
    assert restore(text, ("in response to", "according to")) == "They spoke according to him."


def test_white_space_around_a_span_stays() -> None:
    assert restore("He\u00a0 mentioned\u00a0 so.", ("mentioned", "said")) == "He\u00a0 said\u00a0 so."


@pytest.mark.parametrize(
    ("text", "swap", "expected"),
    [
        ("A long-term plan.", ("long-term", "lasting"), "A lasting plan."),
        ("A 12-calendar-month plan.", ("calendar-month", "month"), "A 12-month plan."),
        ("The pre- and post-warfare years.", ("pre", "before"), "The before- and post-warfare years."),
        ("A lasting Settlement.", ("lasting", "long-term"), "A long-term Settlement."),
        ("It isn’t so.", ("isn't", "wasn't"), "It wasn’t so."),
        ("It isn't so.", ("isn't", "wasn't"), "It wasn't so."),
        ("The “Safety Council” met.", ("safety", "security"), "The “Security Council” met."),
        ("“Safety first,” she said.", ("safety", "security"), "“Security first,” she said."),
    ],
)
def test_hyphens_contractions_and_quotation_marks(text: str, swap: tuple[str, str], expected: str) -> None:
    assert restore(text, swap) == expected


@pytest.mark.parametrize(
    ("text", "swap", "expected"),
    [
        ("Then the 2 leaders met.", ("the 2", "the two"), "Then the two leaders met."),
        ("2 leaders met on Monday.", ("2", "two"), "Two leaders met on Monday."),
        ("She won for the 3rd time.", ("3rd", "third"), "She won for the third time."),
        ("They waited 9 months for it.", ("9", "nine"), "They waited nine months for it."),
        ("It was the sixteenth of them.", ("sixteenth", "16th"), "It was the 16th of them."),
        ("It took 12 months to build.", ("12 months", "a year"), "It took a year to build."),
    ],
)
def test_numerals_in_running_text(text: str, swap: tuple[str, str], expected: str) -> None:
    assert restore(text, swap) == expected


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("They met near Section 2 of the wall.", "2"),
        ("See Fig. 2 for the outcome of it.", "2"),
        ("See No. 2 for the outcome of it.", "2"),
        ("It runs version 2 of the program.", "2"),
        ("The walk was 2 kilometres or more.", "2"),
        ("It rose by 2 percent this year.", "2"),
        ("It rose by 2 per cent this year.", "2"),
        ("They paid 2 million for the house.", "2"),
        ("On 5 May they met in the hall.", "5"),
        ("On May 5 they met in the hall.", "5"),
        ("1. Wash the rice in cold water.", "1"),
        ("2) Wash the rice in cold water.", "2"),
        ("2 eggs, beaten", "2"),
        ("White plays 2 e4 and Black is lost.", "2"),
        ("They moved to 2 Chestnut Street in the spring.", "2"),
        ("Her son, 5, was with her that day.", "5"),
        ("The crew of Apollo 8 came home that day.", "8"),
        ("Apples 3 4 5 pears 2 3 4 plums 1 2 3.", "3"),
        ("It is (2) that they want to see.", "2"),
        ("The 5-year plan was a failure.", "5"),
    ],
)
def test_numbers_that_stay_in_figures(text: str, number: str) -> None:
    words = {"1": "one", "2": "two", "3": "three", "5": "five", "8": "eight"}
    assert find(text, (number, words[number])) == []


@pytest.mark.parametrize("number", ["2 km", "2-1", "2,000", "2%", "G20", "2.5"])
def test_measures_scores_and_names_are_no_numbers_to_spell(number: str) -> None:
    assert "2" not in tokenize(f"It was {number} then.").norms


def test_a_sentence_does_not_begin_with_figures() -> None:
    assert find("Sixteenth of all, she went home.", ("sixteenth", "16th")) == []


def test_a_change_of_spelling_needs_the_documents_word() -> None:
    assert find("The color of it.", ("color", "colour")) == []
    assert restore("The color of the harbour.", ("color", "colour")) == "The colour of the harbour."


def test_restored_words_are_spelt_as_the_document_spells() -> None:
    assert restore("The work by the harbour.", ("work", "labor")) == "The labour by the harbour."


def test_alternatives_are_distinct_and_none_is_the_text_or_the_replacement() -> None:
    readings = (("labour", 0.5), ("work", 0.2), ("labor", 0.1), ("job", 0.05), ("task", 0.04), ("thing", 0.001))
    (f,) = find("Work by the harbour.", ("work", readings))
    assert (f.replacement, f.confidence) == ("Labour", pytest.approx(0.6))
    assert f.alternatives == (("Job", 0.05), ("Task", 0.04))


def test_the_source_names_the_row_that_is_proposed() -> None:
    (f,) = find("It rose by 2 percent, they said.", ("2", (("two", 0.6), ("both", 0.3))))
    assert (f.replacement, f.source) == ("both", "test: 2 <- both")


def test_confidence_is_that_of_the_paragraph_times_that_of_the_edit() -> None:
    (f,) = find("He mentioned it.", ("mentioned", (("said", 0.8), ("stated", 0.1))), spun=0.9)
    assert f.confidence == pytest.approx(0.72)
    assert f.alternatives == (("stated", 0.09),)
    assert f.source == "test: mentioned <- said"


@pytest.mark.parametrize(
    ("said", "stated", "spun", "told"), [(0.3, 0.3, 1.0, 1), (0.3, 0.2, 1.0, 0), (0.5, 0.4, 0.5, 0)]
)
def test_what_hardly_was_changed_is_no_finding(said: float, stated: float, spun: float, told: int) -> None:
    readings = (("said", said), ("stated", stated))
    assert len(find("He mentioned it.", ("mentioned", readings), spun=spun)) == told


def test_no_more_alternatives_than_can_be_read() -> None:
    readings = tuple((word, 0.1) for word in ("said", "stated", "told", "noted", "spoke", "wrote", "argued"))
    (f,) = find("He mentioned it.", ("mentioned", readings))
    assert len(f.alternatives) == MOST_ALTERNATIVES


WORDS = ("a", "an", "the", "Safety", "officers'", "2", "US", "colour", "isn’t", "“Go”", "in", "(x)", "10%", "end.", "—")


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_findings_are_disjoint_and_true_to_the_text(words: list[str], random: Random) -> None:
    text = " ".join(words)
    tokens = tokenize(text)
    starts = [i for i in range(len(tokens)) if random.random() < 0.6]
    chosen = [Choice(0, i, i + 1, (("an hour", 0.6), ("two", 0.3), ("color", 0.05)), 0) for i in starts]
    found = list(findings(text, tokens, chosen, 1.0, CHANNEL.dialects))
    for f in found:
        assert text[f.start : f.end] == f.text
        options = [f.replacement, *(a for a, _ in f.alternatives)]
        assert len(set(options)) == len(options) and f.text not in options
    assert all(f.end <= g.start for f, g in pairwise(found))
