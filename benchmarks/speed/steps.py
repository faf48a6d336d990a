"""Megabytes of text a second of CPU that the lattice reads, and where the time goes; no screen.

python -m benchmarks.speed.steps [--shared ../shared]
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cleaner.analysis
import cleaner.detector
import cleaner.islands
from cleaner.analysis import analyse
from cleaner.cleaner import Cleaner, result_of
from cleaner.context import ContextModel
from cleaner.detector import Detector
from cleaner.garbage import uncollected
from cleaner.settings import Settings
from cleaner.threads import single

STEPS = [
    (cleaner.analysis, "tokenize", "cutting into tokens"),
    (cleaner.analysis, "batch", "laying out batches"),
    (cleaner.detector, "candidates", "looking phrases up"),
    (cleaner.islands, "network", "laying out the lattice, bigrams"),
    (cleaner.detector, "decode", "forward, backward, best paths, trigrams"),
    (Detector, "adapt", "adapting to documents"),
    (Detector, "read", "mixture of dialects"),
    (Detector, "in_context", "wider context: the text as restored"),
    (ContextModel, "contexts", "wider context: vectors"),
    (ContextModel, "score", "wider context: scores"),
    (cleaner.analysis, "choices", "readings of each edit"),
    (cleaner.analysis, "findings", "findings"),
    (cleaner.analysis, "suspicion", "weighing by the thesaurus"),
    (cleaner.analysis, "_with_terms", "expressions"),
]
BATCH = 100_000  # characters


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    options = parser.parse_args()
    spun = [json.loads(line) for line in (options.shared / "dev" / "spun.jsonl").open(encoding="utf-8")]
    honest = [json.loads(line) for line in (options.shared / "dev" / "clean.jsonl").open(encoding="utf-8")]
    spent = _timed()
    models = Cleaner()
    for name, texts in (("spun", [r["spun"] for r in spun[::6]]), ("honest", [r["text"] for r in honest[::12]])):
        _read(texts[:40], models)
        best, steps = float("inf"), Counter[str]()
        for _ in range(3):
            spent.clear()
            began = time.process_time()
            _read(texts, models)
            if (seconds := time.process_time() - began) < best:
                best, steps = seconds, Counter(spent)
        megabytes = sum(len(text.encode()) for text in texts) / 1e6
        print(f"{name}: {megabytes:.2f} MB, {megabytes / best:.3f} MB a second of CPU")
        steps["all else"] = best - sum(steps.values())
        for step, took in steps.most_common():
            print(f"  {step:42}{took / best:6.1%}{took / megabytes * 1000:8.0f} ms a MB")


def _read(texts: list[str], models: Cleaner) -> None:
    with single(), uncollected():
        for batch in _batches(texts):
            for text, analysis in zip(batch, analyse(batch, models.detector, models.recognizer), strict=True):
                result_of(text, analysis.findings, analysis, Settings())


def _batches(texts: list[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for text in texts:
        batch.append(text)
        if sum(map(len, batch)) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _timed() -> Counter[str]:
    """Have each of STEPS add the CPU seconds that it takes itself, without the steps that it calls."""
    spent: Counter[str] = Counter()
    inner = [0.0]

    def wrapped(function: Callable[..., Any], name: str) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            began = time.process_time()
            inner.append(0.0)
            result = function(*args, **kwargs)
            if isinstance(result, Iterator):
                result = iter(list(result))
            took = time.process_time() - began
            spent[name] += took - inner.pop()
            inner[-1] += took
            return result

        return timed

    for home, function, name in STEPS:
        setattr(home, function, wrapped(getattr(home, function), name))
    return spent


if __name__ == "__main__":
    main()
