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
                | (?<=\d) [\d.,]*\s?(?:%|(?:{_UNITS})\b) )              # measures
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


def _token(part: str) -> re.Pattern[str]:
    """The pattern of a token; `part` is that of letters without a break."""
    letters = rf"{part}(?:['’](?!(?:s|ll|ve|re|d|m)\b){part})*"
    return re.compile(
        rf"""
    (?P<number>\d+(?:[.,:/–-]\d+)*(?:(?:st|nd|rd|th|s)?\b|(?!\w)))
  | (?P<word>
        (?:[A-Za-z]\.){{2,}}                                    # U.S.
      | (?:Mrs?|Ms|Dr|St|Gen|Sen|Rep|Gov|Lt|Col|Sgt|Capt|Prof|[JS]r|Inc|Ltd|Corp?|Co|No|vs|Jan|Feb|Aug
          |Sept|Oct|Nov|Dec)\.(?=\s)
      | {letters}(?:[-‐‑]{letters})*
      | (?<=[^\W_])['’](?:s|ll|ve|re|d|m)\b                     # clitics: it|'s, government|'s
    )
  | (?P<stop>[.!?…]+)
  | (?P<mark>[,;:]|--+|[–—])
    """,
        re.VERBOSE,
    )


@cache
def _compiled() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Patterns of tokens, of tokens with hidden characters, of all that is protected, and of amounts; compiled (8 ms)
    only where text is read closely."""
    flags = re.VERBOSE | re.IGNORECASE
    return (
        _token(r"[^\W_]+"),
        _token(rf"[^\W_]+(?:[{_HIDDEN}]+[^\W_]+)*"),
        re.compile(_PROTECTED, flags),
        re.compile(_AMOUNTS, flags),
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
    plain, with_hidden, *_ = _compiled()
    pattern = with_hidden if not text.isascii() and _HAS_HIDDEN.search(text, start, end) else plain
    piece = text[start:end]
    spans: list[tuple[int, int]] = []
    kind: list[str] = []
    for gap, shield in _shielded(text, start, end, piece):
        found = list(pattern.finditer(text, gap.start, gap.end))
        spans += [m.span() for m in found]
        kind += [_KINDS[m.lastindex] for m in found]  # type: ignore[index]
        if shield is not None:
            spans.append(shield)
            kind.append("p")
    if not spans:
        return Tokens((), "", (), (), ())
    starts, ends = zip(*spans, strict=True)
    kinds = "".join(kind)
    if piece.isascii():
        lower = piece.lower()
        norms = [lower[a - start : b - start] for a, b in zip(starts, ends, strict=True)]
    else:
        norms = [normalize(text[a:b]) for a, b in zip(starts, ends, strict=True)]
    if "p" in kinds:
        norms = ["<protected>" if kind == "p" else norm for norm, kind in zip(norms, kinds, strict=True)]
    joined = [a == b or text[b:a].isspace() for a, b in zip(starts, (start, *ends), strict=False)]
    return Tokens(tuple(norms), kinds, starts, ends, tuple(joined))


_KINDS = " nwsm"  # by the number of the pattern's group


def _shielded(text: str, start: int, end: int, piece: str) -> Iterator[tuple[Span, Span | None]]:
    """Cut text[start:end], which is `piece`, into stretches of prose, each with the protected span that follows it."""
    dot = _DOT.search(piece) is not None
    if _SIGN.search(piece) or "www." in piece or "()" in piece or (dot and _DOTTED.search(piece)):
        *_, everything, amounts = _compiled()
        more = (
            _SIGN_OF_MORE.search(piece) or any(sign in piece for sign in ("::", "()", "](")) or "www." in piece.lower()
        )
        pattern = everything if more or (dot and _DOTTED_WORD.search(piece)) else amounts
        for m in pattern.finditer(text, start, end):
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
