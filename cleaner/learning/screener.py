r"""Make a dialect's lexicon of garbled terms of art and the right ones, as screeners of the literature list them.

    python -m cleaner.learning.screener ../shared/dev/tortured.tsv -o lexicons/en/dialects/science.tsv

The list is a TSV file with the columns spun, original and papers (sightings).  Its rows are aligned word by word;
rows that are not explained so are left out.  The lexicon holds the terms, counted once each, and the pairs of one or
two words that the alignment finds in them, counted by terms.  `--without` leaves out every row whose spun or right
term stands in another such list: a held-out part of it, say.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from cleaner.learning.align import Block, Link, align
from cleaner.learning.prior import lift
from cleaner.lexicon import Entry, normalized, write_entries
from cleaner.thesaurus import Thesaurus
from cleaner.training.rows import usable

SIZES = {
    **{(1, 1): 0.89, (1, 2): 0.04, (2, 1): 0.04, (1, 3): 0.01, (1, 4): 0.003, (2, 2): 0.004},
    **{(1, 0): 0.005, (0, 1): 0.005},
}
# Shares of a term's words in links that are better than chance: from the first on the term is a row; from the second
# on what is left over must belong together, and its links count too.
PLAUSIBLE = 0.25
EXPLAINED = 0.5
_SURE = 0.5  # posterior from which a link counts
_GAIN = 1.0  # nats
_ASIDE = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


class Term(NamedTuple):
    """A garbled term and the right one, in lexicon form, and the papers that it was seen in."""

    spun: str
    original: str
    papers: int


def read_terms(path: Path) -> Iterator[Term]:
    """Yield the rows of a list of garbled terms; raises ValueError naming file and line."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        header = next(rows, [])
        if header[:2] != ["spun", "original"]:
            raise ValueError(f"{path}:1: the columns must be spun, original and papers, not {' '.join(header)}")
        for number, row in enumerate(rows, 2):
            if len(row) < 2:
                raise ValueError(f"{path}:{number}: expected a garbled and a right term between tabs")
            spun, original = (normalized(_ASIDE.sub(" ", side)) for side in row[:2])
            yield Term(spun, original, int(row[2]) if len(row) > 2 else 0)


def unlisted(terms: Iterable[Term], without: Iterable[Term]) -> list[Term]:
    """The terms neither side of which is a side of one of `without`."""
    out = {side for term in without for side in term[:2]}
    return [term for term in terms if term.spun not in out and term.original not in out]


class Explained(NamedTuple):
    """A term with the word pairs in it, and the share (0..1) of its words that they account for."""

    term: Term
    links: list[Link]
    share: float


def explain(terms: Iterable[Term], thesaurus: Thesaurus) -> Iterator[Explained]:
    """Align the words of all terms; parts of hyphenated words count as words."""
    papers: Counter[tuple[str, str]] = Counter()
    for term in terms:
        if _words(term.spun) and _words(term.original) and term.spun != term.original:
            papers[term.spun, term.original] += term.papers
    listed = [Term(*sides, n) for sides, n in sorted(papers.items())]
    blocks = [Block(_words(term.original), _words(term.spun)) for term in listed]
    aligned = align(blocks, [1] * len(blocks), SIZES, lift(thesaurus))
    for term, block, links in zip(listed, blocks, aligned, strict=True):
        known = sum(link.high - link.low + link.end - link.start for link in links if _known(link))
        yield Explained(term, links, known / (len(block.original) + len(block.spun)))


def lexicon(explained: Iterable[Explained]) -> list[Entry]:
    """The rows of a lexicon: terms, and the pairs of words in them."""
    count: Counter[tuple[str, str]] = Counter()
    papers: defaultdict[tuple[str, str], int] = defaultdict(int)
    for term, links, share in explained:
        if share >= PLAUSIBLE:
            credible = links if share >= EXPLAINED else filter(_known, links)
            for pair in dict.fromkeys(chain([(term.original, term.spun)], _pairs(term, credible))):
                if usable(*pair):
                    count[pair] += 1
                    papers[pair] += max(term.papers, 1)
    return [Entry(o, s, n, min(papers[o, s], n), "screener") for (o, s), n in count.items()]


def _words(phrase: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(phrase))


def _known(link: Link) -> bool:
    """Whether other terms or the prior bear a link out."""
    return link.gain >= _GAIN and link.low < link.high and link.start < link.end


def _pairs(term: Term, links: Iterable[Link]) -> Iterator[tuple[str, str]]:
    """The phrase pairs of the sure links, as they are spelt in the term."""
    sides = [[m.span() for m in _WORD.finditer(side)] for side in (term.original, term.spun)]
    for link in links:
        if link.posterior >= _SURE and link.low < link.high and link.start < link.end:
            original = term.original[sides[0][link.low][0] : sides[0][link.high - 1][1]]
            spun = term.spun[sides[1][link.start][0] : sides[1][link.end - 1][1]]
            yield normalized(original), normalized(spun)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("terms", type=Path, help="TSV: spun, original, papers")
    parser.add_argument("--without", type=Path, metavar="FILE.tsv", help="leave out all rows with a term of this list")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    try:
        terms = unlisted(read_terms(options.terms), read_terms(options.without) if options.without else ())
    except ValueError as error:
        sys.exit(str(error))
    explained = list(explain(terms, Thesaurus.open()))
    rows = lexicon(explained)
    write_entries(options.output, rows)
    kept = sum(e.share >= PLAUSIBLE for e in explained)
    print(f"{options.output}: {len(rows):,} rows from {kept:,} of {len(terms):,} terms")


if __name__ == "__main__":
    main()
