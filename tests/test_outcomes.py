"""The outcome of a record does not depend on how far the core reads ahead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import pytest
from fake_cleaner import FakeCleaner

from cleaner.formats import text
from cleaner.formats.base import Bad, Block, Options, Verbatim
from cleaner.formats.text import Text
from cleaner.jobs.block import outcomes
from cleaner.result import Result
from cleaner.settings import Settings


class Ahead(FakeCleaner):
    """Reads so many texts before it tells of the first."""

    def __init__(self, texts: int) -> None:
        super().__init__(Settings())
        self.texts = texts

    def clean_many(self, texts: Iterable[str], workers: int = 1) -> Iterator[Result]:
        rest = iter(texts)
        while batch := list(islice(rest, self.texts)):
            yield from map(self.clean, batch)


@pytest.mark.parametrize("spans", [False, True])
def test_reading_ahead_changes_nothing(monkeypatch: pytest.MonkeyPatch, spans: bool) -> None:
    monkeypatch.setattr(text, "pieces", lambda whole: iter([whole[i : i + 9] for i in range(0, len(whole), 9)] or [""]))
    records = [
        next(Text().items(Block(i, 1, data), Options()))
        for i, data in enumerate(
            (b"a quiet text of many pieces", b"", b"short", b"the navy and a navy and more", b"\xff")
        )
    ]
    items = [Verbatim(b"\n"), *records, Bad("broken", b"x"), *records]
    found = [list(outcomes(items, Ahead(texts), spans=spans)) for texts in (1, 2, 3, 100)]
    assert all(one == found[0] for one in found)
    assert [item for item, _ in found[0]] == items
    assert [outcome is None for _, outcome in found[0]] == [not hasattr(item, "passages") for item in items]
