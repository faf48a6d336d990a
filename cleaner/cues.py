"""Step 0a: which lines of many texts may be page furniture, told from the screen's words.

Nearly all honest lines are told from their first and last word and from a few words inside, which are looked up
together with no Python per word.  Only lines with such a cue are held against the patterns of `cleaner.furniture`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cleaner.furniture import MAX_FURNITURE_LINE, Cue, opening_cues
from cleaner.screen import AND, Words, offsets, slots, words

_ROWS = 1 << 16
_OPENS, _INSIDE, _CLOSES, _CREDIT = 1, 2, 4, 8
# What those patterns need that do not tell how a line begins: see lexicons/en/furniture.tsv.
_WORDS_INSIDE = "advice caption inbox"
_WORDS_AT_THE_END = """
    afp france-presse alamy ap press bloomberg dpa epa flickr freepik getty images istock keystone nasa pa media pexels
    pixabay pti reuters shutterstock tass unsplash upi commons wikipedia xinhua comment comments reserved
"""
_CREDITS = "credit credits illustration illustrations image images photo photos photograph photographs picture pictures"
_HYPHEN = ord("-")
_COMPOUND = 16  # letters of a compound in which a hyphen is looked for: longer than any cue
_SIGN = re.compile("©")


@cache
def _flags() -> NDArray[np.uint8]:
    """For each row of hashed words, what a word in it may be a cue of."""
    flags = np.zeros(_ROWS, np.uint8)
    for flag, cues in (
        (_OPENS, " ".join(opening_cues())),
        (_INSIDE, _WORDS_INSIDE),
        (_CLOSES, _WORDS_AT_THE_END),
        (_CREDIT, _CREDITS),
    ):
        flags[slots(words([cues]).hashes, _ROWS)] |= np.uint8(flag)
    return flags


def cued(texts: Sequence[str], found: Words) -> list[list[Cue]]:
    """The lines of some texts, whose words are `found`, that may be furniture by what they say."""
    cues = [[Cue(m.start(), True) for m in _SIGN.finditer(text)] if not text.isascii() else [] for text in texts]
    if not len(found.start):
        return cues
    first = found.first
    last = np.r_[first[1:], len(found.start)] - 1
    opens, inside = _cued(found, first, last)
    short = found.end[last] - found.start[first] <= MAX_FURNITURE_LINE
    lines = np.flatnonzero((opens | inside) & short)
    text = found.text[first[lines]]
    offset = offsets(texts)
    columns = text, found.start[first[lines]] - offset[text], inside[lines]
    for t, place, holds in zip(*(column.tolist() for column in columns), strict=True):
        cues[t].append(Cue(place, holds))
    return cues


def _cued(
    found: Words, first: NDArray[np.int64], last: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which of the lines of the words `first` to `last` may begin with a cue, and which may hold one."""
    flag = _flags().take(slots(found.hashes, _ROWS))
    opens, inside = flag[first] & _OPENS != 0, flag[last] & _CLOSES != 0
    opens |= found.codes.take(np.maximum(found.start[first] - 1, 0)) == AND
    for outermost, cue in ((first, opens), (last, inside)):  # any part of a compound may be the cue
        at = found.start[outermost][:, None] + np.arange(_COMPOUND)
        here = at < found.end[outermost][:, None]
        cue |= ((found.codes.take(np.minimum(at, len(found.codes) - 1)) == _HYPHEN) & here).any(axis=1)
    within = np.flatnonzero(flag & (_INSIDE | _CREDIT))
    kept = (flag[within] & _INSIDE != 0) | (found.capital[within] & ~found.joined[within])
    inside[np.searchsorted(first, within[kept], "right") - 1] = True
    return opens, inside
