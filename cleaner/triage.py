"""Step 1d: which texts are cleared at first sight.

Nearly all honest texts are cleared by the screen, which knows the words of known dialects, the glance, which sees words
that do not go with their neighbours, and the accent of translations: no lattice is built for them, and no synonym
looked up.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleaner import accent, glance, screen
from cleaner.glance import Seen, histogram, strangest
from cleaner.screen import Words, disguised, offsets
from cleaner.segment import Span
from cleaner.technical import SCIENTIFIC, technical

Floats = NDArray[np.float64]

# Log-odds that a text is the work of a spinner that no table knows, by the shares of its words that are so strange
# (from the least to the most, half a nat each), and a constant; fitted by `benchmarks.spinners.clearance`.
STRANGENESS = np.array(
    [
        *(-22.18, -21.37, -20.98, -20.82, -21.14, -21.82, -22.03, -20.03),
        *(-15.41, -8.11, 0.99, 11.71, 23.56, 36.87, 52.05, 68.72),
    ]
)
CONSTANT = 11.74
DOUBT = 30  # words: what fewer say is taken half at the most
_NOTHING = -9.0  # log-odds for a text without a word that could tell
# Log-odds from which a text is read closely: see docs/speed.md for the trade-off.
STRANGE = -1.5
FOREIGN = 2.6  # nats for a round trip through another language, which one honest text in a hundred reaches
# P(spun) by the glance alone: its log-odds are stretched so that honest texts have what the full model gives them, and
# bounded, for a verdict takes more.
_LEVEL, _SLOPE, _ACCENT, _MOST = -6.0, 0.7, 0.5, 0.2
_DOUBT = 0.5  # P(spun) by a close reading, from which the first look counts no more


class Sight(NamedTuple):
    """A first look at a text: whether it may hold work of a `known` spinner, how much it looks like that of one that no
    table knows (`strangeness`, log-odds), whether it may be a round trip through another language (`foreign`) or have
    garbled `terms`; P(spun) as far as that look can tell; and the stretches that are the `strangest`, if those are
    to be read before the rest."""

    known: bool
    strangeness: float
    foreign: bool
    terms: bool
    probability: float
    strangest: tuple[Span, ...] = ()

    @property
    def strange(self) -> bool:
        """Whether it may be the work of a spinner that no table knows."""
        return self.strangeness >= STRANGE

    @property
    def unseen(self) -> bool:
        """Whether it may be that, or the work of a translator."""
        return self.strange or self.foreign

    @property
    def cleared(self) -> bool:
        """Whether nothing calls for a closer look."""
        return not (self.known or self.unseen or self.terms)

    def together(self, p: float) -> float:
        """P(spun) in the light of `p` (0..1), what a close reading says: where that is in doubt of a text that looks
        strange, the two tell more together than each alone (mean log-odds)."""
        if p >= _DOUBT or not self.unseen:
            return max(p, self.probability)
        odds = p / (1 - p) * self.probability / (1 - self.probability)
        return round(sqrt(odds) / (1 + sqrt(odds)), 6)

    def found_honest(self, p: float) -> Sight:
        """The sight of a text whose strangest stretches turned out honest, but for the probability `p`."""
        return self._replace(strangeness=_NOTHING, probability=self.together(p), strangest=())


UNSEEN = Sight(False, _NOTHING, False, False, 0.0)  # of a text that nobody has looked at


def sights(texts: Sequence[str], found: Words) -> list[Sight]:
    """A first look at some texts, whose words are `found`."""
    seen = glance.shipped()(found)
    # Rounded, for the last digits of the glance depend on what else is in the batch.
    strange = np.round(strangeness(seen, found, len(texts)), 3)
    known = screen.shipped().alarmed(found, len(texts))
    known |= np.array(list(map(disguised, texts)), np.bool_)
    accents = accent.shipped()(found, len(texts))
    terms = technical(found, len(texts)) >= SCIENTIFIC
    log_odds = _LEVEL + np.maximum(_SLOPE * strange, _ACCENT * accents)
    probability = np.round(np.minimum(1 / (1 + np.exp(-log_odds)), _MOST), 6)
    columns = known, strange, accents >= FOREIGN, terms, probability
    sights = list(map(Sight, *(column.tolist() for column in columns)))
    begin = offsets(texts).tolist()
    for i in np.flatnonzero((strange >= STRANGE) & (accents < FOREIGN)).tolist():
        stretches = [Span(a - begin[i], b - begin[i]) for a, b in strangest(seen, found, i)]
        sights[i] = sights[i]._replace(strangest=tuple(stretches))
    return sights


def strangeness(seen: Seen, found: Words, texts: int) -> Floats:
    """Log-odds that each of so many texts is the work of a spinner that no table knows, by what a glance has seen."""
    counts = histogram(seen, found, texts)
    words = counts.sum(axis=1)
    odds = (counts @ STRANGENESS + CONSTANT * words) / (words + DOUBT)
    return np.asarray(np.where(words > 0, odds, _NOTHING), float)
