"""From the paths on the command line to texts, and back, byte for byte."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cleaner import discovery, formats
from cleaner.byte_order import MARKS as BYTE_ORDER_MARKS
from cleaner.cli.exclusion import exclusions
from cleaner.cli.problems import Problems, reason
from cleaner.reports.layout import readable_path

SUFFIXES = (".txt", ".md", ".html")
STDIN = "-"


@dataclass(frozen=True, slots=True)
class Document:
    """One text with what is needed to write it back.

    `path` is None for standard input and for the built-in example.  `text` is without the byte order mark,
    which is `mark`; `raw` are the bytes as they were read, where the text alone might not give them back.
    """

    name: str
    path: Path | None
    text: str
    mark: bytes
    encoding: str
    raw: bytes | None = None

    @property
    def data(self) -> bytes:
        """The bytes as they were read."""
        return self.mark + self.text.encode(self.encoding) if self.raw is None else self.raw

    def encode(self, text: str) -> bytes:
        """`text` as bytes of this document: the very bytes that were read if it is unchanged.

        Raises UnicodeEncodeError if the document's encoding lacks a character of `text`, and OSError if it has
        several notations of a character, so that what is no part of a repair might change as well.
        """
        if text == self.text:
            return self.data
        if self.raw is not None and self.mark + self.text.encode(self.encoding) != self.raw:
            raise OSError(f"{self.encoding} would not give all bytes back; convert the file to UTF-8 first")
        return self.mark + text.encode(self.encoding)


def find(paths: Iterable[str], problems: Problems, exclude: Sequence[str] = (), *, writing: bool = False) -> list[str]:
    """The files that `paths` mean, each once: folders stand for the texts, Markdown and HTML files below them.

    Files that are going to be written (`writing`) are not reached by a link that leads out of the folder.
    Ignore files hold within folders; the patterns of `exclude` and of the settings file hold everywhere.
    """
    found: dict[str, str] = {}
    places = discovery.Places()
    left_out = exclusions(exclude)
    for path in paths:
        if path == STDIN:
            found.setdefault(path, path)
            continue
        is_folder = Path(path).is_dir()
        try:
            items = list(discovery.find([path], left_out, lambda name: formats.name_of(name) in formats.WHOLE))
        except FileNotFoundError:
            items = [discovery.Found(Path(path), path)]  # whoever reads it says what is wrong
        inside = [str(item.path) for item in items if isinstance(item, discovery.Found)]
        if writing and is_folder:
            for file in [file for file in inside if not _stays_in(Path(file), Path(path))]:
                problems.add(f"{readable_path(file)}: a link that leads out of the folder; name the file itself")
                inside.remove(file)
        for item in items:
            if isinstance(item, discovery.Skipped) and item.error:
                why = reason(item.error)
                problems.add(f"{readable_path(str(item.path))}: cannot list this folder ({why}); check its mode")
        if is_folder and not inside:
            kinds = ", ".join(SUFFIXES[:-1]) + " or " + SUFFIXES[-1]
            problems.add(f"{readable_path(path)}: no {kinds} file in this folder; name other files")
        if inside == [str(Path(path))]:
            inside = [path]  # as it was typed
        for file in inside:
            found.setdefault(places.real(Path(file)), file)
    return list(found.values())


def _stays_in(file: Path, folder: Path) -> bool:
    return Path(os.path.realpath(file)).is_relative_to(os.path.realpath(folder))


def read(files: Iterable[str], encoding: str, problems: Problems) -> Iterator[Document]:
    """Yield the documents that can be read, and report the others."""
    for file in files:
        name = "<stdin>" if file == STDIN else readable_path(file)
        stem, packed = formats.split(file)
        kind = formats.name_of(stem)
        if packed or (kind is not None and kind not in formats.WHOLE):
            problems.add(f"{name}: a corpus file; clean it with `cleaner run`")
            continue
        try:
            yield _document(file, name, kind, encoding)
        except FileNotFoundError:
            problems.add(f"{name}: no such file or folder; check the spelling")
        except OSError as error:
            problems.add(f"{name}: cannot be read ({reason(error)}); check that it is a file that you may read")
        except ValueError as error:
            problems.add(str(error))


def _document(file: str, name: str, kind: str | None, encoding: str) -> Document:
    data = sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes()
    return decode(name, None if file == STDIN else Path(file), data, _encoding(kind, data, encoding))


def _encoding(kind: str | None, data: bytes, encoding: str) -> str:
    """A page knows its own encoding, unless the user knows better."""
    if kind != "html" or encoding != "utf-8":
        return encoding
    from cleaner.formats.html import charset

    return charset(data, encoding)


def decode(name: str, path: Path | None, data: bytes, encoding: str = "utf-8") -> Document:
    """The text of `data`; a byte order mark says more about the encoding than the default does.

    Raises ValueError for what is not text, with a message that names document, line, byte and mend.
    """
    # Without a mark, these three would write one that was not there.
    mark, codec = b"", {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(encoding, encoding)
    for candidate, marked in BYTE_ORDER_MARKS:
        if data.startswith(candidate) and (codec == "utf-8" or marked.startswith(encoding)):
            mark, codec = candidate, marked
            break
    if codec == "utf-8" and (zero := data.find(b"\0", 0, 8192)) >= 0:
        raise ValueError(f"{name}: a binary file (zero byte at offset {zero}); name text files, or give --encoding")
    try:
        text = data[len(mark) :].decode(codec)
    except UnicodeDecodeError as error:
        offset = len(mark) + error.start
        line = data.count(b"\n", 0, offset) + 1
        mend = "--encoding cp1252" if codec == "utf-8" else "another --encoding"
        raise ValueError(
            f"{name}:{line}: byte 0x{data[offset]:02x} at offset {offset} is not {codec.upper()}; try {mend}"
        ) from None
    return Document(name, path, text, mark, codec, None if codec == "utf-8" else data)


def demo() -> Document:
    """The built-in example: a made-up news article, garbled as spinners do."""
    path = Path(__file__).parent.parent / "demo.txt"
    return decode(path.name, None, path.read_bytes())
