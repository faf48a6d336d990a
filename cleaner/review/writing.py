"""From decisions to files: what `cleaner fix` would write, with the last word to the reviewer."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, NamedTuple

from cleaner.atomic import write_atomically
from cleaner.result import Finding, apply
from cleaner.review.decisions import Decision
from cleaner.review.queue import Document, Key, digest

Outcome = Literal["written", "unchanged", "failed"]


class Written(NamedTuple):
    """What became of one document; `repairs` is how many repairs its file now has, `reason` why it failed."""

    name: str
    outcome: Outcome
    repairs: int
    reason: str = ""


def decided(document: Document, decision: Callable[[Key], Decision | None], *, undecided: bool) -> list[Finding]:
    """The findings as they are to be written: decided ones as decided, the others, if `undecided`, as `fix` would."""

    def final(finding: Finding) -> Finding:
        chosen = decision(document.key(finding))
        if chosen is None:
            return finding if undecided else replace(finding, applied=False)
        return replace(finding, replacement=chosen.replacement, applied=chosen.accepted)

    return [final(finding) for finding in document.result.findings]


class Writer:
    """Writes documents below `roots` (files and folders), and knows what it has written.

    A document that was written can be written again after other decisions: it is always made from the text as read.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = [Path(os.path.realpath(root)) for root in roots]
        self._written: dict[Path, bytes] = {}
        self._lock = threading.Lock()

    def inside(self, path: Path) -> bool:
        """Whether `path`, with all links followed, is one of the roots or below one."""
        real = Path(os.path.realpath(path))
        return any(real.is_relative_to(root) for root in self._roots)

    def write(self, document: Document, findings: Sequence[Finding]) -> Written:
        """Write the repairs of one document, unless its file was changed by somebody else."""
        with self._lock:
            return self._write(document, findings)

    def _write(self, document: Document, findings: Sequence[Finding]) -> Written:
        source = document.source
        repairs = sum(f.applied and f.replacement is not None for f in findings)
        if source.path is None or not self.inside(source.path):
            return Written(source.name, "failed", 0, "it lies outside the folders that are under review")
        try:
            data = source.encode(apply(document.result.original, findings))
            present = source.path.read_bytes()
            if present != self._written.get(source.path, source.data):
                return Written(source.name, "failed", 0, "it was changed since it was read; start the review again")
            if present == data:
                return Written(source.name, "unchanged", repairs)
            write_atomically(source.path, data)
        except UnicodeEncodeError as error:
            lacking = error.object[error.start]
            return Written(
                source.name, "failed", 0, f"its encoding has no {lacking!r}; convert the file to UTF-8 first"
            )
        except OSError as error:
            return Written(source.name, "failed", 0, f"it cannot be written ({error.strerror or error})")
        self._written[source.path] = data
        return Written(source.name, "written", repairs)


def carried(document: Document, findings: Sequence[Finding], rejected: Callable[[Key], bool]) -> Iterator[Decision]:
    """The rejections of `document` for its text as written, so that the next review does not ask again."""
    new = digest(apply(document.result.original, findings))
    shift = 0
    for finding in findings:
        if rejected(document.key(finding)):
            key = Key(new, finding.start + shift, finding.end + shift)
            yield Decision(key, document.source.name, finding.text, None)
        if finding.applied and finding.replacement is not None:
            shift += len(finding.replacement) - len(finding.text)
