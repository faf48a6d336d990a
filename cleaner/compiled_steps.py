"""The way forward of `steps.py` as a loop that numba compiles; the ways back are no faster as loops.

It does the same sums in the same order, but for rounding: probabilities go from node to node as they are, for
exponentials and logarithms, of which numpy takes several at a time, cost more in a loop than all else.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from cleaner.network import Network, begins
from cleaner.steps import TINY, Logs, Sums


def forward(net: Network, logs: Logs, beam: float, width: int) -> Sums:
    """Sum all ways to each place, of which `beam` (nats) and `width` (states a node) prune."""
    sums = Sums.of(net)
    nodes = net.group, net.state, net.out, net.arrival
    origin = net.node.take(net.source)
    peak = np.full(len(net.island), -np.inf)  # of each node: the likeliest pair, which all others are related to
    np.maximum.at(peak, origin, logs.pair)
    pairs = origin, net.target, net.arrivals, begins(net.rise, len(net.edge)).take(net.out), net.rise, net.risen
    probability = np.exp(logs.pair - peak.take(origin))
    _forward(nodes, pairs, logs, probability, peak, sums, max(float(np.exp(-beam)), TINY), width)
    return sums


@njit(cache=True, nogil=True)
def _forward(nodes, pairs, logs, probability, peak, sums, share_of, width):  # type: ignore[no-untyped-def]
    group, state, out, arrival = nodes
    origin, target, arrivals, rises, rise, risen = pairs
    n_pairs = len(origin)
    way, carried = np.empty(len(sums.total)), np.empty(n_pairs)  # `carried` is relative to `base` of the node it leaves
    base, factor, asked = np.zeros(len(peak)), np.zeros(len(peak)), np.full(len(peak), -1)
    for node in range(len(peak)):
        s, s_end = state[group[node]], state[group[node + 1]]
        highest_base = -np.inf
        for k in range(arrival[s], arrival[s_end]):
            if arrivals[k] < n_pairs:
                highest_base = max(highest_base, base[origin[arrivals[k]]])
            else:
                highest_base = max(highest_base, 0.0)
        highest = 0.0
        for k in range(arrival[s], arrival[s_end]):
            if arrivals[k] < n_pairs:
                before = origin[arrivals[k]]
                if asked[before] != node:
                    asked[before], factor[before] = node, np.exp(base[before] - highest_base)
                sums.share[k] = carried[arrivals[k]] * factor[before]
            else:
                sums.share[k] = np.exp(-highest_base)
            highest = max(highest, sums.share[k])
        top = highest_base + np.log(highest)
        whole = 1 / highest
        highest = 0.0
        for i in range(s, s_end):
            total = 0.0
            for k in range(arrival[i], arrival[i + 1]):
                sums.share[k] *= whole
                total += sums.share[k]
            sums.arrived[i] = sums.total[i] = total
            highest = max(highest, total)
        alive = 0
        for i in range(s, s_end):
            if sums.total[i] < highest * share_of:
                sums.total[i], sums.best[i] = 0.0, -np.inf
            else:
                alive += 1
        if alive > width:
            for i in np.argsort(-sums.total[s:s_end], kind="mergesort")[width:] + s:
                sums.total[i], sums.best[i] = 0.0, -np.inf
        sums.top[node] = top
        base[node] = top + peak[node]
        for g in range(group[node], group[node + 1]):
            total, best = 0.0, -np.inf
            for i in range(state[g], state[g + 1]):
                total += sums.total[i] * logs.factor[i]
                way[i] = sums.best[i] + logs.state[i]
                best = max(best, way[i])
            for p in range(out[g], out[g + 1]):
                sums.onward[p], sums.pair_best[p] = total, best
            for k in range(rises[g], rises[g + 1]):
                p, i = rise[k], risen[k]
                if sums.total[i] > 0:
                    sums.onward[p] += sums.total[i] * logs.factor[i] * logs.more[k]
                    sums.pair_best[p] = max(sums.pair_best[p], way[i] + logs.gain[k])
            for p in range(out[g], out[g + 1]):
                carried[p] = sums.onward[p] * probability[p]
                sums.pair_best[p] += logs.pair[p]
                sums.best[target[p]] = max(sums.best[target[p]], sums.pair_best[p])
