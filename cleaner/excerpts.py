"""Step 1e: what stands out in a text is read before the rest of it.

The paragraphs that the screen suspects are read alone, unless they are most of the text.  Only if they look spun is the
whole text read with the dialects, each paragraph in the light of all others; any other is read by a detector that knows
none.  Likewise the stretches that are strangest at a glance are weighed alone, and only if those may be a spinner's
is the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from cleaner import screen
from cleaner.analysis import analyse, parse
from cleaner.detector import Detector
from cleaner.recognition import Recognizer
from cleaner.segment import Span
from cleaner.triage import Sight
from cleaner.unseen import evidence, suspicion

# P(spun) of the suspected paragraphs from which the whole text is read; no finding comes of less than ten times this.
_SUSPICIOUS = 1e-3
# A text is read on if log P(strangest stretches | spun) - log P(.. | honest) and so much of its strangeness make this.
_OF_STRANGENESS, _CONVINCING = 0.25, 0.1


class Reading(NamedTuple):
    """How a text is read closely: with a `detector`, and with an eye to spinners that no table knows (`unseen`), to
    round trips through another language (`foreign`) and to garbled expressions (`terms`), which are always looked
    for in spun text."""

    detector: Detector
    unseen: bool = True
    foreign: bool = True
    terms: bool = True


def spun(texts: Sequence[str], seen: Sequence[Sight], detector: Detector) -> list[bool]:
    """Whether what the screen suspects in each text looks like the work of a known spinner."""
    known = [i for i, sight in enumerate(seen) if sight.known]
    suspected = dict(zip(known, screen.suspects([texts[i] for i in known]), strict=True))
    excerpts = {i: _excerpt(texts[i], spans) for i, spans in suspected.items()}
    short = {i: excerpt for i, excerpt in excerpts.items() if 2 * len(excerpt) <= len(texts[i])}
    said = zip(short, analyse(list(short.values()), detector), strict=True)
    honest = {i for i, analysis in said if analysis.spun_probability < _SUSPICIOUS}
    return [i in suspected and i not in honest for i in range(len(texts))]


def weighed(
    texts: Sequence[str], seen: Sequence[Sight], spun: Sequence[bool], detector: Detector, recognizer: Recognizer
) -> list[Sight]:
    """The sights of some texts in the light of their strangest stretches, but for those that look `spun` anyway."""
    chosen = [i for i, sight in enumerate(seen) if sight.strangest and not spun[i]]
    parsed = parse([_excerpt(texts[i], seen[i].strangest) for i in chosen], detector)
    found = list(seen)
    if parsed is None:
        return found
    b, r = parsed.batch, recognizer
    told = suspicion(evidence(b, parsed.capital, r.thesaurus, r.discriminator, r.model))
    # Nothing is said of the last excerpts if they are empty.
    for i, ratio, p in zip(chosen, told.log_ratio.tolist(), told.probability.tolist(), strict=False):
        if ratio + _OF_STRANGENESS * seen[i].strangeness < _CONVINCING:
            found[i] = seen[i].found_honest(p)
    return found


def readings(seen: Sequence[Sight], spun: Sequence[bool], detector: Detector) -> list[Reading | None]:
    """How each of some texts is to be read; None for those that are cleared.

    `detector` has the shipped dialects; for what does not look `spun` one without any will do.
    """
    rest = without_dialects(detector)
    found: list[Reading | None] = []
    for sight, garbled in zip(seen, spun, strict=True):
        if garbled:
            found.append(Reading(detector))
        elif sight.unseen or sight.terms:
            found.append(Reading(rest, sight.strange, sight.unseen, sight.terms))
        else:
            found.append(None)
    return found


def _excerpt(text: str, spans: Iterable[Span]) -> str:
    return "\n".join([text[a:b] for a, b in spans])


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
