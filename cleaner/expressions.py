"""Step 2b: names, titles and terms of art that a garbled phrase may have been made from.

An inventory holds expressions of two to six words with their beginnings, so that one can be looked up word by word.
The shipped one is compiled by `cleaner.training.inventory` from `lexicons/en/expressions`.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cleaner.arrays import read_arrays, write_arrays
from cleaner.lexicon import FOLD, Hashes
from cleaner.segment import tokenize, word_hash
from cleaner.sieve import Rows

MAGIC = b"CleanerEX2\n"
SHIPPED = Path(__file__).parent / "models" / "en.expressions"

MOST_WORDS = 6
NONE = -1
_FILTER_BITS = 21
_MASK_BITS = 9  # of a key: which bit of a mask stands for it
MASK_WORDS = (1 << _MASK_BITS) // 64


class InventoryError(Exception):
    """The file is not an inventory that this version can read."""


@dataclass(frozen=True, eq=False)
class Inventory:
    """Expressions and their beginnings, for look-up word by word.

    `prefix` (sorted) holds the keys of all beginnings (see `phrase_keys`); `whole` (prefixes) numbers the expression
    that a beginning spells out, or is -1.  `words` (sorted) are the hashes of all words in them, and `packed` are their
    `follows`.  For each expression: `count`, its sightings in
    clean text, whether it is `technical`, a term of some science, and `spelling`, all of them one after another, as
    they must be written.
    """

    prefix: Hashes
    whole: NDArray[np.int32]
    words: Hashes
    packed: NDArray[np.uint8]
    count: NDArray[np.int32]
    technical: NDArray[np.bool_]
    spelling: NDArray[np.uint8]

    @classmethod
    def open(cls, path: Path = SHIPPED) -> Inventory:
        """Read an inventory (default: the one shipped); raises InventoryError if it is not one, OSError if it cannot
        be read."""
        return cls(*read_arrays(path, MAGIC, len(fields(cls)), "an inventory of expressions", InventoryError))

    def save(self, path: Path) -> None:
        """Write the inventory; the same one gives the same bytes."""
        write_arrays(path, MAGIC, (getattr(self, column.name) for column in fields(self)))

    @classmethod
    def of(cls, counts: Mapping[str, int], technical: Collection[str] = frozenset()) -> Inventory:
        """Compile expressions with their sightings; those that are not two to six words are left out.

        `technical` are those of `counts` that are terms of some science.

        One with a hyphen is found without it too: `short-time Fourier transform`, `short time Fourier transform`.
        """
        texts: list[str] = []
        number_of: dict[int, int] = {}
        prefixes: set[int] = set()
        follows: dict[int, set[int]] = {}
        for text in sorted(counts):
            norms = tokenize(text).norms
            if not 2 <= len(norms) <= MOST_WORDS:
                continue
            split = [word for norm in norms for word in norm.split("-")]
            for spelt in (norms, split) if len(split) <= MOST_WORDS else (norms,):
                key = 0
                for h in map(word_hash, spelt):
                    follows.setdefault(h, set()).add(key)
                    key = (key * int(FOLD) + h) % 2**64
                    prefixes.add(key)
                number_of.setdefault(key, len(texts))
            texts.append(text)
        keys = np.array(sorted(prefixes), np.uint64)
        pairs = np.array([(h, k) for h in sorted(follows) for k in follows[h]], np.uint64).reshape(-1, 2)
        words, place = np.unique(pairs[:, 0], return_inverse=True)
        column, bit = mask_of(pairs[:, 1])
        masks = np.zeros((len(words), MASK_WORDS), np.uint64)
        np.bitwise_or.at(masks, (place, column), bit)
        return cls(
            keys,
            np.array([number_of.get(key, NONE) for key in keys.tolist()], np.int32),
            words,
            _packed(masks),
            np.array([counts[text] for text in texts], np.int32),
            np.array([text in technical for text in texts], np.bool_),
            np.frombuffer(zlib.compress("\n".join(texts).encode("utf-8"), 9), np.uint8),
        )

    def joined(self, other: Inventory) -> Inventory:
        """Both inventories as one; the expressions of `other` come last, and stand for those that both have."""
        keys = np.union1d(self.prefix, other.prefix)
        whole = np.full(len(keys), NONE, np.int32)
        whole[keys.searchsorted(self.prefix)] = self.whole
        own = other.whole != NONE
        whole[keys.searchsorted(other.prefix[own])] = other.whole[own] + len(self.count)
        texts = "\n".join((*self.texts, *other.texts))
        spelling = np.frombuffer(zlib.compress(texts.encode("utf-8"), 1), np.uint8)
        technical = np.r_[self.technical, other.technical]
        words = np.union1d(self.words, other.words)
        masks = np.zeros((len(words), MASK_WORDS), np.uint64)
        for one in (self, other):
            masks[words.searchsorted(one.words)] |= one.follows
        return Inventory(keys, whole, words, _packed(masks), np.r_[self.count, other.count], technical, spelling)

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The expressions, as they must be written."""
        return tuple(zlib.decompress(self.spelling.tobytes()).decode("utf-8").split("\n"))

    @cached_property
    def _filter(self) -> NDArray[np.bool_]:
        """Which values the highest bits of the keys take: almost every other key is told from it alone."""
        seen = np.zeros(1 << _FILTER_BITS, np.bool_)
        seen[self.prefix >> np.uint64(64 - _FILTER_BITS)] = True
        return seen

    @cached_property
    def follows(self) -> NDArray[np.uint64]:
        """For each word the mask (words, MASK_WORDS) of the beginnings that it can follow, the empty one included; most
        beginnings that have their bit (`mask_of`) in a mask are among them."""
        masks = np.frombuffer(zlib.decompress(self.packed.tobytes()), "<u8").astype(np.uint64)
        return masks.reshape(-1, MASK_WORDS)

    def places(self, hashes: Hashes) -> NDArray[np.int64]:
        """The place of each of some words among `words`, or NONE if no expression has it."""
        place, row = self._rows.find(hashes.ravel())
        places = np.full(hashes.size, NONE)
        places[place] = row
        return places.reshape(hashes.shape)

    @cached_property
    def _rows(self) -> Rows:
        return Rows.of(self.words)

    def may_have(self, keys: Hashes) -> NDArray[np.int64]:
        """The places of those of `keys` that may be beginnings of expressions."""
        return np.flatnonzero(self._filter.take((keys >> np.uint64(64 - _FILTER_BITS)).view(np.int64)))

    def find(self, keys: Hashes) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Which of `keys` are beginnings of expressions (their places), and the expressions they spell out, or -1."""
        maybe = self.may_have(keys)
        place, row = self._beginnings.find(keys.take(maybe))
        return maybe.take(place), self.whole.take(row)

    @cached_property
    def _beginnings(self) -> Rows:
        return Rows.of(self.prefix)


def mask_of(keys: Hashes) -> tuple[NDArray[np.int64], Hashes]:
    """The bit of a mask that stands for each of some beginnings: its word of the mask, and that word."""
    number = keys >> np.uint64(64 - _MASK_BITS)
    return (number >> np.uint64(6)).astype(np.int64), np.uint64(1) << (number & np.uint64(63))


def _packed(masks: Hashes) -> NDArray[np.uint8]:
    return np.frombuffer(zlib.compress(masks.astype("<u8").tobytes(), 9), np.uint8)
