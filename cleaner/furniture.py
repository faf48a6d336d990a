"""Step 0, continued: page furniture, whole lines that belong to the page and not to the article."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from itertools import accumulate, chain, pairwise, starmap
from operator import eq
from typing import NamedTuple

from cleaner.resources import rows
from cleaner.result import Finding, splice
from cleaner.segment import stretches

MAX_FURNITURE_LINE = 600  # characters, so that time stays linear whatever the input


class Cue(NamedTuple):
    """A `place` in a line that may be furniture, by how it begins or also by what it holds (`inside`)."""

    place: int
    inside: bool


class _Row(NamedTuple):
    """A row of lexicons/en/furniture.tsv; its pattern is compiled when a line first has its cue."""

    why: str
    pattern: str
    confidence: float


# What the patterns may use: a name in capitals, a "user/agency" pair, an agency, a social network.
_MACROS = {
    "{name}": r"(?-i:[@A-Z0-9(][\w.’'&@()/|-]*)"
    r"(?:,? (?:(?-i:[@A-Z0-9(][\w.’'&@()/|–-]*)|of|for|the|and|via|by|on|at|from|in|/|\||&|-|–|de|du|van|von|al)){0,9}",
    "{pair}": r"[\w.@-]{2,30} ?[/|] ?[\w.@-]{2,30}",
    "{agency}": r"(?:afp|agence france-presse|alamy|ap|associated press|bloomberg|dpa|epa|flickr|freepik|getty|"
    r"getty images|istock|keystone|nasa|pa|pa media|pexels|pixabay|pti|reuters|shutterstock|tass|unsplash|upi|"
    r"wikimedia commons|wikipedia|xinhua)",
    "{social}": r"(?:facebook|flipboard|google ?(?:\+|plus)|instagram|linkedin|pinterest|reddit|snapchat|social media|"
    r"telegram|threads|tiktok|twitter|whatsapp|x|youtube)",
}


@cache
def _cues() -> tuple[dict[str, list[_Row]], dict[str, list[_Row]]]:
    """The rows of furniture.tsv by the word that a line begins with, and by a string that it holds."""
    begins: dict[str, list[_Row]] = {}
    holds: dict[str, list[_Row]] = {}
    for why, cue, pattern, confidence, _ in rows("furniture.tsv"):
        for word in cue.removeprefix("~").split():
            index = holds if cue[0] == "~" else begins
            index.setdefault(word, []).append(_Row(why, pattern, float(confidence)))
    return begins, holds


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    for macro, meaning in _MACROS.items():
        pattern = pattern.replace(macro, meaning)
    return re.compile(rf"[^\w©@&]*(?:{pattern})\W*", re.IGNORECASE)


_FIRST_WORD = re.compile(r"[^\w©&]*([^\W_]+|©|&)")


def _why(line: str, holds: dict[str, list[_Row]]) -> _Row | None:
    """The surest row of furniture.tsv that a whole line matches; `holds` are the cues that its text holds."""
    first = _FIRST_WORD.match(line)
    if first is None or len(line) > MAX_FURNITURE_LINE:
        return None
    rows = _cues()[0].get(first[1].lower(), [])
    if holds:
        lower = line.lower()
        rows = rows + [row for cue, cued in holds.items() if cue in lower for row in cued]
    fitting = [row for row in rows if _compiled(row.pattern).fullmatch(line)]
    return max(fitting, key=lambda row: row.confidence, default=None)


def opening_cues() -> list[str]:
    """The words with which a line of furniture may begin."""
    return list(_cues()[0])


def furniture_lines(text: str, damage: Sequence[Finding], cued: Sequence[Cue] | None) -> list[Finding]:
    """Whole lines of `text` that belong to the page and not to the article, judged as they read once repaired."""
    whole = splice(text, ((f.start, f.end, _cure(f)) for f in damage)) if damage else text

    def read() -> Iterator[tuple[int, str]]:
        return enumerate(map(str.strip, _lines(whole)))

    if cued is None:
        holds = _held(whole)
        why = {i: row for i, line in read() if line and (row := _why(line, holds))}
    else:
        why = dict(_cued_lines(whole, _moved(cued, damage) if damage else cued))
    repeated = []
    # Hardly any text has two lines alike, and to compare them is quick.
    if why or any(starmap(eq, pairwise(line for _, line in read() if line))):
        repeated = list(_repeated_captions((i, line) for i, line in read() if line and i not in why))
    why |= dict.fromkeys(repeated, _Row("repeated caption", "", 0.6))
    return [
        Finding(start, end, text[start:end], "furniture", "", why[i].confidence, (), f"furniture: {why[i].why}")
        for i, (start, end) in (_line_spans(text, why) if why else {}).items()
    ]


def _held(text: str) -> dict[str, list[_Row]]:
    """The rows whose cue stands somewhere in a text."""
    found: set[str] = set()
    for stretch in stretches(text):
        lower = stretch.lower()
        found.update(cue for cue in _cues()[1] if cue in lower)
    return {cue: rows for cue, rows in _cues()[1].items() if cue in found}


def _lines(text: str) -> Iterator[str]:
    """The lines of `text`, without their endings."""
    if "\r" in text:
        return (m[1] for m in _LINES.finditer(text))
    return (line for stretch in stretches(text) for line in stretch.removesuffix("\n").split("\n"))


def _cued_lines(text: str, cued: Sequence[Cue]) -> Iterator[tuple[int, _Row]]:
    """The lines that have cues and are furniture, by their numbers."""
    inside: dict[int, bool] = {}
    for place, holds in cued:
        low = max(place - MAX_FURNITURE_LINE, 0)
        start = max(text.rfind("\n", low, place), text.rfind("\r", low, place)) + 1
        if start or not low:  # else the line is too long to be furniture
            inside[start] = inside.get(start, False) or holds
    number = at = 0
    for start in sorted(inside):
        line = _LINES.match(text, start)
        if line and (row := _why(line[1].strip(), _cues()[1] if inside[start] else {})):
            number += sum(text.count(end, at, start) for end in "\n\r") - text.count("\r\n", at, start)
            at = start
            yield number, row


_LINES = re.compile(r"([^\r\n]*)(?:\r\n|\r|\n|\Z)")


def _cure(f: Finding) -> str:
    return f.text if f.replacement is None else f.replacement


def _moved(cued: Iterable[Cue], damage: Sequence[Finding]) -> list[Cue]:
    """The cues of a text, and one for each line that has damage, where they are once it is repaired."""
    ends = [f.end for f in damage]
    shift = list(accumulate((len(_cure(f)) - len(f.text) for f in damage), initial=0))
    cues = chain(cued, (Cue(f.start, True) for f in damage))
    return [Cue(cue.place + shift[bisect_right(ends, cue.place)], cue.inside) for cue in cues]


def _repeated_captions(lines: Iterable[tuple[int, str]]) -> Iterator[int]:
    """Lines (with their numbers) of five words or more that say again what the line before said, among paragraphs of
    prose.

    Refrains of verse stand among short lines, and so are left alone.
    """
    before: str | None = None
    held: str | None = None
    again: list[int] = []
    for i, line in chain(lines, [(-1, None)]):
        if line == held:
            again.append(i)
            continue
        if again and held is not None:
            around = [neighbour for neighbour in (before, line) if neighbour is not None]
            caption = 5 <= len(held.split()) <= 60 and held[0].isupper() and held[-1] not in ",;:!?"
            if caption and around and all(len(neighbour) >= 100 for neighbour in around):
                yield from again
            again = []
        before, held = held, line


def _line_spans(text: str, chosen: Collection[int]) -> dict[int, tuple[int, int]]:
    """What to cut out for each chosen line so that no empty line is left where it stood.

    A line goes with its ending, and with the blank lines after it if blank lines stand before it too.  At the
    foot of the text it goes with what separates it from the text above instead, and leaves its own ending.
    """
    spans: dict[int, tuple[int, int]] = {}
    follows = False  # on a line that stays
    blank_before, last, end = True, -1, 0
    foot: dict[int, tuple[int, int]] = {}  # what the chosen lines since the last one that stays are, if none follows
    for i, m in enumerate(_LINES.finditer(text)):
        if not m[1].strip():
            continue
        if last in foot and blank_before:
            spans[last] = spans[last][0], m.start()
        blank_before |= 0 <= last < i - 1
        if i in chosen:
            spans[i] = m.span()
            foot[i] = end, m.end(1)
        else:
            foot.clear()
            blank_before, follows = False, True
        last, end = i, m.end(1)
    if follows:
        return spans | foot
    if last in foot and blank_before:
        spans[last] = spans[last][0], len(text)
    return spans
