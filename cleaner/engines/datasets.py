"""For `datasets.map`, pandas, polars, Ray Data and whatever else hands over batches of columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cleaner.edits import Edit
from cleaner.formats.base import FIELDS
from cleaner.jobs.block import Cleans, shipped
from cleaner.result import Result
from cleaner.settings import Settings

Batch = Mapping[str, Sequence[Any]]


class CleanBatch:
    """A function of a batch (column name to values) that restores one column and adds the columns of `FIELDS`.

    It can be pickled, and makes its cleaner in the process in which it is first called.

    >>> dataset.map(CleanBatch(), batched=True)  # doctest: +SKIP
    """

    def __init__(
        self,
        column: str = "text",
        settings: Settings | None = None,
        factory: Callable[[Settings], Cleans] = shipped,
    ) -> None:
        self._column = column
        self._settings = settings or Settings()
        self._factory = factory
        self._cleaner: Cleans | None = None

    def __call__(self, batch: Batch) -> dict[str, Any]:
        """All columns of the batch, with the text's restored and the new ones behind them."""
        self._cleaner = self._cleaner or self._factory(self._settings)
        results = list(self._cleaner.clean_many(batch[self._column]))
        columns: dict[str, Any] = {**batch, self._column: [result.text for result in results]}
        for name in FIELDS:
            columns[name] = []
        for result in results:
            for name, value in fields(result).items():
                columns[name].append(value)
        return columns

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_cleaner": None}


def fields(result: Result) -> dict[str, Any]:
    """The added fields of a result, as `cleaner run` writes them to tables: the edits as JSON."""
    import json

    edits = [
        Edit(f.start, f.end, f.text, f.replacement or "", f.confidence).as_json() for f in result.findings if f.applied
    ]
    values = (result.verdict, round(result.spun_probability, 6), result.dialect, json.dumps(edits))
    return dict(zip(FIELDS, values, strict=True))
