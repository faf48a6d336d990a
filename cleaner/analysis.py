"""Steps 3 to 6 for a batch of documents: read twice, decide, find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cleaner.detector import Detector, Floats
from cleaner.findings import choices, findings, group
from cleaner.islands import batch
from cleaner.result import Finding, Paragraph
from cleaner.segment import Tokens, paragraphs, tokenize


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the model says of one document; `findings` are not yet applied."""

    spun_probability: float
    dialect: str | None
    paragraphs: tuple[Paragraph, ...]
    findings: tuple[Finding, ...]


def analyse(texts: Sequence[str], detector: Detector, *, assume_spun: bool = False) -> list[Analysis]:
    """Analyse a batch of documents; each comes out as it would alone.

    With `assume_spun`, every paragraph is read as a spun one, whatever the evidence.
    """
    spans = [list(paragraphs(text)) for text in texts]
    owner = [d for d, own in enumerate(spans) for _ in own]
    tokens = [tokenize(texts[d], *span) for d, own in enumerate(spans) for span in own]
    if not any(map(len, tokens)):
        return [_clean(own) for own in spans]
    capital, shielded = _surfaces([texts[d] for d in owner], tokens)
    channel = detector.channel
    b = batch(tokens, owner, detector.model, shielded)
    c, islands = detector.candidates(b)

    even = np.full((len(texts), len(channel.dialects)), -np.log(len(channel.dialects)))
    first = detector.read(b, c, islands, even)
    bounds = np.searchsorted(b.document, np.arange(len(texts) + 1))
    weights = even.copy()
    for d in range(len(texts)):
        weights[d] = _log_weights(first.dialect[bounds[d] : bounds[d + 1]].sum(axis=0))
    adapted = detector.adapt(b, c, first, weights, capital)
    second = detector.read(b, c, islands, weights, detector.in_context(b, c, first, adapted))

    by_paragraph = group(choices(b, c, second, channel))
    analyses = []
    for d, text in enumerate(texts):
        low, high = int(bounds[d]), int(bounds[d + 1])
        if low == high:
            analyses.append(_clean([]))
            continue
        spun, anywhere = detector.chain(first.log_ratio[low:high])
        if assume_spun:
            spun, anywhere = np.ones(high - low), 1.0
        dialect = channel.dialects[int(weights[d].argmax())]
        found = [
            detector.calibration.calibrated(finding)
            for p in range(low, high)
            for finding in findings(text, tokens[p], by_paragraph.get(p, []), float(spun[p - low]), channel)
        ]
        said = [
            Paragraph(start, end, round(float(p), 4), dialect if p >= 0.5 else None)
            for (start, end), p in zip(spans[d], spun, strict=True)
        ]
        analyses.append(Analysis(detector.calibration.document(anywhere), dialect, tuple(said), tuple(found)))
    return analyses


def _clean(spans: Sequence[tuple[int, int]]) -> Analysis:
    return Analysis(0.0, None, tuple(Paragraph(start, end, 0.0) for start, end in spans), ())


def _log_weights(evidence: Floats) -> Floats:
    """Log weights of a document's dialects from their log-likelihoods."""
    return np.asarray(evidence - np.logaddexp.reduce(evidence))


def _surfaces(texts: Sequence[str], tokens: Sequence[Tokens]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which tokens of the paragraphs (each with its text) are capitalised, and which no spinner can have written.

    A spinner's table has straight apostrophes: curly ones beside straight ones are the author's.
    """
    capital: list[bool] = []
    shielded: list[bool] = []
    for text, own in zip(texts, tokens, strict=True):
        mixed = "’" in text and "'" in text
        capital += [text[start].isupper() for start in own.starts]
        shielded += [mixed and "’" in text[a:b] for a, b in zip(own.starts, own.ends, strict=True)]
    return np.array(capital, bool), np.array(shielded, bool)
