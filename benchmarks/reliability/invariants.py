"""Run all properties of the test suite, and note how many examples of each held.

python -m benchmarks.reliability.invariants [FILE...] --times 10 --results benchmarks/results/reliability.json

`--times` multiplies the examples of the properties of the whole cleaner (tests/test_properties.py).
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

from benchmarks.reliability import note

ROOT = Path(__file__).parents[2]
_TEST = re.compile(r"^tests/(?:\S*/)?(test_\w+)\.py::(?:\w+::)?(test_\w+)(\[.*\])?:$")
_COUNT = re.compile(r"- (\d+) passing(?: examples)?, (\d+) failing")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, help="tests (default: all with properties)")
    parser.add_argument("--times", type=float, default=1)
    parser.add_argument("--results", type=Path, required=True)
    options = parser.parse_args()
    tests = sorted((ROOT / "tests").glob("test_*.py"))
    for file in options.files or [path for path in tests if "from hypothesis import" in path.read_text("utf-8")]:
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--hypothesis-show-statistics", str(file)]
        env = {**os.environ, "PROPERTY_EXAMPLES": str(options.times)}
        done = subprocess.run(
            [*command, "-m", "hypothesis and not wheel"], cwd=ROOT, env=env, capture_output=True, text=True
        )
        found: dict[str, list[int]] = {}
        name = ""
        for line in done.stdout.splitlines():
            if test := _TEST.match(line.strip()):
                name = f"{test[1].removeprefix('test_')}: {test[2].removeprefix('test_').replace('_', ' ')}"
            elif (count := _COUNT.search(line)) and name:
                passed, failed = found.get(name, [0, 0])
                found[name] = [passed + int(count[1]), failed + int(count[2])]
        for name, (passed, failed) in found.items():
            print(f"{name}: {passed} examples, {failed} failed", flush=True)
            note(options.results, "invariants", "invariant", {"invariant": name, "examples": passed, "failed": failed})


if __name__ == "__main__":
    main()
