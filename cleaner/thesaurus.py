"""Step 2, for spinners never seen: P(spun | original) of any spinner that picks synonyms, from open thesauri.

One more column of the channel (`cleaner.lexicon.Channel`), but a thousand times its size, so it stays in the arrays
of its file: look-ups are vectorised and no text is decoded that nobody asks for.  Compiled by
`cleaner.training.thesaurus`.

The file holds the arrays of `Thesaurus` in the order of its fields, each as numpy's `save` writes it, after `MAGIC`.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cleaner.arrays import read_arrays, write_arrays
from cleaner.lexicon import Channel, Hashes, Matches, phrase_keys
from cleaner.segment import tokenize, word_hash
from cleaner.sieve import Rows

MAGIC = b"CleanerTH1\n"
SHIPPED = Path(__file__).parent / "models" / "en.thesaurus"

DIALECT = "thesaurus"  # what it is called in findings
MAX_ORIGINAL = 3  # words of an original
MAX_SPUN = 4
NO_WORD = 0xFFFF  # pads `words`
_STEP = 1 / 16  # nats


class ThesaurusError(Exception):
    """The file is not a thesaurus that this version can read."""


@dataclass(frozen=True, eq=False)
class Thesaurus:
    """P(spun | original, swapped), compiled for look-up by the spun phrase.

    `spun_key` (keys, sorted) holds the keys of the spun phrases as `phrase_keys` makes them; the rows of key k are
    first[k] .. first[k + 1] - 1, the most probable originals first (by P(spun | original) P(original)).  For each row:
    `original` numbers the original, `cost` is -log P(spun | original, swapped) in sixteenths of a nat.  For each
    original: its key in `original_key` (sorted), the number of its `synonyms`, and its `words` as indices of the
    vocabulary, padded with NO_WORD.  `word_key` holds the hashes of the vocabulary, `spelling` its words.
    """

    spun_key: Hashes
    first: NDArray[np.uint32]
    original: NDArray[np.uint16]
    cost: NDArray[np.uint8]
    original_key: Hashes
    synonyms: NDArray[np.uint16]
    words: NDArray[np.uint16]
    word_key: Hashes
    spelling: NDArray[np.uint8]

    @classmethod
    def open(cls, path: Path | None = None) -> Thesaurus:
        """Read the table at `path` (default: the one shipped with the package).

        Raises ThesaurusError if it is not a whole table of this version, OSError if it cannot be read.
        """
        return cls(*read_arrays(path or SHIPPED, MAGIC, len(fields(cls)), "a thesaurus", ThesaurusError))

    def swaps(self, keys: Sequence[Hashes], most: int | None = None) -> Matches:
        """All rows whose spun phrase stands among the tokens, or the `most` most probable ones of each phrase;
        `keys` as from `phrase_keys`."""
        starts, sizes, rows = [], [], []
        for size, key in enumerate(keys[:MAX_SPUN], 1):
            hit, row = self._spun.find(key)
            begin = self.first.take(row).astype(np.int64)
            count = self.first.take(row + 1) - begin
            if most is not None:
                count = np.minimum(count, most)
            start = np.repeat(hit, count)
            starts.append(start)
            sizes.append(np.full(len(start), size))
            rows.append(np.arange(len(start)) + np.repeat(begin - np.cumsum(count) + count, count))
        return Matches(*map(np.concatenate, (starts, sizes, rows)))

    @cached_property
    def _spun(self) -> Rows:
        return Rows.of(self.spun_key)

    @cached_property
    def _originals(self) -> Rows:
        return Rows.of(self.original_key)

    def log_swap(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """log P(spun | original, swapped) of each row."""
        return self.cost.take(rows) * np.float32(-_STEP)

    def known(self, keys: Sequence[Hashes]) -> Matches:
        """All originals that stand untouched among the tokens; `row` numbers the original."""
        starts, sizes, rows = [], [], []
        for size, key in enumerate(keys[:MAX_ORIGINAL], 1):
            hit, row = self._originals.find(key)
            starts.append(hit)
            sizes.append(np.full(len(hit), size))
            rows.append(row)
        return Matches(*map(np.concatenate, (starts, sizes, rows)))

    def channel(self, keys: Sequence[Hashes], rate: float, most: int) -> Channel:
        """The part of the thesaurus that bears on some tokens, as a channel of one dialect that swaps the share `rate`
        (0..1) of the words it knows; at most `most` readings of each phrase.  `keys` as from `phrase_keys`."""
        rows = _distinct(self.swaps(keys, most).row)
        numbers = self.original[rows].astype(np.int64)
        originals = _distinct(np.r_[numbers, self.known(keys).row])
        words = self.words[originals].astype(np.int64)
        used = _distinct(words[words != NO_WORD])
        spelt = np.where(words == NO_WORD, -1, np.searchsorted(used, words)).astype(np.int32)
        return Channel(
            (DIALECT,),
            self.spun_key[np.searchsorted(self.first, rows, "right") - 1],
            np.searchsorted(originals, numbers).astype(np.int32),
            (np.log(rate) + self.log_swap(rows))[:, None].astype(np.float32),
            self.original_key[originals],
            tuple(self.text(i) for i in originals.tolist()),
            tuple(self.vocabulary[i] for i in used.tolist()),
            spelt,
            np.full((len(originals), 1), np.log1p(-rate), np.float32),
            self.word_key[used],
        )

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """The words of all originals; `words` refers to them."""
        return tuple(zlib.decompress(self.spelling.tobytes()).decode("utf-8").split("\n"))

    def text(self, original: int) -> str:
        """The original phrase of that number, in lexicon form."""
        words = (self.vocabulary[i] for i in self.words[original].tolist() if i != NO_WORD)
        return " ".join(words).replace(" '", "'")

    def spun_forms(self, original: str) -> NDArray[np.int64]:
        """All rows of an original: what it may have become.  Reads the whole table; for people, not for the lattice."""
        at = np.flatnonzero(self.original_key == np.uint64(phrase_key(original)))
        return np.flatnonzero(self.original == at[0]) if len(at) else np.empty(0, np.int64)


def _distinct(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """The values in ascending order, each once; `np.unique` would load masked arrays for it (20 ms)."""
    values = np.sort(values)
    return np.asarray(values[np.diff(values, prepend=-1) != 0])


def phrase_key(phrase: str) -> int:
    """The key of a whole phrase, as `phrase_keys` makes it."""
    hashes = np.array([word_hash(norm) for norm in tokenize(phrase).norms], np.uint64)
    return int(phrase_keys(hashes, np.ones(len(hashes), np.bool_), len(hashes))[-1][0])


def save(path: Path, table: Mapping[str, Mapping[str, float]], prior: Callable[[str], float]) -> None:
    """Write P(spun | original, swapped) of each original, both in lexicon form; `prior` is log P(original)."""
    norms = {phrase: tokenize(phrase).norms for phrase in table}
    key_of = {phrase: phrase_key(phrase) for phrase in table}
    originals = sorted(table, key=key_of.__getitem__)
    vocabulary = sorted({w for words in norms.values() for w in words})
    if not 0 < max(len(originals), len(vocabulary)) < NO_WORD:
        raise ValueError(f"{len(originals)} originals of {len(vocabulary)} words: there must be some, and fit 16 bits")
    index = {w: i for i, w in enumerate(vocabulary)}
    words = np.full((len(originals), MAX_ORIGINAL), NO_WORD, np.uint16)
    for i, phrase in enumerate(originals):
        words[i, : len(norms[phrase])] = [index[w] for w in norms[phrase]]
    spun_keys = {spun: phrase_key(spun) for spun in {s for swaps in table.values() for s in swaps}}
    rows = []
    for i, phrase in enumerate(originals):
        chance = prior(phrase)
        rows += [(spun_keys[s], -np.log(p) - chance, i, -np.log(p)) for s, p in table[phrase].items()]
    rows.sort()
    spun_key, count = np.unique(np.array([r[0] for r in rows], np.uint64), return_counts=True)
    costs = np.array([r[3] for r in rows]) / _STEP
    packed = Thesaurus(
        spun_key,
        np.r_[0, np.cumsum(count)].astype(np.uint32),
        np.array([r[2] for r in rows], np.uint16),
        np.minimum(costs.round(), 255).astype(np.uint8),
        np.array([key_of[p] for p in originals], np.uint64),
        np.array([len(table[p]) for p in originals], np.uint16),
        words,
        np.array([word_hash(w) for w in vocabulary], np.uint64),
        np.frombuffer(zlib.compress("\n".join(vocabulary).encode("utf-8"), 9), np.uint8),
    )
    write_arrays(path, MAGIC, (getattr(packed, column.name) for column in fields(packed)))
