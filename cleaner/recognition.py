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
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleaner.composer import Composer
from cleaner.composition import Hits
from cleaner.context import WINDOW, ContextModel, Spans
from cleaner.discriminator import Discriminator
from cleaner.expressions import MOST_WORDS, NONE, Inventory
from cleaner.integrity import verified
from cleaner.islands import Batch
from cleaner.language_model import LanguageModel
from cleaner.lexicon import FOLD, Channel, phrase_keys
from cleaner.network import numbered
from cleaner.plausibility import cohesion, log_fit, surprise
from cleaner.segment import tokenize, word_hash
from cleaner.thesaurus import Thesaurus

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

SHIPPED = Path(__file__).parent / "models" / "en.recognition.json"
LENT = 4.4  # log-odds that an expression gains by standing in the reference, beside the log of how often
IN_SCIENCE = 2.1  # log-odds by which an expression is likelier garbled in scientific prose
_CORPUS = np.log(7e7)  # words in which expressions were counted

FEATURES = (
    "channel",  # log P(spun | expression)
    "gain",  # log P_LM(expression in its place) - log P_LM(the text as it stands)
    "text cohesion",  # pointwise mutual information of the words as they stand
    "expression",  # log P(expression), by the language model or by count, whichever is more
    "whole",  # 1 if people have listed the text as a garbled form of the expression
    "context",  # what the wider context says for the expression, less for the text as it stands
    "honest",  # share of the words that are part of an expression as they stand
    "capitals",  # share of capitalised words
    "tokens",
    "words",
    "fit of the text",  # log P_LM a token, as it stands
    "fit of the expression",  # log P_LM a word
    "unseen",  # pairs of neighbours that clean text has never shown
    "swaps",  # phrases that differ
    "listed swaps",  # of those, how many people have listed
    "technical",  # 1 if the expression is a term of some science
    "initials",  # 1 if an abbreviation of the expression follows
    "again",  # log of how often the document has the same composition
    "rivals",  # log of how many expressions the same words may stand for
)

CONTEXT = FEATURES.index("context")
_CONTEXT_TELLS = 2.0  # standard deviations that the wider context can be worth, hardly ever more
_HOPELESS = -7.5  # log-odds under which nothing comes of a composition, not even in a spun paragraph


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
        whole = inventory.whole != NONE
        self._key = np.zeros(len(inventory.count), np.uint64)
        self._key[inventory.whole[whole]] = inventory.prefix[whole]
        self.hits = Composer(inventory, thesaurus, channels, listed, model, self._lent_from)

    def adapted(self, channel: Channel, lent: Inventory | None, own: Channel | None) -> Recognizer:
        """The same with another channel beside the list, the expressions that a reference has lent, and a dialect of
        the user's `own`."""
        *_, listed = self.channels
        shared = self.context, self.model, self.weights, self.discriminator
        return Recognizer(self.inventory, self.thesaurus, [channel], listed, *shared, lent, own)

    def words(self, numbers: Ints) -> Ints:
        """The words of some expressions (n, MOST_WORDS) as ids of the language model; -1 pads."""
        distinct, place = numbered(numbers)
        norms = [_norms(self.inventory.texts[i]) for i in distinct.tolist()]
        ids = self.model.ids([w for own in norms for w in own])
        length = np.array([len(own) for own in norms], np.int64)
        words = np.full((len(norms), MOST_WORDS), -1, np.int32)
        words[np.arange(MOST_WORDS) < length[:, None]] = ids
        return words[place]

    def _whole(self, b: Batch, h: Hits) -> NDArray[np.bool_]:
        """Which hits are rows of the list as they stand."""
        whole = np.zeros(len(h.start), bool)
        found = self.channels[-1].swaps([np.zeros_like(b.hashes), *phrase_keys(b.hashes, b.joined)[1:]])
        columns = found.start, found.size, self.channels[-1].original_key[self.channels[-1].original[found.row]]
        known = set(zip(*(column.tolist() for column in columns), strict=True))
        starts = np.zeros(len(b.ids), bool)
        starts[found.start] = True
        for i in np.flatnonzero(starts[h.start]).tolist():
            whole[i] = (int(h.start[i]), int(h.size[i]), int(self._key[h.number[i]])) in known
        return whole

    def features(
        self, b: Batch, capital: NDArray[np.bool_], where: NDArray[np.bool_] | None = None
    ) -> tuple[Hits, Floats]:
        """The compositions in which some word differs, and FEATURES of each; `where` (tokens) they may begin."""
        h, untouched = self.hits(b, where)
        known = np.zeros(len(b.ids), bool)
        for k in range(MOST_WORDS):
            known[untouched.start[untouched.size > k] + k] = True
        place = np.arange(MOST_WORDS)
        within = place < h.size[:, None]
        text = np.where(within, b.ids[np.where(within, h.start[:, None] + place, 0)], -1)
        words = self.words(h.number)
        fit = [log_fit(b, h.start, h.size, w, self.model) for w in (text, words)]
        _, text_cohesion = cohesion(text, self.model)
        together, _ = cohesion(words, self.model)
        paragraph = b.paragraph[h.start]
        length = (words >= 0).sum(axis=1)
        columns = (
            h.log_p,
            fit[1] - fit[0],
            text_cohesion,
            np.maximum(together, np.log(self.inventory.count[h.number] + 1.0) - _CORPUS),
            self._whole(b, h),
            np.full(len(h.start), self.weights.mean[CONTEXT] + _CONTEXT_TELLS * self.weights.deviation[CONTEXT]),
            _share(known, h),
            _share(capital, h),
            h.size,
            length,
            fit[0] / h.size,
            fit[1] / length,
            _inside(surprise(b, self.model)[1], h),
            h.swaps,
            h.listed,
            self.inventory.technical[h.number],
            self._abbreviated(b, h),
            np.log(_alike(b.document[paragraph], h.number, _span(b, h))),
            np.log(_alike(h.start, h.size)),
        )
        features = np.stack([np.asarray(column, float) for column in columns], axis=1)
        # The wider context costs more than all else: it is asked only where it may decide.
        doubtful = np.flatnonzero(self.weights.log_odds(features) >= _HOPELESS)
        features[doubtful, CONTEXT] = self._in_context(b, h.only(doubtful), words[doubtful], text[doubtful])
        return h, features

    def _in_context(self, b: Batch, h: Hits, words: Ints, text: Ints) -> Floats:
        """What the context of each hit says for the expression's `words`, less for the `text` as it stands."""
        first, last = b.first[b.paragraph[h.start]], b.first[b.paragraph[h.start] + 1]
        begin, end = np.maximum(h.start - WINDOW, first), np.minimum(h.start + h.size + WINDOW, last)
        edges = np.bincount(begin, minlength=len(b.ids) + 1) - np.bincount(end, minlength=len(b.ids) + 1)
        near: NDArray[np.bool_] = np.cumsum(edges) > 0
        place: NDArray[np.int64] = np.cumsum(near) - near
        spans = Spans(*(place[at] for at in (h.start, h.start + h.size, first, last)))
        around = self.context.contexts(b.ids[near[:-1]], spans)
        row = np.arange(len(h.start))
        return self.context.score(around, words, row) - self.context.score(around, text, row)

    def _abbreviated(self, b: Batch, h: Hits) -> NDArray[np.bool_]:
        """Whether the initials of each expression stand right after it, alone or with an s."""
        after = h.start + h.size
        inside = after < b.first[b.paragraph[h.start] + 1]
        follows = np.where(inside, b.hashes[np.where(inside, after, 0)], np.uint64(0))
        found = np.zeros(len(after), bool)
        for i in np.flatnonzero(follows).tolist():
            found[i] = follows[i] in _initials(self.inventory.texts[h.number[i]])
        return found

    def __call__(
        self, b: Batch, capital: NDArray[np.bool_], where: NDArray[np.bool_] | None = None
    ) -> tuple[Hits, Floats]:
        """The compositions in a batch, with the log-odds of each to be what the author wrote.

        Those that nobody has listed or lent begin only `where` (tokens; default: anywhere) it may be worth it.
        """
        h, features = self.features(b, capital, where)
        # What is an expression as it stands needs no other, however often the reference has that.
        lends = (h.number >= self._lent_from) & (features[:, FEATURES.index("honest")] == 0)
        lent = np.where(lends, LENT + np.log(self.inventory.count[h.number] + 1.0), 0.0)
        return h, self.weights.log_odds(features) + lent


@lru_cache(maxsize=1 << 16)
def _norms(expression: str) -> tuple[str, ...]:
    return tokenize(expression).norms


@lru_cache(maxsize=1 << 14)
def _initials(expression: str) -> frozenset[int]:
    """The hashes of what may abbreviate an expression."""
    initials = "".join(part[0] for word in _norms(expression) for part in word.split("-") if part)
    return frozenset((word_hash(initials), word_hash(initials + "s")))


def _share(of: NDArray[np.bool_], h: Hits) -> Floats:
    """The share of each hit's tokens for which `of` holds."""
    count = np.r_[0, np.cumsum(of)]
    return np.asarray((count[h.start + h.size] - count[h.start]) / h.size)


def _inside(of: NDArray[np.bool_], h: Hits) -> NDArray[np.int64]:
    """For how many of each hit's tokens but the first `of` holds."""
    count = np.r_[0, np.cumsum(of)]
    return np.asarray(count[h.start + h.size] - count[h.start + 1])


def _span(b: Batch, h: Hits) -> NDArray[np.uint64]:
    """A key of the words that each hit stands for."""
    key = np.zeros(len(h.start), np.uint64)
    for k in range(MOST_WORDS):
        live = h.size > k
        key[live] = key[live] * FOLD + b.hashes[h.start[live] + k]
    return key


def _alike(*columns: NDArray[Any]) -> NDArray[np.int64]:
    """How many rows of some columns are like each row."""
    order = np.lexsort(columns)
    new = np.ones(len(order), bool)
    new[1:] = np.any([column[order][1:] != column[order][:-1] for column in columns], axis=0)
    group = np.cumsum(new) - 1
    count = np.empty(len(order), np.int64)
    count[order] = np.bincount(group)[group] if len(group) else 0
    return count
