"""Fit what the strangeness of its words says of a text, and show what each threshold of it costs and loses.

    python -m benchmarks.spinners.clearance ../shared/dev --every 12

Honest texts are spun by the development spinners at 30% and throughout.  The constants printed are those of
`cleaner.triage`; figures are of texts that were left out of the fit, by spinners that were left out of it too.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from benchmarks.spinners import spin
from benchmarks.spinners.unseen import area
from cleaner.glance import STEPS, histogram, shipped
from cleaner.screen import words
from cleaner.triage import DOUBT

SPINNERS = ("roget", "wild", "mythes", "poor", "phrases")
RATES = (0.12, 0.3, 1.0)
LEARNED = (0.3, 1.0)  # rates that the fit is made for
CLEARED = (0.8, 0.9, 0.95, 0.98, 0.99)  # shares of the honest texts
MOST_CHARACTERS = 8000
_SMOOTH, _SMALL = 0.3, 0.01  # strength of the prior: neighbouring steps say much the same, and no step too much

Floats = NDArray[np.float64]


def counts(texts: list[str]) -> Floats:
    """The histogram of strangeness of each text."""
    found = []
    for i in range(0, len(texts), 30):
        words_there = words(texts[i : i + 30])
        found.append(histogram(shipped()(words_there), words_there, len(texts[i : i + 30])))
    return np.concatenate(found).astype(float)


def design(histograms: Floats) -> Floats:
    """The columns of the regression: shares of words, tempered where a text is short."""
    total = histograms.sum(axis=1, keepdims=True)
    return np.concatenate([histograms, total], axis=1) / (total + DOUBT)


def fit(x: Floats, spun: NDArray[np.bool_]) -> Floats:
    """Weights of a smooth logistic regression, both kinds of texts weighing the same (Newton's method)."""
    bend = np.diff(np.eye(STEPS), 2, axis=0)
    prior = np.zeros((STEPS + 1, STEPS + 1))
    prior[:STEPS, :STEPS] = _SMOOTH * bend.T @ bend + _SMALL * np.eye(STEPS)
    share = np.where(spun, (~spun).sum() / spun.sum(), 1.0)
    w = np.zeros(STEPS + 1)
    for _ in range(60):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        slope = x.T @ (share * (p - spun)) + prior @ w
        w -= np.linalg.solve((x * (share * p * (1 - p))[:, None]).T @ x + prior + 1e-6 * np.eye(len(w)), slope)
    return w


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder with clean.jsonl")
    parser.add_argument("--every", type=int, default=12, help="spin one text in so many (default: 12)")
    options = parser.parse_args()
    rows = [json.loads(line) for line in (options.folder / "clean.jsonl").open(encoding="utf-8")]
    texts = [row["text"][:MOST_CHARACTERS] for row in rows]
    half = np.array([crc32(row["id"].encode()) % 2 for row in rows])
    chosen = np.arange(5, len(rows), options.every)
    honest = design(counts(texts))
    made = {
        (name, rate): design(
            counts(
                [spin(name, texts[i], rate=rate, seed=crc32(rows[i]["id"].encode()), sticky=False).text for i in chosen]
            )
        )
        for name in SPINNERS
        for rate in RATES
    }

    def fitted(names: tuple[str, ...], of: NDArray[np.bool_]) -> Floats:
        x = np.concatenate([honest[of], *(made[name, rate][of[chosen]] for name in names for rate in LEARNED)])
        return fit(x, np.arange(len(x)) >= of.sum())

    print("area under the ROC curve, and documents lost where so much honest text is cleared: ", CLEARED)
    for name in SPINNERS:
        others = tuple(other for other in SPINNERS if other != name)
        weights = [fitted(others, half != k) for k in (0, 1)]
        clean = np.where(half == 0, honest @ weights[0], honest @ weights[1])
        clean = clean[~np.isin(np.arange(len(rows)), chosen)]
        for rate in RATES:
            x = made[name, rate]
            told = np.where(half[chosen] == 0, x @ weights[0], x @ weights[1])
            lost = " ".join(f"{(told <= np.quantile(clean, share)).mean():.2f}" for share in CLEARED)
            print(f"{name:8s} {rate:4.2f}  area {area(told, clean):.3f}  lost {lost}")
    final = fitted(SPINNERS, np.ones(len(rows), bool))
    print("STRANGENESS =", tuple(np.round(final[:STEPS], 2).tolist()), "CONSTANT =", round(float(final[STEPS]), 2))
    print("thresholds:", {share: round(float(np.quantile(honest @ final, share)), 2) for share in CLEARED})


if __name__ == "__main__":
    main()
