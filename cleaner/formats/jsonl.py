"""JSON lines: only the string of the text field changes, and the new fields come last."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import BinaryIO, NamedTuple

from cleaner.edits import Edit, placed
from cleaner.formats.base import (
    FIELDS,
    PASSAGE_LENGTH,
    Bad,
    Block,
    Format,
    Item,
    Options,
    Outcome,
    Record,
    Verbatim,
    decoded,
    dumps,
    line_blocks,
    lines,
)
from cleaner.formats.passage import Passage, Segment, splice
from cleaner.formats.problems import RecordError

_TOKEN = re.compile(rb'["{}\[\],:]')
_ESCAPE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u.{4}|\\.")
_SECOND_HALF = re.compile(rb"\\u[dD][c-fC-F]")
_MARK = b"\xef\xbb\xbf"
_MEND = "JSON lines are UTF-8: convert the file"


class Member(NamedTuple):
    """A key of the outermost object and where its value stands in the line."""

    key: str
    start: int
    end: int


def members(line: bytes) -> list[Member]:
    """The members of the object that `line` is, in order; what is not JSON may pass unnoticed.

    Raises ValueError for a broken escape in a key.
    """
    found: list[Member] = []
    depth, key, begin = 0, "", -1
    at = 0
    while m := _TOKEN.search(line, at):
        token, at = line[m.start()], m.end()
        if token == 34:
            at = _string_end(line, at)
            if depth == 1 and begin < 0:
                key = _key(line[m.start() : at])
        elif token in b"{[":
            depth += 1
        elif token == 58:
            if depth == 1 and begin < 0:
                begin = m.end()
        elif token == 44 or depth == 1:
            if depth == 1 and begin >= 0:
                found.append(_member(line, key, begin, m.start()))
                begin = -1
            depth -= token != 44
        else:
            depth -= 1
    return found


def _string_end(line: bytes, at: int) -> int:
    """Behind the quotation mark that ends the string whose inside begins at `at`, or the end of the line."""
    while (end := line.find(b'"', at)) > 0:
        at = end + 1
        if not _is_escape(line, end - 1):
            return at
    return len(line)


@lru_cache(maxsize=1000)
def _key(source: bytes) -> str:
    """Raises ValueError for a broken escape."""
    key: str = json.loads(source.decode("utf-8", "replace"), strict=False)
    return key


def _member(line: bytes, key: str, start: int, end: int) -> Member:
    while start < end and line[start] in b" \t\r\n":
        start += 1
    while end > start and line[end - 1] in b" \t\r\n":
        end -= 1
    return Member(key, start, end)


def _segments(source: str) -> Sequence[Segment]:
    out, text, position = [], 0, 0
    for m in _ESCAPE.finditer(source):
        if m.start() > position:
            out.append(Segment(text, position, m.start() - position, m.start() - position))
            text += m.start() - position
        out.append(Segment(text, m.start(), 1, m.end() - m.start(), escape=True))
        text += 1
        position = m.end()
    rest = len(source) - position
    return [*out, Segment(text, position, rest, rest)] if rest or not out else out


def _passage(source: str, *, ascii_only: bool, raw: memoryview | None = None) -> Passage:
    """Raises RecordError if `source` is not the inside of a JSON string."""
    try:
        text: str = json.loads(f'"{source}"')
    except ValueError as error:
        raise RecordError(f"broken JSON: {_lower(error)}") from None
    segments = (lambda: _segments(source)) if "\\" in source else None
    return Passage(text, source, segments, lambda new: dumps(new, ascii_only=ascii_only)[1:-1], raw)


def _lower(error: ValueError) -> str:
    return str(error)[:1].lower() + str(error)[1:]


class JsonRecord(Record):
    """One line; only the text's string is ever decoded, and that piece by piece."""

    def __init__(self, line: bytes, options: Options) -> None:
        self._line = line
        self._options = options
        try:
            self._members = members(line)
            text = next((m for m in reversed(self._members) if m.key == options.field), None)
            # All but a string that may be very long is checked by the decoder.
            is_text = text is not None and text.start + 1 < text.end and line[text.start] == line[text.end - 1] == 34
            rest = line[: text.start] + b'""' + line[text.end :] if text and is_text else line
            record = json.loads(decoded(rest, "utf-8", line, _MEND))
        except RecursionError:
            raise RecordError("JSON that is nested too deeply") from None
        except ValueError as error:
            raise error if isinstance(error, RecordError) else RecordError(f"broken JSON: {_lower(error)}") from None
        if not isinstance(record, dict):
            raise RecordError(f"a JSON object is needed, not {_kind(record)}")
        if text is None:
            known = ", ".join(map(repr, list(record)[:8])) or "none"
            raise RecordError(f"no field {options.field!r} (fields: {known}); name the text's with --field")
        if not is_text:
            raise RecordError(f"field {options.field!r} must be a string, not {_kind(record[options.field])}")
        if options.fields and (taken := next((name for name in FIELDS if name in record), None)):
            raise RecordError(f"has a field {taken!r} already; `cleaner undo` takes it out, --no-fields adds none")
        self._id = record.get("id")
        self._start, self._end = text.start + 1, text.end - 1
        self._ascii = line.isascii()

    @property
    def id(self) -> str | None:
        return None if self._id is None else str(self._id)

    def passages(self) -> Iterator[Passage]:
        start = self._start
        while start == self._start or start < self._end:
            end = _cut(self._line, start, self._end)
            source = decoded(self._line[start:end], "utf-8", self._line, _MEND)
            yield _passage(source, ascii_only=self._ascii, raw=memoryview(self._line)[start:end])
            start = end if end > start else self._end + 1

    def render(self, outcome: Outcome | None) -> bytes:
        if outcome is None:
            return self._line
        text = outcome.sources or (self._line[self._start : self._end],)
        tail = self._members[-1].end
        added = self._fields(outcome) if self._options.fields else b""
        return b"".join([self._line[: self._start], *text, self._line[self._end : tail], added, self._line[tail:]])

    def _fields(self, outcome: Outcome) -> bytes:
        # The way that colons are written tells whether the line is compact.
        colon = self._line.find(b":", 0, self._members[0].start)
        compact = self._members[0].start == colon + 1
        body = dumps(outcome.fields(), ascii_only=self._ascii, compact=compact)[1:-1]
        return ("," if compact else ", ").encode() + body.encode()


def _kind(value: object) -> str:
    names = {
        str: "a string",
        int: "a number",
        float: "a number",
        bool: "a boolean",
        list: "an array",
        dict: "an object",
    }
    return names.get(type(value), "null")


def _cut(line: bytes, start: int, end: int) -> int:
    """Where a piece of the string's inside that begins at `start` ends: never inside an escape or a character."""
    limit = start + PASSAGE_LENGTH
    if end <= limit:
        return end
    low = limit - PASSAGE_LENGTH // 2
    at = line.rfind(b"\\n", low, limit)
    while at > low and not _is_escape(line, at):
        at = line.rfind(b"\\n", low, at)
    if at > low:
        return at + 2
    at = line.rfind(b" ", low, limit)
    if at > 0:
        return at + 1
    # No break at all: cut before an escape that the limit may cut through or, without one, before a character.
    for slash in range(limit - 1, limit - 12, -1):
        if _is_escape(line, slash):
            # The second half of a surrogate pair stays with the first.
            return slash - 6 if _SECOND_HALF.match(line, slash) and _is_escape(line, slash - 6) else slash
    while line[limit] & 0xC0 == 0x80:
        limit -= 1
    return limit


def _is_escape(line: bytes, at: int) -> bool:
    """Whether the backslash at `at` starts an escape, rather than being the second of `\\\\`."""
    count = 0
    while line[at - 1 - count] == 92:
        count += 1
    return line[at] == 92 and count % 2 == 0


def _mark(block: Block) -> bytes:
    return _MARK if block.index == 0 and block.data.startswith(_MARK) else b""


class Jsonl(Format):
    """One JSON object a line."""

    name = "jsonl"
    adds_fields = True

    def blocks(self, stream: BinaryIO, options: Options) -> Iterator[Block]:
        yield from line_blocks(stream, options)

    def items(self, block: Block, options: Options) -> Iterator[Item]:
        for line in lines(block.data[len(_mark(block)) :]):
            if line[:1] != b"{" and not line.strip():
                yield Verbatim(line)
                continue
            try:
                yield JsonRecord(line, options)
            except RecordError as error:
                yield Bad(str(error), line)

    def render(self, block: Block, kept: Sequence[tuple[Record | Verbatim, Outcome | None]], options: Options) -> bytes:
        return _mark(block) + super().render(block, kept, options)

    def undo(self, block: Block, options: Options) -> bytes:
        return b"".join(_undone(line, options) if b"cleaner_" in line else line for line in lines(block.data))


def _undone(line: bytes, options: Options) -> bytes:
    found = members(line)
    names = [m.key for m in found]
    if tuple(names[-4:]) != FIELDS:
        return line
    try:
        edits = [Edit.from_json(e) for e in json.loads(line[found[-1].start : found[-1].end])]
        text = next(m for m in reversed(found[:-4]) if m.key == options.field)
        passage = _passage(line[text.start + 1 : text.end - 1].decode(), ascii_only=line.isascii())
        inside = restored(passage, edits)
    except StopIteration:
        raise RecordError(f"no field {options.field!r}; name the text's with --field") from None
    except ValueError as error:
        raise RecordError(str(error)) from None
    return b"".join(
        [line[: text.start + 1], inside.encode(), line[text.end - 1 : found[-5].end], line[found[-1].end :]]
    )


def restored(passage: Passage, edits: Sequence[Edit]) -> str:
    """The source of a field before `edits`; raises ValueError if it is not what they led to."""
    out = []
    for start, end, edit in placed(edits):
        if passage.text[start:end] != edit.replacement:
            raise ValueError(f"{edit.replacement!r} is not at {start}: the text was changed after it was cleaned")
        span = passage.locate(start, end)
        out.append((span.start, span.end, passage.escape(edit.text) if edit.raw is None else edit.raw))
    return splice(passage.source, out)
