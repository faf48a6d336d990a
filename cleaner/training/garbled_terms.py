"""Garbled terms of art whose like no list has, for fitting and judging recognition: terms are listed fold by fold.

Terms that people have listed are put into honest text in place of the right ones, as a rewriter does.  A
document is read with a list that holds neither its garbled terms nor any other row of the same right ones.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from zlib import crc32

from cleaner.learning.screener import Term, explain, lexicon, unlisted
from cleaner.lexicon import Dialect, Entry, Evidence
from cleaner.thesaurus import Thesaurus
from cleaner.training.derive import derive

FOLDS = 5
HELD_OUT = FOLDS  # the fold of the terms that the development abstracts hold
_SITES = 3  # right terms of a document that are garbled, at most
_WORDS = re.compile(r"[a-z0-9' -]+ [a-z0-9' -]+")

Edit = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Example:
    """A text with garbled terms: places and originals, as in spun.jsonl; `fold` is that of all its terms."""

    text: str
    edits: tuple[Edit, ...]
    fold: int


class Folds:
    """Listed terms in folds, so that terms with a side in common are in one."""

    def __init__(self, terms: Iterable[Term], held_out: Iterable[tuple[str, str]]) -> None:
        """`held_out`: garbled and right terms, which make up a fold of their own with all that share a side."""
        self.terms = list(terms)
        self._root: dict[str, str] = {}
        for term in self.terms:
            self._root[self._find("garbled " + term.spun)] = self._find("right " + term.original)
        self._held_out = {side for pair in held_out for side in pair}

    def __call__(self, term: Term) -> int:
        """The fold of a term."""
        if term.spun in self._held_out or term.original in self._held_out:
            return HELD_OUT
        return crc32(self._find("right " + term.original).encode()) % FOLDS

    def _find(self, side: str) -> str:
        while (root := self._root.setdefault(side, side)) != side:
            side = root
        return side

    def listed(self, fold: int | None, written: Sequence[Entry], thesaurus: Thesaurus) -> Dialect:
        """The dialect of all terms but those of a fold, as `lexicons/en/dialects/science.toml` defines it."""
        without = [term for term in self.terms if self(term) == fold]
        rows = lexicon(explain(unlisted(self.terms, without), thesaurus))
        return Dialect("science", rows, [Evidence(derive(rows), 0.1, 0.3), Evidence(written, 0.3, 0.5)])

    def examples(self, texts: Iterable[str]) -> Iterator[Example]:
        """Each text with some of its right terms garbled, once for each fold that they are of."""
        garbled: defaultdict[str, list[Term]] = defaultdict(list)
        for term in self.terms:
            if _WORDS.fullmatch(term.spun) and _WORDS.fullmatch(term.original):
                garbled[term.original].append(term)
        right = sorted(garbled, key=lambda original: (-len(original), original))
        pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, right))})\b", re.IGNORECASE)
        for text in texts:
            sites = list(pattern.finditer(text))
            possible: defaultdict[int, set[Term]] = defaultdict(set)
            for term in (term for site in sites for term in garbled[site.group().lower()]):
                possible[self(term)].add(term)
            for fold, terms in sorted(possible.items()):
                random = Random(crc32(text.encode()) + fold)
                some = random.sample(sorted(terms), min(len(terms), random.randint(1, _SITES)))
                yield _garbled(text, sites, {term.original: term.spun for term in some}, fold)


def _garbled(text: str, sites: Sequence[re.Match[str]], swaps: dict[str, str], fold: int) -> Example:
    out, at, length, edits = [], 0, 0, []
    for site in sites:
        if spun := swaps.get(site.group().lower()):
            spun = spun[0].upper() + spun[1:] if site.group()[0].isupper() else spun
            length += site.start() - at
            out += [text[at : site.start()], spun]
            edits.append((length, length + len(spun), site.group()))
            length, at = length + len(spun), site.end()
    return Example("".join(out) + text[at:], tuple(edits), fold)
