"""From parallel articles to rows, from lemmas to forms, and from rows to the rows that follow."""

from __future__ import annotations

from pathlib import Path

import pytest

from cleaner.lexicon import Entry, read_entries, write_entries
from cleaner.training.derive import derive, strip
from cleaner.training.induce import induce
from cleaner.training.inflect import inflect, inflected, written
from cleaner.training.rows import usable


def article(marked: str) -> dict[str, object]:
    """An article in which `[spun|original]` marks an edit."""
    spun, edits = "", []
    for piece in marked.replace("]", "[").split("["):
        if "|" in piece:
            new, old = piece.split("|")
            edits.append([len(spun), len(spun) + len(new), old])
            piece = new
        spun += piece
    return {"spun": spun, "edits": edits}


ARTICLES = [
    article(
        "The [navy|military] [mentioned|said] it left. “No,” he [mentioned|said].\nHe said [the navy|The military]"
    ),
    article("Officials [stated|said] the military took part in [the warfare|the war], then said no more. It's over."),
]


def rows(candidates: list[str] | None = None) -> dict[tuple[str, str], tuple[int, int]]:
    return {(e.original, e.spun): (e.count, e.documents) for e in induce(ARTICLES, candidates or [])}


def test_swaps_are_counted_with_their_documents() -> None:
    swaps = {pair: n for pair, n in rows().items() if pair[0] != pair[1]}
    assert swaps == {
        ("military", "navy"): (1, 1),
        ("said", "mentioned"): (2, 1),
        ("said", "stated"): (1, 1),
        ("the military", "the navy"): (1, 1),
        ("the war", "the warfare"): (1, 1),
    }


def test_what_was_left_alone_is_counted_longest_first() -> None:
    stays = {pair[0]: n for pair, n in rows().items() if pair[0] == pair[1]}
    assert stays == {"said": (2, 2), "the military": (1, 1)}  # not "military": the longer phrase took it


def test_phrases_of_other_tables_are_looked_for_too() -> None:
    found = rows(["took part in", "part in", "it's", "over"])
    assert found["took part in", "took part in"] == (1, 1)
    assert found["it's", "it's"] == (1, 1)
    assert found["over", "over"] == (1, 1)


def test_edits_that_make_no_row_are_left_out() -> None:
    assert not usable("war", "war") and not usable("", "war") and not usable("'s", "its")
    assert not usable("one two three four five six seven", "seven")
    assert induce([article("It was [one two three four five six seven|short] [War|war] here.")]) == []


def test_protected_spans_make_no_rows() -> None:
    assert induce([article("They came in [the #1|the number one] car.")]) == []


def test_counts_do_not_depend_on_the_order_of_articles(tmp_path: Path) -> None:
    write_entries(tmp_path / "a.tsv", induce(ARTICLES))
    write_entries(tmp_path / "b.tsv", induce(reversed(ARTICLES)))
    assert (tmp_path / "a.tsv").read_bytes() == (tmp_path / "b.tsv").read_bytes()
    assert list(read_entries(tmp_path / "a.tsv")) == sorted(induce(ARTICLES))


# --- inflected forms ------------------------------------------------------------------------------------------


def test_nouns_inflect_at_the_end_and_verbs_at_the_head() -> None:
    assert ("prime ministers", "first ministers") in set(inflect("prime minister", "noun", "first minister"))
    assert ("took part", "participated") in set(inflect("take part", "verb", "participate"))
    assert list(inflect("of course", "fixed", "naturally")) == [("of course", "naturally")]


def test_adjectives_without_comparative_keep_to_the_base_form() -> None:
    assert ("bigger", "larger") in set(inflect("big", "adj", "large"))
    assert list(inflect("financial", "adj", "monetary")) == [("financial", "monetary")]


def test_forms_that_nobody_uses_are_not_made() -> None:
    assert inflected("tantalum", "NNS") is None
    assert inflected("child", "NNS") == "children"


def test_written_rows_are_normal_and_come_once() -> None:
    lemmas = [
        ("war", "noun", "conflict"),
        ("war", "noun", "conflict"),
        ("It’s", "fixed", "it is"),
        ("war", "adv", "war"),
    ]
    assert sorted(written(lemmas)) == [
        Entry("it's", "it is", 0, 0, "written"),
        Entry("war", "conflict", 0, 0, "written"),
        Entry("wars", "conflicts", 0, 0, "written"),
    ]


# --- derived rows ---------------------------------------------------------------------------------------------


def observed(*pairs: tuple[str, str]) -> list[Entry]:
    return [Entry(o, s, 3, 2, "observed") for o, s in pairs]


def derived(*pairs: tuple[str, str]) -> set[tuple[str, str]]:
    return {(e.original, e.spun) for e in derive(observed(*pairs))}


def test_the_bare_pair_of_a_longer_one_follows_with_its_forms() -> None:
    assert {("location", "situation"), ("locations", "situations")} <= derived(("the location", "the situation"))


def test_forms_of_an_observed_pair_follow() -> None:
    found = derived(("buys", "purchases"))
    assert {("buy", "purchase"), ("bought", "purchased"), ("buying", "purchasing")} <= found
    assert ("weapons", "gun") not in derived(("weapon", "gun"))  # both sides take one form
    assert ("weapons", "guns") in derived(("weapon", "gun"))


def test_derived_rows_are_new_and_have_no_counts() -> None:
    pairs = [("war", "conflict"), ("wars", "conflicts"), ("the war", "the conflict"), ("peace", "peace")]
    rows_ = derive(observed(*pairs))
    assert not {(e.original, e.spun) for e in rows_} & set(pairs)
    assert all((e.count, e.documents, e.source) == (0, 0, "derived") and e.original != e.spun for e in rows_)
    assert rows_ == sorted(rows_)


@pytest.mark.parametrize(
    ("row", "bare"),
    [
        (("in the", "within the"), ("in", "within")),
        (("a war", "an armed conflict"), ("war", "armed conflict")),
        (("the", "the the"), ("the", "the the")),
        (("of war of", "of conflict of"), ("war", "conflict")),
        (("war", "war war"), ("war", "war war")),
    ],
)
def test_shared_words_drop_out_but_one_stays_on_each_side(row: tuple[str, str], bare: tuple[str, str]) -> None:
    assert strip(*row) == bare
