"""Model files that are arrays end to end: a magic number, then each array as numpy's `save` writes it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

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
