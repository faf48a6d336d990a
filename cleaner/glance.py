"""Step 1c: a glance at every word: is it its author's, or a substitute?

The screen knows the words of known dialects; a spinner that no table knows leaves words that do not go with their
neighbours.  A network small enough for every word of every text weighs each content word among the four words on either
side, by hashed vectors (Weinberger et al. 2009, arXiv:0902.2206), by the weights of the two pairs that it stands in, and
by whether its triples are common: one hidden layer, multiplied by a vector of the word's own.  A second output says
whether the word is part of a garbled term.  Works on the screen's words, in numpy, with no Python per word.

What it says is less sure than the discriminator's word (`cleaner.discriminator`), but costs a hundredth: it only
decides what is read closely.  Trained by `cleaner.training.glance`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from cleaner.integrity import verified
from cleaner.screen import Hashes, Words, pair_hashes, slots

SHIPPED = Path(__file__).parent / "models" / "en.glance"
REACH = 4  # words on either side
# Rows after those of the words: what lies outside the paragraph, marks within a sentence and at its end, numbers, and
# words that have no row of their own.
OUTSIDE, MARK, STOP, NUMBER, RARE, SPECIAL = 0, 1, 2, 3, 4, 5
_BLOCK = 512  # words whose neighbours are in memory together: they stay in the processor's cache
_KNOWN = 5  # what is known of the pairs and triples that a word stands in

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Network:
    """The network as it is stored.

    `row` (2^n; uint16) leads from a slot of hashed words to their row.  `around` (rows + SPECIAL, dimensions; int8) and
    `own` (rows + SPECIAL, k; int8), each with a scale for each row, and `bias` (rows + SPECIAL, 2), are those of words
    among others, and of the word that is weighed; `candidate` tells the rows of words that may be substitutes.
    `hidden` ((2 REACH + 1) * dimensions + 5, units) with `hidden_bias`; `out` (units, k + 2) with `out_bias`: what the
    word's own vector is multiplied by, and the two outputs.  `pairs` (2^n; int8) holds the weights of hashed pairs,
    `triples` (2^n / 8; uint8) a bit for each hashed triple, `listed` (ascending) the pairs that people have listed as
    garbled terms.
    """

    row: NDArray[np.uint16]
    around: NDArray[np.int8]
    around_scale: Floats
    own: NDArray[np.int8]
    own_scale: Floats
    bias: Floats
    candidate: NDArray[np.bool_]
    hidden: Floats
    hidden_bias: Floats
    out: Floats
    out_bias: Floats
    pairs: NDArray[np.int8]
    triples: NDArray[np.uint8]
    listed: Hashes

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


def phrase_hashes(hashes: Hashes, joined: NDArray[np.bool_]) -> tuple[Hashes, Hashes]:
    """The hash of each word with the one before it, and with the two before it; the latter is 0 where they are not all
    `joined`."""
    pair = pair_hashes(hashes, joined)
    triple = pair_hashes(pair, joined)
    whole = joined.copy()
    whole[1:] &= joined[:-1]
    triple *= whole
    return pair, triple


def common(triples: Hashes, bits: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which triples have their bit set."""
    slot = slots(triples, 8 * len(bits))
    return np.asarray((bits.take(slot >> 3) >> (slot & 7).astype(np.uint8)) & 1 != 0)


@dataclass(frozen=True, slots=True)
class Seen:
    """For each word that may be a substitute: its `place` among the words of the texts, and the log-odds that it is
    one (`strange`) and that it is part of a garbled term (`term`), both up to a constant."""

    place: NDArray[np.int64]
    strange: Floats
    term: Floats


class Glance:
    """Weighs the words of some texts."""

    def __init__(self, network: Network) -> None:
        self.network = network

    @cached_property
    def _around(self) -> Floats:
        return np.asarray(self.network.around * self.network.around_scale[:, None])

    def __call__(self, found: Words) -> Seen:
        """What the network says of the words that are written in small letters and that some spinner may write."""
        w = self.network
        words = len(w.around) - SPECIAL
        row = w.row.take(slots(found.hashes, len(w.row))).astype(np.int64)
        row[found.number] = words + NUMBER
        place = np.flatnonzero(w.candidate.take(row) & ~found.capital)
        seen = Seen(place, *np.empty((2, len(place)), np.float32))
        if not len(place):
            return seen
        at, vectors = self._laid_out(found, row)
        size = (2 * REACH + 1) * vectors.shape[1]
        windows = as_strided(vectors, (len(vectors) - 2 * REACH, size), (vectors.strides[0], vectors.itemsize))
        joined = found.joined & ~found.number
        joined[1:] &= ~found.number[:-1]
        pair, triple = phrase_hashes(found.hashes, joined)
        weight = np.zeros(len(row) + 1, np.float32)
        weight[:-1] = w.pairs.take(slots(pair, len(w.pairs)))
        weight[:-1] *= joined
        weight *= np.float32(1 / 32)
        seen_before = np.zeros(len(row) + 2, np.float32)
        seen_before[:-2] = (triple != 0) & common(triple, w.triples)
        inputs = np.empty((_BLOCK, size + _KNOWN), np.float32)
        for first in range(0, len(place), _BLOCK):
            here = place[first : first + _BLOCK]
            last = first + len(here)
            x = inputs[: len(here)]
            x[:, :size] = windows[at.take(here) - REACH]
            for k, (of, which) in enumerate(
                ((weight, 0), (weight, 1), (seen_before, 0), (seen_before, 1), (seen_before, 2))
            ):
                x[:, size + k] = of.take(here + which)
            units = x @ w.hidden
            units += w.hidden_bias
            np.maximum(units, 0, out=units)
            out = units @ w.out
            out += w.out_bias
            mine = row.take(here)
            fit = np.einsum("ij,ij->i", out[:, :-2], w.own.take(mine, axis=0).astype(np.float32))
            out[:, -2:] += w.bias.take(mine, axis=0)
            seen.strange[first:last] = out[:, -2] + fit * w.own_scale.take(mine)
            seen.term[first:last] = out[:, -1]
        return seen

    def _laid_out(self, found: Words, row: NDArray[np.int64]) -> tuple[NDArray[np.int64], Floats]:
        """The vectors of all words with those of the marks between, and REACH of what is outside around each
        paragraph; and the place of each word among them."""
        words = len(self.network.around) - SPECIAL
        opens = np.diff(found.paragraph, prepend=found.paragraph[0]) != 0
        marked = found.mark[:-1] != 0
        gap = np.zeros(len(row), np.int64)
        gap[1:] = marked
        gap[opens] = REACH
        at = np.cumsum(gap)
        at += np.arange(REACH, REACH + len(at))
        laid = np.full(int(at[-1]) + REACH + 1, words + OUTSIDE)
        laid[at] = row
        marks = np.flatnonzero(marked & ~opens[1:])
        laid[at[marks] + 1] = words + found.mark[marks].astype(np.int64)
        return at, self._around.take(laid, axis=0)


@cache
def shipped() -> Glance:
    """The glance that comes with the package."""
    return Glance(Network.open())
