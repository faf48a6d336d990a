"""Step 0: damage that is no matter of language: broken encodings, brace residue, page furniture.

Each finding is independent of the model.  Doubled determiners ("a a lot") are not residue: in development
text 10 of 13 were one half of a swapped phrase ("a much"), which only the lattice can restore, and 3 the author's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache

from cleaner.furniture import Cue, furniture_lines
from cleaner.resources import rows
from cleaner.result import Finding, splice

# Bounds what is looked at in one piece, so that time stays linear whatever the input.
_MAX_PIECE = 4000


def repairs(text: str, *, furniture: bool = False, cued: Sequence[Cue] | None = None) -> list[Finding]:
    """Find encoding damage, brace residue and page furniture in `text`, sorted and disjoint.

    Every finding has `text[start:end] == finding.text` and is not yet `applied`.  Furniture is a whole line,
    taken with as much white space (see `cleaner.furniture`) as makes its removal leave no empty line behind; its
    replacement is "".  Where furniture holds damage, the furniture is reported if it is to be removed
    (`furniture=True`), else the damage.  Applying all findings leaves none to be found, unless a line mixes the
    damage of several encodings.  `cued` holds a place in each line that may be furniture by what it says
    (`cleaner.cues`), in order, where that is known.
    """
    damage = sorted([*_encoding(text), *_residue(text)], key=lambda f: f.start)
    damage = _disjoint(damage)
    lines = furniture_lines(text, damage, cued)
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
_MOJIBAKE = rf"""[\x80-\x84\x86-\x9fÂ-ðăĂĐ√≈‚вВГРСβā]
    (?: (?<=[\x80-\x9f]) | (?<=[Â-ßĂĐ])[{_TAIL}] | (?<=[ÂÃ])[ ] | (?<=[à-ïă])[{_TAIL}]{{2}} | (?<=ð)[Ÿ\x9f]
    | (?<=[√≈])[^\s\w] | (?<=‚)Ä | (?<=[вВГРС])(?:Ђ|[^\s\w]) | (?<=[βā])€ )"""

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

# Honest signs that ftfy takes for letters: ångström and multiplication signs with an exponent; and the end of a word
# with the mark after it ("Spaß”", "CAFÉ”"), which would be a letter of N'Ko or of the phonetic alphabet.
_HONEST = re.compile(r"[Åå×][¹²³]")
_NO_CURE = re.compile(r"[\u0250-\u02af\u07c0-\u07ff]")

_EAST_ASIAN = {"HIRAGANA", "KATAKANA", "IDEOGRAPHIC", "FULLWIDTH", "HALFWIDTH"}  # scripts that stand beside "CJK"
# Characters that a repair may yield alone; others (a lone Hebrew point, say) must come at least two together.
_USUAL = re.compile(r"[\xa0-ÿŒœŠšŽžŸƒ\u0100-\u024f\u2010-\u203a€™−→≤≥≠≈∞\u2600-\u27bf\U0001f000-\U0001faff\ufeff]")


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What ftfy may know, and what it does not; compiled only where a text is not ASCII."""
    lost = "|".join(f"({pattern})" for pattern, *_ in _LOST_BYTES)
    return re.compile(_MOJIBAKE, re.VERBOSE), re.compile(lost, re.MULTILINE)


def _misread(text: str) -> bool:
    return not text.isascii() and (any(sign in text for sign in _LOST_SIGNS) or _patterns()[0].search(text) is not None)


def _encoding(text: str) -> Iterator[Finding]:
    """Stretches of `text` that were decoded with the wrong character set, each with its restored form."""
    if not _misread(text):
        return
    for start, end in _pieces(text):
        if not _misread(text[start:end]):
            continue
        at = start
        for m in _patterns()[1].finditer(text, start, end):
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
    if not _patterns()[0].search(text, start, end):
        return
    from ftfy.badness import badness  # 80 ms: only now is it needed

    old = text[start:end]
    for a, b, cure in _lasting(old):
        bad = badness(old[max(a - 1, 0) : b + 1])
        confidence = 0.9 if bad == 0 else 0.97 if bad == 1 else 0.99
        if cure == "€" and b - a == 1:  # a lone byte 80 is seldom the sign that Windows-1252 makes of it
            confidence = 0.4
        yield Finding(start + a, start + b, old[a:b], "encoding", cure, confidence, (), "encoding: ftfy")


def _lasting(old: str) -> list[tuple[int, int, str]]:
    """The repairs by ftfy of a stretch of text, if nothing is left to repair after them; else it guessed wrong.

    Then each run of other characters than ASCII is read by itself, and if even that does not last, nothing is.
    """
    for new in (_fixed(old), _NOT_ASCII.sub(lambda run: _fixed(run[0]), old)):
        found = _repairs(old, new)
        once = splice(old, found)
        if not found or not _patterns()[0].search(once) or not _repairs(once, _fixed(once)):
            return found
    return []


def _fixed(text: str) -> str:
    import ftfy

    return ftfy.fix_encoding(text, replace_lossy_sequences=False)


def _repairs(old: str, new: str) -> list[tuple[int, int, str]]:
    """The differences that are surely repairs."""
    return [(a, b, cure) for a, b, cure in _differences(old, new) if _plausible(old[a:b], cure)] if old != new else []


_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


def _plausible(old: str, new: str) -> bool:
    """Whether `new` is a fair reading of `old`: no control characters, nothing exotic out of two characters, no two
    scripts."""
    if (
        _HONEST.search(old)
        or _NO_CURE.search(new)
        or old == "\x85"
        or any(unicodedata.category(c) in ("Cc", "Zl", "Zp", "Co", "Cn", "Cs") for c in new)
    ):
        return False
    scripts = {
        unicodedata.name(c, "").partition(" ")[0] for c in new if c.isalpha() and not (_USUAL.match(c) or c.isascii())
    }
    return "\ufffd" not in new and (len(new) > 1 or bool(_USUAL.fullmatch(new))) and len(scripts - _EAST_ASIAN) < 2


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
    known = {words: float(confidence) for words, confidence, _ in rows("residue.tsv")}
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
