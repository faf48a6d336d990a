"""A first look at a table of 64-bit keys: most of what is not in it is known so by one read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
_BITS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Sieve:
    """Tells which keys are surely in none of the rows of a table (`keys`, sorted), by their first bits alone (a Bloom
    filter of one hash)."""

    keys: Hashes
    taken: NDArray[np.bool_]

    @classmethod
    def of(cls, keys: Hashes) -> Sieve:
        """The sieve of a table."""
        taken = np.zeros(1 << _BITS, np.bool_)
        taken[keys >> np.uint64(64 - _BITS)] = True
        return cls(keys, taken)

    def may_have(self, keys: Hashes) -> NDArray[np.int64]:
        """The places of the keys that the table may have."""
        return np.flatnonzero(self.taken.take((keys >> np.uint64(64 - _BITS)).view(np.int64)))

    def find(self, keys: Hashes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The places of the keys that the table has, and the first row of each."""
        place = self.may_have(keys)
        sought = keys.take(place)
        row = self.keys.searchsorted(sought)
        found = np.flatnonzero(self.keys.take(row, mode="clip") == sought) if len(place) else place
        return place.take(found), row.take(found)
