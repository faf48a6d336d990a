"""From documents to results: the one place where the command line meets the core."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import chain

from cleaner.cli.files import Document
from cleaner.cli.problems import Failure
from cleaner.documents import combined, passages
from cleaner.formats.passage import Passage
from cleaner.formats.problems import RecordError
from cleaner.result import Result
from cleaner.settings import Settings


def cleaned(documents: Iterator[Document], settings: Settings) -> Iterator[tuple[Document, Result]]:
    """Yield each document with its result, in order.

    The core reads ahead as far as its batches need.  It is not even imported if there is no document.
    """
    first = next(documents, None)
    if first is None:
        return
    from cleaner.cleaner import Cleaner

    waiting: deque[tuple[Document, list[Passage]]] = deque()

    def texts() -> Iterator[str]:
        for document in chain([first], documents):
            try:
                prose = passages(document.name, document.text)
            except RecordError as error:
                raise Failure(f"{document.name}: {error}") from None
            waiting.append((document, prose))
            yield from (passage.text for passage in prose)

    found: list[Result] = []
    for result in Cleaner(settings).clean_many(texts()):
        yield from _complete(waiting, found)
        found.append(result)
    yield from _complete(waiting, found)


def _complete(waiting: deque[tuple[Document, list[Passage]]], found: list[Result]) -> Iterator[tuple[Document, Result]]:
    """The first documents, as far as all their results are there."""
    while waiting and len(waiting[0][1]) == len(found):
        document, prose = waiting.popleft()
        parts = list(zip(prose, found, strict=True))
        found.clear()
        yield document, combined(document.text, parts)
