"""Build the static functions in which a language model keeps its n-grams."""

from __future__ import annotations

from math import ceil, log

import numpy as np
from numpy.typing import NDArray

from cleaner.language_model import CODE_BITS, FIELD_BITS, FIELDS, StaticFunction, Words64

_ATTEMPTS = 100


def build(keys: Words64, codes: NDArray[np.uint8], levels: NDArray[np.float32]) -> StaticFunction:
    """A static function from distinct `keys` to `levels[codes]`."""
    segment, size = _shape(len(keys) / FIELDS)
    for seed in range(_ATTEMPTS):
        function = StaticFunction(np.zeros(size, np.uint64), levels, segment, seed)
        if _fill(function, keys, codes):
            return function
    raise ValueError(f"no static function found for {len(keys)} keys; are they distinct?")


def _shape(keys: float) -> tuple[int, int]:
    """Segment and table size that let nearly every seed succeed (Graf & Lemire 2022, section 4)."""
    keys = max(keys + 4 * keys**0.5, 10)  # keys choose their field by chance: room for the fullest one
    segment = 1 << min(int(log(keys) / log(3.33) + 2.25), 18)
    factor = max(1.125, 0.875 + 0.25 * log(1e6) / log(keys))
    return segment, max(ceil(keys * factor / segment), 3) * segment


def _fill(function: StaticFunction, keys: Words64, codes: NDArray[np.uint8]) -> bool:
    """Solve the table of `function` in place; False if its seed does not allow it."""
    items, fields, fingerprints = function.locate(keys)
    wanted = (fingerprints << np.uint64(CODE_BITS)) | codes
    for field in range(FIELDS):
        rows = np.flatnonzero(fields == field)
        edges = np.stack([item[rows] for item in items])
        rounds = _peel(edges, len(function.table))
        if rounds is None:
            return False
        solved = np.zeros_like(function.table)
        for slot, members in reversed(rounds):
            value = wanted[rows[members]]
            for end in edges[:, members]:
                value ^= solved[end]  # the slot itself still holds 0
            solved[slot] = value
        np.bitwise_or(function.table, solved << np.uint64(field * FIELD_BITS), out=function.table)
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
