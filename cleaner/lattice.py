"""Step 4: all readings of a sentence under the channel; best path and posteriors.

A batch of islands (stretches with at least one ambiguous token, see `islands.py`) advances together, one token
position at a time.  The score of a state is log P(spun words so far, original words so far).
Forward-backward: Rabiner (1989), doi:10.1109/5.18626; sums are of probabilities relative to the highest of their node.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cleaner.language_model import Scorer
from cleaner.network import Flags, Indices, Ints, Network, ranges, runs

Floats = NDArray[np.float64]

_LOWEST = -1e300  # stands for log 0 where a difference is taken


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
    """The transitions out of the surviving `states` of one position: for each of the `pairs`, one from each surviving
    state of its group, pair by pair, `count` from `begin` on.

    For each transition: `pair` and `source`, as places in `pairs` and `states`, and `score`, its log-probability.
    """

    states: Indices
    pairs: Indices
    begin: Indices
    count: Indices
    pair: Indices
    source: Indices
    score: Floats


@dataclass(frozen=True, slots=True)
class _Forward:
    """Log-probabilities of all ways to a place (`total`) and of the best one: of pairs, nodes and surviving states.

    `kept` (nodes, 0..1) is the share of the probability that survives.
    """

    steps: list[_Step]
    pair_total: Floats
    pair_best: Floats
    node_total: Floats
    state_best: Floats
    kept: Floats


def decode(
    net: Network, score: Floats, model: Scorer, *, beam: float = 14.0, width: int = 64, scale: float = 1.0
) -> Readings:
    """Read a batch of islands; `score` (edges) is the channel's log-probability of each.

    `beam` (nats) and `width` (states a node) prune; `scale` multiplies the language model's log-probabilities.
    """
    pair_score = score.take(net.edge)
    for column in net.later:
        pair_score[net.long] += scale * column
    pairs = len(net.edge)
    with np.errstate(divide="ignore"):  # log 0 is what is meant
        forward = _forward(net, pair_score, model, beam, width, scale)
        log_z = forward.node_total.take(net.final)
        share = forward.pair_total[:pairs] + _backward(net, forward).take(net.target[:pairs])
    share -= log_z.take(net.island.take(net.node)).repeat(np.diff(net.out))
    posterior = np.bincount(net.edge, np.exp(share, out=share), len(score))
    best, best_score = _best_paths(net, forward)
    lost = -np.expm1(np.bincount(net.island, np.log(np.maximum(forward.kept, 1e-12)), len(log_z)))
    return Readings(log_z, best_score, np.minimum(posterior, 1.0), best, lost)


def _forward(net: Network, pair_score: Floats, model: Scorer, beam: float, width: int, scale: float) -> _Forward:
    steps = []
    pair_total = np.full(len(net.target), -np.inf)
    pair_total[len(net.edge) :] = 0.0
    pair_best = pair_total.copy()
    node_total = np.empty(len(net.island))
    kept = np.empty(len(net.island))
    state_best = np.full(len(net.owner), -np.inf)
    for n, n_end in zip(net.nodes[:-1].tolist(), net.nodes[1:].tolist(), strict=True):
        node_state = net.state.take(net.group[n : n_end + 1])
        s, s_end = int(node_state[0]), int(node_state[-1])
        node_state -= s
        arrival = net.arrival[s : s_end + 1] - net.arrival[s]
        into = net.arrivals[net.arrival[s] : net.arrival[s_end]]
        relative = pair_total.take(into)
        top = np.maximum.reduceat(relative, arrival.take(node_state[:-1]))
        np.maximum(top, _LOWEST, out=top)
        relative -= top.repeat(np.diff(arrival.take(node_state)))
        states = np.add.reduceat(np.exp(relative, out=relative), arrival[:-1])
        keep = _survivors(states, node_state, beam, width)
        whole = np.add.reduceat(states, node_state[:-1])
        states *= keep
        part = np.add.reduceat(states, node_state[:-1])
        node_total[n:n_end] = np.log(part) + top
        kept[n:n_end] = part / np.maximum(whole, np.finfo(float).tiny)
        alive = np.flatnonzero(keep)
        best = np.maximum.reduceat(pair_best.take(into), arrival[:-1])
        best[~keep] = -np.inf
        state_best[s:s_end] = best

        step = _step(net, pair_score, model, scale, alive + s)
        if len(step.pairs):
            steps.append(step)
            source = step.source
            weight = np.exp(step.score)
            weight *= states.take(step.states - s).take(source)
            sums = np.log(np.add.reduceat(weight, step.begin))
            sums += top.take(net.node.take(net.owner.take(step.states)) - n).take(source.take(step.begin))
            pair_total[step.pairs] = sums
            pair_best[step.pairs] = np.maximum.reduceat(
                best.take(step.states - s).take(source) + step.score, step.begin
            )
    return _Forward(steps, pair_total, pair_best, node_total, state_best, kept)


def _survivors(states: Floats, node_state: Indices, beam: float, width: int) -> Flags:
    """Which states, in order of node, lie within `beam` of the best of their node and among its `width` best."""
    bar = np.maximum.reduceat(states, node_state[:-1])
    bar *= np.exp(-beam)
    keep = states >= bar.repeat(np.diff(node_state))
    keep &= states > 0
    for node in np.flatnonzero(np.add.reduceat(keep, node_state[:-1], dtype=np.int64) > width).tolist():
        own = states[node_state[node] : node_state[node + 1]]
        keep[node_state[node] + np.argsort(-own, kind="stable")[width:]] = False
    return keep


def _step(net: Network, pair_score: Floats, model: Scorer, scale: float, alive: Indices) -> _Step:
    """The transitions out of the states `alive`, of one position."""
    owner = net.owner.take(alive)
    degree = net.out.take(owner + 1) - net.out.take(owner)
    states, owner = alive[degree > 0], owner[degree > 0]
    begin, size = runs(owner)
    degree = degree[degree > 0].take(begin)
    pairs = ranges(net.out.take(owner.take(begin)), degree)
    count = size.repeat(degree)
    ends = np.cumsum(count)
    pair = np.arange(len(pairs)).repeat(count)
    source = np.arange(len(pair))
    source += (begin.repeat(degree) - ends + count).take(pair)

    prob = net.prob.take(pairs).take(pair)
    prob += net.weight.take(states).take(source)
    asked = np.flatnonzero(net.known.take(pairs).take(pair) & net.opens.take(states).take(source))
    from_, to = source.take(asked), pair.take(asked)
    prob[asked] = model.trigrams(net.key.take(states).take(from_), net.word.take(pairs).take(to), prob.take(asked))
    prob *= np.float32(scale)
    score = pair_score.take(pairs).take(pair)
    score += prob
    return _Step(states, pairs, ends - count, count, pair, source, score)


def _backward(net: Network, forward: _Forward) -> Floats:
    """Log-probability of all ways on from each state; what did not survive has none."""
    onward = np.full(len(net.owner), -np.inf)
    begin, end = (net.state.take(net.group.take(net.final + i)) for i in (0, 1))
    final = ranges(begin, end - begin)
    onward[final[forward.state_best.take(final) > -np.inf]] = 0.0
    for step in reversed(forward.steps):
        node = net.node.take(net.owner.take(step.states))
        _, n_states = runs(node)
        first_pair, n_pairs = runs(node.take(step.source.take(step.begin)))
        relative = onward.take(net.target.take(step.pairs))
        top = np.maximum.reduceat(relative, first_pair)
        np.maximum(top, _LOWEST, out=top)
        relative -= top.repeat(n_pairs)
        weight = np.exp(step.score)
        weight *= np.exp(relative, out=relative).take(step.pair)
        sums = np.log(np.bincount(step.source, weight, len(node)))
        sums += top.repeat(n_states)
        onward[step.states] = sums
    return onward


def _best_paths(net: Network, forward: _Forward) -> tuple[Ints, Floats]:
    """The edges of the best path of each island, and its score; all islands go back together, step by step."""
    n_pairs = len(net.edge)
    first = np.zeros(n_pairs, np.int64)  # of each pair's transitions
    count = np.zeros(n_pairs, np.int64)
    total = 0
    for step in forward.steps:
        first[step.pairs] = step.begin + total
        count[step.pairs] = step.count
        total += len(step.score)
    source = np.concatenate([np.zeros(0, np.int64), *(step.states.take(step.source) for step in forward.steps)])
    score = np.concatenate([np.zeros(0), *(step.score for step in forward.steps)])

    begin, end = (net.state.take(net.group.take(net.final + i)) for i in (0, 1))
    state = _highest(ranges(begin, end - begin), end - begin, lambda states: forward.state_best.take(states))
    best_score = forward.state_best.take(state)
    island = np.arange(len(state))
    back: list[tuple[Indices, Indices]] = [(island[:0], island[:0])]
    while len(state):
        arrival, n = net.arrival.take(state), net.arrival.take(state + 1) - net.arrival.take(state)
        pair = _highest(net.arrivals.take(ranges(arrival, n)), n, forward.pair_best.take)
        pair, island = pair[pair < n_pairs], island[pair < n_pairs]  # the others lead to an island's first state
        back.append((island, net.edge.take(pair)))
        way = ranges(first.take(pair), count.take(pair))
        way = _highest(
            way, count.take(pair), lambda ways: score.take(ways) + forward.state_best.take(source.take(ways))
        )
        state = source.take(way)
    whose, path = (np.concatenate(column) for column in zip(*back[::-1], strict=True))
    return path[np.argsort(whose, kind="stable")].astype(np.int32), best_score


def _highest(places: Indices, counts: Indices, value: Callable[[Indices], Floats]) -> Indices:
    """Of each run of `counts` places, the first one whose value is highest."""
    values = value(places)
    begin = np.cumsum(counts) - counts
    hits = np.flatnonzero(values == np.maximum.reduceat(values, begin).repeat(counts)) if len(begin) else begin
    return places.take(hits.take(np.searchsorted(hits, begin)))
