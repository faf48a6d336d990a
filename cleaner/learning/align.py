"""Monotone alignment of phrases by expectation-maximisation over all blocks at once.

A block is a stretch of original words and what became of it.  A joint model of phrase pairs generates it from left to
right (Marcu and Wong, 2002; DeNero et al., 2008): P(block) = sum over segmentations of the product of P(o, s), with a
Dirichlet prior whose base measure is given.  Counts of a pair leave out the block that is being aligned (collapsed
variational inference of order zero), so no pair is evidence for itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Phrase = tuple[str, ...]
Sizes = Mapping[tuple[int, int], float]  # P(m original words, n spun words) of a phrase pair; 0 words: nothing
Lift = Callable[[Sequence[tuple[Phrase, Phrase]]], NDArray[np.float64]]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# The strength of the prior, in phrase pairs for each word of the original sides.
_STRENGTH = 0.3


class Block(NamedTuple):
    """The words of an original and of what became of it; neither side is empty."""

    original: Phrase
    spun: Phrase


class Link(NamedTuple):
    """original[low:high] of a block became spun[start:end].

    `posterior` (0..1) is how sure the link is; `gain` is log P(pair) / (P(words of one side) P(those of the other)):
    above 0, the pair is better explained together than by chance.
    """

    low: int
    high: int
    start: int
    end: int
    posterior: float
    gain: float


class _Edges(NamedTuple):
    """The edges of all blocks' lattices, by the level of their tails (words behind them, of both sides).

    A node is a pair of positions.  `shape` (edges, 4) holds low, high, start, end of each edge.
    """

    block: Ints
    tail: Ints
    head: Ints
    shape: Ints
    pair: Ints
    levels: Ints


def align(
    blocks: Sequence[Block], weights: Sequence[int], sizes: Sizes, lift: Lift, rounds: int = 8
) -> Iterator[list[Link]]:
    """Yield the links of each block's best segmentation, from left to right.

    `weights` counts how often each block was seen.  `lift` gives P(s | o) / P(s) of candidate pairs as the base measure
    has it, where P(s) is the product of the words' frequencies; it is asked once, for all pairs of `sizes`.
    """
    first = np.cumsum([0, *((len(b.original) + 1) * (len(b.spun) + 1) for b in blocks)])
    edges, pairs = _edges(blocks, first, sizes)
    times = np.asarray(weights, np.float64)[edges.block]
    frequency = _log_frequencies(blocks, weights)
    chance = np.array([sum(frequency[w] for side in pair for w in side) for pair in pairs])
    size = edges.shape[:, 1] - edges.shape[:, 0], edges.shape[:, 3] - edges.shape[:, 2]
    prior = np.zeros(len(pairs))
    prior[edges.pair] = [sizes[m, n] for m, n in zip(*(s.tolist() for s in size), strict=True)]
    prior *= lift(pairs)  # P(o, s) / (P(o) P(s)): the words' frequencies cancel on all paths through a block
    strength = _STRENGTH * sum(len(b.original) * n for b, n in zip(blocks, weights, strict=True))
    posterior = np.zeros(len(edges.pair))
    others = np.zeros(len(edges.pair))
    for _ in range(rounds):
        weight = prior[edges.pair] + np.exp(np.log(np.maximum(others, 1e-300) / strength) - chance[edges.pair])
        posterior = _posteriors(edges, weight, first)
        count = np.bincount(edges.pair, posterior * times, len(pairs))
        others = np.maximum(count[edges.pair] - posterior, 0.0)
    return _best(blocks, edges, first, weight, posterior)


def _edges(blocks: Sequence[Block], first: Ints, sizes: Sizes) -> tuple[_Edges, list[tuple[Phrase, Phrase]]]:
    """All edges, and the phrase pairs that they are numbered by."""
    phrases: dict[Phrase, int] = {}
    number = phrases.setdefault
    longest = [max(size[side] for size in sizes) for side in (0, 1)]
    columns: list[tuple[Ints, ...]] = []
    for k, (original, spun) in enumerate(blocks):
        shape = _shape(len(original), len(spun), tuple(sizes))
        left, right = (
            _numbers(side, most, number, phrases) for side, most in zip((original, spun), longest, strict=True)
        )
        low, high, start, end = shape.T
        width = len(spun) + 1
        columns.append(
            (
                np.full(len(shape), k),
                first[k] + low * width + start,
                first[k] + high * width + end,
                low + start,
                left[low, high - low],
                right[start, end - start],
            )
        )
    block, tail, head, level, left, right = (np.concatenate(column) for column in zip(*columns, strict=True))
    shape = np.concatenate([_shape(len(o), len(s), tuple(sizes)) for o, s in blocks])
    code, pair = np.unique(left * len(phrases) + right, return_inverse=True)
    spelt = list(phrases)
    pairs = [(spelt[c // len(phrases)], spelt[c % len(phrases)]) for c in code.tolist()]
    order = np.argsort(level, kind="stable")
    levels = np.searchsorted(level[order], np.arange(level.max() + 2))
    return _Edges(block[order], tail[order], head[order], shape[order], pair[order], levels), pairs


@cache
def _shape(m: int, n: int, sizes: tuple[tuple[int, int], ...]) -> Ints:
    """low, high, start, end of all edges of an m x n lattice."""
    return np.array(
        [
            (i, i + a, j, j + b)
            for i in range(m + 1)
            for j in range(n + 1)
            for a, b in sizes
            if i + a <= m and j + b <= n
        ],
        np.int64,
    )


def _numbers(words: Phrase, longest: int, number: Callable[[Phrase, int], int], known: Mapping[Phrase, int]) -> Ints:
    """The numbers of the phrases of `words` by position and size; the empty one included."""
    table = np.zeros((len(words) + 1, longest + 1), np.int64)
    for i in range(len(words) + 1):
        for size in range(min(longest, len(words) - i) + 1):
            table[i, size] = number(words[i : i + size], len(known))
    return table


def _log_frequencies(blocks: Iterable[Block], weights: Iterable[int]) -> dict[str, float]:
    count: Counter[str] = Counter()
    for block, times in zip(blocks, weights, strict=True):
        for word in (*block.original, *block.spun):
            count[word] += times
    total = sum(count.values())
    return {word: float(np.log(n / total)) for word, n in count.items()}


def _posteriors(edges: _Edges, weight: Floats, first: Ints) -> Floats:
    """P(edge | block) by forward-backward over all blocks together."""
    forward, backward = np.zeros(first[-1]), np.zeros(first[-1])
    forward[first[:-1]] = backward[first[1:] - 1] = 1.0
    spans = [slice(a, b) for a, b in zip(edges.levels[:-1], edges.levels[1:], strict=True)]
    for own in spans:
        np.add.at(forward, edges.head[own], forward[edges.tail[own]] * weight[own])
    for own in reversed(spans):
        np.add.at(backward, edges.tail[own], backward[edges.head[own]] * weight[own])
    total = backward[first[:-1]]
    return np.asarray(forward[edges.tail] * weight * backward[edges.head] / total[edges.block])


def _best(
    blocks: Sequence[Block], edges: _Edges, first: Ints, weight: Floats, posterior: Floats
) -> Iterator[list[Link]]:
    """The links of the best path through each block."""
    score = np.full(first[-1], -np.inf)
    score[first[:-1]] = 0.0
    came = np.full(first[-1], -1)
    gain = np.log(np.maximum(weight, 1e-300))
    for a, b in zip(edges.levels[:-1], edges.levels[1:], strict=True):
        reached = score[edges.tail[a:b]] + gain[a:b]
        order = np.argsort(reached, kind="stable")
        head = edges.head[a:b][order]
        better = reached[order] > score[head]
        # The last of equal heads is the best one of them.
        score[head[better]] = reached[order][better]
        came[head[better]] = a + order[better]
    for k in range(len(blocks)):
        links: list[Link] = []
        node = int(first[k + 1] - 1)
        while node != first[k]:
            edge = int(came[node])
            low, high, start, end = edges.shape[edge].tolist()
            links.append(Link(low, high, start, end, float(posterior[edge]), float(gain[edge])))
            node = int(edges.tail[edge])
        yield links[::-1]
