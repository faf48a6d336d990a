"""Models small enough to reckon with by hand, for the tests of single steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cleaner.calibration import Calibration
from cleaner.context import PLACES, ContextModel, Weights
from cleaner.detector import Detector, Tuning
from cleaner.language_model import SPECIAL, Bigrams, class_of
from cleaner.lexicon import Channel, Dialect, Entry, compile_channel, estimate
from cleaner.segment import word_hash, words


class Trigrams:
    """A language model that has an answer of its own for every trigram, above LEAST, in the form that a lattice asks
    for."""

    LEAST = -16.0

    def log_prob3(self, a: NDArray[np.int32], b: NDArray[np.int32], c: NDArray[np.int32]) -> NDArray[np.float32]:
        raise NotImplementedError

    def bigrams(self, a: NDArray[np.int32], b: NDArray[np.int32]) -> Bigrams:
        least, nothing, every = (
            np.full(len(a), self.LEAST, np.float32),
            np.zeros(len(a), np.float32),
            np.ones(len(a), bool),
        )
        return Bigrams(least, every, nothing, every, (a.astype(np.uint64) << np.uint64(32)) + b.astype(np.uint64))

    def trigrams(self, ab: NDArray[np.uint64], c: NDArray[np.int32], lower: NDArray[np.float32]) -> NDArray[np.float32]:
        a, b = np.divmod(ab.astype(np.int64), 2**32)
        return self.log_prob3(a.astype(np.int32), b.astype(np.int32), c)


class TinyLanguageModel(Trigrams):
    """P(c | a b) = (P(c) + 1[b c or a b c was seen]) / total: enough for the steps that only ask for numbers."""

    def __init__(self, text: str) -> None:
        seen = words(text)
        vocabulary = sorted(set(seen), key=word_hash)
        self.words = [*SPECIAL, *vocabulary]
        self.hashes = np.array([word_hash(w) for w in vocabulary], np.uint64)
        self._id = {w: i for i, w in enumerate(self.words)}
        ids = self.ids(seen)
        self._p = (np.bincount(ids, minlength=len(self.words)) + 0.5) / (len(ids) + 0.5 * len(self.words))
        self._bigrams = set(zip(ids.tolist(), ids.tolist()[1:], strict=False))

    def ids(self, norms: Sequence[str], hashes: NDArray[np.uint64] | None = None) -> NDArray[np.int32]:
        return np.array([self._id.get(n, class_of(n)) for n in norms], np.int32)

    def unigram(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        return np.log(self._p[ids]).astype(np.float32)

    def log_prob3(self, a: NDArray[np.int32], b: NDArray[np.int32], c: NDArray[np.int32]) -> NDArray[np.float32]:
        followed = np.array([pair in self._bigrams for pair in zip(b.tolist(), c.tolist(), strict=True)], float)
        jitter = (a.astype(np.int64) * 7 + b * 3 + c) % 11 / 100  # the word before last matters too
        return np.log(0.5 * self._p[c] + 0.4 * followed + 0.001 + jitter).astype(np.float32)


def tiny_channel(rows: Mapping[str, Sequence[tuple[str, str]]]) -> Channel:
    """A channel of dialects, each made of pairs (original, spun) that were seen once."""
    return compile_channel(
        {
            name: estimate(Dialect(name, [Entry(o, s, 1, 1, "observed") for o, s in pairs]))
            for name, pairs in rows.items()
        }
    )


def tiny_weights(vocabulary: Sequence[str], size: int = 4, seed: int = 1) -> Weights:
    """Random weights of a context model for the words of `vocabulary`."""
    random = np.random.default_rng(seed)
    hashes = np.array(sorted(word_hash(w) for w in vocabulary), np.uint64)
    n = len(hashes)
    return Weights(
        hashes,
        random.integers(-127, 128, (n, size)).astype(np.int8),
        random.uniform(0.001, 0.01, n).astype(np.float32),
        random.integers(-127, 128, (n, size)).astype(np.int8),
        random.uniform(0.001, 0.01, n).astype(np.float32),
        random.normal(size=n).astype(np.float32),
        random.uniform(0, 1, n).astype(np.float32),
        random.normal(size=(2 * PLACES, size)).astype(np.float32),
        random.normal(size=size).astype(np.float32),
        language=0.7,
        channel=1.0,
    )


def tiny_detector(model: TinyLanguageModel, channel: Channel) -> Detector:
    """A detector whose beam cuts nothing, and whose context model scores every reading 0."""
    weights = tiny_weights(model.words[len(SPECIAL) :])
    for values in (weights.around, weights.reading, weights.bias):
        values[:] = 0
    context = ContextModel(weights, model)  # type: ignore[arg-type]
    return Detector(model, channel, context, Calibration(), Tuning(beam=1e9, width=10**9))  # type: ignore[arg-type]
