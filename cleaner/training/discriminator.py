"""Train the replaced-token discriminator on clean text in which words are replaced by synonyms.

    python -m cleaner.training.discriminator ../shared/corpus --cache DIR -o cleaner/models/en.discriminator

Each chunk of the corpus gets a spinner of its own: a share of the words that it swaps, and how evenly it chooses among
the synonyms that the thesaurus has for a word (or, for a fifth of them, the news dialects); a quarter of them swap
twice over, as careless dictionaries do.  Examples are the honest words (0) and the substitutes drawn for them (1),
each among neighbours that the spinner has swapped.  Adam, binary cross-entropy (PyTorch).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleaner.cleaner import shipped
from cleaner.discriminator import OFFSETS, Network, language_features, rows
from cleaner.language_model import SPECIAL, START, LanguageModel
from cleaner.lexicon import Channel
from cleaner.segment import word_hash
from cleaner.thesaurus import NO_WORD, Thesaurus
from cleaner.training.corpus import Corpus, tokenized
from cleaner.unseen import CLOSED_CLASS

WORDS = 40_000
DIMENSIONS = 64
UNITS = 192
CHUNK = 30_000  # words
BATCH = 4096
RATES = (0.02, 0.05, 0.12, 0.3, 0.6, 1.0)

Types = NDArray[np.int64]


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
    """Makes examples of chunks of a corpus."""

    def __init__(self, corpus: Corpus, model: LanguageModel, thesaurus: Thesaurus, channel: Channel) -> None:
        self.stream, self.model = corpus.stream, model
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
        spun = np.repeat(types(thesaurus.spun_key), thesaurus.first[1:] - thesaurus.first[:-1])
        cost = -thesaurus.log_swap(np.arange(len(spun))).astype(float)
        pairs = original[thesaurus.original], spun
        self.tables = [_swaps(*pairs, evenness * cost, n) for evenness in (1.0, 0.5, 0.25)]
        single = (channel.words[:, 0] >= 0) & (channel.words[:, 1] < 0)
        original = np.where(single, types(channel.word_key)[channel.words[:, 0]], -1)
        cost = -np.logaddexp.reduce(channel.log_swap, axis=1).astype(float)
        self.tables.append(_swaps(original[channel.original], types(channel.spun_key), cost, n))
        closed = frozenset(CLOSED_CLASS.split())
        self.usable = np.array([t not in closed for t in corpus.types])
        self.substitute = np.zeros(n, bool)
        for table in self.tables:
            self.substitute[table.spun] = True

    def __call__(self, random: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
        """One chunk's examples: ids of the neighbours (n, 8) and of the word, the language model's features, labels."""
        low = int(random.integers(0, len(self.stream) - CHUNK))
        honest = self.stream[low : low + CHUNK].astype(np.int64)
        number = int(random.choice(len(self.tables), p=[0.3, 0.3, 0.2, 0.2]))
        table, news = self.tables[number], len(self.tables) - 1
        spun = table.draw(honest, random)
        if number != news and random.random() < 0.25:
            again = table.draw(np.maximum(spun, 0), random)
            spun = np.where(again >= 0, again, spun)
        swappable = (spun >= 0) & (spun != honest) & self.usable[honest]
        read = np.where(swappable & (random.random(CHUNK) < random.choice(RATES)), spun, honest)

        place = np.arange(4, CHUNK - 4)
        place = place[((swappable | self.substitute[honest]) & self.usable[honest] & (honest != 0))[place]]
        twins = place[swappable[place]]
        where = np.r_[place, twins]
        word = self.ids[np.r_[honest[place], spun[twins]]]
        around = self.ids[read[where[:, None] + OFFSETS]]
        outside = read[where[:, None] + OFFSETS] == 0
        outside[:, :4] = np.maximum.accumulate(outside[:, 3::-1], axis=1)[:, ::-1]
        outside[:, 4:] = np.maximum.accumulate(outside[:, 4:], axis=1)
        around[outside] = START
        language = language_features(around[:, 2], around[:, 3], word, around[:, 4], around[:, 5], self.model)
        return around, word, language, (np.arange(len(where)) >= len(place)).astype(np.float32)


def _swaps(original: Types, spun: Types, cost: NDArray[np.float64], n: int) -> Swaps:
    known = (original >= 0) & (spun >= 0)
    original, spun, cost = original[known], spun[known], cost[known]
    order = np.argsort(original, kind="stable")
    first = np.searchsorted(original[order], np.arange(n + 1))
    return Swaps(first, spun[order], np.r_[0.0, np.cumsum(np.exp(-cost[order]))])


def train(lessons: Lessons, counts: NDArray[Any], chunks: int) -> Iterator[tuple[float, Network]]:
    """Learn from so many chunks; yields the mean loss of each fifty and the network so far."""
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
    hidden, bilinear = nn.Linear(8 * DIMENSIONS, UNITS), nn.Linear(8 * DIMENSIONS, DIMENSIONS, bias=False)
    of_centre, of_language = nn.Linear(DIMENSIONS, UNITS, bias=False), nn.Linear(4, UNITS, bias=False)
    out, linear = nn.Linear(UNITS, 1), nn.Linear(4, 1, bias=False)
    nn.init.zeros_(bilinear.weight)
    dense = [p for layer in (hidden, bilinear, of_centre, of_language, out, linear) for p in layer.parameters()]
    optimizers = [
        torch.optim.SparseAdam([around.weight, centre.weight, bias.weight], lr=2e-3),
        torch.optim.Adam(dense, lr=1e-3),
    ]
    steps = [torch.optim.lr_scheduler.LambdaLR(o, lambda k: max(0.05, 1 - k / chunks)) for o in optimizers]

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
            bilinear=array(bilinear.weight.T),
            out=array(out.weight[0]),
            linear=array(linear.weight[0]),
            constant=array(out.bias),
        )

    random = np.random.default_rng(1)
    losses: list[float] = []
    for number in range(1, chunks + 1):
        neighbours, word, language, label = lessons(random)
        shuffled = random.permutation(len(label))
        for some in np.array_split(shuffled, max(1, len(shuffled) // BATCH)):
            vectors = around(torch.tensor(row[neighbours[some]])).flatten(1)
            own = torch.tensor(row[word[some]])
            mine, given = centre(own), torch.tensor(language[some])
            units = torch.relu(hidden(vectors) + of_centre(mine) + of_language(given))
            score = (out(units) + linear(given) + bias(own)).squeeze(1) + (bilinear(vectors) * mine).sum(1)
            loss = nn.functional.binary_cross_entropy_with_logits(score, torch.tensor(label[some]))
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
            for optimizer in optimizers:
                optimizer.step()
            losses.append(float(loss.detach()))
        for step in steps:
            step.step()
        if number % 50 == 0 or number == chunks:
            yield float(np.mean(losses[-500:])), network()


def _quantized(vectors: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    scale = np.maximum(np.abs(vectors).max(axis=1), 1e-6) / 127
    return np.rint(vectors / scale[:, None]).astype(np.int8), scale.astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, help="folder of *.jsonl.zst files with a document {text} a line")
    parser.add_argument("--cache", type=Path, required=True, help="folder that keeps the tokenised corpus")
    parser.add_argument("--chunks", type=int, default=600, help=f"of {CHUNK:,} words (default: 600)")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    corpus = tokenized(options.corpus, options.cache)
    models = shipped()
    lessons = Lessons(corpus, models.model, Thesaurus.open(), models.channel)
    frequency = np.bincount(corpus.stream, minlength=len(corpus.types)).astype(float)
    counts = np.bincount(lessons.ids, weights=frequency, minlength=len(SPECIAL) + len(models.model.hashes))
    for number, (loss, network) in enumerate(train(lessons, counts, options.chunks), 1):
        print(f"{min(50 * number, options.chunks)} chunks: loss {loss:.4f}", flush=True)
        network.save(options.output)


if __name__ == "__main__":
    main()
