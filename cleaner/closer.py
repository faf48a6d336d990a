"""Step 5f: a closer look at a document whose words are strange, and what they may stand for.

The encoder reads the document, and what it makes of each word joins what the first look told (`cleaner.unseen`).  Each
strange word, or phrase of the thesaurus, is read as what the encoder ranks first among the thesaurus' readings; where
there are none, it is reported without a cure.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cleaner.calibration import Platt
from cleaner.discriminator import OFFSETS, beside, between
from cleaner.encoder import Encoder, shipped
from cleaner.findings import CHANGED, Choice
from cleaner.islands import Batch
from cleaner.language_model import LanguageModel
from cleaner.lexicon import Matches, phrase_keys
from cleaner.result import Finding
from cleaner.segment import Tokens
from cleaner.terms import CURED
from cleaner.thesaurus import DIALECT, MAX_SPUN, Thesaurus
from cleaner.unseen import (
    CLOSER,
    FIRST,
    Evidence,
    Floats,
    Indices,
    Suspicion,
    no_witnesses,
    single_readings,
    suspicion,
)

OFFERED = 48  # readings of a strange word that are ranked
# A document is read on if its 1, 2, .. strangest windows tell so many nats: of some 250 documents that come to a
# verdict (5.25 nats) they told .5, 1.2, 4, 4.8 and 5.3 at least.
HOPEFUL = (0.4, 1.2, 3.5, 4.5, 5.0)
_ASSUMED = np.array([0.2])  # share of swapped words that is assumed where windows are compared
KEPT = 8  # and of those, how many are worth a look
# What tells for a reading: the language model's features, log P(word | reading), and how it fits by the encoder.
# Fitted by `python -m benchmarks.spinners.weigh --readings`.
READING = np.array([1.83, 1.88, 1.34, 2.13, 1.16, 1.05])
CALIBRATION = Platt(0.709, -0.667)  # of the probability of a reading


@dataclass(frozen=True, slots=True)
class CloserLook:
    """A closer look at one document: what its words then tell, how much it looks spun by that, and what the `encoder`
    makes of each of its tokens (`vectors`); if it was not read to its end, these are of what was read."""

    told: Evidence
    doubt: Suspicion
    vectors: NDArray[np.float32]
    encoder: Encoder


def look_closer(b: Batch, told: Evidence) -> CloserLook:
    """Look closer at one document, whose words have `told` as much at the first look.

    It is read from where that found most; if even this does not tell much, the rest is not read.
    """
    encoder = shipped()
    page = encoder.page(b.tokens)
    window = page.window[told.token]
    (ratio,) = told.log_ratios(FIRST, _ASSUMED)
    order = np.argsort(-np.bincount(window, weights=ratio, minlength=page.windows), kind="stable")
    closer = np.zeros(len(window))
    for n, k in enumerate(order.tolist(), 1):
        page.read(k)
        closer[window == k] = encoder.strange(page.vectors[told.token[window == k]])
        read = replace(told, closer=closer).where(np.isin(window, order[:n]))
        doubt = suspicion(read, CLOSER)
        if doubt.log_ratio[0] < HOPEFUL[min(n, len(HOPEFUL)) - 1]:
            break
    return CloserLook(read, doubt, page.vectors, encoder)


@dataclass(frozen=True, slots=True)
class Offer:
    """Stretches `start` .. `stop` - 1 of a document's tokens, in text order, and one-word readings of them: the number
    of the stretch (`owner`, ascending), `text` and `features` (readings, 6) of each."""

    start: Indices
    stop: Indices
    owner: Indices
    text: list[str]
    features: Floats


def offer(b: Batch, closer: CloserLook, token: Indices, thesaurus: Thesaurus, model: LanguageModel) -> Offer:
    """What the thesaurus has for some tokens, in text order; phrases of it that consist of these, and of function words
    between them, are one stretch."""
    word_of = single_readings(thesaurus, model)
    start, stop, owner, row = _stretches(b, token, thesaurus, word_of)
    original = thesaurus.original[row].astype(np.int64)
    texts, words = [thesaurus.text(number) for number in original.tolist()], word_of[original]
    around = np.where(OFFSETS < 0, beside(b, start), beside(b, stop - 1))[owner]
    fit = closer.encoder.fit(closer.vectors[start], owner, texts)
    return Offer(start, stop, owner, texts, np.c_[between(around, words, model), thesaurus.log_swap(row), fit])


def readings(b: Batch, found: Offer, token: Indices, changed: Floats) -> Iterator[Choice]:
    """What each stretch of an offer may stand for; `changed` (0..1) is the probability of each of the tokens it was
    made for that it is a substitute."""
    score = found.features @ READING
    first, last = np.searchsorted(token, found.start), np.searchsorted(token, found.stop)
    surest = np.array([changed[i:j].max() for i, j in zip(first.tolist(), last.tolist(), strict=True)])
    p = surest[found.owner] * softmax(score, found.owner)
    order = np.lexsort((-score, found.owner))
    begin = np.searchsorted(found.owner, np.arange(len(found.start) + 1))
    paragraph = b.paragraph[found.start]
    place, size = found.start - b.first[paragraph], found.stop - found.start
    for i, (k, at, n) in enumerate(zip(paragraph.tolist(), place.tolist(), size.tolist(), strict=True)):
        best = order[begin[i] : min(begin[i] + KEPT, begin[i + 1])].tolist()
        yield Choice(k, at, at + n, tuple([(found.text[r], float(p[r])) for r in best]), 0)


def softmax(score: Floats, owner: Indices) -> Floats:
    """exp(score), as shares of those of the same owner."""
    peak = np.full(int(owner.max(initial=-1)) + 1, -np.inf)
    np.maximum.at(peak, owner, score)
    weight = np.exp(score - peak[owner])
    return np.asarray(weight / np.bincount(owner, weights=weight)[owner])


def _stretches(
    b: Batch, token: Indices, thesaurus: Thesaurus, word: NDArray[np.int32]
) -> tuple[Indices, Indices, Indices, Indices]:
    """The stretches `start` .. `stop` - 1, in text order and as long as possible, that some tokens and function words
    between them make up and that the thesaurus has readings of, of one word (`word`); and of each reading, the number
    of its stretch, in order, and its row."""
    strange = np.zeros(len(b.ids), bool)
    strange[token] = True
    keys = phrase_keys(b.hashes, b.joined, MAX_SPUN)
    keys[0] = np.where(strange, keys[0], np.uint64(0))
    found = thesaurus.swaps(keys, OFFERED)
    found = Matches(*(column[word[thesaurus.original[found.row]] >= 0] for column in found))

    def inside(flags: NDArray[np.bool_]) -> Indices:
        total = np.r_[0, np.cumsum(flags)]
        return np.asarray(total[found.start + found.size] - total[found.start])

    # A phrase of the thesaurus may hold words that are not strange by themselves.
    telling = (inside(strange) > 0) & (2 * inside(strange | np.isin(b.hashes, no_witnesses())) >= found.size)
    size = np.zeros(len(b.ids), np.int64)
    np.maximum.at(size, found.start[telling], found.size[telling])
    start: list[int] = []
    free = 0
    for place in np.flatnonzero(size).tolist():
        if place >= free:
            start.append(place)
            free = place + int(size[place])
    kept = np.zeros(len(b.ids), bool)
    kept[start] = True
    mine = np.flatnonzero(kept[found.start] & (found.size == size[found.start]))
    mine = mine[np.argsort(found.start[mine], kind="stable")]
    begin = np.array(start, np.int64)
    return begin, begin + size[begin], np.searchsorted(begin, found.start[mine]), found.row[mine]


def with_uncured(text: str, tokens: Tokens, cured: Sequence[Finding], place: Indices, changed: Floats) -> list[Finding]:
    """The findings of a paragraph's tokens that are `cured` with some confidence, and one without a cure for each run
    of other words that were probably `changed` (0..1): those at `place` among the tokens."""
    found = [f for f in cured if f.confidence >= CURED]
    ends = [f.end for f in found]
    runs: list[list[tuple[int, float]]] = []
    for i, p in zip(place[changed >= CHANGED].tolist(), changed[changed >= CHANGED].tolist(), strict=True):
        after = bisect_right(ends, tokens.starts[i])
        if after < len(ends) and found[after].start < tokens.ends[i]:
            continue
        if runs and runs[-1][-1][0] == i - 1 and tokens.joined[i]:
            runs[-1].append((i, p))
        else:
            runs.append([(i, p)])
    uncured = []
    for run in runs:
        start, end = tokens.starts[run[0][0]], tokens.ends[run[-1][0]]
        source = f"{DIALECT}: {' '.join(tokens.norms[i] for i, _ in run)} <- ?"
        surest = round(max(p for _, p in run), 4)
        uncured.append(Finding(start, end, text[start:end], "phrase", None, surest, (), source))
    return sorted([*found, *uncured], key=lambda f: f.start)
