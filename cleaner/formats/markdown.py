"""Markdown: prose is cleaned, and code, link targets, raw HTML and front matter are not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from cleaner.formats.base import PASSAGE_LENGTH, Options
from cleaner.formats.passage import Builder, Passage
from cleaner.formats.text import TextRecord, WholeText

_FRONT_MATTER = re.compile(
    r"\A(?:---[ \t]*\r?\n.*?^(?:---|\.\.\.)|\+\+\+[ \t]*\r?\n.*?^\+\+\+)[ \t]*(?:\r?\n|\Z)", re.S | re.M
)
# What stands inside a line but is no prose.  Nothing is looked for beyond the next place where it could begin, so that
# time stays linear in the text.
_INLINE = re.compile(
    r"""
      (?<!`)(?P<ticks>`++)(?:(?!\n\s*\n).)+?(?<!`)(?P=ticks)(?!`)   # code
    | (?<=\])\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+"[^"\n]*")?\s*\)   # target of a link
    | (?<=\])\[[^\[\]\n]*\]                          # label of a link
    | \[\^[^\[\]\n]+\]                               # footnote
    | ^[ ]{0,3}\[[^\]\n]+\]:[^\n]*                      # definition of a label
    | <!--(?:(?!<!--).)*?--> | </?[A-Za-z][^<>]*> | <[a-z][a-z0-9+.-]*:[^<>\s]*>
    | \$\$(?:(?!\$\$).)+\$\$ | (?<![\w$])\$(?=\S)[^$\n]+(?<=\S)\$(?![\w$])
    | \{[%{][^{}]*[%}]\}                              # template fields
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
# The end of a line within a paragraph, with what makes the next line part of the same block.
_SOFT = re.compile(r"[ \t]?\r?\n[ \t]*(?:>[ \t]?)*")
_HARD = ("  ", "\\")  # a line that ends so is not joined to the next


class _Line(NamedTuple):
    start: int
    end: int  # line end included
    prose: bool
    continues: bool  # in the next line


def _lines(source: str) -> Iterator[_Line]:
    from markdown_it import MarkdownIt

    front = m.end() if (m := _FRONT_MATTER.match(source)) else 0
    body = source[front:]
    starts = [0, *(m.end() for m in re.finditer(r"\r\n|\n|\r", body))]
    if starts[-1] == len(body) > 0:
        starts.pop()
    prose, continues = [True] * (len(starts) + 1), [False] * (len(starts) + 1)
    for token in MarkdownIt("commonmark").enable("table").parse(body):
        if token.map is None:
            continue
        first, last = token.map
        if token.type in ("fence", "code_block", "html_block"):
            prose[first:last] = [False] * len(prose[first:last])
        elif token.type == "inline":
            continues[first : last - 1] = [True] * len(continues[first : last - 1])
    yield _Line(0, front, False, False)
    for i, (start, end) in enumerate(zip(starts, [*starts[1:], len(body)], strict=True)):
        yield _Line(front + start, front + end, prose[i], continues[i])


def passages(source: str) -> Iterator[Passage]:
    """The prose of a Markdown file; lines of one paragraph are read as one."""
    frozen = [m.span() for m in _INLINE.finditer(source)]
    begin, lines = 0, list(_lines(source))
    chunk: list[_Line] = []
    for line in lines:
        chunk.append(line)
        if line.end - begin >= PASSAGE_LENGTH and not line.continues:
            yield _passage(source, chunk, frozen)
            begin, chunk = line.end, []
    if chunk or not lines:
        yield _passage(source, chunk, frozen)


def _passage(source: str, lines: list[_Line], frozen: list[tuple[int, int]]) -> Passage:
    begin, end = (lines[0].start, lines[-1].end) if lines else (0, 0)
    builder = Builder(source[begin:end])
    spans = iter([(a - begin, b - begin) for a, b in frozen if a < end and b > begin])
    shield = next(spans, None)
    skip = 0  # a soft line end may reach into the next line

    def prose(a: int, b: int) -> None:
        nonlocal shield
        while a < b:
            while shield and shield[1] <= a:
                shield = next(spans, None)
            if shield is None or shield[0] >= b:
                builder.keep(a, b)
                return
            builder.keep(a, max(a, shield[0]))
            stop = min(b, shield[1])
            builder.keep(max(a, shield[0]), stop, frozen=True)
            a = stop

    for line in lines:
        a, b = max(line.start - begin, skip), line.end - begin
        if not line.prose:
            builder.between("\n")
            continue
        text = source[begin + a : begin + b]
        content = a + len(text.rstrip("\r\n"))
        soft = _SOFT.match(source, begin + content)
        if line.continues and soft and soft.end() <= end and not text.rstrip("\r\n").endswith(_HARD):
            prose(a, content)
            builder.decoded(content, soft.end() - begin, " ")
            skip = soft.end() - begin
        else:
            prose(a, b)
    return builder.passage()


class MarkdownRecord(TextRecord):
    def passages(self) -> Iterator[Passage]:
        yield from passages(self.text)


class Markdown(WholeText):
    """Markdown, as CommonMark with tables has it."""

    name = "markdown"

    def record(self, data: bytes, options: Options) -> TextRecord:
        return MarkdownRecord(data, options.encoding)
