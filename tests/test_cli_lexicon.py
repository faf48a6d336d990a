"""Lexicons of one's own on the command line: used, checked and looked up."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_process import REAL, run

from cleaner import resources

HEADER = "original\tspun\tcount\tdocuments\tsource\n"
OWN = HEADER + "harbour master\tquayside headman\t3\t2\twritten\nofficials\tofficers\t2\t1\tlearned\n"
SPUN = (
    "White Home officers mentioned on Tuesday that the Chilly Conflict was a lesson and not a plan. "
    "In response to three officers, the quayside headman was away for greater than 40 days."
)


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    (tmp_path / "own.tsv").write_text(OWN)
    (tmp_path / "a.txt").write_text(SPUN)


@pytest.mark.end_to_end
@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (["check", "a.txt"], "harbour master"),
        (["fix", "a.txt"], "harbour master"),
        (["explain", SPUN], "harbour master"),
        (["run", "-j", "2", "a.txt", "-o", "out.txt", "--overwrite"], "harbour master"),
        (["report", "a.txt", "-o", "out.txt"], "harbour master"),
    ],
    ids=lambda c: c[0] if isinstance(c, list) else "",
)
def test_rows_of_ones_own_hold_beside_the_shipped_ones(tmp_path: Path, command: list[str], shown: str) -> None:
    for more in ([], ["--lexicon", "own.tsv"]):
        done = run(command[0], *more, *command[1:], cwd=tmp_path, core=REAL)
        assert done.code in (0, 1), done.err
        written = (tmp_path / "out.txt").read_text() if "out.txt" in command else done.out
        assert (shown in written) == bool(more)


@pytest.mark.end_to_end
def test_the_settings_file_names_lexicons_from_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "cleaner.toml").write_text('lexicons = ["own.tsv"]\n')
    (tmp_path / "b").mkdir()
    assert "harbour master" in run("fix", "../a.txt", cwd=tmp_path / "b", core=REAL).out
    line = next(line for line in run("config", cwd=tmp_path / "b").out.splitlines() if line.startswith("lexicons"))
    assert line.startswith('lexicons = ["own.tsv"]')
    assert f"# {tmp_path / 'cleaner.toml'}:1: tables of phrases" in line
    (tmp_path / "cleaner.toml").write_text('lexicons = "own.tsv"\n')
    assert (
        'cleaner.toml:1: lexicons must be a list of files, such as ["phrases.tsv"]' in run("config", cwd=tmp_path).err
    )


@pytest.mark.parametrize("command", ["check", "fix", "explain", "run", "report", "review"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "own.tsv: no such lexicon; check the spelling"),
        (b"my notes\n", "own.tsv:1: the header must be original spun count documents source"),
        (f"{HEADER}war\twarfare\tx\t1\twritten\n".encode(), "own.tsv:2: count and documents are whole numbers"),
        (f"{HEADER}war\ta b c d e f g\t1\t1\twritten\n".encode(), "own.tsv:2: 'a b c d e f g' has 7 words; 1 to 6"),
        (HEADER.encode() + b"war\tw\xe4r\t1\t1\twritten\n", "own.tsv:2: byte 0xe4 is not UTF-8"),
    ],
    ids=["missing", "header", "count", "long", "encoding"],
)
def test_a_lexicon_that_cannot_be_used_is_named(
    tmp_path: Path, command: str, content: bytes | None, message: str
) -> None:
    (tmp_path / "own.tsv").unlink()
    if content is not None:
        (tmp_path / "own.tsv").write_bytes(content)
    more = {"run": ["-o", "out"], "review": ["--no-open", "--port", "0"]}.get(command, [])
    done = run(command, "a.txt", "--lexicon", "own.tsv", *more, cwd=tmp_path, timeout=60)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert done.err.startswith(f"cleaner: {message}")


def test_a_folder_is_no_lexicon(tmp_path: Path) -> None:
    done = run("check", "a.txt", "--lexicon", ".", cwd=tmp_path)
    assert (done.code, done.err) == (2, "cleaner: .: cannot be read (is a directory); name a table of phrases\n")


def test_lint_finds_nothing_to_mend(tmp_path: Path) -> None:
    assert run("lexicon", "lint", "own.tsv", cwd=tmp_path) == run("lexicon", "lint", "own.tsv", "own.tsv", cwd=tmp_path)
    assert run("lexicon", "lint", "own.tsv", cwd=tmp_path).code == 0


def test_lint_tells_line_and_mend(tmp_path: Path) -> None:
    rows = [
        "port\tharbour\t3\t2\twritten",
        "The  Navy\tarmy\t1\t2\twritten",
        "war\tx\t1\twritten",
        "war\tone two three four five six seven\t1\t1\twritten",
        "war\twarfare\t1\t1\twritten",
        "war\twarfare\t2\t2\tlearned",
        "war\twarfare\t1\t1\twritten",
        "…\twar\t-1\t0\twritten",
    ]
    (tmp_path / "own.tsv").write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    done = run("lexicon", "lint", "own.tsv", cwd=tmp_path)
    assert (done.code, done.err) == (1, "")
    assert done.out.splitlines() == [
        "own.tsv:3: 'The  Navy' is read as 'the navy'; write it so",
        "own.tsv:3: 1 sighting cannot be in 2 documents; the smaller figure goes last",
        "own.tsv:3: The  Navy -> army must come before port -> harbour; sort the rows",
        "own.tsv:4: expected 5 columns between tabs (original, spun, count, documents, source), not 4",
        "own.tsv:5: 'one two three four five six seven' has 7 words; 1 to 6 can be looked up",
        "own.tsv:8: war -> warfare (written) stands in line 6 already; make one row of them",
        "own.tsv:9: counts must not be negative, and source one of observed, written, derived, learned, screener",
    ]
    (tmp_path / "own.tsv").write_text("notes\n")
    assert run("lexicon", "lint", "own.tsv", cwd=tmp_path).out.startswith("own.tsv:1: the header must be original")


def test_lint_goes_on_after_a_file_that_is_not_there(tmp_path: Path) -> None:
    done = run("lexicon", "lint", "missing.tsv", "own.tsv", cwd=tmp_path)
    assert (done.code, done.out, done.err) == (2, "", "cleaner: missing.tsv: no such file; check the spelling\n")


def test_shipped_tables_are_in_order(tmp_path: Path) -> None:
    done = run("lexicon", "lint", *sorted(resources.path("en", "dialects").glob("*.tsv")), cwd=tmp_path)
    assert (done.code, done.out, done.err) == (0, "", "")


def test_show_prints_rows_that_read_or_write_the_phrase(tmp_path: Path) -> None:
    lines = run("lexicon", "show", "--lexicon", "own.tsv", "Quayside", "headman", cwd=tmp_path).out.splitlines()
    assert lines == ["harbour master -> quayside headman  3 in 2 documents  own.tsv:2 (written)"]
    out = run("lexicon", "show", "officials", cwd=tmp_path).out
    assert "officials -> officers " in out
    assert "news-a.tsv:" in out and "(observed)" in out
    assert "own.tsv" not in out
    (tmp_path / "cleaner.toml").write_text('lexicons = ["own.tsv"]\n')
    assert "2 in 1 document" in run("lexicon", "show", "officials", cwd=tmp_path).out
    assert run("lexicon", "show", "zyx", cwd=tmp_path).out == "no row reads or writes 'zyx'\n"
