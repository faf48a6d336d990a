"""Write docs/reliability.md from what was run.

python -m benchmarks.reliability benchmarks/results/reliability.json -o docs/reliability.md
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_FUZZED = {
    "tokeniser": "paragraphs, sentences, tokens and marks that switch the cleaner off",
    "readers": "text, Markdown, HTML, JSON lines, CSV, Parquet and WARC, in five compressions: read, cleaned, undone",
    "lexicons": "tables of one's own, read and joined to the shipped channel",
    "settings": "settings files, baselines, and the side files that undo reads",
    "clean": "the whole of `clean` and `explain` with the shipped models",
}
_HEAD = """# What it withstands

Written by `python -m benchmarks.reliability` from what was run on {date} ({python}); do not edit by hand.
`benchmarks/reliability/` has the scripts, `tests/test_reliability_*.py` and `tests/test_properties.py` the same at a
size for every day.
"""


def table(names: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    head = list(names)
    lines = [head, ["---"] * len(head), *([_cell(value) for value in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(value: Any) -> str:
    return (
        f"{value:,}"
        if isinstance(value, int | float) and not isinstance(value, bool)
        else str(value).replace("|", "\\|")
    )


def outcome(fault: Mapping[str, Any]) -> str:
    """Everything that is known of a fault but its name, as one sentence."""
    return "; ".join(f"{name}: {_cell(value)}" for name, value in fault.items() if name != "fault" and value != "")


def page(results: Mapping[str, Any]) -> str:
    invariants, fuzzing, faults = (results.get(part, []) for part in ("invariants", "fuzzing", "faults"))
    held, failed = (sum(row[name] for row in invariants) for name in ("examples", "failed"))
    parts = [
        _HEAD.format(**results["run"]),
        f"## Invariants\n\n{held:,} examples of {len(invariants)} properties (Hypothesis); {failed:,} failed.\n",
        table(("property", "examples"), ((row["invariant"], row["examples"]) for row in invariants)),
        "## Fuzzing\n\nWith atheris, guided by the coverage of the package's Python code. An input that ever broke "
        "something is kept in `tests/fuzz/corpus/` and tried in every run of the tests.\n",
        table(
            ("target", "what", "inputs tried", "processor minutes", "ended"),
            (
                (r["target"], _FUZZED[r["target"]], r["runs"], round(r["seconds"] / 60, 1), _ENDS[r["outcome"]])
                for r in fuzzing
            ),
        ),
        "## Faults\n\nThe core is a table of phrases here, so that what is tried is the handling of files.\n",
        table(("fault", "outcome"), ((row["fault"], outcome(row)) for row in faults)),
        "## Versions\n\n" + table(("environment", "outcome"), results["versions"]) if "versions" in results else "",
        "## Found and mended\n\n" + "".join(f"- {line}\n" for line in results["mended"]) if "mended" in results else "",
    ]
    return "\n".join(part for part in parts if part)


_ENDS = {"done": "no failure", "crash": "a failure, kept and to be mended", "stopped": "stopped, no failure"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    options.output.write_text(page(json.loads(options.results.read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main()
