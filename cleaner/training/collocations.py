"""Terms that clean text holds together: word sequences seen more often than their parts foretell."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleaner.training.corpus import Corpus


def words_of(text: str) -> frozenset[str]:
    """The words of a list that white space parts."""
    return frozenset(text.split())


# Words that neither begin nor end a term, and, after them, those that tie text to a day or a count.
_LOOSE = words_of(
    """
    a about above across after again against ago all almost along already also although always am among an and another
    any anyone anything are around as ask asked at away back be became because become been before began behind being
    below between both but by called came can cannot come could day despite did do does doing done down during each
    either else enough especially even ever every everyone everything far few for former from gave get getting give
    given go going gone got had has have having he her here hers herself him himself his how however i if in including
    indeed instead into is it its itself just keep kept knew know known last late later least less let like likely
    little look lot made make making many may maybe me merely mere might mine more moreover most mostly much must my
    myself near nearly neither never next no nobody none nor not nothing now of off often on once only onto or other
    others otherwise ought our ours ourselves out over own per perhaps put quite rather really said same saw say saying
    says see seem seemed seems seen several shall she should since so some somebody someone something sometimes soon
    still such take taken taking tell than that the their theirs them themselves then there therefore these they thing
    things think this those though thought through throughout thus till to together told too took toward towards tried
    try under unless until up upon us use used using very via want wanted was way we well went were what whatever when
    where whereas whether which while who whoever whole whom whose why will with within without would yes yet you your
    yours yourself 's 'll 've 're 'd 'm mr mr. mrs mrs. ms ms. dr dr. st. gen. sen. rep. gov. u.s. u.k. u.n. inc. corp.
    co. ltd. st jr. sr. lt. col. sgt. capt. prof. etc vs vs. no. i.e. e.g. p.m. a.m. d-n.y don't didn't doesn't isn't
    wasn't weren't aren't won't can't couldn't wouldn't shouldn't hasn't haven't hadn't that's it's
    """
)
_DATED = words_of(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march april june july august september
    october november december jan. feb. mar. apr. jun. jul. aug. sept. oct. nov. dec. yesterday today tomorrow tonight
    week weeks month months year years days hour hours minute minutes one two three four five six seven eight nine ten
    eleven twelve twenty thirty forty fifty hundred thousand million billion trillion percent
    first second third fourth fifth sixth pm am gmt est edt et twitter facebook click photo image video
    """
)
_ARTICLES = words_of("the a an this that its their his her our my your")
_TITLES = words_of("mr mr. mrs mrs. ms ms. sen. rep. gov. gen. dr. judge justice senator")
_INSIDE = words_of("of the and for in on to at 's by with a an")


Bools = NDArray[np.bool_]


class Grams(NamedTuple):
    """Distinct n-grams: `words` (rows, n) as type numbers, and how often each was seen."""

    words: NDArray[np.int32]
    seen: NDArray[np.int64]


def grams(stream: NDArray[np.int32], usable: Bools, inside: Bools, n: int, least: int) -> Grams:
    """The n-grams seen `least` times that begin and end with `usable` types and hold only `inside` ones between."""
    at = usable[stream[: len(stream) - n + 1]] & usable[stream[n - 1 :]]
    for k in range(1, n - 1):
        at &= inside[stream[k : len(stream) - n + 1 + k]]
    start = np.flatnonzero(at)
    words = np.stack([stream[start + k] for k in range(n)], axis=1)
    key = np.zeros(len(words), np.uint64)
    for k in range(n):
        key = key * np.uint64(0x9E3779B97F4A7C15) + words[:, k].astype(np.uint64) + np.uint64(1)
    _, first, count = np.unique(key, return_index=True, return_counts=True)
    enough = count >= least
    return Grams(words[first[enough]], count[enough])


def cohesion(phrases: Mapping[tuple[int, ...], int], gram: tuple[int, ...], total: int) -> float:
    """Normalised pointwise mutual information of an n-gram (-1 .. 1), at the split that explains it best.

    NPMI = log(p(xy) / (p(x) p(y))) / -log p(xy) (Bouma 2009), with x and y the two sides of the split for which
    p(x) p(y) is largest; a side that was never kept counts as seen once.
    """
    p = phrases[gram] / total
    sides = ((phrases.get(gram[:k], 1), phrases.get(gram[k:], 1)) for k in range(1, len(gram)))
    expected = max(a * b for a, b in sides) / total**2
    return float(np.log(p / expected) / -np.log(p))


class Neighbours(NamedTuple):
    """How often each n-gram was seen with its commonest neighbour, and with any content word right after it."""

    commonest: Mapping[tuple[int, ...], int]
    content_after: Mapping[tuple[int, ...], int]


def neighbours(counted: Mapping[tuple[int, ...], int], articles: Collection[int], content: Bools) -> Neighbours:
    """Neighbours of all n-grams whose longer ones are among `counted`; articles before an n-gram do not count."""
    commonest: defaultdict[tuple[int, ...], int] = defaultdict(int)
    content_after: defaultdict[tuple[int, ...], int] = defaultdict(int)
    for gram, seen in counted.items():
        commonest[gram[:-1]] = max(commonest[gram[:-1]], seen)
        if gram[0] not in articles:
            commonest[gram[1:]] = max(commonest[gram[1:]], seen)
        if content[gram[-1]]:
            content_after[gram[:-1]] += seen
    return Neighbours(commonest, content_after)


def fragment(gram: tuple[int, ...], seen: int, beside: Neighbours) -> bool:
    """Whether an n-gram is mostly part of a longer phrase: "Trade Organization", "accused of sexual"."""
    return beside.commonest.get(gram, 0) > 0.6 * seen or beside.content_after.get(gram, 0) > 0.5 * seen


def collocations(corpus: Corpus, least: int, bound: float) -> Iterator[tuple[str, float]]:
    """Yield the 2- to 4-grams of `corpus`, seen `least` times and of `bound` cohesion, that could be a term."""
    frequency = np.bincount(corpus.stream, minlength=len(corpus.types))
    number = {t: i for i, t in enumerate(corpus.types)}
    plain = np.array([bool(re.fullmatch(r"'s|[a-z]+(?:[-'][a-z]+)*|u\.[sn]\.", t)) for t in corpus.types])
    plain &= frequency >= least
    edge = plain.copy()
    edge[[i for t, i in number.items() if t in _LOOSE or t in _DATED or len(t) == 1]] = False
    inside = edge.copy()
    inside[[number[t] for t in _INSIDE]] = True
    phrases: dict[tuple[int, ...], int] = {(i,): int(n) for i, n in enumerate(frequency)}
    for n in 2, 3, 4, 5:
        # Loose ends too: they are parts of longer phrases ("secretary of"), and show which ones are incomplete.
        found = grams(corpus.stream, plain, plain, n, least)
        phrases.update(zip(map(tuple, found.words.tolist()), found.seen.tolist(), strict=True))
    beside = neighbours(phrases, {number[t] for t in _ARTICLES}, edge)
    for gram in phrases:
        sound = 1 < len(gram) < 5 and edge[gram[0]] and edge[gram[-1]] and inside[list(gram)].all()
        if sound and not fragment(gram, phrases[gram], beside):
            score = cohesion(phrases, gram, len(corpus.stream))
            if score >= bound:
                yield " ".join(corpus.types[i] for i in gram).replace(" '", "'"), score


def personal_names(corpus: Corpus, capital: Mapping[str, float]) -> frozenset[str]:
    """Words that mostly name people: those that follow a title, and those that such a word follows in turn."""
    stream, size = corpus.stream, len(corpus.types)
    proper = np.array([capital.get(t, 0) > 0.6 for t in corpus.types])
    title = np.array([t in _TITLES for t in corpus.types])
    frequency = np.maximum(np.bincount(stream, minlength=size), 1)
    after_title = np.bincount(stream[1:][title[stream[:-1]]], minlength=size)
    surname = proper & (after_title >= 5) & (after_title > 0.02 * frequency)
    before_surname = np.bincount(stream[:-1][surname[stream[1:]]], minlength=size)
    first_name = proper & (before_surname >= 5) & (before_surname > 0.25 * frequency)
    return frozenset(t for t, name in zip(corpus.types, surname | first_name, strict=True) if name)


def nominal(phrase: str, capital: Mapping[str, float]) -> bool:
    """Whether a phrase could be a term: ends in a noun, begins with a noun or an adjective, and holds a common word."""
    from lemminflect import getAllLemmas

    words = phrase.split()
    first, last = (capital.get(w, 1) > 0.6 or getAllLemmas(w).keys() for w in (words[0], words[-1]))
    begins = first is True or bool(first & {"NOUN", "ADJ"} and not words[0].endswith("ly"))
    ends = last is True or "NOUN" in last
    return begins and ends and any(capital.get(w, 1) < 0.5 for w in words)
