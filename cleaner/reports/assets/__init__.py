"""Style sheets, scripts and the frame that the HTML report and the review page are made of."""

from __future__ import annotations

from importlib.resources import files


def read(name: str) -> str:
    """The text of an asset; raises FileNotFoundError if there is none of that name."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8")
