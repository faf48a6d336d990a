"""What the tests of corpus jobs share: a corpus, the command over the cleaner that is a table, and what is on disk."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
import sys
from pathlib import Path
from typing import Any

from cli_process import ROOT, Run, run

FAKE = (sys.executable, str(Path(__file__).parent / "fake_run.py"))


def job(*args: str | Path, cwd: Path, **options: Any) -> Run:
    env = {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", **options.pop("env", {})}
    return run("run", *args, cwd=cwd, core=FAKE, env=env, **options)


def corpus(folder: Path, documents: int = 400, files: int = 3) -> dict[str, list[dict[str, Any]]]:
    """JSON lines in compressed and plain files, with a text and a CSV file beside them."""
    generator = random.Random(documents)
    words = ["The navy", "spoke", "in response to", "quiet", "words é", "and more.\n", "mentioned"]
    folder.mkdir(parents=True, exist_ok=True)
    made = {}
    for k in range(files):
        records = [
            {"id": f"{k}-{i}", "text": " ".join(generator.choices(words, k=generator.randrange(60))), "n": i / 7}
            for i in range(documents)
        ]
        data = "".join(json.dumps(record) + "\n" for record in records).encode()
        name = f"part-{k}.jsonl" + (".gz" if k % 2 else "")
        (folder / name).write_bytes(gzip.compress(data) if k % 2 else data)
        made[name] = records
    (folder / "z.txt").write_text("A long text about the navy.\n" * documents)
    (folder / "y.csv").write_text("id,text\n" + "1,the navy mentioned\n" * documents)
    return made


def tree(folder: Path) -> dict[str, str]:
    """Names and checksums of all files, those of an unfinished run left out."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".cleaner" not in path.parts
    }


def read(path: Path) -> list[dict[str, Any]]:
    data = path.read_bytes()
    return [json.loads(line) for line in (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()]
