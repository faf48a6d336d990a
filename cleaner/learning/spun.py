"""From a spinner's output alone: what its swaps must have been, by expectation-maximisation.

The thesaurus says what a spinner might have written for a phrase, the language model what would have stood there.
Reading all texts with that channel gives the expected number of times that each phrase was swapped for each other one,
or left alone; shares of these counts make the channel sharper for the next round (Baum et al., 1970).  What one text
leaves open, hundreds settle: a word that a spinner likes stands far too often where others would fit better.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import numpy as np

from cleaner.analysis import parse
from cleaner.detector import Detector, Floats
from cleaner.islands import Batch, Candidates
from cleaner.lexicon import Channel, Entry, phrase_keys
from cleaner.reports.layout import number
from cleaner.thesaurus import Thesaurus
from cleaner.training.rows import usable

ROUNDS = 2  # a third one finds more swaps, but more wrong ones too
_CHARACTERS = 25_000  # of the texts that are read together, in some 600 MB
READINGS = 24  # of each phrase
_RATE = 0.1  # share of the known phrases that were swapped, before anything is known
_SWAPS = 5.0  # swaps' worth of belief in the thesaurus' shares
_CHOICES = 10.0  # occurrences' worth of belief in the spinner's rate
_LEAST = 0.02  # expected count that is worth keeping
_COUNTED = 1.0  # expected count from which a swap is a row

Swap = tuple[str, str]  # original, spun


@dataclass(slots=True)
class Counts:
    """Expected counts: of swaps, of the texts with them, and of originals left alone."""

    swaps: defaultdict[Swap, float] = field(default_factory=lambda: defaultdict(float))
    texts: defaultdict[Swap, float] = field(default_factory=lambda: defaultdict(float))
    stays: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def as_json(self) -> list[Any]:
        """The counts worth keeping, in order."""
        swaps = [[*swap, round(n, 3), round(self.texts[swap], 3)] for swap, n in self.swaps.items() if n >= _LEAST]
        return [sorted(swaps), sorted([o, round(n, 3)] for o, n in self.stays.items())]

    @classmethod
    def of(cls, parts: Iterable[Any]) -> Counts:
        """The sum of parts, each as `as_json` gave it."""
        total = cls()
        for swaps, stays in parts:
            for original, spun, count, texts in swaps:
                total.swaps[original, spun] += count
                total.texts[original, spun] += texts
            for original, count in stays:
                total.stays[original] += count
        return total

    def swapped(self) -> dict[str, float]:
        """How often each original was swapped for anything."""
        total: defaultdict[str, float] = defaultdict(float)
        for (original, _), count in self.swaps.items():
            total[original] += count
        return total

    @property
    def rate(self) -> float:
        """The share of known phrases that were swapped."""
        swapped, stays = sum(self.swaps.values()), sum(self.stays.values())
        return swapped / (swapped + stays) if swapped else _RATE

    def sharpened(self, channel: Channel, spelling: Mapping[int, str]) -> Channel:
        """A channel of one dialect of this `rate` with the shares counted here; `spelling` has the phrase of each key.

        P(spun | original, swapped) = (C(o, s) + k P) / (C(o) + k), and P(swapped | original) likewise.
        """
        total = self.swapped()
        swapped = np.array([total.get(text, 0.0) for text in channel.text])
        stays = np.array([self.stays.get(text, 0.0) for text in channel.text])
        rate = (swapped + _CHOICES * self.rate) / (swapped + stays + _CHOICES)
        rows = zip(channel.spun_key.tolist(), channel.original.tolist(), strict=True)
        own = np.array([self.swaps.get((channel.text[o], spelling[key]), 0.0) for key, o in rows])
        before = np.exp(channel.log_swap[:, 0]) / self.rate
        share = (own + _SWAPS * before) / (swapped[channel.original] + _SWAPS)
        return replace(
            channel,
            log_swap=np.log(share * rate[channel.original])[:, None].astype(np.float32),
            log_stay=np.log1p(-rate)[:, None].astype(np.float32),
        )


class SpunLearner:
    """Learns from spun texts, `ROUNDS` times a part of them at a time."""

    def __init__(self, texts: Sequence[str], detector: Detector, thesaurus: Thesaurus) -> None:
        """The channel of the `detector` is not used."""
        self._texts = texts
        self._detector = detector
        self._thesaurus = thesaurus
        self._parts = _parts(texts)

    @property
    def job(self) -> dict[str, Any]:
        content = sha256()
        for text in self._texts:
            content.update(f"{len(text)}:{text}".encode(errors="surrogatepass"))
        return {"learn": "spun", "texts": len(self._texts), "content": content.hexdigest()}

    @property
    def source(self) -> str:
        return number(len(self._texts), "text")

    @property
    def parts(self) -> int:
        return ROUNDS * len(self._parts)

    def part(self, done: Sequence[Any]) -> Any:
        size = len(self._parts)
        rounds = len(done) // size
        before = Counts.of(done[(rounds - 1) * size : rounds * size]) if rounds else Counts()
        return expected(self._parts[len(done) % size], self._detector, self._thesaurus, before).as_json()

    def lexicon(self, done: Sequence[Any]) -> list[Entry]:
        return lexicon(Counts.of(done[len(done) - len(self._parts) :]), len(self._texts))


def expected(texts: Sequence[str], detector: Detector, thesaurus: Thesaurus, before: Counts) -> Counts:
    """What the spinner of some texts must have done, given what was counted `before`."""
    counts = Counts()
    parsed = parse(texts, detector, shield_names=True)
    if parsed is None:
        return counts
    b = parsed.batch
    channel = thesaurus.channel(phrase_keys(b.hashes, b.joined), before.rate, READINGS)
    spelling = _spelling(b, channel)
    channel = before.sharpened(channel, spelling)
    reader = Detector(detector.model, channel, detector.context, detector.calibration, detector.tuning)
    c, islands = reader.candidates(b)
    even = np.zeros((len(b.document), 1))  # paragraphs, dialects
    first = reader.read(b, c, islands, even)
    adapted = reader.adapt(b, c, first, even, parsed.capital)
    posterior = reader.read(b, c, islands, even, reader.in_context(b, c, first, adapted)).posterior

    document = b.document[b.paragraph]
    likely = np.flatnonzero(posterior > 1e-3)
    columns = (document[c.start[likely]], channel.original[c.row[likely]], channel.spun_key[c.row[likely]])
    without: defaultdict[tuple[int, Swap], float] = defaultdict(lambda: 1.0)  # P(a text has no such swap)
    for d, o, key, p in zip(*(column.tolist() for column in columns), posterior[likely].tolist(), strict=True):
        swap = channel.text[o], spelling[key]
        counts.swaps[swap] += p
        without[d, swap] *= 1.0 - min(p, 1.0)
    for (_, swap), p in without.items():
        counts.texts[swap] += 1.0 - p
    for o, p in zip(c.original.tolist(), _untouched(c, posterior, len(b.ids)).tolist(), strict=True):
        counts.stays[channel.text[o]] += p
    return counts


def lexicon(counts: Counts, texts: int) -> list[Entry]:
    """The rows of a lexicon: the swaps that must have been made once or more, and their originals left alone."""
    rows = []
    for (original, spun), count in counts.swaps.items():
        if count >= _COUNTED and usable(original, spun):
            whole = max(1, round(count))
            documents = min(whole, max(1, round(counts.texts[original, spun])))
            rows.append(Entry(original, spun, whole, documents, "learned"))
    for original in {row.original for row in rows}:
        if alone := round(counts.stays[original]):
            rows.append(Entry(original, original, alone, min(alone, texts), "learned"))
    return rows


def _parts(texts: Sequence[str]) -> list[list[str]]:
    """The texts in order, as many together as have about `_CHARACTERS`."""
    parts: list[list[str]] = []
    room = 0
    for text in texts:
        if room <= 0:
            parts.append([])
            room = _CHARACTERS
        parts[-1].append(text)
        room -= len(text)
    return parts


def _spelling(b: Batch, channel: Channel) -> dict[int, str]:
    """The phrase of each spun key of the channel, as it stands in the batch."""
    norms = [norm for tokens in b.tokens for norm in tokens.norms]
    found = channel.swaps(phrase_keys(b.hashes, b.joined))
    key, at = np.unique(channel.spun_key[found.row], return_index=True)
    places = zip(key.tolist(), found.start[at].tolist(), found.size[at].tolist(), strict=True)
    return {k: " ".join(norms[start : start + size]).replace(" '", "'") for k, start, size in places}


def _untouched(c: Candidates, posterior: Floats, n_tokens: int) -> Floats:
    """P(left alone) of each original that stands in the text."""
    touched = np.zeros(n_tokens + 1)
    np.add.at(touched, c.start, posterior)
    np.add.at(touched, c.start + c.size, -posterior)
    untouched = np.clip(1.0 - np.cumsum(touched[:-1]), 0.0, 1.0)
    return np.asarray(np.minimum(untouched[c.stay_start], untouched[c.stay_start + c.stay_size - 1]))
