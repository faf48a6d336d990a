"""From documents to results: the one place where the command line meets the core."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cleaner.cli.files import Document
from cleaner.result import Result
from cleaner.settings import Settings


def cleaned(documents: Iterable[Document], settings: Settings) -> Iterator[tuple[Document, Result]]:
    """Yield each document with its result; the core is imported when there is a first document."""
    core = None
    for document in documents:
        if core is None:
            from cleaner.cleaner import Cleaner

            core = Cleaner(settings)
        yield document, core.clean(document.text)
