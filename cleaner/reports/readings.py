"""All readings of each finding of a short text, the likeliest first: what `cleaner explain` prints."""

from __future__ import annotations

from collections.abc import Iterator

from cleaner.reports.console import Console
from cleaner.reports.layout import Fragment, Line, excerpt, figure, one_line, readings, shade
from cleaner.result import Result


class ReadingsReport:
    """For each span its text and source, and below it its readings with their confidences."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def add(self, name: str, result: Result) -> None:
        self._console.print(_lines(result))

    def finish(self) -> None:
        """Nothing is left to say."""


def _lines(result: Result) -> Iterator[Line]:
    if not result.findings:
        yield (Fragment("nothing found: every word may be its author's"),)
        return
    for finding in result.findings:
        origin = f"  {finding.kind}{', ' if finding.source else ''}{one_line(finding.source)}"
        yield Fragment(excerpt(finding.text), "bold"), Fragment(origin, "dim")
        for text, confidence in readings(finding):
            yield Fragment(f"  {figure(confidence)}", shade(confidence)), Fragment(f"  {text}")
    yield Fragment("reads as  ", "dim"), Fragment(one_line(result.text))
