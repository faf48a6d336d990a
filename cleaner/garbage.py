"""No search for cyclic garbage while texts are cleaned, and hardly any in a command.

A batch makes hundreds of thousands of small objects and no cycles; Python's collector looked through all of them again
and again, for a tenth of the time that spun text takes.  A command that was done looked once more through all that it
had imported, for a sixth of the time that a short honest text takes.
"""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

_SELDOM = 100_000  # objects: more than the imports of a command make


def settle() -> None:
    """Have a process of our own look for cyclic garbage seldom, and not at all when it ends: all goes back then."""
    gc.set_threshold(_SELDOM)
    atexit.register(gc.freeze)


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no cyclic garbage as long as the context lasts; all else is freed as ever."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
