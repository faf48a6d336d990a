"""Step 6: from the best readings of a batch to findings, each with its confidence and alternatives."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleaner.casing import shipped as shipped_casing
from cleaner.islands import Batch, Candidates
from cleaner.lexicon import MAX_WORDS, Channel
from cleaner.numerals import Numerals
from cleaner.result import Finding
from cleaner.rewriter import Conventions, article_for, in_case_of, is_loud, opens_sentence, trimmed
from cleaner.segment import Tokens, normalize
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
    chosen = probability > 1e-3
    chosen[best] = True
    weighty = np.flatnonzero(chosen)
    size = c.size[weighty]
    # A place is a token and a number of tokens; only phrases can share words with their originals.
    place = c.start[weighty] * _PLACES + size
    text = [channel.text[i] for i in channel.original[c.row[weighty]].tolist()]
    phrases = np.flatnonzero(size > 1)
    paragraph = b.paragraph[c.start[weighty[phrases]]]
    begin = c.start[weighty[phrases]] - b.first[paragraph]
    columns = (phrases, paragraph, begin, begin + size[phrases], b.first[paragraph])
    for i, p, start, end, first in zip(*(column.tolist() for column in columns), strict=True):
        edit = trimmed(b.tokens[p].norms[start:end], start, text[i])
        place[i], text[i] = (first + edit.start) * _PLACES + edit.end - edit.start, edit.text
    chosen_place = place[np.searchsorted(weighty, best)]
    readings: dict[int, dict[str, float]] = {at: {} for at in chosen_place.tolist()}
    for at, original, posterior in zip(place.tolist(), text, probability[weighty].tolist(), strict=True):
        own = readings.get(at)
        if own is not None:
            own[original] = own.get(original, 0.0) + posterior
    token = chosen_place // _PLACES
    paragraph = b.paragraph[token]
    begin = token - b.first[paragraph]
    dialects = channel.log_swap[c.row[best]].argmax(axis=1)
    columns = (chosen_place, paragraph, begin, begin + chosen_place % _PLACES, dialects)
    for at, p, start, end, dialect in zip(*(column.tolist() for column in columns), strict=True):
        ranked = readings[at].items()
        yield Choice(p, start, end, tuple(sorted(ranked, key=_rank) if len(ranked) > 1 else ranked), dialect)


_PLACES = MAX_WORDS + 1


def _rank(reading: tuple[str, float]) -> tuple[float, str]:
    return -reading[1], reading[0]


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
    found = [choice for choice in found if spun * sum([p for _, p in choice.readings]) >= changed]
    if not found:
        return
    conventions = _conventions(text)
    numerals = Numerals(text, tokens)
    norms = tokens.norms
    rendered = [_rendered(text, tokens, choice, conventions, numerals) for choice in found]
    for i, (choice, (readings, row)) in enumerate(zip(found, rendered, strict=True)):
        if not readings:
            continue
        after = i + 1 < len(found) and found[i + 1].start == choice.end
        next_readings = rendered[i + 1][0] if after else None
        if next_readings and next_readings[0][1] * spun >= 0.5:
            following = next_readings[0][0]
        else:
            following = _joined_word(text, tokens, choice.end)
        free = found[i - 1].end if i else 0
        limit = found[i + 1].start if i + 1 < len(found) else len(norms)
        a, z, readings = _agreeing(text, tokens, choice, readings, following, free, limit)
        best, p = readings[0]
        yield Finding(
            a,
            z,
            text[a:z],
            "phrase",
            best,
            calibrated(min(p * spun, 1.0)),
            tuple(
                [
                    (r, calibrated(round(p * spun, 4)))
                    for r, p in readings[1 : 1 + MOST_ALTERNATIVES]
                    if p * spun >= LEAST
                ]
            ),
            f"{dialects[choice.dialect]}: {' '.join(norms[choice.start : choice.end])} <- {row}",
        )


# The paragraphs of a document come one after the other.
@lru_cache(maxsize=1)
def _conventions(text: str) -> Conventions:
    return Conventions.of(text)


Readings = list[tuple[str, float]]


def _rendered(
    text: str, tokens: Tokens, choice: Choice, conventions: Conventions, numerals: Numerals
) -> tuple[Readings, str]:
    """The readings of `choice` as they would stand in the text, distinct, with their probabilities, best first; and
    the best one in lexicon form."""
    start, end = choice.start, choice.end
    norms = tokens.norms
    surface = text[tokens.starts[start] : tokens.ends[end - 1]]
    casing, joined = shipped_casing(), tokens.joined
    before = norms[start - 1] if start and joined[start] and norms[start - 1] in casing.befores else ""
    after = norms[end] if end < len(norms) and joined[end] and norms[end] in casing.afters else ""
    opens = opens_sentence(tokens, start, text)
    loud = surface.isupper() and is_loud(text, tokens, start, end)
    spelt = opens or surface.islower()  # names keep their spelling
    numeral = "n" in tokens.kinds[start:end]
    readings: dict[str, float] = {}
    row_of: dict[str, str] = {}
    for rank, (reading, p) in enumerate(choice.readings):
        if rank and p < LEAST:
            break
        if (numeral or reading[0].isdigit()) and numerals.forbid(start, end, reading):
            continue
        original = reading
        if differs(reading):
            original = conventions.render(reading) if spelt else reading
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
    if following and any(r[-1] in "aAnN" for r, _ in readings):  # "this kind of a" -> "such an"
        readings = [(_LAST_ARTICLE.sub(lambda m: article_for(m[0], following), r), p) for r, p in readings]
    if free < start and tokens.joined[start] and tokens.norms[start - 1] in ("a", "an"):
        article = text[tokens.starts[start - 1] : tokens.ends[start - 1]]
        if any(article_for(article, r) != article for r, _ in readings):
            between = text[tokens.ends[start - 1] : a]
            a = tokens.starts[start - 1]
            readings = [(article_for(article, r) + between + r, p) for r, p in readings]
    mark = text[z : z + 1]
    if mark and mark in "'’":
        clitic = end < len(tokens) and tokens.norms[end] == "'s" and tokens.starts[end] == z
        if clitic and end < limit and any(_PLURAL.search(r) for r, _ in readings):
            z += 2
            readings = [(r + mark + ("" if _PLURAL.search(r) else "s"), p) for r, p in readings]
        elif not clitic and _ends_possessive(text, tokens, z) and not all(r.endswith("s") for r, _ in readings):
            z += 1
            readings = [(r + mark + ("" if r.endswith("s") else "s"), p) for r, p in readings]
    return a, z, readings


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
