"""What is written after a review: as `fix` does, but the reviewer has the last word, and no change is run over."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from review_server import desk

from cleaner.cli.files import decode
from cleaner.result import apply
from cleaner.review.decisions import Decision
from cleaner.review.desk import Desk
from cleaner.review.queue import Document, Queue, digest
from cleaner.review.writing import Writer, carried, decided

TEXT = "The officers mentioned it.\r\nOfficers will assist with gasoline.\r\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_bytes(TEXT.encode())
    return folder


@pytest.fixture
def review(folder: Path, tmp_path: Path) -> Desk:
    return desk(folder, tmp_path / "d.sqlite", tmp_path / "l.tsv")


def number(review: Desk, text: str, nth: int = 0) -> int:
    """The item with this text, the nth in its document."""
    found = [n for n, item in enumerate(review.queue.items) if item.finding.text == text]
    return sorted(found, key=lambda n: review.queue.items[n].finding.start)[nth]


def test_undecided_repairs_are_made_as_fix_makes_them(review: Desk, folder: Path) -> None:
    (outcome,) = review.apply(undecided=True)
    assert (outcome["outcome"], outcome["repairs"]) == ("written", 4)
    expected = "The officials said it.\r\nOfficials will assist with fuel.\r\n"
    assert (folder / "a.txt").read_bytes() == expected.encode()


def test_only_what_was_accepted(review: Desk, folder: Path) -> None:
    review.decide("w", [number(review, "mentioned")], "told reporters of", alike=False)
    review.decide("w", [number(review, "assist")], "help", alike=False)
    review.apply(undecided=False)
    expected = "The officers told reporters of it.\r\nOfficers will help with gasoline.\r\n"
    assert (folder / "a.txt").read_bytes() == expected.encode()


def test_a_rejection_outweighs_the_model(review: Desk, folder: Path) -> None:
    review.decide("w", [number(review, "officers")], None, alike=False)
    review.apply(undecided=True)
    assert (folder / "a.txt").read_text().startswith("The officers said it.\nOfficials will")


def test_alike_reaches_the_undecided_in_their_own_capitals(review: Desk, folder: Path) -> None:
    review.decide("w", [number(review, "Officers")], None, alike=False)
    review.decide("w", [number(review, "officers")], "sailors", alike=True)
    assert review.decisions.current(review.queue.key(number(review, "Officers"))).replacement is None  # type: ignore[union-attr]
    review.decisions.undo("w")
    review.decisions.undo("w")
    review.decide("w", [number(review, "officers")], "sailors", alike=True)
    review.apply(undecided=False)
    assert (folder / "a.txt").read_text() == "The sailors mentioned it.\nSailors will assist with gasoline.\n"


def test_writing_again_starts_from_the_text_as_read(review: Desk, folder: Path) -> None:
    review.apply(undecided=True)
    review.decide("w", [number(review, "gasoline")], "gas", alike=False)
    (outcome,) = review.apply(undecided=False)
    assert outcome["outcome"] == "written"
    assert (folder / "a.txt").read_bytes() == TEXT.replace("gasoline", "gas").encode()
    review.decisions.undo("w")
    review.apply(undecided=False)
    assert (folder / "a.txt").read_bytes() == TEXT.encode()
    (outcome,) = review.apply(undecided=False)
    assert outcome["outcome"] == "unchanged"


def test_a_file_changed_by_somebody_else_is_left_alone(review: Desk, folder: Path) -> None:
    (folder / "a.txt").write_text("My own words.")
    (outcome,) = review.apply(undecided=True)
    assert (outcome["outcome"], outcome["repairs"]) == ("failed", 0)
    assert "changed since" in outcome["reason"]
    assert (folder / "a.txt").read_text() == "My own words."


def test_a_missing_file_does_not_come_back(review: Desk, folder: Path) -> None:
    (folder / "a.txt").unlink()
    (outcome,) = review.apply(undecided=True)
    assert (outcome["outcome"], outcome["reason"]) == ("failed", "it cannot be written (No such file or directory)")
    assert not (folder / "a.txt").exists()


def test_encoding_mark_and_mode_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xff\xfe" + "The officers".encode("utf-16-le"))
    path.chmod(0o640)
    review = desk(tmp_path, tmp_path.parent / f"{tmp_path.name}.sqlite", tmp_path / "l.tsv")
    review.apply(undecided=True)
    assert path.read_bytes() == b"\xff\xfe" + "The officials".encode("utf-16-le")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_what_is_written_into_a_page_stays_text(tmp_path: Path) -> None:
    page = "<p>The officers of <b>White</b> Home mentioned <code>officers</code> gasoline &amp; oil.</p>\n"
    (tmp_path / "a.html").write_text(page)
    review = desk(tmp_path, tmp_path.parent / f"{tmp_path.name}.sqlite", tmp_path / "l.tsv")
    # What reaches across markup, or stands in code, is not for review.
    assert sorted(item.finding.text for item in review.queue.items) == ["gasoline", "mentioned", "officers"]
    review.decide("w", [number(review, "mentioned")], "said <to> AT&T", alike=False)
    review.apply(undecided=True)
    assert (tmp_path / "a.html").read_text() == (
        "<p>The officials of <b>White</b> Home said &lt;to&gt; AT&amp;T <code>officers</code> fuel &amp; oil.</p>\n"
    )


def test_code_in_markdown_is_not_for_review(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("The officers `officers`\n\n```\nofficers\n```\n")
    review = desk(tmp_path, tmp_path.parent / f"{tmp_path.name}.sqlite", tmp_path / "l.tsv")
    review.apply(undecided=True)
    assert (tmp_path / "a.md").read_text() == "The officials `officers`\n\n```\nofficers\n```\n"
    assert len(review.queue.items) == 1


def test_a_repair_that_the_encoding_lacks_leaves_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("The officers", encoding="latin-1")
    review = desk(tmp_path, tmp_path.parent / f"{tmp_path.name}.sqlite", tmp_path / "l.tsv")
    source = decode("a.txt", path, path.read_bytes(), "latin-1")
    queue = Queue([(source, review.queue.documents[0].result)], 0.5)
    review = Desk(queue, review.decisions, review.writer, review.lexicon)
    review.decide("w", [0], "оfficials", alike=False)
    (outcome,) = review.apply(undecided=True)
    assert outcome["reason"] == "its encoding has no 'о'; convert the file to UTF-8 first"
    assert path.read_text() == "The officers"


def test_nothing_is_written_outside_the_roots(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "secret.txt"
    outside.write_text("The officers")
    (folder / "link.txt").symlink_to(outside)
    review = desk(folder, tmp_path / "d.sqlite", tmp_path / "l.tsv")
    outcomes = {o["name"]: o for o in review.apply(undecided=True)}
    assert outcomes["link.txt"]["reason"] == "it lies outside the folders that are under review"
    assert outside.read_text() == "The officers"
    assert not Writer([folder]).inside(folder / ".." / "secret.txt")
    assert not Writer([folder]).inside(Path(f"{folder}-other"))
    assert Writer([folder / "link.txt"]).inside(folder / "link.txt")


def test_the_next_review_remembers_what_was_rejected(review: Desk, folder: Path, tmp_path: Path) -> None:
    review.decide("w", [number(review, "Officers")], None, alike=False)
    review.decide("w", [number(review, "officers")], "high officials", alike=False)
    review.apply(undecided=True)
    again = desk(folder, tmp_path / "d.sqlite", tmp_path / "l.tsv")
    state = {again.queue.items[n].finding.text: again.decisions.current(again.queue.key(n)) for n in range(2)}
    assert state["assist"] is None
    assert state["Officers"] is not None
    assert not state["Officers"].accepted
    again.apply(undecided=True)
    assert "Officers will" in (folder / "a.txt").read_text()


def test_carried_rejections_stand_where_their_text_stands(review: Desk) -> None:
    document: Document = review.queue.documents[0]
    rejected = {document.key(f) for f in document.result.findings if f.text in ("Officers", "gasoline")}
    decision = {key: Decision(key, "a.txt", "", None) for key in rejected}
    findings = decided(document, decision.get, undecided=True)
    text = apply(TEXT, findings)
    kept = list(carried(document, findings, rejected.__contains__))
    assert [d.text for d in kept] == ["Officers", "gasoline"]
    for d in kept:
        assert text[d.key.start : d.key.end] == d.text
        assert d.key.digest == digest(text)
