"""Step 3b: the channel run backwards onto fixed expressions.

From each token, readings of neighbouring phrases are joined as long as they spell the beginning of some expression.
`Japanese Financial Discussion board`: {Eastern, ...} x {Economic, ...} x {Forum, ...} = Eastern Economic Forum.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleaner.expressions import MOST_WORDS, NONE, Inventory
from cleaner.lexicon import FOLD, Matches

Indices = NDArray[np.int64]
_BEAM = -26.0  # log P(spun | expression) below which no composition is pursued


@dataclass(frozen=True, slots=True)
class Parts:
    """Readings of phrases of the text, sorted by `start`: the `size` tokens from `start` may have been the words whose
    hashes are `words` (n, k; 0 pads), with log P(spun | original) `log_p`."""

    start: Indices
    size: Indices
    words: NDArray[np.uint64]
    log_p: NDArray[np.float64]

    @classmethod
    def of(cls, found: Matches, words: NDArray[np.uint64], log_p: NDArray[np.float64]) -> Parts:
        order = np.argsort(found.start, kind="stable")
        return cls(found.start[order], found.size[order], words[order], log_p[order])


@dataclass(frozen=True, slots=True)
class Hits:
    """Expressions that stretches of the text may have been: the `size` tokens from `start`, expression `number`,
    log P(spun | expression) `log_p` by the best composition; `changed` if some word differs."""

    start: Indices
    size: Indices
    number: NDArray[np.int32]
    log_p: NDArray[np.float64]
    changed: NDArray[np.bool_]

    def only(self, which: NDArray[Any]) -> Hits:
        """The hits that `which` picks."""
        return Hits(*(getattr(self, column.name)[which] for column in fields(self)))


class _States(NamedTuple):
    """Readings under way: tokens `start` .. `after` - 1 spell the beginning `key`, and the expression `whole` if not
    NONE; `log_p`, `changed` as for hits."""

    start: Indices
    after: Indices
    key: NDArray[np.uint64]
    log_p: NDArray[np.float64]
    changed: NDArray[np.bool_]
    whole: NDArray[np.int32]

    def only(self, which: NDArray[Any]) -> _States:
        return _States(*(column[which] for column in self))


def compose(inventory: Inventory, parts: Parts, joined: NDArray[np.bool_]) -> Hits:
    """All expressions of the inventory that neighbouring `parts` spell; `joined` (tokens): to the token before."""
    n = len(joined)
    start, none = np.arange(n), np.full(n, NONE, np.int32)
    states = _States(start, start, np.zeros(n, np.uint64), np.zeros(n), np.zeros(n, np.bool_), none)
    pointer = np.searchsorted(parts.start, np.arange(n + 1))
    found = []
    while len(states.start):
        states = _longer(states, inventory, parts, pointer)
        found.append(states.only(states.whole != NONE))
        goes_on = (states.after < n) & (states.after - states.start < MOST_WORDS)
        goes_on[goes_on] &= joined[states.after[goes_on]]
        states = states.only(goes_on)
    every = _States(*map(np.concatenate, zip(*found, strict=True))) if found else states
    size = every.after - every.start
    order = np.lexsort((-every.log_p, every.whole, size, every.start))
    hits = Hits(every.start, size, every.whole, every.log_p, every.changed).only(order)
    first = np.ones(len(order), np.bool_)  # the best of several derivations
    first[1:] = (np.diff(hits.start) != 0) | (np.diff(hits.size) != 0) | (np.diff(hits.number) != 0)
    return hits.only(first)


def _longer(states: _States, inventory: Inventory, parts: Parts, pointer: Indices) -> _States:
    """The states with each part that begins where they end, as far as they still spell a beginning; `pointer` (tokens
    + 1) tells where the parts of each token begin."""
    count = pointer[states.after + 1] - pointer[states.after]
    source = np.repeat(np.arange(len(count)), count)
    part = np.arange(len(source)) + np.repeat(pointer[states.after] - np.cumsum(count) + count, count)
    # Most parts are told by their first word not to go on, which is asked before anything else is looked at.
    maybe = inventory.may_have(states.key.take(source) * FOLD + parts.words[:, 0].take(part))
    states, part = states.only(source.take(maybe)), part.take(maybe)
    log_p = states.log_p + parts.log_p[part]
    after = states.after + parts.size[part]
    kept = (log_p >= _BEAM) & (after - states.start <= MOST_WORDS)
    states, part, log_p, after = states.only(kept), part[kept], log_p[kept], after[kept]
    key, whole, alive = states.key.copy(), np.full(len(part), NONE, np.int32), np.arange(len(part))
    for k in range(parts.words.shape[1]):
        word = parts.words[part[alive], k]
        ends = alive[word == 0]
        alive = alive[word != 0]
        grown = key[alive] * FOLD + word[word != 0]
        hit, number = inventory.find(grown)
        key[alive[hit]], whole[alive[hit]] = grown[hit], number
        dead = np.ones(len(alive), np.bool_)
        dead[hit] = False
        key[alive[dead]] = 0
        alive = np.sort(np.r_[ends, alive[hit]])
    changed = states.changed | (parts.log_p[part] < 0)
    return _States(states.start, after, key, log_p, changed, whole).only(key != 0)
