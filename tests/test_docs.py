"""The snippets of docs/ingestion.md, run as they stand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from cli_process import ROOT
from fake_cleaner import FakeCleaner

from cleaner.settings import Settings

PAGE = (ROOT / "docs/ingestion.md").read_text(encoding="utf-8")
SNIPPETS = {m[1]: m[2] for m in re.finditer(r"^## (.+?)\n(?:(?!^## ).)*?^```python\n(.*?)^```", PAGE, re.S | re.M)}
LIBRARIES = {
    "Plain loop": None,
    "Hugging Face datasets": "datasets",
    "pandas": "pandas",
    "polars": "polars",
    "datatrove": "datatrove",
    "Ray Data": "ray",
    "FastAPI": "fastapi",
}


class Default(FakeCleaner):
    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__(settings or Settings())


def execute(title: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    if library := LIBRARIES[title]:
        pytest.importorskip(library)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    namespace: dict[str, Any] = {"__name__": "snippet"}
    exec(compile(SNIPPETS[title], title, "exec"), namespace)
    return namespace


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cleaner.cleaner.Cleaner", Default)
    monkeypatch.setattr("cleaner.Cleaner", Default)


def test_every_snippet_has_a_test() -> None:
    assert set(SNIPPETS) == set(LIBRARIES)


@pytest.mark.usefixtures("fake")
class TestSnippets:
    def test_plain_loop(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        names = execute("Plain loop", tmp_path, monkeypatch)
        assert names["ready"] == ["In response to officials, the military was warned.", "The weather was fine."]

    def test_datasets(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path))
        names = execute("Hugging Face datasets", tmp_path, monkeypatch)
        assert names["honest"]["text"][:] == ["The military was warned.", "The weather was fine."]

    @pytest.mark.parametrize("title", ["pandas", "polars"])
    def test_frames(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, title: str) -> None:
        frame = execute(title, tmp_path, monkeypatch)["frame"]
        assert list(frame["text"]) == ["The military was warned.", "The weather was fine."]
        assert list(frame["id"]) == [1, 2]
        assert list(frame["cleaner_verdict"]) == ["clean", "clean"]

    def test_datatrove(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        execute("datatrove", tmp_path, monkeypatch)
        assert "The military was warned." in next((tmp_path / "cleaned").iterdir()).read_text()

    def test_fastapi(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        testclient = pytest.importorskip("fastapi.testclient")
        client = testclient.TestClient(execute("FastAPI", tmp_path, monkeypatch)["app"])
        answer = client.post("/clean", json={"text": "The navy was warned."})
        assert answer.json() == {"verdict": "clean", "probability": 0.4, "text": "The military was warned."}


@pytest.mark.end_to_end
def test_ray_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray")
    pytest.importorskip("pandas")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        assert set(execute("Ray Data", tmp_path, monkeypatch)["verdicts"]) == {"clean"}
    finally:
        ray.shutdown()
