"""WARC: the text of each HTML page, as JSON lines with its address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from typing import Any, BinaryIO

from cleaner.formats.base import Bad, Block, Format, Item, Options, Outcome, Record, pieces
from cleaner.formats.html import article, charset, passages
from cleaner.formats.http import content
from cleaner.formats.passage import Passage
from cleaner.formats.problems import InputError, RecordError, needs


class PageRecord(Record):
    """The text of a page; paragraphs are lines."""

    def __init__(self, url: str, date: str, page: str, options: Options) -> None:
        self._url, self._date, self._options = url, date, options
        if options.extract:
            self._text = article(page)
        else:
            paragraphs = (line.strip() for passage in passages(page) for line in passage.text.splitlines())
            self._text = "".join(f"{' '.join(paragraph.split())}\n" for paragraph in paragraphs if paragraph)

    @property
    def id(self) -> str | None:
        return self._url

    def passages(self) -> Iterator[Passage]:
        yield from (Passage(piece, piece) for piece in pieces(self._text))

    def render(self, outcome: Outcome | None) -> bytes:
        text = outcome.source if outcome and outcome.edits else self._text
        row: dict[str, Any] = {"url": self._url, "date": self._date, "text": text}
        if outcome is not None and self._options.fields:
            row |= outcome.fields()
        # Lone surrogates, which a page's character references can make, have no UTF-8.
        return json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


class Warc(Format):
    """WARC files through fastwarc; other records than HTML responses are left out."""

    name = "warc"
    adds_fields = True

    def blocks(self, stream: BinaryIO, options: Options) -> Iterator[Block]:
        with needs("warc", "WARC files"):
            warc = import_module("fastwarc.warc")
        guarded = _Guarded(stream)
        archive = warc.ArchiveIterator(guarded, record_types=warc.WarcRecordType.response, parse_http=True)
        index, record, size, pages = 0, 1, 0, []
        for page in _pages(archive, guarded, options.limits.record):
            pages.append(page)
            size += len(page["body"] or "")
            if size >= options.block_bytes:
                yield Block(index, record, json.dumps(pages).encode())
                index, record, size, pages = index + 1, record + len(pages), 0, []
        if pages or not index:
            yield Block(index, record, json.dumps(pages).encode())

    def items(self, block: Block, options: Options) -> Iterator[Item]:
        for page in json.loads(block.data):
            if page["body"] is None:
                yield Bad(f"{page['url']}: a page of more than --max-record", b"")
                continue
            body = page["body"].encode("latin-1")
            try:
                body = content(body, page["transfer"], page["encoding"], options.limits.record)
                encoding = page["charset"] or charset(body, "utf-8")
                yield PageRecord(page["url"], page["date"], body.decode(encoding, "replace"), options)
            except (LookupError, ValueError) as error:  # RecordError, and encodings that are none for text
                yield Bad(f"{page['url']}: {error}", body)

    def undo(self, block: Block, options: Options) -> bytes:
        raise RecordError("a WARC file is never changed; there is nothing to undo")

    def target(self, name: str, options: Options) -> str:
        return name.removesuffix(".warc") + ".jsonl"


def _pages(archive: Any, stream: _Guarded, most: int) -> Iterator[dict[str, Any]]:
    """Each HTML page; the body is None if it has more than `most` bytes."""
    try:
        for entry in archive:
            if entry.http_content_type in ("text/html", "application/xhtml+xml"):
                length, body, http = entry.content_length, entry.reader.read(most + 1), entry.http_headers
                if len(body) < min(length, most):
                    raise InputError("the last WARC record ends too early; the file is cut off")
                yield {
                    "url": entry.headers.get("WARC-Target-URI", ""),
                    "date": entry.headers.get("WARC-Date", ""),
                    "charset": entry.http_charset,
                    "transfer": http.get("Transfer-Encoding", ""),
                    "encoding": http.get("Content-Encoding", ""),
                    "body": None if len(body) > most else body.decode("latin-1"),
                }
            if stream.error:
                break
    except InputError:
        raise
    except Exception as error:  # fastwarc has no exceptions of its own
        raise InputError(str(stream.error or f"broken WARC data ({error})")) from None
    if stream.error or not stream.seen:
        raise InputError(str(stream.error or "no WARC record in this file"))


class _Guarded:
    """Keeps what goes wrong while fastwarc reads, which would hide it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.error: Exception | None = None
        self.seen = False

    def read(self, size: int = -1) -> bytes:
        try:
            data = self._stream.read(size)
        except InputError as error:
            self.error = error
            return b""
        self.seen = self.seen or b"WARC/" in data
        return data

    def tell(self) -> int:
        return 0

    def close(self) -> None:
        """Called by fastwarc 0.15; the stream belongs to whoever opened it."""

    def seek(self, offset: int, whence: int = 0) -> int:
        return 0
