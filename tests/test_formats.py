"""Every format and every compression: what is not text stays byte for byte, and undo gives the input back."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path

import pytest
from fake_cleaner import FakeCleaner, restored
from formats_data import NAVY, PACK, UNPACK, cleaned, undone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cleaner import formats
from cleaner.formats.base import Options, pieces
from cleaner.formats.compression import compress, reader
from cleaner.formats.problems import InputError
from cleaner.jobs.run import JobError
from cleaner.jobs.undo import UndoError, undo_file
from cleaner.settings import Settings

# --- JSON lines ------------------------------------------------------------------------------------------------

ODD_LINES = (
    rb'{"id": 7, "text": "navy, in response to caf\u00e9 \/ \ud83d\ude00 navy", "n": 1.0e+05, "x": [{"text": "navy"}]}'
    + b"\n"
    b"\n"
    b'  {"n":1E400,"text":"navy \\"navy\\" \xc3\xa9\xe2\x80\x99s","deep":{"text":"navy"} }  \r\n'
    b'{"text" : "", "a":"\\u0000"}\n'
    b'{"text": "navy", "text": "last one wins: navy"}\n'
    rb'{"te\u0078t": "an escaped key: navy", "b": "text"}' + b"\n"
    b'{"text": "\\n\\nerase this navy\\n", "big": 123456789012345678901234567890}'
)


def without_fields(line: bytes) -> bytes:
    return line[: line.rindex(b"cleaner_verdict")].rstrip(b'" ,')


@pytest.mark.parametrize("suffix", PACK)
def test_jsonl_keeps_all_but_the_text(tmp_path: Path, suffix: str) -> None:
    output = cleaned(tmp_path, "a.jsonl" + suffix, PACK[suffix](b"\xef\xbb\xbf" + ODD_LINES))
    data = UNPACK[suffix](output.read_bytes())
    old, new = ODD_LINES.split(b"\n"), data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    assert data.startswith(b"\xef\xbb\xbf")
    assert len(old) == len(new)
    assert new[1] == b""
    expected = ODD_LINES.split(b"}]}")[0].replace(b"navy, in response to", b"military, according to")
    expected = expected.replace(b'navy", "n"', b'military", "n"') + b"}]"
    assert new[0].startswith(expected + b', "cleaner_verdict": "spun"')
    assert new[2].startswith(
        b'  {"n":1E400,"text":"military \\"military\\" \xc3\xa9\xe2\x80\x99s","deep":{"text":"navy"},"cleaner_verdict":'
    )
    assert new[2].endswith(b" }  \r")
    assert new[4].startswith(b'{"text": "navy", "text": "last one wins: military", ')
    assert new[5].startswith(rb'{"te\u0078t": "an escaped key: military", "b": "text", "cleaner_')
    for before, after in zip(old, new, strict=True):
        if before:
            text = json.loads(before)["text"]
            record = json.loads(after)
            assert record["text"] == restored(text)
            assert [e["text"] for e in record["cleaner_edits"]] == [
                f.text for f in FakeCleaner(Settings()).clean(text).findings
            ]
    assert UNPACK[suffix](undone(output)) == b"\xef\xbb\xbf" + ODD_LINES


def test_unusual_escapes_inside_an_edit_come_back(tmp_path: Path) -> None:
    data = rb'{"text": "in\u0020response to the n\u0061vy"}' + b"\n"
    output = cleaned(tmp_path, "a.jsonl", data)
    assert output.read_bytes().startswith(b'{"text": "according to the military"')
    assert undone(output) == data


@hypothesis_settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["text", "a", "b"]),
            st.one_of(st.text(), st.sampled_from([NAVY, 'a "navy" \\ navy\n', "fee navy"])),
            min_size=1,
        ).map(lambda record: {"text": "mentioned", **record}),
        min_size=1,
    ),
    st.booleans(),
    st.sampled_from([(", ", ": "), (",", ":"), (" ,  ", " :\t")]),
)
def test_jsonl_round_trip(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, str]], ascii_: bool, separators: tuple[str, str]
) -> None:
    lines = [json.dumps(r, ensure_ascii=ascii_, separators=separators) for r in records]
    data = "".join(line + "\n" for line in lines).encode("utf-8", "backslashreplace")
    output = cleaned(tmp_path_factory.mktemp("jsonl"), "a.jsonl", data)
    new = [json.loads(line) for line in output.read_bytes().splitlines()]
    old = [json.loads(line) for line in data.splitlines()]
    assert [r["text"] for r in new] == [restored(r["text"]) for r in old]
    assert [{k: v for k, v in r.items() if k in ("a", "b")} for r in new] == [
        {k: v for k, v in r.items() if k in ("a", "b")} for r in old
    ]
    assert undone(output) == data


def test_a_long_line_is_cleaned_in_passages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cleaner.formats.jsonl.PASSAGE_LENGTH", 64)
    generator = random.Random(1)
    parts = ["navy", " ", "\\n", "\\u00e9", "\\ud83d\\ude00", "é", "\\\\", '\\"', "words", "x" * 70, "\\\\n"]
    for _ in range(50):
        inside = "".join(generator.choices(parts, k=120))
        data = f'{{"a": 1, "text": "{inside}", "b": 2}}\n'.encode()
        output = cleaned(tmp_path, "a.jsonl", data, block_bytes=64)
        record = json.loads(output.read_bytes())
        # A cut may fall between two words only, so that at most a word at a cut is missed.
        assert record["text"].replace("military", "navy") == json.loads(data)["text"].replace("military", "navy")
        assert undone(output) == data


# --- CSV -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", PACK)
def test_csv_keeps_all_but_the_text(tmp_path: Path, suffix: str) -> None:
    data = (
        b'\xef\xbb\xbfid,"text",z\r\n'
        b'1,"The navy, ""navy""\r\nover two lines",\xc3\xa9\r\n'
        b'2,the navy fee,""\n'
        b"\n"
        b"3,in response to," + b" 1.0 " + b"\r\n"
        b'4,"",5" pipe\n'
        b'5,"needless quotes fee",6'
    )
    output = cleaned(tmp_path, "a.csv" + suffix, PACK[suffix](data), block_bytes=16)
    new = UNPACK[suffix](output.read_bytes())
    assert new.startswith(
        b'\xef\xbb\xbfid,"text",z,cleaner_verdict,cleaner_probability,cleaner_dialect,cleaner_edits\r\n'
        b'1,"The military, ""military""\r\nover two lines",\xc3\xa9,suspect,0.8,table,"['
    )
    assert b"\n3,according to, 1.0 ,clean,0.4,table," in new
    assert b'\n4,"",5" pipe,clean,0.0,,[]\n' in new
    assert UNPACK[suffix](undone(output)) == data


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(tmp_path: Path, delimiter: str) -> None:
    d = delimiter
    data = f"id{d}text{d}c\n1{d}navy{d}x\n".encode()
    output = cleaned(tmp_path, "a.tsv" if d == "\t" else "a.csv", data)
    assert output.read_text().splitlines()[1].startswith(f"1{d}military{d}x{d}clean{d}0.4{d}table{d}")
    assert undone(output) == data


@hypothesis_settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.text(alphabet='ab",\n\r navy'), st.text(alphabet='x",\r\n;é')), min_size=1))
def test_csv_round_trip(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]) -> None:
    import csv

    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["text", "other"])
    writer.writerows([("navy " + text, other) for text, other in rows])
    data = out.getvalue().encode()
    output = cleaned(tmp_path_factory.mktemp("csv"), "a.csv", data, block_bytes=20)
    table = list(csv.DictReader(io.StringIO(output.read_bytes().decode(), newline="")))
    assert [(r["text"], r["other"]) for r in table] == [(restored("navy " + text), other) for text, other in rows]
    assert undone(output) == data


# --- Parquet ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["string", "large_string", "dictionary"])
def test_parquet_keeps_types_metadata_and_row_groups(tmp_path: Path, kind: str) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    texts = pa.array([NAVY if i % 3 else f"quiet {i}" for i in range(50)])
    if kind == "dictionary":
        texts = texts.dictionary_encode()
    elif kind == "large_string":
        texts = texts.cast(pa.large_string())
    table = pa.table(
        {
            "id": pa.array(range(50), pa.int16()),
            "text": texts,
            "when": pa.array(range(50), pa.timestamp("ms", "UTC")),
            "tags": pa.array([["a", None]] * 50, pa.list_(pa.string())),
        },
        metadata={b"origin": b"navy"},
    )
    source = tmp_path / "x.parquet"
    pq.write_table(table, source, row_group_size=20, compression="zstd")
    table = pq.read_table(source)
    output = cleaned(tmp_path, "a.parquet", source.read_bytes(), block_bytes=700)
    new, file = pq.read_table(output), pq.ParquetFile(output)
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [20, 20, 10]
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    assert new.schema.metadata == table.schema.metadata
    assert new.drop_columns(["text", *new.column_names[4:]]) == table.drop_columns(["text"])
    assert new.schema.field("text") == table.schema.field("text")
    assert new.column("text").to_pylist() == [restored(text) for text in texts.to_pylist()]
    assert new.column_names[4:] == ["cleaner_verdict", "cleaner_probability", "cleaner_dialect", "cleaner_edits"]
    back = output.with_name("back.parquet")
    undo_file(output, back, Options())
    assert pq.read_table(back).to_pylist() == table.to_pylist()
    assert pq.ParquetFile(back).schema_arrow.equals(table.schema, check_metadata=True)


def test_parquet_without_rows(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), tmp_path / "x.parquet")
    output = cleaned(tmp_path, "a.parquet", (tmp_path / "x.parquet").read_bytes())
    assert pq.read_table(output).num_rows == 0
    assert len(pq.read_schema(output).names) == 5


# --- What can be wrong -----------------------------------------------------------------------------------------


def test_truncated_zstandard(tmp_path: Path) -> None:
    pytest.importorskip("zstandard")
    with pytest.raises(JobError, match=r"a.jsonl.zst: the zstd data ends too early"):
        cleaned(tmp_path, "a.jsonl.zst", PACK[".zst"](b'{"text": "navy"}\n' * 500)[:-9])


def test_undo_of_what_was_changed_since(tmp_path: Path) -> None:
    output = cleaned(tmp_path, "a.jsonl", b'{"text": "navy"}\n')
    output.write_bytes(output.read_bytes().replace(b'"military"', b'"MILITARY"', 1))
    with pytest.raises(UndoError, match=r"a.jsonl: 'military' is not at 0: the text was changed after it was cleaned"):
        undo_file(output, output, Options())


@pytest.mark.parametrize("compression", [None, "gzip", "bzip2", "xz", "zstd"])
def test_members_can_be_joined_and_padded(compression: str | None) -> None:
    if compression == "zstd":
        pytest.importorskip("zstandard")
    data = compress(b"one", compression) + compress(b"", compression) + compress(b"two" * 10**5, compression)
    padding = b"\0" * 8 if compression else b""
    assert reader(io.BytesIO(data + padding), compression).read() == b"one" + b"two" * 10**5


def test_kinds_by_name() -> None:
    kind = formats.required("A.JSONL.ZST")
    assert (kind.format.name, kind.compression) == ("jsonl", "zstd")
    assert formats.of("a.jpg") is None
    assert formats.required("a.jpg", "text").format.name == "text"
    with pytest.raises(InputError, match="unknown kind of file; give --input-format"):
        formats.required("data")


@hypothesis_settings(deadline=None, max_examples=40)
@given(st.text(alphabet="ab .\n"), st.integers(4, 20))
def test_pieces_make_up_the_text(text: str, length: int) -> None:
    found = list(pieces(text, length))
    assert "".join(found) == text
    assert all(len(piece) <= length for piece in found)
