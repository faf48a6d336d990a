"""Build the written rows of the news dialects: inflect lemma-level entries.

    python -m cleaner.training.inflect lexicons/en/lemmas/news-*.tsv -o lexicons/en/dialects/news-written.tsv

Lemma files are TSV with the columns original, pos, spun.  `noun` inflects the last word of both sides, `verb` the
first, `adj` the last (only where both sides have a comparative); `adv` and `fixed` stay as they are.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from cleaner.lexicon import Entry, LexiconError, normalized, write_entries
from cleaner.training.rows import usable

COLUMNS = ("original", "pos", "spun")
TAGS = {"noun": ("NNS",), "verb": ("VBZ", "VBD", "VBN", "VBG"), "adj": ("JJR", "JJS"), "adv": (), "fixed": ()}
RARE = 1.6  # Zipf frequency under which an inflected form is held to be no word


def read_lemmas(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (original, pos, spun); raises LexiconError naming file, line and mend."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        if tuple(next(rows, ())) != COLUMNS:
            raise LexiconError(f"{path}:1: the header must be {' '.join(COLUMNS)} (tab-separated)")
        for number, row in enumerate(rows, 2):
            if len(row) != len(COLUMNS) or not all(row) or row[1] not in TAGS:
                raise LexiconError(f"{path}:{number}: expected original, pos ({', '.join(TAGS)}) and spun")
            original, pos, spun = row
            yield original, pos, spun


@cache
def inflected(word: str, tag: str) -> str | None:
    """The form of a lemma with a Penn tag, or None if it has none that is in use."""
    from lemminflect import getInflection
    from wordfreq import zipf_frequency

    if tag in ("NN", "VB", "JJ"):
        return word

    forms = getInflection(word, tag, inflect_oov=tag not in ("JJR", "JJS"))
    return next((f for f in forms if zipf_frequency(f, "en") >= RARE), None)


def _head(phrase: str, pos: str, tag: str) -> str | None:
    words = phrase.split()
    at = 0 if pos == "verb" else -1
    form = inflected(words[at], tag)
    if form is None:
        return None
    words[at] = form
    return " ".join(words)


def inflect(original: str, pos: str, spun: str) -> Iterator[tuple[str, str]]:
    """Yield the base pair and each inflected pair of a lemma-level entry.

    >>> list(inflect("set up", "verb", "arrange"))[:3]
    [('set up', 'arrange'), ('sets up', 'arranges'), ('set up', 'arranged')]
    """
    yield original, spun
    for tag in TAGS[pos]:
        sides = _head(original, pos, tag), _head(spun, pos, tag)
        if sides[0] and sides[1]:
            yield sides[0], sides[1]


def written(lemmas: Iterable[tuple[str, str, str]]) -> list[Entry]:
    """The entries of all inflected pairs, without duplicates."""
    pairs = {(normalized(o), normalized(s)) for row in lemmas for o, s in inflect(*row)}
    return [Entry(o, s, 0, 0, "written") for o, s in pairs if usable(o, s)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lemmas", type=Path, nargs="+")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    write_entries(options.output, written(row for path in options.lemmas for row in read_lemmas(path)))


if __name__ == "__main__":
    main()
