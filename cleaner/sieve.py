"""A first look at a table of 64-bit keys: most of what is not in it is known so by one read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
_BITS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Sieve:
    """Tells which keys are surely in none of a table's rows, by their first bits alone (a Bloom filter of one hash)."""

    taken: NDArray[np.bool_]

    @classmethod
    def of(cls, keys: Hashes) -> Sieve:
        """The sieve of a table."""
        taken = np.zeros(1 << _BITS, np.bool_)
        taken[keys >> np.uint64(64 - _BITS)] = True
        return cls(taken)

    def may_have(self, keys: Hashes) -> NDArray[np.int64]:
        """The places of the keys that the table may have."""
        return np.flatnonzero(self.taken.take((keys >> np.uint64(64 - _BITS)).view(np.int64)))
