"""The report to read: one line a finding, to be grepped when piped and to be looked at on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from cleaner.reports.console import Console
from cleaner.reports.layout import (
    Fragment,
    Line,
    Lines,
    bar,
    bins,
    counted,
    excerpt,
    figure,
    number,
    one_line,
    readings,
    shade,
)
from cleaner.result import Finding, Result
from cleaner.settings import Settings

_VERDICTS = {"clean": "green", "suspect": "bold yellow", "spun": "bold red"}


class TextReport:
    """Findings at or above the threshold; when `verbose`, weaker ones, other readings and sources as well."""

    def __init__(self, console: Console, settings: Settings, *, verbose: bool = False) -> None:
        self._console = console
        self._settings = settings
        self._verbose = verbose
        self._verdicts: Counter[str] = Counter()
        self._findings = 0

    def add(self, name: str, result: Result) -> None:
        strong = counted(result, self._settings)
        self._verdicts[result.verdict] += 1
        self._findings += len(strong)
        if self._verbose or strong or result.verdict != "clean":
            shown = result.findings if self._verbose else strong
            if self._console.terminal:
                self._console.print(self._summary(name, result))
                self._console.print(self._rows(result, shown), head=2)
            else:
                self._console.print(self._plain(name, result, shown))

    def finish(self) -> None:
        """On a terminal, the sum over all documents."""
        if self._console.terminal:
            verdicts = ", ".join(f"{self._verdicts[v]:,} {v}" for v in _VERDICTS if self._verdicts[v]) or "none read"
            total = f"{number(self._verdicts.total(), 'document')} ({verdicts}), {number(self._findings, 'finding')}"
            self._console.print([(Fragment(total, "bold"),)])

    def _plain(self, name: str, result: Result, shown: Sequence[Finding]) -> Iterator[Line]:
        if self._verbose or result.verdict != "clean":
            yield (Fragment(f"{name}: {_verdict(result)} {bar(_heights(result))}".rstrip()),)
        lines = Lines(result.original)
        for finding in shown:
            line, column = lines.at(finding.start)
            swap = f"{excerpt(finding.text)} -> {replacement(finding)} ({figure(finding.confidence)})"
            yield (Fragment(f"{name}:{line}:{column}: {swap}{self._details(finding)}"),)

    def _summary(self, name: str, result: Result) -> Iterator[Line]:
        yield Fragment(name, "bold"), Fragment("  "), Fragment(_verdict(result), _VERDICTS[result.verdict])
        paragraphs = f"  {number(len(result.paragraphs), 'paragraph')}"
        heights = _heights(result, min(60, max(1, self._console.width - len(paragraphs) - 2)))
        yield Fragment("  "), *(Fragment(bar([p]), _heat(p)) for p in heights), Fragment(paragraphs, "dim")

    def _rows(self, result: Result, shown: Sequence[Finding]) -> Iterator[Line]:
        lines = Lines(result.original)
        for finding in shown:
            place = "{}:{}".format(*lines.at(finding.start))
            yield (
                Fragment(f"{place:>8}  ", "dim"),
                Fragment(f"{figure(finding.confidence)}  ", shade(finding.confidence)),
                Fragment(excerpt(finding.text), "red"),
                Fragment(" → ", "dim"),
                Fragment(replacement(finding), "green"),
                Fragment(self._details(finding), "dim"),
            )
        if hidden := len(result.findings) - len(shown):
            yield (Fragment(f"  {number(hidden, 'weaker finding')} not shown; -v shows all", "dim"),)
        yield ()

    def _details(self, finding: Finding) -> str:
        if not self._verbose:
            return ""
        weak = "" if finding.confidence >= self._settings.threshold else "below the threshold"
        others = " or ".join(f"{text} {figure(p)}" for text, p in readings(finding)[1:])
        return "".join(f"; {part}" for part in (weak, others and f"or {others}", one_line(finding.source)) if part)


def replacement(finding: Finding) -> str:
    """What takes the place of a finding, "?" if that is not known."""
    return readings(finding)[0][0]


def _verdict(result: Result) -> str:
    dialect = f", dialect {result.dialect}" if result.dialect else ""
    return f"{result.verdict} (probability {figure(result.spun_probability, 3)}{dialect})"


def _heights(result: Result, width: int = 60) -> list[float]:
    return bins([paragraph.spun_probability for paragraph in result.paragraphs], width)


def _heat(probability: float) -> str:
    return "red" if probability >= 0.9 else "yellow" if probability >= 0.5 else "green"
