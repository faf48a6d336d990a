"""From documents to results: the one place where the command line meets the core."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, tee

from cleaner.cli.files import Document
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

    named, texts = tee(chain([first], documents))
    yield from zip(named, Cleaner(settings).clean_many(document.text for document in texts), strict=True)
