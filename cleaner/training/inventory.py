"""Compile the inventory of expressions that the package ships.

python -m cleaner.training.inventory lexicons/en/expressions --terms TERMS.tsv -o cleaner/models/en.expressions

Beside the tables of expressions, the right terms of `--terms` (a dialect's table of garbled terms) count as such.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from cleaner.expressions import Inventory
from cleaner.lexicon import Entry, normalized, read_entries
from cleaner.training.expressions import read_expressions


def build(tables: Iterable[Path], terms: Iterable[Entry] = ()) -> Inventory:
    """The inventory of all expressions in `tables` and of the right terms."""
    counts = {row.expression: row.count for row in read_expressions(tables)}
    known = {normalized(expression) for expression in counts}
    for entry in terms:
        if " " in entry.original and entry.original not in known:
            counts.setdefault(entry.original, 0)
    return Inventory.of(counts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of tables of expressions")
    parser.add_argument("--terms", type=Path, help="table of garbled terms and the right ones")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    inventory = build(sorted(options.folder.glob("*.tsv")), read_entries(options.terms) if options.terms else ())
    inventory.save(options.output)
    print(f"{options.output}: {len(inventory.count):,} expressions")


if __name__ == "__main__":
    main()
