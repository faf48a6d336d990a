"""The report for programs: a JSON array with one object a document, described in docs/json-schema.md."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

from cleaner.reports.layout import Lines
from cleaner.result import Finding, Result


class JsonReport:
    """Writes each document as soon as it is there, one a line; with `restored`, the restored text as well."""

    def __init__(self, *, restored: bool = False) -> None:
        self._restored = restored
        self._separator = "["

    def add(self, name: str, result: Result) -> None:
        content = document(name, result)
        if self._restored:
            content["restored"] = result.text
        self._write(f"{self._separator}\n{json.dumps(content, ensure_ascii=False)}")
        self._separator = ","

    def finish(self) -> None:
        """Close the array."""
        self._write("[]\n" if self._separator == "[" else "\n]\n")

    def _write(self, text: str) -> None:
        # JSON is UTF-8, whatever the locale.
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))


def document(name: str, result: Result) -> dict[str, Any]:
    """One document as JSON has it; figures are rounded to six decimals."""
    lines = Lines(result.original)
    return {
        "path": name,
        "verdict": result.verdict,
        "spun_probability": round(result.spun_probability, 6),
        "dialect": result.dialect,
        "paragraphs": [
            {
                "start": paragraph.start,
                "end": paragraph.end,
                "line": lines.at(paragraph.start)[0],
                "spun_probability": round(paragraph.spun_probability, 6),
                "dialect": paragraph.dialect,
            }
            for paragraph in result.paragraphs
        ],
        "findings": [
            _finding(finding, lines, id_) for finding, id_ in zip(result.findings, finding_ids(result), strict=True)
        ],
    }


def _finding(finding: Finding, lines: Lines, id_: str) -> dict[str, Any]:
    line, column = lines.at(finding.start)
    return {
        "id": id_,
        "start": finding.start,
        "end": finding.end,
        "line": line,
        "column": column,
        "text": finding.text,
        "kind": finding.kind,
        "replacement": finding.replacement,
        "confidence": round(finding.confidence, 6),
        "alternatives": [{"text": text, "confidence": round(p, 6)} for text, p in finding.alternatives],
        "source": finding.source,
        "applied": finding.applied,
    }


def finding_ids(result: Result) -> Iterator[str]:
    """An id for each finding, unique within its document.

    It is made of kind, text and the how-manieth of its like it is, so that it survives edits elsewhere in
    the document and another version of the model.
    """
    seen: Counter[tuple[str, str]] = Counter()
    for finding in result.findings:
        key = (finding.kind, finding.text)
        yield blake2b("\0".join((*key, str(seen[key]))).encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
        seen[key] += 1
