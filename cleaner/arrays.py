"""Model files that are arrays: end to end after a magic number, or by their names in an archive."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from cleaner.integrity import verified


def read_arrays(path: Path, magic: bytes, count: int, what: str, error: type[Exception]) -> list[NDArray[Any]]:
    """The `count` arrays of the file at `path`, which is `what` ("a screen").

    Raises `error` if it is not a whole one of this version (other `magic`, cut short), OSError if it cannot be read.
    """
    with verified(path).open("rb") as file:
        if file.read(len(magic)) != magic:
            raise error(f"{path} is not {what} of this version of cleaner")
        try:
            return [np.load(file, allow_pickle=False) for _ in range(count)]
        except (ValueError, EOFError) as failure:
            raise error(f"{path} is cut short or damaged: {failure}") from None


def write_arrays(path: Path, magic: bytes, arrays: Iterable[NDArray[Any]]) -> None:
    """Write such a file; the same arrays give the same bytes."""
    with path.open("wb") as file:
        file.write(magic)
        for array in arrays:
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
        with np.load(verified(path or cls.SHIPPED)) as archive:
            found: dict[str, Any] = {f.name: archive[f.name] for f in fields(cls)}  # type: ignore[arg-type]
        return cls(**{name: array if array.ndim else array.item() for name, array in found.items()})

    def save(self, path: Path) -> None:
        """Write it; the same arrays give the same bytes."""
        with path.open("wb") as file:
            np.savez(file, **{f.name: getattr(self, f.name) for f in fields(self)})  # type: ignore[arg-type]
