"""Fit the quick look for round trips (`cleaner.accent`) to pairs and to honest text.

    python -m benchmarks.translation.accent PAIRS ../shared/corpus -o cleaner/models/en.accent [--without LANGUAGE]

The same text as for the full regression (benchmarks/translation/fit.py); full-batch Adam (Kingma & Ba 2015).
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.translation import read
from benchmarks.translation.fit import FREQUENT, honest, regression, spun
from cleaner.accent import FORMS, STEP, TRIPLES, Accent, features
from cleaner.screen import slots, words

SLOTS = 1 << 14
RIDGE = 4.0
CHUNK = 200  # texts read together


def frequent(texts: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int16]]:
    """The keys and codes of the FREQUENT words of some texts; of two in one slot the more frequent stays."""
    counts: Counter[int] = Counter()
    for i in range(0, len(texts), CHUNK):
        counts.update(words(texts[i : i + CHUNK]).hashes.tolist())
    key, code = np.zeros(SLOTS, np.uint64), np.zeros(SLOTS, np.int16)
    for rank, (own, _) in reversed(list(enumerate(counts.most_common(FREQUENT)))):
        slot = slots(np.array([own], np.uint64), SLOTS)[0]
        key[slot], code[slot] = own, FORMS + rank
    return key, code


def fit(sets: Sequence[tuple[Sequence[str], float, bool]], steps: int = 150, rate: float = 0.03) -> Accent:
    """Logistic regression of paragraphs of some sets of texts (each with its weight, and whether it is translated)."""
    key, code = frequent([t for texts, _, _ in sets for t in texts])
    sizes = (1 << 9, 1 << 18, TRIPLES)
    columns, rows, weights, labels, first = [], [], [], [], 0
    for texts, weight, translated in sets:
        for i in range(0, len(texts), CHUNK):
            found = words(texts[i : i + CHUNK])
            paragraph = np.searchsorted(found.first, np.arange(len(found.start)), "right") - 1 + first
            for slot, begin in zip(features(found, key, code), np.cumsum([0, *sizes]), strict=False):
                columns.append(slot + begin)
                rows.append(paragraph)
            size = int(paragraph[-1]) + 1 - first
            weights.append(np.full(size, weight))
            labels.append(np.full(size, float(translated)))
            first += size
    column, row = np.concatenate(columns), np.concatenate(rows)
    weight_of, label = np.concatenate(weights), np.concatenate(labels)
    beta = regression(row, column, weight_of, label, sum(sizes), RIDGE, steps, rate)
    tables = np.split(np.clip(np.rint(beta / STEP), -127, 127).astype(np.int8), np.cumsum(sizes)[:-1])
    return Accent(key, code, *tables)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--without", metavar="LANGUAGE", help="leave the pairs of this language out")
    options = parser.parse_args()
    pairs = {name: own for name, own in read(options.pairs).items() if name != options.without}
    originals = sorted({pair.original for own in pairs.values() for pair in own})
    made = [([pair.spun for pair in own], 1.0, True) for own in pairs.values()]
    people = [(originals, float(len(pairs)), False), (list(honest(options.corpus)), 1.0, False)]
    fit([*made, *people, (spun(originals), 1.0, False)]).save(options.output)


if __name__ == "__main__":
    main()
