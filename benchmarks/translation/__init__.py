"""Round-trip machine translation: pairs for development, the fit of the detector, and its figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple


class Pair(NamedTuple):
    """An original and what came back from a translation and its translation back, paragraph for paragraph."""

    original: str
    spun: str


def read(folder: Path) -> dict[str, list[Pair]]:
    """The pairs of each language: FOLDER/LANGUAGE.jsonl, {"original": ..., "spun": ...} a line."""
    return {
        path.stem: [Pair(row["original"], row["spun"]) for row in map(json.loads, path.open(encoding="utf-8"))]
        for path in sorted(folder.glob("*.jsonl"))
    }
