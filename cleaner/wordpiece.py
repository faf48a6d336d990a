"""Words as pieces of a fixed vocabulary, so that no word is unknown.

WordPiece (Schuster & Nakajima 2012; Wu et al. 2016, arXiv:1609.08144): the longest piece that begins a word, then the
longest that goes on with it, and so on.  The vocabulary is that of BERT, lower case without accents.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

UNKNOWN, SEPARATOR, MASK = "[UNK]", "[SEP]", "[MASK]"
MOST = 6  # pieces of a word
_PARTS = re.compile(r"[^\W_]+|[^\w\s]|_")

Indices = NDArray[np.int64]


class WordPiece:
    """Cuts words into pieces of a vocabulary."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self._number = {piece: number for number, piece in enumerate(vocabulary)}
        self.separator, self._unknown = self._number[SEPARATOR], self._number[UNKNOWN]
        self._pieces: dict[str, list[int]] = {"<s>": [self.separator], "<protected>": [self._number[MASK]]}

    def __call__(self, words: Iterable[str]) -> tuple[Indices, Indices]:
        """The pieces of all words, end to end, and where those of each word begin, with their number at the end."""
        pieces: list[int] = []
        first = [0]
        for word in words:
            pieces += self._of(word)
            first.append(len(pieces))
        return np.array(pieces, np.int64), np.array(first, np.int64)

    def _of(self, word: str) -> list[int]:
        if (known := self._pieces.get(word)) is None:
            bare = "".join(c for c in unicodedata.normalize("NFD", word.lower()) if unicodedata.category(c) != "Mn")
            cut = [piece for part in _PARTS.findall(bare) for piece in self._cut(part)]
            known = cut[:MOST] or [self._unknown]
            if len(self._pieces) < 1 << 17:
                self._pieces[word] = known
        return known

    def _cut(self, part: str) -> list[int]:
        pieces: list[int] = []
        start = 0
        while start < len(part):
            for end in range(len(part), start, -1):
                number = self._number.get(("##" if start else "") + part[start:end])
                if number is not None:
                    pieces.append(number)
                    start = end
                    break
            else:
                return [self._unknown]
        return pieces
