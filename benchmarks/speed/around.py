"""What the commands add around the core: CPU milliseconds a MB of honest text, with a core that finds nothing, at once.

python -m benchmarks.speed.around [--shared ../shared] [--megabytes 64]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

from cleaner import cleaner
from cleaner.discovery import Found
from cleaner.engines.local import LocalEngine
from cleaner.jobs.block import Job
from cleaner.jobs.plan import plan
from cleaner.jobs.run import run
from cleaner.result import Result


class Idle(cleaner.Cleaner):
    """A core that takes every text for clean."""

    def _clean_batch(self, texts: Sequence[str]) -> list[Result]:
        return [Result(text, "clean", 0.012345, None, None, ()) for text in texts]


def check(path: Path) -> None:
    """`cleaner check`."""
    from cleaner.cli import main

    cleaner.Cleaner = Idle  # type: ignore[misc]
    main(["check", "--quiet", str(path)], standalone_mode=False)


def jsonl(path: Path, workers: int) -> None:
    """`cleaner run -j WORKERS`."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        job = Job(factory=Idle)
        run(plan([Found(path, path.name)], Path(folder) / "out", job), job, LocalEngine(workers))


def many(path: Path, workers: int) -> None:
    """`Cleaner.clean_many(workers=WORKERS)`."""

    def texts() -> Iterator[str]:
        with path.open(encoding="utf-8") as lines:
            yield from (json.loads(line)["text"] for line in lines)

    for _ in Idle().clean_many(texts(), workers):
        pass


WAYS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "check, text": ("honest.txt", check),
    "run -j 1, JSONL": ("honest.jsonl", lambda path: jsonl(path, 1)),
    "run -j 2, JSONL": ("honest.jsonl", lambda path: jsonl(path, 2)),
    "clean_many, 1 worker": ("honest.jsonl", lambda path: many(path, 1)),
    "clean_many, 2 workers": ("honest.jsonl", lambda path: many(path, 2)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--megabytes", type=int, default=64)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        _measure(options.way, options.folder)
        return
    rows = [json.loads(line) for line in (options.shared / "dev" / "clean.jsonl").open(encoding="utf-8")]
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder) / "honest.txt", [row["text"] + "\n\n" for row in rows], options.megabytes)
        lines = [json.dumps({"id": row["id"], "text": row["text"]}, ensure_ascii=False) + "\n" for row in rows]
        _write(Path(folder) / "honest.jsonl", lines, options.megabytes)
        for way in WAYS:
            again = [sys.executable, "-m", "benchmarks.speed.around", "--way", way, "--folder", folder]
            subprocess.run(again, check=True)


def _write(path: Path, pieces: Sequence[str], megabytes: int) -> None:
    data = "".join(pieces).encode()
    with path.open("wb") as file:
        while file.tell() < megabytes * 1_000_000:
            file.write(data)


def _measure(way: str, folder: Path) -> None:
    """Run one way in this process, which does nothing else."""
    name, action = WAYS[way]
    before = [_seconds(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN)]
    action(folder / name)
    after = [_seconds(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN)]
    megabytes = (folder / name).stat().st_size / 1e6
    alone, workers = (1000 * (b - a) / megabytes for a, b in zip(before, after, strict=True))
    memory = getrusage(RUSAGE_SELF).ru_maxrss / 1024
    print(f"{way:22} {alone:5.1f} ms/MB, in workers {workers:5.1f} ms/MB, memory {memory:5.0f} MiB", flush=True)


def _seconds(who: int) -> float:
    used = getrusage(who)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
