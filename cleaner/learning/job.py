"""Long work in parts, the finished ones of which outlive an interruption."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from cleaner.lexicon import Entry


class Learner(Protocol):
    """What learns a lexicon in `parts` steps, each of which gives a value in terms of JSON.

    `job` says what is learned from, and how; equal jobs give equal values.  `source` says it to people.
    """

    @property
    def job(self) -> dict[str, Any]: ...

    @property
    def source(self) -> str: ...

    @property
    def parts(self) -> int: ...

    def part(self, done: Sequence[Any]) -> Any:
        """The value of the part that comes after those that are `done`."""

    def lexicon(self, done: Sequence[Any]) -> list[Entry]:
        """The rows, from the values of all parts."""


def learn(learner: Learner, state: State, watch: Callable[[int], None]) -> list[Entry]:
    """Do what is left of a job; `watch` hears of every part that is done."""
    watch(len(state.done))
    while len(state.done) < learner.parts:
        state.add(learner.part(state.done))
        watch(len(state.done))
    return learner.lexicon(state.done)


class StateError(ValueError):
    """The state of an earlier job does not fit to this one."""


class State:
    """A file with a line of JSON that says which job it is of, and one for each part that is finished."""

    def __init__(self, path: Path, job: dict[str, Any], *, resume: bool) -> None:
        """Raises StateError if there is an interrupted job and `resume` is not set, or if it was another one."""
        self.path = path
        lines = _lines(path) if path.exists() else []
        if lines[1:] and not resume:
            raise StateError("an interrupted run is there; continue it with --resume, or drop it with --overwrite")
        if lines[1:] and lines[0] != job:
            raise StateError("the interrupted run had other input; name the same files, or drop it with --overwrite")
        self.done: list[Any] = lines[1:]
        # What was cut off in the middle of a line goes.
        path.write_text("".join(map(_line, [job, *self.done])), encoding="utf-8")

    def add(self, part: Any) -> None:
        """A part is finished: `part` is whatever its result is, in terms of JSON."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(_line(part))
        self.done.append(part)

    def close(self) -> None:
        """The job is finished; the file goes."""
        self.path.unlink(missing_ok=True)


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def _lines(path: Path) -> list[Any]:
    """The values of all whole lines."""
    values = []
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.endswith("\n"):
            values.append(json.loads(line))
    return values
