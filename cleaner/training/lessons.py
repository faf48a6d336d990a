"""Text as spinners leave it, to train on: of the thesaurus, of the news dialects, and of tables given."""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleaner.cleaner import shipped
from cleaner.closer import OFFERED
from cleaner.language_model import START, LanguageModel
from cleaner.lexicon import Channel
from cleaner.segment import word_hash
from cleaner.thesaurus import NO_WORD, Thesaurus
from cleaner.training.corpus import Corpus, merge, tokenized
from cleaner.unseen import CLOSED_CLASS

VARIED = 0.2  # share of stretches that are of other times and kinds
THESAURUS = 0.5  # share of stretches that its swaps make

Types = NDArray[np.int64]
Rows = list[tuple[str, str, float]]


def material(parser: argparse.ArgumentParser) -> None:
    """Add what lessons are made of to the arguments of a command."""
    parser.add_argument("corpus", type=Path, help="folder of *.jsonl.zst files with a document {text} a line")
    parser.add_argument("--cache", type=Path, required=True, help="folder that keeps the tokenised corpora")
    parser.add_argument("--varied", type=Path, required=True, help="folder of the same form: text of other times")
    parser.add_argument("--swaps", type=Path, help="TSV of spinner, original, spun, probability")


class Swaps(NamedTuple):
    """Substitutes of each type of the corpus: those of type t are spun[first[t]] .. spun[first[t + 1] - 1], `drawn` by
    the running sum of their probabilities."""

    first: Types
    spun: Types
    drawn: NDArray[np.float64]

    def draw(self, types: Types, random: np.random.Generator) -> Types:
        """A substitute for each of `types`; -1 where there is none."""
        a, b = self.first[types], self.first[types + 1]
        at = self.drawn[a] + random.random(len(types)) * (self.drawn[b] - self.drawn[a])
        k = np.clip(np.searchsorted(self.drawn, at, "right") - 1, a, np.maximum(b - 1, a))
        return np.where(b > a, self.spun[np.minimum(k, len(self.spun) - 1)], -1)


class Lessons:
    """What spinners make of a corpus, whose tokens from `varied` on are of other times and kinds."""

    def __init__(
        self,
        corpus: Corpus,
        varied: int,
        model: LanguageModel,
        thesaurus: Thesaurus,
        channel: Channel,
        tables: Sequence[Rows],
    ) -> None:
        self.stream, self.varied, self.model = corpus.stream, varied, model
        self.ids = model.ids(corpus.types)
        self.ids[0] = START
        hashes = np.array([word_hash(t) for t in corpus.types], np.uint64)
        order = np.argsort(hashes)

        def types(of: NDArray[np.uint64]) -> Types:
            at = np.minimum(np.searchsorted(hashes, of, sorter=order), len(order) - 1)
            return np.where(hashes[order[at]] == of, order[at], -1)

        n = len(corpus.types)
        single = (thesaurus.words[:, 1:] == NO_WORD).all(axis=1)
        original = np.where(single, types(thesaurus.word_key[np.where(single, thesaurus.words[:, 0], 0)]), -1)
        original = original[thesaurus.original]
        spun = np.repeat(types(thesaurus.spun_key), thesaurus.first[1:] - thesaurus.first[:-1])
        cost = -thesaurus.log_swap(np.arange(len(spun))).astype(float)
        self.tables = [_swaps(original, spun, evenness * cost, n) for evenness in (1.0, 0.5, 0.25)]
        index = {t: i for i, t in enumerate(corpus.types)}
        for rows_ in tables:
            known = [(index[o], index[s], p) for o, s, p in rows_ if o in index and s in index]
            o, s, p = (np.array(column) for column in zip(*known, strict=True))
            self.tables.append(_swaps(o, s, -np.log(p), n))
        # The thesaurus' rows of a spun word, the most probable originals first.
        known_rows = np.flatnonzero((original >= 0) & (spun >= 0))
        known_rows = known_rows[np.argsort(spun[known_rows], kind="stable")]
        self._originals, self._log_swap = original[known_rows], -cost[known_rows]
        self._rows_of = np.searchsorted(spun[known_rows], np.arange(n + 1))
        single = (channel.words[:, 0] >= 0) & (channel.words[:, 1] < 0)
        original = np.where(single, types(channel.word_key)[channel.words[:, 0]], -1)
        cost = -np.logaddexp.reduce(channel.log_swap, axis=1).astype(float)
        self.tables.append(_swaps(original[channel.original], types(channel.spun_key), cost, n))
        others = len(self.tables) - 3
        self.chance = np.r_[np.array([0.4, 0.3, 0.3]) * THESAURUS, np.full(others, (1 - THESAURUS) / others)]
        closed = frozenset(CLOSED_CLASS.split())
        self.usable = np.array([t not in closed for t in corpus.types])
        self.substitute = np.zeros(n, bool)
        for table in self.tables:
            self.substitute[table.spun] = True

    def readings(self, standing: Types, author: Types) -> tuple[Types, NDArray[np.float32], Types]:
        """What some substitutes may stand for: readings (OFFERED each; -1 pads), log P(word | reading) of each, and
        which of them is the author's word (-1: none, or there is no other)."""
        first = self._rows_of[standing]
        count = np.minimum(self._rows_of[standing + 1] - first, OFFERED)
        there = np.arange(OFFERED) < count[:, None]
        row = np.where(there, first[:, None] + np.arange(OFFERED), 0)
        reading = np.where(there, self._originals[row], -1)
        right = reading == author[:, None]
        known = right.any(axis=1) & (count > 1)
        log_swap = np.where(there, self._log_swap[row], 0).astype(np.float32)
        return reading, log_swap, np.where(known, right.argmax(axis=1), -1)

    def stretch(self, random: np.random.Generator, size: int, rates: Sequence[float]) -> tuple[Types, Types, Types]:
        """A stretch of text of `size` words and a spinner for it: the author's words, the substitutes that the spinner
        has for them (-1: none), and the words that it leaves, for it swaps a share of `rates`."""
        bounds = (self.varied, len(self.stream)) if random.random() < VARIED else (0, self.varied)
        low = int(random.integers(bounds[0], bounds[1] - size))
        honest = self.stream[low : low + size].astype(np.int64)
        number = int(random.choice(len(self.tables), p=self.chance))
        table, news = self.tables[number], len(self.tables) - 1
        spun = table.draw(honest, random)
        if number != news and random.random() < 0.25:
            again = table.draw(np.maximum(spun, 0), random)
            spun = np.where(again >= 0, again, spun)
        spun = np.where((spun != honest) & self.usable[honest], spun, -1)
        return honest, spun, np.where((spun >= 0) & (random.random(size) < random.choice(rates)), spun, honest)

    @classmethod
    def of(cls, options: argparse.Namespace) -> tuple[Corpus, Lessons]:
        """The corpus that the arguments of `material` name, and lessons made of it; the types of the corpus end with
        the phrases that words are swapped for."""
        modern = tokenized(options.corpus, options.cache / "modern")
        corpus = merge([modern, tokenized(options.varied, options.cache / "varied")])
        tables = read_swaps(options.swaps) if options.swaps else []
        phrases = {spun for rows in tables for _, spun, _ in rows if " " in spun}
        corpus = replace(corpus, types=[*corpus.types, *sorted(phrases)])
        models = shipped()
        return corpus, cls(corpus, len(modern.stream), models.model, Thesaurus.open(), models.channel, tables)


def _swaps(original: Types, spun: Types, cost: NDArray[np.float64], n: int) -> Swaps:
    known = (original >= 0) & (spun >= 0)
    original, spun, cost = original[known], spun[known], cost[known]
    order = np.argsort(original, kind="stable")
    first = np.searchsorted(original[order], np.arange(n + 1))
    return Swaps(first, spun[order], np.r_[0.0, np.cumsum(np.exp(-cost[order]))])


def read_swaps(path: Path) -> list[Rows]:
    """The tables of a TSV file with the columns spinner, original, spun and probability."""
    tables: defaultdict[str, Rows] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            tables[line["spinner"]].append((line["original"], line["spun"], float(line["probability"])))
    return list(tables.values())
