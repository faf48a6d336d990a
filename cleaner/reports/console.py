"""Where lines go: plain to a pipe, or wrapped and coloured to a terminal."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cleaner.reports.layout import Line, plain

if TYPE_CHECKING:
    from rich.console import Console as RichConsole


class Console:
    """Prints lines to standard output; only a terminal costs the import of rich."""

    def __init__(self, *, terminal: bool = False, color: bool = False) -> None:
        self.terminal = terminal
        self.color = color
        self._rich: RichConsole | None = None
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        if terminal:
            from rich.console import Console as RichConsole

            # Without a colour system rich writes no escape at all, bold and dim included.
            self._rich = RichConsole(file=sys.stdout, color_system="auto" if color else None, highlight=False)

    def print(self, lines: Iterable[Line]) -> None:
        """Print `lines`; what the output's encoding lacks is shown as an escape."""
        if self._rich is None:
            for line in lines:
                print(plain(line))
            return
        from rich.text import Text

        for line in lines:
            self._rich.print(Text.assemble(*line))
