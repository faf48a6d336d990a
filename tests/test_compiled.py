"""Compiled code says what the plain code says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_lattice import Edge, TableModel, decode, sentences

from cleaner import steps
from cleaner.language_model import LanguageModel

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


@settings(deadline=None)
@given(st.lists(st.integers(0, 2**64 - 1), max_size=50), st.integers(0, 1000))
def test_a_static_function_answers_alike(keys: list[int], seed: int) -> None:
    model = LanguageModel.open()
    words = np.random.default_rng(seed).integers(0, 2000, (200, 3)).astype(np.int32)  # frequent ones: many are stored
    bigrams = model.bigrams(words[:, 0], words[:, 1]).key
    for function, stored in ((model._bigrams, bigrams), (model._trigrams, (bigrams << np.uint64(21)) + words[:, 2])):
        asked = np.r_[np.array(keys, np.uint64), stored.astype(np.uint64)]
        for plain, fast in zip(function.look_up(asked), function(asked), strict=True):
            assert plain.tolist() == fast.tolist()
