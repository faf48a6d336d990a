"""`--format json`: what docs/json-schema.md promises."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cli_process import ROOT, run

TEXT = "Café “é” 🙂 first.\r\nThe White Home officers mentioned gibberish.\r\nTwo officers assist. Leave a\nReply\n"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    page = (ROOT / "docs" / "json-schema.md").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(page.split("```json\n")[1].split("```")[0])
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


@pytest.mark.parametrize("command", [["check"], ["fix"], ["check", "-v"], ["fix", "--furniture"]])
def test_report_follows_the_schema(tmp_path: Path, schema: dict[str, Any], command: list[str]) -> None:
    (tmp_path / "a.txt").write_bytes(TEXT.encode())
    (tmp_path / "empty.txt").touch()
    report = json.loads(run(*command, "--format", "json", ".", cwd=tmp_path).raw)
    jsonschema.validate(report, schema, cls=jsonschema.Draft202012Validator)
    assert [document["path"] for document in report] == ["a.txt", "empty.txt"]
    assert [("restored" in document) for document in report] == [command[0] == "fix"] * 2


def test_the_schema_is_strict(schema: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([{"path": "a.txt"}], schema)
    assert all(part["additionalProperties"] is False for part in schema["$defs"].values() if part["type"] == "object")


def test_offsets_lines_and_columns_lead_to_the_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    (document,) = json.loads(run("check", "--format", "json", "a.txt", cwd=tmp_path).raw)
    lines = TEXT.replace("\r\n", "\n").split("\n")
    assert len(document["findings"]) == 7
    for finding in document["findings"]:
        assert TEXT[finding["start"] : finding["end"]] == finding["text"]
        first = finding["text"].split("\n")[0]
        assert lines[finding["line"] - 1][finding["column"] - 1 :].startswith(first)
    assert [TEXT[p["start"] : p["end"]] for p in document["paragraphs"]] == [line for line in lines if line]
    assert [p["line"] for p in document["paragraphs"]] == [1, 2, 3, 4]


def test_weak_findings_and_those_without_a_cure_are_in_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    (document,) = json.loads(run("check", "--format", "json", "a.txt", cwd=tmp_path).raw)
    by_text = {finding["text"]: finding for finding in document["findings"]}
    assert (by_text["assist"]["confidence"], by_text["assist"]["applied"]) == (0.4, False)
    assert (by_text["gibberish"]["replacement"], by_text["gibberish"]["applied"]) == (None, False)


def ids(folder: Path, text: str) -> list[tuple[str, str]]:
    (folder / "a.txt").write_text(text)
    (document,) = json.loads(run("check", "--format", "json", "a.txt", cwd=folder).raw)
    return [(finding["text"], finding["id"]) for finding in document["findings"]]


def test_ids_differ_and_survive_edits_elsewhere(tmp_path: Path) -> None:
    before = ids(tmp_path, "Two officers mentioned officers.\n")
    assert len({id_ for _, id_ in before}) == 3
    assert set(before) <= set(ids(tmp_path, "A new line.\n\nThe two officers mentioned other officers. They assist.\n"))


def test_restored_text_is_complete(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(TEXT.encode())
    (document,) = json.loads(run("fix", "--format", "json", "a.txt", cwd=tmp_path).raw)
    assert document["restored"] == run("fix", "a.txt", cwd=tmp_path).raw.decode()


def test_no_documents_and_errors_leave_valid_json(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("quiet")
    done = run("check", "--format", "json", "missing", "a.txt", cwd=tmp_path)
    assert (done.code, len(json.loads(done.raw))) == (2, 1)
    assert json.loads(run("check", "--format", "json", "missing", cwd=tmp_path).raw) == []


def test_json_is_utf_8_whatever_the_locale(tmp_path: Path) -> None:
    (tmp_path / "é.txt").write_text("Ō officers", encoding="utf-8")
    done = run("check", "--format", "json", ".", cwd=tmp_path, env={"PYTHONIOENCODING": "ascii"})
    assert json.loads(done.raw.decode("utf-8"))[0]["path"] == "é.txt"


def test_name_that_is_no_text_is_still_json(tmp_path: Path) -> None:
    (Path(tmp_path) / "a\udcff.txt").write_text("quiet")
    assert json.loads(run("check", "--format", "json", ".", cwd=tmp_path).raw)[0]["path"] == "a\\xff.txt"
