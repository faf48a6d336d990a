"""Step 2: the channel P(spun | original) of each dialect, from tables that people read."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

MAX_WORDS = 6
COLUMNS = ("original", "spun", "count", "documents", "source")
SOURCES = ("observed", "written", "learned", "screener")


class Entry(NamedTuple):
    """One row: `original` became `spun` `count` times in `documents` articles; equal sides mean it was left alone."""

    original: str
    spun: str
    count: int
    documents: int
    source: str


class LexiconError(ValueError):
    """A table that cannot be used; the message names file and line."""


def read_entries(path: Path) -> Iterator[Entry]:
    """Yield the rows of a lexicon, checked; raises LexiconError naming file, line and mend."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        header = tuple(next(rows, ()))
        if header != COLUMNS:
            raise LexiconError(f"{path}:1: the header must be {' '.join(COLUMNS)} (tab-separated), not {' '.join(header)}")
        for number, row in enumerate(rows, 2):
            try:
                original, spun, count, documents, source = row
                entry = Entry(original, spun, int(count), int(documents), source)
            except ValueError as error:
                raise LexiconError(f"{path}:{number}: expected {len(COLUMNS)} columns with whole numbers: {error}") from None
            if not original or not spun:
                raise LexiconError(f"{path}:{number}: neither side may be empty")
            if entry.count < 0 or entry.documents < 0 or source not in SOURCES:
                raise LexiconError(f"{path}:{number}: counts must not be negative, and source one of {', '.join(SOURCES)}")
            yield entry


def write_entries(path: Path, entries: Iterable[Entry]) -> None:
    """Write `entries`, sorted by original and spun form."""
    with path.open("w", encoding="utf-8", newline="") as lines:
        lines.write("\t".join(COLUMNS) + "\n")
        lines.writelines("\t".join(map(str, entry)) + "\n" for entry in sorted(entries))
