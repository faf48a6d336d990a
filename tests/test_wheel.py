"""What is published works where there is nothing else: no checkout, no development tools, another folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from cleaner import __version__

pytestmark = pytest.mark.wheel
ROOT = Path(__file__).parent.parent


def call(*args: str | Path, cwd: Path) -> str:
    """Run a program without anything of this environment and return its output."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run([*map(str, args)], cwd=cwd, capture_output=True, text=True, encoding="utf-8", env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the source distribution and the wheel that was made from it."""
    out = tmp_path_factory.mktemp("dist")
    call(sys.executable, "-m", "build", "--outdir", out, ROOT, cwd=out)
    return out


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    return next(dist.glob("*.whl"))


def test_wheel_holds_every_file_of_package_and_lexicons(wheel: Path) -> None:
    tracked = call("git", "ls-files", "cleaner", "lexicons", cwd=ROOT).splitlines()
    wanted = {f"cleaner/{name}" if name.startswith("lexicons/") else name for name in tracked}
    with zipfile.ZipFile(wheel) as archive:
        assert wanted <= set(archive.namelist())


def test_distributions_carry_version_and_licence_and_nothing_strange(dist: Path, wheel: Path) -> None:
    name = f"article_cleaner-{__version__}"
    assert wheel.name == f"{name}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        assert {path.split("/")[0] for path in archive.namelist()} == {"cleaner", f"{name}.dist-info"}
        assert f"{name}.dist-info/licenses/LICENSE" in archive.namelist()
    with tarfile.open(dist / f"{name}.tar.gz") as source:
        assert {f"{name}/{path}" for path in ("LICENSE", "README.md", "pyproject.toml")} <= set(source.getnames())


def test_demo_runs_from_a_fresh_environment_in_another_folder(
    wheel: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    venv = tmp_path_factory.mktemp("fresh") / "venv"
    call(sys.executable, "-m", "venv", venv, cwd=tmp_path)
    call(venv / "bin" / "pip", "install", "--quiet", wheel, cwd=tmp_path)
    assert call(venv / "bin" / "cleaner", "--version", cwd=tmp_path) == f"cleaner {__version__}\n"
    lines = call(venv / "bin" / "cleaner", "check", "--demo", cwd=tmp_path).splitlines()
    assert re.match(r"demo\.txt: spun \(probability (0\.99|1\.00)", lines[0])
    assert any(re.match(r"demo\.txt:1:11: Home -> House \((0\.9|1\.00)", line) for line in lines)
    assert list(tmp_path.iterdir()) == []
