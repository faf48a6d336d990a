"""Settings files, excludes, marks in the text and baselines: what a project needs to run the check on every commit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_process import run

from cleaner.discovery import Exclusion, Found, Skipped, find
from cleaner.suppression import suppressed

SPUN = "The White Home officers mentioned it.\n"


def test_pyproject_is_found_upwards(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n\n[tool.cleaner]\nthreshold = 0.95\n')
    below = tmp_path / "a/b"
    below.mkdir(parents=True)
    (below / "pyproject.toml").write_text('[project]\nname = "no settings of ours"\n')
    (below / "a.txt").write_text(SPUN)
    out = run("check", "a.txt", cwd=below).out
    assert "White Home" in out
    assert "officers" not in out.split("\n", 1)[1]
    assert "officers -> officials" in run("--isolated", "check", "a.txt", cwd=below).out
    assert "officers -> officials" in run("check", "--threshold", "0.9", "a.txt", cwd=below).out


def test_config_tells_values_and_origins(tmp_path: Path) -> None:
    (tmp_path / "cleaner.toml").write_text('# ours\nthreshold = 0.9\nexclude = ["drafts/"]\n')
    (tmp_path / "pyproject.toml").write_text("[tool.cleaner]\nthreshold = 0.1\n")
    lines = run("config", cwd=tmp_path).out.splitlines()
    path = tmp_path / "cleaner.toml"
    assert lines[0].split("  # ")[0].strip() == "threshold = 0.9"
    assert f"# {path}:2: confidence from which a repair counts" in lines[0]
    assert any(line.startswith('exclude = ["drafts/"]') and f"# {path}:3" in line for line in lines)
    assert any(line.startswith('encoding = "utf-8"') and "# default" in line for line in lines)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("treshold = 1", "cleaner.toml:1: unknown setting 'treshold'; did you mean 'threshold'?"),
        ("\nthreshold = 'high'", "cleaner.toml:2: threshold must be a number between 0 and 1, not 'high'"),
        ("threshold = true", "threshold must be a number between 0 and 1, not True"),
        ("exclude = 'a'", "exclude must be a list of patterns"),
        ("encoding = 'latin-9000'", "encoding must be the name of a text encoding"),
        ("policy = 'burn'", "policy must be one of 'fix', 'annotate', 'drop', 'quarantine', not 'burn'"),
        ("= 1", "cleaner.toml: no valid TOML"),
    ],
)
def test_wrong_settings_are_told(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "cleaner.toml").write_text(content)
    (tmp_path / "a.txt").write_text("Nothing.\n")
    for command in (["config"], ["check", "a.txt"]):
        done = run(*command, cwd=tmp_path)
        assert (done.code, done.out) == (2, "")
        assert says in done.err


def test_excludes_hold_for_paths_given_by_name(tmp_path: Path) -> None:
    (tmp_path / "cleaner.toml").write_text('exclude = ["drafts/", "*.old.txt"]\n')
    (tmp_path / "drafts").mkdir()
    for name in ("drafts/a.txt", "b.old.txt", "c.txt"):
        (tmp_path / name).write_text(SPUN)
    assert run("check", "drafts/a.txt", "b.old.txt", cwd=tmp_path).code == 0
    assert run("fix", "-i", "drafts/a.txt", "b.old.txt", "c.txt", cwd=tmp_path).out == "c.txt: 3 repairs\n"
    assert (tmp_path / "drafts/a.txt").read_text() == SPUN
    assert run("check", "--exclude", "/c.txt", "c.txt", cwd=tmp_path).code == 0


def test_find_says_what_is_left_out_and_why(tmp_path: Path) -> None:
    for name in ("a.txt", "b.log", "node/c.txt", "keep/d.txt", "keep/no.txt", ".hidden.txt", "keep/e.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / ".gitignore").write_text("node/\nno.txt\n")
    (tmp_path / "keep/.cleanerignore").write_text("e.txt\n")
    items = list(find([str(tmp_path)], [Exclusion.of(["a.*"], tmp_path, "--exclude")], lambda n: n.endswith(".txt")))
    assert [item.name for item in items if isinstance(item, Found)] == ["keep/d.txt"]
    reasons = {item.path.name: item.reason for item in items if isinstance(item, Skipped)}
    assert reasons == {
        ".hidden.txt": "hidden",
        "a.txt": "excluded by --exclude",
        "b.log": "not a kind of file that holds text",
        "node": f"excluded by {tmp_path / '.gitignore'}",
        "no.txt": f"excluded by {tmp_path / '.gitignore'}",
        "e.txt": f"excluded by {tmp_path / 'keep/.cleanerignore'}",
    }


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("officers\nofficers <!-- cleaner:ignore-line -->\nofficers\n", [1, 3]),
        ("cleaner:ignore-next-line\r\nofficers\r\nofficers\r\n", [3]),
        ("officers\n# cleaner:ignore-start\nofficers\n\nofficers\n# cleaner:ignore-end\nofficers\n", [1, 7]),
        ("officers\ncleaner:ignore-start\nofficers\nofficers", [1]),
        ("officers\nofficers\n<!-- cleaner:ignore-file -->\n", []),
        ("An air cleaner: off or on, ignore-line officers\n", [1]),
    ],
)
@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_marks_switch_off_lines_blocks_and_files(tmp_path: Path, name: str, text: str, left: list[int]) -> None:
    (tmp_path / name).write_bytes(text.encode())
    content = json.loads(run("check", "--format", "json", name, cwd=tmp_path).raw)
    assert [finding["line"] for finding in content[0]["findings"]] == left
    run("fix", "-i", name, cwd=tmp_path)
    lines = text.split("\n")
    for line in left:
        lines[line - 1] = lines[line - 1].replace("officers", "officials")
    assert (tmp_path / name).read_bytes().decode() == "\n".join(lines)


def test_ranges_that_touch_are_one() -> None:
    assert suppressed("a cleaner:ignore-line\nb cleaner:ignore-line\nc") == [(0, 44)]


def test_markup_is_left_alone_and_places_are_those_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\nk: officers\n---\nSee `officers` in response\nto officers.\n")
    page = '<meta charset="cp1252"><p title="officers">“Two”\n<b>officers</b>'
    (tmp_path / "a.html").write_bytes(page.encode("cp1252"))
    out = run("check", "a.md", "a.html", cwd=tmp_path).out
    assert "a.md:4:16: in response\\nto -> according to (0.97)" in out
    assert "a.md:5:4: officers -> officials (0.91)" in out
    assert "a.html:2:4: officers -> officials (0.91)" in out
    assert out.count("officers ->") == 2
    run("fix", "-i", "a.md", "a.html", cwd=tmp_path)
    assert (tmp_path / "a.md").read_text() == "---\nk: officers\n---\nSee `officers` according to officials.\n"
    fixed = page.replace("<b>officers", "<b>officials")
    assert (tmp_path / "a.html").read_bytes() == fixed.encode("cp1252")


def test_corpus_files_are_sent_to_run(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "officers"}\n')
    done = run("check", "a.jsonl", cwd=tmp_path)
    assert (done.code, done.err) == (2, "cleaner: a.jsonl: a corpus file; clean it with `cleaner run`\n")


def test_baseline_lets_only_new_findings_fail(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(SPUN)
    missing = run("check", "--baseline", "known.json", "a.txt", cwd=tmp_path)
    assert (missing.code, "no such baseline; --write-baseline makes it" in missing.err) == (2, True)
    assert run("check", "--baseline", "known.json", "--write-baseline", "a.txt", cwd=tmp_path).code == 0
    assert run("check", "--baseline", "known.json", "a.txt", cwd=tmp_path).code == 0
    (tmp_path / "a.txt").write_text("A line more.\n" + SPUN + "In it, officers.\n")
    done = run("check", "--baseline", "known.json", "a.txt", cwd=tmp_path)
    assert (done.code, done.out) == (1, "a.txt:3:8: officers -> officials (0.91)\n")
    (tmp_path / "cleaner.toml").write_text('baseline = "known.json"\n')
    (tmp_path / "b").mkdir()
    assert run("check", "../a.txt", cwd=tmp_path / "b").out == "../a.txt:3:8: officers -> officials (0.91)\n"
    (tmp_path / "known.json").write_text("{}")
    assert "no baseline that can be read" in run("check", "a.txt", cwd=tmp_path).err
