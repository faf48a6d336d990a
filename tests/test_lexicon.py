"""The estimate of a dialect, its compiled form, and errors that say what to mend."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import tiny_channel

from cleaner.lexicon import (
    MAX_WORDS,
    NEVER,
    Channel,
    Dialect,
    Entry,
    Evidence,
    LexiconError,
    compile_channel,
    estimate,
    normalized,
    phrase_keys,
    read_entries,
)
from cleaner.segment import word_hash
from cleaner.training.inflect import read_lemmas

# --- estimate -------------------------------------------------------------------------------------------------

PHRASES = st.sampled_from(["war", "conflict", "warfare", "it's", "take part", "participate", "the war", "a"])
ENTRIES = st.lists(st.builds(Entry, PHRASES, PHRASES, st.integers(1, 50), st.just(1), st.just("observed")), max_size=12)
EVIDENCE = st.builds(Evidence, ENTRIES, st.floats(0.001, 1), st.floats(0.01, 0.99), st.booleans())
DIALECTS = st.builds(Dialect, st.just("d"), ENTRIES, st.lists(EVIDENCE, max_size=3))


@given(DIALECTS)
def test_what_becomes_of_a_phrase_is_a_distribution(dialect: Dialect) -> None:
    for phrase, (stay, swaps) in estimate(dialect).items():
        assert 0 < stay < 1 and swaps and phrase not in swaps
        assert all(0 < p < 1 for p in swaps.values())
        assert stay + sum(swaps.values()) == pytest.approx(1)


def stays(count_swapped: int, count_left: int, known: float | None = None) -> float:
    observed = [Entry("war", "war", count_left, 1, "observed")] if count_left else []
    observed += [Entry("war", "warfare", count_swapped, 1, "observed")] if count_swapped else []
    evidence = [Evidence([Entry("war", "warfare", 1, 1, "observed")], 0.1, known)] if known else []
    estimated = estimate(Dialect("d", observed, evidence))
    return estimated["war"][0] if "war" in estimated else 1.0


def test_a_phrase_that_was_always_swapped_hardly_ever_stays() -> None:
    assert stays(50, 0) < stays(2, 0) < 0.01
    assert stays(50, 0) < stays(50, 5) < stays(50, 50) < 0.5


def test_a_phrase_known_from_other_tables_stays_as_they_say_until_it_is_seen() -> None:
    assert stays(0, 0, 0.9) == pytest.approx(0.1, abs=0.02)
    assert stays(0, 0, 0.1) == pytest.approx(0.9, abs=0.02)
    assert stays(0, 0, 0.9) < stays(0, 1, 0.9)
    assert stays(0, 5, 0.9) == 1.0  # it is plainly unknown to this spinner, and makes no row


def test_more_documents_and_more_weight_make_a_swap_likelier() -> None:
    observed = [Entry("war", "warfare", 9, 3, "observed"), Entry("war", "conflict", 9, 1, "observed")]
    evidence = [Evidence([Entry("battle", "war", 1, 1, "observed")], 0.5, 0.5, reverse=True)]
    stay, swaps = estimate(Dialect("d", observed, evidence))["war"]
    shares = {s: p / (1 - stay) for s, p in swaps.items()}
    assert shares == pytest.approx({"warfare": 3 / 4.5, "conflict": 1 / 4.5, "battle": 0.5 / 4.5})


# --- compiled form --------------------------------------------------------------------------------------------

WORD_LISTS = st.lists(st.sampled_from(["take", "part", "war", "it", "'s", "the"]), min_size=1, max_size=9)


@settings(max_examples=60)
@given(st.dictionaries(st.just("x") | st.just("y"), st.builds(list, st.lists(st.tuples(PHRASES, PHRASES))), min_size=1),
       WORD_LISTS, st.data())  # fmt: skip
def test_look_up_agrees_with_a_search_of_the_whole_table(
    rows: dict[str, list[tuple[str, str]]], text: list[str], data: st.DataObject
) -> None:
    channel = tiny_channel({name: [(o, s) for o, s in pairs if o != s] for name, pairs in rows.items()})
    n = len(text)
    joined = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    shielded = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    keys = phrase_keys(np.where(shielded, 0, np.array([word_hash(w) for w in text], np.uint64)), joined)

    spans = {
        (i, m): " ".join(text[i : i + m]).replace(" '", "'")
        for i in range(n)
        for m in range(1, min(MAX_WORDS, n - i) + 1)
        if all(joined[i + 1 : i + m]) and not shielded[i : i + m].any()
    }
    found = {(i, m, channel.text[channel.original[row]]) for i, m, row in zip(*channel.swaps(keys), strict=True)}
    pairs = {pair for pairs in rows.values() for pair in pairs if pair[0] != pair[1]}
    assert found == {(*span, o) for span, phrase in spans.items() for o, s in pairs if s == phrase}
    known = {(i, m, channel.text[o]) for i, m, o in zip(*channel.known(keys), strict=True)}
    assert known == {(*span, phrase) for span, phrase in spans.items() if phrase in {o for o, _ in pairs}}


def test_a_channel_reads_as_it_was_written(tmp_path: Path) -> None:
    table = {"x": {"war": (0.25, {"warfare": 0.5, "conflict": 0.25})}, "y": {"it's": (0.5, {"it is": 0.5})}}
    channel = compile_channel(table)
    channel.save(tmp_path / "a")
    channel.save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    again = Channel.open(tmp_path / "a")
    assert all(np.array_equal(getattr(again, f.name), getattr(channel, f.name)) for f in fields(Channel))
    war = again.text.index("war")
    assert sorted(np.exp(again.log_swap[again.original == war][:, 0])) == pytest.approx([0.25, 0.5])
    assert np.all(again.log_swap[again.original == war][:, 1] == NEVER)
    assert np.exp(again.log_stay[war]) == pytest.approx([0.25, 1])


@given(st.lists(st.sampled_from(["The", "U.S.", "it’s", "well-known", "2,000", "Smith", "war", ",", "'"]), max_size=6))
def test_normal_form_is_stable(pieces: list[str]) -> None:
    once = normalized(" ".join(pieces))
    assert normalized(once) == once


# --- errors ---------------------------------------------------------------------------------------------------

HEADER = "original\tspun\tcount\tdocuments\tsource\n"


@pytest.mark.parametrize(
    ("text", "line", "mend"),
    [
        ("", 1, "the header must be original spun count documents source"),
        ("original\tspun\n", 1, "the header must be"),
        (HEADER + "war\twarfare\t1\t1\tobserved\nwar\n", 3, "expected 5 columns"),
        (HEADER + "war\twarfare\tmany\t1\tobserved\n", 2, "whole numbers"),
        (HEADER + "\twarfare\t1\t1\tobserved\n", 2, "neither side may be empty"),
        (HEADER + "war\twarfare\t-1\t1\tobserved\n", 2, "must not be negative"),
        (HEADER + "war\twarfare\t1\t1\tguessed\n", 2, "source one of observed, written"),
        (HEADER + "caf\udce9\tbar\t1\t1\tobserved\n", 2, "UTF-8"),
    ],
)  # fmt: skip
def test_errors_name_file_line_and_mend(tmp_path: Path, text: str, line: int, mend: str) -> None:
    path = tmp_path / "mine.tsv"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(LexiconError, match=mend) as caught:
        list(read_entries(path))
    assert str(caught.value).startswith(f"{path}:{line}: ")


@pytest.mark.parametrize("text", ["original\tspun\tpos\n", "original\tpos\tspun\nwar\tverbal\twarfare\n"])
def test_errors_of_lemma_tables_name_file_and_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.tsv"
    path.write_text(text)
    with pytest.raises(LexiconError) as caught:
        list(read_lemmas(path))
    assert str(caught.value).startswith(f"{path}:{text.count(chr(10))}: ")


@pytest.mark.parametrize("content", [b"", b"not a channel", b"PK\x03\x04 cut short"])
def test_a_file_that_is_no_channel_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "en.channel"
    path.write_bytes(content)
    with pytest.raises(LexiconError, match=r"en\.channel is not a compiled channel"):
        Channel.open(path)
