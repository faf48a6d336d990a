"""Step 4b: the passes over a lattice, position by position, on the arrays of its `Network`.

`forward` sums what arrives at the states of a position, prunes them and carries the survivors' shares on to their
pairs; on the way back, `backward` shares the probability of what lies ahead out among what led there, and `trace`
follows the best paths.  Sums are of probabilities relative to the highest arrival of their node, so that the shares on
the way back need no logarithms.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleaner.network import Flags, Indices, Ints, Network, ordered, ranges

Floats = NDArray[np.float64]

TINY = float(np.finfo(np.float64).tiny)


class Logs(NamedTuple):
    """What one pass weighs: log-probabilities of pairs (that of the edge and of all its words, but for what depends on
    the state) and of states (the language model's `weight`), and what a trigram of the network adds (`gain`); `factor`
    (states) and `more` (trigrams) are what these two multiply a probability by, and what the latter adds to it."""

    pair: Floats
    state: Floats
    gain: Floats
    factor: Floats
    more: Floats

    @classmethod
    def of(cls, net: Network, score: Floats, scale: float) -> Logs:
        """By the channel's log-probability of each edge and the language model's, `scale` times."""
        pair = net.prob * scale
        pair += score.take(net.edge)
        state, gain = net.weight * np.float64(scale), net.gain * np.float64(scale)
        return cls(pair, state, gain, np.exp(state), np.expm1(gain))


class Sums(NamedTuple):
    """What the way forward leaves to the one back.

    Probabilities relative to the highest arrival at a node, whose log-probability is `top` (nodes): `share` (arrivals),
    `arrived` and `total` (states), the latter 0 if pruned, and `onward` (pairs), that of all states that a pair leaves
    from, with what the pair itself depends on left out.  `best` (states), `pair_best` (pairs): log-probability of the
    best way there.
    """

    top: Floats
    share: Floats
    arrived: Floats
    total: Floats
    onward: Floats
    best: Floats
    pair_best: Floats

    @classmethod
    def of(cls, net: Network) -> Sums:
        """Nothing has arrived but at the first state of each island."""
        n_pairs, n_states = len(net.target), len(net.owner)
        best, pair_best = np.full(n_states, -np.inf), np.zeros(n_pairs)
        best[net.target[len(net.edge) :]] = 0.0
        top, share, onward = np.empty(len(net.island)), np.empty(n_pairs), np.empty(len(net.edge))
        return cls(top, share, np.zeros(n_states), np.empty(n_states), onward, best, pair_best)


class Position(NamedTuple):
    """Where the nodes of one position lie, and the groups, states, pairs, arrivals and trigrams of these; only nodes up
    to `n_inner`, and what belongs to these, go on."""

    n: int
    n_inner: int
    n_end: int
    g: int
    g_inner: int
    s: int
    s_inner: int
    s_end: int
    p: int
    p_end: int
    a: int
    a_end: int
    t: int
    t_end: int


def positions(net: Network) -> Iterator[Position]:
    """All of them in order."""
    going = np.ones(len(net.island), np.bool_)
    going[net.final] = False
    inner = net.nodes[:-1] + np.add.reduceat(going, net.nodes[:-1], dtype=np.int64) if len(going) else net.nodes[:-1]
    begin, end = net.nodes[:-1], net.nodes[1:]
    group = [net.group.take(at) for at in (begin, inner, end)]
    state = [net.state.take(at) for at in group]
    pair = [net.out.take(at) for at in group[:2]]
    arrival = [net.arrival.take(at) for at in (state[0], state[2])]
    rise = [np.searchsorted(net.rise, at) for at in pair]
    columns = (begin, inner, end, *group[:2], *state, *pair, *arrival, *rise)
    return (Position(*row) for row in zip(*(column.tolist() for column in columns), strict=True))


def forward(net: Network, logs: Logs, beam: float, width: int) -> Sums:
    """Sum all ways to each place, of which `beam` (nats) and `width` (states a node) prune."""
    sums = Sums.of(net)
    top, share, arrived, total, onward, best, pair_best = sums
    weighed, way = np.empty(len(total)), np.empty(len(total))
    pair_total = np.zeros(len(net.target))
    group_total, group_best = np.zeros(len(net.node)), np.full(len(net.node), -np.inf)
    state_of = net.state.take(net.group)  # (nodes + 1) where a node's states begin, and what arrives at them
    arrival_of = net.arrival.take(state_of)
    node_of = net.node.take(net.owner)
    for at in positions(net):
        nodes, states, arrivals = slice(at.n, at.n_end), slice(at.s, at.s_end), slice(at.a, at.a_end)
        into = net.arriving[arrivals]
        shares = pair_total.take(net.arrivals[arrivals])
        top[nodes] = np.maximum.reduceat(shares, arrival_of[nodes] - at.a)
        shares -= top.take(node_of.take(into))
        np.exp(shares, out=shares)
        share[arrivals] = shares
        np.add.at(arrived, into, shares)
        first = state_of[nodes] - at.s
        lost = _pruned(arrived[states], node_of[states] - at.n, first, max(float(np.exp(-beam)), TINY), width)
        total[states] = arrived[states]
        total[states][lost] = 0.0
        best[states][lost] = -np.inf

        states, pairs, trigrams = slice(at.s, at.s_inner), slice(at.p, at.p_end), slice(at.t, at.t_end)
        owner, source, rise, risen = net.owner[states], net.source[pairs], net.rise[trigrams], net.risen[trigrams]
        weighed[states] = total[states] * logs.factor[states]
        np.add.at(group_total, owner, weighed[states])
        onward[pairs] = group_total.take(source)
        np.add.at(onward, rise, weighed.take(risen) * logs.more[trigrams])
        log_total = np.log(onward[pairs])
        log_total += logs.pair[pairs]
        log_total += top.take(net.node.take(source))
        pair_total[pairs] = log_total

        way[states] = best[states] + logs.state[states]
        np.maximum.at(group_best, owner, way[states])
        pair_best[pairs] = group_best.take(source)
        np.maximum.at(pair_best, rise, way.take(risen) + logs.gain[trigrams])
        pair_best[pairs] += logs.pair[pairs]
        np.maximum.at(best, net.target[pairs], pair_best[pairs])
    return sums


def _pruned(total: Floats, node: Indices, first: Indices, share: float, width: int) -> Indices:
    """The states that have less than that share of the best of their `node` or are not among its `width` best; `first`
    (nodes) is the first state of each."""
    bar = np.maximum.reduceat(total, first)
    bar *= share
    lost = total < bar.take(node)
    if len(total) > width:
        size = np.bincount(node[~lost], minlength=len(first))
        if size.max() > width:
            crowded = size > width
            own = np.flatnonzero(~lost & crowded.take(node))
            size = size[crowded]
            own = own.take(np.lexsort((-total.take(own), node.take(own))))
            lost[own.take(ranges(np.cumsum(size) - size + width, size - width))] = True
    return np.flatnonzero(lost)


def backward(net: Network, logs: Logs, sums: Sums) -> Floats:
    """The probability (pairs) that a reading goes through each pair."""
    posterior = np.zeros(len(net.target))
    ahead = np.zeros(len(net.owner))  # of a state: the probability that a reading goes through it, over its total
    begin, end = (net.state.take(net.group.take(net.final + i)) for i in (0, 1))
    last = ranges(begin, end - begin)
    total = sums.total.take(last)
    island = np.arange(len(begin)).repeat(end - begin)
    ahead[last] = (total > 0) / np.maximum(np.bincount(island, total, len(begin)), TINY).take(island)
    group_ahead = np.zeros(len(net.node))
    factor = logs.factor * (sums.total > 0)
    onward = np.maximum(sums.onward, TINY)
    for at in reversed(list(positions(net))):
        pairs, risen, rise = slice(at.p, at.p_end), net.risen[at.t : at.t_end], net.rise[at.t : at.t_end]
        states = slice(at.s, at.s_inner)
        onward[pairs] = posterior[pairs] / onward[pairs]
        np.add.at(group_ahead, net.source[pairs], onward[pairs])
        ahead[states] = group_ahead.take(net.owner[states])
        np.add.at(ahead, risen, onward.take(rise) * logs.more[at.t : at.t_end])
        ahead[states] *= factor[states]
        arrivals = slice(at.a, at.a_end)
        posterior[net.arrivals[arrivals]] = ahead.take(net.arriving[arrivals]) * sums.share[arrivals]
    return posterior


def trace(net: Network, logs: Logs, sums: Sums) -> tuple[Ints, Floats]:
    """The edges of the best paths, island by island in text order, and their scores; all go back together."""
    into, before = _ways_back(net, logs, sums)
    begin, end = (net.state.take(net.group.take(net.final + i)) for i in (0, 1))
    last = ranges(begin, end - begin)
    island = np.arange(len(begin))
    score = np.full(len(begin), -np.inf)
    whose = island.repeat(end - begin)
    np.maximum.at(score, whose, sums.best.take(last))
    state = _first(whose, last, sums.best.take(last) == score.take(whose), len(begin))
    back: list[tuple[Indices, Indices]] = [(island[:0], island[:0])]
    while len(state):
        pair = into.take(state)
        inside = pair < len(net.edge)  # others lead to an island's first state
        pair, island = pair[inside], island[inside]
        back.append((island, net.edge.take(pair)))
        state = before.take(pair)
    whose, path = (np.concatenate(column) for column in zip(*back[::-1], strict=True))
    return path.take(ordered(whose)[1]).astype(np.int32), score


def _ways_back(net: Network, logs: Logs, sums: Sums) -> tuple[Indices, Indices]:
    """The pair by which the best way comes to each state, and the state from which it comes to each pair."""
    every = np.arange(len(net.target))
    into = _first(net.target, every, sums.pair_best == sums.best.take(net.target), len(net.owner))
    way = sums.best + logs.state
    group_best = np.full(len(net.node), -np.inf)
    np.maximum.at(group_best, net.owner, way)
    best = _first(net.owner, np.arange(len(way)), way == group_best.take(net.owner), len(net.node))
    before = best.take(net.source)
    rising = way.take(net.risen) + logs.gain + logs.pair.take(net.rise)
    hits = np.flatnonzero(rising == sums.pair_best.take(net.rise))[::-1]
    before[net.rise.take(hits)] = net.risen.take(hits)
    return into, before


def _first(of: Indices, places: Indices, chosen: Flags, n: int) -> Indices:
    """The first of the `chosen` places of each of 0 .. n - 1; `of` tells whose they are."""
    hits = np.flatnonzero(chosen)[::-1]  # what is written last stays
    first = np.zeros(n, np.int64)
    first[of.take(hits)] = places.take(hits)
    return first
