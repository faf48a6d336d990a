"""Monotone alignment of phrases by expectation-maximisation over all blocks at once.

A block is a stretch of original words and what became of it.  A spinner reads the original from left to right and
writes something for each phrase of it: P(spun block | original block) is the sum over segmentations of the product of
P(spun phrase | original phrase), where a phrase's chances are shares of all its occurrences, also of those that were
segmented otherwise, so that long phrases are no better explained than their parts unless they recur.  Estimates have a
Dirichlet prior whose base measure is given, and leave out the block that is being aligned (as collapsed variational
inference of order zero does), so no pair is evidence for itself.  After Brown et al. (1993) and DeNero et al. (2008).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Phrase = tuple[str, ...]
Sizes = Mapping[tuple[int, int], float]  # P(m original words, n spun words) of a phrase pair; 0 words: nothing
Ints = NDArray[np.int64]
Short = NDArray[np.int32]  # edges are many
Floats = NDArray[np.float64]
Lift = Callable[[Sequence[Phrase], Ints, Ints, Floats], Floats]

_STRENGTH = 1.0  # occurrences' worth of belief in the prior


class Block(NamedTuple):
    """The words of an original and of what became of it; neither side is empty."""

    original: Phrase
    spun: Phrase


class Link(NamedTuple):
    """original[low:high] of a block became spun[start:end].

    `posterior` (0..1) is how sure the link is; `gain` is log P(spun | original) / P(spun): above 0, the pair is better
    explained together than by chance.
    """

    low: int
    high: int
    start: int
    end: int
    posterior: float
    gain: float


class _Edges(NamedTuple):
    """The edges of all blocks' lattices, by the level of their tails (words behind them, of both sides).

    A node is a pair of positions.  `shape` (edges, 4) holds low, high, start, end of each edge; `pair` numbers the
    phrase pairs, whose sides `original` and `spun` number the phrases.
    """

    block: Short
    tail: Short
    head: Short
    shape: NDArray[np.int8]
    pair: Short
    levels: Ints
    original: Ints
    spun: Ints


def align(
    blocks: Sequence[Block],
    weights: Sequence[int],
    sizes: Sizes,
    lift: Lift,
    outside: Mapping[Phrase, int] | None = None,
    parsimony: float = 1.0,
    rounds: int = 8,
) -> Iterator[list[Link]]:
    """Yield the links of each block's best segmentation, from left to right.

    `weights` counts how often each block was seen, `outside` the occurrences of original phrases outside the blocks,
    where nothing was changed.  `lift` gives P(spun | original) / P(spun) of candidate pairs (phrases; numbers of the
    originals and the spun ones; P of each phrase as the product of its words' frequencies) as the base measure has it.
    `parsimony` (0..1) is what the evidence for a pair counts, for each word that it has beyond one on either side.
    """
    outside = outside or {}
    first = np.cumsum([0, *((len(b.original) + 1) * (len(b.spun) + 1) for b in blocks)])
    phrases: dict[Phrase, int] = {(): 0}
    edges = _edges(blocks, first, sizes, phrases)
    times = np.asarray(weights, np.float64)[edges.block]
    chance = _chances(phrases, blocks, weights)
    size = np.zeros(len(edges.original))
    low, high, start, end = edges.shape.T
    size[edges.pair] = [sizes[m, n] for m, n in zip((high - low).tolist(), (end - start).tolist(), strict=True)]
    plain = np.ones(len(edges.original))
    plain[edges.pair] = parsimony ** np.maximum(high - low + end - start - 2, 0)
    prior = _STRENGTH * size * lift(list(phrases), edges.original, edges.spun, chance)
    alone = np.array([outside.get(phrase, 0) for phrase in phrases], np.float64)
    kept = np.array([len(phrase) == 1 for phrase in phrases])[edges.original] & (edges.original == edges.spun)
    stood = np.where(kept, alone[edges.original], 0.0)
    seen = (alone + _occurrences(phrases, blocks, weights, sizes))[edges.original]
    likely = plain / chance[edges.spun]
    posterior = np.zeros(len(edges.pair))
    count = np.zeros(len(edges.original))
    for _ in range(rounds):
        others = np.maximum(count[edges.pair] - posterior, 0.0) + stood[edges.pair]
        evidence = likely[edges.pair] * others + prior[edges.pair]
        weight = evidence / (np.maximum(seen[edges.pair] - 1, 0.0) + _STRENGTH)
        posterior = _posteriors(edges, weight, first)
        count = np.bincount(edges.pair, posterior * times, len(edges.original)).astype(np.float64)
    return _best(blocks, edges, first, weight, posterior)


def _edges(blocks: Sequence[Block], first: Ints, sizes: Sizes, phrases: dict[Phrase, int]) -> _Edges:
    """All edges; `phrases` is filled with the numbers of all phrases."""
    longest = [max(size[side] for size in sizes) for side in (0, 1)]
    shapes = [_shape(len(block.original), len(block.spun), tuple(sizes)) for block in blocks]
    tails, heads, levels, lefts, rights = [], [], [], [], []
    for block, shape, node in zip(blocks, shapes, first.tolist(), strict=False):
        left, right = (_numbers(side, most, phrases) for side, most in zip(block, longest, strict=True))
        low, high, start, end = shape.T.astype(np.int32)
        tails.append(node + low * np.int32(len(block.spun) + 1) + start)
        heads.append(node + high * np.int32(len(block.spun) + 1) + end)
        levels.append(low + start)
        lefts.append(left[low, high - low])
        rights.append(right[start, end - start])
    code = np.concatenate(lefts).astype(np.int64) * len(phrases) + np.concatenate(rights)
    code, pair = np.unique(code, return_inverse=True)
    level = np.concatenate(levels)
    order = np.argsort(level, kind="stable").astype(np.int32)
    return _Edges(
        np.repeat(np.arange(len(blocks), dtype=np.int32), [len(shape) for shape in shapes])[order],
        np.concatenate(tails)[order],
        np.concatenate(heads)[order],
        np.concatenate(shapes)[order],
        pair.astype(np.int32)[order],
        np.searchsorted(level[order], np.arange(level.max() + 2)),
        code // len(phrases),
        code % len(phrases),
    )


@cache
def _shape(m: int, n: int, sizes: tuple[tuple[int, int], ...]) -> NDArray[np.int8]:
    """low, high, start, end of all edges of an m x n lattice."""
    return np.array(
        [
            (i, i + a, j, j + b)
            for i in range(m + 1)
            for j in range(n + 1)
            for a, b in sizes
            if i + a <= m and j + b <= n
        ],
        np.int8,
    )


def _numbers(words: Phrase, longest: int, phrases: dict[Phrase, int]) -> Short:
    """The numbers of the phrases of `words` by position and size; the empty one included."""
    table = np.zeros((len(words) + 1, longest + 1), np.int32)
    for i in range(len(words)):
        for size in range(1, min(longest, len(words) - i) + 1):
            table[i, size] = phrases.setdefault(words[i : i + size], len(phrases))
    return table


def _chances(phrases: Iterable[Phrase], blocks: Iterable[Block], weights: Iterable[int]) -> Floats:
    """The product of the frequencies of each phrase's words on the spun side, one occurrence more for each."""
    count: Counter[str] = Counter({word: 1 for phrase in phrases for word in phrase})
    for block, times in zip(blocks, weights, strict=True):
        for word in block.spun:
            count[word] += times
    total = sum(count.values())
    return np.array([prod(count[word] / total for word in phrase) for phrase in phrases])


def _occurrences(
    phrases: Mapping[Phrase, int], blocks: Iterable[Block], weights: Iterable[int], sizes: Sizes
) -> Floats:
    """How often each phrase stands on the original side of a block; nothing stands at every word."""
    count = np.zeros(len(phrases))
    longest = max(m for m, _ in sizes)
    for block, times in zip(blocks, weights, strict=True):
        words = block.original
        count[0] += len(words) * times
        for i in range(len(words)):
            for size in range(1, min(longest, len(words) - i) + 1):
                count[phrases[words[i : i + size]]] += times
    return count


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
