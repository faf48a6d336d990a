"""Detects machine-garbled (spun) articles and restores what they once said.

>>> import cleaner
>>> cleaner.Settings(threshold=0.9).threshold
0.9
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cleaner.cleaner import Cleaner, clean
    from cleaner.result import Finding, Paragraph, Result
    from cleaner.settings import Settings

__version__ = "0.1.0"
__all__ = ["Cleaner", "Finding", "Paragraph", "Result", "Settings", "__version__", "clean"]

_HOME = {
    "Cleaner": "cleaner.cleaner",
    "clean": "cleaner.cleaner",
    "Finding": "cleaner.result",
    "Paragraph": "cleaner.result",
    "Result": "cleaner.result",
    "Settings": "cleaner.settings",
}


# PEP 562: a name is imported when it is first asked for, so that `import cleaner` costs nothing.
def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
