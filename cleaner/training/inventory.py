"""Compile the inventory of expressions that the package ships.

python -m cleaner.training.inventory lexicons/en/expressions --terms TERMS.tsv -o cleaner/models/en.expressions

Beside the tables of expressions, the right terms of `--terms` (a dialect's table of garbled terms) count as such, and
of terms of science both numbers do: `confidence interval`, `confidence intervals`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

from cleaner.expressions import Inventory
from cleaner.lexicon import Entry, normalized, read_entries
from cleaner.training.expressions import read_expressions

TECHNICAL = frozenset(
    ["computing", "medicine", "biology", "engineering", "physics", "chemistry", "mathematics", "economics"]
)
_COMMON = 2.0  # Zipf frequency from which a form of a noun is held to be in use


def build(tables: Iterable[Path], terms: Iterable[Entry] = ()) -> Inventory:
    """The inventory of all expressions in `tables` and of the right terms."""
    rows = list(read_expressions(tables))
    counts = {row.expression: row.count for row in rows}
    technical = {row.expression for row in rows if row.kind in TECHNICAL}
    known = {normalized(expression) for expression in counts}
    for entry in terms:
        if " " in entry.original and entry.original not in known:
            counts.setdefault(entry.original, 0)
    for expression in sorted(technical):
        for other in other_number(expression):
            if normalized(other) not in known:
                counts.setdefault(other, 0)
                technical.add(other)
    return Inventory.of(counts, technical)


def other_number(expression: str) -> Iterator[str]:
    """The plural of a term whose last word is a singular noun, and the other way round.

    >>> list(other_number("confidence interval")), list(other_number("neural networks"))
    (['confidence intervals'], ['neural network'])
    """
    from lemminflect import getInflection, getLemma
    from wordfreq import zipf_frequency

    *others, last = expression.split()
    if not (last.isalpha() and last.islower()):
        return
    lemma = getLemma(last, "NOUN", lemmatize_oov=False)
    if not lemma:
        return
    forms = [lemma[0]] if lemma[0] != last else getInflection(last, "NNS", inflect_oov=False)
    for form in forms[:1]:
        if form != last and zipf_frequency(form, "en") >= _COMMON:
            yield " ".join([*others, form])


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
