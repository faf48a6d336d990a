"""Step 6b: from recognised expressions to findings, beside those of the lattice."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleaner.expressions import Inventory
from cleaner.result import Finding
from cleaner.rewriter import article_for, in_case_of, is_loud, opens_sentence
from cleaner.segment import Tokens, normalize

MOST_ALTERNATIVES = 4
LEAST = 0.01  # probability of an alternative worth showing
CURED = 0.2  # probability of a reading from which it is offered as the cure


@dataclass(frozen=True, slots=True)
class Term:
    """The tokens `start` .. `end` - 1 of paragraph `paragraph` may be garbled: expressions with their probabilities,
    best first; `total` is the probability that any of these or of those that overlap them is right."""

    paragraph: int
    start: int
    end: int
    readings: tuple[tuple[str, float], ...]
    total: float


def terms(
    start: NDArray[np.int64],
    size: NDArray[np.int64],
    number: NDArray[np.int32],
    probability: NDArray[np.float64],
    paragraph: NDArray[np.int64],
    first: NDArray[np.int64],
    inventory: Inventory,
) -> Iterator[Term]:
    """Disjoint terms, the surest first; `paragraph` is that of each token and `first` the tokens of each paragraph."""
    worth = np.flatnonzero(probability >= LEAST)
    worth = worth[np.lexsort((number[worth], -probability[worth]))]
    columns = (column[worth].tolist() for column in (start, start + size, number, probability))
    hits = [_Hit(*hit) for hit in zip(*columns, strict=True)]
    disjoint: list[tuple[int, list[_Hit], list[_Hit]]] = []
    for left in _clusters(hits):
        while left:
            rank = left[0]
            a, z = hits[rank].start, hits[rank].end
            touching = [i for i in left if hits[i].start < z and hits[i].end > a]
            left = [i for i in left if not (hits[i].start < z and hits[i].end > a)]
            same = [hits[i] for i in touching if hits[i].start == a and hits[i].end == z]
            disjoint.append((rank, same, [hits[i] for i in touching]))
    for _, same, overlapping in sorted(disjoint, key=lambda found: found[0]):
        p = int(paragraph[same[0].start])
        yield Term(
            p,
            same[0].start - int(first[p]),
            same[0].end - int(first[p]),
            tuple((inventory.texts[hit.number], hit.probability) for hit in same),
            min(1.0, float(np.sum([hit.probability for hit in overlapping]))),
        )


class _Hit(NamedTuple):
    start: int
    end: int
    number: int
    probability: float


def _clusters(hits: Sequence[_Hit]) -> list[list[int]]:
    """The places of the hits that overlap directly or through others, cluster by cluster, each in order."""
    clusters: list[list[int]] = []
    end = -1
    for i in sorted(range(len(hits)), key=lambda i: hits[i].start):
        if hits[i].start >= end:
            clusters.append([])
        clusters[-1].append(i)
        end = max(end, hits[i].end)
    return [sorted(cluster) for cluster in clusters]


def finding(text: str, tokens: Tokens, term: Term, report: float) -> Finding | None:
    """The finding of one term; None if nothing would change or it is hardly likely.

    Where no single reading reaches `report` (0..1), but all together do, it is one without a cure.
    """
    a, z = tokens.starts[term.start], tokens.ends[term.end - 1]
    surface = text[a:z]
    garbled = " ".join(tokens.norms[term.start : term.end])
    if term.readings[0][1] < report:
        if term.total < report:
            return None
        return Finding(a, z, surface, "expression", None, round(term.total, 4), (), f"expressions: {garbled} <- ?")
    opens = opens_sentence(tokens, term.start, text)
    loud = surface.isupper() and is_loud(text, tokens, term.start, term.end)
    readings = [
        (_cased(surface, expression, opens, loud), p)
        for expression, p in term.readings
        if normalize(expression) != normalize(" ".join(surface.split()))
    ]
    if not readings or readings[0][1] < report:
        return None
    a, readings = _after_article(text, tokens, term.start, a, readings)
    (best, p), *others = readings
    alternatives = tuple((r, round(q, 4)) for r, q in others[:MOST_ALTERNATIVES])
    source = f"expressions: {garbled} <- {term.readings[0][0]}"
    return Finding(a, z, text[a:z], "expression", best, round(p, 4), alternatives, source)


def _cased(surface: str, expression: str, opens: bool, loud: bool) -> str:
    """`expression` as it would stand for `surface`: a name keeps its own capitals."""
    if expression.islower():
        return in_case_of(surface, expression, opens_sentence=opens, loud=loud)
    if loud:
        return expression.upper()
    return expression[0].upper() + expression[1:] if opens else expression


def _after_article(
    text: str, tokens: Tokens, start: int, a: int, readings: list[tuple[str, float]]
) -> tuple[int, list[tuple[str, float]]]:
    """Take in the article before token `start` (at character `a`) if it must change."""
    if start and tokens.joined[start] and tokens.norms[start - 1] in ("a", "an"):
        begin = tokens.starts[start - 1]
        article, between = text[begin : tokens.ends[start - 1]], text[tokens.ends[start - 1] : a]
        if article_for(article, readings[0][0]) != article:
            return begin, [(article_for(article, r) + between + r, p) for r, p in readings]
    return a, readings


def merged(phrases: Sequence[Finding], expressions: Sequence[Finding]) -> list[Finding]:
    """Both, in order; the phrases are, and disjoint.

    Where an expression overlaps phrases, it stands if it is as sure as all of them together can be, or if it is
    likely and says what they say and more.
    """
    kept: list[Finding] = []
    dropped: set[int] = set()
    starts, ends = [f.start for f in phrases], [f.end for f in phrases]
    for e in expressions:
        beside = range(bisect_right(ends, e.start), bisect_left(starts, e.end))
        if not beside or (e.replacement is not None and _stands(e, [phrases[i] for i in beside])):
            kept.append(e)
            dropped.update(beside)
    return sorted(kept + [f for i, f in enumerate(phrases) if i not in dropped], key=lambda f: f.start)


def _stands(e: Finding, phrases: Sequence[Finding]) -> bool:
    if any(f.replacement is None for f in phrases):
        return True
    said = f" {normalize(e.replacement or '')} "
    if all(f" {normalize(f.replacement or '')} " in said for f in phrases):
        return e.confidence >= 0.5 and normalize(_with(e, phrases)) != said.strip()
    # All of them must be right, which is no likelier than the least sure one.
    return e.confidence >= min(f.confidence for f in phrases)


def _with(e: Finding, phrases: Sequence[Finding]) -> str:
    """The text that `e` covers once the phrases are restored."""
    out, at = [], e.start
    for f in phrases:
        out += [e.text[max(at, e.start) - e.start : max(f.start, e.start) - e.start], f.replacement or ""]
        at = f.end
    return "".join(out) + e.text[max(at, e.start) - e.start :]
