"""What people decided, saved at once in a side file that several windows, and several servers, can share.

The file is an SQLite table to which rows are only ever added, each decision in a transaction that has reached the disk
before it is confirmed.  An undo is one more row.  The state of a finding is its last decision that is not undone.
"""

from __future__ import annotations

import sqlite3
import threading
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from cleaner.review.queue import Key

_SCHEMA = """
CREATE TABLE IF NOT EXISTS decision (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,             -- UTC
    step TEXT NOT NULL,           -- rows of one step are undone together
    window TEXT NOT NULL,         -- each window undoes its own steps; "" for what the program itself noted
    undoes TEXT,                  -- a step that this row takes back; the columns below are then empty
    digest TEXT, start INTEGER, "end" INTEGER,
    document TEXT, text TEXT,
    replacement TEXT,             -- NULL: the text stays as it is
    kind TEXT, proposed TEXT      -- of the finding that was decided
);
CREATE TABLE IF NOT EXISTS taught (
    lexicon TEXT, original TEXT, spun TEXT, count INTEGER, documents INTEGER,
    PRIMARY KEY (lexicon, original, spun)
);
"""


class DecisionsError(ValueError):
    """The side file cannot be used; the message names it and the mend."""


class Decision(NamedTuple):
    """`replacement` takes the place of `text` in `document`; None: the text stays.

    `kind` and `proposed` are those of the finding that a person decided on: what is to be learned from it must not
    depend on whether the next run still finds it.  `kind` is "" for what the program itself noted.
    """

    key: Key
    document: str
    text: str
    replacement: str | None
    kind: str = ""
    proposed: str | None = None

    @property
    def accepted(self) -> bool:
        return self.replacement is not None


class Decisions:
    """The decisions in the file `path`, made if it is not there; raises DecisionsError if it is of another kind."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._stacks: defaultdict[Key, list[tuple[str, Decision]]] = defaultdict(list)
        self._steps: defaultdict[str, list[Key]] = defaultdict(list)
        self._windows: defaultdict[str, list[str]] = defaultdict(list)
        self._undone: set[str] = set()
        self._log: list[tuple[int, Key]] = []
        self.version = 0
        try:
            self._db = sqlite3.connect(path, timeout=15, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_SCHEMA)
            self.sync()
        except sqlite3.Error as error:
            raise DecisionsError(
                f"{path}: cannot keep decisions ({error}); name another file with --decisions"
            ) from None

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Whatever happens inside is seen by others, and survives a crash, as a whole or not at all."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self.sync()
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self.sync()

    def sync(self) -> None:
        """Take in what was added to the file, by whomever."""
        with self._lock:
            columns = 'id, step, window, undoes, digest, start, "end", document, text, replacement, kind, proposed'
            for row in self._db.execute(f"SELECT {columns} FROM decision WHERE id > ? ORDER BY id", (self.version,)):
                self._take(*row)

    def _take(
        self, number: int, step: str, window: str, undoes: str | None, digest: str, start: int, end: int, *what: Any
    ) -> None:
        self.version = number
        if undoes is not None:
            self._undone.add(undoes)
            self._log += [(number, key) for key in self._steps[undoes]]
            return
        key = Key(digest, start, end)
        self._stacks[key].append((step, Decision(key, *what)))
        if step not in self._steps:
            self._windows[window].append(step)
        self._steps[step].append(key)
        self._log.append((number, key))

    def current(self, key: Key) -> Decision | None:
        """The decision that holds for a finding, None if there is none."""
        return next((d for step, d in reversed(self._stacks.get(key, ())) if step not in self._undone), None)

    def all(self) -> list[Decision]:
        """The decisions that hold, in the order in which their findings were first decided."""
        with self._lock:
            return [decision for key in list(self._stacks) if (decision := self.current(key)) is not None]

    def changed(self, since: int) -> list[Key]:
        """The findings decided or undone after version `since`, each once."""
        with self._lock:
            return list(
                dict.fromkeys(key for _, key in self._log[bisect_right(self._log, since, key=lambda e: e[0]) :])
            )

    def record(self, window: str, decisions: Iterable[Decision]) -> None:
        """Save one step of a window: all its decisions, or (with an exception) none."""
        step = uuid4().hex
        rows = [(_now(), step, window, *key, *what) for key, *what in decisions]
        with self.transaction() as db:
            db.executemany(
                'INSERT INTO decision (at, step, window, digest, start, "end", document, text, replacement, kind, '
                "proposed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

    def undo(self, window: str) -> list[Key]:
        """Take back the last step of a window, and say which findings it was about; [] if there is none left."""
        with self.transaction() as db:
            step = next((s for s in reversed(self._windows[window]) if s not in self._undone), None)
            if step is None:
                return []
            db.execute(
                "INSERT INTO decision (at, step, window, undoes) VALUES (?, ?, ?, ?)",
                (_now(), uuid4().hex, window, step),
            )
        return self._steps[step]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
