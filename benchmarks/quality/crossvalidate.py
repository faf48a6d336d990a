"""Measure detection and restoration on articles whose pairs were held out of lexicon and calibration.

    python -m benchmarks.quality.crossvalidate                  # all figures, about ten minutes on one core
    python -m benchmarks.quality.crossvalidate --sample 20      # fewer articles of each kind
    python -m benchmarks.quality.crossvalidate --gate           # fail if a figure lies under its floor

Each fold's channel is estimated from the other folds alone, and so is its calibration.  The context model is the
shipped one: it learns from clean text, spun by the shipped channel.  Scores are those of ../shared/score.py.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks.quality.floors import check, lower, read_floors
from cleaner import Settings
from cleaner.analysis import Analysis, analyse
from cleaner.calibration import Calibration, Platt
from cleaner.cleaner import recognizer, result_of, shipped
from cleaner.detector import Detector
from cleaner.lexicon import Channel, Entry, read_entries
from cleaner.resources import path
from cleaner.training.channel import build, dialects
from cleaner.training.induce import induce

DEFINITION = path("en", "dialects", "dialects.toml")
SPINNERS = ("news-a", "news-b")
Row = dict[str, Any]


def tables(training: Sequence[Row]) -> dict[str, Sequence[Entry]]:
    """The dialects' tables as they come out of `training` articles alone."""
    made: dict[str, Sequence[Entry]] = {"news-written.tsv": list(read_entries(DEFINITION.parent / "news-written.tsv"))}
    articles = {spinner: [row for row in training if row["spinner"] == spinner] for spinner in SPINNERS}
    made |= {f"{spinner}.tsv": induce(rows) for spinner, rows in articles.items()}
    evidence = [e for dialect in dialects(DEFINITION, made.__getitem__) for e in dialect.evidence]
    candidates = {row.spun if e.reverse else row.original for e in evidence for row in e.entries}
    return made | {f"{spinner}.tsv": induce(rows, candidates) for spinner, rows in articles.items()}


def detector(channel: Channel) -> Detector:
    """The shipped models with another channel, uncalibrated."""
    models = shipped()
    return Detector(models.model, channel, models.context, Calibration(), models.tuning)


def analysed(texts: Sequence[str], models: Detector, size: int = 40) -> list[Analysis]:
    """Analyses of all texts, in batches."""
    return [a for k in range(0, len(texts), size) for a in analyse(texts[k : k + size], models, recognizer())]


def results(
    texts: Iterable[str], analyses: Iterable[Analysis], calibration: Calibration, raw: bool = False
) -> Iterator[Any]:
    """Results with calibrated confidences, or with `raw` ones and nothing left out."""
    settings = Settings(report_threshold=0.0) if raw else Settings()
    for text, a in zip(texts, analyses, strict=True):
        found = a.findings if raw else [calibration.calibrated(f) for f in a.findings]
        yield result_of(text, found, a, settings)


def fit(confidences: Iterable[tuple[float, bool, int]]) -> Platt:
    """Platt's parameters by Newton's method, from (confidence, right, weight) of findings."""
    rows = [(p, y) for p, y, _ in confidences]
    p = np.clip([p for p, _ in rows], 1e-4, 1 - 1e-4)
    y = np.array([y for _, y in rows], float)
    x = np.stack([np.log(p / (1 - p)), np.ones(len(p))])
    parameters = np.array([1.0, 0.0])
    for _ in range(25):
        q = 1 / (1 + np.exp(-(parameters @ x)))
        parameters -= np.linalg.solve((x * (q * (1 - q))) @ x.T, x @ (q - y))
    return Platt(round(float(parameters[0]), 4), round(float(parameters[1]), 4))


def tally(score: ModuleType, rows: Sequence[Row], found: Iterable[Any], into: Any = None) -> Any:
    """The scorer's tally of some rows' results."""
    into = into or score.Tally()
    for row, result in zip(rows, found, strict=True):
        into.add(row, result)
    return into


def honest(score: ModuleType, folder: Path, models: Detector, sample: int | None) -> tuple[Row, Row, list[float]]:
    """Figures of clean and of mixed text, and the clean documents' probabilities."""
    calibration = Calibration.open()
    clean = [json.loads(line) for line in (folder / "clean.jsonl").open(encoding="utf-8")]
    clean = clean[:: max(1, len(clean) // (sample * 11)) if sample else 1]
    texts = [row["text"] for row in clean]
    found = list(results(texts, analysed(texts, models), calibration))
    words = sum(len(text.split()) for text in texts)
    edits = sum(f.applied for r in found for f in r.findings)
    figures = {
        "documents": len(texts),
        "not_clean": sum(r.verdict != "clean" for r in found) / len(texts),
        "edits_per_10k": 1e4 * edits / words,
    }
    rows = [json.loads(line) for line in (folder / "mixed.jsonl").open(encoding="utf-8")][:sample]
    texts = [row["text"] for row in rows]
    hit = total = accused = paragraphs = 0
    for row, result in zip(rows, results(texts, analysed(texts, models), calibration), strict=True):
        said = [(p.start, p.end, p.spun_probability >= 0.5) for p in result.paragraphs]
        for a, b in row["spun"]:
            total += 1
            hit += any(yes and min(b, e) - max(a, s) > 0.5 * (b - a) for s, e, yes in said)
        for s, e, yes in said:
            if len(row["text"][s:e].split()) >= 25 and not any(min(b, e) > max(a, s) for a, b in row["spun"]):
                paragraphs += 1
                accused += yes
    mixed = {"found": hit / total, "accused": accused / paragraphs}
    return figures, mixed, [r.spun_probability for r in found]


def load(path_: Path) -> ModuleType:
    """The scorer, which lies beside the project."""
    spec = importlib.util.spec_from_file_location("score", path_)
    if spec is None or spec.loader is None or not path_.exists():
        sys.exit(f"{path_}: not found; the development data lies beside the project (see docs/quality.md)")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measure(
    shared: Path, folds: int, sample: int | None
) -> tuple[dict[str, Row], Platt, list[tuple[float, bool, int]]]:
    """All figures; the calibration fitted on all folds; and the calibrated confidences with their outcomes."""
    score = load(shared / "score.py")
    rows = [json.loads(line) for line in (shared / "dev" / "spun.jsonl").open(encoding="utf-8")]
    by_spinner = {name: [row for row in rows if row["spinner"] == name] for name in SPINNERS}
    held_out: list[tuple[str, list[Row], list[Analysis], list[tuple[float, bool, int]]]] = []
    first: Detector | None = None
    for fold in range(folds if sample is None else 1):
        training = [row for own in by_spinner.values() for i, row in enumerate(own) if i % folds != fold]
        models = detector(build(DEFINITION, tables(training).__getitem__))
        first = first or models
        for name, own in by_spinner.items():
            test = own[fold::folds][:sample]
            texts = [row["spun"] for row in test]
            analyses = analysed(texts, models)
            raw = tally(score, test, results(texts, analyses, Calibration(), raw=True))
            held_out.append((name, test, analyses, raw.conf))
            print(f"fold {fold + 1}: {name}, {len(test)} articles", file=sys.stderr, flush=True)
    assert first is not None
    clean, mixed, probabilities = honest(score, shared / "dev", first, sample)
    tallies = {name: score.Tally() for name in SPINNERS}
    for number, (name, test, analyses, _) in enumerate(held_out):
        others = [
            c for k, (*_, conf) in enumerate(held_out) if k // len(SPINNERS) != number // len(SPINNERS) for c in conf
        ]
        calibration = replace(Calibration.open(), finding=fit(others)) if others else Calibration.open()
        texts = [row["spun"] for row in test]
        tally(score, test, results(texts, analyses, calibration), tallies[name])
    figures = {name: t.row(probabilities) for name, t in tallies.items()}
    every = [c for *_, conf in held_out for c in conf]
    outcomes = [c for t in tallies.values() for c in t.conf]
    return {**figures, "clean": clean, "mixed": mixed}, fit(every), outcomes


def diagram(outcomes: Sequence[tuple[float, bool, int]], output: Path) -> None:
    """Draw how often findings were right against how sure they were, in bins of equal mass."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    ranked = np.array(sorted((p, float(ok)) for p, ok, _ in outcomes))
    bins = np.array_split(ranked, 15)
    figure, axes = plt.subplots(figsize=(5, 5))
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    axes.plot([b[:, 0].mean() for b in bins], [b[:, 1].mean() for b in bins], "o-", color="#1f5fa8")
    axes.set(xlabel="confidence", ylabel="share right", xlim=(0, 1), ylim=(0, 1), title="Held-out news articles")
    figure.tight_layout()
    figure.savefig(output, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with score.py and dev/")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument(
        "--sample", type=int, help="articles of each kind, of one fold (default: all folds, all articles)"
    )
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--calibration", type=Path, help="write the calibration fitted on all folds here")
    parser.add_argument("--diagram", type=Path, help="draw a reliability diagram (SVG)")
    parser.add_argument("--gate", action="store_true", help="exit 1 if a figure lies under its floor (floors.json)")
    parser.add_argument("--lower", metavar="FIGURE=VALUE", help="lower a floor, with a --reason, and stop")
    parser.add_argument("--reason", help="why a floor is lowered")
    options = parser.parse_args()
    if options.lower:
        lower(options.lower, options.reason)
        return
    figures, calibration, outcomes = measure(options.shared, options.folds, options.sample)
    for name, row in figures.items():
        print(f"{name:8s} " + "  ".join(f"{k}={v:.4g}" for k, v in row.items()))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if options.calibration:
        replace(Calibration.open(), finding=calibration).save(options.calibration)
    if options.diagram:
        diagram(outcomes, options.diagram)
    if options.gate:
        sys.exit(check(figures, read_floors()))


if __name__ == "__main__":
    main()
