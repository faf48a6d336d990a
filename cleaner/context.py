"""Step 5b: what the wider context says of a reading, beyond the reach of a trigram.

A log-bilinear model (Mnih & Hinton 2007; Mikolov et al. 2013, arXiv:1301.3781): the words around a span, weighted by
their place, make up one vector; the dot product with a reading's words scores it.  It starts from word vectors of
clean text and is fitted to tell the right reading of a spun phrase from the wrong ones, with the language
model's and the channel's scores as given (`training/context.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleaner.integrity import verified
from cleaner.language_model import SPECIAL, LanguageModel

Indices = NDArray[np.int64]
Vectors = NDArray[np.float32]

WINDOW = 12  # words to each side in the bag
PLACES = 5  # words to each side with a weight of their own
SHIPPED = Path(__file__).parent / "models" / "en.context"


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
class Weights:
    """The model as it is stored.

    `hashes` (words, ascending); `around`, `reading` (words, dimensions; int8) with a scale for each row; `bias` of a
    word as a reading; `keep` (0..1): how much a word counts in the bag, less the more frequent it is; `place`
    (2 * PLACES, dimensions): weights of the words at -1, -2 .. and +1, +2 ..; `bag` (dimensions).
    `language` and `channel` multiply the log-probabilities of language model and channel beside this model.
    """

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

    @classmethod
    def open(cls, path: Path = SHIPPED) -> Weights:
        """Read the weights (default: those shipped)."""
        with np.load(verified(path)) as archive:
            found: dict[str, Any] = {f.name: archive[f.name] for f in fields(cls)}
        for name in ("language", "channel"):
            found[name] = float(found[name])
        return cls(**found)

    def save(self, path: Path) -> None:
        """Write the weights as an uncompressed .npz archive."""
        with path.open("wb") as file:
            np.savez(file, **{f.name: getattr(self, f.name) for f in fields(self)})


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
        """The vector (spans, dimensions) of what stands around each span of the stream `ids`."""
        contexts = np.empty((len(spans.low), self._around.shape[1]), np.float32)
        for some in _blocks(len(contexts)):
            contexts[some] = self._contexts(ids, Spans(*(getattr(spans, f.name)[some] for f in fields(spans))))
        return contexts

    def _contexts(self, ids: NDArray[np.int32], spans: Spans) -> Vectors:
        w = self.weights
        left, right = np.maximum(spans.low - WINDOW, spans.begin), np.minimum(spans.high + WINDOW, spans.end)
        near = int(left.min())  # no word before it counts
        row = self._row[ids[near : int(right.max())]]
        vectors = self._around.take(row, 0) * self._around_scale[row, None]
        keep = self._keep[row]
        # In double precision, so that a span scores alike whatever stands before its document in the batch.
        total = np.zeros((len(row) + 1, vectors.shape[1]))
        np.cumsum(vectors * keep[:, None], axis=0, dtype=float, out=total[1:])
        count = np.r_[0.0, np.cumsum(keep, dtype=float)]
        low, left, right, high = (at - near for at in (spans.low, left, right, spans.high))
        bag, weight = (s[low] - s[left] + s[right] - s[high] for s in (total, count))
        bag *= w.bag
        bag /= np.maximum(weight, 1.0)[:, None]
        context: Vectors = bag.astype(np.float32)
        vectors = np.concatenate([vectors, np.zeros((1, vectors.shape[1]), np.float32)])
        for k in range(PLACES):
            before, after = spans.low - 1 - k, spans.high + k
            context += w.place[k] * vectors.take(np.where(before >= spans.begin, before - near, -1), 0)
            context += w.place[PLACES + k] * vectors.take(np.where(after < spans.end, after - near, -1), 0)
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


def _blocks(n: int, size: int = 1024) -> Iterator[slice]:
    """Cut `n` rows into blocks whose vectors stay in the processor's cache."""
    return (slice(i, i + size) for i in range(0, n, size))
