"""Step 4: all readings of a sentence under the channel; best path and posteriors.

A batch of islands (stretches with at least one ambiguous token, see `detector.py`) advances together, one
token position at a time, so that the language model answers the n-grams of all of them in one call.
A state is a node (a position of an island) with the last two words read; its score is
log P(spun words so far, original words so far).  Forward-backward: Rabiner (1989), doi:10.1109/5.18626.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]


class Scorer(Protocol):
    """What the lattice asks of a language model."""

    def log_prob3(self, a: Ints, b: Ints, c: Ints) -> NDArray[np.float32]:
        """Natural log P(c | a, b), elementwise."""
        ...


@dataclass(frozen=True, slots=True)
class Edges:
    """Readings: from node `start` to node `end` the original had `words`, with channel log-probability `score`.

    Sorted by `start`.  `words` is (n, k) and padded with -1; every edge has at least one word.
    """

    start: Ints
    end: Ints
    words: Ints
    score: Floats


@dataclass(frozen=True, slots=True)
class Islands:
    """A batch: island i owns the nodes first[i] .. first[i + 1] - 1, one more than it has tokens.

    `context` (n, 2) holds the two words before each island.  Edges stay inside their island and every
    node lies on a path.
    """

    first: Ints
    context: Ints
    edges: Edges


@dataclass(frozen=True, slots=True)
class Readings:
    """`log_z` (islands): log of the summed probability of all readings; `best_score` (islands): of the best one.

    `posterior` (edges, 0..1) sums to 1 over any cut through an island; `best` lists the edges of the best
    paths, island by island in text order; `lost` (islands, 0..1) bounds the share of probability the beam cut.
    """

    log_z: Floats
    best_score: Floats
    posterior: Floats
    best: Ints
    lost: Floats


@dataclass(frozen=True, slots=True)
class _Step:
    """The transitions out of the states `first_state` .. of one position, in order of state."""

    first_state: int
    states: int
    source: NDArray[np.int64]
    edge: NDArray[np.int64]
    score: Floats
    target: NDArray[np.int64]  # -1 where the beam cut the target


def decode(islands: Islands, model: Scorer, *, beam: float = 14.0, width: int = 64, scale: float = 1.0) -> Readings:
    """Read a batch of islands.

    `beam` (nats) and `width` (states a node) prune; `scale` multiplies the language model's log-probabilities.
    """
    edges = islands.edges
    n_nodes, n_islands = int(islands.first[-1]), len(islands.first) - 1
    if not n_islands:
        return Readings(np.empty(0), np.empty(0), np.empty(0), np.empty(0, np.int32), np.empty(0))
    lengths = np.diff(islands.first)
    island_of = np.repeat(np.arange(n_islands), lengths)
    position = np.arange(n_nodes) - islands.first[:-1][island_of]
    pointer = np.searchsorted(edges.start, np.arange(n_nodes + 1))
    size = (edges.words >= 0).sum(axis=1)

    # Arrivals at each position: (node, a, b, forward, best, step, index of the transition in the step).
    arriving: defaultdict[int, list[tuple[NDArray[np.int64], Ints, Ints, Floats, Floats, int, NDArray[np.int64]]]]
    arriving = defaultdict(list)
    zeros = np.zeros(n_islands)
    arriving[0].append(
        (islands.first[:-1].astype(np.int64), islands.context[:, 0], islands.context[:, 1], zeros, zeros, -1,
         np.arange(n_islands))
    )  # fmt: skip
    steps: list[_Step] = []
    node_of: list[NDArray[np.int64]] = []
    forward_of: list[Floats] = []
    best_of: list[Floats] = []
    came_by: list[NDArray[np.int64]] = []  # (states, 2): step and transition of the best arrival
    lost = np.zeros(n_nodes)
    n_states = 0

    for here in range(int(lengths.max(initial=0))):
        chunks = arriving.pop(here)
        node, a, b, forward, best, _, _ = (np.concatenate(column) for column in zip(*(
            (*c[:5], np.empty(0), c[6]) for c in chunks), strict=True))  # fmt: skip
        step_number = np.concatenate([np.full(len(c[0]), c[5]) for c in chunks])
        transition = np.concatenate([c[6] for c in chunks])

        order = np.lexsort((-best, b, a, node))
        node_s, a_s, b_s = node[order], a[order], b[order]
        new = np.r_[True, (node_s[1:] != node_s[:-1]) | (a_s[1:] != a_s[:-1]) | (b_s[1:] != b_s[:-1])]
        starts = np.flatnonzero(new)
        merged = np.logaddexp.reduceat(forward[order], starts)
        node_m = node_s[starts]
        keep = _survivors(node_m, merged, beam, width)
        first_of_node = np.flatnonzero(np.r_[True, node_m[1:] != node_m[:-1]])
        total = np.logaddexp.reduceat(merged, first_of_node)
        kept = np.logaddexp.reduceat(np.where(keep, merged, -np.inf), first_of_node)
        lost[node_m[first_of_node]] = -np.expm1(kept - total)

        state = np.where(keep, np.cumsum(keep) - 1 + n_states, -1)[np.cumsum(new) - 1]
        for number in np.unique(step_number):
            if number >= 0:
                mine = step_number[order] == number
                steps[number].target[transition[order][mine]] = state[mine]
        leaders = order[starts[keep]]
        node, a, b = node[leaders], a[leaders], b[leaders]
        forward, best = merged[keep], best[leaders]
        node_of.append(node)
        forward_of.append(forward)
        best_of.append(best)
        came_by.append(np.stack([step_number[leaders], transition[leaders]], axis=1))

        # Every edge out of every state, its words scored one after another.
        count = pointer[node + 1] - pointer[node]
        source = np.repeat(np.arange(len(node)), count)
        edge = np.arange(len(source)) - np.repeat(np.cumsum(count) - count, count) + pointer[node][source]
        score = edges.score[edge].copy()
        ea, eb = a[source], b[source]
        for k in range(int(size[edge].max(initial=0))):
            live = np.flatnonzero(size[edge] > k) if k else slice(None)
            word = edges.words[edge[live], k]
            score[live] += scale * model.log_prob3(ea[live], eb[live], word)
            ea[live], eb[live] = eb[live], word
        step = _Step(n_states, len(node), source + n_states, edge, score, np.full(len(edge), -1))
        out_forward, out_best = forward[source] + score, best[source] + score
        to = edges.end[edge].astype(np.int64)
        for there in np.unique(position[to]):
            to_there = np.flatnonzero(position[to] == there)
            arriving[int(there)].append(
                (to[to_there], ea[to_there], eb[to_there], out_forward[to_there], out_best[to_there], len(steps),
                 to_there)
            )  # fmt: skip
        steps.append(step)
        n_states += len(node)

    node, forward, best = np.concatenate(node_of), np.concatenate(forward_of), np.concatenate(best_of)
    final = np.flatnonzero(node == islands.first[1:][island_of[node]] - 1)
    log_z = np.full(n_islands, -np.inf)
    np.logaddexp.at(log_z, island_of[node[final]], forward[final])
    posterior = _posteriors(steps, forward, final, log_z, island_of[node], len(edges.start))
    path, best_score = _best_paths(steps, np.concatenate(came_by), best, final, island_of[node], n_islands)
    lost_of = 1.0 - np.exp(np.add.reduceat(np.log1p(-np.minimum(lost, 1 - 1e-12)), islands.first[:-1]))
    return Readings(log_z, best_score, posterior, path, lost_of)


def _survivors(node: NDArray[np.int64], score: Floats, beam: float, width: int) -> NDArray[np.bool_]:
    """Which states of each node (sorted by node) lie within `beam` of its best one and among its `width` best."""
    first = np.flatnonzero(np.r_[True, node[1:] != node[:-1]])
    count = np.diff(np.r_[first, len(node)])
    keep: NDArray[np.bool_] = score >= np.repeat(np.maximum.reduceat(score, first), count) - beam
    if count.max() > width:
        order = np.lexsort((-score, node))
        rank = np.empty(len(node), np.int64)
        rank[order] = np.arange(len(node)) - np.repeat(first, count)
        keep &= rank < width
    return keep


def _posteriors(
    steps: list[_Step], forward: Floats, final: NDArray[np.int64], log_z: Floats, island: NDArray[np.int64], n: int
) -> Floats:
    backward = np.full(len(forward) + 1, -np.inf)  # the last entry is the target -1
    backward[final] = 0.0
    posterior = np.zeros(n)
    for step in reversed(steps):
        if not len(step.edge):
            continue
        through = step.score + backward[step.target]
        starts = np.flatnonzero(np.r_[True, step.source[1:] != step.source[:-1]])
        sources = step.source[starts]
        backward[sources] = np.logaddexp.reduceat(through, starts)
        share = np.exp(forward[step.source] + through - log_z[island[step.source]])
        posterior += np.bincount(step.edge, weights=share, minlength=n)
    return np.minimum(posterior, 1.0)


def _best_paths(
    steps: list[_Step],
    came_by: NDArray[np.int64],
    best: Floats,
    final: NDArray[np.int64],
    island: NDArray[np.int64],
    n_islands: int,
) -> tuple[Ints, Floats]:
    order = final[np.lexsort((-best[final], island[final]))]
    ends = order[np.r_[True, island[order][1:] != island[order][:-1]]]
    score = np.full(n_islands, -np.inf)
    score[island[ends]] = best[ends]
    path: list[int] = []
    for end in ends:
        state, back = int(end), []
        while (number := int(came_by[state, 0])) >= 0:
            transition = came_by[state, 1]
            back.append(int(steps[number].edge[transition]))
            state = int(steps[number].source[transition])
        path += reversed(back)
    return np.array(path, np.int32), score
