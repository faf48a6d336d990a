"""Marks in a text that switch the cleaner off for a line, a block or the file.

They can stand in any comment or anywhere else: `<!-- cleaner:ignore-line -->`.
"""

from __future__ import annotations

import re

_MARK = re.compile(r"\bcleaner:ignore-(line|next-line|start|end|file)\b")
_LINE_END = re.compile(r"\r\n|\n|\r|\Z")


def suppressed(text: str) -> list[tuple[int, int]]:
    """The ranges of `text` (sorted, disjoint) that are not to be looked at.

    `ignore-line` means its own line, `ignore-next-line` the one below, `ignore-start` all lines to the one of
    `ignore-end` or to the end, and `ignore-file` everything.

    >>> suppressed("one\\ntwo cleaner:ignore-line\\nthree")
    [(4, 28)]
    """
    if "cleaner:ignore-" not in text:
        return []
    ranges: list[tuple[int, int]] = []
    opened: int | None = None
    for mark in _MARK.finditer(text):
        start, end = _line(text, mark.start())
        if mark[1] == "file":
            return [(0, len(text))]
        if mark[1] == "start":
            opened = start if opened is None else opened
        elif mark[1] == "end":
            ranges.append((start if opened is None else opened, end))
            opened = None
        elif mark[1] == "line":
            ranges.append((start, end))
        else:
            ranges.append((start, _line(text, end)[1] if end < len(text) else end))
    if opened is not None:
        ranges.append((opened, len(text)))
    return _merged(ranges)


def _line(text: str, at: int) -> tuple[int, int]:
    """The line of a code point, its end included."""
    start = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
    end = _LINE_END.search(text, at)
    return start, end.end() if end else len(text)


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged
