"""Starting up: what is imported, what `--help` teaches, and `python -m cleaner`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cli_process import REAL, STUB, environment, run

import cleaner

HEAVY = {"numpy", "rich", "importlib.metadata", "regex", "ftfy", "rapidfuzz", "wordfreq", "tempfile", "json"}


def imported(script: str, *args: str, cwd: Path) -> set[str]:
    """The modules that a fresh interpreter has after running `script`."""
    code = f"import sys, atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); {script}"
    done = subprocess.run(
        [sys.executable, "-c", code, *args], cwd=cwd, capture_output=True, text=True, env=environment()
    )
    return set(done.stderr.split())


def test_importing_the_package_imports_nothing_else(tmp_path: Path) -> None:
    assert {name for name in imported("import cleaner", cwd=tmp_path) if name.startswith("cleaner")} == {"cleaner"}


@pytest.mark.parametrize("args", [["check", "a.txt"], ["check", "-v", "a.txt"], ["fix", "--diff", "a.txt"]])
def test_no_heavy_import_for_a_piped_report(tmp_path: Path, args: list[str]) -> None:
    (tmp_path / "a.txt").write_text("two officers\n")
    start = f"import runpy; sys.argv[0] = 'cleaner'; runpy.run_path({STUB[1]!r}, run_name='__main__')"
    modules = imported(start, *args, cwd=tmp_path)
    assert "cleaner.reports.console" in modules
    assert not modules & HEAVY


def test_honest_text_loads_neither_models_nor_the_steps_that_read_closely(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        "The council said on Tuesday that it would not close the library this year, after hundreds of people had "
        "signed a petition against the plan. The mayor told reporters that money had been found in the road budget.\n"
    )
    start = "import runpy; sys.argv[0] = 'cleaner'; runpy.run_module('cleaner', run_name='__main__')"
    modules = imported(start, "check", "a.txt", cwd=tmp_path)
    assert {"numpy", "cleaner.triage", "cleaner.repairs"} <= modules
    assert not modules & {"cleaner.analysis", "cleaner.language_model", "pathspec", "zipfile", "ftfy", "rich"}


def test_public_names() -> None:
    assert set(cleaner.__all__) <= set(dir(cleaner))
    assert cleaner.Settings().threshold == 0.5
    assert cleaner.Finding.__name__ == "Finding"
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = cleaner.nonsense  # type: ignore[attr-defined]


def test_version(tmp_path: Path) -> None:
    assert run("--version", cwd=tmp_path, core=REAL).out == f"cleaner {cleaner.__version__}\n"


@pytest.mark.parametrize("command", [[], ["check"], ["fix"], ["explain"]])
def test_help_teaches_by_examples(tmp_path: Path, command: list[str]) -> None:
    done = run(*command, "--help", cwd=tmp_path, core=REAL)
    assert done.code == 0
    assert done.out.count(f"  cleaner {' '.join(command)}".rstrip() + " ") >= 2
    assert max(map(len, done.out.splitlines())) <= 100
    assert run(*command, "-h", cwd=tmp_path, core=REAL).out == done.out


def test_without_a_command_help_is_shown(tmp_path: Path) -> None:
    done = run(cwd=tmp_path, core=REAL)
    assert "cleaner check --demo" in done.out + done.err
