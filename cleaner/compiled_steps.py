"""The functions of `steps.py` as loops that numba compiles.

They do the same sums in the same order; only exp and log may differ in the last bit.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from cleaner.network import Ints, Network
from cleaner.steps import LOWEST, Floats, Sums, Transitions


def arrive(net: Network, sums: Sums, n: int, n_end: int, beam: float, width: int) -> None:
    """Sum what arrives at the states of the nodes `n` .. `n_end` - 1, and prune them."""
    _arrive(net.group, net.state, net.arrival, net.arrivals, sums, n, n_end, float(np.exp(-beam)), width)


def expand(net: Network, sums: Sums, n: int, n_end: int) -> Transitions:
    """List the transitions out of the survivors of the nodes `n` .. `n_end` - 1."""
    words = net.prob, net.known, net.weight, net.opens
    return Transitions(*_expand(net.group, net.state, net.out, words, sums.state_total, n, n_end))


def leave(net: Network, sums: Sums, t: Transitions, pair_score: Floats, scale: np.float32) -> Floats:
    """Carry the survivors' shares on to their pairs; the log-probability of each transition."""
    score: Floats = _leave(net.owner, net.node, sums, t, pair_score, scale)
    return score


def back(net: Network, t: Transitions, score: Floats, onward: Floats) -> None:
    """Put into `onward` (states) the log-probability of all ways on from the states that `t` leaves."""
    _back(net.owner, net.node, net.target, t, score, onward)


def trace(net: Network, sums: Sums) -> tuple[Ints, Floats]:
    """The edges of the best paths, island by island in text order, and their scores."""
    path, score = _trace(net.group, net.state, net.final, net.arrival, net.arrivals, net.edge, sums)
    return path, score


@njit(cache=True, nogil=True)
def _arrive(group, state, arrival, arrivals, sums, n, n_end, share, width):  # type: ignore[no-untyped-def]
    for node in range(n, n_end):
        s, s_end = state[group[node]], state[group[node + 1]]
        top = LOWEST
        for k in range(arrival[s], arrival[s_end]):
            top = max(top, sums.pair_total[arrivals[k]])
        whole = highest = 0.0
        for i in range(s, s_end):
            total, best = 0.0, -np.inf
            for k in range(arrival[i], arrival[i + 1]):
                total += np.exp(sums.pair_total[arrivals[k]] - top)
                best = max(best, sums.pair_best[arrivals[k]])
            sums.state_total[i], sums.state_best[i] = total, best
            whole += total
            highest = max(highest, total)
        alive = 0
        for i in range(s, s_end):
            if sums.state_total[i] < highest * share or sums.state_total[i] == 0.0:
                sums.state_total[i], sums.state_best[i] = 0.0, -np.inf
            else:
                alive += 1
        if alive > width:
            for i in np.argsort(-sums.state_total[s:s_end], kind="mergesort")[width:] + s:
                sums.state_total[i], sums.state_best[i] = 0.0, -np.inf
        part = 0.0
        for i in range(s, s_end):
            part += sums.state_total[i]
        sums.top[node] = top
        sums.node_total[node] = np.log(part) + top
        sums.kept[node] = part / whole if whole > 0 else 0.0


@njit(cache=True, nogil=True)
def _expand(group, state, out, words, state_total, n, n_end):  # type: ignore[no-untyped-def]
    prob, known, weight, opens = words
    n_states = n_pairs = n_ways = 0
    for g in range(group[n], group[n_end]):
        degree = out[g + 1] - out[g]
        alive = 0
        for i in range(state[g], state[g + 1]):
            alive += state_total[i] > 0
        if alive and degree:
            n_states += alive
            n_pairs += degree
            n_ways += alive * degree
    states, pairs = np.empty(n_states, np.int64), np.empty(n_pairs, np.int64)
    begin, fan = np.empty(n_pairs, np.int64), np.empty(n_pairs, np.int64)
    pair, source, asked = np.empty(n_ways, np.int64), np.empty(n_ways, np.int64), np.empty(n_ways, np.int64)
    lower = np.empty(n_ways, np.float32)
    n_states = n_pairs = n_ways = n_asked = 0
    for g in range(group[n], group[n_end]):
        if out[g + 1] == out[g]:
            continue
        first = n_states
        for i in range(state[g], state[g + 1]):
            if state_total[i] > 0:
                states[n_states] = i
                n_states += 1
        if n_states == first:
            continue
        for p in range(out[g], out[g + 1]):
            pairs[n_pairs], begin[n_pairs], fan[n_pairs] = p, n_ways, n_states - first
            for j in range(first, n_states):
                pair[n_ways], source[n_ways] = n_pairs, j
                lower[n_ways] = prob[p] + weight[states[j]]
                if known[p] and opens[states[j]]:
                    asked[n_asked] = n_ways
                    n_asked += 1
                n_ways += 1
            n_pairs += 1
    return states, pairs, begin, fan, pair, source, lower, asked[:n_asked].copy()


@njit(cache=True, nogil=True)
def _leave(owner, node, sums, t, pair_score, scale):  # type: ignore[no-untyped-def]
    score = np.empty(len(t.pair))
    for j in range(len(t.pairs)):
        p = t.pairs[j]
        total, best, best_from = 0.0, -np.inf, -1
        for k in range(t.begin[j], t.begin[j] + t.fan[j]):
            i = t.states[t.source[k]]
            score[k] = pair_score[p] + np.float32(t.prob[k] * scale)
            total += np.exp(score[k]) * sums.state_total[i]
            if sums.state_best[i] + score[k] > best or best_from < 0:
                best, best_from = sums.state_best[i] + score[k], i
        sums.pair_total[p] = np.log(total) + sums.top[node[owner[t.states[t.source[t.begin[j]]]]]]
        sums.pair_best[p], sums.pair_from[p] = best, best_from
    return score


@njit(cache=True, nogil=True)
def _back(owner, node, target, t, score, onward):  # type: ignore[no-untyped-def]
    first = node[owner[t.states[0]]]
    top = np.full(node[owner[t.states[-1]]] - first + 1, LOWEST)
    for j in range(len(t.pairs)):
        n = node[owner[t.states[t.source[t.begin[j]]]]] - first
        top[n] = max(top[n], onward[target[t.pairs[j]]])
    total = np.zeros(len(t.states))
    for j in range(len(t.pairs)):
        n = node[owner[t.states[t.source[t.begin[j]]]]] - first
        ahead = np.exp(onward[target[t.pairs[j]]] - top[n])
        for k in range(t.begin[j], t.begin[j] + t.fan[j]):
            total[t.source[k]] += np.exp(score[k]) * ahead
    for i in range(len(t.states)):
        onward[t.states[i]] = np.log(total[i]) + top[node[owner[t.states[i]]] - first]


@njit(cache=True, nogil=True)
def _trace(group, state, final, arrival, arrivals, edge, sums):  # type: ignore[no-untyped-def]
    path, length = np.empty(len(sums.top), np.int32), 0
    score = np.empty(len(final))
    for island in range(len(final)):
        i = state[group[final[island]]]
        for j in range(i, state[group[final[island] + 1]]):
            if sums.state_best[j] > sums.state_best[i]:
                i = j
        score[island] = sums.state_best[i]
        begin = length
        while True:
            pair = arrivals[arrival[i]]
            for k in range(arrival[i], arrival[i + 1]):
                if sums.pair_best[arrivals[k]] > sums.pair_best[pair]:
                    pair = arrivals[k]
            if pair >= len(edge):
                break
            path[length] = edge[pair]
            length += 1
            i = sums.pair_from[pair]
        path[begin:length] = path[begin:length][::-1].copy()
    return path[:length].copy(), score
