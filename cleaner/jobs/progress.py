"""How a job goes, on a terminal: documents and megabytes a second, the time left, the spun share so far."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from cleaner.jobs.run import Summary


class ProgressBar:
    """A watcher of a job that draws on standard error; use it in a `with` statement."""

    def __init__(self, total: int) -> None:
        columns = (
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[documents]:,} documents, {task.fields[speed]:,.0f}/s"),
            TextColumn("{task.fields[rate]:.1f} MB/s"),
            TextColumn("spun {task.fields[share]:.1%}"),
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, console=Console(file=sys.stderr), transient=True)
        self._task = self._progress.add_task("", total=total, documents=0, speed=0.0, rate=0.0, share=0.0)
        self._first: tuple[int, int] | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def advance(self, summary: Summary, position: int) -> None:
        documents, size = summary.counts["documents"], summary.counts["bytes"]
        # What an interrupted run had done does not count as speed.
        self._first = self._first or (documents, size)
        seconds = max(self._progress.tasks[0].elapsed or 0.0, 1e-3)
        self._progress.update(
            self._task,
            completed=position,
            documents=documents,
            speed=(documents - self._first[0]) / seconds,
            rate=(size - self._first[1]) / seconds / 1e6,
            share=summary.spun_share,
        )


def summary_table(summary: Summary) -> Table:
    """The summary as a table of two columns."""
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    for name, value in summary_rows(summary):
        table.add_row(name, value)
    return table


def summary_rows(summary: Summary) -> list[tuple[str, str]]:
    """Names and figures of the summary; counts of what did not happen are left out."""
    content = summary.as_json()
    rows = [(name, f"{content[name]:,}") for name in ("files", "documents")]
    rows += [
        (name, f"{content[name]:,} ({content[name] / max(1, content['documents']):.1%})")
        for name in ("clean", "suspect", "spun")
    ]
    names = ("changed", "edits", "dropped", "quarantined", "skipped")
    rows += [(name, f"{content[name]:,}") for name in names if content[name]]
    if summary.failed:
        rows.append(("files not readable", f"{len(summary.failed):,}"))
    speed = f"{content['documents_per_second']:,.0f} documents/s, {content['megabytes_per_second']:,.2f} MB/s"
    return [*rows, ("time", f"{content['seconds']:,.1f} s"), ("speed", speed)]
