"""Step 5c: is this word the author's, or a substitute, and of what?

A replaced-token discriminator (Clark et al. 2020, "ELECTRA", arXiv:2003.10555), small enough for every document: the
five words on either side, the mean of the words further around, the word itself, by their vectors, and what the
language model says of the word, go through two hidden layers and a bilinear term.  Its log-odds are log P(word |
substitute, context) - log P(word | honest, context), up to a constant.  It is trained on clean text in which words were
replaced by synonyms (`cleaner.training.discriminator`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from cleaner.arrays import Archive
from cleaner.islands import Batch, rarity
from cleaner.language_model import PROTECTED, SPECIAL, START, LanguageModel

OFFSETS = np.array([-5, -4, -3, -2, -1, 1, 2, 3, 4, 5])
NEXT = len(OFFSETS) // 2  # column of the word after
WIDE = 24  # words to each side whose mean is taken
_BLOCK = 4096  # tokens whose vectors are in memory together

Ints = NDArray[np.int32]
Indices = NDArray[np.int64]
Floats = NDArray[np.float32]


def language_features(
    left2: Ints, left1: Ints, word: Ints, right1: Ints, right2: Ints, model: LanguageModel
) -> NDArray[np.float32]:
    """What the language model says of `word`: how much its neighbours gain by it and it by them, and its frequency.

    START stands for what lies outside the paragraph.
    """
    left2 = np.where(left1 == START, np.int32(START), left2)
    one = right1 != START
    two = one & (right2 != START)
    next1, next2 = np.where(one, right1, np.int32(PROTECTED)), np.where(two, right2, np.int32(PROTECTED))
    rare = rarity(word)
    alone = model.unigram(word) + rare
    before = model.log_prob3(left2, left1, word) + rare - alone
    after = np.where(one, model.log_prob3(left1, word, next1) - model.unigram(next1), 0)
    unseen = np.full_like(next1, PROTECTED)
    far = np.where(two, model.log_prob3(word, next1, next2) - model.log_prob3(unseen, next1, next2), 0)
    return (np.stack([before, after, far, alone + 9], axis=1) / 3).astype(np.float32)


def beside(b: Batch, token: Indices) -> Ints:
    """The ids of the words at OFFSETS from some tokens (tokens, len(OFFSETS)); START stands outside the paragraph."""
    paragraph = b.paragraph[token]
    at = token[:, None] + OFFSETS
    inside = (at >= b.first[paragraph][:, None]) & (at < b.first[paragraph + 1][:, None])
    return np.where(inside, b.ids[np.where(inside, at, 0)], np.int32(START))


def between(around: Ints, words: Ints, model: LanguageModel) -> Floats:
    """The language model's features of `words` between others (words, len(OFFSETS)), as from `beside`."""
    return language_features(
        around[:, NEXT - 2], around[:, NEXT - 1], words, around[:, NEXT], around[:, NEXT + 1], model
    )


@dataclass(frozen=True, slots=True)
class Network(Archive):
    """The network as it is stored.

    `hashes` (words, ascending); `around`, `centre` (words + 1 + classes, dimensions; int8) with a scale for each row,
    and the `bias` of a word: rows of the words, one for all other words, and those of the language model's classes.  Of
    the context, (len(OFFSETS) + 1) * dimensions numbers: `hidden` (context, units) with `hidden_bias`, `bilinear`
    (context, dimensions).  `of_centre` (dimensions, units), `of_language` (4, units); `second` (units, units of the
    second layer) with `second_bias`, `out` (units of the second layer); `linear` (4); `constant` (1).
    """

    SHIPPED: ClassVar[Path] = Path(__file__).parent / "models" / "en.discriminator"

    hashes: NDArray[np.uint64]
    around: NDArray[np.int8]
    around_scale: Floats
    centre: NDArray[np.int8]
    centre_scale: Floats
    bias: Floats
    hidden: Floats
    hidden_bias: Floats
    of_centre: Floats
    of_language: Floats
    second: Floats
    second_bias: Floats
    bilinear: Floats
    out: Floats
    linear: Floats
    constant: Floats


def rows(hashes: NDArray[np.uint64], model: LanguageModel) -> Indices:
    """The row of each id of the language model in the tables of a network with these words."""
    n = len(hashes)
    row = np.full(len(SPECIAL) + len(model.hashes), n)
    row[: len(SPECIAL)] = n + 1 + np.arange(len(SPECIAL))
    at = np.minimum(hashes.searchsorted(model.hashes), n - 1)
    known = hashes[at] == model.hashes
    row[len(SPECIAL) :][known] = at[known]
    return row


class Discriminator:
    """Weighs the words of a batch, by the network that is shipped; it opens when first needed."""

    def __init__(self, model: LanguageModel) -> None:
        self.model = model

    @cached_property
    def network(self) -> Network:
        """The network."""
        return Network.open()

    @cached_property
    def _row(self) -> Indices:
        return rows(self.network.hashes, self.model)

    def __call__(self, b: Batch, token: Indices) -> NDArray[np.float64]:
        """Log-odds, up to a constant, that each of some tokens is a substitute."""
        blocks = [self._weigh(around, near, b.ids[token[some]]) for some, around, near in self._contexts(b, token)]
        return np.concatenate([np.empty(0), *blocks])

    def _contexts(self, b: Batch, token: Indices) -> Iterator[tuple[slice, Ints, Floats]]:
        """What stands around the tokens, block by block: the ids of the words beside them, and the vectors of those
        with the mean of the words further around (tokens, (len(OFFSETS) + 1) * dimensions)."""
        if not len(token):
            return
        vectors = self._around(self._row[b.ids])
        total = np.zeros((len(b.ids) + 1, vectors.shape[1]))
        np.cumsum(vectors, axis=0, dtype=float, out=total[1:])
        for i in range(0, len(token), _BLOCK):
            some = slice(i, min(i + _BLOCK, len(token)))
            here = token[some]
            paragraph, ids = b.paragraph[here], beside(b, here)
            low = np.maximum(b.first[paragraph], here - WIDE)
            high = np.minimum(b.first[paragraph + 1], here + WIDE + 1)
            mean = (total[high] - total[low] - vectors[here]) / np.maximum(high - low - 1, 1)[:, None]
            near = self._around(self._row[ids]).reshape(len(here), -1)
            yield some, ids, np.concatenate([near, mean.astype(np.float32)], axis=1)

    def _around(self, row: Indices) -> Floats:
        w = self.network
        return np.asarray(w.around[row] * w.around_scale[row][..., None])

    def _weigh(self, around: Ints, context: Floats, word: Ints) -> NDArray[np.float64]:
        w = self.network
        row = self._row[word]
        centre = w.centre[row] * w.centre_scale[row][:, None]
        language = between(around, word, self.model)
        hidden = context @ w.hidden + w.hidden_bias + centre @ w.of_centre + language @ w.of_language
        second = np.maximum(np.maximum(hidden, 0) @ w.second + w.second_bias, 0)
        score = second @ w.out + language @ w.linear + w.bias[row] + w.constant[0]
        return np.asarray(score + np.einsum("ij,ij->i", context @ w.bilinear, centre), float)
