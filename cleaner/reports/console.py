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

    @property
    def width(self) -> int:
        """Columns of the terminal; 80 where there is none."""
        return 80 if self._rich is None else self._rich.width

    def print(self, lines: Iterable[Line], head: int = 0) -> None:
        """Print `lines`; on a terminal, what does not fit goes on below the end of the first `head` fragments.

        What the output's encoding lacks is shown as an escape.
        """
        if self._rich is None:
            for line in lines:
                print(plain(line))
            return
        from rich.text import Text

        for line in lines:
            start, rest = Text.assemble(*line[:head]), Text.assemble(*line[head:])
            room = self._rich.width - start.cell_len
            if room < self._rich.width // 2:
                start, rest, room = Text(), start + rest, self._rich.width
            for row in rest.wrap(self._rich, room):
                self._rich.print(start + row)
                start = Text(" " * start.cell_len)
