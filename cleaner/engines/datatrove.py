"""Steps of a datatrove pipeline: one restores documents, one leaves spun ones out.  Needs the extra `datatrove`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import tee
from typing import Any

from cleaner.engines.datasets import fields
from cleaner.formats.problems import needs
from cleaner.jobs.block import Cleans, shipped
from cleaner.result import Result
from cleaner.settings import Settings

with needs("datatrove", "datatrove pipelines"):
    from datatrove.data import Document, DocumentsPipeline
    from datatrove.pipeline.base import PipelineStep


class _Step(PipelineStep):  # type: ignore[misc]
    """Cleans the documents that pass by, and counts verdicts and edits in datatrove's stats."""

    def __init__(self, settings: Settings | None = None, factory: Callable[[Settings], Cleans] = shipped) -> None:
        super().__init__()
        self._settings = settings or Settings()
        self._factory = factory

    def _results(self, data: Iterable[Document]) -> Iterator[tuple[Document, Result]]:
        cleaner = self._factory(self._settings)
        documents, read = tee(data)
        for document, result in zip(documents, cleaner.clean_many(d.text for d in read), strict=True):
            self.stat_update(result.verdict)
            self.stat_update("edits", value=sum(finding.applied for finding in result.findings))
            self.update_doc_stats(document)
            yield document, result


class CleanerModifier(_Step):
    """Restores each document; verdict, probability, dialect and edits go to its metadata."""

    name = "Cleaner"
    type = "Modifier"

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        for document, result in self._results(data):
            document.text = result.text
            document.metadata |= fields(result)
            yield document


class CleanerFilter(_Step):
    """Leaves out documents whose spun probability is at least `threshold` (0..1); changes none.

    `exclusion_writer` is a writer of datatrove's for what is left out.
    """

    name = "Cleaner"
    type = "Filter"

    def __init__(
        self,
        threshold: float = 0.9,
        settings: Settings | None = None,
        exclusion_writer: Any = None,
        factory: Callable[[Settings], Cleans] = shipped,
    ) -> None:
        super().__init__(settings, factory)
        self._threshold = threshold
        self._exclusion_writer = exclusion_writer

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        for document, result in self._results(data):
            document.metadata |= {name: value for name, value in fields(result).items() if name != "cleaner_edits"}
            if result.spun_probability < self._threshold:
                self.stat_update("kept")
                yield document
                continue
            self.stat_update("dropped")
            if self._exclusion_writer is not None:
                self._exclusion_writer.write(document, rank)
        if self._exclusion_writer is not None:
            self._exclusion_writer.close()
