"""A cleaner that is a table, so that the tests of formats and jobs are fast and depend on no model."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from cleaner.result import Finding, Paragraph, Result, Verdict
from cleaner.segment import paragraphs
from cleaner.settings import Settings

TABLE = {
    "in response to": "according to",
    "navy": "military",
    "White Home": "White House",
    "mentioned": "said “so”",
    "fee": 'café & <tea>, "hot"',
    "erase this ": "",
}
_PATTERN = re.compile("|".join(rf"\b{phrase}" if phrase.endswith(" ") else rf"\b{phrase}\b" for phrase in TABLE))


class FakeCleaner:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def clean(self, text: str) -> Result:
        found = tuple(
            Finding(m.start(), m.end(), m[0], "phrase", TABLE[m[0]], 0.97, (), "table", True)
            for m in _PATTERN.finditer(text)
        )
        probability = min(0.99, len(found) * 0.4)
        verdict: Verdict = "spun" if probability > 0.9 else "suspect" if probability >= 0.5 else "clean"
        return Result(
            text,
            verdict,
            probability,
            "table" if found else None,
            tuple(Paragraph(start, end, probability) for start, end in paragraphs(text)),
            found,
        )

    def clean_many(self, texts: Iterable[str], workers: int = 1) -> Iterator[Result]:
        """Reads three texts ahead, as a core that works in batches."""
        waiting: list[str] = []
        for text in texts:
            waiting.append(text)
            if len(waiting) == 3:
                yield from map(self.clean, waiting)
                waiting = []
        yield from map(self.clean, waiting)


class SlowCleaner(FakeCleaner):
    """Takes its time, so that a run can be killed in the middle."""

    def clean(self, text: str) -> Result:
        time.sleep(0.0005)
        return super().clean(text)


class BusyCleaner(FakeCleaner):
    """Takes processor time in proportion to the text."""

    def clean(self, text: str) -> Result:
        for _ in range(len(text) // 400):
            sum(range(1000))
        return super().clean(text)


class IdleCleaner(FakeCleaner):
    """Finds one phrase a text at most, in no time."""

    def clean(self, text: str) -> Result:
        at = text.find("navy")
        found = (Finding(at, at + 4, "navy", "phrase", "army", 0.97, (), "table", True),) if at >= 0 else ()
        return Result(text, "clean", 0.1, None, (), found)


class DyingCleaner(FakeCleaner):
    """Is killed, as by the system when memory runs out."""

    def clean(self, text: str) -> Result:
        os.kill(os.getpid(), signal.SIGKILL)
        return super().clean(text)


class TruncatingCleaner(FakeCleaner):
    """Cuts the file TRUNCATE to half its length before anything is cleaned."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        path = os.environ["TRUNCATE"]
        os.truncate(path, Path(path).stat().st_size // 2)


class LethalCleaner(FakeCleaner):
    """Is killed once, in the process that first makes the file LETHAL_ONCE."""

    def clean(self, text: str) -> Result:
        if " 100," in text:
            try:
                Path(os.environ["LETHAL_ONCE"]).touch(exist_ok=False)
            except FileExistsError:
                return super().clean(text)
            os.kill(os.getpid(), signal.SIGKILL)
        return super().clean(text)


def restored(text: str) -> str:
    return FakeCleaner(Settings()).clean(text).text
