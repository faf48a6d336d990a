"""Train the replaced-token discriminator on clean text in which words are replaced by synonyms.

    python -m benchmarks.spinners.tables mythes poor -o swaps.tsv
    python -m cleaner.training.discriminator ../shared/corpus --cache DIR --varied FOLDER --swaps swaps.tsv \\
        -o cleaner/models/en.discriminator

Each piece of text gets a spinner of its own: a share of the words that it swaps, and how evenly it chooses among the
synonyms that the thesaurus has for a word (or the swaps of the news dialects, or of a table of `--swaps`); a quarter of
them swap twice over, as careless dictionaries do.  Examples are the honest words (0) and the substitutes drawn for them
(1), each among neighbours that the spinner has swapped.  Adam, binary cross-entropy (PyTorch).

One piece in five comes from `--varied`, a folder like the corpus with text of other times and kinds: without it, an
honest novel of the 19th century looks more garbled than a spun article.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleaner.cleaner import shipped
from cleaner.closer import OFFERED
from cleaner.discriminator import OFFSETS, WIDE, Network, between, rows
from cleaner.language_model import SPECIAL, START, LanguageModel
from cleaner.lexicon import Channel
from cleaner.segment import word_hash
from cleaner.thesaurus import NO_WORD, Thesaurus
from cleaner.training.corpus import Corpus, merge, tokenized
from cleaner.unseen import CLOSED_CLASS

WORDS = 40_000
DIMENSIONS = 64
UNITS, SECOND = 256, 64
PIECE = 2_500  # words
PIECES = 6  # of a lesson
RATES = (0.02, 0.05, 0.12, 0.3, 0.3, 0.6, 1.0)
VARIED = 0.2  # share of pieces
THESAURUS = 0.5  # share of pieces that its swaps make

Types = NDArray[np.int64]
Rows = list[tuple[str, str, float]]


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


@dataclass(frozen=True, slots=True)
class Lesson:
    """Examples from some pieces of text.

    `ids` of the text; for each example its `place` there and those `around` it (len(ids) outside its paragraph), the
    stretch `low` .. `high` - 1 of wider context, the `word` (id) that stands there, the `language` model's features,
    and whether it is a substitute (`label`).
    """

    ids: NDArray[np.int32]
    place: Types
    around: Types
    low: Types
    high: Types
    word: NDArray[np.int32]
    language: NDArray[np.float32]
    label: NDArray[np.float32]


class Lessons:
    """Makes lessons of a corpus, whose tokens from `varied` on are of other times and kinds."""

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

    def __call__(self, random: np.random.Generator) -> Lesson:
        """The next lesson."""
        pieces = [self._piece(random) for _ in range(PIECES)]
        shift = PIECE * np.arange(PIECES)
        ids = self.ids[np.concatenate([read for read, *_ in pieces])]
        place, begin, end = (
            np.concatenate([piece[k] + s for piece, s in zip(pieces, shift, strict=True)]) for k in (1, 2, 3)
        )
        standing, label = (np.concatenate([piece[k] for piece in pieces]) for k in (4, 5))
        at = place[:, None] + OFFSETS
        at = np.where((at >= begin[:, None]) & (at < end[:, None]), at, len(ids))
        beside = np.r_[ids, np.int32(START)][at]
        word = self.ids[standing]

        return Lesson(
            ids, place, at, np.maximum(begin, place - WIDE), np.minimum(end, place + WIDE + 1), word,
            between(beside, word, self.model), label,
        )  # fmt: skip

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

    def _piece(self, random: np.random.Generator) -> tuple[NDArray[Any], ...]:
        """A piece of text as its spinner left it, and its examples: places, begin and end of their paragraphs, the
        word that stands there, and whether that is a substitute."""
        honest, spun, read = self.stretch(random, PIECE, RATES)
        swappable = spun >= 0
        place = np.flatnonzero((swappable | self.substitute[honest]) & self.usable[honest] & (honest != 0))
        twins = place[swappable[place]]
        where = np.r_[place, twins]
        number_of = np.arange(PIECE)
        begin = np.maximum.accumulate(np.where(read == 0, number_of, -1)) + 1
        end = np.minimum.accumulate(np.where(read == 0, number_of, PIECE)[::-1])[::-1]
        standing = np.r_[honest[place], spun[twins]]
        label = (np.arange(len(where)) >= len(place)).astype(np.float32)
        return read, where, begin[where], end[where], standing, label


def _swaps(original: Types, spun: Types, cost: NDArray[np.float64], n: int) -> Swaps:
    known = (original >= 0) & (spun >= 0)
    original, spun, cost = original[known], spun[known], cost[known]
    order = np.argsort(original, kind="stable")
    first = np.searchsorted(original[order], np.arange(n + 1))
    return Swaps(first, spun[order], np.r_[0.0, np.cumsum(np.exp(-cost[order]))])


def train(lessons: Lessons, counts: NDArray[Any], steps: int) -> Iterator[tuple[float, Network]]:
    """Learn from so many lessons; yields the mean loss of each hundred and the network so far."""
    import torch
    from torch import nn

    torch.manual_seed(1)
    torch.set_num_threads(1)
    model = lessons.model
    counts[: len(SPECIAL)] = 0
    top = np.sort(np.argsort(-counts, kind="stable")[:WORDS])
    hashes = np.sort(model.hashes[top - len(SPECIAL)])
    row = rows(hashes, model)
    n_rows = int(row.max()) + 1

    def table(width: int, deviation: float) -> nn.Embedding:
        return nn.Embedding(n_rows, width, sparse=True, _weight=torch.randn(n_rows, width) * deviation)

    around, centre, bias = table(DIMENSIONS, 0.1), table(DIMENSIONS, 0.1), table(1, 0.0)
    wide = (len(OFFSETS) + 1) * DIMENSIONS
    hidden, second, out = nn.Linear(wide, UNITS), nn.Linear(UNITS, SECOND), nn.Linear(SECOND, 1)
    of_centre, of_language = nn.Linear(DIMENSIONS, UNITS, bias=False), nn.Linear(4, UNITS, bias=False)
    bilinear, linear = nn.Linear(wide, DIMENSIONS, bias=False), nn.Linear(4, 1, bias=False)
    nn.init.zeros_(bilinear.weight)
    layers = (hidden, second, out, of_centre, of_language, bilinear, linear)
    optimizers = [
        torch.optim.SparseAdam([e.weight for e in (around, centre, bias)], lr=2e-3),
        torch.optim.Adam([p for layer in layers for p in layer.parameters()], lr=1e-3),
    ]

    def speed(step: int) -> float:
        return min(1.0, (step + 1) / 100) * max(0.03, 1 - step / steps)

    schedules = [torch.optim.lr_scheduler.LambdaLR(o, speed) for o in optimizers]

    def network() -> Network:
        def array(parameter: torch.Tensor) -> NDArray[np.float32]:
            return np.array(parameter.detach().numpy(), np.float32)

        around_rows, around_scale = _quantized(array(around.weight))
        centre_rows, centre_scale = _quantized(array(centre.weight))
        return Network(
            hashes=hashes,
            around=around_rows,
            around_scale=around_scale,
            centre=centre_rows,
            centre_scale=centre_scale,
            bias=array(bias.weight)[:, 0],
            hidden=array(hidden.weight.T),
            hidden_bias=array(hidden.bias),
            of_centre=array(of_centre.weight.T),
            of_language=array(of_language.weight.T),
            second=array(second.weight.T),
            second_bias=array(second.bias),
            bilinear=array(bilinear.weight.T),
            out=array(out.weight[0]),
            linear=array(linear.weight[0]),
            constant=array(out.bias),
        )

    random = np.random.default_rng(1)
    losses: list[float] = []
    for number in range(1, steps + 1):
        x = lessons(random)
        text = around(torch.tensor(row[np.r_[x.ids, np.int32(START)]]))
        total = torch.cat([torch.zeros(1, DIMENSIONS), torch.cumsum(text[:-1], 0)])
        low, high, place = (torch.tensor(a) for a in (x.low, x.high, x.place))
        mean = (total[high] - total[low] - text[place]) / torch.clamp(high - low - 1, min=1)[:, None]
        context = torch.cat([text[torch.tensor(x.around)].flatten(1), mean], 1)
        own, language = torch.tensor(row[x.word]), torch.tensor(x.language)
        mine = centre(own)
        units = torch.relu(second(torch.relu(hidden(context) + of_centre(mine) + of_language(language))))
        score = (out(units) + linear(language) + bias(own)).squeeze(1) + (bilinear(context) * mine).sum(1)
        told = nn.functional.binary_cross_entropy_with_logits(score, torch.tensor(x.label))
        for optimizer in optimizers:
            optimizer.zero_grad()
        told.backward()  # type: ignore[no-untyped-call, unused-ignore]
        for optimizer in optimizers:
            optimizer.step()
        for schedule in schedules:
            schedule.step()
        losses.append(float(told.detach()))
        if number % 100 == 0 or number == steps:
            yield float(np.mean(losses[-100:])), network()


def _quantized(vectors: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    scale = np.maximum(np.abs(vectors).max(axis=1), 1e-6) / 127
    return np.rint(vectors / scale[:, None]).astype(np.int8), scale.astype(np.float32)


def read_swaps(path: Path) -> list[Rows]:
    """The tables of a TSV file with the columns spinner, original, spun and probability."""
    tables: defaultdict[str, Rows] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            tables[line["spinner"]].append((line["original"], line["spun"], float(line["probability"])))
    return list(tables.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, help="folder of *.jsonl.zst files with a document {text} a line")
    parser.add_argument("--cache", type=Path, required=True, help="folder that keeps the tokenised corpora")
    parser.add_argument("--varied", type=Path, required=True, help="folder of the same form: text of other times")
    parser.add_argument("--swaps", type=Path, help="TSV of spinner, original, spun, probability")
    parser.add_argument("--lessons", type=int, default=4600, help=f"of {PIECES} x {PIECE:,} words (default: 4600)")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    modern = tokenized(options.corpus, options.cache / "modern")
    corpus = merge([modern, tokenized(options.varied, options.cache / "varied")])
    models = shipped()
    tables = read_swaps(options.swaps) if options.swaps else []
    lessons = Lessons(corpus, len(modern.stream), models.model, Thesaurus.open(), models.channel, tables)
    frequency = np.bincount(corpus.stream, minlength=len(corpus.types)).astype(float)
    counts = np.bincount(lessons.ids, weights=frequency, minlength=len(SPECIAL) + len(models.model.hashes))
    for number, (loss, network) in enumerate(train(lessons, counts, options.lessons), 1):
        print(f"{min(100 * number, options.lessons)} lessons: loss {loss:.4f}", flush=True)
        network.save(options.output)


if __name__ == "__main__":
    main()
