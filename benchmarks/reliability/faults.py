"""Kills, full disks and hostile inputs of full size, against the command line in processes of its own.

python -m benchmarks.reliability.faults kills disks records line --results benchmarks/results/reliability.json

The core is the table of the tests, so that what is tried is the handling of files; results go into the file, one entry
a fault, beside those that are there.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.reliability import note

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
FIX = (sys.executable, str(ROOT / "tests" / "cli_stub.py"))
RUN = (sys.executable, str(ROOT / "tests" / "fake_run.py"))
SPUN = "White Home officers mentioned it, in response to others.\n"
FIXED = "White House officials said it, according to others.\n"
Entry = dict[str, Any]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", **more}


def tree(folder: Path, files: int, lines: int) -> list[Path]:
    made = []
    for i in range(files):
        path = folder / f"{i}.txt"
        path.write_text(SPUN * (1 + 37 * i % lines))
        made.append(path)
    return made


def broken(paths: list[Path]) -> int:
    """How many files are gone, or neither the spun nor the restored one."""
    count = 0
    for path in paths:
        lines = set(path.read_text().splitlines(keepends=True)) if path.exists() else set()
        count += len(lines) != 1 or not lines <= {SPUN, FIXED}
    return count


def kills(times: int = 200) -> Iterator[Entry]:
    """SIGKILL at random moments of `fix --in-place` and of `run` with `--resume`."""
    generator = random.Random(times)
    bad = struck = finished = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for _ in range(times // 2):
            for path in folder.iterdir():
                path.unlink()
            paths = tree(folder, 150, 300)
            process = subprocess.Popen([*FIX, "fix", "-i", "-q", "."], cwd=folder, env=environment())
            first = paths[0].stat().st_ino
            while process.poll() is None and paths[0].stat().st_ino == first:
                time.sleep(0.001)  # it is not at work yet
            time.sleep(generator.uniform(0, 0.2))
            process.kill()
            finished += process.wait() == 0
            struck += 0 < sum(path.read_text().startswith(FIXED) for path in paths) < len(paths)
            bad += broken(paths)
            for left in folder.glob(".cleaner-*.tmp"):
                left.unlink()
    yield {
        "fault": "SIGKILL in `cleaner fix --in-place` on 150 files", "times": times // 2, "finished first": finished,
        "struck between two files": struck, "lost or half-written files": bad,
    }  # fmt: skip
    yield _killed_runs(times - times // 2, generator)


def _killed_runs(times: int, generator: random.Random) -> Entry:
    done = wrong = rounds = published = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in").mkdir()
        for k in range(4):
            rows = (json.dumps({"id": i, "text": "the navy mentioned " * (i % 50)}) + "\n" for i in range(1500))
            (folder / "in" / f"{k}.jsonl").write_text("".join(rows))
        slow = environment(FAKE_CLEANER="SlowCleaner", FAKE_BLOCK="4000")
        command = [*RUN, "run", "in", "-q", "-j", "1", "-o"]
        subprocess.run([*command, "whole"], cwd=folder, env=environment(FAKE_BLOCK="4000"), check=True)
        expected = {path.name: path.read_bytes() for path in (folder / "whole").glob("*.jsonl")}
        while done < times:
            journal = folder / "out" / ".cleaner" / "journal.jsonl"
            before = journal.stat().st_ino if journal.exists() else 0
            process = subprocess.Popen([*command, "out", "--resume"], cwd=folder, env=slow)
            while process.poll() is None and (not journal.exists() or journal.stat().st_ino == before):
                time.sleep(0.001)  # it is not at work yet
            time.sleep(generator.uniform(0, 1.5))
            if process.poll() is None:
                process.kill()
                done += 1
            complete = process.wait() == 0
            for path in (folder / "out").glob("*.jsonl"):
                published += 1
                wrong += path.read_bytes() != expected.get(path.name)
            if complete:
                rounds += 1
                wrong += {path.name for path in (folder / "out").glob("*.jsonl")} != expected.keys()
                subprocess.run(["rm", "-rf", folder / "out"], check=True)
    return {
        "fault": "SIGKILL in `cleaner run`, continued with --resume", "times": times, "runs completed between": rounds,
        "finished files compared": published,
        "lost or half-written files": wrong,
    }  # fmt: skip


def disks(times: int = 50) -> Iterator[Entry]:
    """A file system of 1 MB (tmpfs; needs root) that is filled up to a random rest before `fix --in-place`."""
    generator = random.Random(times)
    codes: Counter[int] = Counter()
    bad = temporary = changed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for _ in range(times):
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "cleaner", folder], check=True)
            try:
                paths = tree(folder, 12, 600)
                rest = generator.randrange(0, 12_000)  # the largest file needs 23,000
                with (folder / "ballast").open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
                    while ballast.write(bytes(4096)):
                        pass
                os.truncate(folder / "ballast", max(0, (folder / "ballast").stat().st_size - rest))
                done = subprocess.run(
                    [*FIX, "fix", "-i", "-q", "."], cwd=folder, env=environment(), capture_output=True
                )
                codes[done.returncode] += 1
                assert b"Traceback" not in done.stderr, done.stderr.decode()
                bad += broken(paths)
                changed += sum(path.read_text().startswith(FIXED) for path in paths)
                temporary += len(list(folder.glob(".cleaner-*")))
            finally:
                subprocess.run(["umount", folder], check=True)
    yield {
        "fault": "full disk under `cleaner fix --in-place` on 12 files", "times": times,
        "told by exit code 2": codes[2], "there was room for all": codes[0], "files restored before": changed,
        "lost or half-written files": bad, "temporary files left": temporary,
    }  # fmt: skip


def _measured(command: list[str], folder: Path, **more: str) -> tuple[int, str, float, float]:
    """Exit code, last line of errors, processor seconds, and the most memory (MiB) of the process."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, cwd=folder, env=environment(**more), stderr=errors)
        _, status, used = os.wait4(process.pid, 0)
        errors.seek(0)
        lines = errors.read().decode(errors="replace").splitlines()
    seconds = round(used.ru_utime + used.ru_stime, 1)
    return os.waitstatus_to_exitcode(status), lines[-1] if lines else "", seconds, round(used.ru_maxrss / 1024)


def _fast(command: list[str], fault: str, folder: Path) -> Entry:
    code, says, seconds, memory = _measured(command, folder, FAKE_CLEANER="IdleCleaner", FAKE_BLOCK=str(1 << 20))
    says = says.removeprefix("cleaner: ").replace(f"{folder}/", "")
    return {"fault": fault, "exit code": code, "says": says, "processor seconds": seconds, "memory, MiB": memory}


def records(count: int = 10_000_000) -> Iterator[Entry]:
    """Ten million tiny records."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "a.jsonl").open("wb") as file:
            for _ in range(count // 10_000):
                file.write(b'{"text":"navy"}\n' * 10_000)
        command = [*RUN, "run", "a.jsonl", "-q", "-j", "1", "--no-fields", "-o", "out.jsonl"]
        yield _fast(command, f"{count:,} tiny records", folder)


def line(size: int = 1 << 30) -> Iterator[Entry]:
    """A line of 1 GiB, and compressed zeros; refused, with one line, in little memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "a.jsonl").open("wb") as file:
            file.write(b'{"text":"')
            for _ in range(size >> 20):
                file.write(b"the navy is here ".ljust(1 << 20, b"."))
            file.write(b'"}\n')
        yield _fast([*RUN, "run", "a.jsonl", "-q", "-j", "1", "-o", "out.jsonl"], "a line of 1 GiB", folder)
        (folder / "a.jsonl").unlink()
        for suffix, packed in _bombs(1 << 30):
            bomb = folder / f"bomb.jsonl.{suffix}"
            bomb.write_bytes(packed)
            size_packed = f"{len(packed):,} bytes of {suffix} that stand for 1 GiB"
            yield _fast([*RUN, "run", bomb.name, "-q", "-j", "1", "-o", "out"], size_packed, folder)


def _bombs(size: int) -> Iterator[tuple[str, bytes]]:
    import bz2
    import lzma
    import zlib

    import zstandard

    makers: dict[str, Any] = {
        "gz": zlib.compressobj(9, zlib.DEFLATED, 31), "bz2": bz2.BZ2Compressor(), "xz": lzma.LZMACompressor(preset=0),
        "zst": zstandard.ZstdCompressor().compressobj(),
    }  # fmt: skip
    for suffix, maker in makers.items():
        chunks = [maker.compress(bytes(1 << 24)) for _ in range(size >> 24)]
        yield suffix, b"".join([*chunks, maker.flush()])


FAULTS: dict[str, Callable[[], Iterator[Entry]]] = {f.__name__: f for f in (kills, disks, records, line)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faults", nargs="+", choices=sorted(FAULTS))
    parser.add_argument("--results", type=Path, required=True)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for name in options.faults:
        for entry in FAULTS[name]():
            print(json.dumps(entry), flush=True)
            note(options.results, "faults", "fault", entry)


if __name__ == "__main__":
    main()
