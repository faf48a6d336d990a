"""Step 5c: is this word the author's, or a substitute, and of what?

A replaced-token discriminator (Clark et al. 2020, "ELECTRA", arXiv:2003.10555), small enough for every document: the
five words on either side, the mean of the words further around, the word itself, by their vectors, and what the
language model says of the word, go through two hidden layers and a bilinear term.  Its log-odds are log P(word |
substitute, context) - log P(word | honest, context), up to a constant.  From the same vectors of the context a second
bilinear term ranks what the word may stand for.  Both are trained on clean text in which words were replaced by
synonyms (`cleaner.training.discriminator`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleaner.integrity import verified
from cleaner.islands import Batch, rarity
from cleaner.language_model import PROTECTED, SPECIAL, START, LanguageModel

SHIPPED = Path(__file__).parent / "models" / "en.discriminator"
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


@dataclass(frozen=True, slots=True)
class Network:
    """The network as it is stored.

    `hashes` (words, ascending); `around`, `centre`, `reading` (words + 1 + classes, dimensions; int8) with a scale for
    each row, and the `bias` of a word and of a reading: rows of the words, one for all other words, and those of the
    language model's classes.  Of the context, (len(OFFSETS) + 1) * dimensions numbers: `hidden` (context, units)
    with `hidden_bias`, `bilinear` and `query` (context, dimensions).  `of_centre` (dimensions, units), `of_language`
    (4, units); `second` (units, units of the second layer) with `second_bias`, `out` (units of the second layer);
    `linear` (4); `constant` (1); `given` (5): weights of the language model's features and of log P(word | reading)
    beside `query`.
    """

    hashes: NDArray[np.uint64]
    around: NDArray[np.int8]
    around_scale: Floats
    centre: NDArray[np.int8]
    centre_scale: Floats
    bias: Floats
    reading: NDArray[np.int8]
    reading_scale: Floats
    reading_bias: Floats
    hidden: Floats
    hidden_bias: Floats
    of_centre: Floats
    of_language: Floats
    second: Floats
    second_bias: Floats
    bilinear: Floats
    query: Floats
    out: Floats
    linear: Floats
    constant: Floats
    given: Floats

    @classmethod
    def open(cls, path: Path = SHIPPED) -> Network:
        """Read a network (default: the one shipped)."""
        with np.load(verified(path)) as archive:
            found: dict[str, Any] = {f.name: archive[f.name] for f in fields(cls)}
        return cls(**found)

    def save(self, path: Path) -> None:
        """Write the network as an uncompressed .npz archive."""
        with path.open("wb") as file:
            np.savez(file, **{f.name: getattr(self, f.name) for f in fields(self)})


def rows(hashes: NDArray[np.uint64], model: LanguageModel) -> Indices:
    """The row of each id of the language model in the tables of a network with these words."""
    n = len(hashes)
    row = np.full(len(SPECIAL) + len(model.hashes), n)
    row[: len(SPECIAL)] = n + 1 + np.arange(len(SPECIAL))
    at = np.minimum(hashes.searchsorted(model.hashes), n - 1)
    known = hashes[at] == model.hashes
    row[len(SPECIAL) :][known] = at[known]
    return row


@dataclass(frozen=True, slots=True)
class Context:
    """What stands around some tokens: `ids` (tokens, len(OFFSETS)) of the words at `OFFSETS`, START outside the
    paragraph; `vectors` (tokens, (len(OFFSETS) + 1) * dimensions)."""

    ids: Ints
    vectors: Floats

    def language(self, some: Indices | slice, words: Ints, model: LanguageModel) -> Floats:
        """The language model's features of `words` in the place of `some` of the tokens."""
        around = self.ids[some]
        return language_features(
            around[:, NEXT - 2], around[:, NEXT - 1], words, around[:, NEXT], around[:, NEXT + 1], model
        )


class Discriminator:
    """Weighs the words of a batch."""

    def __init__(self, network: Network, model: LanguageModel) -> None:
        self.network, self.model = network, model
        self._row = rows(network.hashes, model)

    def __call__(self, b: Batch, token: Indices) -> NDArray[np.float64]:
        """Log-odds, up to a constant, that each of some tokens is a substitute."""
        blocks = [self._weigh(context, b.ids[token[some]]) for some, context in self._contexts(b, token)]
        return np.concatenate([np.empty(0), *blocks])

    def rank(self, b: Batch, token: Indices, owner: Indices, words: Ints, log_swap: Floats) -> NDArray[np.float64]:
        """How well each of `words` (ids) would read in the place of token `token[owner]`, which `log_swap` is its log
        P(word | reading) of: a logit among the readings of one token.  `owner` ascends."""
        w = self.network
        score = np.empty(len(words))
        for some, context in self._contexts(b, token):
            mine = slice(*np.searchsorted(owner, [some.start, some.stop]))
            at, word = owner[mine] - some.start, words[mine]
            row = self._row[word]
            given = np.c_[context.language(at, word, self.model), log_swap[mine]] @ w.given
            readings = w.reading[row] * w.reading_scale[row][:, None]
            fit = np.einsum("ij,ij->i", (context.vectors @ w.query)[at], readings)
            score[mine] = given + fit + w.reading_bias[row]
        return score

    def _contexts(self, b: Batch, token: Indices) -> Iterator[tuple[slice, Context]]:
        """What stands around the tokens, block by block."""
        if not len(token):
            return
        vectors = self._around(self._row[b.ids])
        total = np.zeros((len(b.ids) + 1, vectors.shape[1]))
        np.cumsum(vectors, axis=0, dtype=float, out=total[1:])
        for i in range(0, len(token), _BLOCK):
            some = slice(i, min(i + _BLOCK, len(token)))
            here = token[some]
            paragraph = b.paragraph[here]
            low, high = b.first[paragraph], b.first[paragraph + 1]
            at = here[:, None] + OFFSETS
            inside = (at >= low[:, None]) & (at < high[:, None])
            ids = np.where(inside, b.ids[np.where(inside, at, 0)], np.int32(START))
            low, high = np.maximum(low, here - WIDE), np.minimum(high, here + WIDE + 1)
            mean = (total[high] - total[low] - vectors[here]) / np.maximum(high - low - 1, 1)[:, None]
            near = self._around(self._row[ids]).reshape(len(here), -1)
            yield some, Context(ids, np.concatenate([near, mean.astype(np.float32)], axis=1))

    def _around(self, row: Indices) -> Floats:
        w = self.network
        return np.asarray(w.around[row] * w.around_scale[row][..., None])

    def _weigh(self, context: Context, word: Ints) -> NDArray[np.float64]:
        w = self.network
        row = self._row[word]
        centre = w.centre[row] * w.centre_scale[row][:, None]
        language = context.language(slice(None), word, self.model)
        hidden = context.vectors @ w.hidden + w.hidden_bias + centre @ w.of_centre + language @ w.of_language
        second = np.maximum(np.maximum(hidden, 0) @ w.second + w.second_bias, 0)
        score = second @ w.out + language @ w.linear + w.bias[row] + w.constant[0]
        return np.asarray(score + np.einsum("ij,ij->i", context.vectors @ w.bilinear, centre), float)
