"""Megabytes per CPU second of whole commands: `cleaner` beside typos, codespell and ftfy, on the same text in turn.

    python -m benchmarks.speed.compare [--shared ../shared] [--rounds 3] [--largest 64]

Needs typos and codespell beside this Python (pip install typos codespell).  Corpora are made anew of the development
texts: honest ones, spun ones, and honest ones of which 1% are spun; each as a plain text of one article after
another and as JSON lines.  CPU time is that of the command and its children; figures are medians.  Writes
benchmarks/results/speed-DATE.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date
from importlib.metadata import version
from itertools import count, cycle, islice
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

RESULTS = Path(__file__).parent.parent / "results"
SPUN_SHARE = 100  # one document in so many of the mixed corpus
MAIN = 8  # MB of the corpora that all tools are compared on
LONG_LINE = 20  # MB
SHARED_OUT = 64  # MB of what one worker and two are compared on


def documents(shared: Path, kind: str) -> Iterator[str]:
    """Endless documents of a kind of corpus, in an order of their own each time round."""
    rows = {
        name: [json.loads(line) for line in (shared / "dev" / f"{name}.jsonl").open(encoding="utf-8")]
        for name in ("clean", "spun")
    }
    honest, spun = [row["text"] for row in rows["clean"]], [row["spun"] for row in rows["spun"]]
    random = Random(1)

    def endless(texts: list[str]) -> Iterator[str]:
        while True:
            random.shuffle(texts)
            yield from texts

    if kind == "mixed":
        garbled, rest = endless(spun), endless(honest)
        for number in count(1):
            yield next(rest if number % SPUN_SHARE else garbled)
    yield from endless(spun if kind == "spun" else honest)


def corpus(folder: Path, shared: Path, kind: str, megabytes: float) -> tuple[Path, Path]:
    """A corpus of that size as plain text, and as JSON lines."""
    text, lines = folder / f"{kind}-{megabytes:g}.txt", folder / f"{kind}-{megabytes:g}.jsonl"
    with text.open("w", encoding="utf-8") as plain, lines.open("w", encoding="utf-8") as rows:
        size, texts = 0, documents(shared, kind)
        while size < megabytes * 1e6:
            document = next(texts)
            size += len(document.encode())
            plain.write(document + "\n\n")
            rows.write(json.dumps({"text": document}, ensure_ascii=False) + "\n")
    return text, lines


def commands(text: Path, lines: Path, out: Path) -> dict[str, list[str]]:
    """Each tool's command on a corpus."""
    python, beside = sys.executable, Path(sys.executable).parent
    ours = [python, "-m", "cleaner"]
    return {
        "cleaner check, text": [*ours, "check", "--quiet", str(text)],
        "cleaner run, JSONL": [*ours, "run", "-q", "-j", "1", "--overwrite", "-o", str(out), str(lines)],
        "typos": [str(beside / "typos"), "--no-ignore", "--format", "silent", "-j", "1", str(text)],
        "codespell": [str(beside / "codespell"), "-q", "39", str(text)],
        "ftfy": [str(beside / "ftfy"), str(text), "-o", os.devnull],
    }


def measured(command: Sequence[str]) -> dict[str, float]:
    """CPU and wall seconds of a command, and its largest process so far (MB)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = perf_counter()
    done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wall = perf_counter() - began
    if done.returncode not in (0, 1, 2, 65):  # finds are no failures
        raise SystemExit(f"{' '.join(command)}: exit code {done.returncode}: {done.stderr.decode()[-500:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, "wall": wall}


def repeated(named: dict[str, list[str]], rounds: int) -> dict[str, dict[str, float]]:
    """Medians of each command, all of them in turn."""
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in named}
    for name, command in islice(cycle(named.items()), rounds * len(named)):
        taken[name].append(measured(command))
    return {name: {key: median(m[key] for m in own) for key in ("cpu", "wall")} for name, own in taken.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--largest", type=float, default=64, help="MB of the largest corpus (default: 64)")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS / f"speed-{date.today()}.json")
    options = parser.parse_args()
    found: dict[str, Any] = {
        "date": str(date.today()),
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}",
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "article-cleaner", "typos", "codespell", "ftfy")},
        },
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        out = folder / "out"

        def rates(kind: str, megabytes: float, rounds: int, only: str = "") -> dict[str, float]:
            text, lines = corpus(folder, options.shared, kind, megabytes)
            chosen = {tool: c for tool, c in commands(text, lines, out).items() if tool.startswith(only)}
            size = text.stat().st_size / 1e6
            took = {tool: round(size / m["cpu"], 3) for tool, m in repeated(chosen, rounds).items()}
            for tool, rate in took.items():
                print(f"{kind:6} {megabytes:5g} MB  {tool:20} {rate:8.2f} MB a CPU second", flush=True)
            text.unlink()
            lines.unlink()
            return took

        found["MB per CPU second"] = {kind: rates(kind, MAIN, options.rounds) for kind in ("clean", "mixed")}
        found["MB per CPU second"]["spun"] = rates("spun", 1, options.rounds)
        sizes = [size for size in (1, 4, 16, 64, 256) if size <= options.largest]
        found["honest text by size"] = {size: rates("clean", size, 1, "cleaner") for size in sizes}
        text, lines = corpus(folder, options.shared, "clean", LONG_LINE)
        text.write_text(" ".join(text.read_text(encoding="utf-8").split()), encoding="utf-8")
        line = measured(commands(text, lines, out)["cleaner check, text"])
        found["one line"] = {"MB": LONG_LINE, "MB per CPU second": round(text.stat().st_size / 1e6 / line["cpu"], 3)}
        text, lines = corpus(folder, options.shared, "clean", SHARED_OUT)
        one, two = (measured([*commands(text, lines, out)["cleaner run, JSONL"], "-j", str(n)]) for n in (1, 2))
        found["two workers"] = {"MB": SHARED_OUT, "times as fast": round(one["wall"] / two["wall"], 2)}
        found["largest process, MB"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1000
    print(json.dumps({key: found[key] for key in ("one line", "two workers", "largest process, MB")}))
    options.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
