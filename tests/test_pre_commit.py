"""The hooks, through pre-commit itself, on a real repository."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli_process import ROOT

pytest.importorskip("pre_commit")

# What the copy of the project needs for a wheel: tracked files only, so that nothing else gets into the hook.
SPUN = (ROOT / "cleaner/demo.txt").read_text(encoding="utf-8")


def git(folder: Path, *args: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=Test", "-c", "user.email=test@example.org", *args],
        cwd=folder,
        check=True,
        capture_output=True,
    )


def hook(name: str, repository: Path, project: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """`pre-commit try-repo` of one hook on all files."""
    env = {**os.environ, "PRE_COMMIT_HOME": str(home)}
    env.pop("PYTHONPATH", None)
    command = [sys.executable, "-m", "pre_commit", "try-repo", str(project), name, "--all-files", "--verbose"]
    return subprocess.run(command, cwd=repository, env=env, capture_output=True, text=True)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as a repository of its own, as it stands in the checkout."""
    folder = tmp_path_factory.mktemp("project")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *SOURCES],
        cwd=ROOT,
        capture_output=True,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "all")
    return folder


SOURCES = (
    "cleaner",
    "lexicons",
    "pyproject.toml",
    "hatch_build.py",
    "README.md",
    "LICENSE",
    "NOTICE",
    ".pre-commit-hooks.yaml",
)


@pytest.mark.wheel
@pytest.mark.end_to_end
def test_hooks_refuse_and_restore(tmp_path: Path, project: Path) -> None:
    repository, home = tmp_path / "repository", tmp_path / "home"
    repository.mkdir()
    git(repository, "init", "-q")
    (repository / "a.txt").write_text(SPUN, encoding="utf-8")
    (repository / "quiet.md").write_text("The weather was fine.\n")
    (repository / "code.py").write_text("officers = 'mentioned'\n")
    (repository / "drafts").mkdir()
    (repository / "drafts/b.txt").write_text(SPUN, encoding="utf-8")
    (repository / "pyproject.toml").write_text('[tool.cleaner]\nexclude = ["drafts/"]\n')
    git(repository, "add", "-A")

    checked = hook("cleaner", repository, project, home)
    if "Could not find a version" in checked.stdout + checked.stderr or "No matching distribution" in checked.stdout:
        pytest.skip("no package index")
    assert checked.returncode == 1, checked.stdout + checked.stderr
    assert "a.txt: spun" in checked.stdout
    assert "drafts" not in checked.stdout
    assert (repository / "a.txt").read_text(encoding="utf-8") == SPUN

    fixed = hook("cleaner-fix", repository, project, home)
    assert fixed.returncode == 1, fixed.stdout
    assert "files were modified by this hook" in fixed.stdout
    assert (repository / "a.txt").read_text(encoding="utf-8") != SPUN
    assert (repository / "drafts/b.txt").read_text(encoding="utf-8") == SPUN
    assert (repository / "code.py").read_text() == "officers = 'mentioned'\n"
