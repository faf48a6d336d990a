"""Step 3b: the channel run backwards onto fixed expressions.

From each token, readings of neighbouring phrases are joined as long as they spell the beginning of some expression.
`Japanese Financial Discussion board`: {Eastern, ...} x {Economic, ...} x {Forum, ...} = Eastern Economic Forum.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleaner.expressions import MASK_WORDS, MOST_WORDS, NONE, Inventory, mask_of
from cleaner.lexicon import FOLD, Hashes
from cleaner.network import begins, ordered

Indices = NDArray[np.int64]
_BEAM = -26.0  # log P(spun | expression) below which no composition is pursued


class Layer(NamedTuple):
    """Readings that begin at each token: `length` of them (tokens) from row `first` (tokens) of the parts on; `mask`
    (tokens, MASK_WORDS) tells which beginnings of expressions any of them may go on from."""

    first: Indices
    length: Indices
    mask: Hashes

    def at(self, tokens: Indices) -> Layer:
        """The layer with its tokens in another order."""
        return Layer(self.first.take(tokens), self.length.take(tokens), self.mask.take(tokens, axis=0))


@dataclass(frozen=True, slots=True)
class Parts:
    """Readings of phrases: their `size` tokens may have been the words whose hashes are `words` (n, k; 0 pads), with
    log P(spun | original) `log_p`; `listed` if people have listed the swap.  The `layers` tell which begin where."""

    size: Indices
    words: Hashes
    log_p: NDArray[np.float64]
    listed: NDArray[np.bool_]
    layers: tuple[Layer, ...]

    @classmethod
    def of(
        cls,
        inventory: Inventory,
        tokens: int,
        start: Indices,
        size: Indices,
        words: Hashes,
        log_p: NDArray[np.float64],
        listed: NDArray[np.bool_],
    ) -> Parts:
        """Readings that begin at the tokens `start`, of so many `tokens`; the other columns as above.  Those whose
        first word is in no expression are left out."""
        place = inventory.places(words[:, 0])
        worth = np.flatnonzero(place != NONE)
        in_order, order = ordered(start.take(worth))
        order = worth.take(order)
        pointer = begins(in_order, tokens)
        count = np.diff(pointer)
        mask = np.zeros((tokens, MASK_WORDS), np.uint64)
        if len(order):
            some = count > 0
            mask[some] = np.bitwise_or.reduceat(inventory.follows.take(place[order], axis=0), pointer[:-1][some])
        layer = Layer(pointer[:-1], count, mask)
        return cls(size[order], words[order], log_p[order], listed[order], (layer,))

    def and_at(self, kind: Indices, others: Parts) -> Parts:
        """These readings, whose tokens are kinds of tokens, at every token of such a `kind`, and `others`."""
        layers = [layer.at(kind) for layer in self.layers]
        layers += [layer._replace(first=layer.first + len(self.size)) for layer in others.layers]
        width = max(self.words.shape[1], others.words.shape[1])
        words = np.zeros((len(self.size) + len(others.size), width), np.uint64)
        words[: len(self.size), : self.words.shape[1]] = self.words
        words[len(self.size) :, : others.words.shape[1]] = others.words
        size, log_p = np.r_[self.size, others.size], np.r_[self.log_p, others.log_p]
        return Parts(size, words, log_p, np.r_[self.listed, others.listed], tuple(layers))


@dataclass(frozen=True, slots=True)
class Hits:
    """Expressions that stretches of the text may have been: the `size` tokens from `start`, expression `number`,
    log P(spun | expression) `log_p` by the best composition; in that, `swaps` phrases differ, and `listed` of these
    swaps people have listed."""

    start: Indices
    size: Indices
    number: NDArray[np.int32]
    log_p: NDArray[np.float64]
    swaps: NDArray[np.int8]
    listed: NDArray[np.int8]

    @property
    def changed(self) -> NDArray[np.bool_]:
        """Whether some word differs."""
        return self.swaps > 0

    def only(self, which: NDArray[Any]) -> Hits:
        """The hits that `which` picks."""
        return Hits(*(getattr(self, column.name)[which] for column in fields(self)))


class _States(NamedTuple):
    """Readings under way: tokens `start` .. `after` - 1 spell the beginning `key`, and the expression `whole` if not
    NONE; `log_p`, `swaps`, `listed` as for hits."""

    start: Indices
    after: Indices
    key: NDArray[np.uint64]
    log_p: NDArray[np.float64]
    swaps: NDArray[np.int8]
    listed: NDArray[np.int8]
    whole: NDArray[np.int32]

    def only(self, which: NDArray[Any]) -> _States:
        return _States(*(column[which] for column in self))


def compose(inventory: Inventory, parts: Parts, joined: NDArray[np.bool_], starts: Indices | None = None) -> Hits:
    """All expressions of the inventory that neighbouring `parts` spell from each of the tokens `starts` (default: all)
    on; `joined` (tokens): to the token before."""
    n = len(joined)
    start = np.arange(n) if starts is None else starts
    m = len(start)
    nought = np.zeros(m, np.int8)
    states = _States(start, start, np.zeros(m, np.uint64), np.zeros(m), nought, nought, np.full(m, NONE, np.int32))
    found = []
    while len(states.start):
        longer = [_longer(states, inventory, parts, layer) for layer in parts.layers]
        states = _States(*map(np.concatenate, zip(*longer, strict=True)))
        found.append(states.only(states.whole != NONE))
        goes_on = (states.after < n) & (states.after - states.start < MOST_WORDS)
        goes_on[goes_on] &= joined[states.after[goes_on]]
        states = states.only(goes_on)
    every = _States(*map(np.concatenate, zip(*found, strict=True))) if found else states
    size = every.after - every.start
    order = np.lexsort((-every.log_p, every.whole, size, every.start))
    hits = Hits(every.start, size, every.whole, every.log_p, every.swaps, every.listed).only(order)
    first = np.ones(len(order), np.bool_)  # the best of several derivations
    first[1:] = (np.diff(hits.start) != 0) | (np.diff(hits.size) != 0) | (np.diff(hits.number) != 0)
    return hits.only(first)


def _longer(states: _States, inventory: Inventory, parts: Parts, layer: Layer) -> _States:
    """The states with each part of a layer that begins where they end, as far as they still spell a beginning."""
    # Most states are told by one bit that no reading goes on from them.
    column, bit = mask_of(states.key)
    states = states.only(np.flatnonzero(layer.mask[states.after, column] & bit))
    count = layer.length.take(states.after)
    ends = np.cumsum(count)
    part = np.arange(ends[-1] if len(ends) else 0)
    part += np.repeat(layer.first.take(states.after) - ends + count, count)
    # Most parts are told by their first word not to go on, which is asked before anything else is looked at.
    key = np.repeat(states.key * FOLD, count)
    key += parts.words[:, 0].take(part)
    maybe = inventory.may_have(key)
    states, part = states.only(np.searchsorted(ends, maybe, "right")), part.take(maybe)
    log_p = states.log_p + parts.log_p[part]
    after = states.after + parts.size[part]
    kept = np.flatnonzero((log_p >= _BEAM) & (after - states.start <= MOST_WORDS))
    states, part, log_p, after = states.only(kept), part[kept], log_p[kept], after[kept]
    key, whole, alive = states.key.copy(), np.full(len(part), NONE, np.int32), np.arange(len(part))
    for column in parts.words.T:
        word = column.take(part.take(alive))
        alive, word = alive[word != 0], word[word != 0]
        if not len(alive):
            break
        grown = key.take(alive) * FOLD + word
        if not key[alive[0]]:
            key[alive] = grown  # a first word was looked up in the mask; no expression ends with it
            continue
        hit, number = inventory.find(grown)
        key[alive] = 0
        alive = alive.take(hit)
        key[alive], whole[alive] = grown.take(hit), number
    swaps = states.swaps + (parts.log_p[part] < 0)
    listed = states.listed + parts.listed[part]
    return _States(states.start, after, key, log_p, swaps, listed, whole).only(np.flatnonzero(key))
