"""Step 1b: which paragraphs may be the work of a known spinner, told from the bytes, before any lattice is built.

Every word and every pair of neighbouring words has a weight in each dialect, log P(it | spun) - log P(it | honest).
The tables are hashed (Weinberger et al. 2009, arXiv:0902.2206), so that no word is looked up by its letters and no
Python runs per word.  A paragraph's evidence is the sum of its weights; a text's is the highest sum over successive
paragraphs (the cumulative sum test of Page 1954, doi:10.1093/biomet/41.1-2.100).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cleaner.arrays import read_arrays, write_arrays
from cleaner.segment import FOLD, LOOKALIKES, MAX_PARAGRAPH, Span

MAGIC = b"CleanerSC2\n"
SHIPPED = Path(__file__).parent / "models" / "en.screen"

STEP = 1 / 16  # nats: the unit of the tables
HIGHEST = 63  # steps: two weights add up to a byte
# The evidence (nats) at which a text is worth reading closely; see docs/speed.md for what others would cost and lose.
ALARM = 8.0

Hashes = NDArray[np.uint64]

_ODD = np.uint64(0x9E3779B97F4A7C15)
_ODD2 = np.uint64(0xC2B2AE3D27D4EB4F)
# Classes of bytes that are not of words; those of words are letters themselves.
_BREAK, _JOIN, _LINE, PAGE, _MARK, _STOP, AND = range(7)
_PAD = 8  # a word is read by its first and its last 8 bytes, which may reach over its ends


class ScreenError(Exception):
    """The file is not a screen that this version can read."""


def _classes() -> bytes:
    """For each byte of Latin-1: the small letter, digit or hyphen that it is, or the class of what parts words."""
    table = bytearray(256)
    for code in range(256):
        character = chr(code)
        if character == "-" or character.isdecimal() or (character.isalpha() and character not in "ªºµ"):
            small = ord(character.lower())
            table[code] = small if small < 256 else code
    for character in " '":
        table[ord(character)] = _JOIN
    for character in "\n\r":
        table[ord(character)] = _LINE
    for character in "\v\f\x1c\x1d\x1e\x85":
        table[ord(character)] = PAGE
    for character in ",;:":
        table[ord(character)] = _MARK
    for character in ".!?":
        table[ord(character)] = _STOP
    table[ord("&")] = AND
    return bytes(table)


_CLASSES = _classes()
_CAPITAL = np.array([chr(code).isupper() for code in range(256)])
# Signs by which a text may hide its words from the screen, though the tokeniser reads through them.
_DISGUISE = re.compile(f"[{''.join(sorted(set(map(chr, FOLD | LOOKALIKES)) - set('’‐‑')))}]")
_FIRST = np.array([(1 << 8 * n) - 1 for n in range(9)], np.uint64)  # the first n bytes of eight
_LAST = ~_FIRST[::-1]  # the last n bytes


@dataclass(frozen=True, slots=True)
class Words:
    """The words of some texts, end to end.

    `start` and `end` are code points of the texts laid end to end with one character between them; `hashes` are
    those of the folded letters, and `ending` the last two of these (256 times the last, and the one before); `joined`
    tells words that only a space or an apostrophe parts from the word before; `text` numbers the text of each word;
    `mark` tells those that a mark follows (1: , ; : 2: . ! ?), `capital` those that begin with a capital, and `number`
    those that begin with a digit.  `first` are the words that begin a paragraph.  `codes` are the classes and folded
    letters of all characters.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    hashes: Hashes
    ending: NDArray[np.uint16]
    joined: NDArray[np.bool_]
    text: NDArray[np.int64]
    mark: NDArray[np.uint8]
    capital: NDArray[np.bool_]
    number: NDArray[np.bool_]
    first: NDArray[np.int64]
    codes: NDArray[np.uint8]


def words(texts: Sequence[str]) -> Words:
    """Cut texts into words: runs of Latin letters, digits and hyphens, whatever their case.

    Paragraphs are lines, long ones cut every `MAX_PARAGRAPH` characters.
    """
    raw = b"\n".join([text.replace("’", "'").encode("latin-1", "replace") for text in texts])
    # No letter of the padding is one of the text's: the class of a line's end is in neither.
    codes = np.frombuffer(bytes(_PAD) + raw.translate(_CLASSES) + bytes(_PAD), np.uint8)
    letter = codes > AND
    edge = np.flatnonzero(letter[1:] != letter[:-1])
    edge += 1
    start, end = edge[::2].copy(), edge[1::2].copy()
    eight = np.ndarray(len(codes) - 7, np.dtype("<u8"), codes, 0, (1,))  # the eight bytes from each place
    size = np.minimum(end - start, 8)
    hashes = eight.take(start)
    hashes &= _FIRST.take(size)
    number = hashes.astype(np.uint8) - np.uint8(ord("0")) < 10
    hashes *= _ODD
    tail = eight.take(end - 8)
    tail &= _LAST.take(size)
    ending = (tail >> np.uint64(48)).astype(np.uint16)
    tail *= _ODD2
    hashes ^= tail
    hashes ^= hashes >> np.uint64(29)
    hashes *= _ODD
    joined = np.zeros(len(start), np.bool_)
    np.equal(start[1:] - end[:-1], 1, out=joined[1:])
    after = codes.take(end)
    joined[1:] &= after[:-1] == _JOIN
    mark = after - np.uint8(_MARK - 1)
    mark *= mark <= 2
    start -= _PAD
    end -= _PAD
    capital = _CAPITAL.take(np.frombuffer(raw, np.uint8).take(start))
    lines = np.flatnonzero(codes - np.uint8(_LINE) < 2)
    lines += 1 - _PAD
    lines = np.append(0, lines)
    at = np.searchsorted(start, lines)
    counts = np.diff(at, append=len(start))
    first = at[counts > 0]
    if np.diff(lines, append=len(raw)).max() > MAX_PARAGRAPH:
        piece = (start - np.repeat(lines, counts)) // MAX_PARAGRAPH
        first = np.union1d(first, np.flatnonzero(np.diff(piece, prepend=0)))
        joined[first] = False
    text = np.repeat(np.arange(len(texts)), np.diff(np.searchsorted(start, offsets(texts))))
    return Words(start, end, hashes, ending, joined, text, mark, capital, number, first, codes[_PAD:-_PAD])


def offsets(texts: Sequence[str]) -> NDArray[np.int64]:
    """Where each of some texts begins among them, laid end to end with one character between them; and the end."""
    return np.cumsum([0, *(len(text) + 1 for text in texts)])


def pair_hashes(hashes: Hashes, joined: NDArray[np.bool_]) -> Hashes:
    """The hash of each word together with the one before it, or with nothing if they are not `joined`."""
    before = np.zeros_like(hashes)
    before[1:] = hashes[:-1]
    before *= joined
    return np.asarray(((before << np.uint64(21) | before >> np.uint64(43)) ^ hashes) * _ODD2)


def slots(hashes: Hashes, size: int) -> NDArray[np.int64]:
    """The rows of the hashes in a table of `size` rows, a power of two."""
    return (hashes >> np.uint64(65 - size.bit_length())).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Screen:
    """Weights in units of `STEP`, at most `HIGHEST`: of words (2^n, dialects) and of pairs of words (2^m, dialects)."""

    words: NDArray[np.int8]
    pairs: NDArray[np.int8]

    @classmethod
    def open(cls, path: Path | None = None) -> Screen:
        """Read the tables at `path` (default: those shipped with the package).

        Raises ScreenError if they are not whole tables of this version, OSError if they cannot be read.
        """
        return cls(*read_arrays(path or SHIPPED, MAGIC, len(fields(cls)), "a screen", ScreenError))

    def save(self, path: Path) -> None:
        write_arrays(path, MAGIC, (self.words, self.pairs))

    def evidence(self, found: Words) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The first word of each paragraph, and its evidence in each dialect (paragraphs, dialects; `STEP`s)."""
        rows = _rows(self.words, slots(found.hashes, len(self.words)))
        rows += _rows(self.pairs, slots(pair_hashes(found.hashes, found.joined), len(self.pairs)))
        return found.first, np.add.reduceat(rows, found.first, axis=0, dtype=np.int64)

    def suspects(self, texts: Sequence[str]) -> list[list[Span]]:
        """For each text, the paragraphs that look spun; none where the text as a whole does not.

        The spans are in order; each reaches from a paragraph's first word to its last.  A text that may hide what it
        says is suspected as a whole.
        """
        own = self._telling(texts, words(texts))
        return [[Span(0, len(text))] if disguised(text) else spans for text, spans in zip(texts, own, strict=True)]

    def alarmed(self, found: Words, texts: int) -> NDArray[np.bool_]:
        """Which of so many `texts`, whose words are `found`, look spun in some place."""
        alarmed = np.zeros(texts, np.bool_)
        if len(found.start):
            first, evidence = self.evidence(found)
            text = found.text[first]
            alarmed[text[(chain(evidence, text) >= round(ALARM / STEP)).any(axis=1)]] = True
        return alarmed

    def _telling(self, texts: Sequence[str], found: Words) -> list[list[Span]]:
        spans: list[list[Span]] = [[] for _ in texts]
        alarmed = self.alarmed(found, len(texts))
        if not alarmed.any():
            return spans
        first, evidence = self.evidence(found)
        text = found.text[first]
        last = np.r_[first[1:], len(found.start)] - 1
        offset = offsets(texts)
        for p in np.flatnonzero(alarmed[text] & (evidence > 0).any(axis=1)).tolist():
            begin = int(offset[text[p]])
            spans[text[p]].append(Span(int(found.start[first[p]]) - begin, int(found.end[last[p]]) - begin))
        return spans


def _rows(table: NDArray[np.int8], slot: NDArray[np.int64]) -> NDArray[np.int8]:
    """The rows of a table; short ones are taken as one number each."""
    if (width := table.shape[1]) not in (2, 4, 8):
        return table.take(slot, axis=0)
    taken = table.view(f"u{width}").ravel().take(slot)
    return np.asarray(taken.view(np.int8).reshape(-1, width))


def disguised(text: str) -> bool:
    """Whether a text may hide its words from the screen."""
    return not text.isascii() and _DISGUISE.search(text) is not None


def chain(evidence: NDArray[np.int64], text: NDArray[np.int64]) -> NDArray[np.int64]:
    """The highest sum of evidence over the paragraphs that end with each, within its text."""
    total = np.cumsum(evidence, axis=0)
    before = total - evidence
    # Each text starts below all that came before, so that no sum reaches back over its beginning.
    depth = text * (2 * int(np.abs(total).max()) + 1)
    low = np.minimum.accumulate(before - depth[:, None], axis=0) + depth[:, None]
    return np.asarray(total - low)


@cache
def shipped() -> Screen:
    """The screen that comes with the package."""
    return Screen.open()


def suspects(texts: Sequence[str]) -> list[list[Span]]:
    """For each text, the paragraphs that one of the shipped dialects may have written (see `Screen.suspects`)."""
    return shipped().suspects(texts)
