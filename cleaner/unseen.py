"""Step 5d: spinners that no table knows, by the open thesauri.

Whoever picks synonyms leaves words that fit their place worse than a synonym of theirs would, and worse than the
author's own words do.  For each word x the two are weighed together: what the thesaurus gains with all other words held
as they stand, sum_o P(x | o) (P(o in context) / P(x in context))^scale, and the log-odds of the replaced-token
discriminator.  With w(x) the likelihood ratio that comes of it, a document's is the product over its words of
1 - r + r w(x), where r is the share of words that were swapped, chosen to make it largest.  No lattice is needed, so
that every document can be looked at; one that stands out is then read with the thesaurus as its channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cleaner.discriminator import Discriminator
from cleaner.islands import Batch
from cleaner.language_model import START, LanguageModel
from cleaner.plausibility import log_fit
from cleaner.segment import word_hash
from cleaner.thesaurus import NO_WORD, Thesaurus

Floats = NDArray[np.float64]

RATES = np.array([0.02, 0.05, 0.12, 0.3, 0.6, 0.9])
SCALE = 0.7  # weight of the language model against the thesaurus
MOST = 20  # readings of a word that are looked at
CAP = 6.0  # nats that one reading may gain: the language model is no better judge than that of rare words
# P(a document is spun by a spinner that no table knows).  Old-fashioned novels tell 9 nats in WITNESSES weighed words,
# and no more is taken from a longer text: only what is spun nearly throughout is told from them so far.
PRIOR = 6e-6
WITNESSES = 110.0

# Logistic regression on the words of three development spinners (mythes, phrases, poor) and of honest text; see
# docs/decisions/0007-unseen.md.  The constant takes in the share of swapped words there.
NATURAL = 0.24  # of the discriminator's log-odds below 0
STRANGE = 0.43  # and above
GAIN = 0.24  # of the log of what the thesaurus gains
KNOWN = -0.26  # a word that the thesaurus could have swapped
CONSTANT = 0.01
SUREST = 4.0  # nats that one word can tell
LEAST_GAIN = 0.02

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
        odds = np.clip(self.log_ratio + np.log(PRIOR / (1 - PRIOR)), -700, 700)
        # Rounded, for the last digits of the discriminator depend on what else is in the batch.
        return np.asarray(np.round(1 / (1 + np.exp(-odds)), 6))


@cache
def _closed_class() -> NDArray[np.uint64]:
    return np.array([word_hash(word) for word in CLOSED_CLASS.split()], np.uint64)


@cache
def _readings(thesaurus: Thesaurus, model: LanguageModel) -> NDArray[np.int32]:
    """The language model's id of each one-word original of the thesaurus; -1 for longer ones."""
    ids = np.r_[model.ids(thesaurus.vocabulary, thesaurus.word_key), np.int32(-1)]
    single = (thesaurus.words[:, 1:] == NO_WORD).all(axis=1)
    return np.where(single, ids[np.where(single, thesaurus.words[:, 0].astype(np.int64), -1)], -1).astype(np.int32)


def suspicion(
    b: Batch,
    capital: NDArray[np.bool_],
    thesaurus: Thesaurus,
    discriminator: Discriminator,
    model: LanguageModel,
) -> Suspicion:
    """How much each document of a batch looks spun; capitalised words are taken for names."""
    n_tokens, n_documents = len(b.ids), int(b.document.max(initial=-1)) + 1
    keys = np.where(capital, np.uint64(0), b.hashes)
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

    used = _told_once(b, np.flatnonzero((known | (total > 0)) & ~np.isin(b.hashes, _closed_class())))
    strange = discriminator(b, used)
    weight = np.where(strange < 0, NATURAL, STRANGE) * strange + GAIN * np.log(total[used] + LEAST_GAIN)
    told = np.expm1(np.minimum(weight + KNOWN * known[used] + CONSTANT, SUREST))
    document = b.document[b.paragraph[used]]
    ratios = np.stack([np.bincount(document, weights=np.log1p(r * told), minlength=n_documents) for r in RATES], axis=1)
    words = np.bincount(document, minlength=n_documents)
    best = ratios.max(axis=1)
    return Suspicion(
        np.where(best > 0, best * np.minimum(1.0, WITNESSES / np.maximum(words, 1)), best),
        RATES[ratios.argmax(axis=1)],
    )


def _told_once(b: Batch, tokens: NDArray[np.int64]) -> NDArray[np.int64]:
    """Those of the `tokens` that do not stand among the same neighbours (two on each side) earlier in their document:
    what a text repeats is no further evidence."""
    key = b.document[b.paragraph].astype(np.uint64)
    place = np.arange(len(b.ids))
    for distance in range(-2, 3):
        there = np.clip(place + distance, b.first[b.paragraph], b.first[b.paragraph + 1] - 1)
        beside = np.where(there == place + distance, b.ids[there], START).astype(np.uint64)
        key = (key + beside) * np.uint64(0x9E3779B97F4A7C15)
        key ^= key >> np.uint64(29)
    return np.asarray(np.sort(tokens[np.unique(key[tokens], return_index=True)[1]]))
