"""Plain text: a file is one document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from cleaner.byte_order import MARKS as BYTE_ORDER_MARKS
from cleaner.formats.base import (
    PASSAGE_LENGTH,
    Bad,
    Block,
    Format,
    Item,
    Options,
    Outcome,
    Record,
    line_end,
    pieces,
    whole,
)
from cleaner.formats.passage import Passage
from cleaner.formats.problems import RecordError

# Without a byte order mark, these three would write one that was not there.
_MARKED = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}


class Decoded:
    """The text of a file, its byte order mark and its encoding; encodes back to the same bytes."""

    def __init__(self, data: bytes, encoding: str) -> None:
        """Raises RecordError for what is not text."""
        codec = _MARKED.get(encoding, encoding)
        self._data = data
        self.mark = b""
        for mark, marked in BYTE_ORDER_MARKS:
            if data.startswith(mark) and (codec == "utf-8" or marked.startswith(encoding)):
                self.mark, codec = mark, marked
                break
        self.encoding = codec
        if codec == "utf-8" and (zero := data.find(b"\0", 0, 8192)) >= 0:
            raise RecordError(f"a binary file (zero byte at offset {zero}); name text files, or give --encoding")
        try:
            self.text = data[len(self.mark) :].decode(codec)
        except UnicodeDecodeError as error:
            offset = len(self.mark) + error.start
            line = data.count(b"\n", 0, offset) + 1
            mend = "--encoding cp1252" if codec == "utf-8" else "another --encoding"
            raise RecordError(
                f"line {line}: byte 0x{data[offset]:02x} at offset {offset} is not {codec.upper()}; try {mend}"
            ) from None

    def encode(self, text: str) -> bytes:
        """Raises RecordError if the encoding lacks a character, or has several notations of one, so that what is no
        part of a repair might change as well."""
        try:
            if self.encoding != "utf-8" and self.mark + self.text.encode(self.encoding) != self._data:
                raise RecordError(f"{self.encoding} would not give all bytes back; convert the file to UTF-8 first")
            return self.mark + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            lacking = error.object[error.start]
            raise RecordError(f"{self.encoding} has no {lacking!r}; convert the file to UTF-8 first") from None


class TextRecord(Record):
    """A file, or a block of a long one."""

    whole = True

    def __init__(self, data: bytes, encoding: str) -> None:
        self._data = data
        self._file = Decoded(data, encoding)

    @property
    def id(self) -> str | None:
        return None

    @property
    def text(self) -> str:
        return self._file.text

    def passages(self) -> Iterator[Passage]:
        yield from (Passage(piece, piece) for piece in pieces(self.text))

    def render(self, outcome: Outcome | None) -> bytes:
        return self._file.encode(outcome.source) if outcome and outcome.edits else self._data


class Text(Format):
    """Plain text.  Long files are cut at line ends; what cannot be cut by bytes is one block."""

    name = "text"
    whole = True

    def blocks(self, stream: BinaryIO, options: Options) -> Iterator[Block]:
        if _wide(options.encoding):
            yield Block(0, 1, whole(stream, options), start=0)
            return
        blocks = _pieces(stream, options)
        first = next(blocks, Block(0, 1, b"", start=0))
        if any(first.data.startswith(mark) for mark, encoding in BYTE_ORDER_MARKS if encoding != "utf-8"):
            yield Block(0, 1, first.data + whole(stream, options), start=0)
            return
        yield first
        yield from blocks

    def items(self, block: Block, options: Options) -> Iterator[Item]:
        try:
            yield self.record(block.data, options)
        except RecordError as error:
            yield Bad(str(error), block.data)

    def record(self, data: bytes, options: Options) -> TextRecord:
        """Raises RecordError for what is not text."""
        return TextRecord(data, options.encoding)


def _pieces(stream: BinaryIO, options: Options) -> Iterator[Block]:
    """Cut at line ends, and a line that is cleaned in passages anyway behind a sentence or a word."""
    index = start = 0
    data = stream.read(options.block_bytes)
    while data:
        rest = stream.readline(PASSAGE_LENGTH) if data[-1] != 10 else b""
        options.limits.check(len(rest))
        data += rest
        end = len(data)
        if len(rest) == PASSAGE_LENGTH and rest[-1] != 10:
            middle = end // 2
            end = (data.rfind(b". ", middle) + 1 or data.rfind(b" ", middle)) + 1
            if not end:  # no space: what cannot be cut is read to its end
                data += line_end(stream, options)
                end = len(data)
        yield Block(index, 1, data[:end], start=start)
        index, start = index + 1, start + end
        data = data[end:] + stream.read(options.block_bytes)


def _wide(encoding: str) -> bool:
    """Whether a newline is more than its one byte."""
    return bool(re.match(r"utf-?_?(16|32)|utf-?_?7", encoding, re.IGNORECASE))


class WholeText(Text):
    """A kind of text whose structure spans lines, so that a file is never cut."""

    def blocks(self, stream: BinaryIO, options: Options) -> Iterator[Block]:
        yield Block(0, 1, whole(stream, options), start=0)
