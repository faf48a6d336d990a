"""The same job in other engines gives the same output."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from fake_cleaner import DyingCleaner, FakeCleaner, LethalCleaner, restored

from cleaner.discovery import Found
from cleaner.engines import Engine, EngineError
from cleaner.engines.datasets import CleanBatch
from cleaner.engines.local import LocalEngine
from cleaner.formats.base import FIELDS, Options
from cleaner.jobs.block import Job
from cleaner.jobs.plan import plan
from cleaner.jobs.run import run

TEXTS = [f"The navy, in response to {i}, mentioned it." if i % 3 else f"Quiet {i}." for i in range(200)]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"id": i, "text": text}) + "\n" for i, text in enumerate(TEXTS)))
    return path


def output(corpus: Path, engine: Engine, name: str, job: Job) -> dict[str, bytes]:
    folder = corpus.parent / name
    run(plan([Found(corpus, corpus.name)], folder, job), job, engine)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# --- Hugging Face datasets -------------------------------------------------------------------------------------


def test_batch_function_in_datasets_map(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path))
    datasets = pytest.importorskip("datasets")
    dataset = datasets.Dataset.from_dict({"body": TEXTS, "n": list(range(len(TEXTS)))})
    done = dataset.map(CleanBatch("body", factory=FakeCleaner), batched=True, batch_size=32)
    assert done["body"][:] == [restored(text) for text in TEXTS]
    assert done["n"][:] == list(range(len(TEXTS)))
    assert done.column_names == ["body", "n", *FIELDS]
    assert done["cleaner_verdict"][1] == "spun"
    assert json.loads(done["cleaner_edits"][1])[0]["text"] == "navy"


# --- datatrove -------------------------------------------------------------------------------------------------


def pipeline(corpus: Path, step: Any, tasks: int = 1) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The documents and the stats of a real pipeline, run by datatrove's local executor."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter

    out, logs = corpus.parent / "out", corpus.parent / "logs"
    steps = [
        JsonlReader(str(corpus.parent), glob_pattern=corpus.name),
        step,
        JsonlWriter(str(out), compression=None),
    ]
    LocalPipelineExecutor(pipeline=steps, tasks=tasks, logging_dir=str(logs)).run()
    documents = [json.loads(line) for path in sorted(out.iterdir()) for line in path.read_text().splitlines()]
    stats = json.loads((logs / "stats.json").read_text())
    return documents, next(entry["stats"] for entry in stats if "Cleaner" in entry["name"])


def total(stat: Any) -> int:
    """A stat of datatrove's is a bare number where it is not a sum over documents."""
    return int(stat["total"] if isinstance(stat, dict) else stat)


def test_datatrove_modifier(corpus: Path) -> None:
    pytest.importorskip("datatrove")
    from cleaner.engines.datatrove import CleanerModifier

    documents, stats = pipeline(corpus, CleanerModifier(factory=FakeCleaner))
    assert [d["text"] for d in documents] == [restored(text) for text in TEXTS]
    assert documents[1]["metadata"]["cleaner_verdict"] == "spun"
    local = output(corpus, LocalEngine(), "local", Job(factory=FakeCleaner))["a.jsonl"].splitlines()
    for document, line in zip(documents, map(json.loads, local), strict=True):
        assert document["text"] == line["text"]
        assert document["metadata"]["cleaner_probability"] == line["cleaner_probability"]
        assert json.loads(document["metadata"]["cleaner_edits"]) == line["cleaner_edits"]
    assert total(stats["spun"]) == 133
    assert total(stats["clean"]) == 67
    assert total(stats["edits"]) == 399


def test_datatrove_filter_and_its_exclusions(corpus: Path) -> None:
    pytest.importorskip("datatrove")
    from datatrove.pipeline.writers import JsonlWriter

    from cleaner.engines.datatrove import CleanerFilter

    writer = JsonlWriter(str(corpus.parent / "spun"), compression=None)
    documents, stats = pipeline(corpus, CleanerFilter(0.9, exclusion_writer=writer, factory=FakeCleaner))
    assert [d["text"] for d in documents] == [text for i, text in enumerate(TEXTS) if i % 3 == 0]
    aside = [json.loads(line) for path in (corpus.parent / "spun").iterdir() for line in path.read_text().splitlines()]
    assert [d["text"] for d in aside] == [text for i, text in enumerate(TEXTS) if i % 3]
    assert total(stats["dropped"]) == 133
    assert total(stats["kept"]) == 67


# --- Ray -------------------------------------------------------------------------------------------------------


def test_ray_gives_the_output_of_the_local_engine(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a worker killed on the way."""
    ray = pytest.importorskip("ray")
    from cleaner.engines.ray import RayEngine

    tests = str(Path(__file__).parent)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([tests, str(Path(tests).parent)]))
    monkeypatch.setenv("LETHAL_ONCE", str(corpus.parent / "killed"))
    monkeypatch.setattr("cleaner.engines.ray._WAVE_BYTES", 9000)
    options = Options(block_bytes=2000)
    local = output(corpus, LocalEngine(), "local", Job(options=options, factory=FakeCleaner))
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    try:
        done = output(corpus, RayEngine(), "ray", Job(options=options, factory=LethalCleaner))
        assert done == local
        assert (corpus.parent / "killed").exists()
        with pytest.raises(EngineError, match="a block has killed its worker 6 times"):
            output(corpus, RayEngine(), "dead", Job(options=options, factory=DyingCleaner))
    finally:
        ray.shutdown()


def test_no_ray_cluster_at_an_address(corpus: Path) -> None:
    pytest.importorskip("ray")
    from cleaner.engines.ray import RayEngine

    with pytest.raises(EngineError, match=r"no Ray cluster at 127\.0\.0\.1:1"):
        output(corpus, RayEngine("127.0.0.1:1"), "ray", Job(factory=FakeCleaner))


def test_a_missing_extra_is_named(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cleaner.engines import ray as engine
    from cleaner.formats.problems import MissingExtraError

    def no_module(name: str) -> None:
        raise ImportError(name=name)

    monkeypatch.setattr(engine, "import_module", no_module)
    with pytest.raises(MissingExtraError, match=r"Ray clusters need ray: pip install 'article-cleaner\[ray\]'"):
        output(corpus, engine.RayEngine(), "ray", Job(factory=FakeCleaner))
