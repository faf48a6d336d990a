"""What the README tells a new user to do works as it stands."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

from cli_process import ROOT, STUB, environment, run

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^):#]+)\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_cleanup_commands_in_turn(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "a.txt").write_text("Two officers.\n")
    cleanup = next(block for block in blocks("sh") if "--in-place" in block)
    codes = [run(*shlex.split(line, comments=True)[1:], cwd=tmp_path).code for line in cleanup.splitlines()]
    assert codes == [1, 0, 0]
    assert (tmp_path / "articles" / "a.txt").read_text() == "Two officials.\n"


def test_hook_refuses_a_commit_with_garbled_text(tmp_path: Path) -> None:
    """The hook's entry, as a git hook that calls it with the staged files, on a real repository."""
    (entry,) = re.findall(r"entry: cleaner (.*)", blocks("yaml")[0])
    (pattern,) = re.findall(r"files: (.*)", blocks("yaml")[0])

    def git(*args: str) -> int:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "core.hooksPath=hooks"]
        return subprocess.run(
            ["git", *identity, *args], cwd=tmp_path, capture_output=True, env=environment()
        ).returncode

    git("init")
    hook = tmp_path / "hooks" / "pre-commit"
    hook.parent.mkdir()
    hook.write_text(
        f"#!/bin/sh\ngit diff --cached --name-only -z | grep -zE '{pattern}' | xargs -0 {shlex.join(STUB)} {entry}\n"
    )
    hook.chmod(0o755)
    (tmp_path / "code.py").write_text("officers = 2\n")
    (tmp_path / "a.txt").write_text("Two officials.\n")
    git("add", "code.py", "a.txt")
    assert git("commit", "-m", "clean") == 0
    (tmp_path / "b.md").write_text("Two officers.\n")
    git("add", "b.md")
    assert git("commit", "-m", "garbled") != 0
