"""The linter of lexicons: what a person has edited is in order before a model is made of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cleaner.lexicon import MAX_WORDS, Entry, LexiconError, entry_of, normalized, numbered_rows
from cleaner.reports.layout import number as number_of
from cleaner.segment import tokenize


def lint(path: Path) -> Iterator[str]:
    """Everything that is wrong with a lexicon, as `path:line: what; mend`.

    Raises OSError if it cannot be read.
    """
    before: tuple[str, str] | None = None
    first: dict[tuple[str, str, str], int] = {}
    rows = numbered_rows(path)
    while True:
        try:
            number, row = next(rows)
        except StopIteration:
            return
        except LexiconError as error:
            yield str(error)
            return
        place = f"{path}:{number}:"
        try:
            entry = entry_of(row)
        except ValueError as error:
            yield f"{place} {error}"
            continue
        for phrase in dict.fromkeys((entry.original, entry.spun)):
            if wrong := _phrase(phrase):
                yield f"{place} {wrong}"
        if wrong := _counts(entry):
            yield f"{place} {wrong}"
        pair = entry.original, entry.spun
        line = first.setdefault((*pair, entry.source), number)
        if line != number:
            yield f"{place} {' -> '.join(pair)} ({entry.source}) stands in line {line} already; make one row of them"
        elif before is not None and pair < before:
            yield f"{place} {' -> '.join(pair)} must come before {' -> '.join(before)}; sort the rows"
        before = pair


def _phrase(phrase: str) -> str | None:
    if normalized(phrase) != phrase:
        return f"{phrase!r} is read as {normalized(phrase)!r}; write it so"
    if not 1 <= (words := len(tokenize(phrase))) <= MAX_WORDS:
        return f"{phrase!r} has {words} words; 1 to {MAX_WORDS} can be looked up"
    return None


def _counts(entry: Entry) -> str | None:
    if not min(entry.count, 1) <= entry.documents <= entry.count:
        sightings, documents = number_of(entry.count, "sighting"), number_of(entry.documents, "document")
        return f"{sightings} cannot be in {documents}; the smaller figure goes last"
    return None
