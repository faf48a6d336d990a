"""Step 1: paragraphs, sentences and tokens, with exact code-point offsets.

The same tokeniser cuts the text that the language model is trained on and the text that is cleaned, so
that both see the same words.  Quotation marks, brackets and other symbols are not tokens: the model
reads through them, and they are never touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import blake2b
from itertools import accumulate, compress, count
from typing import NamedTuple

# A longer line is cut at the end of a sentence (or, failing that, at white space), so that memory
# and time per paragraph stay bounded whatever the input.
MAX_PARAGRAPH = 4000

_UNITS = (
    r"km²|m²|km/h|kmh|mph|kph|km|kg|mg|µg|mcg|cm|mm|nm|ml|cl|kb|mb|gb|tb|khz|mhz|ghz|hz|kw|mw|gw|kwh|mwh|"
    r"lbs?|oz|ft|psi|fps|dpi|px|°c|°f|hp|cc|bn|tn|am|pm|a\.m\.|p\.m\."
)

# A paragraph without any of these signs has nothing to protect; one without any of the latter, nothing but amounts.
# Each is looked for on its own: `re` scans for one set of characters many times as fast as for one of several patterns.
_SIGN, _SIGN_OF_MORE = re.compile(r"[`<{&:/@#$€£¥%_\d]"), re.compile(r"[`<{&/@#_]")
_DOT, _DOTTED, _DOTTED_WORD = re.compile(r"\.\w\w"), re.compile(r"\w\.\w\w"), re.compile(r"\.[^\W\d_]{2}")

_AMOUNTS = rf"""
      [$€£¥\d](?: (?<=[$€£¥]) \s?\d[\d.,]*(?:\s?(?:bn|m|k|tn)\b)?     # money
                | (?<=\d)(?<!\d\d) [\d.,]*\s?(?=[%a-z°µ])(?:%|(?:{_UNITS})\b) )  # measures, tried at first digits only
    """

_PROTECTED = rf"""
      ```.*?```                                               # fenced code on one line
    | `[^`\n]+`                                               # inline code
    | </?[A-Za-z][^<>\n]{{0,500}}>  | <!--.*?-->              # markup
    | \{{\{{[^{{}}\n]*\}}\}}  | \$\{{[^{{}}\n]*\}}            # template fields
    | &(?:[A-Za-z]{{2,8}}|\#\d{{1,6}});                       # entities
    | \b(?:https?|ftp|file)://[^\s<>"”’)\]]+                  # links
    | \bwww\.[^\s<>"”’)\]]+
    | (?<=\]\()[^)\s]+(?=\))                                  # target of a Markdown link
    | [\w.+-]+@[\w-]+(?:\.[\w-]+)+                            # e-mail
    | (?<!\w)[@\#]\w+(?:[.-]\w+)*                             # handles and tags
    | \b\w[\w-]*(?:\.[\w-]+)*\.(?:com|org|net|edu|gov|info|io|co|uk|html?|php|py|js|json|csv|txt|pdf)\b(?:/\S*)?
    | \b\w+(?:_\w+|::\w+)+(?:\(\))?  | \b\w+\(\)               # identifiers of code
    | {_AMOUNTS}
"""

# Characters that are not seen, and part no word: soft hyphen, zero-width space, joiners, byte order mark.
_HIDDEN = "\u00ad\u200b-\u200d\u2060\ufeff"


# No plain word, which needs no other pattern, ends before one of these.
_GOES_ON = rf"[\w.'’‐‑{_HIDDEN}-]"
_NUMBER = r"\d+(?:[.,:/–-]\d+)*(?:(?:st|nd|rd|th|s)?\b|(?!\w))"
_CLITIC = r"(?<=[^\W_])['’](?:s|ll|ve|re|d|m)\b"  # it|'s, government|'s
_TITLES = (
    r"(?=[A-Zv])(?:Mrs?|Ms|Dr|St|Gen|Sen|Rep|Gov|Lt|Col|Sgt|Capt|Prof|[JS]r|Inc|Ltd|Corp?|Co|No|vs|Jan|Feb|Aug"
    r"|Sept|Oct|Nov|Dec)\.(?=\s)"
)


def _token(part: str) -> re.Pattern[str]:
    """The pattern of a token and the space that follows most of them, to split a text at; `part` is that of letters
    without a break."""
    letters = rf"{part}(?:['’](?!(?:s|ll|ve|re|d|m)\b){part})*"
    word = rf"(?:[A-Za-z]\.){{2,}}|{_TITLES}|{letters}(?:[-‐‑]{letters})*"  # U.S., Mr., war-weary
    return re.compile(rf"([A-Za-z]+(?!{_GOES_ON})|{_NUMBER}|{word}|{_CLITIC}|[.!?…]+|[,;:]|--+|[–—])( ?)")


class _Compiled(NamedTuple):
    """Patterns of tokens, of tokens with hidden characters, of all that is protected, of amounts, and of single kinds
    of tokens."""

    plain: re.Pattern[str]
    with_hidden: re.Pattern[str]
    protected: re.Pattern[str]
    amounts: re.Pattern[str]
    number: re.Pattern[str]
    clitic: re.Pattern[str]


@cache
def _compiled() -> _Compiled:
    """The patterns, compiled (8 ms) only where text is read closely."""
    flags = re.VERBOSE | re.IGNORECASE
    return _Compiled(
        _token(r"[^\W_]+"),
        _token(rf"[^\W_]+(?:[{_HIDDEN}]+[^\W_]+)*"),
        re.compile(_PROTECTED, flags),
        re.compile(_AMOUNTS, flags),
        re.compile(_NUMBER),
        re.compile(_CLITIC),
    )


_HAS_HIDDEN = re.compile(rf"[{_HIDDEN}]")

FOLD = str.maketrans(
    {"’": "'", "‐": "-", "‑": "-", "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl"}
    | {chr(0xFF21 + i + j): chr(0x41 + i + j) for i in (0, 32) for j in range(26)}
    | dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", "")
)
# Letters of other scripts that look like Latin ones; beside Latin letters they stand for them.
LOOKALIKES = str.maketrans(
    "АВЕЅІЈКМНОРСТУХаеѕіјкорсухһԁӏԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧαεικνορτυχϲϳ",
    "ABESIJKMHOPCTYXaesijkopcyxhdlqwABEZHIKMNOPTYXaeikvoptuxcj",
)
_LATIN = re.compile(r"[A-Za-z]")
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[A-Z0-9])")


class Span(NamedTuple):
    """A half-open range of code points."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one paragraph.

    `norms` are lower-cased with straight apostrophes: the forms that language model and lexicon know.
    `kinds` holds one letter a token: w(ord), n(umber), s(top: . ! ?), m(ark: , ; : dash), p(rotected).
    `joined[i]` says that only white space, or nothing, stands between token i-1 and token i.
    Offsets are code points of the whole text.
    """

    norms: tuple[str, ...]
    kinds: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    joined: tuple[bool, ...]

    def __len__(self) -> int:
        return len(self.norms)


def paragraphs(text: str) -> Iterator[Span]:
    """Yield the non-empty lines of `text`, trimmed, with over-long ones cut into bounded pieces."""
    end = 0
    for line in (line for stretch in stretches(text) for line in stretch.splitlines(keepends=True)):
        start, end = end, end + len(line)
        if len(line) > MAX_PARAGRAPH:
            length = len(line.splitlines()[0])
            yield from _pieces(text, start, start + length)
        elif inside := line.strip():
            if inside[0] != line[0]:
                start += len(line) - len(line.lstrip())
            yield Span(start, start + len(inside))


def stretches(text: str, size: int = 1 << 20) -> Iterator[str]:
    """`text` in stretches of about `size` characters, each up to a line feed, so that the lines of a long text need
    not all be held at once."""
    start = 0
    while start < len(text):
        end = text.find("\n", start + size) + 1 or len(text)
        yield text[start:end]
        start = end


def _pieces(text: str, start: int, end: int) -> Iterator[Span]:
    """A long line cut into bounded pieces."""
    while end - start > MAX_PARAGRAPH:
        cut = _cut(text, start, start + MAX_PARAGRAPH)
        if span := _trim(text, start, cut):
            yield span
        start = cut
    if span := _trim(text, start, end):
        yield span


def parts(text: str, size: int) -> Iterator[Span]:
    """Cut a long text into stretches of whole paragraphs of about `size` characters that cover it; most have one."""
    start = end = 0
    if len(text) > size:
        for paragraph in paragraphs(text):
            if paragraph.end - start > size and end > start:
                yield Span(start, end)
                start = end
            end = paragraph.end
    yield Span(start, len(text))


def _cut(text: str, start: int, limit: int) -> int:
    """The best place to cut text[start:limit]: after a sentence, else after white space, else at the limit."""
    ends = [m.end() for m in _SENTENCE_END.finditer(text, start + (limit - start) // 2, limit)]
    if ends:
        return ends[-1]
    for i in range(limit, start + (limit - start) // 2, -1):
        if text[i - 1].isspace():
            return i
    return limit


def _trim(text: str, start: int, end: int) -> Span | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end) if end > start else None


def tokenize(text: str, start: int = 0, end: int | None = None) -> Tokens:
    """Cut text[start:end] into tokens."""
    end = len(text) if end is None else end
    piece = text[start:end]
    hidden = not piece.isascii() and _HAS_HIDDEN.search(piece)
    pattern = _compiled().with_hidden if hidden else _compiled().plain
    forms: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    gaps: list[str] = []
    protected: list[int] = []
    for gap, shield in _shielded(text, start, end, piece):
        at = gap.start
        while clitic := _compiled().clitic.match(text, at, gap.end):  # of what is protected
            forms.append(clitic[0])
            starts.append(at)
            ends.append(at := clitic.end())
            gaps.append("")
        parts = pattern.split(text[at : gap.end])
        forms += parts[1::3]
        gaps += parts[:-1:3]
        places = list(accumulate(map(len, parts), initial=at))
        starts += places[1:-1:3]
        ends += places[2::3]
        if shield is not None:
            protected.append(len(forms))
            forms.append("$")
            starts.append(shield.start)
            ends.append(shield.end)
            gaps.append(parts[-1])
    if not forms:
        return Tokens((), "", (), (), ())
    norms = " ".join(forms).lower().split(" ")
    if not piece.isascii():
        norms = [norm if form.isascii() else normalize(form) for form, norm in zip(forms, norms, strict=True)]
    kinds = list("".join([form[0] for form in forms]).translate(_KINDS))
    for i in compress(count(), map("n".__eq__, kinds)):
        if not _compiled().number.fullmatch(forms[i]):  # 3D
            kinds[i] = "w"
    for i in protected:
        norms[i], kinds[i] = "<protected>", "p"
    joined = [not gap or gap.isspace() for gap in gaps]
    return Tokens(tuple(norms), "".join(kinds), tuple(starts), tuple(ends), tuple(joined))


class _Kinds(dict[int, str]):
    """The kind of a token by its first character; letters and digits are told when they are first met."""

    def __missing__(self, code: int) -> str:
        self[code] = kind = "n" if chr(code).isdecimal() else "w"
        return kind


_KINDS = _Kinds(dict.fromkeys(map(ord, ".!?…"), "s") | dict.fromkeys(map(ord, ",;:-–—"), "m"))


def _shielded(text: str, start: int, end: int, piece: str) -> Iterator[tuple[Span, Span | None]]:
    """Cut text[start:end], which is `piece`, into stretches of prose, each with the protected span that follows it."""
    dot = _DOT.search(piece) is not None
    if _SIGN.search(piece) or "www." in piece or "()" in piece or (dot and _DOTTED.search(piece)):
        more = (
            _SIGN_OF_MORE.search(piece) or any(sign in piece for sign in ("::", "()", "](")) or "www." in piece.lower()
        )
        everything = more or (dot and _DOTTED_WORD.search(piece))
        for m in (_compiled().protected if everything else _compiled().amounts).finditer(text, start, end):
            yield Span(start, m.start()), Span(*m.span())
            start = m.end()
    yield Span(start, end), None


def normalize(token: str) -> str:
    """The form under which a token is known to language model and lexicon.

    >>> normalize("It’s"), normalize("off\\u200bicers"), normalize("n\\u0430vy")  # a Cyrillic "a"
    ("it's", 'officers', 'navy')
    """
    if token.isascii():
        return token.lower()
    parts = token.translate(FOLD).split("-")  # the alpha of "α-helix" is one
    return "-".join(part.translate(LOOKALIKES) if _LATIN.search(part) else part for part in parts).lower()


def words(text: str) -> list[str]:
    """The norms of all tokens of `text`, for training."""
    return list(tokenize(text).norms)


@lru_cache(maxsize=1 << 18)
def word_hash(norm: str) -> int:
    """A stable unsigned 64-bit hash of a token, the key of every compiled table."""
    return int.from_bytes(blake2b(norm.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
