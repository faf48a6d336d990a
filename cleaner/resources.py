"""Where the data that people read and edit lies: `lexicons/`, in an installed package or in a checkout."""

from __future__ import annotations

from collections.abc import Iterator
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


def rows(name: str) -> Iterator[list[str]]:
    """The rows of lexicons/en/`name`, split at tabs, without comments and heading."""
    lines = [line for line in path("en", name).read_text("utf-8").splitlines() if not line.startswith("#")]
    return (line.split("\t") for line in lines[1:])
