"""`cleaner check`: what it says, and the exit code."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cli_process import STUB, names, run

SPUN = "A quiet line.\nThe White Home officers mentioned it, in response to us.\n"


@pytest.fixture
def spun(tmp_path: Path) -> Path:
    path = tmp_path / "spun.txt"
    path.write_text(SPUN, encoding="utf-8")
    return path


def test_piped_report_is_one_line_a_finding(tmp_path: Path, spun: Path) -> None:
    done = run("check", "spun.txt", cwd=tmp_path)
    assert done.out.splitlines() == [
        "spun.txt: spun (probability 0.999, dialect news) ▁█",
        "spun.txt:2:5: White Home -> White House (0.99)",
        "spun.txt:2:16: officers -> officials (0.91)",
        "spun.txt:2:25: mentioned -> said (0.75)",
        "spun.txt:2:39: in response to -> according to (0.97)",
    ]
    assert (done.code, done.err) == (1, "")


def test_nothing_found_is_silent(tmp_path: Path) -> None:
    (tmp_path / "clean.txt").write_text("The officials said so.\n")
    done = run("check", "clean.txt", cwd=tmp_path)
    assert (done.code, done.out, done.err) == (0, "", "")


def test_writes_nothing(tmp_path: Path, spun: Path) -> None:
    before = spun.stat()
    run("check", ".", cwd=tmp_path)
    after = spun.stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)
    assert names(tmp_path) == ["spun.txt"]


def test_verbose_shows_alternatives_sources_weak_findings_and_clean_documents(tmp_path: Path, spun: Path) -> None:
    (tmp_path / "clean.txt").write_text("They assist.\n")
    done = run("check", "-v", "clean.txt", "spun.txt", cwd=tmp_path)
    assert "clean.txt: clean (probability 0.010) ▁" not in done.out  # the paragraph itself has a finding
    assert "clean.txt: clean (probability 0.010) █" in done.out
    assert (
        "clean.txt:1:6: assist -> help (0.40); below the threshold; or support 0.35; stub.tsv:7"
        in done.out.splitlines()
    )
    assert "in response to -> according to (0.97); or in response to 0.02 or in line with 0.01; stub" in done.out


def test_weak_findings_alone_are_no_findings(tmp_path: Path) -> None:
    (tmp_path / "weak.txt").write_text("They assist.\n")
    assert run("check", "weak.txt", cwd=tmp_path).code == 0
    done = run("check", "--threshold", "0.3", "weak.txt", cwd=tmp_path)
    assert (done.code, done.out) == (1, "weak.txt:1:6: assist -> help (0.40)\n")


def test_finding_without_a_cure_counts(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("What gibberish this is.\n")
    done = run("check", "a.txt", cwd=tmp_path)
    assert (done.code, done.out.splitlines()[1]) == (1, "a.txt:1:6: gibberish -> ? (0.80)")


def test_removal_and_line_ends_are_shown_on_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Text.\nLeave a\nReply\n")
    assert run("check", "a.txt", cwd=tmp_path).out == "a.txt:2:1: Leave a\\nReply -> (nothing) (0.99)\n"


def test_quiet_leaves_the_exit_code(tmp_path: Path, spun: Path) -> None:
    done = run("check", "--quiet", "spun.txt", cwd=tmp_path)
    assert (done.code, done.out, done.err) == (1, "", "")


def test_standard_input(tmp_path: Path) -> None:
    done = run("check", "-", cwd=tmp_path, stdin=b"Two officers.\n")
    assert (done.code, done.out.splitlines()[1]) == (1, "<stdin>:1:5: officers -> officials (0.91)")


def test_folders_recurse_over_text_in_order_without_hidden_files(tmp_path: Path) -> None:
    for name in ("b/two.md", "a/one.txt", "a/UPPER.TXT", "b/picture.png", ".hidden/x.txt", "a/.draft.txt", "c/y.py"):
        path = tmp_path / "texts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("Two officers.\n")
    out = run("check", "texts", cwd=tmp_path).out
    found = [line.split(":")[0] for line in out.splitlines() if "->" in line]
    assert found == ["texts/a/UPPER.TXT", "texts/a/one.txt", "texts/b/two.md"]


def test_a_file_named_twice_is_checked_once(tmp_path: Path, spun: Path) -> None:
    (tmp_path / "link.txt").symlink_to("spun.txt")
    out = run("check", "spun.txt", ".", "./spun.txt", "link.txt", cwd=tmp_path).out
    assert out.count(": spun (") == 1


def test_any_suffix_is_checked_when_named(tmp_path: Path) -> None:
    (tmp_path / "article").write_text("Two officers.\n")
    assert run("check", "article", cwd=tmp_path).code == 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_and_columns_with_every_line_end(tmp_path: Path, end: str) -> None:
    (tmp_path / "a.txt").write_bytes(f"é, one.{end}{end}🙂 officers{end}".encode())
    assert "a.txt:3:3: officers" in run("check", "a.txt", cwd=tmp_path).out


def test_byte_order_mark_takes_no_column(tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "utf-16", "utf-32"):
        (tmp_path / "a.txt").write_bytes("officers".encode(encoding))
        assert "a.txt:1:1: officers" in run("check", "a.txt", cwd=tmp_path).out


def test_encoding_is_obeyed(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("“café” officers".encode("cp1252"))
    assert "a.txt:1:8: officers" in run("check", "--encoding", "cp1252", "a.txt", cwd=tmp_path).out


def test_hostile_text_and_name_cannot_steer_a_terminal(tmp_path: Path) -> None:
    name = os.fsdecode(b"bad\x1b[31m\xff.txt")
    (tmp_path / name).write_text("\x1b]0;owned\x07 officers\x1b[2J\n")
    done = run("check", ".", cwd=tmp_path)
    assert done.out.splitlines()[1] == "bad\\x1b[31m\\xff.txt:1:12: officers -> officials (0.91)"
    assert "\x1b" not in done.out


def test_output_that_knows_no_unicode(tmp_path: Path, spun: Path) -> None:
    done = run("check", "spun.txt", cwd=tmp_path, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert done.code == 1
    assert "\\u2581\\u2588" in done.out


def test_reader_that_goes_away_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("officers\n" * 20_000)
    done = run("-c", '"$@" check a.txt | head -n 1', "sh", *STUB, cwd=tmp_path, core=["sh"])
    assert done.out.count("\n") == 1
    assert done.err == ""
