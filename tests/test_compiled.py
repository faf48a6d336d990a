"""Compiled code says what the plain code says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_lattice import Edge, TableModel, decode, sentences

from cleaner import steps

pytest.importorskip("numba")
from cleaner import compiled_steps


@settings(max_examples=200, deadline=None)
@given(
    st.lists(sentences(), min_size=1, max_size=4),
    st.integers(0, 1000),
    st.sampled_from([(1e9, 10**9), (5.0, 4), (2.0, 2)]),
)
def test_a_lattice_reads_alike(
    sentences_: list[tuple[tuple[int, int], int, list[Edge]]], seed: int, bounds: tuple[float, int]
) -> None:
    model = TableModel(seed)
    plain = decode(sentences_, model, *bounds, steps)
    fast = decode(sentences_, model, *bounds, compiled_steps)
    for name in ("log_z", "best_score", "posterior", "lost"):
        assert np.allclose(getattr(plain, name), getattr(fast, name), rtol=0, atol=1e-9), name
    assert plain.best.tolist() == fast.best.tolist()
