"""Whatever a user gives it: one line that names the file and the mend, exit 2, nothing written, no traceback."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest
from cli_process import REAL, STUB, environment, hear_interrupts, names, run

COMMANDS = [["check"], ["fix", "--diff"], ["fix", "--in-place"], ["fix", "--format", "json"]]


def only_error(stderr: str) -> str:
    """The one line on standard error."""
    assert stderr.count("\n") == 1, stderr
    assert stderr.startswith("cleaner: ")
    return stderr.removeprefix("cleaner: ").rstrip("\n")


def make_bad_input(folder: Path) -> None:
    (folder / "binary.txt").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
    (folder / "latin.txt").write_bytes(b"one\ntwo\ncaf\xe9 officers\n")
    (folder / "marked.txt").write_bytes(b"\xef\xbb\xbfcaf\xe9\n")
    (folder / "odd.txt").write_bytes(b"\xff\xfea")
    (folder / "loop.txt").symlink_to("loop.txt")
    (folder / "empty").mkdir()
    (folder / "pictures").mkdir()
    (folder / "pictures" / "a.png").write_bytes(b"\x89PNG")


BAD = {
    "missing.txt": "missing.txt: no such file or folder; check the spelling",
    "binary.txt": "binary.txt: a binary file (zero byte at offset 8); name text files, or give --encoding",
    "latin.txt": "latin.txt:3: byte 0xe9 at offset 11 is not UTF-8; try --encoding cp1252",
    "marked.txt": "marked.txt:1: byte 0xe9 at offset 6 is not UTF-8; try --encoding cp1252",
    "odd.txt": "odd.txt:1: byte 0x61 at offset 2 is not UTF-16-LE; try another --encoding",
    "loop.txt": "loop.txt: cannot be read (too many levels of symbolic links); "
    "check that it is a file that you may read",
    "empty": "empty: no .txt, .md or .html file in this folder; name other files",
    "pictures": "pictures: no .txt, .md or .html file in this folder; name other files",
}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("name", BAD)
def test_one_line_names_file_and_mend(tmp_path: Path, command: list[str], name: str) -> None:
    make_bad_input(tmp_path)
    before = {path: path.lstat().st_mtime_ns for path in tmp_path.rglob("*")}
    # No document gets as far as the core, so that this needs none.
    done = run(*command, name, cwd=tmp_path, core=REAL)
    assert only_error(done.err) == BAD[name]
    assert done.code == 2
    assert done.out == ("[]\n" if "json" in command else "")
    assert {path: path.lstat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_the_other_documents_are_checked_all_the_same(tmp_path: Path) -> None:
    make_bad_input(tmp_path)
    (tmp_path / "good.txt").write_text("Two officers.\n")
    done = run("check", *BAD, "good.txt", cwd=tmp_path)
    assert done.code == 2
    assert sorted(done.err.splitlines()) == sorted(f"cleaner: {message}" for message in BAD.values())
    assert "good.txt:1:5: officers -> officials" in done.out


def test_the_other_documents_are_fixed_all_the_same(tmp_path: Path) -> None:
    make_bad_input(tmp_path)
    (tmp_path / "good.txt").write_text("Two officers.\n")
    assert run("fix", "-i", *BAD, "good.txt", cwd=tmp_path).code == 2
    assert (tmp_path / "good.txt").read_text() == "Two officials.\n"
    assert (tmp_path / "latin.txt").read_bytes() == b"one\ntwo\ncaf\xe9 officers\n"


def test_bad_standard_input(tmp_path: Path) -> None:
    done = run("fix", "-", cwd=tmp_path, core=REAL, stdin=b"caf\xe9")
    assert only_error(done.err) == "<stdin>:1: byte 0xe9 at offset 3 is not UTF-8; try --encoding cp1252"
    assert (done.code, done.out) == (2, "")


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n", b" \r\n\t"])
def test_empty_document_has_nothing_to_find(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    done = run("check", "a.txt", cwd=tmp_path)
    assert (done.code, done.out, done.err) == (0, "", "")
    assert run("fix", "a.txt", cwd=tmp_path).raw == content


def test_a_single_line_of_50_megabytes(tmp_path: Path) -> None:
    content = b"quiet words " * 4_200_000 + b"two officers"
    (tmp_path / "long.txt").write_bytes(content)
    done = run("check", "long.txt", cwd=tmp_path)
    assert done.out.splitlines()[1] == f"long.txt:1:{len(content) - 7}: officers -> officials (0.91)"
    assert done.code == 1
    assert run("fix", "-i", "long.txt", cwd=tmp_path).code == 0
    assert (tmp_path / "long.txt").read_bytes() == content[:-8] + b"officials"


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("no/such/folder.txt", "no/such/folder.txt: cannot be written (no such file or directory)"),
        ("folder", "folder: cannot be written (is a directory)"),
        ("a.txt/below", "a.txt/below: cannot be written (not a directory)"),
    ],
)
def test_unwritable_output(tmp_path: Path, output: str, says: str) -> None:
    (tmp_path / "a.txt").write_text("Two officers.\n")
    (tmp_path / "folder").mkdir()
    done = run("fix", "-o", output, "a.txt", cwd=tmp_path)
    assert done.code == 2
    assert only_error(done.err).startswith(says)
    assert names(tmp_path) == ["a.txt", "folder"]


def test_full_disk_leaves_the_original(tmp_path: Path) -> None:
    content = b"Two officers.\n" * 5000
    (tmp_path / "a.txt").write_bytes(content)
    done = run(
        "fix", "-i", "a.txt", cwd=tmp_path, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (9999, 9999))
    )
    assert done.code == 2
    assert only_error(done.err) == "a.txt: cannot be written (file too large); nothing of it has changed"
    assert (tmp_path / "a.txt").read_bytes() == content
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("command", ["check", "fix", "fix --diff", "check --format json", "explain", "--help"])
def test_standard_output_on_a_full_disk(tmp_path: Path, command: str) -> None:
    (tmp_path / "a.txt").write_text("Two officers.\n")
    with Path("/dev/full").open("wb") as full:
        args = [*command.split(), *([] if command == "--help" else ["a.txt"])]
        done = subprocess.run(
            [*STUB, *args], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, env=environment()
        )
    assert only_error(done.stderr) == "standard output: no space left on device"
    assert done.returncode == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file_and_folder(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch(mode=0o000)
    (tmp_path / "closed").mkdir(mode=0o000)
    assert "a.txt: cannot be read (permission denied)" in run("check", "a.txt", cwd=tmp_path, core=REAL).err
    assert "closed: cannot list this folder (permission denied)" in run("check", ".", cwd=tmp_path, core=REAL).err


def test_unknown_command_and_forgotten_command(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    assert "No such command 'chekc'" in run("chekc", cwd=tmp_path, core=REAL).err
    done = run("a.txt", cwd=tmp_path, core=REAL)
    assert done.code == 2
    assert "cleaner check a.txt" in done.err


@pytest.mark.parametrize("args", [["check"], ["check", "--demo", "a.txt"], ["explain"]])
def test_wrong_usage(tmp_path: Path, args: list[str]) -> None:
    done = run(*args, cwd=tmp_path, core=REAL)
    assert (done.code, done.out) == (2, "")
    assert "--help" in done.err


def test_interruption_is_quiet(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*REAL, "check", "-"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        preexec_fn=hear_interrupts,
    )
    assert process.stdin is not None
    os.set_blocking(process.stdin.fileno(), True)
    # The pipe takes 64 KiB, so that more than that is only accepted once the command reads.
    process.stdin.write(b"quiet words " * 20_000)
    process.stdin.flush()
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert (process.returncode, out) == (130, b"")
    assert b"Traceback" not in err


def test_fault_of_the_program_is_not_taken_for_findings(tmp_path: Path) -> None:
    faulty = "import sys; sys.modules['cleaner.cleaner'] = sys; from cleaner.cli import main; main()"
    (tmp_path / "a.txt").write_text("text")
    done = subprocess.run(
        [REAL[0], "-c", faulty, "check", "a.txt"], cwd=tmp_path, capture_output=True, text=True, env=environment()
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "ImportError: cannot import name 'Cleaner'" in done.stderr
