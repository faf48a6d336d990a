"""Write what development spinners make of single words, to train on.

    python -m benchmarks.spinners.tables mythes poor -o swaps.tsv
    python -m benchmarks.spinners.tables mythes poor --phrases --moby FILE -o phrases.tsv

A TSV with a header: spinner, original, spun, probability.  Spinners that judge the outcome are to be left out.  With
`--phrases` single words may become several, and `--moby` adds one that takes any synonym of the Moby Thesaurus.
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
from cleaner.training.thesauri import read_moby

LONGEST = 5  # words of a phrase


def swaps(chosen: Spinner, word: str, longest: int) -> dict[str, float]:
    """What `chosen` puts for `word`, of at most `longest` words, with the probability of each."""
    found: defaultdict[str, float] = defaultdict(float)
    uses = chosen.dictionary.uses(word)
    for number, use in enumerate(uses):
        share = chosen.wrong / len(uses) + (1 - chosen.wrong) * (number == 0)
        synonyms = chosen.dictionary.synonyms[use.lemma, use.pos]
        for synonym in synonyms:
            for tag, part in ((use.tag, 1 - chosen.bare), ("", chosen.bare)):
                form = inflected(synonym, use.pos, tag)
                if form and form != word and form.count(" ") < longest and share * part > 0:
                    found[form] += share * part / len(synonyms)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("spinners", choices=NAMES, nargs="+")
    parser.add_argument("--phrases", action="store_true", help=f"substitutes of up to {LONGEST} words")
    parser.add_argument("--moby", type=Path, help="the synonym lists of the Moby Thesaurus")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    longest = LONGEST if options.phrases else 1
    words = sorted(w for w in Thesaurus.open().vocabulary if w.isalpha())
    with options.output.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, delimiter="\t", quoting=csv.QUOTE_NONE, lineterminator="\n")
        out.writerow(["spinner", "original", "spun", "probability"])
        for name in options.spinners:
            chosen = spinner(name)
            for word in words:
                found = sorted(swaps(chosen, word, longest).items())
                out.writerows([name, word, spun, f"{p:.6f}"] for spun, p in found)
        listed = read_moby(options.moby) if options.moby else {}
        for word in words:
            synonyms = sorted({s for s in listed.get(word, ()) if s.count(" ") < longest} - {word})
            out.writerows(["moby", word, spun, f"{1 / len(synonyms):.6f}"] for spun in synonyms)


if __name__ == "__main__":
    main()
