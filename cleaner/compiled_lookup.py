"""The look-up of a static function (`language_model.py`) as a loop that numba compiles."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def look_up(table, segment, seed, mix, fingerprint_bits, code_bits, keys):  # type: ignore[no-untyped-def]
    """The code of each of the 64-bit `keys` and whether it is stored; all numbers but the table's are uint64."""
    codes, known = np.empty(len(keys), table.dtype), np.empty(len(keys), np.bool_)
    b32, b29, b18, one = np.uint64(32), np.uint64(29), np.uint64(18), np.uint64(1)
    span, mask = np.uint64(len(table)) - np.uint64(2) * segment, (one << code_bits) - one
    for i in range(len(keys)):
        h = (keys[i] + seed) * mix[0]
        h = (h ^ (h >> b32)) * mix[1]
        h = (h ^ (h >> b29)) * mix[2]
        first = ((h >> b32) * span) >> b32
        second = ((h >> b18) & (segment - one)) ^ (first + segment)
        third = (h & (segment - one)) ^ (first + segment + segment)
        found = np.uint64(table[first]) ^ np.uint64(table[second]) ^ np.uint64(table[third])
        known[i] = found >> code_bits == (h * mix[0]) >> (np.uint64(64) - fingerprint_bits)
        codes[i] = found & mask
    return codes, known
