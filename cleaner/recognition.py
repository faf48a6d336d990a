"""Step 5e: which of the composed expressions are what their author wrote?

Honest prose composes onto thousands of expressions by accident ("study team": research group), so each composition is
weighed by logistic regression over what the channel, the language model and the wider context say of it.  It was
fitted on abstracts whose terms of art are garbled and on honest text of other genres, with tables that had not seen
those garbled terms (`cleaner.training.recognition`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cleaner.composition import Hits, Parts, compose
from cleaner.context import ContextModel, Spans
from cleaner.discriminator import Discriminator
from cleaner.expressions import MOST_WORDS, NONE, Inventory
from cleaner.integrity import verified
from cleaner.islands import Batch
from cleaner.language_model import LanguageModel
from cleaner.lexicon import MAX_WORDS, NEVER, Channel, Matches, phrase_keys
from cleaner.plausibility import cohesion, log_fit
from cleaner.segment import tokenize, word_hash
from cleaner.thesaurus import NO_WORD, Thesaurus

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

SHIPPED = Path(__file__).parent / "models" / "en.recognition.json"
READINGS = 12  # of each phrase, by the thesaurus
SWAPPED = np.log(0.5)  # P(a word is swapped | its expression is garbled)
NEAR = -2.0  # log P(a word | it stands for one of the reference that is written almost alike)
_FUZZY, _FUZZY_LENGTH = 75, 5  # RapidFuzz's ratio (0..100), and characters, from which words are almost alike
LENT = 4.4  # log-odds that an expression gains by standing in the reference, beside the log of how often
_CORPUS = np.log(7e7)  # words in which expressions were counted

FEATURES = (
    "channel",  # log P(spun | expression)
    "gain",  # log P_LM(expression in its place) - log P_LM(the text as it stands)
    "text cohesion",  # pointwise mutual information of the words as they stand
    "expression",  # log P(expression), by the language model or by count, whichever is more
    "listed",  # log(1 + garbled forms that people have listed)
    "whole",  # 1 if people have listed the text as a garbled form of the expression
    "context",  # what the wider context says for the expression, less for the text as it stands
    "honest",  # share of the words that are part of an expression as they stand
    "capitals",  # share of capitalised words
    "tokens",
    "words",
    "fit of the text",  # log P_LM a token, as it stands
    "fit of the expression",  # log P_LM a word
)


@dataclass(frozen=True, slots=True)
class Weights:
    """Log-odds = intercept + sum of weight * clip((feature - mean) / deviation, -6, 6)."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    weight: tuple[float, ...]
    intercept: float

    @classmethod
    def open(cls, path: Path = SHIPPED) -> Weights:
        """Read the weights (default: those shipped)."""
        rows = json.loads(verified(path).read_text(encoding="utf-8"))
        return cls(tuple(rows["mean"]), tuple(rows["deviation"]), tuple(rows["weight"]), rows["intercept"])

    def save(self, path: Path) -> None:
        """Write the weights as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    def standardized(self, features: Floats) -> Floats:
        """Features (n, FEATURES) on one scale."""
        return np.asarray(np.clip((features - np.array(self.mean)) / np.array(self.deviation), -6, 6))

    def log_odds(self, features: Floats) -> Floats:
        """Log-odds that each composition is right."""
        return np.asarray(self.standardized(features) @ np.array(self.weight) + self.intercept)


class Recognizer:
    """Finds expressions behind the text of a batch and says how sure that is."""

    def __init__(
        self,
        inventory: Inventory,
        thesaurus: Thesaurus,
        channels: Sequence[Channel],
        listed: Channel,
        context: ContextModel,
        model: LanguageModel,
        weights: Weights,
        discriminator: Discriminator,
        lent: Inventory | None = None,
        own: Channel | None = None,
    ) -> None:
        """`discriminator` is for what no channel explains; `channels` read words beside the `thesaurus`; `listed` is
        the one whose rows people have listed; the expressions that a reference has `lent` are likelier; `own` is a
        dialect of the user's."""
        self.own = own
        self._lent_from = len(inventory.count)
        if lent is not None and len(lent.count):
            inventory = inventory.joined(lent)
        self.inventory, self.thesaurus, self.channels, self.model = inventory, thesaurus, (*channels, listed), model
        self.context, self.weights, self.discriminator = context, weights, discriminator
        forms = np.bincount(listed.original, minlength=len(listed.text))
        whole = inventory.whole != NONE
        keys, number = inventory.prefix[whole], inventory.whole[whole]
        at = np.minimum(listed.original_key.searchsorted(keys), len(listed.text) - 1)
        self._listed = np.zeros(len(inventory.count))
        self._key = np.zeros(len(inventory.count), np.uint64)
        self._key[number] = keys
        hit = listed.original_key[at] == keys
        self._listed[number[hit]] = np.log1p(forms[at[hit]])

    def adapted(self, channel: Channel, lent: Inventory | None, own: Channel | None) -> Recognizer:
        """The same with another channel beside the list, the expressions that a reference has lent, and a dialect of
        the user's `own`."""
        *_, listed = self.channels
        shared = self.context, self.model, self.weights, self.discriminator
        return Recognizer(self.inventory, self.thesaurus, [channel], listed, *shared, lent, own)

    @cached_property
    def _original_words(self) -> list[NDArray[np.uint64]]:
        """For the thesaurus and each channel: the hashes of the words of each original; 0 pads."""
        words = self.thesaurus.words
        none = words == NO_WORD
        found = [np.where(none, np.uint64(0), self.thesaurus.word_key[np.where(none, 0, words).astype(np.int64)])]
        found += [np.append(channel.word_key, np.uint64(0))[channel.words] for channel in self.channels]  # -1 pads
        return found

    def words(self, numbers: Ints) -> Ints:
        """The words of some expressions (n, MOST_WORDS) as ids of the language model; -1 pads."""
        distinct, place = np.unique(numbers, return_inverse=True)
        norms = [_norms(self.inventory.texts[i]) for i in distinct.tolist()]
        ids = self.model.ids([w for own in norms for w in own])
        length = np.array([len(own) for own in norms], np.int64)
        words = np.full((len(norms), MOST_WORDS), -1, np.int32)
        words[np.arange(MOST_WORDS) < length[:, None]] = ids
        return words[place]

    def _whole(self, b: Batch, h: Hits) -> NDArray[np.bool_]:
        """Which hits are rows of the list as they stand."""
        listed = self.channels[-1]
        found = listed.swaps(phrase_keys(b.hashes, b.joined))
        columns = found.start, found.size, listed.original_key[listed.original[found.row]]
        known = set(zip(*(column.tolist() for column in columns), strict=True))
        pairs = zip(h.start.tolist(), h.size.tolist(), self._key[h.number].tolist(), strict=True)
        return np.array([pair in known for pair in pairs], bool)

    def hits(self, b: Batch) -> Hits:
        """All compositions in a batch, and the expressions that stand there as they are."""
        keys = phrase_keys(b.hashes, b.joined)
        matches = [self.thesaurus.swaps(keys, READINGS), *(channel.swaps(keys) for channel in self.channels)]
        log_p = [self.thesaurus.log_swap(matches[0].row).astype(float)]
        originals = [self.thesaurus.original[matches[0].row].astype(np.int64)]
        for channel, found in zip(self.channels, matches[1:], strict=True):
            log_p.append(np.logaddexp.reduce(channel.log_swap[found.row], axis=1) - np.log(len(channel.dialects)))
            originals.append(channel.original[found.row].astype(np.int64))
        here = np.flatnonzero(b.hashes)
        alike, near = self._near(b)
        matches += [Matches(here, np.ones_like(here), here), Matches(alike, np.ones_like(alike), alike)]
        words = np.zeros((sum(len(m.row) for m in matches), MAX_WORDS), np.uint64)
        first = 0
        for own, number in zip(self._original_words, originals, strict=True):
            words[first : first + len(number), : own.shape[1]] = own[number]
            first += len(number)
        words[first:, 0] = np.r_[b.hashes[here], near]
        found = Matches(*(np.concatenate(column) for column in zip(*matches, strict=True)))
        p = np.concatenate([*(SWAPPED + p for p in log_p), np.zeros(len(here)), np.full(len(near), NEAR)])
        possible = p > NEVER / 2
        found = Matches(*(column[possible] for column in found))
        return compose(self.inventory, Parts.of(found, words[possible], p[possible]), b.joined)

    def _near(self, b: Batch) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """Tokens that are written almost like a word of the reference, and the hashes of those words."""
        if not self._lent_words:
            return np.empty(0, np.int64), np.empty(0, np.uint64)
        from rapidfuzz import fuzz, process

        norms = [norm for tokens in b.tokens for norm in tokens.norms]
        asked = sorted({norm for norm in norms if len(norm) >= _FUZZY_LENGTH} - set(self._lent_words))
        if not asked:
            return np.empty(0, np.int64), np.empty(0, np.uint64)
        alike = process.cdist(asked, self._lent_words, scorer=fuzz.ratio, score_cutoff=_FUZZY)
        rows, columns = alike.nonzero()
        hashes = np.array([word_hash(word) for word in self._lent_words], np.uint64)
        places: dict[str, list[int]] = {}
        for place in np.flatnonzero(b.hashes).tolist():
            places.setdefault(norms[place], []).append(place)
        found = [(i, hashes[c]) for r, c in zip(rows, columns, strict=True) for i in places.get(asked[r], ())]
        return np.array([i for i, _ in found], np.int64), np.array([h for _, h in found], np.uint64)

    @cached_property
    def _lent_words(self) -> list[str]:
        if len(self.inventory.count) == self._lent_from:
            return []
        texts = self.inventory.texts[self._lent_from :]
        return sorted({w for text in texts for w in tokenize(text).norms if len(w) >= _FUZZY_LENGTH})

    def features(self, b: Batch, capital: NDArray[np.bool_], all_hits: Hits) -> tuple[Hits, Floats]:
        """The compositions in which some word differs, and FEATURES of each."""
        as_is = ~all_hits.changed
        known = np.zeros(len(b.ids), bool)
        for k in range(MOST_WORDS):
            long = all_hits.size[as_is] > k
            known[all_hits.start[as_is][long] + k] = True
        h = all_hits.only(all_hits.changed)
        place = np.arange(MOST_WORDS)
        within = place < h.size[:, None]
        text = np.where(within, b.ids[np.where(within, h.start[:, None] + place, 0)], -1)
        words = self.words(h.number)
        fit = [log_fit(b, h.start, h.size, w, self.model) for w in (text, words)]
        _, text_cohesion = cohesion(text, self.model)
        together, _ = cohesion(words, self.model)
        paragraph = b.paragraph[h.start]
        around = self.context.contexts(
            b.ids, Spans(h.start, h.start + h.size, b.first[paragraph], b.first[paragraph + 1])
        )
        row = np.arange(len(h.start))
        length = (words >= 0).sum(axis=1)
        columns = (
            h.log_p,
            fit[1] - fit[0],
            text_cohesion,
            np.maximum(together, np.log(self.inventory.count[h.number] + 1.0) - _CORPUS),
            self._listed[h.number],
            self._whole(b, h),
            self.context.score(around, words, row) - self.context.score(around, text, row),
            _share(known, h),
            _share(capital, h),
            h.size,
            length,
            fit[0] / h.size,
            fit[1] / length,
        )
        return h, np.stack([np.asarray(column, float) for column in columns], axis=1)

    def __call__(self, b: Batch, capital: NDArray[np.bool_]) -> tuple[Hits, Floats]:
        """The compositions in a batch, with the log-odds of each to be what the author wrote."""
        h, features = self.features(b, capital, self.hits(b))
        # What is an expression as it stands needs no other, however often the reference has that.
        lends = (h.number >= self._lent_from) & (features[:, FEATURES.index("honest")] == 0)
        lent = np.where(lends, LENT + np.log(self.inventory.count[h.number] + 1.0), 0.0)
        return h, self.weights.log_odds(features) + lent


@lru_cache(maxsize=1 << 16)
def _norms(expression: str) -> tuple[str, ...]:
    return tokenize(expression).norms


def _share(of: NDArray[np.bool_], h: Hits) -> Floats:
    """The share of each hit's tokens for which `of` holds."""
    count = np.r_[0, np.cumsum(of)]
    return np.asarray((count[h.start + h.size] - count[h.start]) / h.size)
