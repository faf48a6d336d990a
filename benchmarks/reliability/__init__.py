"""What the project withstands, run and written down: properties, fuzzing, hostile input, faults of the disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def note(results: Path, part: str, key: str, entry: dict[str, Any]) -> None:
    """Put `entry` into a part of the results, in place of the one with the same `key`."""
    known = json.loads(results.read_text(encoding="utf-8")) if results.exists() else {}
    kept = [earlier for earlier in known.get(part, []) if earlier[key] != entry[key]]
    content = {**known, part: sorted([*kept, entry], key=lambda e: str(e[key]))}
    results.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
