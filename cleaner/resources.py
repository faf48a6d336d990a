"""Where the data that people read and edit lies: `lexicons/`, in an installed package or in a checkout."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def root() -> Path:
    """The `lexicons` folder: inside the package when installed from a wheel, else beside it in a checkout.

    Raises FileNotFoundError when neither is there.
    """
    package = Path(__file__).resolve().parent
    candidates = (package / "lexicons", package.parent / "lexicons")
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"no lexicons folder: looked for {' and '.join(map(str, candidates))}")


def path(*parts: str) -> Path:
    """The path of a resource below `lexicons`, such as path("en", "furniture.tsv"); it need not exist."""
    return root().joinpath(*parts)
