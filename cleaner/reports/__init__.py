"""One file per form of report.  A report is given document after document, and told when there are no more."""

from __future__ import annotations

from typing import Protocol

from cleaner.result import Result


class Report(Protocol):
    """What a command tells about its documents."""

    def add(self, name: str, result: Result) -> None:
        """Report one document."""

    def finish(self) -> None:
        """Report what can be said only at the end."""
