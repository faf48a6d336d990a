"""Words that English always writes with capitals: Monday, NATO, the US, the White House."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from cleaner.resources import path

COLUMNS = ("lower", "cased", "count", "source")


@dataclass(frozen=True, slots=True, order=True)
class Row:
    """The word, or pair of words, `lower` was seen `count` times as `cased`."""

    lower: str
    cased: str
    count: int
    source: str


@dataclass(frozen=True, slots=True)
class Casing:
    """The casing of words and of pairs, by their lower-cased form; `befores` and `afters` are what pairs begin and end
    with."""

    words: dict[str, str]
    pairs: dict[tuple[str, str], tuple[str, str]]
    befores: frozenset[str]
    afters: frozenset[str]

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Casing:
        return cls.told((row.lower, row.cased) for row in rows)

    @classmethod
    def told(cls, forms: Iterable[tuple[str, str]]) -> Casing:
        """The casing of words and pairs that are given in lower case and as they are written."""
        words: dict[str, str] = {}
        pairs: dict[tuple[str, str], tuple[str, str]] = {}
        for lower, cased in forms:
            first, _, second = lower.partition(" ")
            if second:
                head, _, tail = cased.partition(" ")
                pairs[first, second] = head, tail
            else:
                words[first] = cased
        return cls(words, pairs, frozenset(a for a, _ in pairs), frozenset(b for _, b in pairs))

    def __call__(self, words: Sequence[str], before: str = "", after: str = "") -> list[str]:
        """`words` (lower case) as they stand between the words `before` and `after` inside a sentence.

        The words beside them tell an acronym only: what else a name is, its own capitals tell.

        >>> shipped()(["us", "president"], before="the"), shipped()(["national", "policy"], before="us")
        (['US', 'president'], ['national', 'policy'])
        """
        cased = [self.words.get(w, w) for w in words]
        for i, pair in enumerate(zip((before, *words), (*words, after), strict=True)):
            inside = 0 < i < len(words)
            for place, form in zip((i - 1, i), self.pairs.get(pair, ()), strict=False):
                if 0 <= place < len(words) and (inside or (form.isupper() and len(form) > 1)):
                    cased[place] = form
        return cased


@cache
def shipped() -> Casing:
    """The table that comes with the package."""
    lines = path("en", "casing.tsv").read_text(encoding="utf-8").splitlines()
    return Casing.told((lower, cased) for lower, cased, *_ in (line.split("\t", 2) for line in lines[1:]))
