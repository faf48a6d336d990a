"""Step 5d: spinners that no table knows, by the open thesauri.

Whoever picks synonyms leaves words that fit their place worse than a synonym of theirs would, and worse than the
author's own words do.  For each word x the two are weighed together: what the thesaurus gains with all other words held
as they stand, sum_o P(x | o) (P(o in context) / P(x in context))^scale, and the log-odds of the replaced-token
discriminator.  With w(x) the likelihood ratio that comes of it, a document's is the product over its words of
1 - r + r w(x), where r is the share of words that were swapped, averaged over all r.  No lattice is needed, so that
every document can be looked at; those that stand out get a closer look (`cleaner.closer`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleaner.discriminator import Discriminator
from cleaner.islands import Batch
from cleaner.language_model import LanguageModel
from cleaner.plausibility import log_fit
from cleaner.segment import word_hash
from cleaner.spelling import variants
from cleaner.thesaurus import NO_WORD, Thesaurus

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

RATES = np.array([0.03, 0.08, 0.2, 0.45, 0.8])
SCALE = 0.7  # weight of the language model against the thesaurus
MOST = 20  # readings of a word that are weighed
CAP = 6.0  # nats that one reading may gain: the language model is no better judge than that of rare words

LEAST_GAIN = 0.02
SUREST = 4.0  # nats that one word can tell
WITNESSES = 300.0  # distinct words; a longer text tells no more, for its words err together


class Weights(NamedTuple):
    """What a word tells: `natural` and `strange` times the discriminator's log-odds below and above 0, `closer_natural`
    and `closer_strange` times the encoder's, `gain` times the log of what the thesaurus gains, `known` if the thesaurus
    could have swapped it, and a `constant`."""

    natural: float
    strange: float
    gain: float
    known: float
    constant: float
    closer_natural: float = 0.0
    closer_strange: float = 0.0

    def __call__(self, e: Evidence) -> Floats:
        """The log-odds of each word."""
        told = np.where(e.strange < 0, self.natural, self.strange) * e.strange + self.gain * e.gain
        told += np.where(e.closer < 0, self.closer_natural, self.closer_strange) * e.closer
        return np.asarray(told + self.known * e.known + self.constant)


class Look(NamedTuple):
    """How documents are judged: by the log-likelihood ratio of a word (`of_word`), and the `slope` and `intercept` of
    a document's log-odds over its log-likelihood ratio."""

    of_word: Weights
    slope: float
    intercept: float


# Fitted to documents and words of three development spinners (mythes, phrases, poor) and to honest text of many kinds
# by `python -m benchmarks.spinners.weigh`; see docs/decisions/0007-unseen.md.
FIRST = Look(Weights(-0.046, 0.704, 0.156, 0.074, -0.615), 1.8, -6.5)
CLOSER = Look(Weights(-0.104, 0.595, 0.146, 0.549, -1.052, 0.016, 0.727), 1.81, -9.5)
OF_WORD = Weights(0.051, 0.351, 0.161, 0.531, -0.297, 0.685, 0.532)  # log-odds of a word in a spun document
WORTH_A_LOOK = 0.03  # P(spun) by the first look, from which a document gets a closer one
RATE = 0.374  # weight of the log-odds of the share of swapped words beside them

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
    look: Look

    @property
    def probability(self) -> Floats:
        """P(spun) of each document."""
        # Rounded, for the last digits of the discriminator depend on what else is in the batch.
        return np.asarray(np.round(_logistic(self.look.slope * self.log_ratio + self.look.intercept), 6))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is told by the words `token` of a batch of so many `documents`: the `document` and the `hashes` of each, the
    discriminator's log-odds (`strange`), the log of what the thesaurus gains (`gain`), whether it could have swapped
    the word (`known`), and the encoder's log-odds (`closer`; 0 before it has read the document)."""

    documents: int
    token: Indices
    document: Indices
    hashes: NDArray[np.uint64]
    strange: Floats
    gain: Floats
    known: NDArray[np.bool_]
    closer: Floats

    def only(self, number: int, first: int) -> Evidence:
        """That of one document, whose tokens begin at `first`."""
        own = self.where(self.document == number)
        return replace(own, documents=1, token=own.token - first, document=np.zeros_like(own.document))

    def where(self, words: NDArray[np.bool_]) -> Evidence:
        """That of some of the words."""
        return Evidence(
            self.documents,
            self.token[words],
            self.document[words],
            self.hashes[words],
            self.strange[words],
            self.gain[words],
            self.known[words],
            self.closer[words],
        )

    def log_ratios(self, look: Look, rates: Floats) -> Floats:
        """Of each word, log P(it | spun) - log P(it | honest) by a `look`, for each share (0..1) of swapped words:
        (rates, words)."""
        return np.asarray(np.log1p(np.multiply.outer(rates, np.expm1(np.minimum(look.of_word(self), SUREST)))))


@cache
def no_witnesses() -> NDArray[np.uint64]:
    """Words of closed classes, and those that two countries spell apart: thesauri call both spellings synonyms."""
    return np.array([word_hash(word) for word in (*CLOSED_CLASS.split(), *variants())], np.uint64)


@cache
def single_readings(thesaurus: Thesaurus, model: LanguageModel) -> NDArray[np.int32]:
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
    keys = np.where(capital | np.isin(b.hashes, no_witnesses()), np.uint64(0), b.hashes)
    matches = thesaurus.swaps([keys], MOST)
    reading = single_readings(thesaurus, model)[thesaurus.original[matches.row]]
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
        np.zeros(len(token)),
    )


def suspicion(e: Evidence, look: Look = FIRST) -> Suspicion:
    """How much each document of a batch looks spun.

    A word that recurs is one witness, heard as often as it stands there: a document's terms of art and its spinner's
    habits err alike each time.
    """
    share = 1.0 / _recurrence(e.document, e.hashes)
    told = share * e.log_ratios(look, RATES)
    ratios = np.stack([np.bincount(e.document, weights=own, minlength=e.documents) for own in told], axis=1)
    words = np.bincount(e.document, weights=share, minlength=e.documents)
    ratios = ratios * np.minimum(1.0, WITNESSES / np.maximum(words, 1))[:, None]
    total = np.logaddexp.reduce(ratios, axis=1)
    return Suspicion(total - np.log(len(RATES)), np.exp(ratios - total[:, None]) @ RATES, look)


def _recurrence(document: Indices, hashes: NDArray[np.uint64]) -> Indices:
    """How often each of some words stands in its document."""
    key = hashes ^ (document.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    _, number, count = np.unique(key, return_inverse=True, return_counts=True)
    return np.asarray(count[number])


def swapped(e: Evidence, rate: float) -> Floats:
    """P(a word is a substitute) of each word of spun documents in which the share `rate` (0..1) of words is swapped."""
    return _logistic(OF_WORD(e) + RATE * np.log(rate / (1 - rate)))


def _logistic(log_odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -700, 700))))
