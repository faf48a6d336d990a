"""Step 4b: the passes over a lattice, position by position, on the arrays of its `Network`.

`forward` sums what arrives at the states of a position, prunes them and carries the survivors' shares on to their
pairs; on the way back, `backward` shares the probability of what lies ahead out among what led there, and `trace`
follows the best paths.  Sums are of probabilities relative to the highest arrival of their node, so that the shares on
the way back need no logarithms.  `compiled_steps.py` has the same functions as loops.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleaner.network import Flags, Indices, Ints, Network, ordered, ranges

Floats = NDArray[np.float64]

LOWEST = -1e300  # stands for log 0 where a difference is taken
TINY = float(np.finfo(np.float64).tiny)


class Logs(NamedTuple):
    """What one pass weighs: log-probabilities of pairs (that of the edge and of all its words, but for what depends on
    the state) and of states (the language model's `weight`), and what a trigram of the network adds."""

    pair: Floats
    state: Floats
    gain: Floats

    @classmethod
    def of(cls, net: Network, score: Floats, scale: float) -> Logs:
        """By the channel's log-probability of each edge and the language model's, `scale` times."""
        pair = net.prob * np.float64(scale)
        pair += score.take(net.edge)
        for column in net.later:
            pair[net.long] += scale * column
        return cls(pair, net.weight * np.float64(scale), net.gain * np.float64(scale))


class Sums(NamedTuple):
    """What the way forward leaves to the one back.

    `share` (arrivals) and `total` (states, 0 if pruned): probabilities relative to the highest arrival at the node.
    `onward` (pairs): those of all states that a pair leaves from, with what the pair itself depends on left out.
    `log_total` (nodes); `kept` (nodes, 0..1): the share of the probability that survives.  `best` (states), `pair_best`
    (pairs): log-probability of the best way there.
    """

    share: Floats
    total: Floats
    onward: Floats
    log_total: Floats
    kept: Floats
    best: Floats
    pair_best: Floats

    @classmethod
    def of(cls, net: Network) -> Sums:
        """Nothing has arrived but at the first state of each island."""
        n_pairs, n_states, n_nodes = len(net.target), len(net.owner), len(net.island)
        best, pair_best = np.full(n_states, -np.inf), np.zeros(n_pairs)
        best[net.target[len(net.edge) :]] = 0.0
        onward = np.empty(len(net.edge))
        return cls(np.empty(n_pairs), np.zeros(n_states), onward, np.empty(n_nodes), np.empty(n_nodes), best, pair_best)


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
    n_groups = len(net.node)
    weight, rises = np.exp(logs.state), np.expm1(logs.gain)
    weighed, way = np.empty(len(net.owner)), np.empty(len(net.owner))
    pair_total = np.zeros(len(net.target))
    group_total, group_best = np.zeros(n_groups), np.full(n_groups, -np.inf)
    top = np.empty(len(net.island))
    state_of = net.state.take(net.group)  # (nodes + 1) where a node's states begin, and what arrives at them
    arrival_of = net.arrival.take(state_of)
    node_of = net.node.take(net.owner.take(net.target.take(net.arrivals)))
    share_of = max(float(np.exp(-beam)), TINY)
    for at in positions(net):
        s, s_inner, s_end = at.s, at.s_inner, at.s_end
        share = pair_total.take(net.arrivals[at.a : at.a_end])
        top[at.n : at.n_end] = np.maximum.reduceat(share, arrival_of[at.n : at.n_end] - at.a)
        np.maximum(top[at.n : at.n_end], LOWEST, out=top[at.n : at.n_end])
        share -= top.take(node_of[at.a : at.a_end])
        np.exp(share, out=sums.share[at.a : at.a_end])
        np.add.at(sums.total, net.target.take(net.arrivals[at.a : at.a_end]), sums.share[at.a : at.a_end])
        total, best = sums.total[s:s_end], sums.best[s:s_end]
        node_state = state_of[at.n : at.n_end + 1] - s
        keep = _survivors(total, node_state, share_of, width)
        whole = np.add.reduceat(total, node_state[:-1])
        total *= keep
        np.putmask(best, ~keep, -np.inf)
        part = np.add.reduceat(total, node_state[:-1])
        sums.log_total[at.n : at.n_end] = np.log(part) + top[at.n : at.n_end]
        sums.kept[at.n : at.n_end] = part / np.maximum(whole, TINY)

        pairs, risen, rise = slice(at.p, at.p_end), net.risen[at.t : at.t_end], net.rise[at.t : at.t_end]
        owner, source = net.owner[s:s_inner], net.source[pairs]
        np.multiply(sums.total[s:s_inner], weight[s:s_inner], out=weighed[s:s_inner])
        np.add.at(group_total, owner, weighed[s:s_inner])
        group_total.take(source, out=sums.onward[pairs], mode="clip")
        np.add.at(sums.onward, rise, weighed.take(risen) * rises[at.t : at.t_end])
        onward = np.log(sums.onward[pairs])
        onward += logs.pair[pairs]
        onward += top.take(net.node.take(source))
        pair_total[pairs] = onward

        np.add(sums.best[s:s_inner], logs.state[s:s_inner], out=way[s:s_inner])
        np.maximum.at(group_best, owner, way[s:s_inner])
        group_best.take(source, out=sums.pair_best[pairs], mode="clip")
        np.maximum.at(sums.pair_best, rise, way.take(risen) + logs.gain[at.t : at.t_end])
        sums.pair_best[pairs] += logs.pair[pairs]
        np.maximum.at(sums.best, net.target[pairs], sums.pair_best[pairs])
    return sums


def _survivors(total: Floats, node_state: Indices, share: float, width: int) -> Flags:
    """Which states, in order of node, have at least that share of the best of their node and are among its `width`
    best."""
    count = np.diff(node_state)
    bar = np.maximum.reduceat(total, node_state[:-1])
    bar *= share
    keep = np.asarray(total >= bar.repeat(count))
    if count.max() > width:
        size = np.add.reduceat(keep, node_state[:-1], dtype=np.int64)
        crowded = size > width
        if crowded.any():
            own = np.flatnonzero(keep & crowded.repeat(count))
            size = size[crowded]
            own = own.take(np.lexsort((-total.take(own), np.arange(len(size)).repeat(size))))
            keep[own.take(ranges(np.cumsum(size) - size + width, size - width))] = False
    return keep


def backward(net: Network, logs: Logs, sums: Sums) -> Floats:
    """The probability (pairs) that a reading goes through each pair."""
    posterior = np.zeros(len(net.target))
    weight, rises = np.exp(logs.state), np.expm1(logs.gain)
    ahead = np.zeros(len(net.owner))  # of a state: the probability that a reading goes through it, over its total
    begin, end = (net.state.take(net.group.take(net.final + i)) for i in (0, 1))
    last = ranges(begin, end - begin)
    total = sums.total.take(last)
    island = np.arange(len(begin)).repeat(end - begin)
    ahead[last] = (total > 0) / np.maximum(np.bincount(island, total, len(begin)), TINY).take(island)
    group_ahead = np.zeros(len(net.node))
    onward = np.maximum(sums.onward, TINY)
    for at in reversed(list(positions(net))):
        pairs, risen, rise = slice(at.p, at.p_end), net.risen[at.t : at.t_end], net.rise[at.t : at.t_end]
        states = slice(at.s, at.s_inner)
        onward[pairs] = posterior[pairs] / onward[pairs]
        np.add.at(group_ahead, net.source[pairs], onward[pairs])
        ahead[states] = group_ahead.take(net.owner[states])
        np.add.at(ahead, risen, onward.take(rise) * rises[at.t : at.t_end])
        ahead[states] *= weight[states]
        ahead[states] *= sums.total[states] > 0
        into = net.arrivals[at.a : at.a_end]
        posterior[into] = ahead.take(net.target.take(into)) * sums.share[at.a : at.a_end]
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
