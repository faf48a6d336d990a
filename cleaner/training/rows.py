"""Which pairs of phrases can be rows of a lexicon."""

from __future__ import annotations

import re

from cleaner.lexicon import MAX_WORDS, normalized
from cleaner.segment import tokenize

_PHRASE = re.compile(r"\w[\w'.-]*(?: \w[\w'.-]*)*")


def usable(original: str, spun: str) -> bool:
    """Whether a pair (in lexicon form) can be a row: two different phrases of words, of bounded size."""
    return original != spun and all(
        _PHRASE.fullmatch(p) and normalized(p) == p and len(tokenize(p)) <= MAX_WORDS for p in (original, spun)
    )
