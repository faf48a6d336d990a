"""Step 1c: which texts may have been translated and back, told from the screen's words.

The full regression (`cleaner.translation`) asks the language model.  This one sees the same skeleton, frequent words as
they are and the others by their form, and its pairs and triples alone, in tables (Weinberger et al. 2009,
arXiv:0902.2206): enough to clear nearly all honest text of the suspicion.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleaner.integrity import verified
from cleaner.screen import Hashes, Words, slots

SHIPPED = Path(__file__).parent / "models" / "en.accent"

STEP = 1 / 64  # nats: the unit of the tables
WITNESSES = 400  # words of a text that bear witness: an author's habits do not become more telling with length
_OUTSIDE, _MARK, _NUMBER, _NAME, _OTHER, FORMS = 0, 1, 2, 3, 4, 11
_ENDINGS = (("s", 5), ("ed", 6), ("ly", 7), ("ng", 8), ("on", 9), ("al", 10))
_BITS = 9  # of a word's code
TRIPLES = 1 << 18  # slots for triples
_ODD = np.uint64(0x9E3779B97F4A7C15)

Floats = NDArray[np.float64]


@cache
def _forms() -> NDArray[np.uint8]:
    """The form of a word by its ending (`Words.ending`)."""
    table = np.full(1 << 16, _OTHER, np.uint8)
    for ending, code in _ENDINGS:
        last = 256 * ord(ending[-1])
        if len(ending) == 1:
            table[last : last + 256] = code
        else:
            table[last + ord(ending[0])] = code
    return table


@dataclass(frozen=True, eq=False)
class Accent:
    """Frequent words, by the slots of their hashes: `key` and `code`; and the weights of `words` (2^9), `pairs`
    (2^18) and `triples` (TRIPLES), in units of STEP for "translated" against "honest"."""

    key: Hashes
    code: NDArray[np.int16]
    words: NDArray[np.int8]
    pairs: NDArray[np.int8]
    triples: NDArray[np.int8]

    @classmethod
    def open(cls, path: Path = SHIPPED) -> Accent:
        """Read the tables (default: those shipped)."""
        # Not an archive: to import what reads those takes longer than all the rest.
        packed = io.BytesIO(zlib.decompress(verified(path).read_bytes()))
        arrays: list[NDArray[Any]] = [np.load(packed, allow_pickle=False) for _ in fields(cls)]
        return cls(*arrays)

    def save(self, path: Path) -> None:
        """Write the tables one after another as numpy's `save` does, deflated; the same tables give the same bytes."""
        packed = io.BytesIO()
        for column in fields(self):
            np.save(packed, getattr(self, column.name))
        path.write_bytes(zlib.compress(packed.getvalue(), 9))

    def __call__(self, found: Words, texts: int) -> Floats:
        """For each of so many texts, whose words are `found`: log P(translated | x) - log P(honest | x), up to a
        constant, as if it had `WITNESSES` words if it has more."""
        if not len(found.start):
            return np.zeros(texts)
        word, pair, triple = features(found, self.key, self.code)
        weight = self.words.take(word).astype(np.int16)
        weight += self.pairs.take(pair)
        weight += self.triples.take(triple)
        total = np.bincount(found.text, weights=weight, minlength=texts)
        count = np.bincount(found.text, minlength=texts)
        return np.asarray(total * (STEP * np.minimum(count, WITNESSES) / np.maximum(count, 1)))


def features(found: Words, key: Hashes, code: NDArray[np.int16]) -> tuple[NDArray[np.int64], ...]:
    """The slots of each word's code, and of those of it and the one or two before it."""
    slot = slots(found.hashes, len(key))
    word = _forms().take(found.ending).astype(np.int64)
    np.copyto(word, _NAME, where=found.capital)
    np.copyto(word, _NUMBER, where=found.number)
    np.copyto(word, code.take(slot), where=key.take(slot) == found.hashes)
    # Before a word stands the mark that follows the one before, if any does.
    one = np.zeros_like(word)
    one[1:] = word[:-1]
    np.copyto(one[1:], _MARK, where=found.mark[:-1] > 0)
    one[found.first] = _OUTSIDE
    two = np.zeros_like(word)
    two[1:] = one[:-1]
    np.copyto(two[1:], word[:-1], where=one[1:] == _MARK)
    two[found.first] = _OUTSIDE
    pair = one << _BITS | word
    triple = slots((two << 2 * _BITS | pair).astype(np.uint64) * _ODD, TRIPLES)
    return word, pair, triple


@cache
def shipped() -> Accent:
    """The tables that come with the package."""
    return Accent.open()
