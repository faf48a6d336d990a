"""Texts, Markdown, HTML and WARC: markup stays byte for byte, and undo gives the input back."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from pathlib import Path

import pytest
from fake_cleaner import restored
from formats_data import FIXED, NAVY, PACK, UNPACK, cleaned, undone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cleaner import formats
from cleaner.formats.base import Options
from cleaner.jobs.run import JobError

# --- Text, Markdown, HTML --------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", PACK)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_text(tmp_path: Path, suffix: str, mark: bytes) -> None:
    data = mark + ("é\r\n" + NAVY + "\r\u2028\x0c \n\n" * 3 + NAVY).encode()
    output = cleaned(tmp_path, "a.txt" + suffix, PACK[suffix](data), block_bytes=10)
    assert UNPACK[suffix](output.read_bytes()) == data.replace(NAVY.encode(), FIXED.encode())
    assert UNPACK[suffix](undone(output)) == data


@pytest.mark.parametrize("space", [b" ", b"_"])
def test_a_long_line_of_text_is_cut_behind_sentences_or_words_if_it_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, space: bytes
) -> None:
    monkeypatch.setattr("cleaner.formats.text.PASSAGE_LENGTH", 200)
    line = b"Quiet caf\xc3\xa9 navy.".replace(b" ", space) + space
    data = b"Short line.\n" + line * 100 + b"\n" + (b"navy" + space) * 200
    output = cleaned(tmp_path, "a.txt", data, block_bytes=200)
    blocks = list(formats.named("text").blocks(io.BytesIO(data), Options(block_bytes=200)))
    assert b"".join(block.data for block in blocks) == data
    if space == b" ":
        assert max(len(block.data) for block in blocks) <= 600
        assert all(block.data[-1:] in b" \n" for block in blocks)
        assert output.read_bytes() == data.replace(b"navy", b"military")
    assert undone(output) == data


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


def encoded(body: bytes, *headers: str) -> bytes:
    """A WARC record of a page whose body is encoded as the headers say."""
    lines = ["HTTP/1.1 200 OK", "Content-Type: text/html", *headers, "", ""]
    response = "\r\n".join(lines).encode() + body
    head = (
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(response)}\r\n\r\n"
    )
    return head.encode() + response + b"\r\n\r\n"


def test_warc_pages_as_they_went_over_the_wire(tmp_path: Path) -> None:
    pytest.importorskip("fastwarc")
    page = f"<p>{NAVY}</p>".encode()
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (page[:9], page[9:])) + b"0\r\n\r\n"
    deflated = zlib.compress(page)
    data = b"".join(
        [
            encoded(page),
            encoded(gzip.compress(page), "Content-Encoding: gzip"),
            encoded(deflated, "Content-Encoding: deflate"),
            encoded(deflated[2:-4], "Content-Encoding: deflate"),  # without its frame, as some servers send it
            encoded(chunks, "Transfer-Encoding: chunked"),
            encoded(page, "Content-Encoding: gzip", "Transfer-Encoding: chunked"),  # undone by the crawler
        ]
    )
    rows = [json.loads(line) for line in cleaned(tmp_path, "a.warc", data).read_bytes().splitlines()]
    assert [row["text"] for row in rows] == [FIXED + "\n"] * 6


def test_a_page_in_an_encoding_that_is_not_known(tmp_path: Path) -> None:
    pytest.importorskip("fastwarc")
    with pytest.raises(JobError, match=r"record 1: http://a.example/: a page in the encoding 'br'"):
        cleaned(tmp_path, "a.warc", encoded(b"\x0b\x02\x80\x03", "Content-Encoding: br"))
