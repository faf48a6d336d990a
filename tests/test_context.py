"""The wider context: the text as restored, and the scores of readings, against plain loops."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tiny import TinyLanguageModel, tiny_weights

from cleaner.context import PLACES, WINDOW, ContextModel, Spans, Weights, restored

TEXT = "the army said on monday that the war near the border had cost more than the ministry had planned to spend"
MODEL = TinyLanguageModel(TEXT)
KNOWN = TEXT.split()[3:]  # the context model knows fewer words than the language model
WEIGHTS = tiny_weights(sorted(set(KNOWN)))
CONTEXT = ContextModel(WEIGHTS, MODEL)  # type: ignore[arg-type]
STREAMS = st.lists(st.sampled_from([*TEXT.split(), "unknown", "12", "<s>"]), min_size=1, max_size=60)


@st.composite
def edits(draw: st.DrawFn) -> tuple[list[int], list[tuple[int, int, list[int]]]]:
    """A text, and disjoint edits (start, size, words)."""
    ids = draw(st.lists(st.integers(5, 99), min_size=1, max_size=20))
    cuts = sorted(draw(st.sets(st.integers(0, len(ids)), max_size=8)))
    words = st.lists(st.integers(100, 199), min_size=1, max_size=6)
    spans = [(a, b - a) for a, b in pairwise(cuts) if b - a <= 6 and draw(st.booleans())]
    return ids, [(*span, draw(words)) for span in spans]


def padded(rows: list[list[int]], width: int) -> NDArray[np.int32]:
    return np.array([row + [-1] * (width - len(row)) for row in rows], np.int32).reshape(len(rows), width)


@given(edits())
def test_restored_text_agrees_with_a_list(case: tuple[list[int], list[tuple[int, int, list[int]]]]) -> None:
    ids, made = case
    starts, sizes = (np.array([edit[k] for edit in made], np.int64) for k in (0, 1))
    out, low, high = restored(np.array(ids, np.int32), starts, sizes, padded([w for _, _, w in made], 6))

    expected: list[int] = []
    places: list[tuple[int, int]] = []
    edit_at = {start: (size, words) for start, size, words in made}
    at = 0
    while at < len(ids):
        size, words = edit_at.get(at, (1, [ids[at]]))
        places += [(len(expected), len(expected) + len(words))] * size
        expected += words
        at += size
    assert out.tolist() == expected
    assert list(zip(low.tolist(), high.tolist(), strict=True)) == places


class Naive:
    """The formula of the model, a word at a time."""

    def __init__(self, weights: Weights) -> None:
        self.row = {int(h): i for i, h in enumerate(weights.hashes)}
        self.w = weights

    def _find(self, word: int) -> int | None:
        special = len(MODEL.words) - len(MODEL.hashes)
        return self.row.get(int(MODEL.hashes[word - special])) if word >= special else None

    def around(self, word: int) -> tuple[NDArray[np.float64], float]:
        row = self._find(word)
        if row is None:
            return np.zeros(len(self.w.bag)), 0.0
        return self.w.around[row].astype(float) * self.w.around_scale[row], float(self.w.keep[row])

    def context(self, ids: list[int], low: int, high: int, begin: int, end: int) -> NDArray[np.float64]:
        bag, weight = np.zeros(len(self.w.bag)), 0.0
        for i in [*range(max(begin, low - WINDOW), low), *range(high, min(end, high + WINDOW))]:
            vector, keep = self.around(ids[i])
            bag, weight = bag + vector * keep, weight + keep
        vector = self.w.bag * bag / max(weight, 1.0)
        for k in range(PLACES):
            if low - 1 - k >= begin:
                vector = vector + self.w.place[k] * self.around(ids[low - 1 - k])[0]
            if high + k < end:
                vector = vector + self.w.place[PLACES + k] * self.around(ids[high + k])[0]
        return vector

    def score(self, context: NDArray[np.float64], words: list[int]) -> float:
        rows = [row for row in map(self._find, words) if row is not None]
        return sum(
            float(context @ self.w.reading[r].astype(float)) * self.w.reading_scale[r] + self.w.bias[r] for r in rows
        )


@settings(max_examples=60)
@given(STREAMS, st.data())
def test_scores_agree_with_a_plain_loop(norms: list[str], data: st.DataObject) -> None:
    ids = MODEL.ids(norms)
    n = len(norms)
    cut = data.draw(st.integers(0, n))
    paragraphs = [(first, last) for first, last in ((0, cut), (cut, n)) if first < last]
    spans = []
    for first, last in data.draw(st.lists(st.sampled_from(paragraphs), min_size=1, max_size=4)):
        at = data.draw(st.integers(first, last - 1))
        spans.append((first, at, data.draw(st.integers(at + 1, last)), last))
    begin, low, high, end = (np.array(column) for column in zip(*spans, strict=True))
    words = padded([data.draw(st.lists(st.integers(0, len(MODEL.words) - 1), max_size=3)) for _ in spans], 3)

    contexts = CONTEXT.contexts(ids, Spans(low, high, begin, end))
    scores = CONTEXT.score(contexts, words, np.arange(len(words)))
    naive = Naive(WEIGHTS)
    for i in range(len(spans)):
        expected = naive.context(ids.tolist(), int(low[i]), int(high[i]), int(begin[i]), int(end[i]))
        assert np.allclose(contexts[i], expected, atol=1e-4)
        assert scores[i] == pytest.approx(naive.score(expected, words[i].tolist()), abs=1e-3)


def test_what_stands_in_other_paragraphs_does_not_count() -> None:
    ids = MODEL.ids(TEXT.split())
    one = [np.array([k]) for k in (5, 6, 3, 9)]
    context = CONTEXT.contexts(ids, Spans(*one))
    changed = ids.copy()
    changed[:3] = changed[9:] = ids[10]
    assert np.allclose(CONTEXT.contexts(changed, Spans(*one)), context, atol=1e-5)
    changed[8] = ids[4]
    assert not np.allclose(CONTEXT.contexts(changed, Spans(*one)), context, atol=1e-5)


def test_a_span_reads_alike_however_much_stands_before_it() -> None:
    ids = MODEL.ids(TEXT.split())
    n = len(ids)
    far = np.tile(ids, 4000)
    alone = CONTEXT.contexts(ids, Spans(*(np.array([k]) for k in (5, 6, 0, n))))
    late = len(far) - n
    after = CONTEXT.contexts(far, Spans(*(np.array([late + k]) for k in (5, 6, 0, n))))
    assert np.abs(after - alone).max() < 1e-4


def test_weights_read_as_they_were_written(tmp_path: Path) -> None:
    WEIGHTS.save(tmp_path / "w")
    again = Weights.open(tmp_path / "w")
    assert np.array_equal(again.reading, WEIGHTS.reading)
    assert (again.language, again.channel) == (WEIGHTS.language, WEIGHTS.channel)
