"""`cleaner review` as a process."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from cli_process import STUB, environment, names, run


@contextmanager
def reviewing(*args: str, cwd: Path, core: Sequence[str] = STUB) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address that a server shows, and its process."""
    command = [*core, "review", "--port", "0", "--no-open", *args]
    with subprocess.Popen(
        command, cwd=cwd, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip(), process
        finally:
            process.terminate()


def get(address: str, token: str = "") -> bytes:
    content: bytes = urlopen(Request(address, headers={"X-Cleaner-Token": token}), timeout=10).read()
    return content


def test_serves_files_and_folders_until_interrupted(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("The officers mentioned it.")
    (tmp_path / "b.txt").write_text("White Home gibberish.")
    with reviewing("in", "b.txt", cwd=tmp_path) as (address, process):
        match = re.fullmatch(r"(http://127\.0\.0\.1:\d+)/\?token=([\w-]{32})", address)
        assert match
        assert b"4 findings in 2 documents" in get(address)
        queue = json.loads(get(f"{match[1]}/api/queue", match[2]))
        assert [d[0] for d in queue["documents"]] == ["in/a.txt", "b.txt"]
        with pytest.raises(HTTPError, match="403"):
            get(f"{match[1]}/api/queue")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
    assert errors == "4 findings in 2 documents; decisions are saved in cleaner-review.sqlite\n"
    assert names(tmp_path) == ["b.txt", "cleaner-review.sqlite", "in"]


def test_without_paths_it_serves_the_api(tmp_path: Path) -> None:
    with reviewing(cwd=tmp_path) as (address, _):
        assert address.endswith("/try")
        assert b"Try it" in get(address)
    assert names(tmp_path) == []


def test_excluded_files_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The officers")
    (tmp_path / "b.txt").write_text("The officers")
    with reviewing("a.txt", "b.txt", "--exclude", "b.*", cwd=tmp_path) as (address, _):
        assert b"1 finding in 1 document<" in get(address)


def test_listening_to_the_network_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The officers")
    with reviewing("a.txt", "--host", "0.0.0.0", cwd=tmp_path) as (address, process):
        assert b"1 finding in 1 document<" in get(address)
        process.terminate()
        assert "open to the network at 0.0.0.0" in process.communicate(timeout=10)[1]


def test_a_link_out_of_the_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("The officers")
    (tmp_path / "secret.txt").write_text("The officers")
    (tmp_path / "in" / "link.txt").symlink_to(tmp_path / "secret.txt")
    with reviewing("in", cwd=tmp_path) as (address, process):
        assert b"1 finding in 1 document<" in get(address)
        process.terminate()
        assert "in/link.txt: leads out of the folders under review" in process.communicate(timeout=10)[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-"], "standard input cannot be reviewed"),
        (["missing.txt"], "there is nothing to review"),
        (["--host", "no.such.host.invalid"], "cannot listen there"),
        (["a.txt", "--decisions", "a.txt"], "a.txt: cannot keep decisions"),
    ],
)
def test_errors(tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "a.txt").write_text("The officers mentioned it.\n" * 50)
    before = (tmp_path / "a.txt").read_bytes()
    done = run("review", "--port", "0", "--no-open", *arguments, cwd=tmp_path, timeout=30)
    assert done.code == 2
    assert message in done.err
    assert (tmp_path / "a.txt").read_bytes() == before


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("review", "--port", str(taken.getsockname()[1]), "--no-open", cwd=tmp_path, timeout=30)
    assert (done.code, "choose another --port" in done.err) == (2, True)


def test_a_missing_extra_is_named(tmp_path: Path) -> None:
    hidden = "import sys; sys.modules['starlette'] = None; from cleaner.cli import main; main(['review'])"
    done = subprocess.run(
        [sys.executable, "-c", hidden], cwd=tmp_path, env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr == (
        "cleaner: cleaner review needs starlette; install them with: pip install 'article-cleaner[review]'\n"
    )
