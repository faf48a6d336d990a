"""What the beam costs: probability lost, and best readings changed, against a beam that is wide enough to lose nothing.

python -m benchmarks.quality.beam
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from cleaner.analysis import parse
from cleaner.cleaner import shipped
from cleaner.detector import Detector


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--articles", type=int, default=30)
    options = parser.parse_args()
    rows = [json.loads(line) for line in (options.shared / "dev" / "spun.jsonl").open(encoding="utf-8")]
    texts = [row["spun"] for row in rows if row["spinner"].startswith("news")][:: 400 // options.articles]
    models = shipped()
    parsed = parse(texts, models)
    assert parsed is not None
    even = np.full((len(parsed.tokens), len(models.channel.dialects)), -np.log(len(models.channel.dialects)))
    wide = None
    for beam, width in ((40.0, 2000), (16.0, 100), (models.tuning.beam, models.tuning.width), (8.0, 16), (5.0, 6)):
        tuning = replace(models.tuning, beam=beam, width=width)
        detector = Detector(models.model, models.channel, models.context, models.calibration, tuning)
        c, islands = detector.candidates(parsed.batch)
        start = time.process_time()
        reading = detector.read(parsed.batch, c, islands, even)
        seconds = time.process_time() - start
        wide = reading if wide is None else wide
        changed = np.setxor1d(reading.best, wide.best).size / wide.best.size
        moved = np.abs(reading.posterior - wide.posterior).max()
        print(
            f"beam {beam:4.0f} nats, {width:4d} states: lost {reading.lost.mean():.2e} of an island's probability"
            f" (worst {reading.lost.max():.2e}), {changed:.3%} of edits changed, posteriors moved by up to {moved:.3f},"
            f" {seconds:.1f} s"
        )


if __name__ == "__main__":
    main()
