"""Build the static functions in which a language model keeps its n-grams."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleaner.language_model import StaticFunction, Words64

_ATTEMPTS = 100
_ROOM = 1.125  # items for each key


@dataclass(frozen=True, slots=True)
class Layout:
    """What the items of a static function hold; see `StaticFunction`."""

    item: type[np.unsignedinteger[Any]]
    fingerprint_bits: int
    code_bits: int

    @property
    def key_size(self) -> float:
        """Bytes that one stored key takes in a large table."""
        return _ROOM * np.dtype(self.item).itemsize


def build(keys: Words64, codes: NDArray[Any], layout: Layout) -> StaticFunction:
    """A static function from distinct `keys` to `codes` (below 2**layout.code_bits)."""
    segment, size = _shape(len(keys))
    for seed in range(_ATTEMPTS):
        table = np.zeros(size, layout.item)
        function = StaticFunction(table, layout.fingerprint_bits, layout.code_bits, segment, seed)
        if _fill(function, keys, codes):
            return function
    raise ValueError(f"no static function found for {len(keys)} keys; are they distinct?")


def _shape(keys: int) -> tuple[int, int]:
    """Segment and table size that let nearly every seed succeed (Graf & Lemire 2022, section 4)."""
    keys = max(keys, 10)
    segment = 1 << min(int(log(keys) / log(3.33) + 2.25), 18)
    factor = max(_ROOM, 0.875 + 0.25 * log(1e6) / log(keys))
    return segment, max(ceil(keys * factor / segment), 3) * segment


def _fill(function: StaticFunction, keys: Words64, codes: NDArray[Any]) -> bool:
    """Solve the table of `function` in place; False if its seed does not allow it."""
    items, fingerprints = function.locate(keys)
    fields = ((fingerprints << np.uint64(function.code_bits)) | codes.astype(np.uint64)).astype(function.table.dtype)
    edges = np.stack(items)
    rounds = _peel(edges, len(function.table))
    if rounds is None:
        return False
    for slot, members in reversed(rounds):
        value = fields[members]
        for end in edges[:, members]:
            value ^= function.table[end]  # the slot itself still holds 0
        function.table[slot] = value
    return True


def _peel(edges: NDArray[np.int64], size: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]] | None:
    """Rounds of (slots used by one remaining key only, those keys), until no key remains; None if some always do."""
    count = edges.shape[1]
    degree = np.bincount(edges.ravel(), minlength=size)
    # The exclusive or of the numbers of all keys that use a slot: once only one does, its number.
    member = np.zeros(size, np.int64)
    for end in edges:
        np.bitwise_xor.at(member, end, np.arange(count))
    rounds = []
    left = count
    candidates = np.flatnonzero(degree == 1)
    while len(candidates):
        members, first = np.unique(member[candidates], return_index=True)
        rounds.append((candidates[first], members))
        left -= len(members)
        touched = edges[:, members]
        for end in touched:
            np.subtract.at(degree, end, 1)
            np.bitwise_xor.at(member, end, members)
        candidates = np.unique(touched)
        candidates = candidates[degree[candidates] == 1]
    return rounds if left == 0 else None
