"""Spin clean text as a dialect would, and list the readings of what comes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cleaner.context import Indices
from cleaner.islands import rarity
from cleaner.language_model import START, LanguageModel
from cleaner.lexicon import MAX_WORDS, NEVER, Channel, phrase_keys

Floats = NDArray[np.float64]
Hashes = NDArray[np.uint64]
PRUNE = 12.0  # nats behind the best reading at which one is dropped


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stream of words: `hashes` (0 between paragraphs), `ids` (language model; START between paragraphs)."""

    hashes: Hashes
    ids: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Examples:
    """Spans of a chunk and their readings, span by span.

    Spans: `low`, `high`.  Readings: `span`, `words` (n, MAX_WORDS; -1 pads), `channel` (log
    P(spun | reading)), `right`.
    """

    low: Indices
    high: Indices
    span: Indices
    words: NDArray[np.int32]
    channel: Floats
    right: NDArray[np.bool_]


class Simulator:
    """Spins text with one dialect of a channel and lists the readings of what comes out."""

    def __init__(self, channel: Channel, spun_words: Mapping[int, Sequence[int]], model: LanguageModel) -> None:
        """`spun_words`: the language model's ids of each spun phrase, by its key."""
        self.channel = channel
        vocabulary = np.r_[model.ids(channel.vocabulary), np.int32(-1)].astype(np.int32)
        self.original_words = vocabulary[channel.words]
        self.spun_words = np.full((len(channel.spun_key), MAX_WORDS), -1, np.int32)
        for row, key in enumerate(channel.spun_key.tolist()):
            ids = spun_words[key]
            self.spun_words[row, : len(ids)] = ids
        self.by_original = np.argsort(channel.original, kind="stable")
        self.first_of_original = np.searchsorted(channel.original[self.by_original], np.arange(len(channel.text) + 1))

    def stay(self, keys: Hashes, dialect: int) -> Floats:
        """log P(stay) of phrases by their keys; 0 for those that the dialect does not know."""
        at = np.minimum(np.searchsorted(self.channel.original_key, keys), len(self.channel.text) - 1)
        known = self.channel.original_key[at] == keys
        return np.where(known, self.channel.log_stay[at, dialect], 0.0)

    def examples(self, chunk: Chunk, dialect: int, random: np.random.Generator) -> Examples:
        """Spin a chunk and list the readings of every ambiguous span."""
        channel = self.channel
        keys = phrase_keys(chunk.hashes, chunk.hashes != 0)
        start, row = self.spin(keys, dialect, random)
        size = (self.original_words[channel.original[row]] >= 0).sum(axis=1)
        touched = _covered(start, size, len(chunk.ids))

        # What stayed, but could have come of a swap.
        swaps = channel.swaps(keys)
        quiet = np.r_[0, np.cumsum(touched)]
        free = quiet[swaps.start + swaps.size] == quiet[swaps.start]
        free &= channel.log_swap[swaps.row, dialect] > NEVER
        spans = np.unique(swaps.start[free] * (MAX_WORDS + 1) + swaps.size[free])
        stayed_start, stayed_size = spans // (MAX_WORDS + 1), spans % (MAX_WORDS + 1)
        stayed_key = np.array([keys[n - 1][i] for i, n in zip(stayed_start, stayed_size, strict=True)], np.uint64)

        low = np.r_[start, stayed_start]
        high = low + np.r_[size, stayed_size]
        spun_key = np.r_[channel.spun_key[row], stayed_key]
        truth = np.r_[channel.original[row], np.full(len(stayed_start), -1)]
        first = np.asarray(np.searchsorted(channel.spun_key, spun_key), np.int64)
        count = np.searchsorted(channel.spun_key, spun_key, "right") - first
        span = np.repeat(np.arange(len(low)), count)
        rows = np.arange(len(span)) - np.repeat(np.cumsum(count) - count, count) + first[span]
        own = np.arange(len(low))  # the reading "it stayed"
        all_spans = np.r_[span, own]
        order = np.argsort(all_spans, kind="stable")
        return Examples(
            low,
            high,
            all_spans[order],
            np.concatenate([self.original_words[channel.original[rows]], self.spun_words[first]])[order],
            np.r_[channel.log_swap[rows, dialect], self.stay(spun_key, dialect)][order].astype(float),
            np.r_[channel.original[rows] == truth[span], truth == -1][order],
        )

    def spin(self, keys: list[Hashes], dialect: int, random: np.random.Generator) -> tuple[Indices, Indices]:
        """Where the spinner acts, and the row of the channel that it takes; one form for each phrase."""
        channel = self.channel
        known = channel.known(keys)
        acts = random.random(len(channel.text)) >= np.exp(channel.log_stay[:, dialect])
        taken = np.zeros(len(keys[0]) + 1, np.int64)
        starts, originals = [], []
        for size in range(MAX_WORDS, 0, -1):
            mine = (known.size == size) & acts[known.row]
            start, original = known.start[mine], known.row[mine]
            quiet = np.r_[0, np.cumsum(taken[:-1])]
            free = quiet[start + size] == quiet[start]
            start, original = start[free], original[free]
            for _ in range(3):  # overlaps of phrases of one size: the left one goes first
                keep = np.diff(start, prepend=-size) >= size
                start, original = start[keep], original[keep]
            for k in range(size):
                taken[start + k] = 1
            starts.append(start)
            originals.append(original)
        start, original = np.concatenate(starts), np.concatenate(originals)
        rows = self.by_original
        weight = np.exp(channel.log_swap[rows, dialect].astype(float))
        total = np.r_[0.0, np.cumsum(weight)]
        a, b = self.first_of_original[:-1], self.first_of_original[1:]
        draw = total[a] + random.random(len(channel.text)) * (total[b] - total[a])
        drawn = rows[np.clip(np.searchsorted(total, draw, "right") - 1, a, np.maximum(b - 1, a))]
        return start, drawn[original]


def _covered(start: Indices, size: Indices, n: int) -> NDArray[np.bool_]:
    cover = np.zeros(n + 1, np.int64)
    np.add.at(cover, start, 1)
    np.add.at(cover, start + size, -1)
    return np.asarray(np.cumsum(cover[:-1]) > 0)


def language_scores(model: LanguageModel, ids: NDArray[np.int32], e: Examples) -> Floats:
    """log P of each reading's words and of the two words after it, given the two before."""
    padded = np.r_[ids, np.full(MAX_WORDS + 2, START, np.int32)]
    a, b = padded[e.low[e.span] - 2], padded[e.low[e.span] - 1]
    a = np.where(b == START, START, a)
    score = rarity(e.words).sum(axis=1)
    for k in range(MAX_WORDS + 2):
        size = (e.words >= 0).sum(axis=1)
        after = k - size
        word = np.where(after < 0, e.words[:, min(k, MAX_WORDS - 1)], padded[e.high[e.span] + np.maximum(after, 0)])
        live = np.flatnonzero((after < 2) & (word != START))
        # The paragraph may end before the second word after.
        live = live[(after[live] < 1) | (padded[e.high[e.span[live]]] != START)]
        score[live] += model.log_prob3(a[live], b[live], word[live])
        a[live], b[live] = b[live], word[live]
    return np.asarray(score)


def paragraph_bounds(ids: NDArray[np.int32]) -> tuple[Indices, Indices]:
    """For each word of a stream, where its paragraph begins and ends."""
    marks = np.flatnonzero(ids == START)
    number = np.searchsorted(marks, np.arange(len(ids)), "right")
    edges = np.r_[-1, marks, len(ids)]
    return edges[number] + 1, edges[number + 1]


def pruned(e: Examples, language: Floats) -> tuple[Examples, Floats]:
    """Without hopeless readings, and without spans that then have only one or have lost the right one.

    `language` holds the language model's score of each reading.
    """
    if not len(e.span):
        return e, language
    base = language + e.channel
    first = np.flatnonzero(np.r_[True, e.span[1:] != e.span[:-1]])
    count = np.diff(np.r_[first, len(e.span)])
    keep = base > np.repeat(np.maximum.reduceat(base, first), count) - PRUNE
    keep &= e.channel > NEVER / 2
    left = np.repeat(np.add.reduceat(keep.astype(np.int64), first), count)
    right = np.repeat(np.add.reduceat((keep & e.right).astype(np.int64), first), count)
    keep &= (left > 1) & (right == 1)
    return Examples(e.low, e.high, e.span[keep], e.words[keep], e.channel[keep], e.right[keep]), language[keep]


def chunks(corpus: Chunk, size: int, random: np.random.Generator) -> Iterator[Chunk]:
    """Pieces of about `size` words, whole paragraphs, in random order."""
    marks = np.flatnonzero(corpus.ids == START)
    cuts = np.r_[marks[np.searchsorted(marks, np.arange(0, marks[-1], size))], len(corpus.ids)]
    for k in random.permutation(len(cuts) - 1):
        a, b = cuts[k], cuts[k + 1]
        yield Chunk(corpus.hashes[a:b], corpus.ids[a:b])
