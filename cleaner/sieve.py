"""Look-ups in sorted tables of 64-bit hashes, which are spread evenly: their first bits tell where to look, and most of
what is not there is known so by one read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
_BITS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Finds rows of a sorted table: each of its `keys`, which are distinct, begins at row `first`; those with the same
    first bits, one or two, begin at `begin` (buckets + 1).  Twenty times as fast as `searchsorted`."""

    keys: Hashes
    first: NDArray[np.int64]
    begin: NDArray[np.int64]
    shift: np.uint64

    @classmethod
    def of(cls, keys: Hashes) -> Rows:
        """The index of a table, by its sorted keys."""
        first = np.flatnonzero(np.diff(keys, prepend=~keys[:1]))
        keys = keys.take(first)
        bits = max(len(keys).bit_length() - 1, 1)
        shift = np.uint64(64 - bits)
        begin = np.zeros((1 << bits) + 1, np.int64)
        np.cumsum(np.bincount((keys >> shift).view(np.int64), minlength=1 << bits), out=begin[1:])
        return cls(keys, first, begin, shift)

    def find(self, keys: Hashes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The places of the keys that the table has, and the first row of each."""
        bucket = (keys >> self.shift).view(np.int64)
        row, end = self.begin.take(bucket), self.begin.take(bucket + 1)
        left = np.flatnonzero(row < end)
        found = [left[:0]]
        while len(left):  # as often as the fullest bucket has keys: a handful of times
            here = self.keys.take(row.take(left)) == keys.take(left)
            found.append(left[here])
            left = left[~here]
            row[left] += 1
            left = left[row.take(left) < end.take(left)]
        place = np.sort(np.concatenate(found))
        return place, self.first.take(row.take(place))


@dataclass(frozen=True, slots=True, eq=False)
class Sieve:
    """Tells which keys are surely in none of the rows of a table (`keys`, sorted), by their first bits alone (a Bloom
    filter of one hash)."""

    rows: Rows
    taken: NDArray[np.bool_]

    @classmethod
    def of(cls, keys: Hashes) -> Sieve:
        """The sieve of a table."""
        taken = np.zeros(1 << _BITS, np.bool_)
        taken[keys >> np.uint64(64 - _BITS)] = True
        return cls(Rows.of(keys), taken)

    def may_have(self, keys: Hashes) -> NDArray[np.int64]:
        """The places of the keys that the table may have."""
        return np.flatnonzero(self.taken.take((keys >> np.uint64(64 - _BITS)).view(np.int64)))

    def find(self, keys: Hashes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The places of the keys that the table has, and the first row of each."""
        maybe = self.may_have(keys)
        place, row = self.rows.find(keys.take(maybe))
        return maybe.take(place), row
