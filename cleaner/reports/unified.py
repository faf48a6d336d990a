"""A unified diff that `patch` and `git apply` take."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from cleaner.result import Finding, Result, apply

_CONTEXT = 3


class _Change(NamedTuple):
    """Lines `start` .. `end` - 1 (from 0) of the original become `new`."""

    start: int
    end: int
    new: list[str]


class UnifiedReport:
    """The changed lines of each document that changes, with three lines of context."""

    def add(self, name: str, result: Result) -> None:
        if result.text != result.original:
            sys.stdout.flush()
            sys.stdout.buffer.write("".join(unified(name, result)).encode("utf-8", "backslashreplace"))

    def finish(self) -> None:
        """Nothing is left to say."""


def unified(name: str, result: Result) -> Iterator[str]:
    """The diff of one document; lines end with LF only, as diffs have it."""
    old = _lines(result.original)
    changes = list(_changes(result, old))
    yield f"--- a/{name}\n+++ b/{name}\n"
    shift = 0
    for hunk in _hunks(changes):
        first = max(0, hunk[0].start - _CONTEXT)
        last = min(len(old), hunk[-1].end + _CONTEXT)
        grown = sum(len(change.new) - (change.end - change.start) for change in hunk)
        yield f"@@ -{_range(first, last - first)} +{_range(first + shift, last - first + grown)} @@\n"
        shift += grown
        at = first
        for change in hunk:
            yield from _marked(" ", old[at : change.start])
            yield from _marked("-", old[change.start : change.end])
            yield from _marked("+", change.new)
            at = change.end
        yield from _marked(" ", old[at:last])


def _lines(text: str) -> list[str]:
    return text.split("\n")[:-1] if text.endswith("\n") else [*text.split("\n")[:-1], text.rpartition("\n")[2] + "\0"]


def _changes(result: Result, old: Sequence[str]) -> Iterator[_Change]:
    """The repairs, those that share a line together."""
    starts = [0]
    for content in old:
        starts.append(starts[-1] + len(content.removesuffix("\0")) + 1)
    applied = [f for f in result.findings if f.applied and f.replacement is not None]
    line = i = 0
    while i < len(applied):
        while starts[line + 1] <= applied[i].start:
            line += 1
        end, group = line, []
        while i < len(applied) and applied[i].start < starts[end + 1]:
            while end + 1 < len(old) and starts[end + 1] < applied[i].end:
                end += 1
            group.append(applied[i])
            i += 1
        # A repair that takes the line end along joins the next line.
        if group[-1].end == starts[end + 1] and end + 1 < len(old):
            end += 1
        low, high = starts[line], min(starts[end + 1], len(result.original))
        moved = [_moved(finding, low) for finding in group]
        text = apply(result.original[low:high], moved)
        yield _Change(line, end + 1, _lines(text) if text else [])
        line = end


def _moved(finding: Finding, by: int) -> Finding:
    return replace(finding, start=finding.start - by, end=finding.end - by)


def _hunks(changes: Sequence[_Change]) -> Iterator[list[_Change]]:
    """Changes whose contexts touch, together."""
    hunk = list(changes[:1])
    for before, after in pairwise(changes):
        if after.start - before.end > 2 * _CONTEXT:
            yield hunk
            hunk = []
        hunk.append(after)
    yield hunk


def _range(start: int, count: int) -> str:
    return f"{start + 1 if count else start},{count}"


def _marked(mark: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        text = line.removesuffix("\0")
        yield f"{mark}{text}\n" if text == line else f"{mark}{text}\n\\ No newline at end of file\n"
