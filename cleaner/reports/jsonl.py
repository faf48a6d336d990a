"""The JSON report with one object a line, to be read while it is written."""

from __future__ import annotations

import json
import sys

from cleaner.reports.json import document
from cleaner.result import Result


class JsonLinesReport:
    """Each line is one item of the array that docs/json-schema.md describes."""

    def __init__(self, *, restored: bool = False) -> None:
        self._restored = restored

    def add(self, name: str, result: Result) -> None:
        content = document(name, result)
        if self._restored:
            content["restored"] = result.text
        sys.stdout.flush()
        sys.stdout.buffer.write(json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")

    def finish(self) -> None:
        """Nothing is left to say."""
