"""Train the glance: a network that sees each word among its neighbours, and says whether it is a substitute.

    python -m cleaner.training.glance ../shared/corpus --cache DIR --varied FOLDER -o cleaner/models/en.glance

Lessons are made as for the discriminator (`cleaner.training.lessons`): each chunk of the corpus gets a spinner of
its own, and examples are the honest words (0) and the substitutes drawn for them (1), each among neighbours of which
that spinner has swapped some.  Adam, binary cross-entropy (PyTorch).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import process_time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleaner.arrays import quantized
from cleaner.glance import (
    BESIDE,
    KNOWN,
    MARK,
    NUMBER,
    OUTSIDE,
    PAIR_STEP,
    RARE,
    REACH,
    SPECIAL,
    STOP,
    Network,
    common,
    pair_table,
    pair_weights,
    phrase_hashes,
    told,
)  # fmt: skip
from cleaner.screen import Hashes, offsets, slots, words
from cleaner.training.corpus import Corpus
from cleaner.training.lessons import VARIED, Lessons, Types, material

WORDS, SLOTS = 48_000, 1 << 18  # rows of words, and slots that lead to them
PAIRS, TRIPLES = 1 << 21, 1 << 24  # slots of pairs, bits of triples
DIMENSIONS = 16
OWN = 24
UNITS = 48
BATCH = 16384
RATE = 4e-3  # of learning
RATES = (0.02, 0.05, 0.12, 0.3, 0.3, 0.6, 1.0)
SMOOTHING = 2.0  # counts
COMMON = 3  # times that a pair or a triple must have been read
TOGETHER = 6  # chunks that are shuffled together
CHUNK = 30_000  # words of one spinner

Offsets = np.arange(-REACH, REACH + 1)


class Examples(NamedTuple):
    """Rows of the words around each place (n, 2 REACH + 1), what is known of pairs and triples (n, BESIDE * KNOWN), and
    labels."""

    rows: NDArray[np.int64]
    known: NDArray[np.float32]
    label: NDArray[np.float32]


class Spinners:
    """Makes lessons of a corpus: every other chunk is for counting, the others for training."""

    def __init__(self, lessons: Lessons, corpus: Corpus) -> None:
        self.stream, self.main = lessons.stream, lessons.varied
        self.tables = lessons.tables
        self.hashes = _hashes(corpus.types)
        known = self.hashes != 0
        self.usable = lessons.usable & known
        self.substitute = lessons.substitute & known
        self.pairs = np.zeros(PAIRS, np.uint16)
        self.triples = np.zeros(TRIPLES // 8, np.uint8)
        self.count = np.bincount(self.stream, minlength=len(corpus.types)).astype(float)
        self.slot_row, self.row = self._placed(corpus.types)

    def _placed(self, types: Sequence[str]) -> tuple[NDArray[np.uint16], Types]:
        """The row of each slot, and of each type: the most frequent words, as they are written and spun, have one."""
        weight = self.count * (self.hashes != 0)
        written = self.tables[1]
        owner = np.repeat(np.arange(len(types)), np.diff(written.first))
        share = np.diff(written.drawn) / np.maximum(
            (written.drawn[written.first[1:]] - written.drawn[written.first[:-1]])[owner], 1e-9
        )
        np.add.at(weight, written.spun, self.count[owner] * share)
        best = np.argsort(-weight, kind="stable")[:WORDS]
        slot_row = np.full(SLOTS, WORDS + RARE, np.uint16)
        slot_row[slots(self.hashes[best[::-1]], SLOTS)] = np.arange(WORDS)[::-1]
        row = _marks(types)
        word = self.hashes != 0
        row[word] = slot_row[slots(self.hashes[word], SLOTS)]
        return slot_row, row

    def _chunk(self, random: np.random.Generator) -> Types:
        if random.random() < VARIED:
            low = int(random.integers(self.main, len(self.stream) - CHUNK))
        else:
            low = CHUNK * (2 * int(random.integers(0, self.main // CHUNK // 2)) + 1)
            low = min(low, self.main - CHUNK)
        return self.stream[low : low + CHUNK].astype(np.int64)

    def _spun(self, honest: Types, random: np.random.Generator, number: int) -> tuple[Types, NDArray[np.bool_]]:
        """What a spinner with table `number` makes of each word, and where that is another one."""
        table, news = self.tables[number], len(self.tables) - 1
        spun = table.draw(honest, random)
        if number != news and random.random() < 0.25:
            again = table.draw(np.maximum(spun, 0), random)
            spun = np.where(again >= 0, again, spun)
        return spun, (spun >= 0) & (spun != honest) & self.usable[honest] & (self.hashes[np.maximum(spun, 0)] != 0)

    def count_phrases(self, random: np.random.Generator) -> None:
        """Weigh pairs of neighbours, log P(pair | one of them is a substitute) - log P(pair | honest), and note the
        triples that are common."""
        honest_pairs, spun_pairs, triples = [], [], []
        for low in range(0, self.main - CHUNK, 2 * CHUNK):
            honest = self.stream[low : low + CHUNK].astype(np.int64)
            spun, swappable = self._spun(honest, random, int(random.integers(0, len(self.tables))))
            swapped = swappable & (random.random(len(honest)) < 0.5)
            pair, triple = self._phrases(honest)
            honest_pairs.append(pair[pair != 0])
            triples.append(triple[triple != 0])
            pair, _ = self._phrases(np.where(swapped, spun, honest))
            touched = swapped.copy()
            touched[1:] |= swapped[:-1]
            spun_pairs.append(pair[(pair != 0) & touched])
        found = [np.sort(np.concatenate(pairs)) for pairs in (honest_pairs, spun_pairs)]
        keys = np.union1d(*(pairs[COMMON - 1 :][pairs[COMMON - 1 :] == pairs[: 1 - COMMON]] for pairs in found))
        count = [np.searchsorted(p, keys, "right") - np.searchsorted(p, keys) for p in found]
        ratio = np.log((count[1] + SMOOTHING) / (count[0] + SMOOTHING)) - np.log(len(found[1]) / len(found[0]))
        self.pairs = pair_table(keys, np.rint(ratio / PAIR_STEP), count[0] + count[1], PAIRS)
        three = np.sort(np.concatenate(triples))
        bits = np.zeros(TRIPLES, np.bool_)
        bits[slots(three[COMMON - 1 :][three[COMMON - 1 :] == three[: 1 - COMMON]], TRIPLES)] = True
        self.triples = np.packbits(bits, bitorder="little")

    def take_counts(self, network: Network) -> None:
        """Weigh pairs and triples as `network` does, which was trained on the same corpus."""
        self.pairs, self.triples = network.pairs, network.triples

    def _phrases(self, types: Types) -> tuple[Hashes, Hashes]:
        """The hashes of each word and the one before (of a row, if there are several), and of the two before; 0 where
        these are no words."""
        h = self.hashes[types]
        joined = np.zeros(h.shape, np.bool_)
        joined[..., 1:] = (h[..., 1:] != 0) & (h[..., :-1] != 0)
        pair, triple = phrase_hashes(h.ravel(), joined.ravel())
        return pair.reshape(h.shape) * joined, triple.reshape(h.shape)

    def substitutes(self, random: np.random.Generator) -> Examples:
        """A chunk's examples."""
        number = int(random.choice(len(self.tables), p=[0.3, 0.3, 0.2, 0.2]))
        return self._lesson(random, number, float(random.choice(RATES)))

    def _lesson(self, random: np.random.Generator, number: int, rate: float) -> Examples:
        honest = self._chunk(random)
        spun, swappable = self._spun(honest, random, number)
        read = np.where(swappable & (random.random(CHUNK) < rate), spun, honest)
        place = np.arange(REACH + 1, CHUNK - REACH - 1)
        place = place[((swappable | self.substitute[honest]) & self.usable[honest])[place]]
        twins = place[swappable[place]]
        word = np.r_[honest[place], spun[twins]]
        return self._examples(read, np.r_[place, twins], word, np.arange(len(word)) >= len(place))

    def _examples(self, read: Types, where: Types, word: Types, label: NDArray[np.bool_]) -> Examples:
        around = read[where[:, None] + Offsets]
        around[:, REACH] = word
        outside = around == 0
        outside[:, :REACH] = np.maximum.accumulate(outside[:, REACH - 1 :: -1], axis=1)[:, ::-1]
        outside[:, REACH + 1 :] = np.maximum.accumulate(outside[:, REACH + 1 :], axis=1)
        pair, triple = self._phrases(around[:, REACH - 2 : REACH + 3])
        weight = np.where(pair != 0, pair_weights(pair, self.pairs), np.float32(0))
        known = np.stack(told(weight, (triple != 0) & common(triple, self.triples)), axis=-1)
        known = known[:, 2:].reshape(len(where), BESIDE * KNOWN).astype(np.float32)
        return Examples(np.where(outside, WORDS + OUTSIDE, self.row[around]), known, label.astype(np.float32))

    def candidates(self) -> NDArray[np.bool_]:
        """The rows of which most words, as often as they stand in the corpus, may be substitutes."""
        balance = np.bincount(
            self.row, np.where(self.substitute & self.usable, self.count + 1, -self.count - 1), WORDS + SPECIAL
        )
        return np.asarray((balance > 0) & (np.arange(WORDS + SPECIAL) < WORDS))


def _hashes(types: Sequence[str]) -> Hashes:
    """The screen's hash of each type; 0 for what is not one word to the screen, and for numbers."""
    found = words(["".join(f"{t}\n" for t in types)])
    lines = offsets(types)
    owner = np.searchsorted(lines, found.start, "right") - 1
    hashes = np.zeros(len(types), np.uint64)
    hashes[owner] = found.hashes
    single = np.bincount(owner, minlength=len(types)) == 1
    return np.where(single & np.array([not t[:1].isdigit() for t in types]), hashes, np.uint64(0))


def _marks(types: Sequence[str]) -> Types:
    """The row of each type that is no word."""
    row = np.full(len(types), WORDS + MARK)
    row[[t[:1] in tuple(".!?…") for t in types]] = WORDS + STOP
    row[[t[:1].isalnum() for t in types]] = WORDS + NUMBER
    row[0] = WORDS + OUTSIDE
    return row


def train(spinners: Spinners, minutes: float) -> Iterator[tuple[str, Network]]:
    """Learn for so many minutes of CPU; yields the mean loss of each minute and the network so far."""
    import torch
    from torch import nn

    torch.manual_seed(1)
    torch.set_num_threads(1)

    def table(width: int, deviation: float) -> nn.Embedding:
        return nn.Embedding(WORDS + SPECIAL, width, _weight=torch.randn(WORDS + SPECIAL, width) * deviation)

    around, own, bias = table(DIMENSIONS, 0.1), table(OWN, 0.1), table(1, 0.0)
    hidden = nn.Linear((2 * REACH + 1) * DIMENSIONS + BESIDE * KNOWN, UNITS)
    fit, out = nn.Linear(UNITS, OWN), nn.Linear(UNITS, 1)
    modules = nn.ModuleList([around, own, bias, hidden, fit, out])
    optimizer = torch.optim.Adam(modules.parameters(), lr=RATE)

    def network() -> Network:
        def array(parameter: torch.Tensor) -> NDArray[np.float32]:
            return np.array(parameter.detach().numpy(), np.float32)

        around_rows, around_scale = quantized(array(around.weight))
        own_rows, own_scale = quantized(array(own.weight))
        return Network(
            row=spinners.slot_row,
            around=around_rows,
            around_scale=around_scale,
            own=own_rows,
            own_scale=own_scale,
            bias=array(bias.weight)[:, 0],
            candidate=spinners.candidates(),
            hidden=array(hidden.weight.T),
            hidden_bias=array(hidden.bias),
            out=np.ascontiguousarray(np.c_[array(fit.weight.T), array(out.weight.T)]),
            out_bias=np.r_[array(fit.bias), array(out.bias)],
            pairs=spinners.pairs,
            triples=spinners.triples,
        )

    random = np.random.default_rng(1)
    began, minute, losses = process_time(), 1.0, []
    while (used := (process_time() - began) / 60) < minutes:
        for group in optimizer.param_groups:
            group["lr"] = RATE * max(0.03, 1 - used / minutes)
        lessons = [spinners.substitutes(random) for _ in range(TOGETHER)]
        examples = Examples(*map(np.concatenate, zip(*lessons, strict=True)))
        order = random.permutation(len(examples.label))
        for some in np.array_split(order, max(1, len(order) // BATCH)):
            rows, known, label = (torch.from_numpy(column[some]) for column in examples)
            units = torch.relu(hidden(torch.cat([around(rows).flatten(1), known], 1)))
            here = rows[:, REACH]
            score = (own(here) * fit(units)).sum(1) + out(units)[:, 0] + bias(here)[:, 0]
            loss = nn.functional.binary_cross_entropy_with_logits(score, label)
            losses.append(float(loss.detach()))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
            optimizer.step()
        if used >= minute:
            minute += 1
            yield f"{used:.1f} min: loss {np.mean(losses[-300:]):.4f}", network()
    yield f"loss {np.mean(losses[-300:]):.4f}", network()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    material(parser)
    parser.add_argument("--counts", type=Path, help="an earlier network, whose tables of words and phrases are kept")
    parser.add_argument("--minutes", type=float, default=15, help="of CPU (default: 15)")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    corpus, lessons = Lessons.of(options)
    spinners = Spinners(lessons, corpus)
    if options.counts:
        spinners.take_counts(Network.open(options.counts))
    else:
        spinners.count_phrases(np.random.default_rng(7))
    for said, network in train(spinners, options.minutes):
        print(said, flush=True)
        network.save(options.output)


if __name__ == "__main__":
    main()
