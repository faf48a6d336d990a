"""How well swapped words are told from the author's, at the first look and at the closer one.

    python -m benchmarks.spinners.words ../shared/dev/clean.jsonl   # some minutes on one core

Honest texts are spun by development spinners; whatever the first look says of a text, it gets the closer one.  For each
spinner and share of swapped words: the area under the ROC curve over the words of the spun texts, and the share of the
swapped ones that are found at a precision of PRECISION.
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
from benchmarks.spinners.weigh import MOST, document, joined
from cleaner.unseen import FIRST, OF_WORD

CASES = (("roget", 0.3), ("wild", 0.3), ("polite", 0.3), ("mythes", 0.3), ("roget", 0.12), ("mythes", 0.12))
PRECISION = 0.75


def recall(score: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """The greatest share of the right ones that stand above some threshold with a precision of PRECISION."""
    hits = np.cumsum(right[np.argsort(-score, kind="stable")])
    precise = hits >= PRECISION * np.arange(1, len(hits) + 1)
    return float(hits[precise].max(initial=0) / right.sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path, help='JSONL of honest texts with "id" and "text"')
    parser.add_argument("--every", type=int, default=24, help="spin one text in so many (default: 24)")
    options = parser.parse_args()
    chosen = [json.loads(line) for line in options.texts.open(encoding="utf-8")][10 :: options.every]
    for name, rate in CASES:
        spun = [spin(name, r["text"][:MOST], rate=rate, seed=crc32(r["id"].encode()), sticky=False) for r in chosen]
        documents = [d for made in spun if (d := document(made.text, made.edits)) is not None]
        told, right = joined(documents), np.concatenate([d.labels for d in documents]) == 1
        figures = [
            f"{look} {area(score[right], score[~right]):.3f}, {recall(score, right):.2f} found"
            for look, score in (("first look: area", FIRST.of_word(told)), ("closer look: area", OF_WORD(told)))
        ]
        print(f"{name:8s} {rate:4.2f}  {len(documents)} texts  {'; '.join(figures)}", flush=True)


if __name__ == "__main__":
    main()
