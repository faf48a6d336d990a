"""Step 5b: what the wider context says of a reading, beyond the reach of a trigram.

A log-linear model with hashed features (Weinberger et al. 2009, arXiv:0902.2206): each reading of a span scores
the sum of the weights of (reading, feature) pairs; features are the words beside the span, pairs of them, and
the less common words around it.  It is trained to tell the right reading of a spun phrase from the wrong ones
(`training/context.py`), with the language model's and the channel's scores as given.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Indices = NDArray[np.int64]

WINDOW = 12  # words to each side that make up the bag
N_FEATURES = 8 + 2 * (WINDOW - 1)
SHIPPED = Path(__file__).parent / "models" / "en.context"

_MIX1 = np.uint64(0xFF51AFD7ED558CCD)
_MIX2 = np.uint64(0xC4CEB9FE1A85EC53)
_SALT = [np.uint64(0x9E3779B97F4A7C15 * k % 2**64) for k in range(1, 16)]


def _mixed(h: Hashes) -> Hashes:
    h = h * _MIX1
    h ^= h >> np.uint64(31)
    return h


@dataclass(frozen=True, slots=True)
class Stream:
    """Words that a context is read from: paragraphs end to end.

    `hashes` (words), `rare` (words): whether the word is rare enough to tell something of the topic.
    """

    hashes: Hashes
    rare: NDArray[np.bool_]


def features(stream: Stream, low: Indices, high: Indices, begin: Indices, end: Indices) -> Hashes:
    """The features (n, N_FEATURES) of the spans low .. high - 1, each in a paragraph begin .. end - 1; 0 for none."""
    n = len(stream.hashes)
    padded = np.r_[stream.hashes, np.uint64(0)]

    def word(at: Indices) -> Hashes:
        inside = (at >= begin) & (at < end)
        return np.where(inside, padded[np.where(inside, at, n)], np.uint64(1))

    left1, left2, right1, right2 = word(low - 1), word(low - 2), word(high), word(high + 1)
    columns = [
        np.full(len(low), _SALT[0]),
        _mixed(left1 ^ _SALT[1]),
        _mixed(right1 ^ _SALT[2]),
        _mixed(left2 ^ _SALT[3]),
        _mixed(right2 ^ _SALT[4]),
        _mixed(_mixed(left1 ^ _SALT[5]) + left2),
        _mixed(_mixed(right1 ^ _SALT[6]) + right2),
        _mixed(_mixed(left1 ^ _SALT[7]) + right1),
    ]
    rare = np.r_[stream.rare, False]
    for distance in range(2, WINDOW + 1):
        for at in (low - distance, high + distance - 1):
            inside = (at >= begin) & (at < end)
            where = np.where(inside, at, n)
            columns.append(np.where(rare[where], _mixed(padded[where] ^ _SALT[8]), np.uint64(0)))
    return np.stack(columns, axis=1)


def slots(readings: Hashes, found: Hashes, bits: int) -> NDArray[np.uint32]:
    """The weight of each (reading, feature): an index below 2**bits."""
    h = (readings[:, None] ^ found) * _MIX2
    return (h >> np.uint64(64 - bits)).astype(np.uint32)


@dataclass(frozen=True, slots=True)
class ContextModel:
    """Weights (2**bits, int8 times `unit`) and the weights of the other two scores.

    `language` multiplies the language model's log-probability and `channel` that of the channel.
    """

    weights: NDArray[np.int8]
    unit: float
    language: float
    channel: float

    @classmethod
    def open(cls, path: Path = SHIPPED) -> ContextModel:
        """Read a model (default: the one shipped)."""
        with np.load(path) as archive:
            return cls(archive["weights"], *(float(archive[name]) for name in ("unit", "language", "channel")))

    def save(self, path: Path) -> None:
        """Write the model as an uncompressed .npz archive."""
        with path.open("wb") as file:
            np.savez(file, weights=self.weights, unit=self.unit, language=self.language, channel=self.channel)

    def score(self, readings: Hashes, found: Hashes) -> NDArray[np.float64]:
        """The score of each reading (its phrase key) in the context with the features `found` (n, N_FEATURES)."""
        bits = int(np.log2(len(self.weights)))
        values = self.weights.take(slots(readings, found, bits))
        return np.asarray(self.unit * (values * (found != 0)).sum(axis=1, dtype=np.int64))
