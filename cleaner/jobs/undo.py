"""Cleaned files as they were before, byte for byte, from the edits that are stored with them."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from cleaner import formats
from cleaner.edits import Edit, undo
from cleaner.formats.base import FIELDS, Options
from cleaner.formats.compression import compress, reader
from cleaner.formats.problems import InputError, RecordError
from cleaner.formats.text import Decoded


class UndoError(ValueError):
    """A file cannot be undone; the message names it."""


def undo_file(path: Path, output: Path, options: Options, input_format: str | None = None) -> None:
    """Write what `path` was before it was cleaned to `output`, which may be `path` itself.

    Of compressed files the content is the same byte for byte.  Raises UndoError and OSError, and then nothing
    is written.
    """
    try:
        kind = formats.required(path.name, input_format)
        with path.open("rb") as file, _replacing(output) as out:
            stream = reader(file, kind.compression, math.inf)  # it was within the limits when it was cleaned
            if kind.format.whole:
                out.write(compress(_whole(stream.read(), path, options), kind.compression))
            else:
                packed = kind.format.output_compression(kind.compression)
                # A record's fields are to be read and not to be added.
                plain = Options(options.field, False, options.extract, options.encoding, options.block_bytes)
                for block in kind.format.blocks(stream, plain):
                    out.write(compress(kind.format.undo(block, plain), packed))
            out.flush()
            kind.format.finish(Path(out.name), path, plain if not kind.format.whole else options)
    except (InputError, RecordError) as error:
        raise UndoError(f"{path}: {error}") from None


@contextmanager
def _replacing(target: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of `target` if nothing goes wrong."""
    temporary = target.parent / f".cleaner-{os.urandom(8).hex()}.tmp"
    try:
        with temporary.open("wb") as file:
            yield file
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _whole(data: bytes, path: Path, options: Options) -> bytes:
    side = path.with_name(f"{path.name}.edits.jsonl")
    if not side.exists():
        raise RecordError(f"no {side.name} beside it, which `cleaner run` writes; it has the edits to undo")
    from cleaner.formats.html import charset

    html = formats.required(path.name).format.name == "html" and options.encoding == "utf-8"
    file = Decoded(data, charset(data, options.encoding) if html else options.encoding)
    text, pieces = file.text, []
    try:
        for line in side.read_bytes().splitlines():
            part = json.loads(line)
            edits = [Edit.from_json(value) for value in part[FIELDS[-1]]]
            length = part["length"] + sum(len(e.replacement) - len(e.text) for e in edits)
            pieces.append(undo(text[:length], edits))
            text = text[length:]
        if text:
            raise ValueError(f"{len(text)} characters too many: the text was changed after it was cleaned")
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(str(error)) from None
    return file.encode("".join(pieces))
