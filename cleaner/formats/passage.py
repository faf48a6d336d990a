"""Text to clean, and where each of its characters stands in the source that it was taken from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from cleaner.result import Finding, Result, splice


class Segment(NamedTuple):
    """`length` code points of the text from `text` on are `width` code points of the source from `source` on.

    Where the two differ, or `escape` says so, the source is an escape and can only be replaced as a whole.
    What is `frozen` is there to be read with its neighbours and must not change.
    """

    text: int
    source: int
    length: int
    width: int
    escape: bool = False
    frozen: bool = False


class Located(NamedTuple):
    """A range of the source; `editable` says whether it may be replaced without touching anything but text.

    `shielded` ones hold code or the like, which is there to be read only.
    """

    start: int
    end: int
    editable: bool
    shielded: bool = False


def _same(text: str) -> str:
    return text


@dataclass(frozen=True)
class Passage:
    """`text` is what the cleaner reads; `source` is the stretch of the record that it stands for.

    `segments` is called only when something has to be located; without it text and source are the same.
    `escape` writes new text in the notation of the source.  `raw` is the source where it stands in the file, so that a
    long record is not kept twice.
    """

    text: str
    source: str
    segments: Callable[[], Sequence[Segment]] | None = None
    escape: Callable[[str], str] = _same
    raw: memoryview | None = None

    @cached_property
    def _map(self) -> tuple[Sequence[Segment], list[int]]:
        segments = self.segments() if self.segments else ()
        return segments, [segment.text for segment in segments]

    def locate(self, start: int, end: int) -> Located:
        """Where text[start:end] stands in the source; an empty range is a place between two characters."""
        if self.segments is None:
            return Located(start, end, True)
        segments, starts = self._map
        if start == end:
            at = self.locate(start - 1, start).end if start else self.locate(0, 1).start if self.text else 0
            return Located(at, at, True)
        i = max(bisect_right(starts, start) - 1, 0)
        covered, low, high, editable, shielded = start, -1, -1, True, False
        while i < len(segments) and segments[i].text < end:
            segment = segments[i]
            i += 1
            stop = segment.text + segment.length
            if stop <= start:
                continue
            a, b = max(start, segment.text), min(end, stop)
            whole = a == segment.text and b == stop
            atomic = segment.escape or segment.length != segment.width
            begin = segment.source if atomic else segment.source + a - segment.text
            finish = segment.source + segment.width if atomic else segment.source + b - segment.text
            editable &= a == covered and (whole or not atomic) and high in (-1, begin)
            shielded |= segment.frozen
            low, high, covered = (begin if low < 0 else low), finish, b
        if low < 0:  # text that the source does not have, such as a break between two blocks
            at = segments[min(i, len(segments) - 1)].source if segments else 0
            return Located(at, at, False)
        return Located(low, high, editable and covered == end and not shielded, shielded)

    def project(self, result: Result) -> Result:
        """The result for the text as one for the source: offsets, finding texts and replacements are the source's.

        A finding that reaches across markup is kept, but not applied; one in code is none.
        """
        if self.segments is None:
            return result
        located = [(finding, self.locate(finding.start, finding.end)) for finding in result.findings]
        findings = tuple(self._finding(finding, place) for finding, place in located if not place.shielded)
        paragraphs = tuple(
            replace(p, start=span.start, end=span.end)
            for p in result.paragraphs
            if (span := self.locate(p.start, p.end)).end > span.start
        )
        return replace(result, original=self.source, marked=paragraphs, findings=findings)

    def _finding(self, finding: Finding, place: Located) -> Finding:
        return replace(
            finding,
            start=place.start,
            end=place.end,
            text=self.source[place.start : place.end],
            replacement=None if finding.replacement is None else self.escape(finding.replacement),
            applied=finding.applied and place.editable,
        )

    def without(self, ranges: Sequence[tuple[int, int]]) -> Passage:
        """The passage without what stands in these ranges (sorted, disjoint) of its source."""
        builder = Builder(self.source)
        whole = (Segment(0, 0, len(self.text), len(self.source)),)
        position = 0
        for segment in self._map[0] if self.segments else whole:
            builder.between(self.text[position : segment.text])
            position = segment.text + segment.length
            start, end = segment.source, segment.source + segment.width
            hit = [(a, b) for a, b in ranges if a < end and b > start]
            if segment.escape or segment.length != segment.width:
                if hit:
                    builder.between("\n")
                else:
                    builder.decoded(start, end, self.text[segment.text : position])
                continue
            for a, b in hit:
                builder.keep(start, max(start, a), frozen=segment.frozen)
                builder.between("\n")
                start = b
            builder.keep(start, end, frozen=segment.frozen)
        builder.between(self.text[position:])
        return builder.passage(self.escape)

    def permitted(self, result: Result) -> Result:
        """`result` without the edits that would touch more than text; its offsets stay those of the text."""
        if self.segments is None or not any(f.applied for f in result.findings):
            return result
        findings = tuple(
            replace(f, applied=f.applied and self.locate(f.start, f.end).editable) for f in result.findings
        )
        return replace(result, findings=findings)

    def spliced(self, edits: Sequence[tuple[int, int, str]]) -> list[bytes | memoryview]:
        """The source with each (start, end, new) in place, in pieces of UTF-8; what is in `raw` is not copied."""
        if self.raw is None:
            return [splice(self.source, edits).encode("utf-8", "surrogatepass")]
        pieces: list[bytes | memoryview] = []
        at = position = 0
        for start, end, new in edits:
            kept = len(self.source[position:start].encode())
            pieces += [self.raw[at : at + kept], new.encode()]
            at += kept + len(self.source[start:end].encode())
            position = end
        return [*pieces, self.raw[at:]]


class Builder:
    """Puts a passage together from stretches of its source.

    >>> b = Builder("<p>Fish &amp; chips</p>")
    >>> b.keep(3, 8); b.decoded(8, 13, "&"); b.keep(13, 19)
    >>> passage = b.passage()
    >>> passage.text, passage.locate(7, 12)[:2]
    ('Fish & chips', (14, 19))
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._pieces: list[str] = []
        self._segments: list[Segment] = []
        self._length = 0

    def keep(self, start: int, end: int, *, frozen: bool = False) -> None:
        """source[start:end] as it stands."""
        if start < end:
            self._add(self._source[start:end], start, end, escape=False, frozen=frozen)

    def decoded(self, start: int, end: int, text: str) -> None:
        """source[start:end] is an escape and means `text`."""
        if text:
            self._add(text, start, end, escape=True, frozen=False)

    def between(self, text: str) -> None:
        """`text` of which the source has nothing."""
        self._pieces.append(text)
        self._length += len(text)

    def _add(self, text: str, start: int, end: int, *, escape: bool, frozen: bool) -> None:
        self._pieces.append(text)
        self._segments.append(Segment(self._length, start, len(text), end - start, escape, frozen))
        self._length += len(text)

    def passage(self, escape: Callable[[str], str] = _same) -> Passage:
        """The passage over the whole source."""
        segments = tuple(self._segments)
        return Passage("".join(self._pieces), self._source, lambda: segments, escape)
