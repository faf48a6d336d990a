"""Step 4b: what a pass over a lattice does at one position, on the arrays of its `Network`.

The states there take in what arrives (`arrive`), the survivors' transitions are listed (`expand`) and, once the
language model has spoken, carry their share on (`leave`); on the way back, `back` sums what lies ahead.  Sums are of
probabilities relative to the highest of their node.  In the end, `trace` follows the best paths.
`compiled_steps.py` has the same functions as loops.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleaner.network import Flags, Indices, Ints, Network, Singles, ranges, runs

Floats = NDArray[np.float64]

LOWEST = -1e300  # stands for log 0 where a difference is taken


class Sums(NamedTuple):
    """Log-probabilities of all ways to a place and of the best one: of pairs (`pair_total`, `pair_best`, which comes
    from the state `pair_from`), of states (`state_best`) and of nodes (`node_total`).

    `state_total` is relative to `top`, the highest arrival at its node, and no logarithm; a state that does not survive
    has 0.  `kept` (nodes, 0..1) is the share of the probability that survives.
    """

    pair_total: Floats
    pair_best: Floats
    pair_from: Indices
    state_total: Floats
    state_best: Floats
    node_total: Floats
    top: Floats
    kept: Floats

    @classmethod
    def of(cls, net: Network) -> Sums:
        """Nothing has arrived but at the first state of each island."""
        pairs = np.full(len(net.target), -np.inf)
        pairs[len(net.edge) :] = 0.0
        nodes, states = np.zeros(len(net.island)), np.zeros(len(net.owner))
        return cls(
            pairs,
            pairs.copy(),
            np.zeros(len(pairs), np.int64),
            states,
            states - np.inf,
            nodes,
            nodes.copy(),
            nodes.copy(),
        )


class Transitions(NamedTuple):
    """The transitions out of the surviving `states` of one position: for each of the `pairs`, one from each surviving
    state of its group, pair by pair, `fan` from `begin` on.

    For each transition: `pair` and `source`, as places in `pairs` and `states`, and `prob`, the log-probability of its
    first word if there is no trigram; there may be one for those `asked`.
    """

    states: Indices
    pairs: Indices
    begin: Indices
    fan: Indices
    pair: Indices
    source: Indices
    prob: Singles
    asked: Indices


def arrive(net: Network, sums: Sums, n: int, n_end: int, beam: float, width: int) -> None:
    """Sum what arrives at the states of the nodes `n` .. `n_end` - 1, and prune them."""
    node_state = net.state.take(net.group[n : n_end + 1])
    s, s_end = int(node_state[0]), int(node_state[-1])
    node_state -= s
    arrival = net.arrival[s : s_end + 1] - net.arrival[s]
    into = net.arrivals[net.arrival[s] : net.arrival[s_end]]
    relative = sums.pair_total.take(into)
    top = np.maximum.reduceat(relative, arrival.take(node_state[:-1]))
    np.maximum(top, LOWEST, out=top)
    relative -= top.repeat(np.diff(arrival.take(node_state)))
    total = np.add.reduceat(np.exp(relative, out=relative), arrival[:-1])
    keep = _survivors(total, node_state, beam, width)
    whole = np.add.reduceat(total, node_state[:-1])
    total *= keep
    part = np.add.reduceat(total, node_state[:-1])
    best = np.maximum.reduceat(sums.pair_best.take(into), arrival[:-1])
    best[~keep] = -np.inf
    sums.state_total[s:s_end], sums.state_best[s:s_end] = total, best
    sums.top[n:n_end] = top
    sums.node_total[n:n_end] = np.log(part) + top
    sums.kept[n:n_end] = part / np.maximum(whole, np.finfo(float).tiny)


def _survivors(total: Floats, node_state: Indices, beam: float, width: int) -> Flags:
    """Which states, in order of node, lie within `beam` of the best of their node and among its `width` best."""
    bar = np.maximum.reduceat(total, node_state[:-1])
    bar *= np.exp(-beam)
    keep = total >= bar.repeat(np.diff(node_state))
    keep &= total > 0
    size = np.add.reduceat(keep, node_state[:-1], dtype=np.int64)
    if size.max() > width:
        crowded = size > width
        own = np.flatnonzero(keep & crowded.repeat(np.diff(node_state)))
        size = size[crowded]
        own = own.take(np.lexsort((-total.take(own), np.arange(len(size)).repeat(size))))
        keep[own.take(ranges(np.cumsum(size) - size + width, size - width))] = False
    return keep


def expand(net: Network, sums: Sums, n: int, n_end: int) -> Transitions:
    """List the transitions out of the survivors of the nodes `n` .. `n_end` - 1."""
    s, s_end = (int(net.state[net.group[i]]) for i in (n, n_end))
    alive = np.flatnonzero(sums.state_total[s:s_end]) + s
    owner = net.owner.take(alive)
    degree = net.out.take(owner + 1) - net.out.take(owner)
    states, owner = alive[degree > 0], owner[degree > 0]
    first, size = runs(owner)
    degree = degree[degree > 0].take(first)
    pairs = ranges(net.out.take(owner.take(first)), degree)
    fan = size.repeat(degree)
    ends = np.cumsum(fan)
    pair = np.arange(len(pairs)).repeat(fan)
    source = np.arange(len(pair))
    source += (first.repeat(degree) - ends + fan).take(pair)
    prob = net.prob.take(pairs).take(pair)
    prob += net.weight.take(states).take(source)
    asked = np.flatnonzero(net.known.take(pairs).take(pair) & net.opens.take(states).take(source))
    return Transitions(states, pairs, ends - fan, fan, pair, source, prob, asked)


def leave(net: Network, sums: Sums, t: Transitions, pair_score: Floats, scale: np.float32) -> Floats:
    """Carry the survivors' shares on to their pairs; the log-probability of each transition."""
    score = pair_score.take(t.pairs).take(t.pair)
    score += t.prob * scale
    share = np.exp(score)
    share *= sums.state_total.take(t.states).take(t.source)
    total = np.log(np.add.reduceat(share, t.begin))
    total += sums.top.take(net.node.take(net.owner.take(t.states))).take(t.source.take(t.begin))
    sums.pair_total[t.pairs] = total
    best = sums.state_best.take(t.states).take(t.source)
    best += score
    sums.pair_best[t.pairs] = highest = np.maximum.reduceat(best, t.begin)
    # Of equals the first one, which is written last.
    hits = np.flatnonzero(best == highest.repeat(t.fan))[::-1]
    sums.pair_from[t.pairs.take(t.pair.take(hits))] = t.states.take(t.source.take(hits))
    return score


def back(net: Network, t: Transitions, score: Floats, onward: Floats) -> None:
    """Put into `onward` (states) the log-probability of all ways on from the states that `t` leaves."""
    node = net.node.take(net.owner.take(t.states))
    _, n_states = runs(node)
    first_pair, n_pairs = runs(node.take(t.source.take(t.begin)))
    relative = onward.take(net.target.take(t.pairs))
    top = np.maximum.reduceat(relative, first_pair)
    np.maximum(top, LOWEST, out=top)
    relative -= top.repeat(n_pairs)
    share = np.exp(score)
    share *= np.exp(relative, out=relative).take(t.pair)
    total = np.log(np.bincount(t.source, share, len(node)))
    total += top.repeat(n_states)
    onward[t.states] = total


def trace(net: Network, sums: Sums) -> tuple[Ints, Floats]:
    """The edges of the best paths, island by island in text order, and their scores; all go back together."""
    begin, end = (net.state.take(net.group.take(net.final + i)) for i in (0, 1))
    state = _highest(sums.state_best, ranges(begin, end - begin), end - begin)
    score = sums.state_best.take(state)
    island = np.arange(len(state))
    back: list[tuple[Indices, Indices]] = [(island[:0], island[:0])]
    while len(state):
        arrival = net.arrival.take(state)
        count = net.arrival.take(state + 1) - arrival
        pair = _highest(sums.pair_best, net.arrivals.take(ranges(arrival, count)), count)
        pair, island = (
            pair[pair < len(net.edge)],
            island[pair < len(net.edge)],
        )  # others lead to an island's first state
        back.append((island, net.edge.take(pair)))
        state = sums.pair_from.take(pair)
    whose, path = (np.concatenate(column) for column in zip(*back[::-1], strict=True))
    return path[np.argsort(whose, kind="stable")].astype(np.int32), score


def _highest(values: Floats, places: Indices, counts: Indices) -> Indices:
    """Of each run of `counts` places, the first one whose value is highest."""
    found = values.take(places)
    begin = np.cumsum(counts) - counts
    hits = np.flatnonzero(found == np.maximum.reduceat(found, begin).repeat(counts)) if len(begin) else begin
    return places.take(hits.take(np.searchsorted(hits, begin)))
