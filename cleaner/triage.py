"""Step 1d: which texts are read closely, and which of those as the work of a known spinner.

Nearly all honest texts are cleared by the screen, which knows the words of known dialects, the glance, which sees words
that do not go with their neighbours, and the accent of translations: no lattice is built for them, and no synonym
looked up.

Of what is left, the paragraphs that the screen suspects are read alone, unless they are most of the text.  Only if they
look spun is the whole text read with the dialects, each paragraph in the light of all others; any other is read by a
detector that knows none, and what remains is to weigh it against spinners that no table knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleaner import accent, glance, screen
from cleaner.glance import Seen, histogram
from cleaner.screen import Words, disguised
from cleaner.technical import SCIENTIFIC, technical

if TYPE_CHECKING:
    from cleaner.detector import Detector

Floats = NDArray[np.float64]

# Log-odds that a text is the work of a spinner that no table knows, by the shares of its words that are so strange
# (from the least to the most, half a nat each), and a constant; fitted by `benchmarks.spinners.clearance`.
STRANGENESS = np.array(
    [
        *(-21.63, -19.33, -17.61, -16.82, -17.11, -18.3, -19.62, -19.42),
        *(-16.77, -10.84, -2.28, 8.3, 20.24, 33.99, 49.89, 67.32),
    ]
)
CONSTANT = 11.1
DOUBT = 30  # words: what fewer say is taken half at the most
_NOTHING = -9.0  # log-odds for a text without a word that could tell
# Log-odds from which a text is read closely: see docs/speed.md for the trade-off.
STRANGE = -1.0
FOREIGN = 2.6  # nats for a round trip through another language, which one honest text in a hundred reaches
# P(spun) by the glance alone: its log-odds are stretched so that honest texts have what the full model gives them, and
# bounded, for a verdict takes more.
_LEVEL, _SLOPE, _ACCENT, _MOST = -6.0, 0.7, 0.5, 0.2
_DOUBT = 0.5  # P(spun) by a close reading, from which the first look counts no more
# P(spun) of the suspected paragraphs from which the whole text is read; no finding comes of less than ten times this.
_SUSPICIOUS = 1e-3


class Sight(NamedTuple):
    """A first look at a text: whether it may hold work of a `known` spinner, be that of an `unseen` one or of a round
    trip through another language, or have garbled `terms`; and P(spun) as far as that look can tell."""

    known: bool
    unseen: bool
    terms: bool
    probability: float

    def together(self, p: float) -> float:
        """P(spun) in the light of `p` (0..1), what a close reading says: where that is in doubt of a text that looks
        strange, the two tell more together than each alone (mean log-odds)."""
        if p >= _DOUBT or not self.unseen:
            return max(p, self.probability)
        odds = p / (1 - p) * self.probability / (1 - self.probability)
        return round(sqrt(odds) / (1 + sqrt(odds)), 6)


UNSEEN = Sight(False, False, False, 0.0)  # of a text that nobody has looked at


class Reading(NamedTuple):
    """How a text is read closely: with a `detector`, and with an eye to spinners that no table knows (`unseen`) and to
    garbled expressions (`terms`), which are always looked for in spun text."""

    detector: Detector
    unseen: bool = True
    terms: bool = True


def sights(texts: Sequence[str], found: Words) -> list[Sight]:
    """A first look at some texts, whose words are `found`."""
    # Rounded, for the last digits of the glance depend on what else is in the batch.
    strange = np.round(strangeness(glance.shipped()(found), found, len(texts)), 3)
    known = screen.shipped().alarmed(found, len(texts))
    known |= np.array(list(map(disguised, texts)), np.bool_)
    foreign = accent.shipped()(found, len(texts))
    terms = technical(found, len(texts)) >= SCIENTIFIC
    log_odds = _LEVEL + np.maximum(_SLOPE * strange, _ACCENT * foreign)
    probability = np.round(np.minimum(1 / (1 + np.exp(-log_odds)), _MOST), 6)
    columns = known, (strange >= STRANGE) | (foreign >= FOREIGN), terms, probability
    return list(map(Sight, *(column.tolist() for column in columns)))


def readings(texts: Sequence[str], seen: Sequence[Sight], detector: Detector) -> list[Reading | None]:
    """How each of some texts is to be read; None for those that are cleared.

    `detector` has the shipped dialects; for most that go on one without any will do.
    """
    spun = _spun([text for text, sight in zip(texts, seen, strict=True) if sight.known], detector)
    found: list[Reading | None] = []
    for sight in seen:
        if sight.known and next(spun):
            found.append(Reading(detector))
        elif sight.unseen or sight.terms:
            found.append(Reading(without_dialects(detector), sight.unseen, sight.terms))
        else:
            found.append(None)
    return found


def strangeness(seen: Seen, found: Words, texts: int) -> Floats:
    """Log-odds that each of so many texts is the work of a spinner that no table knows, by what a glance has seen."""
    counts = histogram(seen, found, texts)
    words = counts.sum(axis=1)
    odds = (counts @ STRANGENESS + CONSTANT * words) / (words + DOUBT)
    return np.asarray(np.where(words > 0, odds, _NOTHING), float)


def _spun(texts: Sequence[str], detector: Detector) -> Iterator[bool]:
    """For each text whether what the screen suspects in it looks like the work of a known spinner."""
    from cleaner.analysis import analyse

    excerpts = ["\n".join(text[a:b] for a, b in own) for text, own in zip(texts, screen.suspects(texts), strict=True)]
    most = [2 * len(excerpt) > len(text) for text, excerpt in zip(texts, excerpts, strict=True)]
    rest = analyse([excerpt for excerpt, whole in zip(excerpts, most, strict=True) if not whole], detector)
    looks_spun = (analysis.spun_probability >= _SUSPICIOUS for analysis in rest)
    return (whole or next(looks_spun) for whole in most)


@lru_cache(maxsize=4)
def without_dialects(detector: Detector) -> Detector:
    """A detector that finds every text honest, at the price of reading its words."""
    c = detector.channel
    empty = np.empty(0, np.uint64)
    channel = replace(
        c,
        spun_key=empty,
        original=c.original[:0],
        log_swap=c.log_swap[:0],
        original_key=empty,
        text=(),
        words=c.words[:0],
        log_stay=c.log_stay[:0],
    )
    tuning = replace(detector.tuning, start=1e-12, enter=1e-12)
    return type(detector)(detector.model, channel, detector.context, detector.calibration, tuning)
