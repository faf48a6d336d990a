"""Step 6: from the best readings of a batch to findings, each with its confidence and alternatives."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from cleaner.casing import shipped as shipped_casing
from cleaner.islands import Batch, Candidates
from cleaner.lexicon import MAX_WORDS, Channel
from cleaner.network import ordered
from cleaner.numerals import Numerals
from cleaner.result import Finding
from cleaner.rewriter import Conventions, Edit, article_for, in_case_of, is_loud, opens_sentence, trimmed
from cleaner.segment import Tokens, normalize
from cleaner.settings import Settings
from cleaner.spelling import differs

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

MOST_ALTERNATIVES = 4
LEAST = 0.01  # posterior of an alternative worth showing
CHANGED = 0.58  # probability that a place was changed at all, from which it is worth a finding


class Choice(NamedTuple):
    """The readings of the tokens `start` .. `end` - 1 of paragraph `paragraph`, best first: (original, probability).

    `dialect` numbers the dialect that explains the best one.
    """

    paragraph: int
    start: int
    end: int
    readings: tuple[tuple[str, float], ...]
    dialect: int


def choices(b: Batch, c: Candidates, probability: Floats, best: Indices, channel: Channel) -> Iterator[Choice]:
    """The choice that each edit of the `best` readings (candidates, in text order) makes, by the `probability`
    (candidates, 0..1) of all.

    Candidates that differ only in words which both sides share are one reading, so their posteriors add up.
    """
    if not len(best):
        return iter(())
    chosen = probability > 1e-3
    chosen[best] = True
    weighty = np.flatnonzero(chosen)
    start, size, row = c.start[weighty], c.size[weighty], c.row[weighty]
    # Only phrases can share words with their originals.
    phrases = np.flatnonzero(size > 1)
    trims = [*map(_Trims.of(b, c, channel), row[phrases].tolist(), weighty[phrases].tolist())]
    text = [*map(channel.text.__getitem__, c.source[weighty].tolist())]
    for i, (_, _, shorter) in zip(phrases.tolist(), trims, strict=True):
        text[i] = shorter
    head, tail, _ = zip(*trims, strict=True) if trims else ((), (), ())
    start[phrases] += np.array(head, np.int64)
    size[phrases] = np.array(tail, np.int64) - np.array(head, np.int64)
    place = start * _PLACES + size  # a token and a number of tokens
    edited = np.searchsorted(weighty, best)
    order = np.argsort(place[edited])
    in_order = place[edited][order]
    number = np.minimum(np.searchsorted(in_order, place), len(in_order) - 1)
    beside = np.flatnonzero(in_order.take(number) == place)
    p, number = probability[weighty], order.take(number)
    # Choice by choice, the likeliest first.
    beside = beside[np.argsort(-p[beside])]
    beside = beside[ordered(number[beside])[1]]
    number, p = number[beside], p[beside]
    # One of two that are equally likely may have to go first, and what has been trimmed may be what another one is.
    again = np.flatnonzero((number[1:] == number[:-1]) & (p[1:] == p[:-1]))
    doubtful = np.zeros(len(edited), np.bool_)
    doubtful[number[again]] = True
    doubtful[number[size[beside] != c.size[weighty[beside]]]] = True
    pairs = zip(map(text.__getitem__, beside.tolist()), p.tolist(), strict=True)
    count = np.bincount(number, minlength=len(edited)).tolist()
    readings = [tuple(islice(pairs, n)) for n in count]
    for i in np.flatnonzero(doubtful).tolist():
        readings[i] = _ranked(readings[i])
    token = start[edited]
    paragraph = b.paragraph[token]
    begin = token - b.first[paragraph]
    dialects = channel.log_swap[row[edited]].argmax(axis=1)
    places = (column.tolist() for column in (paragraph, begin, begin + size[edited]))
    return map(Choice._make, zip(*places, readings, dialects.tolist(), strict=True))


_PLACES = MAX_WORDS + 1


def _ranked(readings: tuple[tuple[str, float], ...]) -> tuple[tuple[str, float], ...]:
    """Readings, each once, likeliest first."""
    total: dict[str, float] = {}
    for reading, p in readings:
        total[reading] = total.get(reading, 0.0) + p
    return tuple(sorted(total.items(), key=_rank))


def _rank(reading: tuple[str, float]) -> tuple[float, str]:
    return -reading[1], reading[0]


@dataclass(frozen=True, slots=True)
class _Trims:
    """The smallest edits that rows of a channel make (`trimmed`, from token 0), each found when it is first met."""

    known: dict[int, Edit]
    b: Batch
    c: Candidates
    channel: Channel

    @classmethod
    def of(cls, b: Batch, c: Candidates, channel: Channel) -> _Trims:
        return cls(_TRIMS.setdefault(channel, {}), b, c, channel)

    def __call__(self, row: int, candidate: int) -> Edit:
        """That of a row, which a candidate shows."""
        if (edit := self.known.get(row)) is None:
            start, size = int(self.c.start[candidate]), int(self.c.size[candidate])
            paragraph = int(self.b.paragraph[start])
            begin = start - int(self.b.first[paragraph])
            spun = self.b.tokens[paragraph].norms[begin : begin + size]
            self.known[row] = edit = trimmed(spun, 0, self.channel.text[int(self.c.source[candidate])])
        return edit


_TRIMS: WeakKeyDictionary[Channel, dict[int, Edit]] = WeakKeyDictionary()


USUAL = Settings()


def findings(
    text: str,
    tokens: Tokens,
    found: list[Choice],
    spun: float,
    dialects: Sequence[str],
    calibrated: Callable[[float], float] = float,
    changed: float = CHANGED,
) -> Iterator[Finding]:
    """The findings of one paragraph of the document `text`; `spun` (0..1) is the probability that it is spun.

    `dialects` names those that choices number.  `calibrated` makes a confidence (0..1) of the probability of a reading
    (0..1).  A choice gives a finding if its
    readings together have the probability `changed` or more.

    A choice whose readings would all only flip the spelling of a word, or write a number in another way where
    that is out of place, gives none.
    """
    found = [
        choice
        for choice in found
        if spun * choice.readings[0][1] >= changed or spun * sum([p for _, p in choice.readings]) >= changed
    ]
    if not found:
        return
    conventions = _conventions(text)
    numerals = Numerals(text, tokens)
    norms = tokens.norms
    rendered = [_rendered(text, tokens, choice, conventions, numerals) for choice in found]
    free = 0
    for choice, after, (readings, row), (next_readings, _) in zip(
        found, (*found[1:], None), rendered, (*rendered[1:], _NOTHING), strict=True
    ):
        _, start, end, _, dialect = choice
        if readings:
            a, z = tokens.starts[start], tokens.ends[end - 1]
            beside = (start > free and norms[start - 1] in _ARTICLES) or text[z : z + 1] in _APOSTROPHES
            if beside or any(r[-1] in _ARTICLES_END for r, _ in readings):
                if after is not None and after.start == end and next_readings and next_readings[0][1] * spun >= 0.5:
                    following = next_readings[0][0]
                else:
                    following = _joined_word(text, tokens, end)
                limit = after.start if after else len(norms)
                a, z, readings = _agreeing(text, tokens, choice, readings, following, free, limit)
            best, p = readings[0]
            others = readings[1 : 1 + MOST_ALTERNATIVES]
            confidence = calibrated(min(p * spun, 1.0))
            yield Finding(
                a,
                z,
                text[a:z],
                "phrase",
                best,
                confidence,
                tuple([(r, calibrated(round(p * spun, 4))) for r, p in others if p * spun >= LEAST]) if others else (),
                f"{dialects[dialect]}: {' '.join(norms[start:end])} <- {row}",
                # With the usual settings it is so, and need not be made anew once they are known.
                confidence >= USUAL.threshold,
            )
        free = end


# The paragraphs of a document come one after the other.
@lru_cache(maxsize=1)
def _conventions(text: str) -> Conventions:
    return Conventions.of(text)


Readings = list[tuple[str, float]]


_NOTHING: tuple[Readings, str] = ([], "")


def _rendered(
    text: str, tokens: Tokens, choice: Choice, conventions: Conventions, numerals: Numerals
) -> tuple[Readings, str]:
    """The readings of `choice` as they would stand in the text, distinct, with their probabilities, best first; and
    the best one in lexicon form."""
    _, start, end, found, _ = choice
    norms, joined = tokens.norms, tokens.joined
    surface = text[tokens.starts[start] : tokens.ends[end - 1]]
    casing = shipped_casing()
    before = norms[start - 1] if start and joined[start] and norms[start - 1] in casing.befores else ""
    after = norms[end] if end < len(norms) and joined[end] and norms[end] in casing.afters else ""
    opens = opens_sentence(tokens, start, text)
    loud = surface.isupper() and is_loud(text, tokens, start, end)
    numeral = "n" in tokens.kinds[start:end]
    readings: dict[str, float] = {}
    row_of: dict[str, str] = {}
    for rank, (reading, p) in enumerate(found):
        if rank and p < LEAST:
            break
        original = reading
        if numeral or _particular(reading):
            if numerals.forbid(start, end, reading):
                continue
            if differs(reading):
                # Names keep their spelling.
                original = conventions.render(reading) if opens or surface.islower() else reading
                if conventions.spelling.flips(" ".join(norms[start:end]), original):
                    continue
        if shown := _in_place(surface, original, before, after, opens, loud):
            if conventions.curly:
                shown = conventions.apostrophes(shown)
            readings[shown] = readings.get(shown, 0.0) + p
            row_of.setdefault(shown, reading)
    ranked = list(readings.items())
    if len(ranked) > 1:
        ranked.sort(key=_falling)
    return ranked, row_of[ranked[0][0]] if ranked else ""


@lru_cache(maxsize=1 << 16)
def _particular(reading: str) -> bool:
    """Whether `reading` begins with figures or has a word whose spelling differs."""
    return reading[0].isdigit() or differs(reading)


def _falling(reading: tuple[str, float]) -> float:
    return -reading[1]


@lru_cache(maxsize=1 << 16)
def _in_place(surface: str, original: str, before: str, after: str, opens: bool, loud: bool) -> str:
    """`original` as it would stand in the place of `surface`; "" if nothing would change."""
    cased = in_case_of(surface, original, opens_sentence=opens, before=before, after=after, loud=loud)
    return "" if normalize(cased) == normalize(" ".join(surface.split())) else cased


def _joined_word(text: str, tokens: Tokens, index: int) -> str:
    """Token `index` if only white space parts it from the one before."""
    if index < len(tokens) and tokens.joined[index]:
        return text[tokens.starts[index] : tokens.ends[index]]
    return ""


def _agreeing(
    text: str, tokens: Tokens, choice: Choice, readings: Readings, following: str, free: int, limit: int
) -> tuple[int, int, Readings]:
    """The range to replace and its readings, with articles and possessives that agree.

    `following` is the word that will follow; no other choice replaces the tokens from `free` to `limit` - 1.
    """
    start, end = choice.start, choice.end
    a, z = tokens.starts[start], tokens.ends[end - 1]
    if following:  # "this kind of a" -> "such an"
        readings = [(_LAST_ARTICLE.sub(lambda m: article_for(m[0], following), r), p) for r, p in readings]
    if free < start and tokens.joined[start] and tokens.norms[start - 1] in _ARTICLES:
        article = text[tokens.starts[start - 1] : tokens.ends[start - 1]]
        if any(article_for(article, r) != article for r, _ in readings):
            between = text[tokens.ends[start - 1] : a]
            a = tokens.starts[start - 1]
            readings = [(article_for(article, r) + between + r, p) for r, p in readings]
    mark = text[z : z + 1]
    if mark in _APOSTROPHES:
        clitic = end < len(tokens) and tokens.norms[end] == "'s" and tokens.starts[end] == z
        if clitic and end < limit and any(_PLURAL.search(r) for r, _ in readings):
            z += 2
            readings = [(r + mark + ("" if _PLURAL.search(r) else "s"), p) for r, p in readings]
        elif not clitic and _ends_possessive(text, tokens, z) and not all(r.endswith("s") for r, _ in readings):
            z += 1
            readings = [(r + mark + ("" if r.endswith("s") else "s"), p) for r, p in readings]
    return a, z, readings


_ARTICLES, _ARTICLES_END, _APOSTROPHES = frozenset(("a", "an")), frozenset("aAnN"), frozenset("'’")
_LAST_ARTICLE = re.compile(r"\ban?$", re.IGNORECASE)
_PLURAL = re.compile(r"[^siu]s$|[^s]ies$")
_OPEN_QUOTE = re.compile(r"(?<!\w)['‘](?=\w)")


def _ends_possessive(text: str, tokens: Tokens, z: int) -> bool:
    """Whether the apostrophe at `z` makes a plural possessive ("officers' pay"), and does not end a quotation."""
    return text[z - 1] in "sS" and text[z + 1 : z + 2] == " " and not _OPEN_QUOTE.search(text, tokens.starts[0], z)


def group(found: Iterator[Choice]) -> dict[int, list[Choice]]:
    """Choices by paragraph."""
    by_paragraph: defaultdict[int, list[Choice]] = defaultdict(list)
    for choice in found:
        by_paragraph[choice.paragraph].append(choice)
    return by_paragraph
