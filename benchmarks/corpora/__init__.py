"""`cleaner run` on large files: memory, and what a second worker brings.  Texts are made up from those of the tests."""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_HONEST = ROOT / "tests" / "data" / "demo_original.txt"
_SPUN = ROOT / "cleaner" / "demo.txt"


def documents(spun: float, texts: Path | None = None, seed: int = 1) -> Iterator[str]:
    """Articles without end; the share `spun` of them is the built-in example.

    With `texts` (JSON lines with "text") the others are those of the file, over and over.
    """
    generator = random.Random(seed)
    garbled = _SPUN.read_text(encoding="utf-8")
    paragraphs = _HONEST.read_text(encoding="utf-8").split("\n\n")
    honest = [json.loads(line)["text"] for line in texts.open(encoding="utf-8")] if texts else None
    while True:
        article = generator.choice(honest) if honest else "\n\n".join(generator.sample(paragraphs, 5))
        yield garbled if generator.random() < spun else article


def write_lines(path: Path, size: int, articles: Iterator[str]) -> None:
    """JSON lines of about `size` bytes."""
    with path.open("wb") as file:
        number = 0
        while file.tell() < size:
            file.write(json.dumps({"id": number, "text": next(articles)}).encode() + b"\n")
            number += 1


def write_line(path: Path, size: int, articles: Iterator[str]) -> None:
    """A single JSON line of about `size` bytes."""
    with path.open("wb") as file:
        file.write(b'{"id": 1, "text": "')
        while file.tell() < size:
            file.write(json.dumps(next(articles) + "\n\n").encode()[1:-1])
        file.write(b'"}\n')


@dataclass(frozen=True, slots=True)
class Measured:
    """A finished run: seconds, and MiB of memory at the worst moment.

    `resident` is the sum over all its processes, in which pages that several of them map count several times;
    `proportional` counts each page once; `largest` is the largest single process.
    """

    wall: float
    processor: float
    resident: float
    proportional: float
    largest: float


def measured(*args: str | Path) -> Measured:
    """Run `cleaner run ARGS` and watch it (Linux only); raises CalledProcessError."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    command = [sys.executable, "-m", "cleaner", "run", *map(str, args), "--quiet"]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)})
    resident = proportional = largest = 0
    while process.poll() is None:
        pages = [_memory(pid) for pid in _tree(process.pid)]
        resident = max(resident, sum(rss for rss, _ in pages))
        proportional = max(proportional, sum(pss for _, pss in pages))
        largest = max([largest, *(rss for rss, _ in pages)])
        time.sleep(0.1)
    wall = time.perf_counter() - started
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(wall, used, resident / 1024, proportional / 1024, largest / 1024)


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found = [int(child) for child in children.read_text().split()]
        except OSError:  # the thread has ended
            continue
        for child in found:
            yield from _tree(child)


def _memory(pid: int) -> tuple[int, int]:
    """KiB resident, and KiB with shared pages in proportion; zeros for a process that has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0, 0
    values = {line.split()[0]: int(line.split()[1]) for line in lines[1:] if line.endswith("kB")}
    return values.get("Rss:", 0), values.get("Pss:", 0)
