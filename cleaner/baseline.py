"""Findings that are known and accepted, so that only new ones count."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cleaner.atomic import write_atomically
from cleaner.reports.json import finding_ids
from cleaner.result import Result, Verdict

_ORDER: tuple[Verdict, ...] = ("clean", "suspect", "spun")


class BaselineError(ValueError):
    """A baseline cannot be read; the message names it."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is accepted of one document: its verdict and the ids of its findings."""

    verdict: Verdict
    findings: frozenset[str]


class Baseline:
    """A file of accepted findings; documents are named relative to its folder."""

    def __init__(self, path: Path, known: dict[str, Known] | None = None) -> None:
        self._path = path
        self._known = known or {}

    @classmethod
    def read(cls, path: Path) -> Baseline:
        """Raises BaselineError."""
        try:
            content: Any = json.loads(path.read_bytes())
            known = {
                name: Known(entry["verdict"], frozenset(entry["findings"]))
                for name, entry in content["documents"].items()
            }
        except FileNotFoundError:
            raise BaselineError(f"{path}: no such baseline; --write-baseline makes it") from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise BaselineError(f"{path}: no baseline that can be read; --write-baseline makes it anew") from None
        return cls(path, known)

    def _name(self, name: str) -> str:
        return os.path.relpath(name, self._path.parent).replace(os.sep, "/")

    def add(self, name: str, result: Result) -> None:
        """Accept all that was found in a document."""
        if result.findings or result.verdict != "clean":
            self._known[self._name(name)] = Known(result.verdict, frozenset(finding_ids(result)))

    def new(self, name: str, result: Result) -> Result:
        """`result` without what is accepted; its verdict is "clean" unless it is worse than the accepted one."""
        known = self._known.get(self._name(name))
        if known is None:
            return result
        ids = finding_ids(result)
        findings = tuple(f for f, id_ in zip(result.findings, ids, strict=True) if id_ not in known.findings)
        worse = _ORDER.index(result.verdict) > _ORDER.index(known.verdict)
        return replace(result, findings=findings, verdict=result.verdict if worse else "clean")

    def write(self) -> None:
        """Raises OSError."""
        documents = {
            name: {"verdict": known.verdict, "findings": sorted(known.findings)}
            for name, known in sorted(self._known.items())
        }
        content = json.dumps({"version": 1, "documents": documents}, indent=1, ensure_ascii=False)
        write_atomically(self._path, content.encode("utf-8", "backslashreplace") + b"\n")
