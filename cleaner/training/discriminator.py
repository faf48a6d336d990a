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
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleaner.arrays import quantized
from cleaner.discriminator import OFFSETS, WIDE, Network, between, rows
from cleaner.language_model import SPECIAL, START
from cleaner.training.lessons import Lessons, Types, material

WORDS = 40_000
DIMENSIONS = 64
UNITS, SECOND = 256, 64
PIECE = 2_500  # words
PIECES = 6  # of a lesson
RATES = (0.02, 0.05, 0.12, 0.3, 0.3, 0.6, 1.0)


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


def lesson(lessons: Lessons, random: np.random.Generator) -> Lesson:
    """The next lesson."""
    pieces = [_piece(lessons, random) for _ in range(PIECES)]
    shift = PIECE * np.arange(PIECES)
    ids = lessons.ids[np.concatenate([read for read, *_ in pieces])]
    place, begin, end = (
        np.concatenate([piece[k] + s for piece, s in zip(pieces, shift, strict=True)]) for k in (1, 2, 3)
    )
    standing, label = (np.concatenate([piece[k] for piece in pieces]) for k in (4, 5))
    at = place[:, None] + OFFSETS
    at = np.where((at >= begin[:, None]) & (at < end[:, None]), at, len(ids))
    beside = np.r_[ids, np.int32(START)][at]
    word = lessons.ids[standing]

    return Lesson(
        ids, place, at, np.maximum(begin, place - WIDE), np.minimum(end, place + WIDE + 1), word,
        between(beside, word, lessons.model), label,
    )  # fmt: skip


def _piece(lessons: Lessons, random: np.random.Generator) -> tuple[NDArray[Any], ...]:
    """A piece of text as its spinner left it, and its examples: places, begin and end of their paragraphs, the
    word that stands there, and whether that is a substitute."""
    honest, spun, read = lessons.stretch(random, PIECE, RATES)
    swappable = spun >= 0
    place = np.flatnonzero((swappable | lessons.substitute[honest]) & lessons.usable[honest] & (honest != 0))
    twins = place[swappable[place]]
    where = np.r_[place, twins]
    number_of = np.arange(PIECE)
    begin = np.maximum.accumulate(np.where(read == 0, number_of, -1)) + 1
    end = np.minimum.accumulate(np.where(read == 0, number_of, PIECE)[::-1])[::-1]
    standing = np.r_[honest[place], spun[twins]]
    label = (np.arange(len(where)) >= len(place)).astype(np.float32)
    return read, where, begin[where], end[where], standing, label


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

        around_rows, around_scale = quantized(array(around.weight))
        centre_rows, centre_scale = quantized(array(centre.weight))
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
        x = lesson(lessons, random)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    material(parser)
    parser.add_argument("--lessons", type=int, default=4600, help=f"of {PIECES} x {PIECE:,} words (default: 4600)")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    corpus, lessons = Lessons.of(options)
    frequency = np.bincount(corpus.stream, minlength=len(corpus.types)).astype(float)
    counts = np.bincount(lessons.ids, weights=frequency, minlength=len(SPECIAL) + len(lessons.model.hashes))
    for number, (loss, network) in enumerate(train(lessons, counts, options.lessons), 1):
        print(f"{min(100 * number, options.lessons)} lessons: loss {loss:.4f}", flush=True)
        network.save(options.output)


if __name__ == "__main__":
    main()
