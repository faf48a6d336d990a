"""Step 4a: the lattice of a batch of islands, laid out once for all passes over it.

A state is a node (a position of an island) with the last two words read.  An edge scores alike for all states that
share their last word, but for what a trigram says of its first word: so most of what the language model is asked
depends on a pair (last word, edge) alone, and is asked in one call for the whole batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleaner.language_model import Scorer, follow

Ints = NDArray[np.int32]
Indices = NDArray[np.int64]
Singles = NDArray[np.float32]
Doubles = NDArray[np.float64]
Flags = NDArray[np.bool_]

_WORD_BITS = 21  # of a word's id, which shares a 64-bit key with the number of a node or group


@dataclass(frozen=True, slots=True)
class Islands:
    """A batch: island i owns the nodes first[i] .. first[i + 1] - 1, one more than it has tokens.

    `context` (n, 2) holds the two words before each island.  Readings are edges, sorted by `start`: from node `start`
    to node `end` the original had `words`, (n, k) and padded with -1; every edge has at least one word.  Edges stay
    inside their island and every node lies on a path.
    """

    first: Ints
    context: Ints
    start: Ints
    end: Ints
    words: Ints


@dataclass(frozen=True, slots=True)
class Network:
    """What all passes over a batch of islands share.

    Nodes are numbered by position, so that those at one position lie together, the last nodes of islands behind all
    others: `nodes` (positions + 1) tells where.  `island` (nodes) owns the node; `final` (islands) are the last ones.
    The states of a node form groups by their last word: `group` (nodes + 1) is where a node's groups begin, `state`
    (groups + 1) a group's states; `node` (groups) and `owner` (states, a group) point back.

    A pair is an edge that leaves a group; `out` (groups + 1) tells where a group's pairs begin.  For each pair: `edge`,
    `source` (a group) and `prob` (log P of its words, if there is no trigram of a state's two words and its first one).
    After the pairs stands one more for each island, which leads to its first state.  `target` is the state that a pair
    leads to; `arrivals` lists the pairs by target, which is `arriving` then, and `arrival` (states + 1) tells where a
    state's begin.

    From a state, the words of a pair have log P `prob` plus `weight` (states), and `gain` more for the pairs `rise`
    from the states `risen`, of which trigrams were seen; these are in order of pairs.
    """

    nodes: Indices
    island: Indices
    final: Indices
    group: Indices
    state: Indices
    node: Indices
    owner: Indices
    out: Indices
    edge: Indices
    source: Indices
    prob: Doubles
    target: Indices
    arrivals: Indices
    arriving: Indices
    arrival: Indices
    weight: Singles
    rise: Indices
    risen: Indices
    gain: Singles


def network(islands: Islands, model: Scorer) -> Network:
    """Lay out a batch of islands."""
    first, start, words, context = islands.first.astype(np.int64), islands.start, islands.words, islands.context
    n_nodes, n_edges = int(first[-1]), len(start)
    length = np.diff(first)
    owner = np.arange(len(length)).repeat(length)
    position = np.arange(n_nodes) - first.take(owner)
    by_length = np.empty(len(length), np.int64)
    by_length[np.argsort(-length, kind="stable")] = np.arange(len(length))
    by_position = np.argsort(position * len(length) + by_length.take(owner))
    node = np.empty(n_nodes, np.int64)
    node[by_position] = np.arange(n_nodes)

    # Groups: the last words of the edges that end at a node, and of what stands before the island.
    size = lengths(words)
    ends = node.take(np.concatenate([islands.end, first[:-1]]))
    last_word = words[np.arange(n_edges), size - 1]
    groups, group_of = numbered(_key(ends, np.concatenate([last_word, context[:, 1]])))
    node_of = groups >> _WORD_BITS
    last = (groups & (2**_WORD_BITS - 1)).astype(np.int32)

    # Pairs: each group with each edge that leaves its node.
    leaving = begins(start, n_nodes)
    old = by_position.take(node_of)
    degree = leaving.take(old + 1) - leaving.take(old)
    out = np.r_[0, np.cumsum(degree)]
    edge = ranges(leaving.take(old), degree)
    source = np.arange(len(groups)).repeat(degree)
    before, word = last.take(source), words[:, 0].take(edge)
    bigrams = model.bigrams(before, word)

    # Inside an edge, only the second word depends on what stands before it.
    single = size == 1
    several = np.flatnonzero(~single)
    number = np.cumsum(~single) - 1
    within = np.zeros(len(several))
    ending = second = model.bigrams(words[several, 0], words[several, min(1, words.shape[1] - 1)])
    for k in range(2, words.shape[1]):
        live = np.flatnonzero(size[several] > k)
        following = model.bigrams(words[several[live], k - 1], words[several[live], k])
        within[live] += follow(model, ending.take(live), following, words[several[live], k])
        ending = ending.take(np.arange(len(several)))
        ending.put(live, following)
    long = np.flatnonzero(~single.take(edge))
    row = number.take(edge.take(long))
    prob = bigrams.prob.astype(float)
    if len(long):
        prob[long] += within.take(row)
        prob[long] += follow(model, bigrams.take(long), second.take(row), words[:, 1].take(edge.take(long)))

    # A pair's target has the edge's last word, and before it the edge's or, if that has one only, the group's.
    inner = np.concatenate([before, context[:, 0]])
    inner[long] = words[several, size.take(several) - 2].take(row)
    arrived, arrivals = ordered(_key(np.concatenate([group_of.take(edge), group_of[n_edges:]]), inner))
    arrival, count = runs(arrived)
    arriving = np.arange(len(arrival)).repeat(count)
    target = np.empty(len(arrived), np.int64)
    target[arrivals] = arriving
    owner_of = arrived.take(arrival) >> _WORD_BITS
    state = begins(owner_of, len(groups))

    one = arrivals.take(arrival)
    initial = model.bigrams(context[:, 0], context[:, 1])
    weight, opens, key = (
        np.concatenate([getattr(bigrams, name), getattr(initial, name)]) for name in ("weight", "opens", "key")
    )
    weight[long], opens[long], key[long] = ending.weight[row], ending.opens[row], ending.key[row]
    weight, opens, key = weight.take(one), opens.take(one), key.take(one)

    # Trigrams: of states that open some and pairs whose bigram was seen.
    opening = np.flatnonzero(opens)
    opened = begins(owner_of.take(opening), len(groups))
    rise = np.flatnonzero(bigrams.known)
    of = source.take(rise)
    count = opened.take(of + 1) - opened.take(of)
    risen = opening.take(ranges(opened.take(of), count))
    rise = rise.repeat(count)
    lower = bigrams.prob.take(rise) + weight.take(risen)
    gain = model.trigrams(key.take(risen), word.take(rise), lower) - lower
    seen = np.flatnonzero(gain)
    return Network(
        nodes=begins(position, int(position.max(initial=-1)) + 1),
        island=owner.take(by_position),
        final=node.take(first[1:] - 1),
        group=begins(node_of, n_nodes),
        state=state,
        node=node_of,
        owner=owner_of,
        out=out,
        edge=edge,
        source=source,
        prob=prob,
        target=target,
        arrivals=arrivals,
        arriving=arriving,
        arrival=np.append(arrival, len(arrivals)),
        weight=weight,
        rise=rise.take(seen),
        risen=risen.take(seen),
        gain=gain.take(seen),
    )


def ranges(starts: Indices, counts: Indices) -> Indices:
    """The numbers from each start on, as many as its count says, end to end.

    >>> ranges(np.array([3, 7]), np.array([2, 3])).tolist()
    [3, 4, 7, 8, 9]
    """
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - ends + counts, counts)


def begins(owner: NDArray[Any], n: int) -> Indices:
    """Where the places of each of 0 .. n - 1 begin, and the last one's end; `owner`, in order, tells whose they are.

    >>> begins(np.array([0, 0, 2]), 3).tolist()
    [0, 2, 2, 3]
    """
    begin = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(owner, minlength=n), out=begin[1:])
    return begin


def lengths(words: Ints) -> Indices:
    """How many words each row has (n, k; -1 pads); faster than to sum along so short an axis."""
    size = np.zeros(len(words), np.int64)
    for column in words.T:
        size += column >= 0
    return size


def runs(values: NDArray[Any]) -> tuple[Indices, Indices]:
    """Where each run of equal values begins, and how long it is.

    >>> [column.tolist() for column in runs(np.array([5, 5, 7, 5]))]
    [[0, 2, 3], [2, 1, 1]]
    """
    new = np.empty(len(values), np.bool_)
    new[:1] = True
    np.not_equal(values[1:], values[:-1], out=new[1:])
    begin = np.flatnonzero(new)
    count = np.empty(len(begin), np.int64)
    np.subtract(begin[1:], begin[:-1], out=count[:-1])
    count[-1:] = len(values) - begin[-1:]
    return begin, count


def ordered(keys: NDArray[Any]) -> tuple[NDArray[Any], Indices]:
    """The keys in ascending order, and where each was among them; of equal ones, the first comes first.

    Numbers below 2**63 that leave enough bits free are sorted with their places in these, which is many times as fast
    as to sort places.

    >>> [column.tolist() for column in ordered(np.array([7, 3, 7]))]
    [[3, 7, 7], [1, 0, 2]]
    """
    bits = len(keys).bit_length()
    if not len(keys) or int(keys.min()) < 0 or int(keys.max()).bit_length() + bits > 63:
        order = np.argsort(keys, kind="stable")
        return keys.take(order), order
    both = keys.astype(np.int64)
    both <<= bits
    both |= np.arange(len(keys))
    both.sort()
    order = both & ((1 << bits) - 1)
    both >>= bits
    return both, order


def numbered(keys: NDArray[Any]) -> tuple[NDArray[Any], Indices]:
    """The distinct keys in ascending order, and the number of each key among them.

    Many times as fast as `np.unique`, and loads no masked arrays (20 ms).

    >>> [column.tolist() for column in numbered(np.array([7, 3, 7]))]
    [[3, 7], [1, 0, 1]]
    """
    in_order, order = ordered(keys)
    begin, count = runs(in_order)
    number = np.empty(len(keys), np.int64)
    number[order] = np.arange(len(begin)).repeat(count)
    return in_order.take(begin), number


def covered(begin: Indices, end: Indices, n: int) -> Flags:
    """Which of the places 0 .. n - 1 lie in any of the stretches begin .. end - 1.

    >>> covered(np.array([1, 2]), np.array([3, 4]), 6).tolist()
    [False, True, True, True, False, False]
    """
    edges = np.bincount(begin, minlength=n + 1) - np.bincount(end, minlength=n + 1)
    return np.asarray(np.cumsum(edges[:n]) > 0)


def log_sum(log_p: NDArray[Any]) -> NDArray[Any]:
    """log of the sum of the probabilities in each row (n, k); faster than to reduce along so short an axis."""
    return np.asarray(reduce(np.logaddexp, log_p.T))


def _key(number: Indices, word: Ints) -> Indices:
    return np.asarray(number.astype(np.int64) << _WORD_BITS | word)
