"""Tables of phrases as files: joined with what is there, written at once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from cleaner.atomic import write_atomically
from cleaner.lexicon import Entry, write_entries


def merged(*tables: Iterable[Entry]) -> list[Entry]:
    """The rows of all tables; what several count is added up."""
    rows: dict[tuple[str, str, str], Entry] = {}
    for entry in (entry for table in tables for entry in table):
        key = entry.original, entry.spun, entry.source
        before = rows.get(key, Entry(*key[:2], 0, 0, key[2]))
        rows[key] = Entry(*key[:2], before.count + entry.count, before.documents + entry.documents, key[2])
    return list(rows.values())


def write(path: Path, entries: Iterable[Entry]) -> None:
    """Write a table, sorted; at every moment the file is either the old one or the new one."""
    with TemporaryDirectory() as folder:
        made = Path(folder) / "table.tsv"
        write_entries(made, entries)
        write_atomically(path, made.read_bytes())
