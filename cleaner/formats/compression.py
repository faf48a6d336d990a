"""gzip, bzip2, xz and Zstandard around any format: read as streams, written as one member per block.

All four allow several members (frames, streams) one after the other, so that blocks can be compressed apart from each
other and an interrupted file can be continued at the end of any member.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from importlib import import_module
from typing import Any, BinaryIO

from cleaner.formats.problems import InputError, needs

SUFFIXES = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd"}
_MAGIC = ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ\0", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"))
_CHUNK = 1 << 18


def detect(head: bytes) -> str | None:
    """The compression whose magic number `head` begins with."""
    return next((name for magic, name in _MAGIC if head.startswith(magic)), None)


def reader(stream: BinaryIO, compression: str | None) -> BinaryIO:
    """A stream of what `stream` holds uncompressed; reading raises InputError where the data is broken or cut off."""
    return io.BufferedReader(_Reader(stream, compression), _CHUNK) if compression else stream


def compress(data: bytes, compression: str | None) -> bytes:
    """`data` as one member; the same bytes for the same data, whenever and wherever it runs."""
    if compression is None:
        return data
    if compression == "gzip":
        import gzip

        return gzip.compress(data, 6, mtime=0)
    if compression == "zstd":
        compressed: bytes = _zstandard().ZstdCompressor(level=3).compress(data)
        return compressed
    packed: bytes = import_module("bz2" if compression == "bzip2" else "lzma").compress(data)
    return packed


def _decompressor(compression: str) -> Callable[[], Any]:
    if compression == "gzip":
        import zlib

        return lambda: zlib.decompressobj(31)
    if compression == "bzip2":
        import bz2

        return bz2.BZ2Decompressor
    if compression == "xz":
        import lzma

        return lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ)
    zstandard = _zstandard()
    return lambda: zstandard.ZstdDecompressor().decompressobj()


def _zstandard() -> Any:
    with needs("zstd", "Zstandard files"):
        return import_module("zstandard")


class _Reader(io.RawIOBase):
    """Member after member; zero padding between and behind members is skipped."""

    def __init__(self, stream: BinaryIO, compression: str) -> None:
        self._stream = stream
        self._name = compression
        self._new = _decompressor(compression)
        self._member: Any = None
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            data = self._member.unused_data if self._member is not None and self._member.eof else b""
            if self._member is not None and self._member.eof:
                self._member = None
            data = data or self._stream.read(_CHUNK)
            if not data:
                if self._member is not None:
                    raise InputError(f"the {self._name} data ends too early; the file is cut off")
                return 0
            if self._member is None:
                data = data.lstrip(b"\0")
                if not data:
                    continue
                self._member = self._new()
            try:
                self._ready = memoryview(self._member.decompress(data))
            except Exception as error:  # zlib.error, OSError, LZMAError and ZstdError have no common base
                raise InputError(f"broken {self._name} data ({error})") from None
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count
