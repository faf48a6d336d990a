"""What there is to decide: every finding of every document, those in most doubt first."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple, Protocol

from cleaner.documents import passages
from cleaner.formats.passage import Passage
from cleaner.result import Finding, Result
from cleaner.rewriter import in_case_of, opens_sentence
from cleaner.segment import tokenize

# So much of a long paragraph is shown on either side of a finding.
CONTEXT = 1200


class Source(Protocol):
    """A document that can be written back; `data` are its bytes as they were read, `encode` turns text into such."""

    @property
    def name(self) -> str: ...
    @property
    def path(self) -> Path | None: ...
    @property
    def data(self) -> bytes: ...
    def encode(self, text: str) -> bytes: ...


class Key(NamedTuple):
    """A finding wherever its file lies: the digest of the whole text, and a range of code points in it."""

    digest: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    """A file under review."""

    source: Source
    result: Result
    digest: str
    passages: tuple[tuple[int, Passage], ...]

    def key(self, finding: Finding) -> Key:
        return Key(self.digest, finding.start, finding.end)

    def _passage(self, finding: Finding) -> tuple[int, Passage] | None:
        """The passage in whose source the finding stands, and where that begins."""
        at = bisect_right(self.passages, finding.start, key=lambda place: place[0]) - 1
        return self.passages[at] if at >= 0 else None

    def editable(self, finding: Finding) -> bool:
        """Whether a repair of the finding touches nothing but text (no markup, no code)."""
        place = self._passage(finding)
        return place is not None and _editable(place[1], finding.start - place[0], finding.end - place[0])

    def written(self, finding: Finding, replacement: str | None) -> str | None:
        """`replacement` in the notation of the file; what the model proposes is in it already."""
        place = self._passage(finding)
        if replacement is None or replacement == finding.replacement or place is None:
            return replacement
        return place[1].escape(replacement)


class Item(NamedTuple):
    """A finding of document number `document`."""

    document: int
    finding: Finding


class Context(NamedTuple):
    """Code points start .. end - 1 of the document, shown around a finding, with the items in them by number."""

    start: int
    end: int
    items: tuple[int, ...]


def digest(text: str) -> str:
    """Names a text by its content, 128 bits in hexadecimal."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


class Queue:
    """All items, numbered in the order in which they should be looked at: nearest to `threshold` first.

    Findings that reach across markup are none: `fix` does not repair them either.
    """

    def __init__(self, reviewed: Iterable[tuple[Source, Result]], threshold: float) -> None:
        self.threshold = threshold
        self.documents = [_document(source, result) for source, result in reviewed]
        items = [
            Item(d, finding)
            for d, document in enumerate(self.documents)
            for finding in document.result.findings
            if document.editable(finding)
        ]
        self.items = sorted(items, key=lambda i: (abs(i.finding.confidence - threshold), i.document, i.finding.start))
        self._numbers: defaultdict[Key, list[int]] = defaultdict(list)
        self._alike: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        self._of: list[list[int]] = [[] for _ in self.documents]
        for number, item in enumerate(self.items):
            self._numbers[self.key(number)].append(number)
            self._alike[_likeness(item.finding)].append(number)
            self._of[item.document].append(number)
        for numbers in self._of:
            numbers.sort(key=lambda number: self.items[number].finding.start)

    def key(self, number: int) -> Key:
        item = self.items[number]
        return self.documents[item.document].key(item.finding)

    def numbers(self, key: Key) -> Sequence[int]:
        """The items with this key: several where files have the same content."""
        return self._numbers.get(key, ())

    def alike(self, number: int) -> Sequence[int]:
        """The items with the same text and kind as this one, itself among them."""
        return self._alike[_likeness(self.items[number].finding)]

    def context(self, number: int) -> Context:
        """The paragraphs that the finding touches, cut to `CONTEXT` on either side."""
        document, finding = self.items[number]
        result = self.documents[document].result
        touched = [p for p in result.paragraphs if p.start < finding.end and finding.start < p.end]
        start = max(min([p.start for p in touched], default=finding.start), finding.start - CONTEXT)
        end = min(max([p.end for p in touched], default=finding.end), finding.end + CONTEXT)
        start, end = min(start, finding.start), max(end, finding.end)
        inside = [
            n for n in self._of[document] if start <= self.items[n].finding.start and self.items[n].finding.end <= end
        ]
        return Context(start, end, tuple(inside))


def _document(source: Source, result: Result) -> Document:
    places, at = [], 0
    for passage in passages(source.name, result.original):
        places.append((at, passage))
        at += len(passage.source)
    return Document(source, result, digest(result.original), tuple(places))


def _editable(passage: Passage, start: int, end: int) -> bool:
    """Whether source[start:end] of a passage is text without a gap, and cuts through no escape."""
    if passage.segments is None:
        return True
    at, text = start, -1
    for segment in passage.segments():
        stop = segment.source + segment.width
        if stop <= at:
            continue
        atomic = segment.escape or segment.length != segment.width
        if segment.frozen or segment.source > at or text not in (-1, segment.text):
            return False
        if atomic and (segment.source != at or stop > end):
            return False
        at, text = stop, segment.text + segment.length
        if at >= end:
            return True
    return False


def _likeness(finding: Finding) -> tuple[str, str]:
    return finding.kind, finding.text.casefold()


def readings(finding: Finding) -> list[str]:
    """What the model would put in the place of the finding, best first."""
    best = [] if finding.replacement is None else [finding.replacement]
    return [*best, *(text for text, _ in finding.alternatives)]


def adapted(replacement: str, finding: Finding, text: str) -> str:
    """`replacement`, chosen for another finding like this one of `text`, with this one's capitals."""
    for reading in readings(finding):
        if reading.casefold() == replacement.casefold():
            return reading
    if not replacement:
        return replacement
    line = text.rfind("\n", 0, finding.start) + 1
    tokens = tokenize(text[line : finding.end])
    opens = opens_sentence(tokens, bisect_left(tokens.starts, finding.start - line), text[line:])
    return in_case_of(finding.text, replacement, opens_sentence=opens)
