"""How well documents of spinners that no table knows are told from honest ones.

    python -m benchmarks.spinners.unseen ../shared/dev/clean.jsonl              # about ten minutes on one core
    python -m benchmarks.spinners.unseen ../shared/dev/clean.jsonl --every 36   # fewer texts

Honest texts are spun by the development spinners; the other honest texts are what they are told from.  For each spinner
and share of swapped words: the area under the ROC curve of the document's log-likelihood ratio, the share of
documents that get a verdict, and the share of swapped words that the model is asked to assume.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from benchmarks.spinners import spin
from cleaner.analysis import parse
from cleaner.cleaner import recognizer, shipped
from cleaner.unseen import Suspicion, evidence, suspicion

CASES = (
    ("roget", 0.12), ("roget", 0.3), ("wild", 0.3), ("wild", 1.0), ("mythes", 0.12), ("mythes", 0.3),
    ("phrases", 0.3), ("poor", 0.3), ("poor", 1.0), ("polite", 0.12), ("polite", 0.3),
)  # fmt: skip
_MOST_CHARACTERS = 8000


def weighed(text: str) -> Suspicion:
    """The suspicion of one text."""
    parsed = parse([text[:_MOST_CHARACTERS]], shipped())
    assert parsed is not None
    models = recognizer()
    return suspicion(evidence(parsed.batch, parsed.capital, models.thesaurus, models.discriminator, models.model))


def area(positive: NDArray[np.float64], negative: NDArray[np.float64]) -> float:
    """The area under the ROC curve: how often a positive one ranks above a negative one."""
    above = (positive[:, None] > negative).mean() + 0.5 * (positive[:, None] == negative).mean()
    return float(above)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path, help='JSONL of honest texts with "id" and "text"')
    parser.add_argument("--every", type=int, default=12, help="spin one text in so many (default: 12)")
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.texts.open(encoding="utf-8")]
    chosen = rows[5 :: options.every]
    names = {row["id"] for row in chosen}
    honest = [weighed(row["text"]) for row in rows[:: max(1, options.every // 4)] if row["id"] not in names]
    ratios = np.array([s.log_ratio[0] for s in honest])
    wrong = np.mean([s.probability[0] >= 0.5 for s in honest])
    print(f"{len(honest)} honest texts: {wrong:.2%} found, log-likelihood ratio up to {ratios.max():.1f}")
    for name, rate in CASES:
        texts = [
            spin(name, row["text"], rate=rate, seed=crc32(row["id"].encode()), sticky=False).text for row in chosen
        ]
        found = [weighed(text) for text in texts]
        told = np.array([s.log_ratio[0] for s in found])
        share = np.mean([s.probability[0] >= 0.5 for s in found])
        assumed = np.median([s.rate[0] for s in found])
        print(
            f"{name:8s} {rate:4.2f}  area {area(told, ratios):.3f}  found {share:.2f}  rate {assumed:.2f}", flush=True
        )


if __name__ == "__main__":
    main()
