"""Runs the command line in a process of its own, as a user does."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
REAL = (sys.executable, "-m", "cleaner")
STUB = (sys.executable, str(Path(__file__).parent / "cli_stub.py"))


@dataclass(frozen=True)
class Run:
    """What came of a process; `out` and `err` are UTF-8."""

    code: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        return self.raw.decode()


def environment(**more: str) -> dict[str, str]:
    """The environment of a user with a plain terminal, in which the checkout comes before what is installed."""
    keep = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    return {**keep, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "TERM": "xterm-256color", **more}


def names(folder: Path) -> list[str]:
    """What is in a folder."""
    return sorted(path.name for path in folder.iterdir())


def run(*args: str | Path, cwd: Path, core: Sequence[str] = STUB, stdin: bytes = b"", **options: Any) -> Run:
    """`cleaner ARGS` in the folder `cwd`; further options are those of subprocess.run, `env` adds to the usual."""
    env = environment(**options.pop("env", {}))
    done = subprocess.run([*core, *map(str, args)], cwd=cwd, input=stdin, capture_output=True, env=env, **options)
    result = Run(done.returncode, done.stdout, done.stderr.decode())
    assert "Traceback" not in result.err, result.err
    return result


def run_on_terminal(*args: str | Path, cwd: Path, core: Sequence[str] = STUB, **env: str) -> Run:
    """The same with a terminal of 80 columns as standard output."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*core, *map(str, args)],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
        env=environment(**{"COLUMNS": "80", **env}),
    )
    os.close(theirs)
    chunks = []
    try:
        while chunk := os.read(ours, 65536):
            chunks.append(chunk)
    except OSError:  # the other side has closed
        pass
    os.close(ours)
    err = process.communicate()[1].decode()
    assert "Traceback" not in err, err
    return Run(process.returncode, b"".join(chunks).replace(b"\r\n", b"\n"), err)


def hear_interrupts() -> None:
    """For a child process: heed SIGINT even where these tests run in the background, which ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
