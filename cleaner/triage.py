"""Step 1c: which texts are read as the work of a known spinner; the lattice of most honest ones is never built.

What the screen suspects is read alone, unless it is most of the text.  Only if that looks spun is the whole text read
with the dialects, each paragraph in the light of all others; any other is read by a detector that knows none, and what
remains is to weigh it against spinners that no table knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from cleaner.analysis import analyse
from cleaner.detector import Detector
from cleaner.screen import suspects

# P(spun) of the suspected paragraphs from which the whole text is read; no finding comes of less than ten times this.
_SUSPICIOUS = 1e-3


def readers(texts: Sequence[str], detector: Detector) -> list[Detector]:
    """For each text the detector to read it with: `detector`, which has the shipped dialects, or one without any."""
    excerpts = {
        i: "\n".join(text[start:end] for start, end in spans)
        for i, (text, spans) in enumerate(zip(texts, suspects(texts), strict=True))
        if spans
    }
    doubtful = {i for i, excerpt in excerpts.items() if 2 * len(excerpt) > len(texts[i])}
    rest = [i for i in excerpts if i not in doubtful]
    for i, analysis in zip(rest, analyse([excerpts[i] for i in rest], detector), strict=True):
        if analysis.spun_probability >= _SUSPICIOUS:
            doubtful.add(i)
    return [detector if i in doubtful else without_dialects(detector) for i in range(len(texts))]


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
    return Detector(detector.model, channel, detector.context, detector.calibration, tuning)
