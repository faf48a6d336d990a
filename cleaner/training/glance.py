"""Train the glance: a network that sees each word among its neighbours, and says whether it is a substitute.

    python -m cleaner.training.glance ../shared/corpus --cache DIR -o cleaner/models/en.glance

Lessons are made as for the discriminator (`cleaner.training.discriminator`): each chunk of the corpus gets a spinner of
its own, and examples are the honest words (0) and the substitutes drawn for them (1), each among neighbours of which
that spinner has swapped some.  The second output learns from expressions of the inventory that stand in honest text,
whose words are replaced by synonyms.  Adam, binary cross-entropy (PyTorch).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import process_time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleaner.cleaner import shipped
from cleaner.expressions import Inventory
from cleaner.glance import MARK, NUMBER, OUTSIDE, RARE, REACH, SPECIAL, STOP, Network, common, phrase_hashes
from cleaner.lexicon import normalized, read_entries
from cleaner.resources import path
from cleaner.screen import Hashes, pair_hashes, slots, words
from cleaner.thesaurus import Thesaurus
from cleaner.training.corpus import Corpus, merge, tokenized
from cleaner.training.discriminator import CHUNK, Lessons, Types

WORDS, SLOTS = 48_000, 1 << 18  # rows of words, and slots that lead to them
PAIRS, TRIPLES = 1 << 21, 1 << 24  # slots of pairs, bits of triples
DIMENSIONS = 32
OWN = 32
UNITS = 96
BATCH = 16384
RATES = (0.02, 0.05, 0.12, 0.3, 0.3, 0.6, 1.0)
SMOOTHING = 2.0  # counts
STEP = 1 / 16  # nats: the unit of the weights of pairs
COMMON = 3  # times that a triple must have been read
TOGETHER = 6  # chunks that are shuffled together
VARIED = 0.2  # share of the chunks that come from the second corpus, if there is one
ONE_WORD = 0.3  # share of the garbled expressions in which one word stays

Offsets = np.arange(-REACH, REACH + 1)


class Examples(NamedTuple):
    """Rows of the words around each place (n, 2 REACH + 1), what is known of pairs and triples (n, 5), and labels."""

    rows: NDArray[np.int64]
    known: NDArray[np.float32]
    label: NDArray[np.float32]


class Spinners:
    """Makes lessons of a corpus: every other chunk is for counting, the others for training."""

    def __init__(self, lessons: Lessons, corpus: Corpus, expressions: Sequence[str], main: int) -> None:
        """`main` tokens of the corpus come first; the rest is varied text, of which more is taken than its share."""
        self.stream, self.main = lessons.stream, main
        self.tables = lessons.tables
        self.hashes = _hashes(corpus.types)
        known = self.hashes != 0
        self.usable = lessons.usable & known
        self.substitute = lessons.substitute & known
        number = dict(zip(corpus.types, range(len(corpus.types)), strict=True))
        cut = [[number.get(w, -1) for w in normalized(e).split()] for e in expressions]
        self.expressions = [
            np.sort(np.array([_key(c) for c in cut if len(c) == size and min(c) >= 0], np.int64)) for size in (2, 3)
        ]
        self.pairs = np.zeros(PAIRS, np.int8)
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
        varied = self.main < len(self.stream) and random.random() < VARIED
        if varied:
            low = int(random.integers(self.main, len(self.stream) - CHUNK))
        else:
            low = CHUNK * (2 * int(random.integers(0, self.main // CHUNK // 2)) + 1)
            low = min(low, self.main - CHUNK)
        return self.stream[low : low + CHUNK].astype(np.int64)

    def _spun(self, honest: Types, random: np.random.Generator) -> tuple[Types, NDArray[np.bool_]]:
        """What one spinner makes of each word, and where that is another one."""
        number = int(random.choice(len(self.tables), p=[0.3, 0.3, 0.2, 0.2]))
        table, news = self.tables[number], len(self.tables) - 1
        spun = table.draw(honest, random)
        if number != news and random.random() < 0.25:
            again = table.draw(np.maximum(spun, 0), random)
            spun = np.where(again >= 0, again, spun)
        return spun, (spun >= 0) & (spun != honest) & self.usable[honest] & (self.hashes[np.maximum(spun, 0)] != 0)

    def count_phrases(self, random: np.random.Generator) -> None:
        """Weigh pairs of neighbours, log P(pair | one of them is a substitute) - log P(pair | honest), and note the
        triples that are common."""
        honest_count, spun_count, seen = np.zeros(PAIRS), np.zeros(PAIRS), []
        for low in range(0, self.main - CHUNK, 2 * CHUNK):
            honest = self.stream[low : low + CHUNK].astype(np.int64)
            spun, swappable = self._spun(honest, random)
            swapped = swappable & (random.random(len(honest)) < 0.5)
            read = np.where(swapped, spun, honest)
            pair, triple = self._phrases(honest)
            seen.append(triple[triple != 0])
            honest_count += np.bincount(slots(pair[pair != 0], PAIRS), minlength=PAIRS)
            pair, _ = self._phrases(read)
            touched = swapped.copy()
            touched[1:] |= swapped[:-1]
            spun_count += np.bincount(slots(pair[(pair != 0) & touched], PAIRS), minlength=PAIRS)
        ratio = np.log((spun_count + SMOOTHING) / (honest_count + SMOOTHING))
        ratio -= np.log(spun_count.sum() / honest_count.sum())
        self.pairs = np.clip(np.rint(ratio / STEP), -127, 127).astype(np.int8)
        found = np.sort(np.concatenate(seen))
        common = found[COMMON - 1 :][found[COMMON - 1 :] == found[: 1 - COMMON]]
        bits = np.zeros(TRIPLES, np.bool_)
        bits[slots(common, TRIPLES)] = True
        self.triples = np.packbits(bits, bitorder="little")

    def _phrases(self, types: Types) -> tuple[Hashes, Hashes]:
        """The hashes of each word and the one before (of a row, if there are several), and of the two before; 0 where
        these are no words."""
        h = self.hashes[types]
        joined = np.zeros(h.shape, np.bool_)
        joined[..., 1:] = (h[..., 1:] != 0) & (h[..., :-1] != 0)
        pair, triple = phrase_hashes(h.ravel(), joined.ravel())
        return pair.reshape(h.shape) * joined, triple.reshape(h.shape)

    def substitutes(self, random: np.random.Generator) -> Examples:
        """A chunk's examples for the first output."""
        honest = self._chunk(random)
        spun, swappable = self._spun(honest, random)
        read = np.where(swappable & (random.random(CHUNK) < random.choice(RATES)), spun, honest)
        place = np.arange(REACH + 1, CHUNK - REACH - 1)
        place = place[((swappable | self.substitute[honest]) & self.usable[honest])[place]]
        twins = place[swappable[place]]
        word = np.r_[honest[place], spun[twins]]
        return self._examples(read, np.r_[place, twins], word, np.arange(len(word)) >= len(place))

    def garbled(self, random: np.random.Generator) -> Examples:
        """A chunk's examples for the second output."""
        honest = self._chunk(random)
        spun = self.tables[int(random.integers(0, 3))].draw(honest, random)
        swappable = (spun >= 0) & (spun != honest) & self.usable[honest] & (self.hashes[np.maximum(spun, 0)] != 0)
        swapped = np.zeros(CHUNK, np.bool_)
        for size, known in zip((2, 3), self.expressions, strict=True):
            keys = honest[: CHUNK - size + 1].copy()
            for k in range(1, size):
                keys = keys * _FACTOR + honest[k : CHUNK - size + 1 + k]
            at = np.flatnonzero(np.isin(keys, known))
            kept = np.where(random.random(len(at)) < ONE_WORD, random.integers(0, size, len(at)), -1)
            for k in range(size):
                swapped[at[kept != k] + k] = True
        swapped &= swappable
        read = np.where(swapped, spun, honest)
        place = np.arange(REACH + 1, CHUNK - REACH - 1)
        place = place[(self.substitute[read] & self.usable[read])[place]]
        return self._examples(read, place, read[place], swapped[place])

    def _examples(self, read: Types, where: Types, word: Types, label: NDArray[np.bool_]) -> Examples:
        around = read[where[:, None] + Offsets]
        around[:, REACH] = word
        outside = around == 0
        outside[:, :REACH] = np.maximum.accumulate(outside[:, REACH - 1 :: -1], axis=1)[:, ::-1]
        outside[:, REACH + 1 :] = np.maximum.accumulate(outside[:, REACH + 1 :], axis=1)
        pair, triple = self._phrases(around[:, REACH - 2 : REACH + 3])
        weight = np.where(pair != 0, self.pairs[slots(pair, PAIRS)], 0)[:, 2:4]
        seen = (triple != 0) & common(triple, self.triples)
        known = np.concatenate([weight * np.float32(STEP / 2), seen[:, 2:]], axis=1).astype(np.float32)
        return Examples(np.where(outside, WORDS + OUTSIDE, self.row[around]), known, label.astype(np.float32))

    def candidates(self) -> NDArray[np.bool_]:
        """The rows of which most words, as often as they stand in the corpus, may be substitutes."""
        balance = np.bincount(
            self.row, np.where(self.substitute & self.usable, self.count + 1, -self.count - 1), WORDS + SPECIAL
        )
        return np.asarray((balance > 0) & (np.arange(WORDS + SPECIAL) < WORDS))


_FACTOR = 1_000_003


def _key(types: Sequence[int]) -> int:
    key = types[0]
    for t in types[1:]:
        key = (key * _FACTOR + t) % 2**63
    return key


def _hashes(types: Sequence[str]) -> Hashes:
    """The screen's hash of each type; 0 for what is not one word to the screen, and for numbers."""
    found = words(["".join(f"{t}\n" for t in types)])
    lines = np.cumsum([0, *(len(t) + 1 for t in types)])
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


def listed() -> Hashes:
    """The hashes of pairs of words that people have listed as garbled terms."""
    entries = read_entries(path("en", "dialects", "science.tsv"))
    return np.array(sorted({key for e in entries for key in _pairs(e.spun)}), np.uint64)


def _pairs(phrase: str) -> list[int]:
    """The hash of the pair of words that a phrase is, if it is one."""
    found = words([phrase])
    return [int(h) for h in pair_hashes(found.hashes, found.joined)[found.joined]] if len(found.start) == 2 else []


def train(spinners: Spinners, minutes: float) -> Iterator[tuple[str, Network]]:
    """Learn for so many minutes of CPU; yields the mean losses of each minute and the network so far."""
    import torch
    from torch import nn

    torch.manual_seed(1)
    torch.set_num_threads(1)

    def table(width: int, deviation: float) -> nn.Embedding:
        return nn.Embedding(WORDS + SPECIAL, width, _weight=torch.randn(WORDS + SPECIAL, width) * deviation)

    around, own, bias = table(DIMENSIONS, 0.1), table(OWN, 0.1), table(2, 0.0)
    hidden = nn.Linear((2 * REACH + 1) * DIMENSIONS + 5, UNITS)
    fit, out = nn.Linear(UNITS, OWN), nn.Linear(UNITS, 2)
    modules = nn.ModuleList([around, own, bias, hidden, fit, out])
    optimizer = torch.optim.Adam(modules.parameters(), lr=2e-3)

    def network() -> Network:
        def array(parameter: torch.Tensor) -> NDArray[np.float32]:
            return np.array(parameter.detach().numpy(), np.float32)

        around_rows, around_scale = _quantized(array(around.weight))
        own_rows, own_scale = _quantized(array(own.weight))
        return Network(
            row=spinners.slot_row,
            around=around_rows,
            around_scale=around_scale,
            own=own_rows,
            own_scale=own_scale,
            bias=array(bias.weight),
            candidate=spinners.candidates(),
            hidden=array(hidden.weight.T),
            hidden_bias=array(hidden.bias),
            out=np.ascontiguousarray(np.c_[array(fit.weight.T), array(out.weight.T)]),
            out_bias=np.r_[array(fit.bias), array(out.bias)],
            pairs=spinners.pairs,
            triples=spinners.triples,
            listed=listed(),
        )

    random = np.random.default_rng(1)
    began, minute, losses = process_time(), 1.0, []
    while (used := (process_time() - began) / 60) < minutes:
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * max(0.03, 1 - used / minutes)
        lessons = [spinners.substitutes(random) for _ in range(TOGETHER)], [spinners.garbled(random) for _ in range(2)]
        first, second = (Examples(*map(np.concatenate, zip(*made, strict=True))) for made in lessons)
        pieces = max(1, len(first.label) // BATCH)
        orders = [np.array_split(random.permutation(len(e.label)), pieces) for e in (first, second)]
        for some in zip(*orders, strict=True):
            losses.append([])
            loss = torch.zeros(())
            for head, (examples, chosen) in enumerate(zip((first, second), some, strict=True)):
                rows, known, label = (torch.from_numpy(column[chosen]) for column in examples)
                units = torch.relu(hidden(torch.cat([around(rows).flatten(1), known], 1)))
                here = rows[:, REACH]
                score = units @ out.weight[head] + out.bias[head] + bias(here)[:, head]
                if head == 0:
                    score = score + (own(here) * fit(units)).sum(1)
                own_loss = nn.functional.binary_cross_entropy_with_logits(score, label)
                losses[-1].append(float(own_loss.detach()))
                loss = loss + own_loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if used >= minute:
            minute += 1
            yield f"{used:.1f} min: losses {np.mean(losses[-200:], axis=0).round(4)}", network()
    yield f"losses {np.mean(losses[-200:], axis=0).round(4)}", network()


def _quantized(vectors: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    scale = np.maximum(np.abs(vectors).max(axis=1), 1e-6) / 127
    return np.rint(vectors / scale[:, None]).astype(np.int8), scale.astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, help="folder of *.jsonl.zst files with a document {text} a line")
    parser.add_argument("--cache", type=Path, required=True, help="folder that keeps the tokenised corpus")
    parser.add_argument("--varied", type=Path, help="cache of a second corpus, of other genres")
    parser.add_argument("--minutes", type=float, default=25, help="of CPU (default: 25)")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    corpus = tokenized(options.corpus, options.cache)
    main_tokens = len(corpus.stream)
    if options.varied:
        corpus = merge([corpus, Corpus.load(options.varied)])
    models = shipped()
    lessons = Lessons(corpus, models.model, Thesaurus.open(), models.channel)
    spinners = Spinners(lessons, corpus, Inventory.open().texts, main_tokens)
    spinners.count_phrases(np.random.default_rng(7))
    for said, network in train(spinners, options.minutes):
        print(said, flush=True)
        network.save(options.output)


if __name__ == "__main__":
    main()
