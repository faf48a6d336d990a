"""Step 4: all readings of a sentence under the channel; best path and posteriors.

A batch of islands (stretches with at least one ambiguous token, see `islands.py`) advances together, one token
position at a time (`steps.py`).  The score of a state is log P(spun words so far, original words so far).
Forward-backward: Rabiner (1989), doi:10.1109/5.18626.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import numpy as np

from cleaner import steps as plain_steps
from cleaner.acceleration import load, wanted
from cleaner.language_model import Scorer
from cleaner.network import Ints, Network, ranges
from cleaner.steps import Floats, Sums, Transitions

# From this many pairs on, loading compiled code is soon made up for.
_LARGE = 100_000


def fastest(pairs: int) -> ModuleType:
    """The module of steps for a lattice of that many pairs: a compiled one, if it is at hand or soon pays."""
    return (load("compiled_steps") if pairs >= _LARGE or wanted() else None) or plain_steps


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


def decode(
    net: Network,
    score: Floats,
    model: Scorer,
    *,
    beam: float = 14.0,
    width: int = 64,
    scale: float = 1.0,
    steps: ModuleType | None = None,
) -> Readings:
    """Read a batch of islands; `score` (edges) is the channel's log-probability of each.

    `beam` (nats) and `width` (states a node) prune; `scale` multiplies the language model's log-probabilities.
    `steps` is the module of the steps: the faster one of those at hand, unless given.
    """
    pairs = len(net.edge)
    steps = fastest(pairs) if steps is None else steps
    pair_score = score.take(net.edge)
    for column in net.later:
        pair_score[net.long] += scale * column
    sums = Sums.of(net)
    onward = np.full(len(net.owner), -np.inf)
    passed: list[tuple[Transitions, Floats]] = []
    with np.errstate(divide="ignore"):  # log 0 is what is meant
        for n, n_end in zip(net.nodes[:-1].tolist(), net.nodes[1:].tolist(), strict=True):
            steps.arrive(net, sums, n, n_end, beam, width)
            t: Transitions = steps.expand(net, sums, n, n_end)
            if len(t.pairs):
                source, pair = t.source.take(t.asked), t.pair.take(t.asked)
                key, word = net.key.take(t.states).take(source), net.word.take(t.pairs).take(pair)
                t.prob[t.asked] = model.trigrams(key, word, t.prob.take(t.asked))
                passed.append((t, steps.leave(net, sums, t, pair_score, np.float32(scale))))
        begin, end = (net.state.take(net.group.take(net.final + i)) for i in (0, 1))
        final = ranges(begin, end - begin)
        onward[final[sums.state_total.take(final) > 0]] = 0.0
        for t, scores in reversed(passed):
            steps.back(net, t, scores, onward)
        log_z = sums.node_total.take(net.final)
        share = sums.pair_total[:pairs] + onward.take(net.target[:pairs])
    share -= log_z.take(net.island.take(net.node)).repeat(np.diff(net.out))
    posterior = np.bincount(net.edge, np.exp(share, out=share), len(score))
    best, best_score = steps.trace(net, sums)
    lost = -np.expm1(np.bincount(net.island, np.log(np.maximum(sums.kept, 1e-12)), len(log_z)))
    return Readings(log_z, best_score, np.minimum(posterior, 1.0), best, lost)
