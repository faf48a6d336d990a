"""What every step speaks in: findings, paragraphs and the result of cleaning one text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

Kind = Literal["phrase", "expression", "residue", "encoding", "furniture"]
Verdict = Literal["clean", "suspect", "spun"]
# Verdict, probability, dialect, the fields of each paragraph and those of each finding.
Packed = tuple[Verdict, float, str | None, list[Any] | None, list[Any]]


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
        # Packed and unpacked many times as fast as by default.
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


@dataclass(frozen=True, eq=False)
class Result:
    """The outcome for one text.

    `marked` are its paragraphs, None where all of them are honest (probability 0).
    """

    original: str
    verdict: Verdict
    spun_probability: float
    dialect: str | None
    marked: tuple[Paragraph, ...] | None
    findings: tuple[Finding, ...]

    # Both are made when they are first asked for: most results are of honest texts, which go their way untouched.
    @cached_property
    def text(self) -> str:
        """The text with the applied findings, and only those, in it: `original` itself if there are none."""
        return apply(self.original, self.findings)

    @cached_property
    def paragraphs(self) -> tuple[Paragraph, ...]:
        """All paragraphs, in order."""
        if self.marked is None:
            from cleaner.segment import paragraphs  # which reports can do without

            return tuple([Paragraph(start, end, 0.0) for start, end in paragraphs(self.original)])
        return self.marked

    def undo(self) -> str:
        """The input text, exactly."""
        return self.original

    def packed(self) -> Packed:
        """All that was found, but not the text: plain tuples, which workers hand over faster than objects."""
        marked = None if self.marked is None else [p.__reduce__()[1] for p in self.marked]
        judged = self.verdict, self.spun_probability, self.dialect
        return *judged, marked, [f.__reduce__()[1] for f in self.findings]

    def __reduce__(self) -> tuple[object, ...]:
        return unpacked, (self.original, self.packed())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Result) and self._said() == other._said()

    def __hash__(self) -> int:
        return hash((self.original, self.verdict, self.spun_probability, self.dialect, self.findings))

    def _said(self) -> tuple[object, ...]:
        judged = self.original, self.verdict, self.spun_probability, self.dialect
        return (*judged, self.paragraphs, self.findings)


def unpacked(text: str, packed: Packed) -> Result:
    """The result for `text` of which this was `packed`."""
    verdict, probability, dialect, marked, found = packed
    paragraphs = None if marked is None else tuple([Paragraph(*p) for p in marked])
    return Result(text, verdict, probability, dialect, paragraphs, tuple([Finding(*f) for f in found]))


def apply(text: str, findings: Iterable[Finding]) -> str:
    """`text` with the replacements of the applied findings, which must be sorted and disjoint."""
    return splice(text, ((f.start, f.end, f.replacement) for f in findings if f.applied and f.replacement is not None))


def splice(source: str, edits: Iterable[tuple[int, int, str]]) -> str:
    """`source` with each (start, end, new) in place; they are sorted and disjoint.

    >>> splice("abcdef", [(1, 2, "XX"), (4, 6, "")])
    'aXXcd'
    """
    pieces, position = [], 0
    for start, end, new in edits:
        pieces += [source[position:start], new]
        position = end
    return "".join([*pieces, source[position:]])
