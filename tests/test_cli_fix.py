"""`cleaner fix`: what is written, where, and what stays as it was."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cli_process import names, run

SPUN = "A quiet line.\nThe White Home officers mentioned it.\n"
RESTORED = "A quiet line.\nThe White House officials said it.\n"


@pytest.fixture
def spun(tmp_path: Path) -> Path:
    path = tmp_path / "spun.txt"
    path.write_text(SPUN, encoding="utf-8")
    return path


def test_restored_text_goes_to_standard_output(tmp_path: Path, spun: Path) -> None:
    done = run("fix", "spun.txt", cwd=tmp_path)
    assert (done.code, done.out, done.err) == (0, RESTORED, "")
    assert spun.read_text() == SPUN


def test_standard_input_to_standard_output(tmp_path: Path) -> None:
    assert run("fix", "-", cwd=tmp_path, stdin=SPUN.encode()).out == RESTORED


def test_diff_marks_words_and_confidences_and_writes_nothing(tmp_path: Path, spun: Path) -> None:
    (tmp_path / "clean.txt").write_text("Nothing here.\n")
    done = run("fix", "--diff", "spun.txt", "clean.txt", cwd=tmp_path)
    assert done.out.splitlines() == [
        "--- spun.txt",
        "+++ spun.txt (restored)",
        "@@ line 2 @@",
        "The [-White Home-]{+White House+}(0.99) [-officers-]{+officials+}(0.91) [-mentioned-]{+said+}(0.75) it.",
    ]
    assert done.code == 0
    assert spun.read_text() == SPUN


def test_diff_of_repairs_across_lines_and_of_removals(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("officers Leave a\nReply officers\nthe end\n")
    lines = run("fix", "--diff", "--furniture", "a.txt", cwd=tmp_path).out.splitlines()
    assert lines[2:] == [
        "@@ line 1 @@",
        "[-officers-]{+officials+}(0.91) [-Leave a\\nReply-](0.99) [-officers-]{+officials+}(0.91)",
    ]


def test_diff_of_a_long_line_leaves_out_its_quiet_stretches(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("word " * 5000 + "officers " + "word " * 5000)
    line = run("fix", "--diff", "a.txt", cwd=tmp_path).out.splitlines()[3]
    assert line.startswith(" … ")
    assert line.endswith(" … ")
    assert len(line) < 500
    assert "word word [-officers-]{+officials+}(0.91) word" in line


def test_in_place(tmp_path: Path, spun: Path) -> None:
    done = run("fix", "--in-place", ".", cwd=tmp_path)
    assert spun.read_text() == RESTORED
    assert (done.code, done.out) == (0, "spun.txt: 3 repairs\n")
    assert names(tmp_path) == ["spun.txt"]


def test_in_place_twice_changes_nothing_more(tmp_path: Path, spun: Path) -> None:
    run("fix", "--in-place", "spun.txt", cwd=tmp_path)
    before = spun.stat()
    assert run("fix", "--in-place", "--exit-code", "spun.txt", cwd=tmp_path).code == 0
    assert (spun.stat().st_mtime_ns, spun.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_in_place_with_diff_does_both(tmp_path: Path, spun: Path) -> None:
    assert "[-officers-]" in run("fix", "-i", "--diff", "spun.txt", cwd=tmp_path).out
    assert spun.read_text() == RESTORED


def test_in_place_keeps_the_mode_and_writes_through_links(tmp_path: Path, spun: Path) -> None:
    spun.chmod(0o640)
    (tmp_path / "link").symlink_to(spun)
    run("fix", "--in-place", "link", cwd=tmp_path)
    assert (tmp_path / "link").is_symlink()
    assert spun.read_text() == RESTORED
    assert stat.S_IMODE(spun.stat().st_mode) == 0o640


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_mark_and_mixed_line_ends_are_kept_byte_for_byte(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(mark + "é\r\nofficers\ncafe\u0301\r\u2028\x0c\t\u00a0 \n\n\r\nno end".encode())
    run("fix", "-i", "a.txt", cwd=tmp_path)
    assert path.read_bytes() == mark + "é\r\nofficials\ncafe\u0301\r\u2028\x0c\t\u00a0 \n\n\r\nno end".encode()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("given", [None, "auto", "exact"])
def test_wide_encodings_keep_mark_and_byte_order(tmp_path: Path, encoding: str, given: str | None) -> None:
    mark = "" if given == "exact" else "\ufeff"
    path = tmp_path / "a.txt"
    path.write_bytes(f"{mark}Zwölf officers\r\n".encode(encoding))
    names = {None: [], "auto": ["--encoding", encoding[:6]], "exact": ["--encoding", encoding]}
    assert run("fix", "-i", *names[given], "a.txt", cwd=tmp_path).err == ""
    assert path.read_bytes() == f"{mark}Zwölf officials\r\n".encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_no_mark_is_added_where_there_was_none(tmp_path: Path, encoding: str) -> None:
    plain = {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}[encoding]
    path = tmp_path / "a.txt"
    path.write_bytes("officers".encode(plain))
    run("fix", "-i", "--encoding", encoding, "a.txt", cwd=tmp_path)
    assert path.read_bytes() == "officials".encode(plain)


def test_other_encodings_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("“café” officers".encode("cp1252"))
    run("fix", "-i", "--encoding", "windows-1252", "a.txt", cwd=tmp_path)
    assert path.read_bytes() == "“café” officials".encode("cp1252")


def test_character_that_the_encoding_lacks_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"A fee\n")
    done = run("fix", "-i", "--encoding", "latin-1", "a.txt", cwd=tmp_path)
    assert (done.code, path.read_bytes()) == (2, b"A fee\n")
    assert done.err == "cleaner: a.txt: iso8859-1 has no '€'; convert the file to UTF-8 first\n"


def test_output(tmp_path: Path, spun: Path) -> None:
    done = run("fix", "--output", "new.txt", "spun.txt", cwd=tmp_path)
    assert (done.code, done.out) == (0, "")
    assert (tmp_path / "new.txt").read_text() == RESTORED
    assert spun.read_text() == SPUN


def test_output_of_an_untouched_document_is_written_too(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfquiet\r\n")
    run("fix", "-o", "new.txt", "a.txt", cwd=tmp_path)
    assert (tmp_path / "new.txt").read_bytes() == b"\xef\xbb\xbfquiet\r\n"


def test_output_dash_is_standard_output(tmp_path: Path, spun: Path) -> None:
    assert run("fix", "-o", "-", "spun.txt", cwd=tmp_path).out == RESTORED


def test_threshold_and_furniture_reach_the_core(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("officers mentioned assist Leave a\nReply")
    assert run("fix", "--threshold", "0.9", "a.txt", cwd=tmp_path).out == "officials mentioned assist Leave a\nReply"
    assert run("fix", "--threshold", "0", "a.txt", cwd=tmp_path).out == "officials said help Leave a\nReply"
    assert run("fix", "--furniture", "a.txt", cwd=tmp_path).out == "officials said assist "


def test_exit_code_says_whether_something_changed(tmp_path: Path, spun: Path) -> None:
    (tmp_path / "clean.txt").write_text("Nothing here.\n")
    assert run("fix", "--exit-code", "--diff", "spun.txt", cwd=tmp_path).code == 1
    assert run("fix", "--exit-code", "--diff", "clean.txt", cwd=tmp_path).code == 0
    assert run("fix", "--exit-code", "--diff", "clean.txt", "missing", cwd=tmp_path).code == 2


def test_quiet(tmp_path: Path, spun: Path) -> None:
    assert run("fix", "-q", "-i", "spun.txt", cwd=tmp_path).out == ""
    assert spun.read_text() == RESTORED


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ([], "name files, folders or -"),
        (["spun.txt", "clean.txt"], "2 documents do not fit into one"),
        (["-o", "x", "spun.txt", "clean.txt"], "2 documents do not fit into one"),
        (["-i", "-o", "x", "spun.txt"], "exclude each other"),
        (["-i", "-"], "standard input cannot be fixed in place"),
        (["--diff", "--format", "json", "spun.txt"], "exclude each other"),
        (["--diff", "-o", "-", "spun.txt"], "not both"),
        (["--threshold", "1.1", "spun.txt"], "--threshold"),
        (["--threshold", "nan", "spun.txt"], "between 0 and 1"),
        (["--encoding", "klingon", "spun.txt"], "'klingon' is not a text encoding"),
        (["--encoding", "hex", "spun.txt"], "'hex' is not a text encoding"),
        (["--nonsense", "spun.txt"], "--nonsense"),
    ],
)
def test_wrong_usage_writes_nothing(tmp_path: Path, spun: Path, args: list[str], says: str) -> None:
    (tmp_path / "clean.txt").write_text("Nothing here.\n")
    done = run("fix", *args, cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert spun.read_text() == SPUN
    assert names(tmp_path) == ["clean.txt", "spun.txt"]
