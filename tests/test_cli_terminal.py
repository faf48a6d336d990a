"""Colour and wrapping: on a terminal, and only there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cli_process import run, run_on_terminal

SPUN = "A quiet line.\nThe White Home officers mentioned it. They assist.\n"


@pytest.fixture(autouse=True)
def spun(tmp_path: Path) -> None:
    (tmp_path / "spun.txt").write_text(SPUN, encoding="utf-8")


COMMANDS = [["check", "spun.txt"], ["fix", "--diff", "spun.txt"], ["explain", SPUN]]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c[0])
def test_colour_on_a_terminal(tmp_path: Path, command: list[str]) -> None:
    assert "\x1b[" in run_on_terminal(*command, cwd=tmp_path).out


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c[0])
def test_no_escape_when_piped(tmp_path: Path, command: list[str]) -> None:
    done = run(*command, cwd=tmp_path, env={"FORCE_COLOR": "1"})
    assert done.out
    assert "\x1b" not in done.out


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c[0])
@pytest.mark.parametrize("way", ["--no-color", "NO_COLOR", "TERM"])
def test_no_escape_when_asked_for_none(tmp_path: Path, command: list[str], way: str) -> None:
    option = [way] if way == "--no-color" else []
    env = {"NO_COLOR": {"NO_COLOR": "1"}, "TERM": {"TERM": "dumb"}}.get(way, {})
    done = run_on_terminal(command[0], *option, *command[1:], cwd=tmp_path, **env)
    assert done.out
    assert "\x1b" not in done.out


def test_report_for_eyes(tmp_path: Path) -> None:
    (tmp_path / "clean.txt").write_text("Nothing here.\n")
    done = run_on_terminal("check", "--no-color", ".", cwd=tmp_path)
    assert [line.rstrip() for line in done.out.splitlines()] == [
        "spun.txt  spun (probability 0.999, dialect news)",
        "  ▁█  2 paragraphs",
        "     2:5  0.99  White Home → White House",
        "    2:16  0.91  officers → officials",
        "    2:25  0.75  mentioned → said",
        "  1 weaker finding not shown; -v shows all",
        "",
        "2 documents (1 clean, 1 spun), 3 findings",
    ]
    assert done.code == 1


def test_report_on_a_narrow_terminal(tmp_path: Path) -> None:
    (tmp_path / "spun.txt").write_text("The officers.\n\n" * 90 + "A quiet line.\n")
    done = run_on_terminal("check", "-v", "--no-color", "spun.txt", cwd=tmp_path, COLUMNS="40")
    lines = [line.rstrip() for line in done.out.splitlines()]
    assert max(map(len, lines)) <= 40
    assert lines[2:6] == [
        "  " + "█" * 23 + "  91 paragraphs",
        "     1:5  0.91  officers → officials; or",
        "                officers 0.09;",
        "                stub.tsv:7",
    ]


def test_words_are_wrapped_to_the_width(tmp_path: Path) -> None:
    (tmp_path / "spun.txt").write_text("The officers mentioned a long and winding thing to everybody. " * 8)
    lines = run_on_terminal("fix", "--diff", "--no-color", "spun.txt", cwd=tmp_path).out.splitlines()
    assert max(map(len, lines)) <= 80
    assert " ".join(line.strip() for line in lines).count("winding thing") == 8


def test_coloured_diff_needs_no_marks(tmp_path: Path) -> None:
    out = run_on_terminal("fix", "--diff", "spun.txt", cwd=tmp_path).out
    assert "[-" not in out
    assert re.sub(r"\x1b\[[\d;]*m", "", out).splitlines()[3] == (
        "The White Home White House(0.99) officers officials(0.91) mentioned said(0.75) "
    )


def test_markup_of_the_terminal_library_is_plain_text(tmp_path: Path) -> None:
    (tmp_path / "[red]x[bold].txt").write_text("two officers :smile: [bold]\n")
    out = run_on_terminal("fix", "--diff", "--no-color", "[red]x[bold].txt", cwd=tmp_path).out
    assert "--- [red]x[bold].txt" in out
    assert ":smile: [bold]" in out


def test_restored_text_is_the_same_on_a_terminal(tmp_path: Path) -> None:
    assert run_on_terminal("fix", "spun.txt", cwd=tmp_path).out == run("fix", "spun.txt", cwd=tmp_path).out
