"""Annotations of GitHub Actions: each finding is shown at its place in the pull request."""

from __future__ import annotations

from cleaner.reports.layout import Lines, counted, excerpt, figure
from cleaner.reports.text import replacement
from cleaner.result import Result
from cleaner.settings import Settings


class GithubReport:
    """One workflow command a finding, and one for each document that is not clean."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def add(self, name: str, result: Result) -> None:
        lines = Lines(result.original)
        if result.verdict != "clean":
            _annotate(name, "", f"this text is {result.verdict} (probability {figure(result.spun_probability, 3)})")
        for finding in counted(result, self._settings):
            line, column = lines.at(finding.start)
            last, end = lines.at(finding.end)
            place = f",line={line},endLine={last},col={column},endColumn={end}"
            message = f"{excerpt(finding.text)} -> {replacement(finding)} ({figure(finding.confidence)})"
            _annotate(name, place, message)

    def finish(self) -> None:
        """Nothing is left to say."""


def _annotate(name: str, place: str, message: str) -> None:
    print(f"::warning file={_escaped(name, property_=True)}{place},title=garbled text::{_escaped(message)}")


def _escaped(text: str, *, property_: bool = False) -> str:
    """Text as workflow commands have it; a property may hold neither colon nor comma."""
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if property_ else text
