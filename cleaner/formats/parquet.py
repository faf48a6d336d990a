"""Parquet: row groups, types and metadata stay; the text column changes and four columns are added.

A Parquet file ends with its index, so it cannot be written block by block and continued after a crash.  The blocks are
kept as Arrow streams and become a Parquet file when all of them are there.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from cleaner.edits import Edit, undo
from cleaner.formats.base import FIELDS, Bad, Block, Format, Item, Options, Outcome, Record, Verbatim, pieces
from cleaner.formats.passage import Passage
from cleaner.formats.problems import InputError, RecordError, needs

_FRAME = struct.Struct("<QI")  # length of an Arrow stream, and the row group that it belongs to


def _arrow() -> Any:
    with needs("parquet", "Parquet files"):
        return import_module("pyarrow")


def _parquet() -> Any:
    with needs("parquet", "Parquet files"):
        return import_module("pyarrow.parquet")


class ParquetRecord(Record):
    """One row; it is rendered with the others of its block."""

    def __init__(self, index: int, text: str, name: Any) -> None:
        self.index = index
        self._text = text
        self._name = name

    @property
    def id(self) -> str | None:
        return None if self._name is None else str(self._name)

    def passages(self) -> Iterator[Passage]:
        yield from (Passage(piece, piece) for piece in pieces(self._text))

    def render(self, outcome: Outcome | None) -> bytes:
        return (outcome.source if outcome and outcome.edits else self._text).encode()


class Parquet(Format):
    """Parquet; a row group has to fit into memory when it is written."""

    name = "parquet"
    adds_fields = True

    def blocks(self, stream: BinaryIO, options: Options) -> Iterator[Block]:
        pq = _parquet()
        source: Any = stream if stream.seekable() else io.BytesIO(stream.read())
        try:
            file = pq.ParquetFile(source)
            _check(file.schema_arrow, options)
            index, record = 0, 1
            for group in range(file.num_row_groups):
                meta = file.metadata.row_group(group)
                size = max(1, meta.total_byte_size // max(1, meta.num_rows))
                rows = max(1, options.block_bytes // size)
                for batch in file.iter_batches(rows, row_groups=[group]):
                    yield Block(index, record, _packed(_arrow().Table.from_batches([batch])), group.to_bytes(4))
                    index, record = index + 1, record + batch.num_rows
            if index == 0:
                yield Block(0, 1, _packed(file.schema_arrow.empty_table()), bytes(4))
        except (InputError, GeneratorExit):
            raise
        except Exception as error:  # pyarrow raises OSError, ValueError and its own for a corrupt file
            raise InputError(f"broken Parquet data ({str(error).splitlines()[0]})") from None

    def items(self, block: Block, options: Options) -> Iterator[Item]:
        table = _unpacked(block.data)
        names = _values(table.column("id")) if "id" in table.column_names else [None] * table.num_rows
        for i, (text, name) in enumerate(zip(_values(table.column(options.field)), names, strict=True)):
            if isinstance(text, str):
                yield ParquetRecord(i, text, name)
                continue
            what = "null" if text is None else "bytes that are not UTF-8"
            row = {column: _values(table.column(column).slice(i, 1))[0] for column in table.column_names}
            yield Bad(f"field {options.field!r} must be a string, not {what}", json.dumps(row, default=str).encode())

    def render(self, block: Block, kept: Sequence[tuple[Record | Verbatim, Outcome | None]], options: Options) -> bytes:
        pa = _arrow()
        table = _unpacked(block.data)
        rows = [(item.index, outcome) for item, outcome in kept if isinstance(item, ParquetRecord)]
        if len(rows) < table.num_rows:
            table = table.take(pa.array([i for i, _ in rows], pa.int64()))
        texts = {k: o.source for k, (_, o) in enumerate(rows) if o is not None and o.edits}
        if texts:
            at = table.column_names.index(options.field)
            column = table.column(at).to_pylist()
            for k, text in texts.items():
                column[k] = text
            table = table.set_column(at, table.schema.field(at), _column(column, table.schema.field(at).type))
        if options.fields:
            values = [o.fields() if o is not None else dict.fromkeys(FIELDS) for _, o in rows]
            kinds = (pa.string(), pa.float64(), pa.string(), pa.string())
            for name, kind in zip(FIELDS, kinds, strict=True):
                column = [json.dumps(v[name]) if name == FIELDS[-1] else v[name] for v in values]
                table = table.append_column(name, pa.array(column, kind))
        return _framed(table, block)

    def finish(self, partial: Path, source: Path | None, options: Options) -> None:
        pa, pq = _arrow(), _parquet()
        compression: Any = "snappy"
        if source is not None and (meta := pq.ParquetFile(source).metadata).num_row_groups:
            group = meta.row_group(0)
            columns = [group.column(i) for i in range(group.num_columns)]
            compression = {c.path_in_schema: c.compression.lower().replace("uncompressed", "none") for c in columns}
        final = partial.with_name(partial.name + ".parquet")
        writer: Any = None
        for _, group_tables in _groups(partial):
            table = pa.concat_tables(group_tables)
            if writer is None:
                writer = pq.ParquetWriter(final, table.schema, compression=compression)
            if table.num_rows or len(group_tables) == 0:
                writer.write_table(table, row_group_size=max(1, table.num_rows))
        writer.close()
        final.replace(partial)

    def undo(self, block: Block, options: Options) -> bytes:
        table = _unpacked(block.data)
        if tuple(table.column_names[-4:]) != FIELDS:
            return _framed(table, block)
        at = table.column_names.index(options.field)
        column = table.column(at).to_pylist()
        for i, edits in enumerate(table.column(FIELDS[-1]).to_pylist()):
            try:
                column[i] = undo(column[i], [Edit.from_json(value) for value in json.loads(edits)])
            except ValueError as error:
                raise RecordError(str(error)) from None
        table = table.set_column(at, table.schema.field(at), _column(column, table.schema.field(at).type))
        return _framed(table.drop_columns(list(FIELDS)), block)

    def output_compression(self, compression: str | None) -> str | None:
        return None


def _check(schema: Any, options: Options) -> None:
    if options.field not in schema.names:
        known = ", ".join(map(repr, schema.names[:8]))
        raise InputError(f"no column {options.field!r} (columns: {known}); name the text's with --field")
    kind = schema.field(options.field).type
    text = kind.value_type if str(kind).startswith("dictionary") else kind
    if str(text) not in ("string", "large_string", "string_view"):
        raise InputError(f"column {options.field!r} must hold strings, not {kind}")
    taken = next((name for name in FIELDS if name in schema.names), None)
    if taken and options.fields:
        raise InputError(f"has a column {taken!r} already; `cleaner undo` takes it out, --no-fields adds none")


def _values(column: Any) -> list[Any]:
    """The values of a column; a string that is not UTF-8, which a broken file may hold, comes as its bytes."""
    try:
        values: list[Any] = column.to_pylist()
    except UnicodeDecodeError:
        values = column.cast(_arrow().large_binary()).to_pylist()
        values = [_text_or_bytes(value) for value in values]
    return values


def _text_or_bytes(value: bytes | None) -> str | bytes | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return value


def _column(values: list[str], kind: Any) -> Any:
    pa = _arrow()
    plain = kind.value_type if str(kind).startswith("dictionary") else kind
    array = pa.array(values, plain)
    return array.dictionary_encode().cast(kind) if plain != kind else array


def _packed(table: Any) -> bytes:
    pa = _arrow()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _unpacked(data: bytes) -> Any:
    return _arrow().ipc.open_stream(data).read_all()


def _framed(table: Any, block: Block) -> bytes:
    data = _packed(table)
    return _FRAME.pack(len(data), int.from_bytes(block.context)) + data


def _groups(partial: Path) -> Iterator[tuple[int, list[Any]]]:
    """The tables of each row group."""
    current = 0
    tables: list[Any] = []
    with partial.open("rb") as file:
        while head := file.read(_FRAME.size):
            length, group = _FRAME.unpack(head)
            if group != current and tables:
                yield current, tables
                tables = []
            current = group
            tables.append(_unpacked(file.read(length)))
    yield current, tables
