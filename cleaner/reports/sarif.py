"""SARIF 2.1.0 (OASIS): for code scanning and editors."""

from __future__ import annotations

import json
import sys
from typing import Any
from urllib.parse import quote

from cleaner import __version__
from cleaner.reports.json import finding_ids
from cleaner.reports.layout import Lines, excerpt, figure
from cleaner.reports.text import replacement
from cleaner.result import Finding, Result
from cleaner.settings import Settings

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_RULES = {
    "document": "The text as a whole reads as if a machine had rewritten it phrase by phrase.",
    "phrase": "A phrase that a machine has put in the place of another.",
    "expression": "A name or fixed expression that a machine has garbled.",
    "residue": "Something that a machine has left behind, such as the braces of a choice.",
    "encoding": "Characters that were decoded wrongly.",
    "furniture": "A part of the page that is no part of the article.",
}
_NUMBER = {rule: i for i, rule in enumerate(_RULES)}


class SarifReport:
    """Writes each result as soon as it is there; findings below the threshold are left out."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._separator = ""
        rules = [{"id": rule, "shortDescription": {"text": text}} for rule, text in _RULES.items()]
        driver = {"name": "cleaner", "version": __version__, "semanticVersion": __version__, "rules": rules}
        run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints"}
        head = json.dumps({"$schema": _SCHEMA, "version": "2.1.0"})[:-1]
        self._write(f'{head}, "runs": [{json.dumps(run)[:-1]}, "results": [')

    def add(self, name: str, result: Result) -> None:
        lines = Lines(result.original)
        if result.verdict != "clean":
            dialect = f", dialect {result.dialect}" if result.dialect else ""
            text = f"this text is {result.verdict} (probability {figure(result.spun_probability, 3)}{dialect})"
            level = "error" if result.verdict == "spun" else "warning"
            self._result("document", level, text, _location(name, None), {"document": "verdict"}, {})
        for finding, id_ in zip(result.findings, finding_ids(result), strict=True):
            if finding.confidence >= self._settings.threshold:
                text = f"{excerpt(finding.text)} -> {replacement(finding)} ({figure(finding.confidence)})"
                region = _region(finding, lines)
                more = {} if finding.replacement is None else {"fixes": [_fix(name, region, finding.replacement)]}
                self._result(finding.kind, "warning", text, _location(name, region), {"finding/v1": id_}, more)

    def _result(
        self,
        rule: str,
        level: str,
        message: str,
        location: dict[str, Any],
        fingerprints: dict[str, str],
        more: dict[str, Any],
    ) -> None:
        content = {
            "ruleId": rule,
            "ruleIndex": _NUMBER[rule],
            "level": level,
            "message": {"text": message},
            "locations": [location],
            "partialFingerprints": fingerprints,
            **more,
        }
        self._write(f"{self._separator}\n{json.dumps(content, ensure_ascii=False)}")
        self._separator = ","

    def finish(self) -> None:
        """Close the log."""
        self._write("\n]}]}\n")

    def _write(self, text: str) -> None:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))


def _artifact(name: str) -> dict[str, str]:
    return {"uri": quote(name.replace("\\", "/"))}


def _location(name: str, region: dict[str, int] | None) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": _artifact(name)}
    return {"physicalLocation": place if region is None else {**place, "region": region}}


def _region(finding: Finding, lines: Lines) -> dict[str, int]:
    line, column = lines.at(finding.start)
    last, end = lines.at(finding.end)
    return {
        "startLine": line,
        "startColumn": column,
        "endLine": last,
        "endColumn": end,
        "charOffset": finding.start,
        "charLength": finding.end - finding.start,
    }


def _fix(name: str, region: dict[str, int], text: str) -> dict[str, Any]:
    change = {"deletedRegion": region, "insertedContent": {"text": text}}
    return {"artifactChanges": [{"artifactLocation": _artifact(name), "replacements": [change]}]}
