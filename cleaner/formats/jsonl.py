"""JSON lines: only the string of the text field changes, and the new fields come last."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from json.decoder import JSONDecoder
from typing import Any, BinaryIO, NamedTuple

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
from cleaner.formats.passage import Passage, Segment
from cleaner.formats.problems import RecordError
from cleaner.result import Verdict, splice

_TOKEN = re.compile(rb'["{}\[\],:]')
_ESCAPE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u.{4}|\\.")
_SECOND_HALF = re.compile(rb"\\u[dD][c-fC-F]")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_ESCAPED_KEY = re.compile(r'\\u[^"]*"[ \t]*:')
_OPENED = re.compile(r'[ \t]*:[ \t]*"')
_COMPACT = re.compile(rb'[ \t\r]*{[ \t\r]*"(?:[^":\\]|\\.)*"[ \t\r]*:[^ \t\r\n]')
_SPACE = b" \t\r\n"
_DECODER = JSONDecoder()
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


def _meant(source: str) -> str:
    """What the inside of a JSON string means; raises RecordError if it is none."""
    try:
        text: str = json.loads(f'"{source}"')
    except ValueError as error:
        raise RecordError(f"broken JSON: {_lower(error)}") from None
    return text


def _passage(text: str, source: str, *, ascii_only: bool, raw: memoryview | None = None) -> Passage:
    """The passage of the `text` that `source`, the inside of a JSON string, means."""
    segments = (lambda: _segments(source)) if "\\" in source else None
    return Passage(text, source, segments, lambda new: dumps(new, ascii_only=ascii_only)[1:-1], raw)


def _lower(error: ValueError) -> str:
    return str(error)[:1].lower() + str(error)[1:]


class _Place(NamedTuple):
    """Where the inside of the text's string stands in a line, and where the last member ends.

    `record` has the members, the text's without its content; `passage` is the text where it was decoded on the way.
    """

    start: int
    end: int
    tail: int
    record: dict[str, Any]
    passage: Passage | None = None


def _found(line: bytes, options: Options) -> _Place:
    """Where the text is; raises RecordError."""
    return (_found_at_once(line, options) if len(line) <= PASSAGE_LENGTH else None) or _found_by_members(line, options)


def _found_at_once(line: bytes, options: Options) -> _Place | None:
    """The same, mostly by what is compiled; None if the text is not the one string behind the one mention of its key,
    or if there is something wrong."""
    key, source = _quoted(options.field), line.decode("utf-8", "replace")
    at = source.find(key) if key else -1
    opened = _OPENED.match(source, at + len(key)) if at >= 0 else None
    if opened is None or not _outermost(source[:at]):
        return None
    start = opened.end()
    try:
        text, end = _DECODER.raw_decode(source, start - 1)
        head, tail = source[:start], source[end - 1 :]
        record = _DECODER.decode(head + tail)
    except (ValueError, RecursionError):
        return None
    if key in tail or _ESCAPED_KEY.search(tail) or "\ufffd" in source or not isinstance(record, dict):
        return None
    ascii_only = line.isascii()
    first, behind = (start, len(tail)) if ascii_only else (len(head.encode()), len(tail.encode()))
    last = len(line) - behind
    passage = _passage(text, source[start : end - 1], ascii_only=ascii_only, raw=memoryview(line)[first:last])
    return _Place(first, last, len(line.rstrip(_SPACE)[:-1].rstrip(_SPACE)), record, passage)


@cache
def _quoted(field: str) -> str:
    """A key as it is usually written; empty if it has other usual ways."""
    return f'"{field}"' if re.fullmatch(r"[\w.:-]+", field) else ""


def _outermost(head: str) -> bool:
    """Whether a key that follows `head` is one of the outermost object, and none before it can be the same."""
    if head.count("{") == 1 and "[" not in head and "\\" not in head and head.count('"') % 2 == 0:
        return True  # nearly always
    bare = _STRING.sub("", head)
    depth = sum(map(bare.count, "{[")) - sum(map(bare.count, "}]"))
    return depth == 1 and '"' not in bare and not _ESCAPED_KEY.search(head)


def _found_by_members(line: bytes, options: Options) -> _Place:
    """The same for all lines, with nothing of the text decoded; raises RecordError."""
    try:
        found = members(line)
        text = next((m for m in reversed(found) if m.key == options.field), None)
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
    return _Place(text.start + 1, text.end - 1, found[-1].end, record)


class JsonRecord(Record):
    """One line; only the text's string is ever decoded, and that of a long line piece by piece."""

    def __init__(self, line: bytes, options: Options) -> None:
        """Raises RecordError."""
        self._line = line
        self._options = options
        self._start, self._end, self._tail, record, self._passage = _found(line, options)
        if options.fields and not record.keys().isdisjoint(FIELDS):
            taken = next(name for name in FIELDS if name in record)
            raise RecordError(f"has a field {taken!r} already; `cleaner undo` takes it out, --no-fields adds none")
        self._id = record.get("id")

    @property
    def id(self) -> str | None:
        return None if self._id is None else str(self._id)

    def passages(self) -> Iterator[Passage]:
        if self._passage is not None:
            passage, self._passage = self._passage, None  # which is not needed twice
            yield passage
            return
        ascii_only = self._line.isascii()
        start = self._start
        while start == self._start or start < self._end:
            end = _cut(self._line, start, self._end)
            source = decoded(self._line[start:end], "utf-8", self._line, _MEND)
            yield _passage(_meant(source), source, ascii_only=ascii_only, raw=memoryview(self._line)[start:end])
            start = end if end > start else self._end + 1

    def render(self, outcome: Outcome | None) -> bytes:
        if outcome is None:
            return self._line
        added = self._fields(outcome) if self._options.fields else b""
        if outcome.sources is None:
            return b"".join([self._line[: self._tail], added, self._line[self._tail :]]) if added else self._line
        head, inner = self._line[: self._start], self._line[self._end : self._tail]
        return b"".join([head, *outcome.sources, inner, added, self._line[self._tail :]])

    def _fields(self, outcome: Outcome) -> bytes:
        # The way that the first colon is written tells whether the line is compact.
        compact, ascii_only = _COMPACT.match(self._line) is not None, self._line.isascii()
        if outcome.edits:
            return _added(outcome, ascii_only, compact).encode()
        before, behind = _framed(outcome.verdict, outcome.dialect, ascii_only, compact)
        return f"{before}{round(outcome.probability, 6)!r}{behind}".encode()


def _added(outcome: Outcome, ascii_only: bool, compact: bool) -> str:
    return ("," if compact else ", ") + dumps(outcome.fields(), ascii_only=ascii_only, compact=compact)[1:-1]


@lru_cache(maxsize=1000)
def _framed(verdict: Verdict, dialect: str | None, ascii_only: bool, compact: bool) -> tuple[str, str]:
    """What is added to a record without edits, before and behind the probability."""
    example = Outcome(verdict, 0.5, dialect, 0, None, (), (), ())
    before, _, behind = _added(example, ascii_only, compact).partition("0.5")
    return before, behind


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
        source = line[text.start + 1 : text.end - 1].decode()
        passage = _passage(_meant(source), source, ascii_only=line.isascii())
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
