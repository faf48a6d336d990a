"""Measure lexicons that `cleaner learn` makes, on articles that it has not seen.

    python -m benchmarks.quality.learning pairs             # aligned pairs against gold offsets, about three minutes
    python -m benchmarks.quality.learning spun roget        # a spinner's output alone, about ten minutes

With `pairs` the detector's channel is estimated from the lexicon alone, as for the shipped dialects from theirs.  With
`spun` a development spinner swaps 30% of the words it knows in news articles; others of its articles are read

- as they come, with no table (`shipped`),
- with the thesaurus as the channel, told that they are spun (`thesaurus`),
- so too, with the learned rows in place of the thesaurus' own (`learned`), and with rows from gold offsets (`gold`).

Scores are those of ../shared/score.py.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from benchmarks.quality.crossvalidate import Row, analysed, detector, load, results, tally
from benchmarks.spinners import NAMES, spin
from cleaner.analysis import Analysis, parse
from cleaner.analysis import _read as read
from cleaner.calibration import Calibration
from cleaner.cleaner import recognizer, shipped
from cleaner.learning.pairs import Pair, edits, lexicon
from cleaner.learning.spun import READINGS, SpunLearner
from cleaner.lexicon import (
    MAX_WORDS,
    Channel,
    Dialect,
    Entry,
    Evidence,
    compile_channel,
    estimate,
    extended,
    phrase_keys,
)
from cleaner.thesaurus import Thesaurus
from cleaner.training.derive import derive
from cleaner.training.induce import induce

_RATE = 0.1  # share of the words in the thesaurus that are taken for swapped


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
        show(f"{spinner}, {name}", entries, score(shared, entries, unknown))


def spun(shared: Path, name: str, rate: float, training: int, test: int) -> None:
    """Print the figures of a development spinner's articles with the thesaurus, and with what 200 others teach."""
    models, table = shipped(), recognizer().thesaurus
    rows = []
    for line in (shared / "dev" / "spun.jsonl").open(encoding="utf-8"):
        row = json.loads(line)
        if row["spinner"] == "news-a":
            made = spin(name, row["original"], rate=rate, seed=crc32(row["id"].encode()), sticky=False)
            rows.append({"original": row["original"], "spun": made.text, "edits": made.edits})
    known, unknown = rows[:training], rows[training : training + test]
    learner = SpunLearner([row["spun"] for row in known], models, table)
    done: list[Any] = []
    while len(done) < learner.parts:
        done.append(learner.part(done))
    learned = learner.lexicon(done)
    texts = [row["spun"] for row in unknown]

    def told(entries: Sequence[Entry]) -> list[Analysis]:
        """Analyses of the texts, known to be spun by somebody with a thesaurus and these rows."""
        analyses = []
        for text in texts:
            parsed = parse([text], models, shield_names=True)
            assert parsed is not None
            part = table.channel(phrase_keys(parsed.batch.hashes, parsed.batch.joined), _RATE, READINGS)
            if entries:
                room = MAX_WORDS - part.words.shape[1]
                words = np.pad(part.words, ((0, 0), (0, room)), constant_values=-1)
                part = extended(replace(part, words=words), entries)
            analyses += read(parsed, detector(part), given=1.0)
        return analyses

    for way, entries, analyses in (
        ("shipped", [], analysed(texts, models)),
        ("thesaurus", [], told([])),
        ("learned", learned, told(learned)),
        ("gold", induce(known), told(induce(known))),
    ):
        found = results(texts, analyses, Calibration.open())
        show(f"{name}, {way}", entries, tally(load(shared / "score.py"), unknown, found).row([]))


def show(what: str, entries: Sequence[Entry], figures: Row) -> None:
    shown = "  ".join(
        f"{k}={figures[k]:.4g}" for k in ("docs", "detP", "detR", "fixP", "fixR", "fixF05", "wer_cut", "n")
    )
    print(f"{what}: {len(entries):,} rows  {shown}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with score.py and dev/")
    commands = parser.add_subparsers(required=True, dest="command")
    of_pairs = commands.add_parser("pairs")
    of_pairs.add_argument("--spinner", default="news-a")
    of_spun = commands.add_parser("spun")
    of_spun.add_argument("spinner", choices=NAMES)
    of_spun.add_argument("--rate", type=float, default=0.3)
    for command in (of_pairs, of_spun):
        command.add_argument("--training", type=int, default=200)
        command.add_argument("--test", type=int, default=100)
    options = parser.parse_args()
    if options.command == "pairs":
        pairs(options.shared, options.spinner, options.training, options.test)
    else:
        spun(options.shared, options.spinner, options.rate, options.training, options.test)


if __name__ == "__main__":
    main()
