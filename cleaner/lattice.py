"""Step 4: all readings of a sentence under the channel; best path and posteriors.

A batch of islands (stretches with at least one ambiguous token, see `islands.py`) advances together, one token
position at a time (`steps.py`).  The score of a state is log P(spun words so far, original words so far).
Forward-backward: Rabiner (1989), doi:10.1109/5.18626.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cleaner.network import Ints, Network
from cleaner.steps import Floats, Logs, backward, forward, trace


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


def decode(net: Network, score: Floats, *, beam: float = 14.0, width: int = 64, scale: float = 1.0) -> Readings:
    """Read a batch of islands; `score` (edges) is the channel's log-probability of each.

    `beam` (nats) and `width` (states a node) prune; `scale` multiplies the language model's log-probabilities.
    """
    logs = Logs.of(net, score, scale)
    with np.errstate(divide="ignore"):  # log 0 is what is meant
        sums = forward(net, logs, beam, width)
    posterior = np.bincount(net.edge, backward(net, logs, sums)[: len(net.edge)], len(score))
    best, best_score = trace(net, logs, sums)
    first = net.state.take(net.group[:-1])
    kept = np.add.reduceat(sums.total, first) if len(first) else sums.top
    log_z = np.log(kept.take(net.final)) + sums.top.take(net.final)
    kept = kept / np.add.reduceat(sums.arrived, first) if len(first) else kept
    lost = -np.expm1(np.bincount(net.island, np.log(np.maximum(kept, 1e-12)), len(net.final)))
    return Readings(log_z, best_score, np.minimum(posterior, 1.0), best, lost)
