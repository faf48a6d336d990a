"""Measure lexicons that `cleaner learn` makes, on articles that it has not seen.

    python -m benchmarks.quality.learning pairs     # aligned pairs against gold offsets, about three minutes

The detector's channel is estimated from the lexicon alone, as for the shipped dialects from theirs.  Scores are those
of ../shared/score.py.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.quality.crossvalidate import Row, analysed, detector, load, results, tally
from cleaner.calibration import Calibration
from cleaner.learning.pairs import Pair, edits, lexicon
from cleaner.lexicon import Channel, Dialect, Entry, Evidence, compile_channel, estimate
from cleaner.thesaurus import Thesaurus
from cleaner.training.derive import derive
from cleaner.training.induce import induce


def channel(entries: Sequence[Entry]) -> Channel:
    """A channel of one dialect, estimated as `lexicons/en/dialects/dialects.toml` has it for tables of their own."""
    evidence = [Evidence(entries, 0.05, 0.4, reverse=True), Evidence(derive(entries), 0.02, 0.05)]
    return compile_channel({"learned": estimate(Dialect("learned", entries, evidence))})


def score(shared: Path, entries: Sequence[Entry], rows: Sequence[Row]) -> Row:
    """Figures of some articles, read with a lexicon's channel."""
    texts = [row["spun"] for row in rows]
    found = results(texts, analysed(texts, detector(channel(entries))), Calibration.open())
    figures: Row = tally(load(shared / "score.py"), rows, found).row([])
    return figures


def pairs(shared: Path, spinner: str, training: int, test: int) -> None:
    """Print the figures of a lexicon from gold offsets, and of one from the same pairs without them."""
    rows = [json.loads(line) for line in (shared / "dev" / "spun.jsonl").open(encoding="utf-8")]
    rows = [row for row in rows if row["spinner"] == spinner]
    known, unknown = rows[:training], rows[training : training + test]
    articles = [Pair(row["original"], row["spun"]) for row in known]
    learned = lexicon(articles, edits(articles, Thesaurus.open()))
    for name, entries in (("gold offsets", induce(known)), ("aligned", learned)):
        figures = score(shared, entries, unknown)
        shown = "  ".join(f"{k}={figures[k]:.4g}" for k in ("detP", "detR", "fixP", "fixR", "fixF05", "wer_cut", "n"))
        print(f"{spinner}, {name}: {len(entries):,} rows  {shown}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with score.py and dev/")
    commands = parser.add_subparsers(required=True, dest="command")
    of_pairs = commands.add_parser("pairs")
    of_pairs.add_argument("--spinner", default="news-a")
    of_pairs.add_argument("--training", type=int, default=200)
    of_pairs.add_argument("--test", type=int, default=100)
    options = parser.parse_args()
    pairs(options.shared, options.spinner, options.training, options.test)


if __name__ == "__main__":
    main()
