"""Step 5c: is this word the author's, or a substitute?

A replaced-token discriminator (Clark et al. 2020, "ELECTRA", arXiv:2003.10555), small enough for every document:
the four words on either side and the word itself, by their vectors, and what the language model says of the word, go
through one hidden layer and a bilinear term.  Its log-odds are log P(word | substitute, context) - log P(word | honest,
context), up to a constant.  Trained on clean text in which words were replaced by synonyms
(`cleaner.training.discriminator`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleaner.integrity import verified
from cleaner.islands import Batch, rarity
from cleaner.language_model import PROTECTED, SPECIAL, START, LanguageModel

SHIPPED = Path(__file__).parent / "models" / "en.discriminator"
OFFSETS = np.array([-4, -3, -2, -1, 1, 2, 3, 4])
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

    `hashes` (words, ascending); `around`, `centre` (words + 1 + classes, dimensions; int8) with a scale for each row,
    and `bias`: rows of the words, one for all other words, and those of the language model's classes.  `hidden`
    (8 * dimensions, units) of the context with `hidden_bias`, `of_centre` (dimensions, units), `of_language`
    (4, units); `bilinear` (8 * dimensions, dimensions); `out` (units); `linear` (4); `constant` (1).
    """

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
    bilinear: Floats
    out: Floats
    linear: Floats
    constant: Floats

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


class Discriminator:
    """Weighs the words of a batch."""

    def __init__(self, network: Network, model: LanguageModel) -> None:
        self.network, self.model = network, model
        self._row = rows(network.hashes, model)

    def __call__(self, b: Batch, token: Indices) -> NDArray[np.float64]:
        """Log-odds, up to a constant, that each of some tokens is a substitute."""
        blocks = [self._weigh(b, token[i : i + _BLOCK]) for i in range(0, len(token), _BLOCK)]
        return np.concatenate([np.empty(0), *blocks])

    def _weigh(self, b: Batch, token: Indices) -> NDArray[np.float64]:
        w = self.network
        paragraph = b.paragraph[token]
        at = token[:, None] + OFFSETS
        inside = (at >= b.first[paragraph][:, None]) & (at < b.first[paragraph + 1][:, None])
        ids = np.where(inside, b.ids[np.where(inside, at, 0)], np.int32(START))
        row = self._row[ids]
        around = (w.around[row] * w.around_scale[row][:, :, None]).reshape(len(token), -1)
        own = self._row[b.ids[token]]
        centre = w.centre[own] * w.centre_scale[own][:, None]
        language = language_features(ids[:, 2], ids[:, 3], b.ids[token], ids[:, 4], ids[:, 5], self.model)
        hidden = np.maximum(around @ w.hidden + w.hidden_bias + centre @ w.of_centre + language @ w.of_language, 0)
        score = hidden @ w.out + language @ w.linear + w.bias[own] + w.constant[0]
        return np.asarray(score + ((around @ w.bilinear) * centre).sum(axis=1), float)
