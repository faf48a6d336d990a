"""Step 6: from the best reading to findings, and from findings to the restored text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from cleaner.casing import shipped as shipped_casing
from cleaner.segment import Tokens, tokenize
from cleaner.spelling import Spelling


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
    head, tail, text = _trimmed(tuple(spun), original)
    return Edit(start + head, start + len(spun) - tail, text)


@lru_cache(maxsize=1 << 16)
def _trimmed(spun: tuple[str, ...], original: str) -> tuple[int, int, str]:
    """How many words `spun` and `original` share at their heads and tails, and what stands between them."""
    if len(spun) == 1:
        return 0, 0, original
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
    return head, tail, original[kept[0][1] : kept[-1][2]]


@lru_cache(maxsize=1 << 16)
def _words(phrase: str) -> tuple[tuple[str, int, int], ...]:
    tokens = tokenize(phrase)
    return tuple(zip(tokens.norms, tokens.starts, tokens.ends, strict=True))


# Words that a name or a heading writes small, but for its first one.
_SMALL = re.compile(r"a|an|and|as|at|but|by|for|from|in|nor|of|on|or|per|the|to|via|vs|with")


def in_case_of(
    surface: str, replacement: str, *, opens_sentence: bool, before: str = "", after: str = "", loud: bool = False
) -> str:
    """`replacement` (lexicon form) with the capitals of `surface` and those that English always writes.

    `before` and `after` are the words beside it (lower case), which tell "us" from "the US"; `loud` says that they
    are written in capitals, as in a heading.  A name keeps a capital on each word but the small ones.

    >>> in_case_of("Chilly Conflict", "cold war", opens_sentence=False)
    'Cold War'
    >>> in_case_of("In response to", "according to", opens_sentence=True)
    'According to'
    >>> in_case_of("NAVY", "military", opens_sentence=False)
    'MILITARY'
    >>> in_case_of("the USA", "the united states", opens_sentence=False)
    'the United States'
    """
    plain = _plain(replacement, *_telling(replacement, before, after))
    if not opens_sentence and surface.islower():
        return plain
    parts = [w for w in surface.split() if any(map(str.isalpha, w))]
    letters = [c for c in surface if c.isalpha()]
    explained = _needs_capitals(surface, *_telling(surface, before, after))
    if len(letters) > 1 and all(map(str.isupper, letters)) and (loud or not explained):
        return plain.upper()
    if not parts or not parts[0][:1].isupper():
        # A number has no capital to keep, and a spinner's own small letters ("america") say nothing.
        first = opens_sentence and (explained or (not parts and surface[:1].isdigit()))
        return _capitalised(plain) if first else plain
    if explained and not opens_sentence and (plain != replacement or _words(surface)[0][0] == "i"):
        return plain  # "America" says nothing of "the US", nor "I" of "we"
    capitals = sum(part[0].isupper() for part in parts)
    if all(p[0].isupper() or _SMALL.fullmatch(p) for p in parts) and (capitals > 1 or not opens_sentence):
        return " ".join(w if i and _SMALL.fullmatch(w) else _capitalised(w) for i, w in enumerate(plain.split(" ")))
    return _capitalised(plain) if surface[:1].isalpha() else plain


def _telling(phrase: str, before: str, after: str) -> tuple[str, str]:
    """The words beside a phrase, or "" for those that do not bear on its capitals."""
    pairs, words = shipped_casing().pairs, _words(phrase) if before or after else ()
    if not words:
        return "", ""
    return before if (before, words[0][0]) in pairs else "", after if (words[-1][0], after) in pairs else ""


@lru_cache(maxsize=1 << 16)
def _plain(phrase: str, before: str, after: str) -> str:
    """`phrase` (lexicon form) with the capitals that English always writes."""
    words = _words(phrase)
    cased = shipped_casing()([norm for norm, *_ in words], before, after)
    plain = phrase
    for (norm, a, z), form in zip(words, cased, strict=True):
        if form != norm:
            plain = plain[:a] + form + plain[z:]  # casing never changes the length
    return plain


def _capitalised(word: str) -> str:
    return word[:1].upper() + word[1:]


@lru_cache(maxsize=1 << 12)
def _needs_capitals(surface: str, before: str, after: str) -> bool:
    """Whether English would write the first word of `surface` with a capital in any place."""
    norms = [norm for norm, *_ in _words(surface)]
    return bool(norms) and shipped_casing()(norms, before, after)[0] != norms[0]


_OPENING = frozenset("\"'“‘«([{")


def opens_sentence(tokens: Tokens, index: int, text: str = "") -> bool:
    """Whether a sentence, or a quotation in `text`, begins at token `index`."""
    return (
        index == 0
        or tokens.kinds[index - 1] == "s"
        or tokens.norms[index - 1] == ":"
        or (not tokens.joined[index] and text[tokens.starts[index] - 1 : tokens.starts[index]] in _OPENING)
    )


def is_loud(text: str, tokens: Tokens, start: int, end: int) -> bool:
    """Whether the words beside tokens `start` .. `end` - 1 are written in capitals."""
    beside = [text[tokens.starts[i] : tokens.ends[i]] for i in (start - 1, end) if 0 <= i < len(tokens)]
    words = [w for w in beside if len(w) > 1 and w.isalpha()]
    return bool(words) and all(map(str.isupper, words))


# Sounds, not letters, decide: "a union", "an unintended", "an hour", "an 80", "an 11th", "a 110th".
_CONSONANT = r"uni(?![nmd])|unanim|us[aeiu]|ut[aeio]|ubi|ur[aeiu]|ukr|ug[ae]|eu|ewe|one(?![ir])|once|u(?![a-z])"
_VOWEL_SOUND = re.compile(
    rf"(?!{_CONSONANT})[aeiouáâäåéêíîóôöúûü]|hono|hour|heir|honest|[fhlmnrsx](?=[.-])|8|1[18](?!\d(?!\d))",
    re.IGNORECASE,
)
_VOWEL_LETTERS = "AEFHILMNORSX"  # as their names sound: "an MP", "a UN"
# Acronyms that are read as words.
_SPOKEN = re.compile(r"FARC|FEMA|FIFA|HAMAS|LASER|MERS|NAFTA|NASA|NATO|NICE|NOAA|RADAR|RAM|ROM|SALT|SARS|SIM|SWAT")


def article_for(article: str, word: str) -> str:
    """`article` ("a" or "an", any case) as it must read before `word`.

    >>> article_for("a", "extraordinary"), article_for("An", "military"), article_for("a", "hour")
    ('an', 'A', 'an')
    >>> article_for("a", "MP"), article_for("an", "US"), article_for("an", "NATO"), article_for("a", "80-year-old")
    ('an', 'a', 'a', 'an')
    """
    loud = article.isupper() and len(article) > 1
    head = re.split(r"[\s-]", word, maxsplit=1)[0]
    if head.isupper() and head[0].isalpha() and len(head) <= 5 and not loud and not _SPOKEN.fullmatch(head):
        vowel = head[0] in _VOWEL_LETTERS
    else:
        vowel = _VOWEL_SOUND.match(word) is not None
    right = "an" if vowel else "a"
    return right.upper() if loud else right.capitalize() if article[:1].isupper() else right


@dataclass(frozen=True, slots=True)
class Conventions:
    """What a document (`text`) keeps to: its spelling, and whether its apostrophes are curly."""

    text: str
    curly: bool

    @classmethod
    def of(cls, text: str) -> Conventions:
        return cls(text, "’" in text and "'" not in text)

    @property
    def spelling(self) -> Spelling:
        """Few readings ask for it."""
        return _spelling(self.text)

    def render(self, phrase: str) -> str:
        """`phrase` (lexicon form) in the document's spelling."""
        return self.spelling.render(phrase)

    def apostrophes(self, phrase: str) -> str:
        """`phrase` with the document's apostrophes."""
        return phrase.replace("'", "’") if self.curly else phrase


@lru_cache(maxsize=1)
def _spelling(text: str) -> Spelling:
    return Spelling.of(text)
