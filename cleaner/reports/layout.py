"""What all reports share: lines and columns, figures, bars, and text made safe to show."""

from __future__ import annotations

import os
import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from cleaner.result import Finding, Result
from cleaner.settings import Settings

# Control characters, line separators, direction overrides and lone surrogates: none may reach a terminal.
_UNSAFE = re.compile("[\0-\x08\n-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LINE_END = re.compile(r"\r\n|\n|\r")
_NAMED = {"\n": r"\n", "\r": r"\r"}
_BARS = "▁▂▃▄▅▆▇█"


class Fragment(NamedTuple):
    """A stretch of a line to print and the names of its style, for example "bold red"."""

    text: str
    style: str = ""


Line = tuple[Fragment, ...]


class Lines:
    """Lines and columns, both from 1, of the code points of a text."""

    def __init__(self, text: str) -> None:
        self._starts = array("q", chain((0,), (m.end() for m in _LINE_END.finditer(text))))
        self._length = len(text)

    def at(self, offset: int) -> tuple[int, int]:
        """The line and the column of a code point."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def start(self, offset: int) -> int:
        """Where the line of a code point starts."""
        return self._starts[self.at(offset)[0] - 1]

    def end(self, offset: int) -> int:
        """Where the line of a code point ends, its line end included."""
        line = self.at(offset)[0]
        return self._starts[line] if line < len(self._starts) else self._length


def counted(result: Result, settings: Settings) -> list[Finding]:
    """The findings that make `check` fail: those whose confidence reaches the threshold."""
    return [finding for finding in result.findings if finding.confidence >= settings.threshold]


def one_line(text: str) -> str:
    """`text` with line ends, control characters and direction overrides shown as escapes."""
    return _UNSAFE.sub(lambda m: _NAMED.get(m[0]) or m[0].encode("unicode_escape").decode("ascii"), text)


def excerpt(text: str, width: int = 100) -> str:
    """`text` on one line, with the middle of a long one left out."""
    if len(text) > width:
        text = f"{text[: width * 2 // 3]} … {text[-width // 3 :]}"
    return one_line(text)


def readings(finding: Finding) -> list[tuple[str, float]]:
    """The replacement and then the alternatives, on one line each, with their confidences."""
    chosen = "?" if finding.replacement is None else excerpt(finding.replacement) or "(nothing)"
    others = [(excerpt(text) or "(nothing)", p) for text, p in finding.alternatives]
    return [(chosen, finding.confidence), *others]


def readable_path(path: str) -> str:
    """A path as printable text, whatever bytes it is made of."""
    return one_line(os.fsencode(path).decode("utf-8", "backslashreplace"))


def figure(probability: float, digits: int = 2) -> str:
    """A probability that is rounded, but never up to certainty.

    >>> figure(0.9996), figure(0.125), figure(1.0)
    ('0.99', '0.12', '1.00')
    """
    highest = 1 - 10**-digits
    return f"{min(probability, highest) if probability < 1 else probability:.{digits}f}"


def shade(probability: float) -> str:
    """The colour of a confidence: the surer, the greener."""
    return "green" if probability >= 0.9 else "yellow" if probability >= 0.7 else "red"


def bins(probabilities: Sequence[float], width: int = 60) -> list[float]:
    """At most `width` figures: all of them, or of a long text the highest of each stretch."""
    step = max(1, -(-len(probabilities) // width))
    return [max(probabilities[i : i + step]) for i in range(0, len(probabilities), step)]


def bar(probabilities: Iterable[float]) -> str:
    """One block a figure, the higher the more.

    >>> bar([0.0, 0.5, 1.0])
    '▁▅█'
    """
    return "".join(_BARS[min(int(p * len(_BARS)), len(_BARS) - 1)] for p in probabilities)


def number(count: int, noun: str) -> str:
    """
    >>> number(1, "repair"), number(2, "repair")
    ('1 repair', '2 repairs')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def plain(line: Iterable[Fragment]) -> str:
    """A line without its styles."""
    return "".join(fragment.text for fragment in line)
