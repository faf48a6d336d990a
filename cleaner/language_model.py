"""Step 2: how likely is a word after the two before it?

An interpolated Kneser-Ney trigram model in one memory-mapped file.  N-grams are not stored: each table is
a static function (Chazelle et al., "The Bloomier filter", 2004, laid out as in Graf & Lemire, "Binary fuse
filters", 2022) that maps a stored n-gram to its code, and almost every other one to "not here".  A look-up is
three reads whatever the answer, and thousands of n-grams go through each numpy operation together.

The file: the magic bytes, version and header length (two little-endian uint32), a JSON header, then arrays
at multiples of 64 bytes from the start of the file.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cleaner.integrity import verified
from cleaner.segment import word_hash
from cleaner.sieve import Rows

MAGIC = b"CleanerLM\n"
VERSION = 1
ALIGNMENT = 64
SHIPPED = Path(__file__).parent / "models" / "en.lm"

# Words that the model does not know fall into classes; the ids of all five are fixed.
SPECIAL = ("<unk>", "<s>", "<num>", "<hyphen>", "<protected>")
UNKNOWN, START, NUMBER, HYPHENATED, PROTECTED = range(len(SPECIAL))

CODE_BITS = 6  # of a bigram's gain and of its back-off weight, which share one code
_ID_BITS = 21  # ids are packed into one 64-bit key
_TOGETHER = 1 << 15  # keys that are looked up together: what they need stays in the processor's cache
_PREFIX = struct.Struct("<10sII")
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


Ids = NDArray[np.int32]
Words64 = NDArray[np.uint64]
Probs = NDArray[np.float32]


class LanguageModelError(Exception):
    """The file is not a language model that this version can read."""


def class_of(norm: str) -> int:
    """The id of the class of a word that is not in the vocabulary, decided from its form.

    >>> [SPECIAL[class_of(w)] for w in ("1,234th", "war-weary", "zyzzyva", "<protected>")]
    ['<num>', '<hyphen>', '<unk>', '<protected>']
    """
    if norm in SPECIAL:
        return SPECIAL.index(norm)
    if norm[:1].isdigit():
        return NUMBER
    return HYPHENATED if "-" in norm[1:-1] else UNKNOWN


def pack(*ids: Ids) -> Words64:
    """One 64-bit key for each n-gram; takes one id array for each position."""
    key = ids[0].astype(np.uint64)
    for word in ids[1:]:
        key <<= np.uint64(_ID_BITS)
        key |= word.astype(np.uint64)
    return key


@dataclass(frozen=True, slots=True)
class StaticFunction:
    """A map from 64-bit keys to codes that stores no keys.

    The exclusive or of the three items of `table` (unsigned integers) that a key points to is its fingerprint, which
    tells (but for one key in 2**fingerprint_bits) whether the key is stored at all, and its code.  The items lie in
    three neighbouring segments of the table, each `segment` (a power of 2) items long.
    """

    table: NDArray[Any]
    fingerprint_bits: int
    code_bits: int
    segment: int
    seed: int

    def locate(self, keys: Words64) -> tuple[tuple[NDArray[np.int64], ...], Words64]:
        """The three items that each key points to, and its fingerprint."""
        h = keys + np.uint64(self.seed)
        h *= _MIX[0]
        h ^= h >> np.uint64(32)
        h *= _MIX[1]
        h ^= h >> np.uint64(29)
        h *= _MIX[2]
        first = h >> np.uint64(32)
        first *= np.uint64(len(self.table) - 2 * self.segment)
        first >>= np.uint64(32)
        second = h >> np.uint64(18)
        second &= np.uint64(self.segment - 1)
        second ^= first + np.uint64(self.segment)
        third = h & np.uint64(self.segment - 1)
        third ^= first + np.uint64(2 * self.segment)
        h *= _MIX[0]
        h >>= np.uint64(64 - self.fingerprint_bits)
        return (first.view(np.int64), second.view(np.int64), third.view(np.int64)), h

    def __call__(self, keys: Words64) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """The code of each key and whether the key is stored; if it is not, the code means nothing."""
        found, known = np.empty(len(keys), self.table.dtype), np.empty(len(keys), np.bool_)
        for start in range(0, len(keys), _TOGETHER):
            some = slice(start, start + _TOGETHER)
            (first, second, third), fingerprint = self.locate(keys[some])
            code = self.table.take(first)
            code ^= self.table.take(second)
            code ^= self.table.take(third)
            np.equal(code >> self.table.dtype.type(self.code_bits), fingerprint, out=known[some])
            np.bitwise_and(code, self.table.dtype.type(2**self.code_bits - 1), out=found[some])
        return found, known


@dataclass(frozen=True, slots=True)
class Bigrams:
    """What a language model says of word pairs (a, b), elementwise.

    log P(c | a, b) is `weight` of (a, b) plus `prob` of (b, c), unless `opens` of (a, b) and `known` of (b, c), when
    there may be a trigram that says otherwise; `key` stands for (a, b) in that question.
    """

    prob: Probs
    known: NDArray[np.bool_]
    weight: Probs
    opens: NDArray[np.bool_]
    key: Words64

    def take(self, rows: NDArray[np.int64]) -> Bigrams:
        """Some of the pairs."""
        return Bigrams(
            self.prob.take(rows),
            self.known.take(rows),
            self.weight.take(rows),
            self.opens.take(rows),
            self.key.take(rows),
        )

    def put(self, rows: NDArray[np.int64], others: Bigrams) -> None:
        """Put `others` in the place of some pairs."""
        self.prob[rows], self.known[rows] = others.prob, others.known
        self.weight[rows], self.opens[rows], self.key[rows] = others.weight, others.opens, others.key


class Scorer(Protocol):
    """What the lattice asks of a language model; natural logarithms."""

    def bigrams(self, a: Ids, b: Ids) -> Bigrams:
        """What it says of the pairs (a, b)."""
        ...

    def trigrams(self, ab: Words64, c: Ids, lower: Probs) -> Probs:
        """log P(c | a, b), `lower` if there is no such trigram, and never less; `ab` are keys of `bigrams`."""
        ...

    def log_prob3(self, a: Ids, b: Ids, c: Ids) -> Probs:
        """log P(c | a, b)."""
        ...


def follow(model: Scorer, ab: Bigrams, bc: Bigrams, c: Ids) -> Probs:
    """log P(c | a, b), elementwise."""
    prob = bc.prob + ab.weight
    asked = np.flatnonzero(ab.opens & bc.known)
    prob[asked] = model.trigrams(ab.key.take(asked), c.take(asked), prob.take(asked))
    return prob


class LanguageModel:
    """P(word | two words before) over a fixed vocabulary, in natural logarithms.

    Ids 0 to 4 are `SPECIAL`: the classes of unknown words and the start of a paragraph; a class stands for all of
    its words together.  The probabilities of all ids but `<s>` sum to 1 after any context, up to quantisation.
    `hashes` (uint64, ascending) holds the `word_hash` of each id from 5 on.
    """

    order = 3

    def __init__(self, arrays: Mapping[str, NDArray[Any]], header: Mapping[str, Any]) -> None:
        self.header = header
        self.hashes = arrays["hashes"]
        self._words = arrays["words"]
        self._prob = arrays["prob_values"].take(arrays["probs"])
        self._left = arrays["left_values"].take(arrays["lefts"])
        self._context_values = arrays["context_values"]
        self._bigram_values = arrays["bigram_values"]
        self._trigram_values = arrays["trigram_values"]
        self._bigrams = StaticFunction(arrays["bigrams"], **header["bigrams"])
        self._trigrams = StaticFunction(arrays["trigrams"], **header["trigrams"])
        self._gains = StaticFunction(arrays["gains"], **header["gains"])

    @classmethod
    def open(cls, path: Path | None = None) -> LanguageModel:
        """Map the model at `path` (default: the one shipped with the package) into memory.

        Raises LanguageModelError if it is not a whole model file of this version, OSError if it cannot be read.
        """
        path = verified(SHIPPED if path is None else path)
        header, arrays = _map(path)
        return cls(arrays, header)

    @cached_property
    def words(self) -> list[str]:
        """The vocabulary by id."""
        return zlib.decompress(self._words.tobytes()).decode("utf-8").split("\n")

    @cached_property
    def _rows(self) -> Rows:
        return Rows.of(self.hashes)

    def ids(self, norms: Sequence[str], hashes: Words64 | None = None) -> Ids:
        """The ids of tokens as the tokeniser gives them; words that are not in the vocabulary get their class.

        `hashes` are the tokens' own (see `word_hash`), where they are at hand.
        """
        if hashes is None:
            hashes = np.fromiter(map(word_hash, norms), np.uint64, len(norms))
        place, row = self._rows.find(hashes)
        ids = np.full(len(hashes), -1, np.int32)
        ids[place] = row + len(SPECIAL)
        for i in np.flatnonzero(ids < 0).tolist():
            ids[i] = class_of(norms[i])
        return ids

    def unigram(self, ids: Ids) -> NDArray[np.float32]:
        """log P(word), without context."""
        return self._prob.take(ids)

    def log_prob(self, ngrams: NDArray[np.int32]) -> NDArray[np.float32]:
        """log P(last | the two before) for each row of `ngrams`, shape (n, 3), of ids.

        At the start of a paragraph fill up with id 1 (`<s>`).
        """
        return self.log_prob3(ngrams[:, 0], ngrams[:, 1], ngrams[:, 2])

    def log_prob3(self, a: Ids, b: Ids, c: Ids) -> NDArray[np.float32]:
        """log P(c | a b) for id arrays of one length."""
        return follow(self, self.bigrams(a, b), self.bigrams(b, c), c)

    def bigrams(self, a: Ids, b: Ids) -> Bigrams:
        """What the model says of the pairs (a, b) that needs no third word."""
        prob = self._prob.take(b)
        prob += self._left.take(a)
        key = pack(a, b)
        code, stored = self._bigrams(key)
        known = stored.copy()
        _raise(prob, self._bigram_values, code >> CODE_BITS, known)
        code &= 2**CODE_BITS - 1
        code *= stored
        # Both bigrams of a stored trigram are stored, the first with a back-off weight (code 0 is none).
        return Bigrams(prob, known, self._context_values.take(code), code > 0, key)

    def trigrams(self, ab: Words64, c: Ids, lower: NDArray[np.float32]) -> NDArray[np.float32]:
        """log P(c | a b) by the keys of the bigrams (a, b); `lower` is what it is if no trigram says otherwise."""
        keys = ab << np.uint64(_ID_BITS)
        keys |= c.astype(np.uint64)
        _, known = self._trigrams(keys)
        rows = np.flatnonzero(known)
        code, known = self._gains(keys.take(rows))
        longer = lower.take(rows)
        _raise(longer, self._trigram_values, code, known)
        prob = lower.copy()
        prob[rows] = longer
        return prob


def _raise(
    prob: NDArray[np.float32], values: NDArray[np.float32], code: NDArray[Any], known: NDArray[np.bool_]
) -> None:
    """Add to log probabilities what stored n-grams (where `known`) gain over their shorter contexts, in place.

    A sum above log 1 by more than the quantisation error comes from a fingerprint that fits by chance.
    """
    raised = values.take(code)
    raised += prob
    known &= raised <= (values[-1] - values[-2]) / 2
    np.minimum(raised, 0, out=raised)
    np.copyto(prob, raised, where=known)


def _map(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The header and the arrays of a model file."""
    with path.open("rb") as file:
        prefix = file.read(_PREFIX.size)
        magic, version, length = _PREFIX.unpack(prefix.ljust(_PREFIX.size, b"\0"))
        if magic != MAGIC:
            raise LanguageModelError(f"{path} is not a language model")
        if version != VERSION:
            raise LanguageModelError(f"{path} has format {version}; this version of cleaner reads format {VERSION}")
        text = file.read(length)
    try:
        header: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise LanguageModelError(f"{path} is cut short or damaged: its header cannot be read") from error
    if (size := path.stat().st_size) != header["size"]:
        raise LanguageModelError(f"{path} is cut short or damaged: {size:,} bytes, not {header['size']:,}")
    data = np.memmap(path, np.uint8, "r")
    arrays = {
        name: data[offset : offset + count * np.dtype(dtype).itemsize].view(dtype).view(np.ndarray)
        for name, (dtype, count, offset) in header["arrays"].items()
    }
    return header, arrays


def save(path: Path, arrays: Mapping[str, NDArray[Any]], header: Mapping[str, Any]) -> None:
    """Write a model file; the header gets the arrays' places and the size of the file."""
    layout: dict[str, list[Any]] = {name: [array.dtype.str, array.size, 0] for name, array in arrays.items()}
    full: dict[str, Any] = {**header, "arrays": layout, "size": 0}

    def aligned(offset: int) -> int:
        return -(-offset // ALIGNMENT) * ALIGNMENT

    # Offsets depend on the header's length; it is padded, so that filling them in does not change it.
    length = aligned(len(json.dumps(full)) + 16 * (len(layout) + 1) + _PREFIX.size) - _PREFIX.size
    end = _PREFIX.size + length
    for name, array in arrays.items():
        layout[name][2] = aligned(end)
        end = aligned(end) + array.nbytes
    full["size"] = end
    with path.open("wb") as file:
        file.write(_PREFIX.pack(MAGIC, VERSION, length))
        file.write(json.dumps(full).encode().ljust(length))
        for name, array in arrays.items():
            file.write(bytes(layout[name][2] - file.tell()))
            file.write(array.tobytes())
