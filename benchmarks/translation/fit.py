"""Fit the detector of text that was machine-translated and back (`cleaner.translation`) to pairs and to honest text.

    python -m benchmarks.translation.fit PAIRS ../shared/corpus -o cleaner/models/en.translationese [--without LANGUAGE]

PAIRS holds a file of pairs for each language (`benchmarks.translation.make`).  Further honest text comes from the
corpus, speeches at the United Nations among it, many of which people translated.  Full-batch Adam (Kingma & Ba 2015).
"""

from __future__ import annotations

import argparse
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks.spinners import spin
from benchmarks.translation import Pair, read
from cleaner.analysis import parse
from cleaner.cleaner import shipped
from cleaner.segment import tokenize, word_hash
from cleaner.translation import Floats, Ints, Keys, Translationese, features

FREQUENT = 300  # words that keep their name
LEAST = 6  # times that a feature must be seen
RIDGE = 10.0
HONEST = {"un_debates": 4, "wikipedia": 20, "white_house": 20, "us_politics": 20}  # every so many documents are read
DOCUMENTS, CHARACTERS = 150, 2500  # of each source, and of each document
SPINNERS = ("polite", "mythes", "roget", "wild")
SPUN = 60  # articles of each


@dataclass(frozen=True, slots=True)
class Examples:
    """Paragraphs: `feature` and its `paragraph`, the `size` (paragraphs, tokens), the `weight` and `translated`."""

    feature: Keys
    paragraph: Ints
    size: int
    weight: float
    translated: bool


def examples(texts: Sequence[str], words: Keys, weight: float, *, translated: bool) -> Examples:
    """The paragraphs of some texts."""
    detector, keys, owners, size = shipped(), [], [], 0
    for some in _chunks(texts, 50):
        if parsed := parse(some, detector):
            found = features(parsed.batch, parsed.capital, words, detector.model)
            keys += found
            owners += [parsed.batch.paragraph + size] * len(found)
            size += len(parsed.batch.document)
    return Examples(np.concatenate(keys), np.concatenate(owners), size, weight, translated)


def fit(sets: Sequence[Examples], words: Keys, steps: int = 200, rate: float = 0.05) -> Translationese:
    """The logistic regression of paragraphs: features seen LEAST times, ridge RIDGE, no intercept."""
    keys, times = np.unique(np.concatenate([s.feature for s in sets]), return_counts=True)
    keys = keys[times >= LEAST]
    rows, columns, first = [], [], 0
    for s in sets:
        at = np.minimum(np.searchsorted(keys, s.feature), len(keys) - 1)
        known = keys[at] == s.feature
        rows.append(s.paragraph[known] + first)
        columns.append(at[known])
        first += s.size
    row, column = np.concatenate(rows), np.concatenate(columns)
    weight = np.concatenate([np.full(s.size, s.weight) for s in sets])
    label = np.concatenate([np.full(s.size, float(s.translated)) for s in sets])
    beta = regression(row, column, weight, label, len(keys), RIDGE, steps, rate)
    telling = np.abs(beta) >= 0.01
    return Translationese(words, keys[telling], beta[telling].astype(np.float32))


def regression(
    row: Ints, column: Ints, weight: Floats, label: Floats, size: int, ridge: float, steps: int, rate: float
) -> Floats:
    """The coefficients (`size`) of a logistic regression with a ridge and no intercept, by full-batch Adam: example
    row[i] has the feature column[i]; each example has its `weight` and its `label` (0 or 1)."""
    beta, slope, square = (np.zeros(size) for _ in range(3))
    for step in range(1, steps + 1):
        said = np.bincount(row, weights=beta[column], minlength=len(label))
        error = weight * (1 / (1 + np.exp(-np.clip(said, -30, 30))) - label)
        gradient = np.bincount(column, weights=error[row], minlength=size) + ridge * beta
        slope += 0.1 * (gradient - slope)
        square += 0.01 * (gradient**2 - square)
        beta -= rate * (slope / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
    return beta


def frequent(texts: Sequence[str]) -> Keys:
    """The hashes of the FREQUENT words of some texts, ascending."""
    counts = Counter(norm for text in texts for norm in tokenize(text).norms)
    return np.array(sorted(word_hash(word) for word, _ in counts.most_common(FREQUENT)), np.uint64)


def honest(corpus: Path) -> Iterator[str]:
    """Texts of genres that the pairs lack."""
    import zstandard

    for name, every in HONEST.items():
        with (corpus / f"{name}.jsonl.zst").open("rb") as packed:
            lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(packed), encoding="utf-8")
            yield from (json.loads(line)["text"][:CHARACTERS] for line in islice(lines, 0, DOCUMENTS * every, every))


def spun(originals: Sequence[str]) -> list[str]:
    """Some articles after a spinner: words that fit badly, but no translation."""
    some = (originals[i :: len(SPINNERS)][:SPUN] for i in range(len(SPINNERS)))
    return [
        spin(name, text, rate=0.3, seed=seed, sticky=True).text
        for name, own in zip(SPINNERS, some, strict=True)
        for seed, text in enumerate(own)
    ]


def fitted(pairs: Mapping[str, Sequence[Pair]], others: Sequence[str]) -> Translationese:
    """The regression fitted to the pairs of some languages, and to `others`, which are honest."""
    originals = sorted({pair.original for own in pairs.values() for pair in own})
    words = frequent(originals)
    sets = [examples([pair.spun for pair in own], words, 1.0, translated=True) for own in pairs.values()]
    sets.append(examples(originals, words, float(len(pairs)), translated=False))
    sets.append(examples(others, words, 1.0, translated=False))
    sets.append(examples(spun(originals), words, 1.0, translated=False))
    return fit(sets, words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--without", metavar="LANGUAGE", help="leave the pairs of this language out")
    options = parser.parse_args()
    pairs = {name: own for name, own in read(options.pairs).items() if name != options.without}
    model = fitted(pairs, list(honest(options.corpus)))
    model.save(options.output)
    print(f"{options.output}: {len(model.key):,} features of {', '.join(pairs)}")


def _chunks(texts: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (texts[i : i + size] for i in range(0, len(texts), size))


if __name__ == "__main__":
    main()
