"""What can be wrong with input: a record, or a file as a whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

CHANGED = "the file was changed while it was read; run again when nobody writes to it"


class InputError(ValueError):
    """A file cannot be read, or not to its end; the message does not name the file."""


class RecordError(ValueError):
    """One record cannot be cleaned; the message does not name file and record."""


def unreadable(error: OSError) -> str:
    """What to say of a file that the operating system does not let us read."""
    return f"cannot be read ({os.strerror(error.errno) if error.errno else error})".lower()


class MissingExtraError(ImportError):
    """A library is missing that an extra of this package brings."""


@contextmanager
def needs(extra: str, purpose: str) -> Iterator[None]:
    """Turn an ImportError into one that names the extra to install."""
    try:
        yield
    except ImportError as error:
        raise MissingExtraError(f"{purpose} need {error.name}: pip install 'article-cleaner[{extra}]'") from None
