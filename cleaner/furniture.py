"""Step 0, continued: page furniture, whole lines that belong to the page and not to the article."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from cleaner.resources import rows
from cleaner.result import Finding

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


class _Line(NamedTuple):
    start: int
    end: int  # without the line ending
    next: int  # with it
    blank: bool


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
    lines = _lines(text)
    read = _repaired_lines(text, damage) if damage else list(map(str.strip, lines))
    if cued is None:
        lower = text.lower()
        holds = {cue: rows for cue, rows in _cues()[1].items() if cue in lower}
        why = {i: row for i, line in enumerate(read) if line and (row := _why(line, holds))}
    else:
        inside = _numbers(text, lines, cued)
        why = {i: row for i in sorted(inside) if read[i] and (row := _why(read[i], _cues()[1] if inside[i] else {}))}
    for i in _repeated_captions([i for i, line in enumerate(read) if line and i not in why], read):
        why[i] = _Row("repeated caption", "", 0.6)
    spans = _line_spans(text, set(why)) if why else {}
    return [
        Finding(start, end, text[start:end], "furniture", "", why[i].confidence, (), f"furniture: {why[i].why}")
        for i, (start, end) in spans.items()
    ]


def _lines(text: str) -> list[str]:
    """The lines of `text`, without their endings."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if "\r" in text else text.split("\n")


def _numbers(text: str, lines: Sequence[str], cued: Sequence[Cue]) -> dict[int, bool]:
    """The numbers of the lines that have cues, and whether they may hold one inside."""
    numbers: dict[int, bool] = {}
    if cued:
        starts = (
            [m.start() for m in _LINES.finditer(text)]
            if "\r" in text
            else list(accumulate(lines, lambda at, line: at + len(line) + 1, initial=0))
        )
        for place, inside in cued:
            i = bisect_right(starts, place) - 1
            numbers[i] = numbers.get(i, False) or inside
    return numbers


_LINES = re.compile(r"([^\r\n]*)(?:\r\n|\r|\n|\Z)")


def _repaired_lines(text: str, damage: Sequence[Finding]) -> list[str]:
    """Each line, trimmed, with its damage repaired."""
    read, i = [], 0
    for m in _LINES.finditer(text):
        out, at = [], m.start()
        while i < len(damage) and damage[i].start < m.end(1):
            out += [text[at : damage[i].start], damage[i].text if (new := damage[i].replacement) is None else new]
            at = damage[i].end
            i += 1
        read.append("".join([*out, text[at : m.end(1)]]).strip())
    return read


def _repeated_captions(kept: Sequence[int], read: Sequence[str]) -> Iterator[int]:
    """Lines of five words or more that say again what the line before said, among paragraphs of prose.

    Refrains of verse stand among short lines, and so are left alone.
    """
    if not any(read[i] == read[j] for i, j in pairwise(kept)):
        return
    at = 0
    while at < len(kept):
        last = at
        while last + 1 < len(kept) and read[kept[last + 1]] == read[kept[at]]:
            last += 1
        if last > at:
            line = read[kept[at]]
            around = [read[kept[j]] for j in (at - 1, last + 1) if 0 <= j < len(kept)]
            caption = 5 <= len(line.split()) <= 60 and line[0].isupper() and line[-1] not in ",;:!?"
            if caption and around and all(len(neighbour) >= 100 for neighbour in around):
                yield from kept[at + 1 : last + 1]
        at = last + 1


def _line_spans(text: str, chosen: set[int]) -> dict[int, tuple[int, int]]:
    """What to cut out for each chosen line so that no empty line is left where it stood.

    A line goes with its ending, and with the blank lines after it if blank lines stand before it too.  At the
    foot of the text it goes with what separates it from the text above instead, and leaves its own ending.
    """
    lines = [_Line(m.start(), m.end(1), m.end(), not m[1].strip()) for m in _LINES.finditer(text)]
    content = [i for i, line in enumerate(lines) if not line.blank]
    foot = next((k + 1 for k in range(len(content) - 1, -1, -1) if content[k] not in chosen), 0)
    spans, blank_before = {}, True
    for k, i in enumerate(content):
        if k > 0 and content[k - 1] + 1 < i:
            blank_before = True
        if i not in chosen:
            blank_before = False
        elif k >= foot > 0:
            spans[i] = (lines[content[k - 1]].end, lines[i].end)
        else:
            follower = content[k + 1] if k + 1 < len(content) else len(lines)
            spans[i] = (lines[i].start, lines[follower - 1].next if blank_before else lines[i].next)
    return spans
