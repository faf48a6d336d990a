"""The real command line over a core that is a table, so that its tests depend on no model.

Run as a program it is `cleaner` with that core.  It must not know anything of the command line.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from types import ModuleType
from typing import Any

from cleaner.result import Finding, Paragraph, Result
from cleaner.settings import Settings

# text: (kind, replacement, confidence, alternatives)
TABLE: dict[str, tuple[Any, str | None, float, tuple[tuple[str, float], ...]]] = {
    "White Home": ("expression", "White House", 0.9996, (("white home", 0.0004),)),
    "in response to": ("phrase", "according to", 0.97, (("in response to", 0.02), ("in line with", 0.01))),
    "officers": ("phrase", "officials", 0.91, (("officers", 0.09),)),
    "mentioned": ("phrase", "said", 0.75, ()),
    "assist": ("phrase", "help", 0.4, (("support", 0.35),)),
    "fee": ("phrase", "charge €", 0.9, ()),
    "gibberish": ("phrase", None, 0.8, ()),
    "Leave a\nReply": ("furniture", "", 0.99, ()),
}
_PATTERN = re.compile("|".join(rf"\b{phrase}\b" for phrase in TABLE))


class Cleaner:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def clean(self, text: str) -> Result:
        findings = tuple(self._finding(match) for match in _PATTERN.finditer(text))
        spun = any(finding.kind != "furniture" and finding.confidence > 0.6 for finding in findings)
        paragraphs = tuple(
            Paragraph(m.start(), m.end(), 0.9999 if _PATTERN.search(m[0]) else 0.01, "news" if spun else None)
            for m in re.finditer(r"[^\r\n]+", text)
        )
        return Result(
            original=text,
            verdict="spun" if spun else "clean",
            spun_probability=0.9999 if spun else 0.01,
            dialect="news" if spun else None,
            marked=paragraphs,
            findings=findings,
        )

    def clean_many(self, texts: Iterable[str], workers: int = 1) -> Iterator[Result]:
        """Two at a time, as a core that reads ahead."""
        for text in (texts := iter(texts)):
            yield from [self.clean(ahead) for ahead in (text, *islice(texts, 1))]

    def explain(self, text: str) -> Result:
        return replace(self.clean(text), verdict="spun")

    def _finding(self, match: re.Match[str]) -> Finding:
        kind, replacement, confidence, alternatives = TABLE[match[0]]
        applied = replacement is not None and confidence >= self.settings.threshold
        if kind == "furniture":
            applied = self.settings.furniture
        return Finding(*match.span(), match[0], kind, replacement, confidence, alternatives, "stub.tsv:7", applied)


if __name__ == "__main__":
    module = ModuleType("cleaner.cleaner")
    vars(module)["Cleaner"] = Cleaner
    sys.modules["cleaner.cleaner"] = module

    from cleaner.cli import main

    main(prog_name="cleaner")
