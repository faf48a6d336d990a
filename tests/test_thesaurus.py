"""The thesaurus channel: the table says what it was given, and says it fast."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.lexicon import phrase_keys
from cleaner.segment import tokenize, word_hash
from cleaner.thesaurus import SHIPPED, Thesaurus, ThesaurusError, phrase_key, save
from cleaner.training.thesauri import WordNet, read_moby, read_wordnet
from cleaner.training.thesaurus import (
    LEAST_SPUN,
    WEIGHTS,
    Closeness,
    fit,
    forms,
    select,
)

WORDS = ("war", "conflict", "take", "part", "join", "it's", "ship's", "well-known")
PHRASES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join).filter(lambda p: len(tokenize(p)) <= 3)
TABLES = st.dictionaries(
    PHRASES, st.dictionaries(PHRASES, st.floats(0.01, 1), min_size=1, max_size=4), min_size=1, max_size=6
)


def keys_of(text: str) -> list[np.ndarray]:
    tokens = tokenize(text)
    return phrase_keys(np.array([word_hash(n) for n in tokens.norms], np.uint64), np.array(tokens.joined, bool))


@settings(max_examples=60, deadline=None)
@given(TABLES, PHRASES)
def test_look_up_agrees_with_a_search_of_the_whole_table(
    tmp_path_factory: pytest.TempPathFactory, table: dict[str, dict[str, float]], text: str
) -> None:
    path = tmp_path_factory.mktemp("thesaurus") / "t"
    save(path, table, lambda phrase: -float(len(phrase)))
    opened = Thesaurus.open(path)
    norms = tokenize(text).norms
    spans = [(i, n, " ".join(norms[i : i + n])) for n in (1, 2, 3) for i in range(len(norms) - n + 1)]

    matches = opened.swaps(keys_of(text))
    found = {
        (int(i), int(n), opened.text(int(opened.original[row])), round(float(opened.log_swap(np.array([row]))[0]), 1))
        for i, n, row in zip(*matches, strict=True)
    }
    expected = {
        (i, n, original, math.log(p))
        for i, n, phrase in spans
        for original, swaps in table.items()
        for spun, p in swaps.items()
        if " ".join(tokenize(spun).norms) == phrase
    }
    assert {f[:3] for f in found} == {e[:3] for e in expected}
    for *place, log_p in expected:
        assert any(f[:3] == tuple(place) and abs(f[3] - log_p) < 0.1 for f in found)

    known = opened.known(keys_of(text))
    assert {(int(i), int(n), opened.text(int(row))) for i, n, row in zip(*known, strict=True)} == {
        (i, n, original) for i, n, phrase in spans for original in table if " ".join(tokenize(original).norms) == phrase
    }


def test_most_keeps_the_best_readings(tmp_path: Path) -> None:
    table = {
        "war": {"conflict": 0.1, "fight": 0.9},
        "dispute": {"conflict": 0.9, "fight": 0.1},
        "row": {"conflict": 1.0},
    }
    save(tmp_path / "t", table, {"war": -1.0, "dispute": -2.0, "row": -9.0}.__getitem__)
    opened = Thesaurus.open(tmp_path / "t")
    everything, best = (
        opened.swaps(keys_of("a conflict, a fight")),
        opened.swaps(keys_of("a conflict, a fight"), most=1),
    )
    assert [opened.text(opened.original[r]) for r in everything.row] == ["dispute", "war", "row", "war", "dispute"]
    assert [opened.text(opened.original[r]) for r in best.row] == ["dispute", "war"]
    assert best.start.tolist() == [1, 4]


def test_phrases_do_not_match_across_other_characters(tmp_path: Path) -> None:
    save(tmp_path / "t", {"participate": {"take part": 1.0}}, lambda _: 0.0)
    opened = Thesaurus.open(tmp_path / "t")
    assert len(opened.swaps(keys_of("they take part")).row) == 1
    assert len(opened.swaps(keys_of("they take (part)")).row) == 0


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    save(tmp_path / "t", {"war": {"conflict": 1.0}}, lambda _: 0.0)
    whole = (tmp_path / "t").read_bytes()
    for damaged in (b"", b"something else", whole[:-3], whole[: len(whole) // 2]):
        (tmp_path / "t").write_bytes(damaged)
        with pytest.raises(ThesaurusError):
            Thesaurus.open(tmp_path / "t")


@pytest.fixture(scope="module")
def shipped() -> Thesaurus:
    return Thesaurus.open()


def test_the_shipped_table_is_small() -> None:
    assert SHIPPED.stat().st_size <= 10 * 2**20


def test_the_shipped_table_is_a_channel(shipped: Thesaurus) -> None:
    rows = np.arange(len(shipped.original))
    total = np.bincount(shipped.original, weights=np.exp(shipped.log_swap(rows)), minlength=len(shipped.original_key))
    assert np.abs(total - 1).max() < 0.05  # costs are rounded to sixteenths of a nat
    assert np.array_equal(np.bincount(shipped.original, minlength=len(shipped.original_key)), shipped.synonyms)
    assert (np.diff(shipped.spun_key.astype(float)) > 0).all() and (
        np.diff(shipped.original_key.astype(float)) > 0
    ).all()
    assert shipped.first[0] == 0 and shipped.first[-1] == len(shipped.original) == len(shipped.cost)
    spun = np.repeat(shipped.spun_key, np.diff(shipped.first.astype(np.int64)))
    assert not (spun == shipped.original_key[shipped.original]).any()
    for number in range(0, len(shipped.original_key), 997):
        assert phrase_key(shipped.text(number)) == shipped.original_key[number]


@pytest.mark.parametrize(
    ("spun", "original"),
    [
        ("warfare", "war"),
        ("took part", "participated"),
        ("taking part", "participating"),
        ("functionaries", "officials"),
        ("bigger", "larger"),
        ("counterfeit", "artificial"),
        ("quicker", "faster"),
        ("apace", "quickly"),
        ("functionary", "officials"),  # left uninflected
    ],
)
def test_common_swaps_are_known(shipped: Thesaurus, spun: str, original: str) -> None:
    matches = shipped.swaps(keys_of(spun))
    whole = matches.size == len(spun.split())
    assert original in {shipped.text(i) for i in shipped.original[matches.row[whole]].tolist()}


def test_a_long_text_is_looked_up_in_one_call(shipped: Thesaurus) -> None:
    text = "The officials took part in talks about warfare and said that bigger ships would arrive quickly. " * 1000
    keys = keys_of(text)
    matches = shipped.swaps(keys, most=20)
    assert len(matches.row) > 16_000


def test_spun_forms_of_an_original(shipped: Thesaurus) -> None:
    rows = shipped.spun_forms("war")
    assert np.exp(shipped.log_swap(rows)).sum() == pytest.approx(1, abs=0.05)
    assert len(shipped.spun_forms("zyzzyva")) == 0


NOUNS = """  1 This line stands for the licence.
00000100 04 n 02 war 0 warfare 0 001 @ 00000200 n 0000 | fighting
00000200 04 n 01 conflict 0 000 | a struggle
"""
VERBS = "00000300 41 v 02 participate 0 take_part 0 000 01 + 02 00 | share in\n"
SENSES = """conflict%1:04:00:: 00000200 1 9
participate%2:41:00:: 00000300 1 5
take_part%2:41:00:: 00000300 1 0
war%1:04:00:: 00000100 1 40
warfare%1:04:00:: 00000100 1 1
"""


def sources(folder: Path) -> tuple[WordNet, dict[str, list[str]]]:
    for name, lines in (("noun", NOUNS), ("verb", VERBS), ("adj", ""), ("adv", "")):
        (folder / f"data.{name}").write_text(lines)
    (folder / "index.sense").write_text(SENSES)
    (folder / "moby").write_text("war,warfare,struggle,Mars\r\nstruggle,war,conflict\r\n")
    return read_wordnet(folder), read_moby(folder / "moby")


def test_sources_are_read(tmp_path: Path) -> None:
    wordnet, moby = sources(tmp_path)
    assert wordnet.parts == {w: frozenset("n") for w in ("war", "warfare", "conflict")} | {
        w: frozenset("v") for w in ("participate", "take part")
    }
    assert wordnet.synsets["n00000100"].links == (("@", "n00000200"),)
    assert moby == {"war": ["warfare", "struggle", "Mars"], "struggle": ["war", "conflict"]}


def test_closer_words_are_more_probable(tmp_path: Path) -> None:
    closeness = Closeness(*sources(tmp_path))
    swaps = closeness.swaps("war", WEIGHTS)
    assert next(iter(swaps)) == "warfare"
    assert set(swaps) == {"warfare", "struggle", "conflict"}
    assert sum(swaps.values()) == pytest.approx(1)


def test_inflection_is_carried_over() -> None:
    pytest.importorskip("lemminflect")
    assert {("participated", "took part"), ("participating", "taking part")} <= set(
        forms("participate", "take part", "v")
    )
    assert {("larger", "bigger"), ("largest", "biggest")} <= set(forms("large", "big", "a"))
    assert ("quickly", "rapidly") in forms("quick", "rapid", "a")
    assert list(forms("however", "yet", "")) == [("however", "yet")]


def test_selection_keeps_the_pairs_that_cover_most() -> None:
    table = {
        "common": {f"s{i}": p for i, p in enumerate((0.5, 0.2, 0.1, 0.08, 0.06, 0.04, 0.02))},
        "rare": {f"s{i}": 1 / 7 for i in range(7)},
    }
    kept = select(table, {"common": -1.0, "rare": -9.0}.__getitem__, 12)
    assert {form: len(swaps) for form, swaps in kept.items()} == {"common": 7, "rare": LEAST_SPUN}
    assert all(sum(swaps.values()) == pytest.approx(1) for swaps in kept.values())


def test_the_fit_finds_what_tells_synonyms(tmp_path: Path) -> None:
    closeness = Closeness(*sources(tmp_path))
    weights = fit({("war", "conflict"): 50.0}, closeness)
    assert next(iter(closeness.swaps("war", weights))) == "conflict"
