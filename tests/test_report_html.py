"""The HTML report: what is in the page, and that no text can get out of its place in it."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from cli_process import names, run
from hypothesis import given
from hypothesis import strategies as st
from review_corpus import HOSTILE, TableCleaner, article

from cleaner.reports.html import BINS, HtmlReport, document, embedded, rows, utf16
from cleaner.result import Finding, Paragraph, Result
from cleaner.settings import Settings


class Page(HTMLParser):
    """The elements of a page with their attributes, and the text of its scripts and styles."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.open = ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[str, list[str]] = {"script": [], "style": []}
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.open = tag
        if tag in self.inside:
            self.inside[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        self.open = ""

    def handle_data(self, data: str) -> None:
        if self.open in self.inside:
            self.inside[self.open][-1] += data

    @property
    def data(self) -> Any:
        return json.loads(self.inside["script"][0])


def page(*texts: str, **options: Any) -> Page:
    report = HtmlReport(Settings(), options.pop("title", "A title"))
    for number, text in enumerate(texts):
        report.add(f"folder-{number % 2}/{number}.txt", TableCleaner().clean(text))
    return Page(report.page(**options))


def test_findings_and_paragraphs_are_at_their_places() -> None:
    (found,) = page("A 😀 line.\n\nThe officers mentioned 😀 gasoline.").data["documents"]
    text = found["text"].encode("utf-16-le")
    marked = [(text[2 * f[0] : 2 * f[1]].decode("utf-16-le"), f[3], f[7]) for f in found["findings"]]
    assert marked == [("officers", "officials", True), ("mentioned", "said", True), ("gasoline", "fuel", True)]
    assert text[2 * found["paragraphs"][1][0] :].decode("utf-16-le").startswith("The officers")


def test_clean_documents_are_listed_without_their_text() -> None:
    (found,) = page("Nothing is wrong here.").data["documents"]
    assert (found["text"], found["words"], found["verdict"]) == ("", 4, "clean")


def test_overview_counts() -> None:
    overview = page(*(article(number) for number in range(10)), seconds=2.0).data["overview"]
    results = [TableCleaner().clean(article(number)) for number in range(10)]
    assert overview["documents"] == sum(overview["verdicts"].values()) == 10
    assert overview["findings"] == sum(len(result.findings) for result in results)
    assert overview["applied"] == sum(finding.applied for result in results for finding in result.findings)
    assert overview["words"] == sum(len(result.original.split()) for result in results)
    assert overview["words_per_second"] == round(overview["words"] / 2)
    assert len(overview["histogram"]) == BINS
    assert sum(sum(place.values()) for place in overview["histogram"]) == 10
    assert {folder["name"] for folder in overview["folders"]} == {"folder-0", "folder-1"}
    first = overview["swaps"][0]
    assert first["count"] == max(swap["count"] for swap in overview["swaps"])
    assert (first["text"], first["replacement"], first["confidence"]) == ("mentioned", "said", 0.752)


def test_nothing_is_loaded_and_only_the_hashed_script_and_style_may_run() -> None:
    report = page(HOSTILE)
    (policy,) = [tag[1]["content"] for tag in report.tags if tag[1].get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    script, style = report.inside["script"][1], report.inside["style"][0]
    for kind, content in (("script", script), ("style", style)):
        assert f"{kind}-src 'sha256-{b64encode(sha256(content.encode()).digest()).decode()}';" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for tag, attributes in report.tags:
        assert not {"src", "srcset", "action", "style"} & attributes.keys(), tag
        assert not [name for name in attributes if name.startswith("on")], tag
        assert attributes.get("href", "#") in ("#", "#main", "data:,")


def test_text_and_title_cannot_leave_their_place() -> None:
    honest, hostile = page("x"), page(HOSTILE, title="</title><script>alert(1)</script>")
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in honest.tags]
    assert hostile.data["documents"][0]["text"] == HOSTILE


@given(st.recursive(st.text(), st.lists))
def test_embedded_json_is_the_data_and_ends_no_script(data: Any) -> None:
    text = embedded(data)
    assert json.loads(text) == data
    assert not re.search("[<>&\u2028\u2029]", text)
    assert text.isascii()


@given(st.text(st.sampled_from("aé😀\U0010ffff\ud800")))
def test_utf16_counts_as_browsers_do(text: str) -> None:
    unit = utf16(text)
    for offset in range(len(text) + 1):
        assert unit(offset) == len(text[:offset].encode("utf-16-le", "surrogatepass")) // 2


def test_text_between_paragraphs_is_shown_too() -> None:
    result = Result("  head \nbody\n\n tail ", "clean", 0.0, None, (Paragraph(8, 12, 0.7),), ())
    assert list(rows(result)) == [(2, 6, 0.0), (8, 12, 0.7), (15, 19, 0.0)]


def test_a_finding_without_a_cure_and_a_lone_surrogate() -> None:
    finding = Finding(0, 3, "a\ud800b", "phrase", None, 0.5)
    found = document("x", Result("a\ud800b", "suspect", 0.6, None, (), (finding,)))
    assert found["findings"] == [[0, 3, "phrase", None, 0.5, [], "", False]]
    report = HtmlReport(Settings())
    report.add("x", Result("a\ud800b", "suspect", 0.6, None, (), (finding,)))
    assert Page(report.page()).data["documents"] == [found]


def test_command_writes_one_file(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("The officers mentioned it.")
    (tmp_path / "in" / "b.md").write_text("All is well.")
    done = run("report", "in", "-o", "out.html", "--title", "My <corpus>", cwd=tmp_path)
    assert (done.code, done.out, done.err) == (0, "", "out.html: 2 documents\n")
    assert names(tmp_path) == ["in", "out.html"]
    data = Page((tmp_path / "out.html").read_bytes()).data
    assert [d["name"] for d in data["documents"]] == ["in/a.txt", "in/b.md"]
    assert data["title"] == "My <corpus>"


def test_command_to_standard_output(tmp_path: Path) -> None:
    done = run("report", "-", "-o", "-", cwd=tmp_path, stdin=b"The officers mentioned it.")
    assert done.code == 0
    assert [d["name"] for d in Page(done.raw).data["documents"]] == ["<stdin>"]


@pytest.mark.parametrize("arguments", [(), ("--demo", "x"), ("missing.txt",), ("--demo", "-o", "no/such/folder.html")])
def test_command_errors(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run("report", *arguments, cwd=tmp_path)
    assert done.code == 2
    assert done.err
    assert names(tmp_path) == []


def test_command_reports_the_documents_that_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The officers mentioned it.")
    done = run("report", "a.txt", "missing.txt", cwd=tmp_path)
    assert done.code == 2
    assert len(Page((tmp_path / "report.html").read_bytes()).data["documents"]) == 1
