"""Count which words and pairs of words English always writes with capitals.

`python -m cleaner.training.casing ../shared/corpus -o lexicons/en/casing.tsv` makes the table that is shipped.

A word counts where the word before it begins with a small letter, so that neither the start of a sentence nor a
heading lends it its capital.  A pair has a row only if its words' own rows do not already tell its casing: `us` is
a pronoun, `the us` a country; `house` is a building, `white house` is not.
"""

from __future__ import annotations

import argparse
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cleaner.casing import COLUMNS, Casing, Row
from cleaner.segment import normalize, paragraphs, tokenize
from cleaner.training.corpus import read

SHARE = 0.98  # least share of forms with capitals
LEAST_WORDS = 40  # least number of times that a word is seen with capitals
LEAST_PAIRS = 150
OTHER = 0  # the number of everything that is not a word

Ids = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Surfaces:
    """The words of a corpus as they were written: `types` by number; `stream` (int32) in order, with OTHER between
    words that are not joined by white space alone."""

    types: list[str]
    stream: Ids


def surfaces(texts: Iterable[str]) -> Surfaces:
    """Tokenise `texts`, keeping their capitals."""
    ids: defaultdict[str, int] = defaultdict()
    ids.default_factory = ids.__len__
    ids[""]  # takes number 0, OTHER
    stream = array("i", [OTHER])
    for text in texts:
        for span in paragraphs(text):
            tokens = tokenize(text, *span)
            for start, end, kind, joined in zip(tokens.starts, tokens.ends, tokens.kinds, tokens.joined, strict=True):
                if not joined:
                    stream.append(OTHER)
                stream.append(ids[text[start:end]] if kind == "w" else OTHER)
            stream.append(OTHER)
    return Surfaces(list(ids), np.array(stream, np.int32))


def rows(corpus: Surfaces) -> list[Row]:
    """The words, and the pairs that these do not explain, that are written with capitals in SHARE of all cases."""
    stream, types = corpus.stream, corpus.types
    small = np.array([t[:1].islower() for t in types])
    middle = np.flatnonzero(small[stream[:-1]] & (stream[1:] != OTHER)) + 1
    words = list(_capitalised(types, np.bincount(stream[middle], minlength=len(types)), LEAST_WORDS))
    casing = Casing.of(words)

    pair = middle[:-1][stream[middle[:-1] + 1] != OTHER]
    capital = ~small
    capital[OTHER] = False
    number: defaultdict[str, int] = defaultdict()
    number.default_factory = number.__len__
    lower = np.array([number[normalize(t)] for t in types], np.int64)
    # Only pairs that are seen with capitals are of interest, in whatever casing.
    key = lower[stream[pair]] * len(number) + lower[stream[pair + 1]]
    seen, count = np.unique(key[capital[stream[pair]] | capital[stream[pair + 1]]], return_counts=True)
    of_interest = pair[np.isin(key, seen[count >= LEAST_PAIRS])]
    forms, count = np.unique(
        stream[of_interest].astype(np.int64) * len(types) + stream[of_interest + 1], return_counts=True
    )
    names = [f"{types[f // len(types)]} {types[f % len(types)]}" for f in forms.tolist()]
    pairs = (r for r in _capitalised(names, count, LEAST_PAIRS) if " ".join(casing(r.lower.split())) != r.cased)
    return sorted([*words, *filter(_is_name, pairs)])


def _is_name(row: Row) -> bool:
    """Whether a pair is a name or holds an acronym, rather than a stretch of text that recurs ("at Camp")."""
    words = row.cased.split()
    return all(w[0].isupper() for w in words) or any(len(w) > 1 and w.isupper() for w in words)


def _capitalised(forms: Sequence[str], counts: NDArray[np.int64], least: int) -> Iterator[Row]:
    """Rows for the forms whose lower-cased form hardly occurs; the commonest casing stands for all of them."""
    by_lower: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for form, count in zip(forms, counts.tolist(), strict=True):
        if count:
            by_lower[normalize(form)][form.replace("’", "'")] = count
    for lower, cased in by_lower.items():
        total, plain = sum(cased.values()), cased.get(lower, 0)
        best = max(cased, key=lambda form: (cased[form], form))
        if best != lower and total - plain >= max(least, SHARE * total):
            yield Row(lower, best, cased[best], "corpus")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, help="folder of *.jsonl.zst")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    found = rows(surfaces(read(options.corpus)))
    lines = ["\t".join(COLUMNS), *("\t".join(map(str, astuple(row))) for row in found)]
    options.output.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
