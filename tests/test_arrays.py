"""Arrays in model files are mapped, aligned, and stay what they were when the file is written anew."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cleaner.arrays import Archive, read_arrays, write_arrays

MAGIC = b"Odd magic\n\n"
ARRAYS = (np.arange(7, dtype=np.int8), np.arange(6.0).reshape(2, 3), np.empty((0, 4), np.uint16), np.array(True))


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_arrays(path, MAGIC, ARRAYS)
    found = read_arrays(path, MAGIC, len(ARRAYS), "an example", ValueError)
    for array, one in zip(ARRAYS, found, strict=True):
        assert one.dtype == array.dtype and np.array_equal(one, array)
        assert one.flags.aligned and not one.flags.owndata and not one.flags.writeable


def test_a_model_in_use_may_be_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_arrays(path, MAGIC, [np.ones(10_000)])
    (used,) = read_arrays(path, MAGIC, 1, "an example", ValueError)
    write_arrays(path, MAGIC, [np.zeros(10)])
    assert used.sum() == 10_000


@pytest.mark.parametrize("left", [0, 5, len(MAGIC), 70, 140, -1])
def test_a_file_that_is_cut_short_is_named(tmp_path: Path, left: int) -> None:
    path = tmp_path / "a"
    write_arrays(path, MAGIC, ARRAYS)
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(KeyError, match=r"not an example of this version|cut short or damaged"):
        read_arrays(path, MAGIC, len(ARRAYS), "an example", KeyError)


def test_what_was_not_aligned_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with path.open("wb") as file:
        file.write(MAGIC)
        for array in ARRAYS:
            np.save(file, array)
    found = read_arrays(path, MAGIC, len(ARRAYS), "an example", ValueError)
    assert all(np.array_equal(a, b) and b.flags.aligned for a, b in zip(ARRAYS, found, strict=True))


@dataclass(frozen=True, slots=True)
class Example(Archive):
    """Some arrays and a number."""

    letters: Any
    table: Any
    number: float


def test_an_archive_is_mapped_and_may_be_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a"
    example = Example(np.frombuffer(b"\x93NUMPY and more", np.uint8), np.arange(6.0).reshape(2, 3), 2.5)
    example.save(path)
    with np.load(path) as found:
        assert found["table"].tolist() == example.table.tolist()
    read = Example.open(path)
    Example(np.zeros(3, np.uint8), np.ones((1, 1)), 0.0).save(path)
    assert read.letters.tobytes() == b"\x93NUMPY and more" and not read.letters.flags.owndata
    assert read.table.tolist() == example.table.tolist() and read.table.flags.aligned and read.number == 2.5
    assert Example.open(path).number == 0


def test_an_archive_that_lacks_an_array_says_so(tmp_path: Path) -> None:
    with (tmp_path / "a").open("wb") as file:
        np.savez(file, letters=np.zeros(3))
    with pytest.raises(KeyError, match=r"table\.npy"):
        Example.open(tmp_path / "a")
