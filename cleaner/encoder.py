"""Step 5d: a closer look at the words of a document that stands out.

A transformer encoder (Vaswani et al. 2017, arXiv:1706.03762; Devlin et al. 2018, arXiv:1810.04805) of six layers reads
stretches of some hundred words.  From what it makes of a word in its place, one head tells whether the word is a
substitute (Clark et al. 2020, "ELECTRA", arXiv:2003.10555), another ranks what it may stand for.  It began as MiniLM
(Wang et al. 2020, arXiv:2002.10957), which knows a thousand times the text that this project has, and was trained on
spun text by `cleaner.training.encoder`.  It reads 15 KB a second: too slow for every text, fast enough for those that
the discriminator suspects.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from cleaner.arrays import Archive
from cleaner.islands import Batch
from cleaner.segment import Tokens
from cleaner.wordpiece import WordPiece

WINDOW = 128  # pieces that are read together
OVERLAP = 32  # of them, how many the next window reads again
HEADS = 12
_EPSILON = 1e-12
_BLOCK = 2048  # readings whose vectors are in memory together

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Network(Archive):
    """The network as it is stored; of L layers and D numbers a piece.

    `vocabulary`: the pieces, deflated.  `pieces` (pieces, D), `position` (WINDOW, D), `start` (2, D): gain and bias of
    the first normalisation.  Of each layer `attend` (L, D, 3 D), `merge` (L, D, D), `widen` (L, D, 4 D), `narrow`
    (L, 4 D, D), each in int8 with a scale and a bias for each column, and `norms` (L, 4, D): gain and bias of both
    normalisations.  Heads: `told` (D, D) with `told_bias`, `telling` (D) with `constant` (1) for substitutes; `query`
    (D, D) and `reading` (D) for readings, `size` (1) multiplies their vectors.
    """

    SHIPPED: ClassVar[Path] = Path(__file__).parent / "models" / "en.encoder"

    vocabulary: NDArray[np.uint8]
    pieces: NDArray[np.int8]
    pieces_scale: Floats
    position: Floats
    start: Floats
    attend: NDArray[np.int8]
    attend_scale: Floats
    attend_bias: Floats
    merge: NDArray[np.int8]
    merge_scale: Floats
    merge_bias: Floats
    widen: NDArray[np.int8]
    widen_scale: Floats
    widen_bias: Floats
    narrow: NDArray[np.int8]
    narrow_scale: Floats
    narrow_bias: Floats
    norms: Floats
    told: Floats
    told_bias: Floats
    telling: Floats
    constant: Floats
    query: Floats
    reading: Floats
    size: Floats


class Encoder:
    """Reads batches."""

    def __init__(self, network: Network) -> None:
        self.network = w = network
        self._cut = WordPiece(zlib.decompress(w.vocabulary.tobytes()).decode("utf-8").split("\n"))
        self._layers = [
            (
                _Dense(w.attend[k], w.attend_scale[k], w.attend_bias[k]),
                _Dense(w.merge[k], w.merge_scale[k], w.merge_bias[k]),
                _Dense(w.widen[k], w.widen_scale[k], w.widen_bias[k]),
                _Dense(w.narrow[k], w.narrow_scale[k], w.narrow_bias[k]),
                w.norms[k],
            )
            for k in range(len(w.attend))
        ]

    def __call__(self, b: Batch) -> Floats:
        """What each token of a batch is in its place: (tokens, D).  Each document is read alone, so that it comes out
        the same whatever else is in the batch."""
        out = np.zeros((len(b.ids), self.network.pieces.shape[1]), np.float32)
        bounds = np.searchsorted(b.document, np.arange(int(b.document.max(initial=-1)) + 2))
        for low, high in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            if b.first[high] > b.first[low]:
                page = self.page(b.tokens[low:high])
                for window in range(page.windows):
                    page.read(window)
                out[b.first[low] : b.first[high]] = page.vectors
        return out

    def page(self, paragraphs: Sequence[Tokens]) -> Page:
        """One document, of which nothing is read yet."""
        words = [word for tokens in paragraphs for word in ("<s>", *tokens.norms)]
        pieces, first = self._cut(words)
        token = np.ones(len(words), bool)
        token[np.cumsum([0, *(len(tokens) + 1 for tokens in paragraphs[:-1])])] = False
        return Page(self, pieces, first[:-1][token])

    def strange(self, vectors: Floats) -> NDArray[np.float64]:
        """Log-odds, up to a constant, that each token is a substitute."""
        w = self.network
        return np.asarray(_gelu(vectors @ w.told + w.told_bias) @ w.telling + w.constant[0], float)

    def fit(self, vectors: Floats, owner: Ints, readings: Sequence[str]) -> NDArray[np.float64]:
        """How well each of `readings` would go in the place of token `owner`, whose vector is among `vectors`: a logit
        among the readings of one token, beside what is known of them from elsewhere."""
        w = self.network
        query = vectors @ w.query
        fit = np.empty(len(readings))
        for i in range(0, len(readings), _BLOCK):
            some = slice(i, i + _BLOCK)
            pieces, first = self._cut(readings[some])
            total = np.add.reduceat(w.pieces[pieces] * w.pieces_scale[pieces][:, None], first[:-1], axis=0)
            mean = total * (w.size[0] / np.diff(first)[:, None])
            fit[some] = np.einsum("ij,ij->i", mean, query[owner[some]]) + mean @ w.reading
        return fit

    def read(self, pieces: Ints) -> Floats:
        """What each of at most WINDOW pieces is among the others."""
        w, n = self.network, len(pieces)
        x: Floats = w.pieces[pieces] * w.pieces_scale[pieces][:, None]
        x = _normalized(x + w.position[:n], w.start)
        for attend, merge, widen, narrow, norms in self._layers:
            heads: Floats = attend(x).reshape(n, 3, HEADS, -1)
            query, key, value = heads.transpose(1, 2, 0, 3)
            weight = query @ key.transpose(0, 2, 1)
            weight *= np.float32(query.shape[2] ** -0.5)
            weight -= weight.max(axis=2, keepdims=True)
            np.exp(weight, out=weight)
            weight /= weight.sum(axis=2, keepdims=True)
            seen: Floats = (weight @ value).transpose(1, 0, 2).reshape(n, -1)
            x = _normalized(x + merge(seen), norms[:2])
            x = _normalized(x + narrow(_gelu(widen(x))), norms[2:])
        return x


class Page:
    """A document, its windows read one by one: `vectors` (tokens, D) of the tokens whose `window` has been read."""

    def __init__(self, encoder: Encoder, pieces: Ints, first: Ints) -> None:
        """`first` is the first of its `pieces` of each token."""
        self._encoder, self._pieces, self._first = encoder, pieces, first
        starts = windows(len(pieces))
        self._starts = [start for start, _ in starts]
        self.windows = len(starts)
        self.window: Ints = np.searchsorted([own.stop for _, own in starts], first, "right")
        self.vectors = np.zeros((len(first), encoder.network.pieces.shape[1]), np.float32)

    def read(self, window: int) -> None:
        """Read one of the windows."""
        start, own = self._starts[window], self.window == window
        read = self._encoder.read(self._pieces[start : start + WINDOW])
        self.vectors[own] = read[self._first[own] - start]


@cache
def shipped() -> Encoder:
    """The encoder that comes with the package."""
    return Encoder(Network.open())


def windows(pieces: int) -> list[tuple[int, slice]]:
    """Where windows over so many pieces begin, and what each of them is asked for: what lies nearest to its middle."""
    if pieces <= WINDOW:
        return [(0, slice(0, pieces))]
    starts = [*range(0, pieces - WINDOW, WINDOW - OVERLAP), pieces - WINDOW]
    cuts = [0, *((a + WINDOW + b) // 2 for a, b in pairwise(starts)), pieces]
    return [(start, slice(*cut)) for start, cut in zip(starts, pairwise(cuts), strict=True)]


class _Dense:
    """An affine map."""

    __slots__ = ("bias", "weight")

    def __init__(self, weight: NDArray[np.int8], scale: Floats, bias: Floats) -> None:
        self.weight, self.bias = weight * scale, bias

    def __call__(self, x: Floats) -> Floats:
        y = x @ self.weight
        y += self.bias
        return np.asarray(y)


def _gelu(x: Floats) -> Floats:
    """Hendrycks & Gimpel 2016, arXiv:1606.08415, by its tangent."""
    y = x * x
    y *= np.float32(0.044715)
    y += 1
    y *= x
    y *= np.float32(np.sqrt(2 / np.pi))
    np.tanh(y, out=y)
    y += 1
    y *= x
    y *= np.float32(0.5)
    return np.asarray(y)


def _normalized(x: Floats, gain_bias: Floats) -> Floats:
    x -= x.mean(axis=1, keepdims=True)
    x *= 1 / np.sqrt(np.einsum("ij,ij->i", x, x)[:, None] / x.shape[1] + np.float32(_EPSILON))
    x *= gain_bias[0]
    x += gain_bias[1]
    return x
