"""The content of an HTTP response as crawlers keep it: with or without its transfer and content encodings undone."""

from __future__ import annotations

import re
import zlib

from cleaner.formats.problems import RecordError

_CHUNK = re.compile(rb"([0-9a-fA-F]+)[^\r\n]*\r\n")
_PLAIN = ("", "identity")
_ZLIB = ("gzip", "x-gzip", "deflate")


def content(body: bytes, transfer: str, encoding: str, most: int = 512 << 20) -> bytes:
    """`body` without its Transfer-Encoding and Content-Encoding (RFC 9110, RFC 9112).

    Many crawlers undo them and keep the headers: a body that is not so encoded stays as it is.  Raises RecordError for
    an encoding other than gzip and deflate, and for a page of more than `most` bytes.

    >>> content(b"5\\r\\n<p>Hi\\r\\n4\\r\\n</p>\\r\\n0\\r\\n\\r\\n", "chunked", "")
    b'<p>Hi</p>'
    """
    if transfer.lower() == "chunked":
        body = _joined(body)
    for name in reversed([part.strip().lower() for part in encoding.split(",")]):
        if name in _ZLIB:
            body = _inflated(body, most)
        elif name not in _PLAIN and b"<" not in body[:1000]:
            raise RecordError(f"a page in the encoding {name!r}; keep pages as gzip or plain")
    return body


def _joined(body: bytes) -> bytes:
    """All chunks in one; the body itself if it is not made of chunks."""
    chunks: list[bytes] = []
    at = 0
    while m := _CHUNK.match(body, at):
        size = int(m[1], 16)
        if size == 0:
            return b"".join(chunks)
        at = m.end() + size + 2
        if at > len(body):
            break
        chunks.append(body[m.end() : at - 2])
    return body


def _inflated(body: bytes, most: int) -> bytes:
    for bits in (47, -15):  # gzip or zlib by their heads, or raw deflate
        inflater = zlib.decompressobj(bits)
        try:
            page = inflater.decompress(body, most + 1)
        except zlib.error:
            continue
        if len(page) > most:
            raise RecordError("a page of more than --max-record")
        if inflater.eof:
            return page
    return body
