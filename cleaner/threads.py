"""One thread for matrix products: those of this package are so small that several threads mostly wait for each other.

OpenBLAS, which numpy's wheels bring, starts a thread for each processor; measured here, a text then takes ten times as
much processor time, and no less time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

VARIABLE = "OPENBLAS_NUM_THREADS"


def settle() -> None:
    """Have a process of our own, which has not loaded numpy yet, and those that it starts use one thread."""
    os.environ.setdefault(VARIABLE, "1")


@contextmanager
def single() -> Iterator[None]:
    """Use one thread as long as the context lasts, in a process that is not our own."""
    count, choose = _openblas()
    before = count()
    if before <= 1:
        yield
        return
    choose(1)
    try:
        yield
    finally:
        choose(before)


@cache
def _openblas() -> tuple[Callable[[], int], Callable[[int], object]]:
    """What tells and sets the number of threads; without OpenBLAS in numpy's wheel there is one, and nothing is set."""
    if os.environ.get(VARIABLE) != "1":
        import ctypes

        import numpy as np

        package = Path(np.__file__).parent
        for folder in (package.with_name("numpy.libs"), package / ".dylibs"):
            for path in sorted(folder.glob("*openblas*")):
                library = ctypes.CDLL(str(path))  # the one that numpy has loaded
                for prefix, suffix in (("scipy_", "64_"), ("", "64_"), ("scipy_", ""), ("", "")):
                    names = (f"{prefix}openblas_{verb}_num_threads{suffix}" for verb in ("get", "set"))
                    found = [getattr(library, name, None) for name in names]
                    if None not in found:
                        return found[0], found[1]  # type: ignore[return-value]
    return (lambda: 1), (lambda threads: None)
