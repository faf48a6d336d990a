"""Step 3c: where a text may be garbled at all, and what the channels make of it there.

Garbled terms are strange company: of 800 that compose, all but a few hold two neighbours that clean text hardly ever
shows together (`counterfeit consciousness`).  Only there, and where people have listed a garbled term, are readings
looked up; honest text is strange in a quarter of its pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cleaner.composition import Hits, Indices, Parts, compose
from cleaner.expressions import MOST_WORDS, NONE, Inventory
from cleaner.islands import Batch
from cleaner.language_model import LanguageModel
from cleaner.lexicon import MAX_WORDS, Channel, Hashes, Matches, phrase_keys
from cleaner.network import covered, log_sum, numbered
from cleaner.plausibility import surprise
from cleaner.segment import tokenize, word_hash
from cleaner.thesaurus import NO_WORD, Thesaurus

READINGS = 12  # of each phrase, by the thesaurus
SWAPPED = np.log(0.5)  # P(a word is swapped | its expression is garbled)
NEAR = -2.0  # log P(a word | it stands for one of the reference that is written almost alike)
STRANGE = 1.0  # log P(word | the one before) - log P(word) under which two words are strange company
FREQUENT = -5.0  # log P(word) from which it is at home in any company
_AHEAD = 2  # a composition begins at most so many words before the second of two that are strange company
_LEAST = -12.0  # log P(phrase | original) under which a reading is not worth a try
_FUZZY, _FUZZY_LENGTH = 75, 5  # RapidFuzz's ratio (0..100), and characters, from which words are almost alike


class Composer:
    """Finds the expressions of an inventory that stretches of a batch may stand for."""

    def __init__(
        self,
        inventory: Inventory,
        thesaurus: Thesaurus,
        channels: Sequence[Channel],
        listed: Channel,
        model: LanguageModel,
        lent: int,
    ) -> None:
        """`listed` is the channel of swaps that people have listed, beside the other `channels`; a reference has `lent`
        the expressions from that number on."""
        self.inventory, self.thesaurus, self.channels = inventory, thesaurus, (*channels, listed)
        self.model, self._lent_from = model, lent

    def __call__(self, b: Batch, where: NDArray[np.bool_] | None = None) -> tuple[Hits, Hits]:
        """The compositions in which some word differs, and the expressions that stand in the text as they are where
        these are.

        What nobody has listed or lent is composed only from tokens `where` it may be worth it (default: anywhere).
        """
        strange, listed = self._strange(b), self._listed(b)
        starts = np.zeros_like(strange)
        for ahead in range(1, _AHEAD + 1):
            starts[:-ahead] |= strange[ahead:]
        starts = listed | (starts if where is None else starts & where)
        if self._lent_words:
            starts[:] = True
        hits = self._composed(b, starts)
        hits = hits.only(hits.changed)
        odd = np.r_[0, np.cumsum(strange)]
        kept = odd[hits.start + hits.size] > odd[hits.start + 1]
        kept |= (hits.number >= self._lent_from) & (hits.size > 1)
        hits = hits.only(kept | listed[hits.start])
        return hits, self._untouched(b, hits)

    def _untouched(self, b: Batch, hits: Hits) -> Hits:
        """The expressions that stand in the text as they are and share tokens with some hits."""
        n = len(b.hashes)
        low, high = np.maximum(hits.start - (MOST_WORDS - 1), 0), np.minimum(hits.start + hits.size, n)
        last = np.minimum(high + MOST_WORDS - 1, n)
        from_here, near = (covered(low, end, n) for end in (high, last))
        parts = self._as_they_stand(np.flatnonzero(near & (b.hashes != 0)), b.hashes)
        return compose(self.inventory, parts, b.joined, np.flatnonzero(from_here))

    def _strange(self, b: Batch) -> NDArray[np.bool_]:
        """Which tokens are strange company to the one before them."""
        frequent = self.model.unigram(b.ids) >= FREQUENT
        strange = surprise(b, self.model)[0] < STRANGE
        strange[frequent] = False
        strange[1:] &= ~frequent[:-1]
        return strange

    def _listed(self, b: Batch) -> NDArray[np.bool_]:
        """The tokens from which somebody has listed a garbled term."""
        found = self.channels[-1].swaps(phrase_keys(b.hashes, b.joined)[1:])
        listed = np.zeros(len(b.hashes), np.bool_)
        listed[found.start] = True
        return listed

    def _composed(self, b: Batch, starts: NDArray[np.bool_]) -> Hits:
        """All compositions that begin at some tokens."""
        reach = starts.copy()
        for ahead in range(1, MOST_WORDS):
            reach[ahead:] |= starts[:-ahead]
        token = np.flatnonzero(reach)
        hashes, joined = b.hashes[token], b.joined[token]
        joined[1:] &= np.diff(token) == 1
        kinds, kind = numbered(hashes)  # what is read alone is read once
        alone = self._readings([kinds], len(kinds))
        plain = self._as_they_stand(np.flatnonzero(kinds), kinds)
        phrases = self._readings([np.zeros_like(hashes), *phrase_keys(hashes, joined)[1:]], len(token))
        parts = alone.and_at(kind, plain.and_at(kind, phrases))
        if self._lent_words:
            parts = self._near(b, token).and_at(np.arange(len(token)), parts)
        hits = compose(self.inventory, parts, joined, np.flatnonzero(starts[token]))
        return Hits(token[hits.start], hits.size, hits.number, hits.log_p, hits.swaps, hits.listed)

    def _readings(self, keys: Sequence[Hashes], tokens: int) -> Parts:
        """The readings of phrases that have the `keys`."""
        matches, originals, log_p = [], [], []
        for k in range(1 + len(self.channels)):
            found, original, p = self._swaps(k, keys)
            worth = self._worth[k][original] & (p >= _LEAST)
            matches.append(Matches(*(column[worth] for column in found)))
            originals.append(original[worth])
            log_p.append(SWAPPED + p[worth])
        words = np.zeros((sum(map(len, originals)), MAX_WORDS), np.uint64)
        first = 0
        for own, number in zip(self._original_words, originals, strict=True):
            words[first : first + len(number), : own.shape[1]] = own[number]
            first += len(number)
        listed = np.zeros(len(words), np.bool_)
        listed[first - len(originals[-1]) :] = True
        found = Matches(*(np.concatenate(column) for column in zip(*matches, strict=True)))
        return Parts.of(self.inventory, tokens, found.start, found.size, words, np.concatenate(log_p), listed)

    def _swaps(self, table: int, keys: Sequence[Hashes]) -> tuple[Matches, Indices, NDArray[np.float64]]:
        """Rows of the thesaurus (table 0) or of a channel, their originals, and log P(spun | original)."""
        if table == 0:
            found = self.thesaurus.swaps(keys, READINGS)
            p = self.thesaurus.log_swap(found.row).astype(float)
            return found, self.thesaurus.original[found.row].astype(np.int64), p
        channel = self.channels[table - 1]
        found = channel.swaps(keys)
        p = log_sum(channel.log_swap[found.row]) - np.log(len(channel.dialects))
        return found, channel.original[found.row].astype(np.int64), p

    def _as_they_stand(self, here: Indices, hashes: Hashes) -> Parts:
        """The tokens `here`, each read as itself."""
        p, none = np.zeros(len(here)), np.zeros(len(here), np.bool_)
        return Parts.of(self.inventory, len(hashes), here, np.ones_like(here), hashes[here, None], p, none)

    @cached_property
    def _original_words(self) -> list[Hashes]:
        """For the thesaurus and each channel: the hashes of the words of each original; 0 pads."""
        words = self.thesaurus.words
        none = words == NO_WORD
        found = [np.where(none, np.uint64(0), self.thesaurus.word_key[np.where(none, 0, words).astype(np.int64)])]
        found += [np.append(channel.word_key, np.uint64(0))[channel.words] for channel in self.channels]  # -1 pads
        return found

    @cached_property
    def _worth(self) -> list[NDArray[np.bool_]]:
        """For the thesaurus and each channel: which originals consist of words that expressions have."""
        return [((own == 0) | (self.inventory.places(own) != NONE)).all(axis=1) for own in self._original_words]

    def _near(self, b: Batch, token: Indices) -> Parts:
        """Words of the reference that are written almost like some tokens of a batch."""
        from rapidfuzz import fuzz, process

        every = [norm for tokens in b.tokens for norm in tokens.norms]
        norms = [every[i] for i in token.tolist()]
        asked = sorted({norm for norm in norms if len(norm) >= _FUZZY_LENGTH} - set(self._lent_words))
        rows, columns = process.cdist(asked, self._lent_words, scorer=fuzz.ratio, score_cutoff=_FUZZY).nonzero()
        hashes = np.array([word_hash(word) for word in self._lent_words], np.uint64)
        places: dict[str, list[int]] = {}
        for place in np.flatnonzero(b.hashes[token]).tolist():
            places.setdefault(norms[place], []).append(place)
        found = [(i, hashes[c]) for r, c in zip(rows, columns, strict=True) for i in places.get(asked[r], ())]
        start, words = np.array([i for i, _ in found], np.int64), np.array([h for _, h in found], np.uint64)
        none = np.zeros(len(start), np.bool_)
        p = np.full(len(start), NEAR)
        return Parts.of(self.inventory, len(token), start, np.ones_like(start), words[:, None], p, none)

    @cached_property
    def _lent_words(self) -> list[str]:
        if len(self.inventory.count) == self._lent_from:
            return []
        texts = self.inventory.texts[self._lent_from :]
        return sorted({w for text in texts for w in tokenize(text).norms if len(w) >= _FUZZY_LENGTH})
