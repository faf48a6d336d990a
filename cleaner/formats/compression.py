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
_BUFFER = 1 << 18
# So little is unpacked at a time that a bomb has no room to go off: 4 KiB are at most 4 MiB of gzip and 128 MiB of
# Zstandard; bzip2 and xz, which have no such bound, hand out so much at a time.
_CHUNK = 1 << 12
_PIECE = 1 << 20
EXPANSION = 200
_FREE = 64 << 20  # bytes that any file may unpack to


def detect(head: bytes) -> str | None:
    """The compression whose magic number `head` begins with."""
    return next((name for magic, name in _MAGIC if head.startswith(magic)), None)


def reader(stream: BinaryIO, compression: str | None, expansion: float = EXPANSION) -> BinaryIO:
    """A stream of what `stream` holds uncompressed; reading raises InputError where the data is broken or cut off, or
    unpacks to more than 64 MiB and `expansion` times its size."""
    return io.BufferedReader(_Reader(stream, compression, expansion), _BUFFER) if compression else stream


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

    def __init__(self, stream: BinaryIO, compression: str, expansion: float) -> None:
        self._stream = stream
        self._expansion = expansion
        self._packed = self._unpacked = 0
        self._name = compression
        self._new = _decompressor(compression)
        self._member: Any = None
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            data, starved = b"", True
            if self._member is not None and self._member.eof:
                data, self._member = self._member.unused_data, None
            elif self._member is not None:
                starved = getattr(self._member, "needs_input", True)
            if starved and not data:
                data = self._stream.read(_CHUNK)
                self._packed += len(data)
            if starved and not data:
                if self._member is not None:
                    raise InputError(f"the {self._name} data ends too early; the file is cut off")
                return 0
            if self._member is None:
                data = data.lstrip(b"\0")
                if not data:
                    continue
                self._member = self._new()
            try:
                most = (_PIECE,) if hasattr(self._member, "needs_input") else ()
                self._ready = memoryview(self._member.decompress(data, *most))
            except Exception as error:  # zlib.error, OSError, LZMAError and ZstdError have no common base
                raise InputError(f"broken {self._name} data ({error})") from None
            self._unpacked += len(self._ready)
            if self._unpacked > max(_FREE, self._packed * self._expansion):
                raise InputError(
                    f"unpacks to more than {self._expansion:g} times its size; if that is meant, raise --max-expansion"
                )
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count
