"""What is shipped is what was published: checksums, licences, reproducible builds; and data never runs."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import cleaner
from cleaner import integrity
from cleaner.integrity import MANIFEST, ModelError, verified
from cleaner.lexicon import Channel, LexiconError, read_own

ROOT = Path(__file__).parent.parent
MODELS = Path(cleaner.__file__).parent / "models"
# Models that the sentence below needs.
USED = ("en.calibration.json", "en.channel", "en.context", "en.expressions", "en.lm", "en.screen", "en.thesaurus")
SPUN = b"White Home officers mentioned the Chilly Conflict was over.\n"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as a wheel would install it, with a manifest."""
    package = tmp_path_factory.mktemp("site") / "cleaner"
    ignored = shutil.ignore_patterns("__pycache__", "models", "*.orig")
    shutil.copytree(MODELS.parent, package, ignore=ignored)
    shutil.copytree(ROOT / "lexicons", package / "lexicons")
    (package / "models").mkdir()
    for path in MODELS.iterdir():
        if path.name != MANIFEST:
            (package / "models" / path.name).symlink_to(path)
    _write_manifest(package / "models", cleaner.__version__)
    return package


def _write_manifest(models: Path, version: str) -> None:
    paths = [path for path in models.iterdir() if path.name != MANIFEST]
    (models / MANIFEST).write_text(json.dumps(integrity.manifest(paths, version)))


def _check(package: Path) -> subprocess.CompletedProcess[bytes]:
    """`cleaner check -` by the package in this folder."""
    command = [sys.executable, "-m", "cleaner", "--isolated", "check", "-"]
    env = {"PYTHONPATH": str(package.parent), "PATH": ""}
    return subprocess.run(command, input=SPUN, capture_output=True, env=env, cwd=package.parent)


def test_what_was_published_works(installed: Path) -> None:
    done = _check(installed)
    assert done.returncode == 1, done.stderr.decode()
    assert b"Home -> House" in done.stdout


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        *((name, "flipped") for name in sorted(path.name for path in MODELS.iterdir()) if name in USED),
        *(("en.screen", damage) for damage in ("cut", "empty", "missing")),
        ("en.lm", "cut"),
        ("en.context", "missing"),
    ],
)
def test_a_damaged_model_is_named_with_its_mend(installed: Path, name: str, damage: str) -> None:
    path = installed / "models" / name
    path.unlink()
    data = bytearray((MODELS / name).read_bytes())
    data[len(data) // 2] ^= 0xFF
    if damage != "missing":
        path.write_bytes(bytes(data) if damage == "flipped" else data[: len(data) // 2] if damage == "cut" else b"")
    try:
        done = _check(installed)
    finally:
        path.unlink(missing_ok=True)
        path.symlink_to(MODELS / name)
    assert done.returncode == 2
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 1, lines
    assert name in lines[0] and "pip install --force-reinstall article-cleaner" in lines[0]


def test_models_of_another_version_are_refused(tmp_path: Path) -> None:
    (tmp_path / "en.lm").write_bytes(b"model")
    _write_manifest(tmp_path, "9.9.9")
    with pytest.raises(ModelError, match=rf"models of version 9\.9\.9, not {re.escape(cleaner.__version__)}"):
        verified(tmp_path / "en.lm")
    (tmp_path / MANIFEST).write_text('{"version": 1}')
    with pytest.raises(ModelError, match="is damaged"):
        verified(tmp_path / "en.lm")


def test_a_checkout_may_hold_any_models(tmp_path: Path) -> None:
    (tmp_path / "en.lm").write_bytes(b"trained just now")
    assert verified(tmp_path / "en.lm") == tmp_path / "en.lm"
    assert not (MODELS / MANIFEST).exists()


def test_data_of_the_user_never_runs(tmp_path: Path) -> None:
    """Pickles in models, and code in tables and settings, stay what they are: bytes."""
    import pickle

    import numpy as np

    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (tmp_path / "ran",)  # type: ignore[return-value]

    model = tmp_path / "own.channel"
    with model.open("wb") as file:
        np.savez(file, **{"dialects": np.array([Trap()], object)}, allow_pickle=True)
    with pytest.raises(LexiconError):
        Channel.open(model)
    model.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(LexiconError):
        Channel.open(model)
    table = tmp_path / "own.tsv"
    table.write_text("original\tspun\tcount\tdocuments\tsource\n__import__('os')\t{0.__class__}\t1\t1\twritten\n")
    list(read_own(table))
    (tmp_path / "cleaner.toml").write_text(
        'encoding = "os.system"\nlexicons = ["own.tsv", "$(touch ran)", "`touch ran`"]\n'
    )
    done = subprocess.run(
        [sys.executable, "-m", "cleaner", "config"], cwd=tmp_path, capture_output=True, env={"PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 2
    assert not (tmp_path / "ran").exists()


def test_the_package_asks_for_nothing_that_runs_code() -> None:
    """No source of the package calls eval, exec or pickle.load, or lets numpy unpickle; but for what the processes of
    one Ray job send to each other."""
    forbidden = re.compile(
        r"\b(?:eval|exec)\(|\bpickle\.loads?\(|allow_pickle=True|\bos\.system\(|shell=True|yaml\.load\("
    )
    guilty = [
        f"{path.name}:{number}"
        for path in set(MODELS.parent.rglob("*.py")) - {MODELS.parent / "engines" / "ray.py"}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if forbidden.search(line)
    ]
    assert not guilty


def test_every_source_of_a_lexicon_has_its_licence() -> None:
    text = (ROOT / "lexicons" / "LICENSES.md").read_text(encoding="utf-8")
    known = {name for heading in re.findall(r"^## (.+)$", text, re.M) for name in re.findall(r"`([\w.-]+)`", heading)}
    sources: dict[str, str] = {}
    for table in sorted((ROOT / "lexicons").rglob("*.tsv")):
        header, *rows = table.read_text(encoding="utf-8").splitlines()
        columns = header.split("\t")
        if "source" in columns:
            at = columns.index("source")
            sources |= {row.split("\t")[at]: table.name for row in rows if row.count("\t") == len(columns) - 1}
    assert not {source: table for source, table in sources.items() if source not in known}


def test_notice_and_licences_are_packed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(project["license-files"]) == {"LICENSE", "NOTICE", "lexicons/LICENSES.md"}
    assert all((ROOT / name).is_file() for name in project["license-files"])
    assert all(">=" in dependency and ",<" in dependency for dependency in project["dependencies"])


@pytest.mark.wheel
def test_building_twice_gives_the_same_files(tmp_path: Path) -> None:
    sums = []
    for name in ("first", "second"):
        checkout = tmp_path / name
        subprocess.run(["git", "clone", "-q", str(ROOT), str(checkout)], check=True)
        command = [sys.executable, "-m", "build", "--outdir", str(checkout / "dist"), str(checkout)]
        subprocess.run(command, check=True, capture_output=True)
        made = sorted((checkout / "dist").iterdir())
        assert len(made) == 2
        sums.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in made])
    assert sums[0] == sums[1]
    with zipfile.ZipFile(next((tmp_path / "first" / "dist").glob("*.whl"))) as wheel:
        listed = json.loads(wheel.read(f"cleaner/models/{MANIFEST}"))
        assert listed["version"] == cleaner.__version__
        for name, digest in listed["sha256"].items():
            assert hashlib.sha256(wheel.read(f"cleaner/models/{name}")).hexdigest() == digest
