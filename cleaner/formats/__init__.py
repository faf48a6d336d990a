"""Every kind of file that articles come in, one small file each; none of them knows the model."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from cleaner.formats.compression import SUFFIXES
from cleaner.formats.problems import InputError

if TYPE_CHECKING:
    from cleaner.formats.base import Format

_HOME = {
    "text": "Text",
    "markdown": "Markdown",
    "html": "Html",
    "jsonl": "Jsonl",
    "csv": "Delimited",
    "parquet": "Parquet",
    "warc": "Warc",
}
_SUFFIXES = {
    "text": (".txt", ".text"),
    "markdown": (".md", ".markdown", ".mdown", ".mkd", ".rmd", ".qmd"),
    "html": (".html", ".htm", ".xhtml"),
    "jsonl": (".jsonl", ".ndjson", ".jsonlines"),
    "csv": (".csv", ".tsv", ".tab"),
    "parquet": (".parquet", ".pq"),
    "warc": (".warc",),
}
_BY_SUFFIX = {suffix: name for name, suffixes in _SUFFIXES.items() for suffix in suffixes}
# A file of these kinds is one document.
WHOLE = ("text", "markdown", "html")
_MODULE = {"csv": "delimited"}
NAMES = tuple(_HOME)


class Kind(NamedTuple):
    """A format and the compression around it."""

    format: Format
    compression: str | None


@cache
def named(name: str) -> Format:
    """The format of this name (one of NAMES)."""
    found: Format = getattr(import_module(f"cleaner.formats.{_MODULE.get(name, name)}"), _HOME[name])()
    return found


def of(filename: str) -> Kind | None:
    """The format and compression that a file's name tells, None for files that are no text.

    >>> kind = of("news.JSONL.gz")
    >>> kind.format.name, kind.compression
    ('jsonl', 'gzip')
    """
    stem, suffix = split(filename.lower())
    format_ = name_of(stem)
    return Kind(named(format_), SUFFIXES.get(suffix)) if format_ else None


def name_of(filename: str) -> str | None:
    """The name of the format of an uncompressed file; nothing is imported for it.

    >>> name_of("notes/README.MD"), name_of("a.jpg")
    ('markdown', None)
    """
    return _BY_SUFFIX.get("." + filename.lower().rpartition(".")[2]) if "." in filename else None


def split(filename: str) -> tuple[str, str]:
    """A name without and with nothing but the suffix of its compression.

    >>> split("a.jsonl.zst"), split("a.txt")
    (('a.jsonl', '.zst'), ('a.txt', ''))
    """
    suffix = next((suffix for suffix in SUFFIXES if filename.lower().endswith(suffix)), "")
    return (filename[: -len(suffix)], filename[-len(suffix) :]) if suffix else (filename, "")


def required(filename: str, name: str | None = None) -> Kind:
    """The same, with the format given by `name` if it is; raises InputError where neither tells."""
    kind = of(filename)
    if name:
        return Kind(named(name), SUFFIXES.get(split(filename.lower())[1]))
    if kind is None:
        raise InputError(f"unknown kind of file; give --input-format ({', '.join(NAMES)})")
    return kind
