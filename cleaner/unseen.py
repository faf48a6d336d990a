"""Step 5d: spinners that no table knows, by the open thesauri.

Whoever picks synonyms leaves words that fit their place worse than a synonym of theirs would, and worse than the
author's own words do.  For each word x the two are weighed together: what the thesaurus gains with all other words held
as they stand, sum_o P(x | o) (P(o in context) / P(x in context))^scale, and the log-odds of the replaced-token
discriminator.  With w(x) the likelihood ratio that comes of it, a document's is the product over its words of
1 - r + r w(x), where r is the share of words that were swapped, averaged over all r.  No lattice is needed, so that
every document can be looked at.  In one that stands out, each strange word is read as what the discriminator ranks
first among the thesaurus' readings.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleaner.calibration import Platt
from cleaner.discriminator import Discriminator
from cleaner.findings import CHANGED, Choice
from cleaner.islands import Batch
from cleaner.language_model import LanguageModel
from cleaner.plausibility import log_fit
from cleaner.result import Finding
from cleaner.segment import Tokens, word_hash
from cleaner.spelling import variants
from cleaner.terms import CURED
from cleaner.thesaurus import DIALECT, NO_WORD, Thesaurus

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

RATES = np.array([0.03, 0.08, 0.2, 0.45, 0.8])
SCALE = 0.7  # weight of the language model against the thesaurus
MOST = 20  # readings of a word that are weighed
CAP = 6.0  # nats that one reading may gain: the language model is no better judge than that of rare words

LEAST_GAIN = 0.02
SUREST = 4.0  # nats that one word can tell
WITNESSES = 300.0  # distinct words; a longer text tells no more, for its words err together
OFFERED = 48  # readings of a strange word that are ranked
KEPT = 8  # and of those, how many are worth a look


class Weights(NamedTuple):
    """What a word tells: `natural` and `strange` times the discriminator's log-odds below and above 0, `gain` times the
    log of what the thesaurus gains, `known` if the thesaurus could have swapped it, and a `constant`."""

    natural: float
    strange: float
    gain: float
    known: float
    constant: float

    def __call__(self, e: Evidence) -> Floats:
        """The log-odds of each word."""
        told = np.where(e.strange < 0, self.natural, self.strange) * e.strange + self.gain * e.gain
        return np.asarray(told + self.known * e.known + self.constant)


# Fitted to documents and words of three development spinners (mythes, phrases, poor) and to honest text of many kinds
# by `python -m benchmarks.spinners.weigh`; see docs/decisions/0007-unseen.md.
OF_DOCUMENT = Weights(-0.046, 0.704, 0.156, 0.074, -0.615)  # log-likelihood ratio of a word in a document
DOCUMENT = (1.8, -6.5)  # log-odds of a document: slope and intercept over its log-likelihood ratio
OF_WORD = Weights(0.199, 0.704, 0.13, 0.621, -0.682)  # log-odds of a word in a spun document
RATE = 0.919  # weight of the log-odds of the share of swapped words beside them
CALIBRATION = Platt(0.998, -0.721)  # of the probability of a reading

# Words that no synonym table helps with: determiners, pronouns, prepositions, conjunctions, auxiliaries.
CLOSED_CLASS = """
a an the and or nor but if of to in on at by for from with as into than that this these those it its he him his she her
hers they them their we us our you your i me my who whom whose which what there here not no be is are was were been
being am do does did done has have had having will would shall should can could may might must so such when where why
how all any some each own same other then one two three
"""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """For each document of a batch: the log-likelihood ratio of "spun by somebody unknown" against "honest", and the
    share (0..1) of words that were then swapped."""

    log_ratio: Floats
    rate: Floats

    @property
    def probability(self) -> Floats:
        """P(spun) of each document."""
        slope, intercept = DOCUMENT
        # Rounded, for the last digits of the discriminator depend on what else is in the batch.
        return np.asarray(np.round(_logistic(slope * self.log_ratio + intercept), 6))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is told by the words `token` of a batch of so many `documents`: the `document` and the `hashes` of each, the
    discriminator's log-odds (`strange`), the log of what the thesaurus gains (`gain`), and whether it could have
    swapped the word (`known`)."""

    documents: int
    token: Indices
    document: Indices
    hashes: NDArray[np.uint64]
    strange: Floats
    gain: Floats
    known: NDArray[np.bool_]


@cache
def _no_witnesses() -> NDArray[np.uint64]:
    """Words of closed classes, and those that two countries spell apart: thesauri call both spellings synonyms."""
    return np.array([word_hash(word) for word in (*CLOSED_CLASS.split(), *variants())], np.uint64)


@cache
def _readings(thesaurus: Thesaurus, model: LanguageModel) -> NDArray[np.int32]:
    """The language model's id of each one-word original of the thesaurus; -1 for longer ones."""
    ids = np.r_[model.ids(thesaurus.vocabulary, thesaurus.word_key), np.int32(-1)]
    single = (thesaurus.words[:, 1:] == NO_WORD).all(axis=1)
    return np.where(single, ids[np.where(single, thesaurus.words[:, 0].astype(np.int64), -1)], -1).astype(np.int32)


def evidence(
    b: Batch,
    capital: NDArray[np.bool_],
    thesaurus: Thesaurus,
    discriminator: Discriminator,
    model: LanguageModel,
) -> Evidence:
    """Weigh the words of a batch; capitalised ones are taken for names."""
    n_tokens = len(b.ids)
    keys = np.where(capital | np.isin(b.hashes, _no_witnesses()), np.uint64(0), b.hashes)
    matches = thesaurus.swaps([keys], MOST)
    reading = _readings(thesaurus, model)[thesaurus.original[matches.row]]
    word = reading >= 0
    place, reading, row = matches.start[word], reading[word], matches.row[word]

    ambiguous = np.flatnonzero(np.bincount(place, minlength=n_tokens))
    stands = np.zeros(n_tokens)
    one = np.ones_like
    stands[ambiguous] = log_fit(b, ambiguous, one(ambiguous), b.ids[ambiguous, None], model)
    gain = log_fit(b, place, one(place), reading[:, None], model) - stands[place]
    odds = np.exp(np.minimum(thesaurus.log_swap(row) + SCALE * gain, CAP))
    total = np.bincount(place, weights=odds, minlength=n_tokens)
    known = np.zeros(n_tokens, bool)
    known[thesaurus.known([keys]).start] = True

    token = np.flatnonzero(known | (total > 0))
    return Evidence(
        int(b.document.max(initial=-1)) + 1,
        token,
        b.document[b.paragraph[token]],
        b.hashes[token],
        discriminator(b, token),
        np.log(total[token] + LEAST_GAIN),
        known[token],
    )


def suspicion(e: Evidence, weights: Weights = OF_DOCUMENT) -> Suspicion:
    """How much each document of a batch looks spun.

    A word that recurs is one witness, heard as often as it stands there: a document's terms of art and its spinner's
    habits err alike each time.
    """
    share = 1.0 / _recurrence(e.document, e.hashes)
    told = np.expm1(np.minimum(weights(e), SUREST))
    ratios = np.stack(
        [np.bincount(e.document, weights=share * np.log1p(r * told), minlength=e.documents) for r in RATES], axis=1
    )
    words = np.bincount(e.document, weights=share, minlength=e.documents)
    ratios = ratios * np.minimum(1.0, WITNESSES / np.maximum(words, 1))[:, None]
    total = np.logaddexp.reduce(ratios, axis=1)
    return Suspicion(total - np.log(len(RATES)), np.exp(ratios - total[:, None]) @ RATES)


def _recurrence(document: Indices, hashes: NDArray[np.uint64]) -> Indices:
    """How often each of some words stands in its document."""
    key = hashes ^ (document.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    _, number, count = np.unique(key, return_inverse=True, return_counts=True)
    return np.asarray(count[number])


def swapped(e: Evidence, rate: float) -> Floats:
    """P(a word is a substitute) of each word of spun documents in which the share `rate` (0..1) of words is swapped."""
    return _logistic(OF_WORD(e) + RATE * np.log(rate / (1 - rate)))


def readings(
    b: Batch, token: Indices, changed: Floats, thesaurus: Thesaurus, discriminator: Discriminator
) -> Iterator[Choice]:
    """What some tokens, in text order, may stand for; `changed` (0..1) is the probability that each is a substitute.

    Readings are of one word for one, ranked by the discriminator.
    """
    keys = np.zeros_like(b.hashes)
    keys[token] = b.hashes[token]
    found = thesaurus.swaps([keys], OFFERED)
    original = thesaurus.original[found.row].astype(np.int64)
    word = _readings(thesaurus, discriminator.model)[original]
    single = word >= 0
    start, row, original, word = found.start[single], found.row[single], original[single], word[single]
    owner = np.searchsorted(token, start)
    score = discriminator.rank(b, token, owner, word, thesaurus.log_swap(row))
    peak = np.full(len(token), -np.inf)
    np.maximum.at(peak, owner, score)
    weight = np.exp(score - peak[owner])
    p = changed[owner] * weight / np.bincount(owner, weights=weight, minlength=len(token))[owner]
    order = np.lexsort((-score, owner))
    begin = np.searchsorted(owner, np.arange(len(token) + 1))
    paragraph = b.paragraph[token]
    for i, (k, at) in enumerate(zip(paragraph.tolist(), (token - b.first[paragraph]).tolist(), strict=True)):
        best = order[begin[i] : min(begin[i] + KEPT, begin[i + 1])]
        if len(best):
            ranked = zip(map(thesaurus.text, original[best].tolist()), p[best].tolist(), strict=True)
            yield Choice(k, at, at + 1, tuple(ranked), 0)


def with_uncured(text: str, tokens: Tokens, cured: Sequence[Finding], place: Indices, changed: Floats) -> list[Finding]:
    """The findings of a paragraph's tokens that are `cured` with some confidence, and one without a cure for each of
    the other words that were probably `changed` (0..1): those at `place` among the tokens."""
    found = [f for f in cured if f.confidence >= CURED]
    ends = [f.end for f in found]
    uncured = []
    for i, p in zip(place[changed >= CHANGED].tolist(), changed[changed >= CHANGED].tolist(), strict=True):
        start, end = tokens.starts[i], tokens.ends[i]
        after = bisect_right(ends, start)
        if after == len(ends) or found[after].start >= end:
            source = f"{DIALECT}: {tokens.norms[i]} <- ?"
            uncured.append(Finding(start, end, text[start:end], "phrase", None, round(p, 4), (), source))
    return sorted([*found, *uncured], key=lambda f: f.start)


def _logistic(log_odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -700, 700))))
