"""Floors under the figures of quality; lowered only by an explicit flag with a reason, which is kept."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

FLOORS = Path(__file__).with_name("floors.json")


def read_floors() -> dict[str, Any]:
    """`floors` (figure -> least value), `ceilings` (figure -> greatest value) and `lowered` (the history)."""
    found: dict[str, Any] = json.loads(FLOORS.read_text(encoding="utf-8"))
    return found


def check(figures: Mapping[str, Mapping[str, float]], bounds: Mapping[str, Any]) -> int:
    """Print each figure that breaks its bound; the exit status, 0 or 1."""
    flat = {f"{kind}.{name}": value for kind, row in figures.items() for name, value in row.items()}
    broken = [f"{k} = {flat[k]:.4g} lies under its floor {v}" for k, v in bounds["floors"].items() if not flat[k] >= v]
    broken += [
        f"{k} = {flat[k]:.4g} lies over its ceiling {v}" for k, v in bounds["ceilings"].items() if not flat[k] <= v
    ]
    for line in broken:
        print(line, file=sys.stderr)
    print(f"quality gate: {len(broken)} of {len(bounds['floors']) + len(bounds['ceilings'])} bounds broken")
    return int(bool(broken))


def lower(change: str, reason: str | None) -> None:
    """Move one bound the easy way, with a reason on record."""
    name, _, value = change.partition("=")
    bounds = read_floors()
    group = next((g for g in ("floors", "ceilings") if name in bounds[g]), None)
    if group is None or not value:
        sys.exit(f"--lower: give FIGURE=VALUE with one of {', '.join([*bounds['floors'], *bounds['ceilings']])}")
    if not reason:
        sys.exit("--lower: say why with --reason; it is kept beside the floor")
    bounds["lowered"].append(
        {"figure": name, "from": bounds[group][name], "to": float(value), "on": str(date.today()), "reason": reason}
    )
    bounds[group][name] = float(value)
    FLOORS.write_text(json.dumps(bounds, indent=2) + "\n", encoding="utf-8")
