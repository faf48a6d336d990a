"""What each part of the model is worth: figures without it, on the first fold's held-out articles.

    python -m benchmarks.quality.ablation               # about five minutes on one core
    python -m benchmarks.quality.ablation --sample 10   # fewer articles of each kind

Each line leaves one part out: the wider context, adaptation to the document, the chain over paragraphs (each is then
judged alone), calibration, or articles that the lexicon is learned from.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.quality.crossvalidate import DEFINITION, SPINNERS, Row, analysed, load, results, tables, tally
from cleaner.calibration import Calibration
from cleaner.cleaner import shipped
from cleaner.detector import Detector, Floats, Reading, Tuning
from cleaner.islands import Batch, Candidates
from cleaner.lexicon import Channel
from cleaner.training.channel import build

_ALONE = 1e-3  # P(a paragraph is spun), for one that is judged alone


class WithoutContext(Detector):
    """Reads without the log-bilinear context model."""

    def in_context(self, b: Batch, c: Candidates, reading: Reading, adapted: Floats) -> Floats:
        return np.asarray(self.context.weights.channel * adapted)


class WithoutChain(Detector):
    """Judges each paragraph by itself."""

    def chain(self, log_ratio: Floats) -> tuple[Floats, float]:
        odds = np.clip(log_ratio + np.log(_ALONE / (1 - _ALONE)), -700, 700)
        p = 1 / (1 + np.exp(-odds))
        return p, float(1 - np.prod(1 - p))


def made(kind: Callable[..., Detector], channel: Channel, tuning: Tuning | None = None) -> Detector:
    """The shipped models around a channel, uncalibrated."""
    models = shipped()
    return kind(models.model, channel, models.context, Calibration(), tuning or models.tuning)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with score.py and dev/")
    parser.add_argument("--sample", type=int, default=20, help="articles of each kind (default: 20)")
    options = parser.parse_args()
    score = load(options.shared / "score.py")
    rows = [json.loads(line) for line in (options.shared / "dev" / "spun.jsonl").open(encoding="utf-8")]
    mixed = [json.loads(line) for line in (options.shared / "dev" / "mixed.jsonl").open(encoding="utf-8")]
    by_spinner = {name: [row for row in rows if row["spinner"] == name] for name in SPINNERS}
    training = [row for own in by_spinner.values() for i, row in enumerate(own) if i % 5]
    test = {name: own[::5][: options.sample] for name, own in by_spinner.items()}

    def channel(every: int) -> Channel:
        return build(DEFINITION, tables(training[::every]).__getitem__)

    whole = channel(1)
    tuning = shipped().tuning
    variants: list[tuple[str, Detector, Calibration]] = [
        ("everything", made(Detector, whole), Calibration.open()),
        ("no calibration", made(Detector, whole), Calibration()),
        ("no wider context", made(WithoutContext, whole), Calibration.open()),
        ("no adaptation", made(Detector, whole, replace(tuning, kappa=1e9, cache=0.0)), Calibration.open()),
        ("no chain", made(WithoutChain, whole), Calibration.open()),
        ("lexicon of half the articles", made(Detector, channel(2)), Calibration.open()),
        ("lexicon of an eighth of them", made(Detector, channel(8)), Calibration.open()),
    ]
    print(f"{'':30s} news-a: F0.5, WER cut, ECE   news-b: F0.5, WER cut, ECE   spun paragraphs found, honest accused")
    for name, models, calibration in variants:
        figures = []
        for own in test.values():
            texts = [row["spun"] for row in own]
            t = tally(score, own, results(texts, analysed(texts, models), calibration))
            row = t.row([0.0])
            figures.append(f"{row['fixF05']:.3f} {row['wer_cut']:.3f} {row['ece']:.3f}")
        found, accused = paragraphs(mixed[: options.sample], models, calibration)
        print(f"{name:30s} {figures[0]:28s} {figures[1]:28s} {found:.3f} {accused:.4f}", flush=True)


def paragraphs(rows: list[Row], models: Detector, calibration: Calibration) -> tuple[float, float]:
    """The shares of spun paragraphs found and of honest ones (25 words or more) accused."""
    texts = [row["text"] for row in rows]
    hits: list[bool] = []
    accusations: list[bool] = []
    for row, result in zip(rows, results(texts, analysed(texts, models), calibration), strict=True):
        said: list[tuple[int, int, Any]] = [(p.start, p.end, p.spun_probability >= 0.5) for p in result.paragraphs]
        for a, b in row["spun"]:
            hits.append(any(yes and min(b, e) - max(a, s) > 0.5 * (b - a) for s, e, yes in said))
        for s, e, yes in said:
            if len(row["text"][s:e].split()) >= 25 and not any(min(b, e) > max(a, s) for a, b in row["spun"]):
                accusations.append(yes)
    return float(np.mean(hits)), float(np.mean(accusations))


if __name__ == "__main__":
    main()
