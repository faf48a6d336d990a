"""Step 2: the channel P(spun | original) of each dialect, from tables that people read."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from cleaner.integrity import verified
from cleaner.segment import tokenize, word_hash
from cleaner.sieve import Sieve

MAX_WORDS = 6
COLUMNS = ("original", "spun", "count", "documents", "source")
SOURCES = ("observed", "written", "derived", "learned", "screener")


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One row: `original` became `spun` `count` times in `documents` articles; equal sides mean it was left alone."""

    original: str
    spun: str
    count: int
    documents: int
    source: str


class LexiconError(ValueError):
    """A table that cannot be used; the message names file and line."""


def read_entries(path: Path) -> Iterator[Entry]:
    """Yield the rows of a lexicon, checked; raises LexiconError naming file, line and mend."""
    for number, row in numbered_rows(path):
        try:
            yield entry_of(row)
        except ValueError as error:
            raise LexiconError(f"{path}:{number}: {error}") from None


def read_own(path: Path) -> Iterator[Entry]:
    """Yield the rows of a lexicon from outside, whose phrases are also checked to have 1 .. MAX_WORDS words.

    Raises LexiconError naming file, line and mend.
    """
    for number, entry in enumerate(read_entries(path), 2):
        for phrase in (entry.original, entry.spun):
            if not 1 <= (words := len(tokenize(phrase))) <= MAX_WORDS:
                raise LexiconError(f"{path}:{number}: {phrase!r} has {words} words; 1 to {MAX_WORDS} can be looked up")
        yield entry


def numbered_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each row below the header with its line; raises LexiconError."""
    data = path.read_bytes()
    try:
        lines = data.decode().removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise LexiconError(f"{path}:{line}: byte 0x{data[error.start]:02x} is not UTF-8; save the file so") from None
    header, *rows = (line.removesuffix("\r").split("\t") for line in lines)
    if tuple(header) != COLUMNS:
        raise LexiconError(f"{path}:1: the header must be {' '.join(COLUMNS)} (tab-separated), not {' '.join(header)}")
    yield from enumerate(rows, 2)


def entry_of(row: Sequence[str]) -> Entry:
    """A row as an entry; raises ValueError saying what is wrong with it."""
    if len(row) != len(COLUMNS):
        raise ValueError(f"expected {len(COLUMNS)} columns between tabs ({', '.join(COLUMNS)}), not {len(row)}")
    original, spun, count, documents, source = row
    if not original or not spun:
        raise ValueError("neither side may be empty")
    try:
        entry = Entry(original, spun, int(count), int(documents), source)
    except ValueError:
        raise ValueError(f"count and documents are whole numbers, not {count!r} and {documents!r}") from None
    if entry.count < 0 or entry.documents < 0 or source not in SOURCES:
        raise ValueError(f"counts must not be negative, and source one of {', '.join(SOURCES)}")
    return entry


def write_entries(path: Path, entries: Iterable[Entry]) -> None:
    """Write `entries`, sorted by original and spun form."""
    with path.open("w", encoding="utf-8", newline="") as lines:
        lines.write("\t".join(COLUMNS) + "\n")
        lines.writelines("\t".join(map(str, astuple(entry))) + "\n" for entry in sorted(entries))


def normalized(phrase: str) -> str:
    """The form of a phrase in a lexicon: lower-case tokens joined by single spaces, clitics attached."""
    return " ".join(tokenize(phrase).norms).replace(" '", "'")


# --- estimation -----------------------------------------------------------------------------------------------

# A spinner that knows a phrase hardly ever leaves it: 0.7% of the known phrases of the parallel news articles.
STAY = 0.007
_STAY_STRENGTH = 20.0  # phrases' worth of belief in STAY
_STAY_RANGE = (0.004, 0.999)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Entries that bear on a dialect: each pair counts as `weight` documents beside its own; a phrase known
    only through them is one that the spinner has in its table with probability `known`.  `reverse` reads the
    rows from right to left: synonym tables are often symmetric."""

    entries: Sequence[Entry]
    weight: float
    known: float
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class Dialect:
    """A spinner: what was observed of it, and further evidence."""

    name: str
    observed: Sequence[Entry]
    evidence: Sequence[Evidence] = ()


@dataclass(slots=True)
class _Original:
    swaps: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    swapped: int = 0
    stayed: int = 0
    known: float = 0.0

    def stay(self) -> float:
        """P(the phrase stays), from what was seen of it.

        A phrase seen swapped is known: a Beta posterior.  One never seen swapped may be unknown, in which case it
        always stays; Bayes' rule weighs the two with the times it was seen to stay.
        """
        if self.swapped:
            stay = (self.stayed + _STAY_STRENGTH * STAY) / (self.stayed + self.swapped + _STAY_STRENGTH)
        else:
            known = self.known * STAY**self.stayed
            stay = 1 - (1 - STAY) * known / (known + 1 - self.known)
        return min(max(stay, _STAY_RANGE[0]), _STAY_RANGE[1])


def estimate(dialect: Dialect) -> dict[str, tuple[float, dict[str, float]]]:
    """For each original phrase, P(it stays) and P(spun | original) of each of its swaps.

    Swaps share 1 - P(stay) in proportion to the number of documents that show them plus the weights of the
    evidence for them.
    """
    originals: defaultdict[str, _Original] = defaultdict(_Original)
    for entry in dialect.observed:
        original = originals[entry.original]
        if entry.original == entry.spun:
            original.stayed += entry.count
        else:
            original.swaps[entry.spun] += entry.documents
            original.swapped += entry.count
    for evidence in dialect.evidence:
        for entry in evidence.entries:
            if entry.original != entry.spun:
                here, there = (entry.spun, entry.original) if evidence.reverse else (entry.original, entry.spun)
                original = originals[here]
                original.swaps[there] += evidence.weight
                original.known = max(original.known, evidence.known)
    result = {}
    for phrase, o in originals.items():
        stay = o.stay()
        if o.swaps and stay < _STAY_RANGE[1]:
            total = sum(o.swaps.values())
            result[phrase] = stay, {s: (1 - stay) * n / total for s, n in o.swaps.items()}
    return result


# --- compiled form --------------------------------------------------------------------------------------------

Hashes = NDArray[np.uint64]
FOLD = np.uint64(0x9E3779B97F4A7C15)
SHIPPED = Path(__file__).parent / "models" / "en.channel"
SCIENCE = Path(__file__).parent / "models" / "en.science"
_TEXTS = ("dialects", "text", "vocabulary")
NEVER = -1e4  # log-probability of what a dialect never does


class Matches(NamedTuple):
    """Rows of a channel found in a stretch of tokens: row `row` spells the `size` tokens from `start`."""

    start: NDArray[np.int64]
    size: NDArray[np.int64]
    row: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Channel:
    """P(spun | original) of all dialects, compiled for look-up.

    Rows are sorted by `spun_key` (hash of the spun phrase); `original` (rows) numbers the original phrase and
    `log_swap` (rows, dialects) holds log P(spun | original).  For each original: `text`, `words` (its words as
    indices of `vocabulary`, padded with -1) and `log_stay` (originals, dialects).  `original_key` is sorted.
    `word_key` holds the hashes of the vocabulary.
    """

    dialects: tuple[str, ...]
    spun_key: Hashes
    original: NDArray[np.int32]
    log_swap: NDArray[np.float32]
    original_key: Hashes
    text: tuple[str, ...]
    vocabulary: tuple[str, ...]
    words: NDArray[np.int32]
    log_stay: NDArray[np.float32]
    word_key: Hashes

    def save(self, path: Path) -> None:
        """Write the channel as an uncompressed .npz archive; the same channel gives the same bytes."""
        arrays = {f.name: getattr(self, f.name) for f in fields(self)}
        for name in _TEXTS:
            arrays[name] = np.frombuffer("\n".join(arrays[name]).encode(), np.uint8)
        with path.open("wb") as file:
            np.savez(file, **arrays)

    @classmethod
    def open(cls, path: Path = SHIPPED) -> Channel:
        """Read a compiled channel (default: the one shipped); raises LexiconError if it is not one."""
        try:
            with np.load(verified(path)) as archive:
                arrays: dict[str, Any] = {f.name: archive[f.name] for f in fields(cls)}
        except (ValueError, KeyError, EOFError, BadZipFile) as error:
            raise LexiconError(f"{path} is not a compiled channel: {error}") from None
        for name in _TEXTS:
            arrays[name] = tuple(arrays[name].tobytes().decode().split("\n"))
        return cls(**arrays)

    def swaps(self, keys: Sequence[Hashes]) -> Matches:
        """All rows whose spun phrase stands among the tokens; `keys` as from `phrase_keys`."""
        starts, sizes, rows = [], [], []
        for size, key in enumerate(keys, 1):
            place, low = self._spun.find(key)
            count = self._alike.take(low)
            start = np.repeat(place, count)
            starts.append(start)
            sizes.append(np.full(len(start), size))
            rows.append(np.arange(len(start)) + np.repeat(low - np.cumsum(count) + count, count))
        return Matches(*map(np.concatenate, (starts, sizes, rows)))

    def known(self, keys: Sequence[Hashes]) -> Matches:
        """All originals that stand untouched among the tokens; `row` numbers the original."""
        starts, sizes, rows = [], [], []
        for size, key in enumerate(keys, 1):
            place, row = self._originals.find(key)
            starts.append(place)
            sizes.append(np.full(len(place), size))
            rows.append(row)
        return Matches(*map(np.concatenate, (starts, sizes, rows)))

    @cached_property
    def _alike(self) -> NDArray[np.int64]:
        """How many rows from each one on spell the same phrase as it does."""
        return self.spun_key.searchsorted(self.spun_key, "right") - np.arange(len(self.spun_key))

    @cached_property
    def _spun(self) -> Sieve:
        return Sieve.of(self.spun_key)

    @cached_property
    def _originals(self) -> Sieve:
        return Sieve.of(self.original_key)


def phrase_keys(hashes: Hashes, joined: NDArray[np.bool_], most: int = MAX_WORDS) -> list[Hashes]:
    """Keys of all phrases of 1 .. `most` tokens; keys[n - 1][i] stands for the n tokens from i.

    A phrase whose tokens are not `joined`, that begins with a token of hash 0, or that runs off the end, gets the
    key 0, which no row has.
    """
    keys = [hashes]
    whole = hashes != 0
    for n in range(1, most):
        longer = np.zeros_like(hashes)
        whole = whole.copy()
        whole[len(hashes) - n :] = False
        if n < len(hashes):
            whole[:-n] &= joined[n:]
            longer[:-n] = keys[-1][:-n] * FOLD + hashes[n:]
        keys.append(longer)
        longer[~whole] = 0
    return keys


def phrase_key(hashes: Sequence[int]) -> int:
    key = 0
    for h in hashes:
        key = (key * int(FOLD) + h) % 2**64
    return key


def compile_channel(dialects: Mapping[str, Mapping[str, tuple[float, Mapping[str, float]]]]) -> Channel:
    """Compile estimated dialects (see `estimate`) into one channel."""
    names = tuple(dialects)
    norms = {phrase: tokenize(phrase).norms for phrase in {p for d in dialects.values() for p in d}}
    key_of = {phrase: phrase_key([word_hash(w) for w in norms[phrase]]) for phrase in norms}
    originals = sorted(norms, key=key_of.__getitem__)
    number = {phrase: i for i, phrase in enumerate(originals)}
    vocabulary = sorted({w for phrase in norms.values() for w in phrase})
    index = {w: i for i, w in enumerate(vocabulary)}
    words = np.full((len(originals), MAX_WORDS), -1, np.int32)
    for i, phrase in enumerate(originals):
        words[i, : len(norms[phrase])] = [index[w] for w in norms[phrase]]
    log_stay = np.zeros((len(originals), len(names)), np.float32)
    swaps: dict[tuple[int, int], NDArray[np.float32]] = {}
    for d, name in enumerate(names):
        for phrase, (stay, spun) in dialects[name].items():
            log_stay[number[phrase], d] = np.log(stay)
            for s, p in spun.items():
                pair = phrase_key([word_hash(w) for w in tokenize(s).norms]), number[phrase]
                row = swaps.setdefault(pair, np.full(len(names), NEVER, np.float32))
                row[d] = np.log(p)
    pairs = sorted(swaps)
    return Channel(
        names,
        np.array([key for key, _ in pairs], np.uint64),
        np.array([o for _, o in pairs], np.int32),
        np.array([swaps[pair] for pair in pairs], np.float32).reshape(len(pairs), len(names)),
        np.array([key_of[p] for p in originals], np.uint64),
        tuple(originals),
        tuple(vocabulary),
        words,
        log_stay,
        np.array([word_hash(w) for w in vocabulary], np.uint64),
    )


def extended(channel: Channel, entries: Iterable[Entry]) -> Channel:
    """The channel with a user's own rows, which hold in every dialect, in place of its rows for the same pairs.

    A row without counts is taken at its word, as seen once.  Where a phrase was seen left alone n times and a times
    as what became of another, all rows that write it are weakened to (a + 1) / (a + n + 1), Laplace's estimate of how
    often it stands for another.
    """
    seen = [
        Entry(normalized(e.original), normalized(e.spun), max(e.count, 1), max(e.documents, 1), e.source)
        for e in entries
    ]
    own = compile_channel({"own": estimate(Dialect("own", seen))})
    repeat = np.ones((1, len(channel.dialects)), np.float32)

    at = np.minimum(np.searchsorted(channel.original_key, own.original_key), len(channel.text) - 1)
    new = np.flatnonzero(channel.original_key[at] != own.original_key)
    keys = np.r_[channel.original_key, own.original_key[new]]
    order = np.argsort(keys, kind="stable")
    place = np.empty(len(keys), np.int64)
    place[order] = np.arange(len(keys))
    number = at.copy()
    number[new] = len(channel.text) + np.arange(len(new))
    log_stay = np.concatenate([channel.log_stay, own.log_stay[new] * repeat])
    log_stay[number] = own.log_stay * repeat
    shifted = np.where(own.words >= 0, own.words + len(channel.vocabulary), -1)

    pairs = set(zip(own.spun_key.tolist(), number[own.original].tolist(), strict=True))
    rows = zip(channel.spun_key.tolist(), channel.original.tolist(), strict=True)
    kept = np.array([pair not in pairs for pair in rows], bool)
    spun_key = np.r_[channel.spun_key[kept], own.spun_key]
    original = place[np.r_[channel.original[kept], number[own.original]]]
    sorted_rows = np.lexsort((original, spun_key))
    texts = channel.text + tuple(own.text[i] for i in new)
    log_swap = np.concatenate([channel.log_swap[kept], own.log_swap * repeat])[sorted_rows]
    for key, factor in _doubts(seen).items():
        log_swap[spun_key[sorted_rows] == np.uint64(key)] += np.float32(np.log(factor))
    return Channel(
        channel.dialects,
        spun_key[sorted_rows],
        original[sorted_rows].astype(np.int32),
        log_swap,
        keys[order],
        tuple(texts[i] for i in order),
        channel.vocabulary + own.vocabulary,
        np.concatenate([channel.words, shifted[new]])[order].astype(np.int32),
        log_stay[order],
        np.r_[channel.word_key, own.word_key],
    )


def _doubts(seen: Iterable[Entry]) -> dict[int, float]:
    """For the key of each phrase seen left alone, the share of its sightings that stand for another phrase."""
    alone: Counter[str] = Counter()
    swapped: Counter[str] = Counter()
    for e in seen:
        (alone if e.original == e.spun else swapped)[e.spun] += e.count
    key_of = {phrase: phrase_key([word_hash(w) for w in tokenize(phrase).norms]) for phrase in alone}
    return {key_of[p]: (swapped[p] + 1) / (swapped[p] + n + 1) for p, n in alone.items()}
