"""A sieve lets no key of its table fall through, and most others."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cleaner.sieve import Rows, Sieve

KEYS = st.lists(st.integers(0, 2**64 - 1), max_size=50)


@given(KEYS, KEYS)
def test_no_key_of_the_table_is_lost(table: list[int], others: list[int]) -> None:
    keys = np.array(table + others, np.uint64)
    kept = set(Sieve.of(np.array(table, np.uint64)).may_have(keys).tolist())
    assert set(range(len(table))) <= kept


def test_most_other_keys_fall_through() -> None:
    table, others = np.random.default_rng(1).integers(0, 2**64, (2, 10_000), np.uint64)
    assert len(Sieve.of(table).may_have(others)) < 300


@given(KEYS, KEYS)
def test_it_finds_the_first_row_of_each_key_of_the_table(table: list[int], others: list[int]) -> None:
    rows, keys = np.array(sorted(table), np.uint64), np.array(others + table, np.uint64)
    place, row = Sieve.of(rows).find(keys)
    assert place.tolist() == [i for i, key in enumerate(others + table) if key in table]
    assert row.tolist() == [sorted(table).index(key) for key in others + table if key in table]


@given(KEYS, KEYS)
def test_rows_are_found_without_a_sieve_too(table: list[int], others: list[int]) -> None:
    rows, keys = np.array(sorted(table), np.uint64), np.array(others + table, np.uint64)
    for found, sieved in zip(Rows.of(rows).find(keys), Sieve.of(rows).find(keys), strict=True):
        assert found.tolist() == sieved.tolist()
