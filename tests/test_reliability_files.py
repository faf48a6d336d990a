"""Files as people have them: links, odd names, rights, two programs at once, a full disk, a sudden end."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_process import STUB, environment, names, run

SPUN = "White Home officers mentioned it, in response to others.\n"
FIXED = "White House officials said it, according to others.\n"


def test_a_link_out_of_the_folder_is_read_but_not_written_through(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text(SPUN)
    folder = tmp_path / "articles"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text(SPUN)
    (folder / "deep" / "out.txt").symlink_to(outside)
    (folder / "in.txt").symlink_to("a.txt")
    (folder / "away").symlink_to(tmp_path)
    assert "out.txt" in run("check", "articles", cwd=tmp_path).out
    done = run("fix", "--in-place", "articles", cwd=tmp_path)
    assert done.code == 2
    assert done.err.splitlines() == [
        "cleaner: articles/deep/out.txt: a link that leads out of the folder; name the file itself"
    ]
    assert outside.read_text() == SPUN
    assert (folder / "a.txt").read_text() == FIXED
    assert (folder / "in.txt").is_symlink() and (folder / "deep" / "out.txt").is_symlink()
    assert run("fix", "--in-place", "articles/deep/out.txt", cwd=tmp_path).code == 0
    assert outside.read_text() == FIXED


def test_links_that_lead_in_circles_or_nowhere(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Fine.\n")
    (tmp_path / "nowhere.txt").symlink_to("missing.txt")
    (tmp_path / "itself.txt").symlink_to("itself.txt")
    (tmp_path / "up").symlink_to(".")
    done = run("check", ".", cwd=tmp_path)
    assert done.code in (0, 2)
    assert all(line.startswith("cleaner: ") for line in done.err.splitlines())


def test_other_hard_links_keep_the_old_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(SPUN)
    os.link(tmp_path / "a.txt", tmp_path / "copy.bak")
    assert run("fix", "--in-place", "a.txt", cwd=tmp_path).code == 0
    assert (tmp_path / "a.txt").read_text() == FIXED
    assert (tmp_path / "copy.bak").read_text() == SPUN


def test_what_is_not_changed_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "fine.txt").write_text("Fine.\n")
    (tmp_path / "spun.txt").write_text(SPUN)
    for path in tmp_path.iterdir():
        path.chmod(0o640)
        os.utime(path, (1_000_000_000, 1_000_000_000))
    before = (tmp_path / "fine.txt").stat()
    assert run("fix", "--in-place", ".", cwd=tmp_path).code == 0
    after = (tmp_path / "fine.txt").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    changed = (tmp_path / "spun.txt").stat()
    assert stat.S_IMODE(changed.st_mode) == 0o640
    assert changed.st_mtime > 1_000_000_000  # so that backups and build tools notice


def test_extended_attributes_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(SPUN)
    try:
        os.setxattr(path, "user.origin", b"a feed")
    except (AttributeError, OSError):
        pytest.skip("this file system has no extended attributes")
    assert run("fix", "--in-place", "a.txt", cwd=tmp_path).code == 0
    assert os.getxattr(path, "user.origin") == b"a feed"


ODD_NAMES = (
    b"two words.txt", b"line\nend.txt", b"tab\t.txt", b"\xff\xfe.txt", b"caf\xc3\xa9.txt", b"-q.txt", b"'\".txt",
    b"*.txt", b"[a].txt", b"\xe2\x80\xae.txt", b"a" * 251 + b".txt", b"\x1b[31m.txt", b"%s{0}.txt", b"~.txt",
    b"$HOME.txt",
)  # fmt: skip


def test_odd_names(tmp_path: Path) -> None:
    paths = [Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)) for name in ODD_NAMES]
    for path in paths:
        path.write_text(SPUN)
    for format_ in ("text", "json", "jsonl", "sarif", "github"):
        done = run("check", "--format", format_, ".", cwd=tmp_path)
        assert done.code == 1, done.err
        assert "\x1b" not in done.out
        if format_ in ("json", "sarif"):
            assert json.dumps(json.loads(done.out)).count("White House") >= len(paths)
        elif format_ == "jsonl":
            assert len([json.loads(line) for line in done.out.splitlines()]) >= len(paths)
    assert run("fix", "--in-place", ".", cwd=tmp_path).code == 0
    assert all(path.read_text() == FIXED for path in paths)
    assert sorted(map(os.fsencode, names(tmp_path))) == sorted(ODD_NAMES)


def test_a_read_only_file_and_a_read_only_folder(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anything")
    (tmp_path / "a.txt").write_text(SPUN)
    (tmp_path / "a.txt").chmod(0o444)
    done = run("fix", "--in-place", "a.txt", cwd=tmp_path)
    assert done.code == 2 and "cannot be written" in done.err
    (tmp_path / "a.txt").chmod(0o644)
    tmp_path.chmod(0o555)
    try:
        assert run("fix", "--in-place", "a.txt", cwd=tmp_path).code == 2
    finally:
        tmp_path.chmod(0o755)
    assert (tmp_path / "a.txt").read_text() == SPUN


def tree(folder: Path, files: int) -> list[Path]:
    made = []
    for i in range(files):
        path = folder / f"{i % 5}" / f"{i}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SPUN * (1 + 37 * i % 400))
        made.append(path)
    return made


def is_whole(path: Path) -> bool:
    """Whether a file is the spun one or the restored one, and nothing between."""
    lines = set(path.read_text().splitlines(keepends=True))
    return len(lines) == 1 and lines <= {SPUN, FIXED}


def test_two_runs_on_one_tree_leave_every_file_whole(tmp_path: Path) -> None:
    paths = tree(tmp_path, 60)
    command = [*STUB, "fix", "--in-place", "--quiet", "."]
    both = [subprocess.Popen(command, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE) for _ in range(2)]
    for process in both:
        _, err = process.communicate()
        assert process.returncode == 0, err.decode()
    assert all(path.read_text() == FIXED * path.read_text().count("\n") for path in paths)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == len(paths)


def test_killed_at_random_moments_every_file_is_whole(tmp_path: Path) -> None:
    paths = tree(tmp_path, 200)
    generator = random.Random(8)
    for _ in range(8):
        tree(tmp_path, 200)
        process = subprocess.Popen([*STUB, "fix", "-i", "-q", "."], cwd=tmp_path, env=environment())
        while process.poll() is None and paths[0].read_text().startswith(SPUN):
            time.sleep(0.001)  # it is not at work yet
        time.sleep(generator.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert all(map(is_whole, paths))
    assert run("fix", "-i", "-q", ".", cwd=tmp_path).code == 0
    assert all(path.read_text().startswith(FIXED) for path in paths)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with 1 MB of room."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if sys.platform != "linux" or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "x", folder]).returncode:
        pytest.skip("file systems cannot be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_leaves_every_file_whole(small_disk: Path) -> None:
    paths = tree(small_disk, 10)
    with (small_disk / "ballast").open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
        while ballast.write(bytes(4096)):
            pass
    done = run("fix", "--in-place", ".", cwd=small_disk)
    assert done.code == 2
    assert "no space left on device" in done.err
    assert all(map(is_whole, paths))
    assert names(small_disk) == ["0", "1", "2", "3", "4", "ballast"]
    (small_disk / "ballast").unlink()
    assert run("fix", "--in-place", ".", cwd=small_disk).code == 0
    assert all(path.read_text().startswith(FIXED) for path in paths)
