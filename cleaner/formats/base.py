"""What a format offers to a job: cut a file into blocks, a block into records, and write records back."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from cleaner.edits import Edit
from cleaner.formats.compression import EXPANSION
from cleaner.formats.passage import Passage
from cleaner.formats.problems import InputError, RecordError
from cleaner.result import Verdict

# Uncompressed bytes after which a block ends, at the next record.
BLOCK_BYTES = 1 << 21
# A text with more code points (or bytes of its source) is cleaned in passages, so that memory stays bounded.
PASSAGE_LENGTH = 1 << 20

FIELDS = ("cleaner_verdict", "cleaner_probability", "cleaner_dialect", "cleaner_edits")


@dataclass(frozen=True, slots=True)
class Limits:
    """What input may cost.

    `record`: bytes of a line, a row, a page, or a file of the kinds that are never cut; each is held in memory some
    five times over.  `expansion`: how many times its size a compressed file may unpack to (beyond 64 MiB).
    """

    record: int = 512 << 20
    expansion: float = EXPANSION

    def check(self, length: int) -> None:
        """Raises InputError for a record of more bytes."""
        if length > self.record:
            size = f"{self.record / (1 << 20):g} MiB"
            raise InputError(f"a record of more than {size} (is a quotation mark open?); raise --max-record to read it")


@dataclass(frozen=True, slots=True)
class Options:
    """How files are to be read and written.

    `field` names the text (JSONL, CSV, Parquet); `fields` says whether the four fields of `FIELDS` are added;
    `extract` takes the article's text out of HTML and WARC; `encoding` is that of text, HTML and CSV.  `limits` say
    what is refused, and nothing of what comes out.
    """

    field: str = "text"
    fields: bool = True
    extract: bool = False
    encoding: str = "utf-8"
    block_bytes: int = BLOCK_BYTES
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a file that one worker cleans on its own.

    `index` counts the blocks of the file from 0 and `record` is the number of its first record, from 1.
    `context` is what the block needs to know from the head of the file.  `start` is where `data` begins in the
    (uncompressed) file, if it stands there as it is.
    """

    index: int
    record: int
    data: bytes
    context: bytes = b""
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What cleaning said about one record.

    `sources` are the sources of its passages (UTF-8) with the edits in them, or None if there are no edits.  The
    offsets of `edits`, `findings` and `paragraphs` (start, end, probability) are code points of the record's
    text, or of its source if the record is a whole file; `length` is how many it has.
    """

    verdict: Verdict
    probability: float
    dialect: str | None
    length: int
    sources: tuple[bytes | memoryview, ...] | None
    edits: tuple[Edit, ...]
    findings: tuple[tuple[int, int, float], ...]
    paragraphs: tuple[tuple[int, int, float], ...]

    @property
    def source(self) -> str:
        """What takes the place of a record whose passages are all of it, or of its text; only if there are edits."""
        return b"".join(self.sources or ()).decode("utf-8", "surrogatepass")

    def fields(self) -> dict[str, Any]:
        """The four fields, as JSON has them."""
        values = (
            self.verdict,
            round(self.probability, 6),
            self.dialect,
            [edit.as_json() for edit in self.edits],
        )
        return dict(zip(FIELDS, values, strict=True))


class Record(ABC):
    """One text with all that belongs to it."""

    # Whether edits count in the source (a whole file) rather than in the text (a field).
    whole = False

    @property
    @abstractmethod
    def id(self) -> str | None:
        """The record's own name, if it has one."""

    @abstractmethod
    def passages(self) -> Iterator[Passage]:
        """The text in pieces of bounded length, at least one; raises RecordError."""

    @abstractmethod
    def render(self, outcome: Outcome | None) -> bytes:
        """The record as it is to be written: as `outcome` has it, or with None untouched."""


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Bytes between records that are passed on as they are."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Bad:
    """A record that cannot be cleaned, with its bytes."""

    reason: str
    data: bytes


Item = Record | Verbatim | Bad


class Format(ABC):
    """One kind of file.

    `whole` says that a file is one document, `adds_fields` that records can carry `FIELDS`.
    """

    name: str
    whole = False
    adds_fields = False

    @abstractmethod
    def blocks(self, stream: BinaryIO, options: Options) -> Iterator[Block]:
        """Cut a file into blocks, the same whenever it is read; raises InputError."""

    @abstractmethod
    def items(self, block: Block, options: Options) -> Iterator[Item]:
        """The records of a block."""

    def render(self, block: Block, kept: Sequence[tuple[Record | Verbatim, Outcome | None]], options: Options) -> bytes:
        """A block of output with the records that are to be in it."""
        return b"".join(item.data if isinstance(item, Verbatim) else item.render(outcome) for item, outcome in kept)

    def finish(self, partial: Path, source: Path | None, options: Options) -> None:
        """Turn all blocks of output, one after the other in `partial`, into the file that is wanted."""
        return

    def undo(self, block: Block, options: Options) -> bytes:
        """A block of output with fields as it was before; raises RecordError."""
        raise RecordError(f"{self.name} files have no fields to undo from")

    def target(self, name: str, options: Options) -> str:
        """What the output for an input of this name is called."""
        return name

    def output_compression(self, compression: str | None) -> str | None:
        """How the blocks of output are compressed, given the input's compression."""
        return compression


def line_blocks(stream: BinaryIO, options: Options) -> Iterator[Block]:
    """Cut at the first line end after every `block_bytes`; records are the lines that are not blank.

    Raises InputError for a line that is too long.
    """
    index, record, start = 0, 1, 0
    while data := stream.read(options.block_bytes):
        if data[-1] != 10:
            data += line_end(stream, options)
        yield Block(index, record, data, start=start)
        index += 1
        record += data.count(b"\n")
        start += len(data)


def line_end(stream: BinaryIO, options: Options) -> bytes:
    rest = stream.readline(options.limits.record + 1)
    options.limits.check(len(rest))
    return rest


def whole(stream: BinaryIO, options: Options) -> bytes:
    """All of a file that cannot be cut; raises InputError if it is too long."""
    data = stream.read(options.limits.record + 1)
    options.limits.check(len(data))
    return data


def lines(data: bytes) -> Iterator[bytes]:
    """The lines of `data` with their ends; one that is all of it is not copied."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", start) + 1 or len(data)
        yield data[start:end]
        start = end


_BREAK = re.compile(r"[\n\r]\s*|[.!?…][\"'”’)\]]*\s+")


def pieces(text: str, length: int = PASSAGE_LENGTH) -> Iterator[str]:
    """`text` in pieces of at most `length` code points, cut at the last line end, sentence end or space.

    >>> list(pieces("One. Two three\\nfour", 16)), list(pieces("abcdef", 4))
    (['One. Two three\\n', 'four'], ['abcd', 'ef'])
    """
    start = 0
    while len(text) - start > length:
        cut = start + length
        end = text.rfind("\n", start + length // 2, cut) + 1
        if not end:
            ends = [m.end() for m in _BREAK.finditer(text, max(start, cut - 4000), cut)]
            end = ends[-1] if ends else text.rfind(" ", start + length // 2, cut) + 1 or cut
        yield text[start:end]
        start = end
    if start == 0 or start < len(text):
        yield text[start:]


def dumps(value: Any, *, ascii_only: bool, compact: bool = False) -> str:
    """JSON in the style of its surroundings; what UTF-8 cannot hold is escaped."""
    text = _encoder(ascii_only, compact).encode(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        return _encoder(True, compact).encode(value)
    return text


@cache
def _encoder(ascii_only: bool, compact: bool) -> json.JSONEncoder:
    return json.JSONEncoder(ensure_ascii=ascii_only, separators=(",", ":") if compact else (", ", ": "))


def decoded(data: bytes, encoding: str, record: bytes | None = None, mend: str = "") -> str:
    """The text of `data`, a part of `record`; raises RecordError that names the record's first bad byte and a mend."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        if record is not None and record != data:
            decoded(record, encoding, mend=mend)
        place = f"byte 0x{data[error.start]:02x} at offset {error.start}"
        mend = mend or "convert the file or give its --encoding"
        raise RecordError(f"{place} is not {encoding.upper()}; {mend}") from None
