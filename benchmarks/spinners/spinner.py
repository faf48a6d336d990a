"""A spinner: swaps words and phrases for synonyms, and remembers what it did."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from benchmarks.spinners.dictionary import Dictionary, Use, inflected
from cleaner.segment import Tokens, paragraphs, tokenize
from cleaner.unseen import CLOSED_CLASS

FUNCTION_WORDS = frozenset(CLOSED_CLASS.split())


@dataclass(frozen=True, slots=True)
class Spun:
    """A spun text; `edits` are (start, end, original text) with offsets into `text`, in order."""

    text: str
    edits: tuple[tuple[int, int, str], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of the text, from `start` to `end`, that can be swapped: `form` in lower case and its readings."""

    start: int
    end: int
    form: str
    uses: tuple[Use, ...]


@dataclass(frozen=True)
class Spinner:
    """Swaps for synonyms of `dictionary`: phrases of up to `longest` words, longest first.

    `bare` is the share of inflected words replaced by an uninflected synonym; `wrong` the share whose part of speech
    is drawn at random where there are several (else the first that the dictionary has).  With `terms`, only words
    inside these multi-word terms are swapped.
    """

    name: str
    dictionary: Dictionary
    longest: int = 1
    bare: float = 0.0
    wrong: float = 0.0
    terms: frozenset[tuple[str, ...]] | None = None

    def spin(self, text: str, *, rate: float, seed: int, sticky: bool, names: bool = False) -> Spun:
        """Spin `text`.  `rate` (0..1) is the share of what the spinner knows that it swaps.  If `sticky`, it draws
        one table for the whole text: a phrase is always swapped for one form, or never.  Capitalised words inside a
        sentence are left unless `names`; links, code, measures and all protected text always are."""
        fresh = Random(f"{seed}")
        out: list[str] = []
        edits: list[tuple[int, int, str]] = []
        done = length = 0
        for place in self._places(text, names):
            choice = Random(f"{seed}|{place.form}") if sticky else fresh
            if choice.random() >= rate or (spun := self._choose(place, choice)) is None:
                continue
            original = text[place.start : place.end]
            spun = _cased(spun, original)
            out += (text[done : place.start], spun)
            start = length + place.start - done
            edits.append((start, start + len(spun), original))
            done, length = place.end, start + len(spun)
        return Spun("".join(out) + text[done:], tuple(edits))

    def _choose(self, place: Place, choice: Random) -> str | None:
        use = choice.choice(place.uses) if choice.random() < self.wrong else place.uses[0]
        spun = choice.choice(self.dictionary.synonyms[use.lemma, use.pos])
        tag = "" if choice.random() < self.bare else use.tag
        form = inflected(spun, use.pos, tag)
        return None if form == place.form else form

    def _places(self, text: str, names: bool) -> list[Place]:
        found = []
        for start, end in paragraphs(text):
            tokens = tokenize(text, start, end)
            free = self._free(text, tokens, names)
            i = 0
            while i < len(tokens):
                sizes = range(self.longest, 0, -1) if free[i] else ()
                place = next(filter(None, (self._place(tokens, free, i, size) for size in sizes)), None)
                if place is None:
                    i += 1
                    continue
                found.append(place)
                while i < len(tokens) and tokens.starts[i] < place.end:
                    i += 1
        return found

    def _place(self, tokens: Tokens, free: list[bool], i: int, size: int) -> Place | None:
        if i + size > len(tokens) or not all(free[i : i + size]) or not all(tokens.joined[i + 1 : i + size]):
            return None
        words = tokens.norms[i : i + size]
        if all(w in FUNCTION_WORDS for w in words):
            return None
        form = " ".join(words)
        uses = self.dictionary.uses(form)
        return Place(tokens.starts[i], tokens.ends[i + size - 1], form, tuple(uses)) if uses else None

    def _free(self, text: str, tokens: Tokens, names: bool) -> list[bool]:
        """Which tokens may be swapped."""
        free = []
        for i, kind in enumerate(tokens.kinds):
            opens = i == 0 or tokens.kinds[i - 1] == "s"
            capital = text[tokens.starts[i]].isupper()
            clitic = i + 1 < len(tokens) and tokens.norms[i + 1][0] == "'" and tokens.ends[i] == tokens.starts[i + 1]
            free.append(kind == "w" and tokens.norms[i][0] != "'" and not clitic and (names or opens or not capital))
        if self.terms is not None:
            inside = [False] * len(free)
            for size in range(2, 6):
                for i in range(len(free) - size + 1):
                    if tokens.norms[i : i + size] in self.terms and all(tokens.joined[i + 1 : i + size]):
                        inside[i : i + size] = [True] * size
            free = [a and b for a, b in zip(free, inside, strict=True)]
        return free


def _cased(spun: str, original: str) -> str:
    if len(original) > 1 and original.isupper():
        return spun.upper()
    return spun[0].upper() + spun[1:] if original[0].isupper() else spun
