"""Word by word what `fix` changes: `[-mentioned-]{+said+}(0.97)`, or in colours on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from cleaner.reports.console import Console
from cleaner.reports.layout import Fragment, Line, Lines, figure, one_line, shade
from cleaner.result import Finding, Result

# So many unchanged characters are shown on either side of a repair.
_CONTEXT = 160


class DiffReport:
    """Every line that changes, with the words taken out and put in, and the confidence of each repair."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def add(self, name: str, result: Result) -> None:
        if result.text != result.original:
            self._console.print(_lines(name, result, marks=not self._console.color))

    def finish(self) -> None:
        """Nothing is left to say."""


def _lines(name: str, result: Result, *, marks: bool) -> Iterator[Line]:
    yield (Fragment(f"--- {name}", "bold"),)
    yield (Fragment(f"+++ {name} (restored)", "bold"),)
    lines = Lines(result.original)
    for group in changed_lines(result, lines):
        yield (Fragment(f"@@ line {lines.at(group[0].start)[0]} @@", "cyan"),)
        yield tuple(_line(result.original, lines, group, marks=marks))


def changed_lines(result: Result, lines: Lines) -> Iterator[list[Finding]]:
    """The repairs that were made, those of one line together; one that spans lines draws them together."""
    group: list[Finding] = []
    for finding in result.findings:
        if not finding.applied:
            continue
        if group and lines.at(finding.start)[0] != lines.at(group[-1].end)[0]:
            yield group
            group = []
        group.append(finding)
    if group:
        yield group


def _line(text: str, lines: Lines, group: list[Finding], *, marks: bool) -> Iterator[Fragment]:
    done = lines.start(group[0].start)
    left, right = 0, _CONTEXT
    for finding in group:
        yield Fragment(_shortened(text[done : finding.start], left, right))
        yield from _swap(finding, marks=marks)
        done, left = finding.end, _CONTEXT
    yield Fragment(_shortened(text[done : lines.end(done)].rstrip("\r\n"), _CONTEXT, 0))


def _swap(finding: Finding, *, marks: bool) -> Iterator[Fragment]:
    old, new = one_line(finding.text), one_line(finding.replacement or "")
    yield Fragment(f"[-{old}-]" if marks else old, "red strike")
    if new:
        yield Fragment(f"{{+{new}+}}" if marks else f" {new}", "green bold")
    yield Fragment(f"({figure(finding.confidence)})", f"dim {shade(finding.confidence)}")


def _shortened(text: str, left: int, right: int) -> str:
    """Unchanged text without its middle, if it is long."""
    if len(text) > left + right + 40:
        text = f"{text[:left]} … {text[len(text) - right :]}"
    return one_line(text)
