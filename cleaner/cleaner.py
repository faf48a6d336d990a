"""Ties the steps together: text in, `Result` out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cleaner.detector import Detector
from cleaner.findings import choices, dialect_weights, findings, group
from cleaner.islands import batch
from cleaner.result import Finding, Paragraph, Result, Verdict
from cleaner.rewriter import apply
from cleaner.segment import Span, Tokens, paragraphs, tokenize
from cleaner.settings import Settings

_BATCH_CHARACTERS = 200_000


class Cleaner:
    """Detects and restores spun text; make one and use it for many texts."""

    def __init__(self, settings: Settings | None = None, detector: Detector | None = None) -> None:
        self.settings = settings or Settings()
        self._detector = detector

    @property
    def detector(self) -> Detector:
        """The models, opened when the first text needs them."""
        if self._detector is None:
            self._detector = shipped()
        return self._detector

    def clean(self, text: str) -> Result:
        """Detect and restore one text."""
        return next(iter(self.clean_many([text])))

    def clean_many(self, texts: Iterable[str], workers: int = 1) -> Iterator[Result]:
        """Clean texts lazily and in order."""
        waiting: list[str] = []
        size = 0
        for text in texts:
            waiting.append(text)
            size += len(text)
            if size >= _BATCH_CHARACTERS:
                yield from self._clean_batch(waiting)
                waiting, size = [], 0
        yield from self._clean_batch(waiting)

    def _clean_batch(self, texts: list[str]) -> list[Result]:
        if not texts:
            return []
        spans = [list(paragraphs(text)) for text in texts]
        tokens: list[Tokens] = []
        document: list[int] = []
        for d, (text, own) in enumerate(zip(texts, spans, strict=True)):
            tokens += [tokenize(text, *span) for span in own]
            document += [d] * len(own)
        detector, channel = self.detector, self.detector.channel
        capital, shielded = _surfaces([texts[d] for d in document], tokens)
        b = batch(tokens, document, detector.model, shielded)
        if not len(b.ids):
            return [self._assemble(text, own, [], np.zeros(len(own)), 0.0, None) for text, own in zip(texts, spans, strict=True)]
        c, islands = detector.candidates(b)
        weights = np.full((len(texts), len(channel.dialects)), -np.log(len(channel.dialects)))
        reading = detector.read(b, c, islands, weights)
        bounds = np.searchsorted(b.document, np.arange(len(texts) + 1))
        for d in range(len(texts)):
            if bounds[d] < bounds[d + 1]:
                weights[d] = dialect_weights(reading.dialect[bounds[d] : bounds[d + 1]])
        adapted = detector.adapt(b, c, reading, weights, capital)
        reading = detector.read(b, c, islands, weights, adapted)
        by_paragraph = group(choices(b, c, reading, channel))
        results = []
        for d, text in enumerate(texts):
            low, high = int(bounds[d]), int(bounds[d + 1])
            if low == high:
                results.append(self._assemble(text, [], [], np.zeros(0), 0.0, None))
                continue
            spun, anywhere = detector.chain(reading.log_ratio[low:high])
            found = [
                f
                for p in range(low, high)
                for f in findings(text, tokens[p], by_paragraph.get(p, []), float(spun[p - low]), channel)
            ]
            dialect = channel.dialects[int(weights[d].argmax())]
            results.append(self._assemble(text, spans[d], found, spun, anywhere, dialect))
        return results

    def _assemble(
        self, text: str, spans: list[Span], found: list[Finding], spun: np.ndarray, anywhere: float, dialect: str | None
    ) -> Result:
        s = self.settings
        kept = [
            replace(f, applied=f.confidence >= s.threshold) for f in found if f.confidence >= s.report_threshold
        ]
        words = np.array([end - start for start, end in spans], float)
        share = float(words @ (spun >= 0.5)) / words.sum() if len(spans) else 0.0
        verdict: Verdict = "clean"
        if anywhere >= s.suspect:
            verdict = "spun" if anywhere >= s.spun and share >= 0.5 else "suspect"
        return Result(
            text,
            apply(text, kept),
            verdict,
            anywhere,
            dialect if verdict != "clean" else None,
            tuple(
                Paragraph(start, end, float(p), dialect if p >= 0.5 else None)
                for (start, end), p in zip(spans, spun, strict=True)
            ),
            tuple(kept),
        )


def _surfaces(texts: Sequence[str], tokens: Sequence[Tokens]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which tokens of the paragraphs (each with its text) are capitalised, and which no spinner can have written.

    A spinner's table has straight apostrophes: curly ones beside straight ones are the author's.
    """
    capital, shielded = [], []
    for text, own in zip(texts, tokens, strict=True):
        mixed = "'" in text and "’" in text
        capital += [text[start].isupper() for start in own.starts]
        if mixed:
            shielded += ["’" in text[a:b] for a, b in zip(own.starts, own.ends, strict=True)]
        else:
            shielded += [False] * len(own)
    return np.array(capital, bool), np.array(shielded, bool)


@cache
def shipped() -> Detector:
    """The detector with the models that come with the package."""
    from cleaner.language_model import LanguageModel
    from cleaner.lexicon import Channel

    return Detector(LanguageModel.open(), Channel.open())


def clean(text: str) -> Result:
    """Clean one text with the default settings."""
    return _default().clean(text)


@cache
def _default() -> Cleaner:
    return Cleaner()
