"""HTML: text nodes are rewritten in place and not a byte of the markup changes; or the article's text is extracted."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from html import escape, unescape
from html.parser import HTMLParser
from importlib import import_module

from cleaner.formats.base import PASSAGE_LENGTH, Options, Outcome, pieces
from cleaner.formats.passage import Builder, Passage
from cleaner.formats.problems import RecordError, needs
from cleaner.formats.text import TextRecord, WholeText

# fmt: off
# Elements within a line of text; all others part paragraphs.
_INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "data", "del", "dfn", "em", "font", "i", "ins",
    "label", "mark", "q", "rp", "rt", "ruby", "s", "small", "span", "strike", "strong", "sub", "sup", "time", "tt",
    "u", "wbr",
})
_SILENT = frozenset({
    "script", "style", "template", "noscript", "code", "pre", "kbd", "samp", "var", "textarea", "svg", "math",
    "object", "iframe", "head",
})
# fmt: on
_SPACE = re.compile(r"(?<![ \t])[ \t]*+[\r\n]\s*")
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
# What every encoding that a page can name itself in reads as ASCII; those that do not are no good guess (WHATWG
# decodes a page that claims UTF-16 as UTF-8), or would not give back the bytes that they were read from.
_PROBE = bytes(range(128)) + rb"\u0041\x41+AOk-~{<" + b"\x1b$B!!\x1b(B.xn--mnchen-3ya"


def _write(text: str) -> str:
    return escape(text, quote=False)


class _Reader(HTMLParser):
    """Collects (start, end, text) for all that is text; a break between two blocks is an empty range with a newline."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=False)
        self._source = source
        self._lines = [0, *(m.end() for m in re.finditer("\n", source))]
        self._silent: list[str] = []
        self.found: list[tuple[int, int, str]] = []
        self.feed(source)
        # A tag that is never closed is no text, and looking through it again from every "<" would take for ever.
        if not self.rawdata.startswith("<"):
            self.close()

    def _here(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT or dict(attrs).get("translate") == "no":
            self._silent.append(tag)
        self._break(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            while self._silent.pop() != tag:
                pass
        elif tag in ("body", "html"):
            self._silent.clear()
        self._break(tag)

    def _break(self, tag: str) -> None:
        # A title is the only text of a head.
        if tag == "title" and "head" in self._silent:
            self._silent.remove("head")
        if tag == "body":
            self._silent.clear()
        if tag not in _INLINE and self.found and self.found[-1][2] != "\n":
            here = self._here()
            self.found.append((here, here, "\n"))

    def handle_data(self, data: str) -> None:
        if not self._silent:
            here = self._here()
            self.found.append((here, here + len(data), data))

    def handle_entityref(self, name: str) -> None:
        self._reference("&" + name)

    def handle_charref(self, name: str) -> None:
        self._reference("&#" + name)

    def _reference(self, raw: str) -> None:
        if self._silent:
            return
        here = self._here()
        end = here + len(raw)
        end += self._source[end : end + 1] == ";"
        self.found.append((here, end, unescape(self._source[here:end])))


def passages(source: str) -> Iterator[Passage]:
    """The text nodes of a page, a block-level element to the paragraph.

    Line ends within an element are read as spaces.  Raises RecordError for what the parser cannot read.
    """
    try:
        found = _Reader(source).found
    except (AssertionError, ValueError) as error:
        raise RecordError(f"HTML that cannot be parsed ({error})") from None
    begin, chunk = 0, []
    for start, end, text in found:
        chunk.append((start, end, text))
        if text == "\n" and start == end and start - begin >= PASSAGE_LENGTH:
            yield _passage(source, begin, start, chunk)
            begin, chunk = start, []
    yield _passage(source, begin, len(source), chunk)


def _passage(source: str, begin: int, end: int, found: list[tuple[int, int, str]]) -> Passage:
    builder = Builder(source[begin:end])
    for start, stop, text in found:
        if start == stop:
            builder.between(text)
        elif source[start:stop] != text:
            builder.decoded(start - begin, stop - begin, text)
        else:
            at = start
            for m in _SPACE.finditer(text):
                builder.keep(at - begin, start + m.start() - begin)
                builder.decoded(start + m.start() - begin, start + m.end() - begin, " ")
                at = start + m.end()
            builder.keep(at - begin, stop - begin)
    return builder.passage(_write)


def charset(data: bytes, default: str) -> str:
    """The encoding that a page claims, if Python knows it and it can be true."""
    m = _CHARSET.search(data, 0, 4096)
    try:
        name = codecs.lookup(m[1].decode("ascii")).name if m else default
        return name if m is None or _PROBE.decode(name) == _PROBE.decode("ascii") else default
    except (LookupError, ValueError):
        return default


def article(page: str) -> str:
    """The article's text, without navigation, advertisements and comments.

    Through trafilatura (extra `extract`); raises MissingExtraError, and RecordError for a page without article.
    """
    with needs("extract", "articles extracted from HTML"):
        trafilatura = import_module("trafilatura")
    text: str | None = trafilatura.extract(page, include_comments=False, include_tables=False)
    if not text:
        raise RecordError("no article found in this page")
    return text + "\n"


class HtmlRecord(TextRecord):
    def passages(self) -> Iterator[Passage]:
        yield from passages(self.text)


class ArticleRecord(TextRecord):
    """The text of a page; its offsets are those of the extracted text."""

    def __init__(self, data: bytes, encoding: str) -> None:
        super().__init__(data, encoding)
        self._article = article(self.text)

    def passages(self) -> Iterator[Passage]:
        yield from (Passage(piece, piece) for piece in pieces(self._article))

    def render(self, outcome: Outcome | None) -> bytes:
        return (outcome.source if outcome and outcome.edits else self._article).encode("utf-8", "backslashreplace")


class Html(WholeText):
    """HTML and XHTML pages."""

    name = "html"

    def record(self, data: bytes, options: Options) -> TextRecord:
        encoding = charset(data, options.encoding) if options.encoding == "utf-8" else options.encoding
        return (ArticleRecord if options.extract else HtmlRecord)(data, encoding)

    def target(self, name: str, options: Options) -> str:
        return f"{name}.txt" if options.extract else name
