"""Interpolated modified Kneser-Ney estimation and pruning of n-gram models of any order.

Sources: Chen & Goodman, "An empirical study of smoothing techniques for language modeling" (1998), for the
estimates; Siivola, Hirsimäki & Virpioja, "On growing and pruning Kneser-Ney smoothed n-gram models" (2007),
for the counts of a pruned model; Stolcke, "Entropy-based pruning of backoff language models" (1998).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cleaner.language_model import START

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Grams:
    """All n-grams of one order, sorted by (prefix, word).

    `prefix` and `suffix` are the rows, in the table of the order below, of the n-gram without its last and
    without its first word; `count` is how often it occurs; `initial` says that it begins with `<s>`.
    An n-gram holds `<s>` nowhere but in front.  In the table of order 1 row and word are the same number.
    """

    prefix: Ints
    word: Ints
    suffix: Ints
    count: NDArray[np.int64]
    initial: Bools

    def __len__(self) -> int:
        return len(self.word)

    def keys(self, vocabulary: int) -> NDArray[np.int64]:
        """One ascending number for each n-gram."""
        return self.prefix.astype(np.int64) * vocabulary + self.word


@dataclass(frozen=True, slots=True)
class Level:
    """The estimates for one order, row by row.

    `kept`: the model stores the n-gram.  `count`: Kneser-Ney count.  `prob`: P(last word | words before).
    `left` and `total`: for each row of the order below, as a context, the probability that is left to
    the shorter context (its back-off weight), and its Kneser-Ney count.
    """

    kept: Bools
    count: Floats
    prob: Floats
    left: Floats
    total: Floats


def count_grams(stream: Ints, vocabulary: int, order: int) -> list[Grams]:
    """Count the n-grams of orders 1 to `order` in a stream of word ids in which each paragraph starts with `<s>`."""
    first = Grams(
        prefix=np.zeros(vocabulary, np.int32),
        word=np.arange(vocabulary, dtype=np.int32),
        suffix=np.zeros(vocabulary, np.int32),
        count=np.bincount(stream, minlength=vocabulary).astype(np.int64),
        initial=np.arange(vocabulary) == START,
    )
    tables = [first]
    rows = stream  # the row of the n-gram that ends here, or -1
    for _ in range(1, order):
        here = np.flatnonzero((stream[1:] != START) & (rows[:-1] >= 0)) + 1
        keys = rows[here - 1].astype(np.int64) * vocabulary + stream[here]
        by_key = np.argsort(keys)
        keys = keys[by_key]
        new = np.diff(keys, prepend=-1) != 0
        starts = np.flatnonzero(new)
        prefix, word = (part.astype(np.int32) for part in np.divmod(keys[starts], vocabulary))
        del keys
        tables.append(
            Grams(
                prefix=prefix,
                word=word,
                suffix=rows[here[by_key[starts]]],
                count=np.diff(starts, append=len(here)),
                initial=tables[-1].initial[prefix],
            )
        )
        numbers = np.empty(len(here), np.int32)
        numbers[by_key] = np.cumsum(new, dtype=np.int32) - 1
        rows = np.full(len(stream), -1, np.int32)
        rows[here] = numbers
    return tables


def discounts(counts: Floats) -> Floats:
    """The discounts for counts 0, 1, 2 and 3 or more (Chen & Goodman 1998, equation 26)."""
    n1, n2, n3, n4 = (max(int(np.count_nonzero(counts == c)), 1) for c in (1, 2, 3, 4))
    y = n1 / (n1 + 2 * n2)
    raw = np.array([0.0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3])
    clipped: Floats = np.clip(raw, [0.0, 0.1, 0.2, 0.3], [0.0, 0.9, 1.8, 2.7])
    return clipped


def estimate(tables: Sequence[Grams], kept: Sequence[Bools] | None = None) -> list[Level]:
    """Interpolated modified Kneser-Ney estimates for a model that stores the n-grams marked in `kept` (default: all).

    The counts of an n-gram that is not stored go to the order below in full, those of a stored one as 1
    (Siivola et al. 2007), so that what the model says of a word still adds up to what was counted.
    """
    kept = [np.ones(len(t), bool) for t in tables] if kept is None else kept
    counts: list[Floats] = [tables[-1].count.astype(np.float64)]
    for order in range(len(tables) - 1, 0, -1):
        longer, below = tables[order], tables[order - 1]
        passed = np.where(kept[order], 1.0, counts[0])
        count = _sums(longer.suffix, passed, len(below))
        # Nothing stands before <s>: what begins with it keeps its plain count.
        counts.insert(0, np.where(below.initial, below.count, count))
    counts[0][START] = 0.0
    levels: list[Level] = []
    for table, keep, count in zip(tables, kept, counts, strict=True):
        discounted = np.where(keep, count - discounts(count)[np.minimum(count, 3).astype(np.int8)], 0.0)
        contexts = len(levels[-1].prob) if levels else 1
        total = _sums(table.prefix, count, contexts)
        share: Floats = np.divide(1.0, total, out=np.zeros(contexts), where=total > 0)
        left = 1.0 - _sums(table.prefix, discounted, contexts) * share
        if levels:
            shorter = levels[-1].prob[table.suffix]
        else:
            shorter = np.full(len(table), 1.0 / (len(table) - 1))
            shorter[START] = 0.0
        prob = discounted * share[table.prefix] + left[table.prefix] * shorter
        levels.append(Level(keep, count, prob, left, total))
    return levels


def _sums(groups: Ints, values: Floats, size: int) -> Floats:
    """The sum of the values of each of `size` groups."""
    return np.bincount(groups, values, minlength=size).astype(np.float64, copy=False)


def losses(tables: Sequence[Grams], levels: Sequence[Level]) -> list[Floats]:
    """What each n-gram is worth: the log-likelihood (nats, over the training counts) that dropping it alone costs.

    Stolcke (1998), equation 6, with the contexts weighted by their Kneser-Ney counts: the probability that a
    Kneser-Ney model itself gives a context is no measure of how often the context comes up.
    """
    worth = [np.full(len(tables[0]), np.inf)]
    for table, level, below in zip(tables[1:], levels[1:], levels[:-1], strict=True):
        shorter = below.prob[table.suffix]
        left, total = level.left[table.prefix], level.total[table.prefix]
        left_then = np.minimum(left + level.prob - left * shorter, 1.0)
        covered = _sums(table.prefix, np.where(level.kept, shorter, 0.0), len(below.prob))
        unseen = left * np.maximum(1.0 - covered[table.prefix], 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            gain = level.prob * (np.log(level.prob) - np.log(left_then * shorter))
            loss = unseen * (np.log(left_then) - np.log(left))
        worth.append(np.where(level.prob > 0, total * (gain - loss), 0.0))
    return worth


def select(tables: Sequence[Grams], worth: Sequence[Floats], prices: Sequence[float]) -> list[Bools]:
    """The n-grams to store, given what one of each order from 2 on costs.

    An n-gram is stored only if the n-grams without its last and without its first word are, so each must be worth
    its price together with the surplus of those that need it.
    """
    kept: list[Bools] = []
    surplus = np.zeros(len(tables[-1]))
    for order in range(len(tables), 1, -1):
        table, below = tables[order - 1], len(tables[order - 2])
        profit = worth[order - 1] + surplus - prices[order - 2]
        kept.insert(0, profit > 0)
        np.maximum(profit, 0.0, out=profit)
        surplus = _sums(table.prefix, profit, below) + _sums(table.suffix, profit, below)
    kept.insert(0, np.ones(len(tables[0]), bool))
    for shorter, keep, table in zip(kept, kept[1:], tables[1:], strict=False):
        keep &= shorter[table.prefix] & shorter[table.suffix]
    return kept


def fit(tables: Sequence[Grams], room: float, sizes: Sequence[float]) -> list[Level]:
    """Estimates for the best model whose n-grams take `room`, given the size of one of each order from 2 on."""
    worth = losses(tables, estimate(tables))
    low, high = 1e-4, 1e4
    while high / low > 1.003:
        least = (low * high) ** 0.5
        kept = select(tables, worth, [least * size for size in sizes])
        taken = sum(size * int(np.count_nonzero(keep)) for size, keep in zip(sizes, kept[1:], strict=True))
        low, high = (least, high) if taken > room else (low, least)
    return estimate(tables, select(tables, worth, [high * size for size in sizes]))


def perplexity(tables: Sequence[Grams], levels: Sequence[Level], stream: Ints) -> tuple[float, int]:
    """Perplexity per token of a stream like the one that was counted, and its number of tokens."""
    vocabulary = len(tables[0])
    rows = stream.astype(np.int64)
    prob = levels[0].prob[stream]
    for table, level in zip(tables[1:], levels[1:], strict=True):
        keys = table.keys(vocabulary)
        context = np.concatenate(([-1], rows[:-1]))
        wanted = np.where((context >= 0) & (stream != START), context * vocabulary + stream, -1)
        rows = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        rows[keys[rows] != wanted] = -1
        prob = np.where(rows >= 0, level.prob[rows], np.where(context >= 0, level.left[context], 1.0) * prob)
    tokens = stream != START
    return float(np.exp(-np.mean(np.log(prob[tokens])))), int(np.count_nonzero(tokens))
