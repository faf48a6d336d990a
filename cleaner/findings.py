"""Step 6: from the best readings of a batch to findings, each with its confidence and alternatives."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleaner.islands import Batch, Candidates
from cleaner.lexicon import Channel
from cleaner.numerals import Numerals
from cleaner.result import Finding
from cleaner.rewriter import Conventions, article_for, in_case_of, is_loud, opens_sentence, trimmed
from cleaner.segment import Tokens, normalize

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
    start = c.start[weighty]
    paragraph = b.paragraph[start]
    columns = (weighty, paragraph, start - b.first[paragraph], c.size[weighty], channel.original[c.row[weighty]])
    readings: defaultdict[tuple[int, int, int], defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    keys = {}
    for i, p, at, size, original, posterior in zip(
        *(column.tolist() for column in columns), probability[weighty].tolist(), strict=True
    ):
        edit = trimmed(b.tokens[p].norms[at : at + size], at, channel.text[original])
        keys[i] = key = p, edit.start, edit.end
        readings[key][edit.text] += posterior
    dialects = channel.log_swap[c.row[best]].argmax(axis=1)
    for i, dialect in zip(best.tolist(), dialects.tolist(), strict=True):
        ranked = sorted(readings[keys[i]].items(), key=lambda r: (-r[1], r[0]))
        yield Choice(*keys[i], tuple(ranked), dialect)


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
    found = [choice for choice in found if spun * sum(p for _, p in choice.readings) >= changed]
    if not found:
        return
    conventions = _conventions(text)
    numerals = Numerals(text, tokens)
    rendered = [_rendered(text, tokens, choice, conventions, numerals) for choice in found]
    for i, (choice, (readings, row)) in enumerate(zip(found, rendered, strict=True)):
        if not readings:
            continue
        after = found[i + 1] if i + 1 < len(found) and found[i + 1].start == choice.end else None
        next_readings = rendered[i + 1][0] if after else []
        if next_readings and next_readings[0][1] * spun >= 0.5:
            following = next_readings[0][0]
        else:
            following = _joined_word(text, tokens, choice.end)
        free = found[i - 1].end if i else 0
        limit = found[i + 1].start if i + 1 < len(found) else len(tokens)
        a, z, readings = _agreeing(text, tokens, choice, readings, following, free, limit)
        best, *others = readings
        yield Finding(
            a,
            z,
            text[a:z],
            "phrase",
            best[0],
            calibrated(min(best[1] * spun, 1.0)),
            tuple((r, calibrated(round(p * spun, 4))) for r, p in others[:MOST_ALTERNATIVES] if p * spun >= LEAST),
            f"{dialects[choice.dialect]}: {' '.join(tokens.norms[choice.start : choice.end])} <- {row}",
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
    surface = text[tokens.starts[start] : tokens.ends[end - 1]]
    spun = " ".join(tokens.norms[start:end])
    shown_now = normalize(" ".join(surface.split()))
    before = tokens.norms[start - 1] if start and tokens.joined[start] else ""
    after = tokens.norms[end] if end < len(tokens) and tokens.joined[end] else ""
    opens = opens_sentence(tokens, start, text)
    loud = surface.isupper() and is_loud(text, tokens, start, end)
    readings: dict[str, float] = {}
    row_of: dict[str, str] = {}
    for rank, (reading, p) in enumerate(choice.readings):
        if rank and p < LEAST:
            break
        if numerals.forbid(start, end, reading):
            continue
        original = conventions.render(reading) if surface.islower() or opens else reading  # names keep their spelling
        if conventions.spelling.flips(spun, original):
            continue
        cased = in_case_of(surface, original, opens_sentence=opens, before=before, after=after, loud=loud)
        if normalize(cased) != shown_now:
            shown = conventions.apostrophes(cased)
            readings[shown] = readings.get(shown, 0.0) + p
            row_of.setdefault(shown, reading)
    ranked = sorted(readings.items(), key=lambda r: -r[1])
    return ranked, row_of[ranked[0][0]] if ranked else ""


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
