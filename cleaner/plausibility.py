"""Step 4b: how well words fit a place of the text, with all other words held as they stand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cleaner.islands import Batch, rarity
from cleaner.language_model import PROTECTED, START, LanguageModel

Ints = NDArray[np.int32]
Indices = NDArray[np.int64]
Floats = NDArray[np.float64]


def surprise(b: Batch, model: LanguageModel) -> tuple[Floats, NDArray[np.bool_]]:
    """Of each token that is joined to the one before it: log P(token | the one before) - log P(token), and whether
    clean text has never shown the two together; inf and False for the others."""
    before = np.r_[b.ids[:1], b.ids[:-1]]
    pair = model.bigrams(before, b.ids)
    return np.where(b.joined, pair.prob - model.unigram(b.ids), np.inf), b.joined & ~pair.known


def log_fit(b: Batch, start: Indices, size: Indices, words: Ints, model: LanguageModel) -> Floats:
    """log P of `words` (n, k; -1 pads) in place of the `size` tokens from `start`, and of the two words after them,
    given the two before."""

    def token(at: Indices) -> Ints:
        inside = (at >= low) & (at < high)
        return np.where(inside, b.ids[np.where(inside, at, 0)], np.int32(START))

    paragraph = b.paragraph[start]
    low, high = b.first[paragraph], b.first[paragraph + 1]
    one, two = token(start - 2), token(start - 1)
    after = token(start + size), token(start + size + 1)
    length = (words >= 0).sum(axis=1)
    score = rarity(words).sum(axis=1)
    for k in range(words.shape[1] + 2):
        behind = k - length
        word = words[:, min(k, words.shape[1] - 1)]
        word = np.where(behind < 0, word, np.where(behind == 0, after[0], after[1]))
        live = np.flatnonzero((behind < 2) & (word != START) & ((behind < 1) | (after[0] != START)))
        score[live] += model.log_prob3(one[live], two[live], word[live])
        one[live], two[live] = two[live], word[live]
    return np.asarray(score)


def cohesion(words: Ints, model: LanguageModel) -> tuple[Floats, Floats]:
    """log P of `words` (n, k; -1 pads) by themselves, and how much more than that of the same words one by one."""
    alone = np.where(words >= 0, model.unigram(np.maximum(words, 0)), np.float32(0)) + rarity(words)
    together = alone[:, 0].astype(float)
    for k in range(1, words.shape[1]):
        live = np.flatnonzero(words[:, k] >= 0)
        before = words[live, k - 2] if k > 1 else np.full(len(live), PROTECTED, np.int32)
        word = words[live, k]
        together[live] += model.log_prob3(before, words[live, k - 1], word) + rarity(word)
    return together, together - alone.sum(axis=1)
