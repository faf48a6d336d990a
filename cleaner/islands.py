"""Step 3: from tokens to the islands of a lattice: every reading that the channel allows.

An island is a stretch of tokens in which some token has more than one reading.  Between two islands stand at
least two unambiguous tokens, which make them independent under a trigram model.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, compress

import numpy as np
from numpy.typing import NDArray

from cleaner.language_model import START, LanguageModel, Scorer
from cleaner.lexicon import Channel, phrase_keys
from cleaner.network import Islands, Network, network, ranges
from cleaner.segment import Tokens, word_hash

# log P(word | its class): the language model knows a rare word as its class only, and there are many of each.
WITHIN_CLASS = np.array([-11.0, 0.0, -7.0, -10.0, 0.0])
MEMORY = 2  # words of context: the order of the language model less one
UNCHANGED = -1


def rarity(ids: NDArray[np.int32]) -> NDArray[np.float64]:
    """What log P(class) lacks to log P(word), for ids of the language model (-1 pads)."""
    return np.where((ids >= 0) & (ids < len(WITHIN_CLASS)), WITHIN_CLASS[np.clip(ids, 0, len(WITHIN_CLASS) - 1)], 0.0)


@dataclass(frozen=True, slots=True)
class Batch:
    """Tokens of many paragraphs, end to end.

    For each token: `ids` (language model), `hashes`, `joined` (to the token before it, in its paragraph),
    `paragraph` (number).  `document` numbers the document of each paragraph; `first` (paragraphs + 1) its tokens.
    """

    tokens: tuple[Tokens, ...]
    ids: NDArray[np.int32]
    hashes: NDArray[np.uint64]
    joined: NDArray[np.bool_]
    paragraph: NDArray[np.int64]
    document: NDArray[np.int64]
    first: NDArray[np.int64]

    def inside(self, documents: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which tokens stand in the chosen `documents` (a flag for each)."""
        return np.asarray(documents[self.document][self.paragraph])

    def only(self, documents: NDArray[np.bool_]) -> Batch:
        """The chosen `documents` (a flag for each), numbered anew."""
        paragraphs, tokens = documents[self.document], self.inside(documents)
        lengths = np.diff(self.first)[paragraphs]
        return Batch(
            tuple(compress(self.tokens, paragraphs.tolist())),
            self.ids[tokens],
            self.hashes[tokens],
            self.joined[tokens],
            np.repeat(np.arange(len(lengths)), lengths),
            (np.cumsum(documents) - 1)[self.document[paragraphs]],
            np.r_[0, np.cumsum(lengths)],
        )


def batch(
    paragraphs: Sequence[Tokens], document: Iterable[int], model: LanguageModel, shielded: NDArray[np.bool_]
) -> Batch:
    """Lay the tokens of `paragraphs` end to end; `document` numbers the document of each, and the tokens
    `shielded` match no phrase."""
    first = np.cumsum([0, *map(len, paragraphs)])
    norms = list(chain.from_iterable(tokens.norms for tokens in paragraphs))
    joined = np.fromiter(chain.from_iterable(tokens.joined for tokens in paragraphs), bool, len(norms))
    joined[first[:-1][np.diff(first) > 0]] = False
    # Each word is looked up once, however often it stands there.
    place = {norm: i for i, norm in enumerate(dict.fromkeys(norms))}
    distinct = np.fromiter(map(word_hash, place), np.uint64, len(place))
    which = np.fromiter(map(place.__getitem__, norms), np.int64, len(norms))
    hashes, ids = distinct.take(which), model.ids(list(place), distinct).take(which)
    hashes[shielded] = 0
    return Batch(
        tuple(paragraphs),
        ids,
        hashes,
        joined,
        np.repeat(np.arange(len(paragraphs)), np.diff(first)),
        np.array(list(document), np.int64),
        first,
    )


@dataclass(frozen=True, slots=True)
class Candidates:
    """What the channel says of a batch, before any score.

    Swaps: row `row` of the channel reads the `size` tokens from `start` as its original `source`.  Stays: original
    `original` of the channel stands untouched in the `stay_size` tokens from `stay_start`.
    """

    start: NDArray[np.int64]
    size: NDArray[np.int64]
    row: NDArray[np.int64]
    source: NDArray[np.int64]
    stay_start: NDArray[np.int64]
    stay_size: NDArray[np.int64]
    original: NDArray[np.int64]

    def only(self, tokens: NDArray[np.bool_]) -> tuple[Candidates, NDArray[np.bool_]]:
        """Those of the chosen `tokens` (a flag for each), which are numbered anew, and a flag for each swap kept."""
        place = np.cumsum(tokens) - 1
        kept, stays = tokens[self.start], tokens[self.stay_start]
        swaps = place[self.start[kept]], self.size[kept], self.row[kept], self.source[kept]
        return Candidates(*swaps, place[self.stay_start[stays]], self.stay_size[stays], self.original[stays]), kept


def candidates(b: Batch, channel: Channel) -> Candidates:
    """Look all phrases of the batch up."""
    keys = phrase_keys(b.hashes, b.joined)
    swaps = channel.swaps(keys)
    return Candidates(*swaps, channel.original.take(swaps.row).astype(np.int64), *channel.known(keys))


@dataclass(frozen=True, slots=True)
class Lattice:
    """The islands of a batch, ready to score.

    For each edge: `candidate` (number of the swap, or UNCHANGED), `token` (its first token in the batch).
    For each island: `begin`, `stop` (tokens of the batch), `paragraph`.  `honest`: log P of each of the islands'
    tokens, as they stand, by the language model.
    """

    islands: Islands
    network: Network
    candidate: NDArray[np.int64]
    token: NDArray[np.int64]
    begin: NDArray[np.int64]
    stop: NDArray[np.int64]
    paragraph: NDArray[np.int64]
    honest: NDArray[np.float32]

    def score(self, swap: NDArray[np.float64], unchanged: NDArray[np.float64]) -> NDArray[np.float64]:
        """The channel's log-probability of each edge, by that of each candidate and of each token left alone."""
        return np.where(self.candidate == UNCHANGED, unchanged[self.token], swap[self.candidate])


def lattice(b: Batch, c: Candidates, words: NDArray[np.int32], model: Scorer) -> Lattice:
    """Lay out the islands of a batch; `words` (candidates, k) holds the original words of each, padded with -1."""
    n = len(b.ids)
    cover = np.zeros(n + 1, np.int64)
    np.add.at(cover, c.start, 1)
    np.add.at(cover, c.start + c.size, -1)
    ambiguous = np.flatnonzero(np.cumsum(cover[:-1]) > 0)
    here = b.paragraph[ambiguous]
    gap = (np.diff(ambiguous) > MEMORY) | (np.diff(here) != 0)
    begin = ambiguous[np.r_[True, gap]] if len(ambiguous) else ambiguous
    stop = ambiguous[np.r_[gap, True]] + 1 if len(ambiguous) else ambiguous
    paragraph = b.paragraph[begin]
    stop = np.minimum(stop + MEMORY, b.first[paragraph + 1])

    padded = np.r_[np.full(MEMORY, START, np.int32), b.ids]
    context = np.stack([padded[begin + k] for k in range(MEMORY)], axis=1)
    for k in range(MEMORY):
        context[begin - b.first[paragraph] < MEMORY - k, k] = START

    # Node of a token: its place in the chain of islands, each with one node more than it has tokens.
    size = stop - begin
    first = np.r_[0, np.cumsum(size + 1)].astype(np.int32)
    token = ranges(begin, size)
    node = np.zeros(n + 1, np.int64)
    island = np.repeat(np.arange(len(begin)), size)
    node[token] = np.arange(len(token)) + island

    width = max(1, words.shape[1])
    unchanged = np.full((len(token), width), -1, np.int32)
    unchanged[:, 0] = b.ids[token]
    start = np.r_[node[token], node[c.start]]
    end = np.r_[node[token] + 1, node[c.start + c.size - 1] + 1]
    order = np.argsort(start, kind="stable")
    readings = np.concatenate([unchanged, words])[order]
    islands = Islands(first, context, start[order].astype(np.int32), end[order].astype(np.int32), readings)
    return Lattice(
        islands,
        network(islands, model),
        np.r_[np.full(len(token), UNCHANGED), np.arange(len(c.start))][order],
        np.r_[token, c.start][order],
        begin,
        stop,
        paragraph,
        log_prob(b, token, model),
    )


def log_prob(b: Batch, token: NDArray[np.int64], model: Scorer) -> NDArray[np.float32]:
    """log P(token | the two before it in its paragraph), for chosen tokens of a batch."""
    begin = b.first[b.paragraph[token]]
    back1 = np.where(token - 1 >= begin, b.ids[np.maximum(token - 1, 0)], np.int32(START))
    back2 = np.where(token - 2 >= begin, b.ids[np.maximum(token - 2, 0)], np.int32(START))
    return model.log_prob3(back2, back1, b.ids[token])
