"""`cleaner learn --spun`: what a spinner swaps, from its output alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cli_process import REAL, names, run
from hypothesis import given
from hypothesis import strategies as st

from cleaner.learning.spun import Counts
from cleaner.lexicon import phrase_keys, read_entries
from cleaner.segment import tokenize, word_hash
from cleaner.thesaurus import Thesaurus

# The spinner wrote `infirmary` for hospital, `aforesaid` for said, `betwixt` for between and `tyke` for child.
ARTICLES = [
    "The doctor aforesaid on Monday that the new infirmary would open in May. A road betwixt the two towns is being "
    "built, and every tyke in the area will have a place at the school. The mayor aforesaid the money was there.",
    "Nurses at the infirmary went on strike on Friday. Talks betwixt the union and the government have failed, a "
    "spokesman aforesaid. The mother of a tyke who was sent home aforesaid she was angry.",
    "A man was taken to the infirmary after the accident, the police aforesaid. The car was found betwixt the bridge "
    "and the station. A tyke in the back seat was not hurt.",
    "The talks betwixt the two countries will go on, the minister aforesaid. He spoke to reporters at an infirmary in "
    "the capital, where a tyke was being treated for burns.",
    "He aforesaid that the difference betwixt rich and poor has grown. The infirmary has no beds left, and a sick "
    "tyke may have to wait for weeks, she aforesaid.",
]
SWAPS = {("said", "aforesaid"), ("between", "betwixt"), ("hospital", "infirmary"), ("child", "tyke")}


@pytest.mark.end_to_end
def test_swaps_are_found_and_the_table_can_be_used(tmp_path: Path) -> None:
    (tmp_path / "spun").mkdir()
    for number, text in enumerate(ARTICLES):
        (tmp_path / "spun" / f"{number}.txt").write_text(text)
    done = run("learn", "--spun", "spun", "-o", "my.tsv", cwd=tmp_path, core=REAL)
    assert done.code == 0 and "from 5 texts" in done.err
    found = {(e.original, e.spun): e for e in read_entries(tmp_path / "my.tsv") if e.original != e.spun}
    assert found.keys() >= SWAPS
    said = sum(text.count("aforesaid") for text in ARTICLES)
    assert 0.7 * said <= found["said", "aforesaid"].count <= said
    assert run("lexicon", "lint", "my.tsv", cwd=tmp_path).code == 0
    assert run("check", "--lexicon", "my.tsv", "spun/0.txt", cwd=tmp_path, core=REAL).code in (0, 1)
    assert names(tmp_path) == ["my.tsv", "spun"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--spun", "nowhere"), "nowhere"),
        (("--spun", "empty"), "no .txt, .md or .html file in this folder"),
        (("--spun", "empty", "--pairs", "a.jsonl"), "either --pairs FILE or --spun PATH"),
        ((), "either --pairs FILE or --spun PATH"),
    ],
)
def test_what_cannot_be_learned_from_is_named(tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    (tmp_path / "empty").mkdir()
    done = run("learn", *options, "-o", "my.tsv", cwd=tmp_path, core=REAL)
    assert done.code == 2 and message in done.err
    assert names(tmp_path) == ["empty"]


def test_without_counts_the_thesaurus_stands() -> None:
    tokens = tokenize("He aforesaid that the infirmary is betwixt the old bridges")
    keys = phrase_keys(np.array([word_hash(norm) for norm in tokens.norms], np.uint64), np.array(tokens.joined))
    nothing = Counts()
    channel = Thesaurus.open().channel(keys, nothing.rate, 10)
    same = nothing.sharpened(channel, dict.fromkeys(channel.spun_key.tolist(), ""))
    assert np.allclose(same.log_swap, channel.log_swap, atol=1e-4)
    assert np.allclose(same.log_stay, channel.log_stay, atol=1e-4)


WORDS = st.sampled_from(["said", "told", "old", "aged"])
PARTS = st.lists(
    st.tuples(
        st.lists(st.tuples(WORDS, WORDS, st.floats(0.1, 9), st.floats(0.1, 1)).map(list), max_size=4),
        st.lists(st.tuples(WORDS, st.floats(0, 9)).map(list), max_size=4),
    ).map(list),
    max_size=3,
)


@given(PARTS)
def test_counts_add_up_in_any_order_and_survive_being_written(parts: list[list[list[list[object]]]]) -> None:
    total = Counts.of(parts)
    again = Counts.of([total.as_json()])
    backwards = Counts.of(parts[::-1])
    assert total.swaps.keys() == again.swaps.keys() == backwards.swaps.keys()
    for swap, count in total.swaps.items():
        assert again.swaps[swap] == pytest.approx(count, abs=1e-3) == backwards.swaps[swap]
    assert 0 < total.rate <= 1
