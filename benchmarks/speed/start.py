"""CPU milliseconds of whole processes: `cleaner check` on an honest and on a spun text of 5 KB.

python -m benchmarks.speed.start [--shared ../shared] [--rounds 11]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--rounds", type=int, default=11)
    options = parser.parse_args()
    commands = {"python, nothing else": [sys.executable, "-c", ""], "numpy": [sys.executable, "-c", "import numpy"]}
    with tempfile.TemporaryDirectory() as folder:
        for name, file, column in (("honest", "clean.jsonl", "text"), ("spun", "spun.jsonl", "spun")):
            rows = map(json.loads, (options.shared / "dev" / file).open(encoding="utf-8"))
            path = Path(folder) / f"{name}.txt"
            path.write_text(next(r[column] for r in rows if 4500 < len(r[column]) < 5500), encoding="utf-8")
            commands[f"{name}, 5 KB"] = [sys.executable, "-m", "cleaner", "check", str(path)]
        taken: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(options.rounds):
            for name, command in commands.items():
                taken[name].append(_cpu(command))
    for name, seconds in taken.items():
        print(f"{name:22} median {1000 * median(seconds):5.0f} ms, least {1000 * min(seconds):5.0f} ms")


def _cpu(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


if __name__ == "__main__":
    main()
