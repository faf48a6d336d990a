"""Fit the weights of the thesaurus (`WEIGHTS` in cleaner/training/thesaurus.py) to the swaps of known spinners.

    python -m benchmarks.spinners.fit ../shared/dev/spun.jsonl ../shared/dev/tortured.tsv --wordnet FOLDER --moby FILE

Each spinner weighs alike, and each pair by log(1 + count).  Prints the weights fitted on all of them, and for each
spinner the perplexity of its spun forms under these weights and under weights fitted on the others alone.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.spinners.coverage import Pair, word_swaps
from cleaner.training.thesauri import read_moby, read_wordnet
from cleaner.training.thesaurus import FEATURES, FLATTEN, Closeness, Floats, fit, softmax

EACH = 1000.0  # observations' worth of a spinner


class Remembered(Closeness):
    """Closeness that works the candidates of a word out once."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._known: dict[str, tuple[list[str], Floats]] = {}

    def candidates(self, lemma: str) -> tuple[list[str], Floats]:
        if lemma not in self._known:
            self._known[lemma] = super().candidates(lemma)
        return self._known[lemma]


@cache
def lemmas(phrase: str) -> frozenset[str]:
    """A phrase and what it may be inflected from, at its first or its last word."""
    from lemminflect import getAllLemmas

    first, _, rest = phrase.partition(" ")
    if rest:
        head, _, last = phrase.rpartition(" ")
        return frozenset({f"{x} {rest}" for x in lemmas(first)} | {f"{head} {x}" for x in lemmas(last)})
    return frozenset({phrase}.union(*getAllLemmas(phrase).values()))


def lemma_pairs(swaps: Counter[Pair], closeness: Closeness) -> dict[Pair, float]:
    """The swaps as pairs of lemmas that stand near each other in the thesauri, with their weights."""
    found: defaultdict[Pair, float] = defaultdict(float)
    for (original, spun), count in swaps.items():
        for lemma in sorted(lemmas(original), key=len):
            near = lemmas(spun).intersection(closeness.candidates(lemma)[0])
            if near:
                found[lemma, min(near, key=len)] += float(np.log1p(count))
                break
    total = sum(found.values())
    return {pair: n * EACH / total for pair, n in found.items()}


def perplexity(pairs: dict[Pair, float], closeness: Closeness, weights: Floats) -> float:
    """exp of the mean -log P(spun | original)."""
    loss = 0.0
    for (original, spun), n in pairs.items():
        words, x = closeness.candidates(original)
        loss -= n * np.log(softmax(x @ weights)[words.index(spun)])
    return float(np.exp(loss / sum(pairs.values())))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path, help="JSONL with spun, edits and spinner")
    parser.add_argument("terms", type=Path, help="TSV with spun and original terms")
    parser.add_argument("--wordnet", type=Path, required=True)
    parser.add_argument("--moby", type=Path, required=True)
    options = parser.parse_args()
    swaps: defaultdict[str, Counter[Pair]] = defaultdict(Counter)
    with options.pairs.open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            for start, end, original in row["edits"]:
                swaps[row["spinner"]].update(word_swaps(original, row["spun"][start:end]))
    with options.terms.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            swaps[options.terms.stem].update(word_swaps(row["original"], row["spun"]))

    closeness = Remembered(read_wordnet(options.wordnet), read_moby(options.moby))
    data = {name: lemma_pairs(counts, closeness) for name, counts in swaps.items()}

    def fitted(names: set[str]) -> Floats:
        pooled: defaultdict[Pair, float] = defaultdict(float)
        for name in sorted(names):
            for pair, n in data[name].items():
                pooled[pair] += n
        return fit(pooled, closeness)

    weights = fitted(set(data))
    print("\n".join(f"{w:6.2f}  {name}" for name, w in zip(FEATURES, weights, strict=True)))
    print("spinner     pairs  uniform  fitted  on others  flattened")
    for name, pairs in data.items():
        tried = np.zeros(len(weights)), weights, fitted(set(data) - {name}), FLATTEN * weights
        print(f"{name:10s} {len(pairs):6d} ", *(f"{perplexity(pairs, closeness, w):8.1f}" for w in tried))


if __name__ == "__main__":
    main()
