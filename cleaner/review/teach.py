"""From decisions to the user's own lexicon, so that the next run reads as its people do.

An accepted repair adds a sighting of its row; a rejected one adds a sighting of the phrase left alone and takes one
from the row that proposed it, if the lexicon has it.  What was taught is noted beside the decisions, so that teaching
twice adds nothing and an undone decision is taken out again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import astuple
from pathlib import Path
from typing import NamedTuple

from cleaner.atomic import write_atomically
from cleaner.lexicon import COLUMNS, MAX_WORDS, Entry, normalized, read_entries
from cleaner.review.decisions import Decision, Decisions

Pair = tuple[str, str]


class Tally(NamedTuple):
    """Sightings of a row and the documents that they come from."""

    sightings: int = 0
    documents: int = 0

    def plus(self, other: Tally, sign: int = 1) -> Tally:
        return Tally(self.sightings + sign * other.sightings, self.documents + sign * other.documents)


class Taught(NamedTuple):
    """How many rows of the lexicon came in, changed and went out."""

    added: int
    changed: int
    removed: int


def lessons(decided: Iterable[Decision]) -> dict[Pair, Tally]:
    """What decisions say about rows (original, spun); a negative tally speaks against a row."""
    counts: Counter[Pair] = Counter()
    places: defaultdict[Pair, set[str]] = defaultdict(set)

    def note(original: str, spun: str, sign: int) -> None:
        if original and spun and max(len(original.split()), len(spun.split())) <= MAX_WORDS:
            counts[original, spun] += sign
            places[original, spun].add(decision.key.digest)

    for decision in decided:
        if decision.kind not in ("phrase", "expression"):
            continue
        spun = normalized(decision.text)
        if decision.replacement is not None:
            note(normalized(decision.replacement), spun, 1)
            continue
        note(spun, spun, 1)
        if decision.proposed:
            note(normalized(decision.proposed), spun, -1)
    return {pair: Tally(n, len(places[pair]) if n > 0 else n) for pair, n in counts.items() if n}


def teach(lexicon: Path, wanted: dict[Pair, Tally], decisions: Decisions) -> Taught:
    """Bring the learned rows of `lexicon` (made if it is not there) up to what `decisions` say.

    Raises LexiconError if the file is not a lexicon, OSError if it cannot be written; it is then as it was.
    """
    name = str(lexicon.resolve())
    with decisions.transaction() as db:
        entries = list(read_entries(lexicon)) if lexicon.exists() else []
        others = [entry for entry in entries if entry.source != "learned"]
        old = {(e.original, e.spun): Tally(e.count, e.documents) for e in entries if e.source == "learned"}
        query = "SELECT original, spun, count, documents FROM taught WHERE lexicon = ?"
        before = {(original, spun): Tally(*tally) for original, spun, *tally in db.execute(query, (name,))}
        new, ledger = dict(old), []
        for pair in sorted({*before, *wanted}):
            base = old.get(pair, Tally()).plus(before.get(pair, Tally()), -1)
            # A row cannot be weakened below nothing, and what could not be taken is not given back later.
            base = Tally(max(base.sightings, 0), max(base.documents, 0))
            sum_ = base.plus(wanted.get(pair, Tally()))
            new[pair] = Tally(max(sum_.sightings, 0), max(sum_.documents, 0))
            ledger.append((name, *pair, new[pair].sightings - base.sightings, new[pair].documents - base.documents))
            if not new[pair].sightings:
                del new[pair]
        rows = [*others, *(Entry(*pair, *tally, "learned") for pair, tally in new.items())]
        if new != old:
            write_atomically(lexicon, _table(rows))
        db.execute("DELETE FROM taught WHERE lexicon = ?", (name,))
        db.executemany("INSERT INTO taught VALUES (?, ?, ?, ?, ?)", [row for row in ledger if row[3] or row[4]])
    both = new.keys() & old.keys()
    return Taught(len(new.keys() - both), sum(new[pair] != old[pair] for pair in both), len(old.keys() - both))


def _table(entries: Iterable[Entry]) -> bytes:
    rows = ["\t".join(COLUMNS), *("\t".join(map(str, astuple(entry))) for entry in sorted(entries))]
    return ("\n".join(rows) + "\n").encode()
