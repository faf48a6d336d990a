"""Step 6: from the best reading to findings, and from findings to the restored text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from cleaner.result import Finding
from cleaner.segment import Tokens, tokenize


class Edit(NamedTuple):
    """Tokens `start` .. `end` - 1 of a paragraph were once `text` (lexicon form)."""

    start: int
    end: int
    text: str


def trimmed(spun: Sequence[str], start: int, original: str) -> Edit:
    """The smallest edit that turns the tokens `spun` (from token `start`) into `original`.

    Words that both sides share at either end drop out; one word always remains on each side.

    >>> trimmed(("within", "the"), 5, "in the")
    Edit(start=5, end=6, text='in')
    """
    words = _words(original)
    head = 0
    while head < min(len(spun), len(words)) - 1 and spun[head] == words[head][0]:
        head += 1
    tail = 0
    while tail < min(len(spun), len(words)) - 1 - head and spun[-1 - tail] == words[-1 - tail][0]:
        tail += 1
    if head and (spun[head].startswith("'") or words[head][0].startswith("'")):
        head -= 1  # "it's" and "it is" are told apart as wholes
    kept = words[head : len(words) - tail]
    return Edit(start + head, start + len(spun) - tail, original[kept[0][1] : kept[-1][2]])


@lru_cache(maxsize=1 << 16)
def _words(phrase: str) -> tuple[tuple[str, int, int], ...]:
    tokens = tokenize(phrase)
    return tuple(zip(tokens.norms, tokens.starts, tokens.ends, strict=True))


def in_case_of(surface: str, replacement: str, *, opens_sentence: bool) -> str:
    """`replacement` with the capitals of `surface`; a name keeps a capital on each of its longer words.

    >>> in_case_of("Chilly Conflict", "cold war", opens_sentence=False)
    'Cold War'
    >>> in_case_of("In response to", "according to", opens_sentence=True)
    'According to'
    >>> in_case_of("NAVY", "military", opens_sentence=False)
    'MILITARY'
    """
    letters = [c for c in surface if c.isalpha()]
    if len(letters) > 1 and all(c.isupper() for c in letters) and not surface.isdigit():
        return replacement.upper()
    if not letters or not letters[0].isupper():
        return replacement
    words = surface.split()
    title = not opens_sentence and all(w[:1].isupper() for w in words if len(w) > 3)
    if title and (len(words) > 1 or len(replacement.split()) == 1):
        return re.sub(r"(?<![\w'’])\w(?=\w{3})|^\w", lambda m: m[0].upper(), replacement)
    return replacement[:1].upper() + replacement[1:]


def opens_sentence(tokens: Tokens, index: int) -> bool:
    """Whether a sentence begins at token `index`."""
    return index == 0 or tokens.kinds[index - 1] == "s" or tokens.norms[index - 1] == ":"


_VOWEL_SOUND = re.compile(r"(?!uni|use|usu|util|euro|one\b|once|u\.)[aeiou]|hono|hour|heir|honest|[fhlmnrsx]\.", re.IGNORECASE)


def article_for(article: str, word: str) -> str:
    """`article` ("a" or "an", any case) as it must read before `word`.

    >>> article_for("a", "extraordinary"), article_for("An", "military"), article_for("a", "hour")
    ('an', 'A', 'an')
    """
    right = "an" if _VOWEL_SOUND.match(word) else "a"
    return right.capitalize() if article[:1].isupper() else right


def apply(text: str, findings: Iterable[Finding]) -> str:
    """`text` with the replacements of the applied findings, which must be sorted and disjoint."""
    pieces, position = [], 0
    for f in findings:
        if f.applied and f.replacement is not None:
            pieces += [text[position : f.start], f.replacement]
            position = f.end
    return "".join(pieces) + text[position:]
