"""From what `cleaner learn --pairs` makes of each language's pairs to the tables of the dialects.

    python -m benchmarks.translation.tables ca.tsv eo.tsv es.tsv gl.tsv sh.tsv -o lexicons/en/dialects/translated

Keeps swaps seen in two documents or more.  `other.tsv` has those that unrelated languages agree on, with their counts
added up: what the next language will do as well.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from cleaner.learning.tables import merged
from cleaner.lexicon import Entry, read_entries, write_entries

ROMANCE = frozenset(("ca", "es", "gl"))  # so near each other that they count as one
LEAST = 2  # documents


def kept(entries: Sequence[Entry], swaps: Iterable[tuple[str, str]]) -> list[Entry]:
    """The rows of the `swaps`, and how often their originals were left alone."""
    pairs = set(swaps)
    pairs |= {(original, original) for original, _ in pairs}
    return [replace(e, source="observed") for e in entries if (e.original, e.spun) in pairs]


def shared(tables: Mapping[str, Sequence[Entry]]) -> list[Entry]:
    """The rows that two unrelated languages or more have."""
    families: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for language, entries in tables.items():
        for e in entries:
            if e.original != e.spun:
                families[e.original, e.spun].add("romance" if language in ROMANCE else language)
    return kept(merged(*tables.values()), (pair for pair, own in families.items() if len(own) > 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("learned", type=Path, nargs="+", help="LANGUAGE.tsv")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the tables")
    options = parser.parse_args()
    tables = {}
    for path in options.learned:
        entries = list(read_entries(path))
        often = ((e.original, e.spun) for e in entries if e.original != e.spun and e.documents >= LEAST)
        tables[path.stem] = kept(entries, often)
    for name, entries in {**tables, "other": shared(tables)}.items():
        write_entries(options.output / f"{name}.tsv", entries)
        print(f"{name}.tsv: {sum(e.original != e.spun for e in entries):,} swaps")


if __name__ == "__main__":
    main()
