"""Loops compiled by numba (`compiled_*.py`), where the extra `fast` is installed and there is work enough."""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from types import ModuleType


def wanted() -> bool:
    """Whether this process has loaded compiled code already, so that more of it costs little."""
    return "numba" in sys.modules


@cache
def load(name: str) -> ModuleType | None:
    """A module of compiled functions, if it can be had; it takes half a second, or ten to compile it the first time."""
    try:
        return import_module(f"cleaner.{name}")
    except (ImportError, RuntimeError):  # no numba, none that fits this numpy, or no folder to keep the code in
        return None
