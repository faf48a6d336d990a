"""Step 5b: what the wider context says of a reading, beyond the reach of a trigram.

A log-bilinear model (Mnih & Hinton 2007; Mikolov et al. 2013, arXiv:1301.3781): the words around a span, weighted by
their place, make up one vector; the dot product with a reading's words scores it.  It starts from word vectors of
clean text and is fitted to tell the right reading of a spun phrase from the wrong ones, with the language
model's and the channel's scores as given (`training/context.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from cleaner.arrays import Archive
from cleaner.language_model import SPECIAL, LanguageModel

Indices = NDArray[np.int64]
Vectors = NDArray[np.float32]

WINDOW = 12  # words to each side in the bag
PLACES = 5  # words to each side with a weight of their own


def restored(
    ids: NDArray[np.int32], start: Indices, size: Indices, words: NDArray[np.int32]
) -> tuple[NDArray[np.int32], Indices, Indices]:
    """The words of a text once edits are made: the `size` tokens from `start` become `words` (edits, k; -1 pads).

    Edits are disjoint.  Also returns, for each token of the text, where the words that stand for it begin and end.
    """
    counts = np.ones(len(ids), np.int64)
    first = np.arange(len(ids))
    for k in range(int(size.max(initial=0))):
        inside = start[size > k] + k
        counts[inside] = 0
        first[inside] = start[size > k]
    length = (words >= 0).sum(axis=1)
    counts[start] = length
    begin = np.r_[0, np.cumsum(counts)]
    out = np.empty(begin[-1], np.int32)
    kept = first == np.arange(len(ids))
    kept[start] = False
    out[begin[:-1][kept]] = ids[kept]
    for k in range(words.shape[1]):
        out[begin[start[length > k]] + k] = words[length > k, k]
    low = begin[first]
    return out, low, low + counts[first]


@dataclass(frozen=True, slots=True)
class Spans:
    """Stretches low .. high - 1 of a stream of words, each in a paragraph begin .. end - 1."""

    low: Indices
    high: Indices
    begin: Indices
    end: Indices


@dataclass(frozen=True, slots=True)
class Weights(Archive):
    """The model as it is stored.

    `hashes` (words, ascending); `around`, `reading` (words, dimensions; int8) with a scale for each row; `bias` of a
    word as a reading; `keep` (0..1): how much a word counts in the bag, less the more frequent it is; `place`
    (2 * PLACES, dimensions): weights of the words at -1, -2 .. and +1, +2 ..; `bag` (dimensions).
    `language` and `channel` multiply the log-probabilities of language model and channel beside this model.
    """

    SHIPPED: ClassVar[Path] = Path(__file__).parent / "models" / "en.context"

    hashes: NDArray[np.uint64]
    around: NDArray[np.int8]
    around_scale: Vectors
    reading: NDArray[np.int8]
    reading_scale: Vectors
    bias: Vectors
    keep: Vectors
    place: Vectors
    bag: Vectors
    language: float
    channel: float


class ContextModel:
    """Scores readings in the context of a stream of words, which are ids of a language model."""

    def __init__(self, weights: Weights, model: LanguageModel) -> None:
        self.weights = weights
        at = np.minimum(np.searchsorted(weights.hashes, model.hashes), len(weights.hashes) - 1)
        known = weights.hashes[at] == model.hashes
        # Row of each id; words that the model does not know, and the padding -1, take the row of zeros at the end.
        self._row = np.full(len(SPECIAL) + len(model.hashes) + 1, len(weights.hashes))
        self._row[len(SPECIAL) : -1][known] = at[known]
        zero = np.zeros((1, weights.around.shape[1]), np.int8)
        self._around = np.concatenate([weights.around, zero])
        self._reading = np.concatenate([weights.reading, zero])
        self._around_scale = np.r_[weights.around_scale, np.float32(0)]
        self._reading_scale = np.r_[weights.reading_scale, np.float32(0)]
        self._bias = np.r_[weights.bias, np.float32(0)]
        self._keep = np.r_[weights.keep, np.float32(0)]

    def contexts(self, ids: NDArray[np.int32], spans: Spans) -> Vectors:
        """The vector (spans, dimensions) of what stands around each span of the stream `ids`; paragraphs are disjoint,
        and no span is empty."""
        # With so much of nothing around each paragraph, no window reaches into another one.
        apart = np.zeros(len(ids) + 1, np.int64)
        apart[spans.begin] = apart[spans.end] = WINDOW
        shift = np.cumsum(apart)
        row = np.full(len(ids) + shift[-1], len(self.weights.hashes))
        row[np.arange(len(ids)) + shift[:-1]] = self._row.take(ids)
        low, high = spans.low + shift.take(spans.low), spans.high + shift.take(spans.high - 1)
        contexts = np.empty((len(low), self._around.shape[1]), np.float32)
        for some in _blocks(len(contexts)):
            near, far = low[some].min() - WINDOW, high[some].max() + WINDOW
            contexts[some] = self._contexts(row[near:far], low[some] - near, high[some] - near)
        return contexts

    def _contexts(self, row: Indices, low: Indices, high: Indices) -> Vectors:
        """The same for spans low .. high - 1 of a stretch of a stream, by the row of each word."""
        w = self.weights
        vectors = self._around.take(row, 0) * self._around_scale.take(row)[:, None]
        keep = self._keep.take(row)
        sums, count = _windows(vectors * keep[:, None]), _windows(keep)
        bag = sums.take(low - WINDOW, 0)
        bag += sums.take(high, 0)
        bag *= w.bag
        bag /= np.maximum(count.take(low - WINDOW) + count.take(high), 1.0)[:, None]
        context: Vectors = bag.astype(np.float32)
        near_by = np.empty_like(context)
        for k in range(PLACES):
            for place, at in ((k, low - 1 - k), (PLACES + k, high + k)):
                vectors.take(at, 0, out=near_by, mode="clip")
                near_by *= w.place[place]
                context += near_by
        return context

    def score(self, contexts: Vectors, words: NDArray[np.int32], context: Indices) -> NDArray[np.float64]:
        """The score of each reading (`words`: n, k; -1 pads) in its `context` (n), a row of `contexts`."""
        score = np.zeros(len(words))
        for k in range(words.shape[1]):
            live = np.flatnonzero(words[:, k] >= 0)
            row = self._row[words[live, k]]
            for some in _blocks(len(live)):
                rows = row[some]
                vectors = self._reading.take(rows, 0) * self._reading_scale[rows, None]
                fit = np.einsum("ij,ij->i", contexts.take(context[live[some]], 0), vectors)
                score[live[some]] += fit + self._bias[rows]
        return score


def _windows(values: Vectors) -> NDArray[np.float64]:
    """The sum of each WINDOW neighbouring rows; a sum of twice as many is that of two sums."""
    sums, size = values.astype(float), 1
    whole, done = np.zeros((len(values) - WINDOW + 1, *values.shape[1:])), 0
    while done < WINDOW:
        if WINDOW & size:
            whole += sums[done : done + len(whole)]
            done += size
        sums = sums[: len(sums) - size] + sums[size:]
        size *= 2
    return whole


def _blocks(n: int, size: int = 1024) -> Iterator[slice]:
    """Cut `n` rows into blocks whose vectors stay in the processor's cache."""
    return (slice(i, i + size) for i in range(0, n, size))
