"""The surface of restored text: capitals, articles, apostrophes, spelling."""

from __future__ import annotations

import csv

import pytest

from cleaner import casing, spelling
from cleaner.casing import Casing, Row
from cleaner.resources import path
from cleaner.result import Finding, apply
from cleaner.rewriter import Conventions, Edit, article_for, in_case_of, opens_sentence, trimmed
from cleaner.segment import normalize, tokenize
from cleaner.spelling import Spelling


@pytest.mark.parametrize(
    ("surface", "original", "expected"),
    [
        ("Safety", "security", "Security"),
        ("Safety Council", "security council", "Security Council"),
        ("Chilly Conflict", "cold war", "Cold War"),
        ("White Home", "white house", "White House"),
        ("Crimson Ocean", "red sea", "Red Sea"),
        ("Reserve of England", "bank of england", "Bank of England"),
        ("mentioned", "said", "said"),
        ("in response to", "according to", "according to"),
        ("america", "the us", "the US"),
        ("America", "the us", "the US"),
        ("the USA", "the united states", "the United States"),
        ("USA", "united states", "United States"),
        ("NAVY", "military", "MILITARY"),
        ("monetary  services", "banking", "banking"),
        ("2", "two", "two"),
        ("I", "we", "we"),
        ("Japanese", "eastern", "Eastern"),
        ("12 Months", "year", "Year"),
    ],
)
def test_case_inside_a_sentence(surface: str, original: str, expected: str) -> None:
    assert in_case_of(surface, original, opens_sentence=False) == expected


@pytest.mark.parametrize(
    ("surface", "original", "expected"),
    [
        ("In response to", "according to", "According to"),
        ("Moreover", "in addition", "In addition"),
        ("America", "the us", "The US"),
        ("america", "the us", "The US"),
        ("5", "five", "Five"),
        ("Security Council", "safety board", "Safety Board"),
        ("a", "the", "the"),  # an author who writes small stays so
        ("I'm", "i am", "I am"),
    ],
)
def test_case_at_the_start_of_a_sentence(surface: str, original: str, expected: str) -> None:
    assert in_case_of(surface, original, opens_sentence=True) == expected


def test_words_beside_the_replacement_tell_its_case() -> None:
    assert in_case_of("americans", "us", opens_sentence=False, before="the") == "US"
    assert in_case_of("them", "us", opens_sentence=False, before="for") == "us"


def test_an_acronym_is_loud_only_among_capitals() -> None:
    assert in_case_of("USA", "united states", opens_sentence=False, loud=True) == "UNITED STATES"


def test_sentences_open_after_stops_colons_and_quotation_marks() -> None:
    text = 'He left. Then she said: "Now go" and (perhaps) stayed.'
    tokens = tokenize(text)
    opening = [w for i, w in enumerate(tokens.norms) if opens_sentence(tokens, i, text)]
    assert opening == ["he", "then", "now", "perhaps"]


@pytest.mark.parametrize(
    "phrase",
    [
        *(
            "an hour",
            "an honest man",
            "an heir",
            "an umbrella",
            "an unintended effect",
            "an unidentified man",
            "an urn",
        ),
        *("an MP", "an FBI agent", "an 8", "an 80-year-old", "an 11th", "an 18-month", "an 11,000-ton ship", "an SUV"),
        *("an urgent call", "an onerous task", "an X-ray", "an f-stop", "an élite unit", "an RAF base", "an NGO"),
        *("a union", "a European", "a one-off", "a UN envoy", "a US ship", "a user", "a NATO base", "a uniform"),
        *("a useful tool", "a university", "a utility", "a 110th", "a 100", "a Ukrainian", "a ewe", "a U-turn"),
        *(
            "a house",
            "a history",
            "a FIFA rule",
            "a once great team",
            "a Ugandan",
            "a ubiquitous sign",
            "a uranium mine",
        ),
    ],
)
def test_articles_agree_with_the_sound_that_follows(phrase: str) -> None:
    article, word = phrase.split(" ", 1)
    assert article_for("a", word) == article
    assert article_for("An", word) == article.capitalize()


def test_an_article_in_capitals_stays_so() -> None:
    assert article_for("AN", "MILITARY") == "A"
    assert article_for("AN", "ARMY") == "AN"


def test_edits_are_trimmed_to_the_words_that_differ() -> None:
    assert trimmed(("the", "safety", "council"), 3, "the security council") == Edit(4, 5, "security")
    assert trimmed(("it", "'s"), 0, "it is") == Edit(0, 2, "it is")


def test_apostrophes_follow_the_document() -> None:
    assert Conventions.of("It’s late.").apostrophes("don't") == "don’t"
    assert Conventions.of("It's late.").apostrophes("don't") == "don't"
    assert Conventions.of("Late.").apostrophes("don't") == "don't"


def test_spelling_follows_the_document() -> None:
    british = Spelling.of("The theatre by the harbour honours its neighbours.")
    american = Spelling.of("The theater by the harbor honors its neighbors, who favor the color gray.")
    assert british.render("the organization of labor") == "the organisation of labour"
    assert american.render("the organisation of labour") == "the organization of labor"
    assert Spelling.of("Nothing tells.").render("labour and color") == "labour and color"


def test_names_are_no_evidence_of_spelling() -> None:
    assert Spelling.of("Rockefeller Center and Pearl Harbor; Labor Day in Theater Row").counts == {}


def test_a_change_of_spelling_alone_needs_evidence() -> None:
    british = Spelling.of("Theatre and harbour.")
    assert not british.flips("color", "colour")
    assert british.flips("colour", "color")
    assert Spelling.of("The color of it. More color. Any color.").flips("color", "colour")
    assert not british.flips("hue", "colour")
    assert not british.flips("paint", "paint")


def test_applying_leaves_what_is_not_applied() -> None:
    found = (
        Finding(0, 4, "Ocea", "phrase", "Sea", 0.9, applied=True),
        Finding(5, 6, "x", "phrase", "y", 0.4),
    )
    assert apply("Ocea x.", found) == "Sea x."


def test_casing_reads_words_and_pairs() -> None:
    table = Casing.of([Row("monday", "Monday", 9, "corpus"), Row("red sea", "Red Sea", 9, "corpus")])
    assert table(["on", "monday", "red", "sea"]) == ["on", "Monday", "Red", "Sea"]
    assert table(["sea", "red"]) == ["sea", "red"]
    assert table(["sea"], before="red") == ["sea"]  # a name has capitals of its own
    assert Casing.of([Row("the us", "the US", 9, "corpus")])(["us"], before="the") == ["US"]


def test_casing_is_counted_inside_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    from cleaner.training import casing as training

    monkeypatch.setattr(training, "LEAST_WORDS", 3)
    monkeypatch.setattr(training, "LEAST_PAIRS", 3)
    text = "They tell us what the US, on Monday, is. House rules of the White House are in a white book of the house.\n"
    rows = training.rows(training.surfaces([text] * 5))
    assert [(row.lower, row.cased, row.count) for row in rows] == [
        ("monday", "Monday", 5),
        ("the us", "the US", 5),
        ("white house", "White House", 5),
    ]


def _rows(name: str) -> list[list[str]]:
    with path("en", name).open(encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_casing_table_is_sound() -> None:
    header, *rows = _rows("casing.tsv")
    assert tuple(header) == casing.COLUMNS
    keys = [row[0] for row in rows]
    assert keys == sorted(set(keys))
    for lower, cased, count, source in rows:
        assert normalize(cased) == lower != cased, lower
        assert len(cased) == len(lower), lower
        assert 1 <= len(lower.split(" ")) <= 2, lower
        assert int(count) > 0 and source in ("corpus", "written"), lower


def test_spelling_table_is_sound() -> None:
    header, *rows = _rows("spelling.tsv")
    assert tuple(header) == spelling.COLUMNS
    british = [row[0] for row in rows]
    american = [row[1] for row in rows]
    assert british == sorted(set(british))
    assert len(set(american)) == len(american)
    assert not set(british) & set(american)
    for word in (*british, *american):
        assert word.isascii() and word.isalpha() and word.islower(), word
        assert len(word) >= 4, word
