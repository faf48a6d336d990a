"""What every step speaks in: findings, paragraphs and the result of cleaning one text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["phrase", "expression", "residue", "encoding", "furniture"]
Verdict = Literal["clean", "suspect", "spun"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One stretch of the input that is not what its author wrote.

    `start` and `end` are code points of the input and `input[start:end] == text`.  `replacement` is None
    when no cure is known.  `confidence` is the calibrated probability (0..1) that the replacement is right.
    `source` names the lexicon and row, or the repair, that proposed it.
    """

    start: int
    end: int
    text: str
    kind: Kind
    replacement: str | None
    confidence: float
    alternatives: tuple[tuple[str, float], ...] = ()
    source: str = ""
    applied: bool = False

    def __reduce__(self) -> tuple[type[Finding], tuple[object, ...]]:
        # Workers hand over tens of thousands: so they are packed and unpacked many times as fast as by default.
        places = self.start, self.end, self.text, self.kind
        return Finding, (*places, self.replacement, self.confidence, self.alternatives, self.source, self.applied)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph's range in code points and the calibrated probability (0..1) that it is spun."""

    start: int
    end: int
    spun_probability: float
    dialect: str | None = None

    def __reduce__(self) -> tuple[type[Paragraph], tuple[object, ...]]:
        return Paragraph, (self.start, self.end, self.spun_probability, self.dialect)


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome for one text; `text` has the applied findings, and only those, in it."""

    original: str
    text: str
    verdict: Verdict
    spun_probability: float
    dialect: str | None
    paragraphs: tuple[Paragraph, ...]
    findings: tuple[Finding, ...]

    def undo(self) -> str:
        """The input text, exactly."""
        return self.original


def apply(text: str, findings: Iterable[Finding]) -> str:
    """`text` with the replacements of the applied findings, which must be sorted and disjoint."""
    pieces, position = [], 0
    for f in findings:
        if f.applied and f.replacement is not None:
            pieces += [text[position : f.start], f.replacement]
            position = f.end
    pieces.append(text[position:])
    return "".join(pieces)
