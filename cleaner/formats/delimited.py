"""CSV and TSV: only the text's field changes; the new columns come last; all other bytes stay."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import BinaryIO, NamedTuple

from cleaner.edits import Edit
from cleaner.formats.base import (
    FIELDS,
    Bad,
    Block,
    Format,
    Item,
    Options,
    Outcome,
    Record,
    Verbatim,
    decoded,
    pieces,
)
from cleaner.formats.jsonl import restored
from cleaner.formats.passage import Passage, Segment
from cleaner.formats.problems import InputError, RecordError

_MARK = b"\xef\xbb\xbf"
_DELIMITERS = (b",", b";", b"\t", b"|")


# A carriage return at the end of what was read may be the first half of a line end.
_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")
_OPEN = re.compile(rb'"[^"]*+(?:""[^"]*+)*+\Z')


@cache
def _field(delimiter: bytes) -> re.Pattern[bytes]:
    d = re.escape(delimiter)
    quoted = rb'"[^"]*+(?:""[^"]*+)*+"(?=[\r\n]|\Z|%b)' % d
    return re.compile(rb"((?P<quoted>%b)|[^%b\r\n]*+)(?P<end>%b|\r\n|\n|\r|\Z)" % (quoted, d, d))


class Field(NamedTuple):
    """Where a field stands, its quotation marks included."""

    start: int
    end: int


def row(data: bytes, start: int, delimiter: bytes) -> tuple[list[Field], int] | None:
    """The fields of the row at `start` and where the next begins; None if a quotation is still open at the end.

    Raises RecordError for a quotation with something behind it.
    """
    fields: list[Field] = []
    pattern = _field(delimiter)
    while True:
        quoted = data[start : start + 1] == b'"'
        if quoted and _OPEN.match(data, start):
            return None
        m = pattern.match(data, start)
        if m is None or (quoted and m["quoted"] is None):
            raise RecordError("text behind a closing quotation mark")
        fields.append(Field(*m.span(1)))
        start = m.end()
        if m["end"] != delimiter:
            return fields, start


def _whole_rows(data: bytes, delimiter: bytes) -> tuple[int, int]:
    """Where the last whole row ends, and how many rows that are."""
    start = rows = 0
    while end := data.find(b"\n", start) + 1:
        if data.find(b'"', start, end) >= 0:
            try:
                parsed = row(data, start, delimiter)
            except RecordError:
                parsed = [], end
            if parsed is None or (parsed[1] == len(data) and data[-1] != 10):
                break
            end = parsed[1]
        start = end
        rows += 1
    return start, rows


class _Layout(NamedTuple):
    """What the header says."""

    delimiter: bytes
    names: tuple[str, ...]
    text: int

    @classmethod
    def of(cls, header: bytes, options: Options) -> _Layout:
        """Raises InputError if the text's column is not there."""
        line = header.removeprefix(_MARK)
        delimiter = max(_DELIMITERS, key=lambda d: line.split(b'"')[0].count(d) or line.count(d))
        try:
            parsed = row(line, 0, delimiter)
            fields = parsed[0] if parsed else []
            names = tuple(_value(decoded(line[f.start : f.end], options.encoding)) for f in fields)
        except RecordError as error:
            raise InputError(f"in the header: {error}") from None
        if names in ((), ("",)):
            raise InputError("no header; the first line has to name the columns")
        if options.field not in names:
            known = ", ".join(map(repr, names[:8]))
            raise InputError(f"no column {options.field!r} (columns: {known}); name the text's with --field")
        return cls(delimiter, names, names.index(options.field))


def _value(source: str) -> str:
    return source[1:-1].replace('""', '"') if source[:1] == '"' else source


def _quote(value: str, delimiter: str) -> str:
    needed = any(c in value for c in (delimiter, '"', "\r", "\n"))
    return '"' + value.replace('"', '""') + '"' if needed else value


def _segments(source: str) -> Sequence[Segment]:
    out, text, position = [], 0, 0
    for m in re.finditer('""', source):
        out.append(Segment(text, position, m.start() - position, m.start() - position))
        text += m.start() - position
        out.append(Segment(text, m.start(), 1, 2, escape=True))
        text, position = text + 1, m.end()
    return [*out, Segment(text, position, len(source) - position, len(source) - position)]


def _quoted_passage(source: str) -> Passage:
    segments = (lambda: _segments(source)) if '"' in source else None
    return Passage(source.replace('""', '"'), source, segments, lambda new: new.replace('"', '""'))


class CsvRecord(Record):
    """One row; `fields` are its fields in `data`, of which it is data[start:end]."""

    def __init__(self, line: bytes, fields: list[Field], layout: _Layout, options: Options) -> None:
        if len(fields) != len(layout.names):
            raise RecordError(f"{len(fields)} fields where the header has {len(layout.names)}")
        self._line, self._fields, self._layout, self._options = line, fields, layout, options
        self._at = fields[layout.text]
        self._source = decoded(line[self._at.start : self._at.end], options.encoding, line)
        self._is_quoted = self._source.startswith('"')

    @property
    def id(self) -> str | None:
        if "id" not in self._layout.names:
            return None
        field = self._fields[self._layout.names.index("id")]
        return _value(decoded(self._line[field.start : field.end], self._options.encoding))

    def passages(self) -> Iterator[Passage]:
        if not self._is_quoted:
            yield from (Passage(piece, piece) for piece in pieces(self._source))
            return
        # Cut the text, then quote each piece again: no doubled mark is ever torn apart.
        for piece in pieces(_value(self._source)):
            yield _quoted_passage(piece.replace('"', '""'))

    def render(self, outcome: Outcome | None) -> bytes:
        if outcome is None:
            return self._line
        delimiter, encoding = self._layout.delimiter.decode(), self._options.encoding
        values, text = outcome.fields(), self._source
        if outcome.edits:
            text = f'"{outcome.source}"' if self._is_quoted else _quote(outcome.source, delimiter)
            if text[0:1] == '"' and not self._is_quoted:
                values[FIELDS[-1]][0]["bare"] = True
        out = [self._line[: self._at.start], _encoded(text, encoding), self._line[self._at.end : self._fields[-1].end]]
        if self._options.fields:
            edits = json.dumps(values.pop(FIELDS[-1]))
            added = ["" if value is None else str(value) for value in (*values.values(), edits)]
            out += [_encoded(delimiter + _quote(value, delimiter), encoding) for value in added]
        return b"".join([*out, self._line[self._fields[-1].end :]])


def _encoded(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        lacking = error.object[error.start]
        raise RecordError(f"{encoding} has no {lacking!r}; convert the file to UTF-8 first") from None


class Delimited(Format):
    """CSV and TSV with a header; the delimiter (comma, semicolon, tab, bar) is the one that the header has most of."""

    name = "csv"
    adds_fields = True

    def blocks(self, stream: BinaryIO, options: Options) -> Iterator[Block]:
        data = stream.read(options.block_bytes)
        end = _header_end(data)
        while not end and (more := stream.read(max(options.block_bytes, len(data)))):
            data += more
            options.limits.check(len(data))
            end = _header_end(data)
        header, data = data[: end or len(data)], data[end or len(data) :]
        layout = _Layout.of(header, options)
        taken = next((name for name in FIELDS if name in layout.names), None)
        if taken and options.fields:
            raise InputError(f"has a column {taken!r} already; `cleaner undo` takes it out, --no-fields adds none")
        index, record, start, final = 0, 1, len(header), False
        while not final:
            # Of a row that is not there yet, as much again: a cell of any length is looked through a few times only.
            more = stream.read(max(options.block_bytes, len(data)))
            data, final = data + more, not more
            end, rows = _whole_rows(data, layout.delimiter)
            if final:
                end = len(data)
            options.limits.check(0 if end else len(data))
            if end or (final and index == 0):
                yield Block(index, record, data[:end], header, start)
                index, record, start, data = index + 1, record + rows, start + end, data[end:]

    def items(self, block: Block, options: Options) -> Iterator[Item]:
        layout = _Layout.of(block.context, options)
        start = 0
        for start, end, fields, reason in _rows(block.data, layout.delimiter):
            line = block.data[start:end]
            if not line.strip(b"\r\n"):
                yield Verbatim(line)
                continue
            try:
                if reason:
                    raise RecordError(reason)
                yield CsvRecord(line, [Field(f.start - start, f.end - start) for f in fields], layout, options)
            except RecordError as error:
                yield Bad(str(error), line)

    def render(self, block: Block, kept: Sequence[tuple[Record | Verbatim, Outcome | None]], options: Options) -> bytes:
        body = super().render(block, kept, options)
        return body if block.index else self._header(block.context, options) + body

    def _header(self, header: bytes, options: Options) -> bytes:
        if not options.fields:
            return header
        end = len(header.rstrip(b"\r\n"))
        delimiter = _Layout.of(header, options).delimiter
        return header[:end] + b"".join(delimiter + name.encode() for name in FIELDS) + header[end:]

    def undo(self, block: Block, options: Options) -> bytes:
        layout = _Layout.of(block.context, options)
        if layout.names[-4:] != FIELDS:
            return (b"" if block.index else block.context) + block.data
        out = [] if block.index else [_undone_header(block.context, layout)]
        for start, end, fields, reason in _rows(block.data, layout.delimiter):
            line = block.data[start:end]
            local = [Field(f.start - start, f.end - start) for f in fields]
            out.append(line if reason or len(local) != len(layout.names) else _undone(line, local, layout, options))
        return b"".join(out)


def _rows(data: bytes, delimiter: bytes) -> Iterator[tuple[int, int, list[Field], str]]:
    start = 0
    while start < len(data):
        reason = ""
        fields: list[Field] = []
        try:
            parsed = row(data, start, delimiter)
            if parsed is None:
                reason, end = "a quotation mark is never closed", len(data)
            else:
                fields, end = parsed
        except RecordError as error:
            reason, end = str(error), data.find(b"\n", start) + 1 or len(data)
        yield start, end, fields, reason
        start = end


def _header_end(data: bytes) -> int:
    """Where the first row ends; 0 if it does not.  Raises InputError."""
    end = _LINE_END.search(data)
    if end is None or data.count(b'"', 0, end.end()) % 2 == 0:
        return end.end() if end else 0
    try:
        parsed = row(data, 0, b",")
    except RecordError as error:
        raise InputError(f"in the header: {error}") from None
    return parsed[1] if parsed else 0


def _undone_header(header: bytes, layout: _Layout) -> bytes:
    parsed = row(header, 0, layout.delimiter)
    fields = parsed[0] if parsed else []
    return header[: fields[-5].end] + header[fields[-1].end :]


def _undone(line: bytes, fields: list[Field], layout: _Layout, options: Options) -> bytes:
    at, encoding = fields[layout.text], options.encoding
    source = decoded(line[at.start : at.end], encoding)
    try:
        values = json.loads(_value(decoded(line[fields[-1].start : fields[-1].end], encoding)))
        bare = any("bare" in value for value in values)
        edits = [Edit.from_json({key: v for key, v in value.items() if key != "bare"}) for value in values]
        if source.startswith('"'):
            source = restored(_quoted_passage(source[1:-1]), edits)
            source = _value(f'"{source}"') if bare else f'"{source}"'
        else:
            source = restored(Passage(source, source), edits)
    except ValueError as error:
        raise RecordError(str(error)) from None
    return line[: at.start] + source.encode(encoding) + line[at.end : fields[-5].end] + line[fields[-1].end :]
