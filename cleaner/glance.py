"""Step 1c: a glance at every word: is it its author's, or a substitute?

The screen knows the words of known dialects; a spinner that no table knows leaves words that do not go with their
neighbours.  A network small enough for every word of every text weighs each content word among three words on either
side, by hashed vectors (Weinberger et al. 2009, arXiv:0902.2206), by the weights of the two pairs that it stands in,
and by whether its triples are common: one hidden layer, multiplied by a vector of the word's own.  It works on the
screen's words, in numpy, with no Python per word.

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

from cleaner.arrays import read_arrays, write_arrays
from cleaner.screen import Hashes, Words, pair_hashes, slots
from cleaner.segment import Span

MAGIC = b"CleanerGL1\n"
SHIPPED = Path(__file__).parent / "models" / "en.glance"
REACH = 3  # words on either side
# Rows after those of the words: what lies outside the paragraph, marks within a sentence and at its end, numbers, and
# words that have no row of their own.
OUTSIDE, MARK, STOP, NUMBER, RARE, SPECIAL = 0, 1, 2, 3, 4, 5
STEPS = 16  # of strangeness, half a nat each
PAIR_STEP = np.float32(1 / 16)  # nats: the unit of the weights of pairs
# Log-odds by a word's two pairs alone from which on the network is asked: it finds one in fifty of the others stranger
# than 0, and they are nearly half of the words of honest text.
AT_HOME = -1.0
STRETCH, STRETCHES = 64, 2  # words that are looked at together, and of such stretches, how many stand for a text
_SWAPPED, _SUREST = 0.2, 4.0  # share of swapped words that is assumed there, and nats that one of them may tell
_BLOCK = 512  # words whose neighbours are in memory together: they stay in the processor's cache
KNOWN = 3  # numbers that tell what is known of a pair and of a triple (see `told`)
BESIDE = 3  # of the pairs and triples that end with a word, with the next one and with the one after
_ODD = np.uint64(0x9E3779B97F4A7C15)
_CHECK = np.uint64(0xFF)  # bits of a pair's hash by which it is told from others of its slot

Floats = NDArray[np.float32]


class GlanceError(Exception):
    """The file is not a glance that this version can read."""


@dataclass(frozen=True, slots=True)
class Network:
    """The network as it is stored.

    `row` (2^n; uint16) leads from a slot of hashed words to their row.  `around` (rows + SPECIAL, dimensions; int8) and
    `own` (rows + SPECIAL, k; int8), each with a scale for each row, and `bias` (rows + SPECIAL), are those of words
    among others, and of the word that is weighed; `candidate` tells the rows of words that may be substitutes.
    `hidden` ((2 REACH + 1) * dimensions + BESIDE * KNOWN, units) with `hidden_bias`; `out` (units, k + 1) with
    `out_bias`: what the word's own vector is multiplied by, and what is added.  `pairs` (2^n; uint16) holds the
    weights of hashed pairs, with bits that tell them from others, `triples` (2^n / 8; uint8) a bit for each triple.
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
    pairs: NDArray[np.uint16]
    triples: NDArray[np.uint8]

    @classmethod
    def open(cls, path: Path = SHIPPED) -> Network:
        """Read a network (default: the one shipped).

        Raises GlanceError if it is not a whole network of this version, OSError if it cannot be read.
        """
        return cls(*read_arrays(path, MAGIC, len(fields(cls)), "a glance", GlanceError))

    def save(self, path: Path) -> None:
        """Write the network: its arrays in order, each as numpy's `save` writes it, after `MAGIC`."""
        write_arrays(path, MAGIC, (getattr(self, column.name) for column in fields(self)))


def phrase_hashes(hashes: Hashes, joined: NDArray[np.bool_]) -> tuple[Hashes, Hashes]:
    """The hash of each word with the one before it, and with the two before it; the latter is 0 where they are not all
    `joined`."""
    pair = pair_hashes(hashes, joined)
    triple = pair_hashes(pair, joined)
    whole = joined.copy()
    whole[1:] &= joined[:-1]
    triple *= whole
    return pair, triple


def pair_table(keys: Hashes, weight: NDArray[Any], count: NDArray[Any], size: int) -> NDArray[np.uint16]:
    """A table of `size` slots with the weight (-127 to 127) of each pair; the one that counts most takes a slot."""
    order = np.argsort(count, kind="stable")
    table = np.zeros(size, np.uint16)
    value = (np.clip(weight, -127, 127).astype(np.int64) + 128) << 8
    table[slots(keys[order], size)] = (value[order] | (keys[order] & _CHECK).astype(np.int64)).astype(np.uint16)
    return table


def pair_weights(pairs: Hashes, table: NDArray[np.uint16]) -> Floats:
    """The weight of each pair; 0 for those that the table does not have."""
    found = table.take(slots(pairs, len(table)))
    weight = (found >> np.uint16(8)).astype(np.float32)
    weight -= 128
    weight *= (found & np.uint16(0xFF)) == (pairs & _CHECK)
    return weight


def told(weight: Floats, seen: NDArray[np.bool_]) -> tuple[NDArray[Any], ...]:
    """The KNOWN columns of what the network is told of pairs and triples: a pair's weight, whether it is known, and
    whether the triple is common."""
    return weight / np.float32(32), weight != 0, seen


def common(triples: Hashes, bits: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which triples have their bit set."""
    slot = slots(triples, 8 * len(bits))
    return np.asarray((bits.take(slot >> 3) >> (slot & 7).astype(np.uint8)) & 1 != 0)


@dataclass(frozen=True, slots=True)
class Seen:
    """For each word that may be a substitute: its `place` among the words of the texts, and the log-odds that it is
    one, up to a constant (`strange`)."""

    place: NDArray[np.int64]
    strange: Floats


class Glance:
    """Weighs the words of some texts."""

    def __init__(self, network: Network) -> None:
        self.network = network

    @cached_property
    def _vectors(self) -> Floats:
        """The vectors of all rows, each with room for what is known of the pair and the triple that end there."""
        w = self.network
        vectors = np.zeros((len(w.around), w.around.shape[1] + KNOWN), np.float32)
        np.multiply(w.around, w.around_scale[:, None], out=vectors[:, :-KNOWN])
        return vectors

    @cached_property
    def _hidden(self) -> Floats:
        """The weights of such vectors in a window, and of a constant 1."""
        w = self.network
        size, units = w.around.shape[1], w.hidden.shape[1]
        hidden = np.zeros((2 * REACH + 1, size + KNOWN, units), np.float32)
        hidden[:, :size] = w.hidden[: -BESIDE * KNOWN].reshape(-1, size, units)
        hidden[REACH : REACH + BESIDE, size:] = w.hidden[-BESIDE * KNOWN :].reshape(BESIDE, KNOWN, units)
        return np.concatenate([hidden.reshape(-1, units), w.hidden_bias[None]])

    def __call__(self, found: Words) -> Seen:
        """What the network says of the words that are written in small letters and that some spinner may write; it is
        not asked where their pairs say that they are at home."""
        w = self.network
        row = w.row.take(slots(found.hashes, len(w.row))).astype(np.int64)
        np.copyto(row, len(w.around) - SPECIAL + NUMBER, where=found.number)
        place = np.flatnonzero(w.candidate.take(row) & ~found.capital)
        if not len(place):
            return Seen(place, np.empty(0, np.float32))
        joined = found.joined & ~found.number
        joined[1:] &= ~found.number[:-1]
        pair, triple = phrase_hashes(found.hashes, joined)
        weight = pair_weights(pair, w.pairs)
        weight *= joined
        strange = weight.take(place)
        strange += np.append(weight, np.float32(0)).take(place + 1)
        strange *= PAIR_STEP
        strange += w.bias.take(row.take(place))
        asked = np.flatnonzero(strange > AT_HOME)
        known = told(weight, (triple != 0) & common(triple, w.triples))
        strange[asked] = self._weigh(found, row, joined, known, place[asked])
        return Seen(place, strange)

    def _weigh(
        self,
        found: Words,
        row: NDArray[np.int64],
        joined: NDArray[np.bool_],
        known: tuple[NDArray[Any], ...],
        place: NDArray[np.int64],
    ) -> Floats:
        """What the network says of the words at some places; `row`, `joined` and what is `known` are of all words."""
        w = self.network
        at, vectors = self._laid_out(found, row)
        width = vectors.shape[1]
        size = (2 * REACH + 1) * width
        room, end = vectors.reshape(-1), (at + 1) * width
        for k, column in enumerate(known):
            room[end - KNOWN + k] = column
        # The pair of the next two words tells nothing of a word that they do not follow.
        loose = np.zeros(len(row), np.bool_)
        loose[:-1] = ~joined[1:] & (np.diff(at) == 1)
        second = slice((REACH + 3) * width - KNOWN, (REACH + 3) * width - 1)
        windows = as_strided(vectors, (len(vectors) - 2 * REACH, size), (vectors.strides[0], vectors.itemsize))
        inputs = np.ones((_BLOCK, size + 1), np.float32)
        strange = np.empty(len(place), np.float32)
        for first in range(0, len(place), _BLOCK):
            here = place[first : first + _BLOCK]
            last = first + len(here)
            x = inputs[: len(here)]
            x[:, :-1] = windows[at.take(here) - REACH]
            x[loose.take(here), second] = 0
            units = x @ self._hidden
            np.maximum(units, 0, out=units)
            out = units @ w.out
            out += w.out_bias
            mine = row.take(here)
            own = w.own.take(mine, axis=0).astype(np.float32)
            fit = np.einsum("ij,ij->i", out[:, :-1], own)
            fit *= w.own_scale.take(mine)
            fit += out[:, -1]
            np.add(fit, w.bias.take(mine), out=strange[first:last])
        return strange

    def _laid_out(self, found: Words, row: NDArray[np.int64]) -> tuple[NDArray[np.int64], Floats]:
        """The vectors of all words with those of the marks between, and REACH of what is outside around each
        paragraph; and the place of each word among them."""
        words = len(self.network.around) - SPECIAL
        gap = np.zeros(len(row), np.int64)
        gap[1:] = found.mark[:-1] != 0
        gap[found.first[1:]] = REACH
        at = np.cumsum(gap)
        at += np.arange(REACH, REACH + len(at))
        laid = np.full(int(at[-1]) + REACH + 1, words + OUTSIDE)
        laid[at] = row
        marks = np.flatnonzero(gap[1:] == 1)
        laid[at[marks] + 1] = words + found.mark[marks].astype(np.int64)
        return at, self._vectors.take(laid, axis=0)


def histogram(seen: Seen, found: Words, texts: int) -> Floats:
    """How many different words of each of so many texts are how strange: (texts, STEPS), from the least strange.

    A word that recurs is as strange as in the place where it is least so: its author's terms are odd here and there,
    a substitute is odd wherever it stands.
    """
    text = found.text[seen.place]
    key = found.hashes[seen.place] ^ (text.astype(np.uint64) * _ODD)
    order = np.argsort(key)
    first = np.flatnonzero(np.diff(key[order], prepend=~key[order[:1]]))
    least = np.minimum.reduceat(seen.strange[order], first) if len(first) else seen.strange
    step = np.clip((least * 2).astype(np.int64) + STEPS // 2, 0, STEPS - 1)
    step += text[order[first]] * STEPS
    return np.asarray(np.bincount(step, minlength=texts * STEPS).reshape(texts, STEPS), np.float32)


def strangest(seen: Seen, found: Words, text: int) -> list[Span]:
    """The STRETCHES stretches of STRETCH words of a `text` (by its number) in which most stands out, each from the
    first character to the last among those of all texts; none if they are nearly all of it."""
    first, last = np.searchsorted(found.text, [text, text + 1]).tolist()
    if last - first < (STRETCHES + 0.5) * STRETCH:
        return []
    own = slice(*np.searchsorted(seen.place, [first, last]))
    odds = np.log1p(_SWAPPED * np.expm1(np.minimum(seen.strange[own], _SUREST)))
    told = np.bincount((seen.place[own] - first) // STRETCH, weights=odds)
    # Rounded, for the last digits depend on what else is in the batch.
    chosen = first + STRETCH * np.sort(np.argsort(-np.round(told, 2), kind="stable")[:STRETCHES])
    return [Span(int(found.start[at]), int(found.end[min(at + STRETCH, last) - 1])) for at in chosen.tolist()]


@cache
def shipped() -> Glance:
    """The glance that comes with the package."""
    return Glance(Network.open())
