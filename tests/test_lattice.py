"""The lattice agrees with brute-force enumeration of every reading."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tiny import Trigrams

from cleaner.lattice import Readings
from cleaner.lattice import decode as decode_network
from cleaner.network import Islands, network

VOCABULARY = 7


class TableModel(Trigrams):
    """A random trigram model over a tiny vocabulary."""

    def __init__(self, seed: int) -> None:
        logits = np.random.default_rng(seed).normal(size=(VOCABULARY,) * 3)
        # Multiples of 2 ** -10, whose sums and differences are exact in single precision.
        self.table = np.round((logits - np.log(np.exp(logits).sum(axis=2, keepdims=True))) * 1024) / 1024

    def log_prob3(self, a: NDArray[np.int32], b: NDArray[np.int32], c: NDArray[np.int32]) -> NDArray[np.float32]:
        return self.table[a, b, c].astype(np.float32)


Edge = tuple[int, int, tuple[int, ...], float]


@st.composite
def sentences(draw: st.DrawFn) -> tuple[tuple[int, int], int, list[Edge]]:
    """(context, number of tokens, edges); every token keeps a reading of its own."""
    word = st.integers(0, VOCABULARY - 1)
    score = st.floats(-6, 0)
    n = draw(st.integers(1, 5))
    edges = [(i, i + 1, (draw(word),), draw(score)) for i in range(n)]
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, n - 1))
        end = draw(st.integers(start + 1, n))
        edges.append((start, end, tuple(draw(st.lists(word, min_size=1, max_size=3))), draw(score)))
    return (draw(word), draw(word)), n, sorted(edges, key=lambda e: e[0])


def decode(
    sentences_: list[tuple[tuple[int, int], int, list[Edge]]],
    model: TableModel,
    beam: float,
    width: int,
) -> Readings:
    first = np.cumsum([0] + [n + 1 for _, n, _ in sentences_])
    rows = [(s + o, e + o, w, p) for o, (_, _, edges) in zip(first, sentences_, strict=False) for s, e, w, p in edges]
    words = np.full((len(rows), 3), -1, np.int32)
    for i, row in enumerate(rows):
        words[i, : len(row[2])] = row[2]
    islands = Islands(
        first.astype(np.int32),
        np.array([c for c, _, _ in sentences_], np.int32),
        np.array([r[0] for r in rows], np.int32),
        np.array([r[1] for r in rows], np.int32),
        words,
    )
    score = np.array([r[3] for r in rows])
    return decode_network(network(islands, model), score, beam=beam, width=width)


def readings(n: int, edges: list[Edge]) -> Iterator[list[int]]:
    """Every path from 0 to n, as numbers of edges."""

    def walk(at: int, path: list[int]) -> Iterator[list[int]]:
        if at == n:
            yield path
        for number, (start, end, _, _) in enumerate(edges):
            if start == at:
                yield from walk(end, [*path, number])

    yield from walk(0, [])


@settings(max_examples=150, deadline=None)
@given(st.lists(sentences(), min_size=1, max_size=4), st.integers(0, 1000))
def test_agrees_with_enumeration(sentences_: list[tuple[tuple[int, int], int, list[Edge]]], seed: int) -> None:
    model = TableModel(seed)
    result = decode(sentences_, model, beam=1e9, width=10**9)
    offset = 0
    best_path: list[int] = []
    for i, (context, n, edges) in enumerate(sentences_):
        scores: dict[tuple[int, ...], float] = {}
        for path in readings(n, edges):
            history, score = list(context), 0.0
            for number in path:
                score += edges[number][3]
                for w in edges[number][2]:
                    score += float(np.float32(model.table[history[-2], history[-1], w]))
                    history.append(w)
            scores[tuple(path)] = score
        log_z = np.logaddexp.reduce(list(scores.values()))
        assert abs(result.log_z[i] - log_z) < 1e-6
        assert abs(result.best_score[i] - max(scores.values())) < 1e-6
        posterior: defaultdict[int, float] = defaultdict(float)
        for path_, score in scores.items():
            for number in path_:
                posterior[number] += np.exp(score - log_z)
        for number in range(len(edges)):
            assert abs(result.posterior[offset + number] - posterior[number]) < 1e-6
        mine = [int(e) - offset for e in result.best if offset <= e < offset + len(edges)]
        assert abs(scores[tuple(mine)] - max(scores.values())) < 1e-6
        best_path += mine
        offset += len(edges)
    assert len(best_path) == len(result.best)
    assert np.all(result.lost < 1e-9)


@settings(max_examples=50, deadline=None)
@given(st.lists(sentences(), min_size=2, max_size=4), st.integers(0, 1000))
def test_batch_equals_alone(sentences_: list[tuple[tuple[int, int], int, list[Edge]]], seed: int) -> None:
    model = TableModel(seed)
    together = decode(sentences_, model, beam=5.0, width=4)
    alone = [decode([s], model, beam=5.0, width=4) for s in sentences_]
    assert np.allclose(together.log_z, [r.log_z[0] for r in alone], atol=1e-9)
    assert np.allclose(together.posterior, np.concatenate([r.posterior for r in alone]), atol=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.lists(sentences(), min_size=1, max_size=3), st.integers(0, 1000))
def test_loss_of_the_beam_is_reported(sentences_: list[tuple[tuple[int, int], int, list[Edge]]], seed: int) -> None:
    model = TableModel(seed)
    full = decode(sentences_, model, beam=1e9, width=10**9)
    pruned = decode(sentences_, model, beam=2.0, width=2)
    assert np.all(pruned.log_z <= full.log_z + 1e-9)
    assert np.all((pruned.log_z < full.log_z - 1e-9) <= (pruned.lost > 0))
