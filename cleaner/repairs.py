"""Step 0: damage that is no matter of language: broken encodings, brace residue, page furniture.

Each finding is independent of the model.  Doubled determiners ("a a lot") are not residue: in development
text 10 of 13 were one half of a swapped phrase ("a much"), which only the lattice can restore, and 3 the author's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from cleaner.resources import path
from cleaner.result import Finding

# Bounds on what is looked at in one piece, so that time stays linear whatever the input.
_MAX_PIECE = 4000
_MAX_FURNITURE_LINE = 600


def repairs(text: str, *, furniture: bool = False) -> list[Finding]:
    """Find encoding damage, brace residue and page furniture in `text`, sorted and disjoint.

    Every finding has `text[start:end] == finding.text` and is not yet `applied`.  Furniture is a whole line,
    taken with as much white space (see `_line_spans`) as makes its removal leave no empty line behind; its
    replacement is "".  Where furniture holds damage, the furniture is reported if it is to be removed
    (`furniture=True`), else the damage.  Applying all findings leaves none to be found, unless a line mixes the
    damage of several encodings.
    """
    damage = sorted([*_encoding(text), *_residue(text)], key=lambda f: f.start)
    damage = _disjoint(damage)
    lines = _furniture(text, damage)
    first, second = (lines, damage) if furniture else (damage, lines)
    return sorted([*first, *_outside(second, first)], key=lambda f: f.start)


def _disjoint(findings: Sequence[Finding]) -> list[Finding]:
    """Of overlapping findings, given by start, the first."""
    kept: list[Finding] = []
    for f in findings:
        if not kept or f.start >= kept[-1].end:
            kept.append(f)
    return kept


def _outside(findings: Sequence[Finding], taken: Sequence[Finding]) -> Iterator[Finding]:
    """Those findings that overlap none of `taken`; both sorted and disjoint."""
    i = 0
    for f in findings:
        while i < len(taken) and taken[i].end <= f.start:
            i += 1
        if i == len(taken) or taken[i].start >= f.end:
            yield f


# --- Encoding -------------------------------------------------------------------------------------------------

# Bytes 80-BF as Windows-1252 shows them: the tails of UTF-8 characters.
_TAIL = "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"

# What must be there for ftfy to be worth its import: a lead byte with its tail, in one of the encodings that it knows.
# The pattern begins with one set of characters, for which `re` scans fastest.
_MOJIBAKE = re.compile(
    rf"""[\x80-\x84\x86-\x9fÂ-ðăĂĐ√≈‚вВГРСβā]
    (?: (?<=[\x80-\x9f]) | (?<=[Â-ßĂĐ])[{_TAIL}] | (?<=[ÂÃ])[ ] | (?<=[à-ïă])[{_TAIL}]{{2}} | (?<=ð)[Ÿ\x9f]
    | (?<=[√≈])[^\s\w] | (?<=‚)Ä | (?<=[вВГРС])(?:Ђ|[^\s\w]) | (?<=[βā])€ )""",
    re.VERBOSE,
)

# Damage that ftfy cannot see or would misread, because a byte was lost or changed before the text came here:
# what was lost, how sure the cure is, and what else it could have been.
_LOST_BYTES: tuple[tuple[str, str, float, tuple[tuple[str, float], ...]], ...] = (
    (r"â€(?=[ \t.,;:!?)\]â]|$)", "”", 0.9, ()),  # U+201D, whose last byte Windows-1252 does not have
    (r'â€"', "—", 0.6, (("–", 0.3),)),  # a dash whose last byte became a straight quotation mark
    (r"(?<!â)\x80[\x93\x94\x98\x99\x9c\x9d\xa6]", "", 0.9, ()),  # lead byte lost: restored by `_lead`
    (r"(?<!â)\x80(?=[–—‘’“”…])", "", 0.9, ()),  # a stray middle byte before the right character
    (r"(?<=n)(?:\ufffd|ï¿½)(?=t\b)", "’", 0.9, ()),  # an apostrophe that was replaced
    (r"(?:(?<=\bI)|(?<=\b[Ww]e)|(?<=ou)|(?<=hey))(?:\ufffd|ï¿½)(?=(?:m|re|ve|ll|d)\b)", "’", 0.9, ()),
    (r"(?<=[a-z]{3})(?:\ufffd|ï¿½)(?=s\b)", "’", 0.7, (("é", 0.2),)),
)
_LOST_SIGNS = ("â€", "\x80", "\ufffd", "ï¿½")
_LOST = re.compile("|".join(f"({pattern})" for pattern, *_ in _LOST_BYTES), re.MULTILINE)

# Honest signs that ftfy takes for letters: ångström and multiplication signs with an exponent.
_HONEST = re.compile(r"[Åå×][¹²³]")

# Characters that a repair may yield alone; others (a lone Hebrew point, say) must come at least two together.
_USUAL = re.compile(r"[\xa0-ÿŒœŠšŽžŸƒ\u0100-\u024f\u2010-\u203a€™−→≤≥≠≈∞\u2600-\u27bf\U0001f000-\U0001faff\ufeff]")


def _encoding(text: str) -> Iterator[Finding]:
    """Stretches of `text` that were decoded with the wrong character set, each with its restored form."""
    if text.isascii() or not (any(sign in text for sign in _LOST_SIGNS) or _MOJIBAKE.search(text)):
        return
    for start, end in _pieces(text):
        at = start
        for m in _LOST.finditer(text, start, end):
            yield from _mojibake(text, at, m.start())
            _, cure, confidence, alternatives = _LOST_BYTES[(m.lastindex or 1) - 1]
            cure = _lead(m[0]) or cure
            yield Finding(m.start(), m.end(), m[0], "encoding", cure, confidence, alternatives, "encoding: lost byte")
            at = m.end()
        yield from _mojibake(text, at, end)


def _lead(damaged: str) -> str:
    """The character of U+20xx whose two last bytes are `damaged`, or "" if they are none."""
    return (b"\xe2" + damaged.encode("latin-1")).decode("utf-8") if re.fullmatch("[\x80-\xbf]{2}", damaged) else ""


_CUT = re.compile(r"(?<=[!-~]) (?=[!-~])")


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """The lines of `text`, long ones cut between words of ASCII."""
    for m in re.finditer(r"[^\r\n]+", text):
        start, end = m.span()
        while end - start > _MAX_PIECE:
            cut = _CUT.search(text, start + _MAX_PIECE // 2, start + _MAX_PIECE)
            yield start, (cut.end() if cut else start + _MAX_PIECE)
            start = cut.end() if cut else start + _MAX_PIECE
        yield start, end


def _mojibake(text: str, start: int, end: int) -> Iterator[Finding]:
    """The differences between text[start:end] and ftfy's reading of it that are surely repairs."""
    if not _MOJIBAKE.search(text, start, end):
        return
    import ftfy  # 80 ms: only now is it needed
    from ftfy.badness import badness

    old = text[start:end]
    new = ftfy.fix_encoding(old, replace_lossy_sequences=False)
    for a, b, cure in _differences(old, new) if new != old else ():
        if _plausible(old[a:b], cure):
            bad = badness(old[max(a - 1, 0) : b + 1])
            confidence = 0.9 if bad == 0 else 0.97 if bad == 1 else 0.99
            if cure == "€" and b - a == 1:  # a lone byte 80 is seldom the sign that Windows-1252 makes of it
                confidence = 0.4
            yield Finding(start + a, start + b, old[a:b], "encoding", cure, confidence, (), "encoding: ftfy")


def _plausible(old: str, new: str) -> bool:
    """Whether `new` is a fair reading of `old`: no control characters, nothing exotic out of two characters."""
    if (
        _HONEST.search(old)
        or old == "\x85"
        or any(unicodedata.category(c) in ("Cc", "Zl", "Zp", "Co", "Cn", "Cs") for c in new)
    ):
        return False
    return "\ufffd" not in new and (len(new) > 1 or bool(_USUAL.fullmatch(new)))


def _differences(old: str, new: str) -> Iterator[tuple[int, int, str]]:
    """The smallest stretches old[a:b] to be replaced to get `new`, aligned at the ASCII that both share."""
    for anchor in (re.compile(r"[\x00-\x7f]"), re.compile(r"[!-~]")):
        if anchor.findall(old) == anchor.findall(new):
            break
    else:
        anchor = re.compile(r"(?!)")
    at = 0
    for damaged, cure in zip(anchor.split(old), anchor.split(new), strict=True):
        if damaged != cure:
            head = _shared(damaged, cure)
            tail = _shared(damaged[head:][::-1], cure[head:][::-1])
            tail -= tail > 0 and head + tail == len(cure)  # rather "Â©" for "©" than "Â" for nothing
            yield at + head, at + len(damaged) - tail, cure[head : len(cure) - tail]
        at += len(damaged) + 1


def _shared(a: str, b: str) -> int:
    """The length of the longest common prefix."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


# --- Residue --------------------------------------------------------------------------------------------------

_OPTION = r"[A-Za-z]+(?:['’-][A-Za-z]+)*(?:[ ][A-Za-z]+(?:['’-][A-Za-z]+)*){0,5}"
_BRACES = re.compile(
    rf"""(?<![^\s("“‘'\[—–-])  \{{ (?P<options>{_OPTION}(?:\|{_OPTION}){{0,9}}) \}}  (?![\w{{}}(:=\[<\\^|/@-])""",
    re.VERBOSE,
)

# A line with any of these is code or markup, where braces have their own meaning.
_CODE = re.compile(
    r"""[`\\<>]|[=!]=|\s=\s|::|(?<!:)//|\$[{A-Za-z]|\w\((?:\)|f?["'])|[;{]\s*$|^\s*[@}]|\{[^A-Za-z]|[^A-Za-z]\}""", re.M
)

_ARTICLES = frozenset(("a", "an", "of", "the", "your"))


@cache
def _braced() -> tuple[dict[str, float], frozenset[str]]:
    """From lexicons/en/residue.tsv: residue seen in the output of spinners, with its confidence; honest fields."""
    known = {words: float(confidence) for words, confidence, _ in _rows("residue.tsv")}
    return known, _ARTICLES.union(words for words, confidence in known.items() if not confidence)


def _residue(text: str) -> Iterator[Finding]:
    """Braces that a spinner left around a choice: `{that a}`, or one that it never made: `{big|large}`."""
    if "{" not in text:
        return
    found = [m for m in _BRACES.finditer(text) if _in_prose(text, m.start(), m.end())]
    if not found:
        return
    known, fields = _braced()
    betrayed = any(known.get(m["options"].lower()) for m in found)
    for m in found:
        options = m["options"].split("|")
        first = options[0]
        if not first.endswith(" of") and fields.issuperset(re.findall(r"[a-z]+", m["options"].lower())):
            continue
        if len(options) > 1:
            confidence = 0.6
        else:
            # A lone word may be the field of a template, unless this text has shown what its braces are.
            confidence = 0.8 if " " in first and first[0].islower() else 0.4
            confidence = known.get(first.lower(), max(confidence, 0.9) if betrayed else confidence)
        others = tuple((o, round((1 - confidence) / (len(options) - 1), 3)) for o in options[1:])
        yield Finding(m.start(), m.end(), m[0], "residue", first, confidence, others, "residue: braces")


def _in_prose(text: str, start: int, end: int) -> bool:
    """Whether the line (at most 300 characters to each side) around text[start:end] reads as prose, not as code."""
    begin = max(text.rfind("\n", max(start - 300, 0), start) + 1, start - 300, 0)
    newline = text.find("\n", end, end + 300)
    line = text[begin:start] + " " + text[end : newline if newline >= 0 else end + 300]
    others = re.findall(r"(?<![\w{])[A-Za-z]{2,}(?![\w}])", line)
    return len(others) >= 4 and sum(w.islower() for w in others) * 2 > len(others) and not _CODE.search(line)


# --- Furniture ------------------------------------------------------------------------------------------------


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


def _rows(name: str) -> Iterator[list[str]]:
    """The rows of lexicons/en/`name`, split at tabs, without comments and heading."""
    lines = [line for line in path("en", name).read_text("utf-8").splitlines() if not line.startswith("#")]
    return (line.split("\t") for line in lines[1:])


@cache
def _cues() -> tuple[dict[str, list[_Row]], dict[str, list[_Row]]]:
    """The rows of furniture.tsv by the word that a line begins with, and by a string that it holds."""
    begins: dict[str, list[_Row]] = {}
    holds: dict[str, list[_Row]] = {}
    for why, cue, pattern, confidence, _ in _rows("furniture.tsv"):
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
    if first is None or len(line) > _MAX_FURNITURE_LINE:
        return None
    rows = _cues()[0].get(first[1].lower(), [])
    if holds:
        lower = line.lower()
        rows = rows + [row for cue, cued in holds.items() if cue in lower for row in cued]
    fitting = [row for row in rows if _compiled(row.pattern).fullmatch(line)]
    return max(fitting, key=lambda row: row.confidence, default=None)


def _furniture(text: str, damage: Sequence[Finding]) -> list[Finding]:
    """Whole lines of `text` that belong to the page and not to the article, judged as they read once repaired."""
    read = _repaired_lines(text, damage) if damage else [line.strip() for line in _LINES.findall(text)]
    lower = text.lower()
    holds = {cue: rows for cue, rows in _cues()[1].items() if cue in lower}
    why = {i: row for i, line in enumerate(read) if line and (row := _why(line, holds))}
    for i in _repeated_captions([i for i, line in enumerate(read) if line and i not in why], read):
        why[i] = _Row("repeated caption", "", 0.6)
    spans = _line_spans(text, set(why)) if why else {}
    return [
        Finding(start, end, text[start:end], "furniture", "", why[i].confidence, (), f"furniture: {why[i].why}")
        for i, (start, end) in spans.items()
    ]


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
