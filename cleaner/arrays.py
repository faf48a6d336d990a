"""Model files that are arrays: end to end after a magic number, or by their names in an archive.

Both are mapped into memory: only what is looked up is ever read, and workers share it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from math import prod
from mmap import ACCESS_READ, mmap
from os import SEEK_CUR
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from cleaner.integrity import verified

_ARRAY = b"\x93NUMPY"  # how each array begins
_ALIGNMENT = 64


def read_arrays(path: Path, magic: bytes, count: int, what: str, error: type[Exception]) -> list[NDArray[Any]]:
    """The `count` arrays of the file at `path`, which is `what` ("a screen").

    Raises `error` if it is not a whole one of this version (other `magic`, cut short), OSError if it cannot be read.
    """
    with verified(path).open("rb") as file:
        if file.read(len(magic)) != magic:
            raise error(f"{path} is not {what} of this version of cleaner")
        try:
            return list(_mapped(mmap(file.fileno(), 0, access=ACCESS_READ), count))
        except ValueError as failure:
            raise error(f"{path} is cut short or damaged: {failure}") from None


def _mapped(data: mmap, count: int) -> Iterator[NDArray[Any]]:
    """The first `count` arrays in `data`; raises ValueError."""
    for _ in range(count):
        data.seek(max(data.find(_ARRAY, data.tell()), 0))
        version = npy.read_magic(data)
        shape, by_column, dtype = (npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0)(data)
        array = np.frombuffer(data, dtype, prod(shape), data.tell())
        data.seek(array.nbytes, SEEK_CUR)
        array = array.reshape(shape, order="F" if by_column else "C")
        yield array if array.flags.aligned else array.copy()


def write_arrays(path: Path, magic: bytes, arrays: Iterable[NDArray[Any]]) -> None:
    """Write such a file; the same arrays give the same bytes."""
    path.unlink(missing_ok=True)  # whoever has mapped the one before keeps it
    with path.open("wb") as file:
        file.write(magic)
        for array in arrays:
            file.write(bytes(-file.tell() % _ALIGNMENT))
            np.save(file, array)


def quantized(vectors: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Rows (.., n) in eight bits, and the scale of each: rows * scale are the vectors."""
    scale = np.maximum(np.abs(vectors).max(axis=-1), 1e-6) / 127
    return np.rint(vectors / scale[..., None]).astype(np.int8), scale.astype(np.float32)


class Archive:
    """A dataclass of arrays and numbers that is kept as an uncompressed .npz archive."""

    __slots__ = ()
    SHIPPED: ClassVar[Path]  # the one that comes with the package

    @classmethod
    def open(cls, path: Path | None = None) -> Self:
        """Read one (default: the one shipped).

        Raises OSError if the file cannot be read, KeyError if it lacks an array.
        """
        from zipfile import ZipFile  # not for those who read no archive

        found: dict[str, Any] = {}
        with verified(path or cls.SHIPPED).open("rb") as file:
            members, data = ZipFile(file), mmap(file.fileno(), 0, access=ACCESS_READ)
            for f in fields(cls):  # type: ignore[arg-type]
                data.seek(members.getinfo(f"{f.name}.npy").header_offset)
                (array,) = _mapped(data, 1)
                found[f.name] = array if array.ndim else array.item()
        return cls(**found)

    def save(self, path: Path) -> None:
        """Write it; the same arrays give the same bytes."""
        path.unlink(missing_ok=True)
        with path.open("wb") as file:
            np.savez(file, **{f.name: getattr(self, f.name) for f in fields(self)})  # type: ignore[arg-type]
