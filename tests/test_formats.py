"""Every format and every compression: what is not text stays byte for byte, and undo gives the input back."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_cleaner import FakeCleaner, restored
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cleaner import formats
from cleaner.discovery import Found
from cleaner.engines.local import LocalEngine
from cleaner.formats.base import Options, pieces
from cleaner.formats.compression import compress, reader
from cleaner.formats.problems import InputError
from cleaner.jobs.block import Job
from cleaner.jobs.plan import plan
from cleaner.jobs.run import JobError, run
from cleaner.jobs.undo import UndoError, undo_file
from cleaner.settings import Settings

UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
}
PACK: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}
try:
    import zstandard

    UNPACK[".zst"] = lambda data: reader(io.BytesIO(data), "zstd").read()
    PACK[".zst"] = lambda data: zstandard.ZstdCompressor().compress(data)
except ImportError:  # the extra is not installed
    pass

NAVY = "The navy, in response to officials, is here."
FIXED = "The military, according to officials, is here."


def cleaned(tmp_path: Path, name: str, data: bytes, **options: object) -> Path:
    """A file cleaned by the fake cleaner in blocks of a few records."""
    source = tmp_path / name
    source.write_bytes(data)
    job = Job(options=Options(**{"block_bytes": 200, **options}), factory=FakeCleaner)  # type: ignore[arg-type]
    done = plan([Found(source, name)], tmp_path / "out", job)
    run(done, job, LocalEngine())
    return done.shards[0].outputs["documents"]


def undone(output: Path) -> bytes:
    back = output.with_name("back-" + output.name)
    side = output.with_name(f"{output.name}.edits.jsonl")
    if side.exists():
        side.replace(output.with_name(f"{back.name}.edits.jsonl"))
        output = output.replace(back)
    undo_file(output, back, Options(block_bytes=300))
    return back.read_bytes()


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


# --- Text, Markdown, HTML --------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", PACK)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_text(tmp_path: Path, suffix: str, mark: bytes) -> None:
    data = mark + ("é\r\n" + NAVY + "\r\u2028\x0c \n\n" * 3 + NAVY).encode()
    output = cleaned(tmp_path, "a.txt" + suffix, PACK[suffix](data), block_bytes=10)
    assert UNPACK[suffix](output.read_bytes()) == data.replace(NAVY.encode(), FIXED.encode())
    assert UNPACK[suffix](undone(output)) == data


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-32-be", "cp1252"])
def test_text_in_other_encodings(tmp_path: Path, encoding: str) -> None:
    text = "Zwölf navy\r\nfee\n" * 9
    mark = "" if encoding == "cp1252" else "\ufeff"
    output = cleaned(tmp_path, "a.txt", (mark + text).encode(encoding), encoding=encoding, block_bytes=16)
    assert output.read_bytes() == (mark + restored(text)).encode(encoding)


MARKDOWN = """\
---
title: navy
---
# The navy

In it, in response
to [the navy](https://navy.mil/navy "navy") and `navy` and ``navy ` navy`` and <span class="navy">navy</span>.
See [navy][navy] and $navy = 1$ and [^navy] and <https://navy.mil>.

[navy]: https://navy.mil

~~~navy
navy
~~~

    navy in code

- a list: navy

  ```
  navy
  ```

> in response
> to the navy

| navy | b |
| ---- | - |
| navy | `navy` |

<div class="navy">
navy
</div>

navy"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("suffix", PACK)
def test_markdown(tmp_path: Path, suffix: str, newline: str) -> None:
    data = MARKDOWN.replace("\n", newline).encode()
    output = cleaned(tmp_path, "a.md" + suffix, PACK[suffix](data))
    wanted = MARKDOWN
    for old, new in [
        ("# The navy", "# The military"),
        ("in response\nto [the navy]", "according to [the military]"),
        ('class="navy">navy</span>', 'class="navy">military</span>'),
        ("See [navy]", "See [military]"),
        ("a list: navy", "a list: military"),
        ("in response\n> to the navy", "according to the military"),
        ("| navy | b |", "| military | b |"),
        ("| navy | `navy` |", "| military | `navy` |"),
    ]:
        assert wanted.count(old) == 1
        wanted = wanted.replace(old, new)
    wanted = wanted.removesuffix("navy") + "military"
    assert UNPACK[suffix](output.read_bytes()).decode() == wanted.replace("\n", newline)
    assert UNPACK[suffix](undone(output)) == data


PAGE = """<!DOCTYPE html><html lang=en>\r
<head><meta charset="utf-8"><title>The navy</title><style>navy</style>
<script>var navy = "<p>navy</p>";</script></head>
<BODY class="navy" data-x='a > navy'><!-- navy --><h1>The&nbsp;navy</h1>
<p>In it, in   response to, in response
 to AT&T &amp; the n&#97;vy &eacute;<br/>navy <b>White</b> Home <i>White Home</i> <code>navy</code> a < navy
<pre>navy</pre><div translate="no">navy <span>navy</span></div><div>fee<p>navy</div>
<a href="/navy?a=1&b=2" title='navy'>navy</a> &copy navy</BODY></html>
"""


@pytest.mark.parametrize("suffix", PACK)
def test_html(tmp_path: Path, suffix: str) -> None:
    data = PAGE.encode()
    output = cleaned(tmp_path, "a.html" + suffix, PACK[suffix](data))
    wanted = PAGE
    for old, new in [
        ("<title>The navy", "<title>The military"),
        ("&nbsp;navy", "&nbsp;military"),
        ("in response\n to", "according to"),
        ("n&#97;vy", "military"),
        ("/>navy", "/>military"),
        ("<i>White Home", "<i>White House"),
        ("a < navy", "a < military"),
        ("fee<p>navy", 'café &amp; &lt;tea&gt;, "hot"<p>military'),
        (">navy</a> &copy navy", ">military</a> &copy military"),
    ]:
        assert wanted.count(old) == 1, old
        wanted = wanted.replace(old, new)
    assert UNPACK[suffix](output.read_bytes()).decode() == wanted
    assert UNPACK[suffix](undone(output)) == data


@hypothesis_settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.sampled_from(
            [
                "<",
                ">",
                "&",
                ";",
                "&amp;",
                "<p>",
                "</p>",
                "<b",
                "navy",
                " ",
                "\n",
                "\r\n",
                '"',
                "<!--",
                "-->",
                "<script>",
                "</script>",
                "<![CDATA[",
                "]]>",
                "<?",
                "é",
                "=",
                "&#x41",
                "</",
                "/>",
                "<title>",
                "fee",
            ]
        )
    )
)
def test_whatever_html_is_undone(tmp_path_factory: pytest.TempPathFactory, parts: list[str]) -> None:
    data = "".join(parts).encode()
    output = cleaned(tmp_path_factory.mktemp("html"), "a.html", data)
    assert undone(output) == data


def test_html_in_the_encoding_that_it_claims(tmp_path: Path) -> None:
    data = '<meta charset="windows-1252"><p>“navy” é'.encode("cp1252")
    output = cleaned(tmp_path, "a.html", data)
    assert output.read_bytes() == '<meta charset="windows-1252"><p>“military” é'.encode("cp1252")
    assert undone(output) == data


def test_extract_gives_the_article_alone(tmp_path: Path) -> None:
    pytest.importorskip("trafilatura")
    body = "".join(
        f"<p>{NAVY} Paragraph {i} has enough words to look like an article to any reader.</p>" for i in range(9)
    )
    page = f"<html><body><nav><a href=/>navy menu</a></nav><article><h1>On ships</h1>{body}</article></body></html>"
    output = cleaned(tmp_path, "a.html", page.encode(), extract=True)
    assert output.name == "a.html.txt"
    assert FIXED in output.read_text()
    assert "<" not in output.read_text()
    assert "menu" not in output.read_text()


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


# --- WARC ------------------------------------------------------------------------------------------------------


def warc(pages: dict[str, str]) -> bytes:
    out = []
    for url, page in pages.items():
        http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + page.encode()
        head = (
            f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2020-01-01T00:00:00Z\r\n"
            "WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000000>\r\n"
            f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
        )
        out.append(head.encode() + http + b"\r\n\r\n")
    return b"".join(out)


@pytest.mark.parametrize("suffix", PACK)
def test_warc_becomes_json_lines(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("fastwarc")
    pages = {f"http://a.example/{i}": f"<title>T</title><p>{NAVY}<p>Page {i} é." for i in range(9)}
    output = cleaned(tmp_path, "a.warc" + suffix, PACK[suffix](warc(pages)))
    assert output.name == "a.jsonl" + suffix
    rows = [json.loads(line) for line in UNPACK[suffix](output.read_bytes()).splitlines()]
    assert [row["url"] for row in rows] == list(pages)
    assert rows[4]["text"] == f"T\n{FIXED}\nPage 4 é.\n"
    assert rows[4]["cleaner_verdict"] == "suspect"


# --- What can be wrong -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.jsonl", b'{"text": "navy"}\n{"text": navy}\n', r"a.jsonl: record 2: broken JSON: expecting value"),
        (
            "a.jsonl",
            b'{"text": "a"}\n\n{"txt": "navy"}\n',
            r"record 3: no field 'text' \(fields: 'txt'\); name the text's with --field",
        ),
        ("a.jsonl", b'{"text": 5}\n', r"record 1: field 'text' must be a string, not a number"),
        ("a.jsonl", b'["text"]\n', r"record 1: a JSON object is needed, not an array"),
        ("a.jsonl", b'{"text": "a\nb"}\n', r"record 1: broken JSON"),
        ("a.jsonl", b'{"text": "\xff"}\n', r"record 1: byte 0xff at offset \d+ is not UTF-8"),
        ("a.jsonl", b'{"text": "a\\qb"}\n', r"record 1: broken JSON"),
        ("a.jsonl", b'{"text": "a"} x\n', r"record 1: broken JSON"),
        ("a.jsonl", b'{"text": "a", "cleaner_verdict": "spun"}\n', r"record 1: has a field 'cleaner_verdict' already"),
        ("a.csv", b"id,txt\n1,navy\n", r"a.csv: no column 'text' \(columns: 'id', 'txt'\)"),
        ("a.csv", b"id,text\n1,navy\n2\n", r"record 2: 1 fields where the header has 2"),
        ("a.csv", b'id,text\n1,"navy\n2,x\n', r"record 1: a quotation mark is never closed"),
        ("a.csv", b'id,text\n1,"navy"x\n', r"record 1: text behind a closing quotation mark"),
        ("a.csv", b"id,text\n1,\xff\n", r"record 1: byte 0xff at offset 0 is not UTF-8"),
        ("a.txt", b"navy\n\xff\n", r"a.txt: line 2: byte 0xff at offset 5 is not UTF-8; try --encoding cp1252"),
        ("a.txt", b"na\0vy", r"a.txt: a binary file"),
        ("a.jsonl.gz", gzip.compress(b'{"text": "navy"}\n' * 50)[:-9], r"a.jsonl.gz: the gzip data ends too early"),
        ("a.jsonl.gz", b"no gzip", r"a.jsonl.gz: broken gzip data"),
        ("a.jsonl.xz", lzma.compress(b'{"text": "navy"}\n' * 50)[:-9], r"the xz data ends too early"),
        ("a.jsonl.bz2", bz2.compress(b'{"text": "navy"}\n' * 50)[:-9], r"the bzip2 data ends too early"),
    ],
)
def test_bad_input_names_file_and_record(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    with pytest.raises(JobError, match=says):
        cleaned(tmp_path, name, data)
    assert not list((tmp_path / "out").glob(name))


def test_truncated_zstandard(tmp_path: Path) -> None:
    pytest.importorskip("zstandard")
    with pytest.raises(JobError, match=r"a.jsonl.zst: the zstd data ends too early"):
        cleaned(tmp_path, "a.jsonl.zst", PACK[".zst"](b'{"text": "navy"}\n' * 500)[:-9])


def test_corrupt_parquet(tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    pa = pytest.importorskip("pyarrow")
    with pytest.raises(JobError, match=r"a.parquet: broken Parquet data"):
        cleaned(tmp_path, "a.parquet", b"PAR1 nothing PAR1")
    pq.write_table(pa.table({"text": [1, 2]}), tmp_path / "x.parquet")
    with pytest.raises(JobError, match=r"column 'text' must hold strings, not int64"):
        cleaned(tmp_path, "a.parquet", (tmp_path / "x.parquet").read_bytes())
    pq.write_table(pa.table({"text": ["a", None]}), tmp_path / "x.parquet")
    with pytest.raises(JobError, match=r"record 2: field 'text' must be a string, not null"):
        cleaned(tmp_path, "a.parquet", (tmp_path / "x.parquet").read_bytes())


def test_corrupt_warc(tmp_path: Path) -> None:
    pytest.importorskip("fastwarc")
    with pytest.raises(JobError, match=r"a.warc: (broken WARC data|no WARC record)"):
        cleaned(tmp_path, "a.warc", b"nothing")
    data = gzip.compress(warc({"http://a.example/": "<p>" + NAVY * 100}))
    with pytest.raises(JobError, match=r"a.warc.gz: the gzip data ends too early"):
        cleaned(tmp_path, "a.warc.gz", data[:-9])


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
