"""Write what development spinners make of single words, to train on.

    python -m benchmarks.spinners.tables mythes poor -o swaps.tsv

A TSV with a header: spinner, original, spun, probability.  Spinners that judge the outcome are to be left out.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from pathlib import Path

from benchmarks.spinners import NAMES, spinner
from benchmarks.spinners.dictionary import inflected
from benchmarks.spinners.spinner import Spinner
from cleaner.thesaurus import Thesaurus


def swaps(chosen: Spinner, word: str) -> dict[str, float]:
    """What `chosen` puts for `word`, with the probability of each."""
    found: defaultdict[str, float] = defaultdict(float)
    uses = chosen.dictionary.uses(word)
    for number, use in enumerate(uses):
        share = chosen.wrong / len(uses) + (1 - chosen.wrong) * (number == 0)
        synonyms = chosen.dictionary.synonyms[use.lemma, use.pos]
        for synonym in synonyms:
            for tag, part in ((use.tag, 1 - chosen.bare), ("", chosen.bare)):
                form = inflected(synonym, use.pos, tag)
                if form and form != word and " " not in form and share * part > 0:
                    found[form] += share * part / len(synonyms)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("spinners", choices=NAMES, nargs="+")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    words = sorted(w for w in Thesaurus.open().vocabulary if w.isalpha())
    with options.output.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, delimiter="\t", quoting=csv.QUOTE_NONE, lineterminator="\n")
        out.writerow(["spinner", "original", "spun", "probability"])
        for name in options.spinners:
            chosen = spinner(name)
            for word in words:
                out.writerows([name, word, spun, f"{p:.6f}"] for spun, p in sorted(swaps(chosen, word).items()))


if __name__ == "__main__":
    main()
