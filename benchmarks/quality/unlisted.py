"""Garbled terms that neither the list nor the weights have seen, by the whole program and the scorer.

    python -m benchmarks.quality.unlisted

The list and the weights lack every garbled term of the development abstracts, and all others of the same right terms.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.quality.crossvalidate import load, tally
from cleaner import Cleaner
from cleaner.recognition import Recognizer
from cleaner.training.garbled_terms import HELD_OUT
from cleaner.training.recognition import Material, fit, reader, rows


class Unlisted(Cleaner):
    """A cleaner with a recognizer of its own."""

    def __init__(self, own: Recognizer) -> None:
        super().__init__()
        self.own = own

    @property
    def recognizer(self) -> Recognizer:
        """What recognises expressions."""
        return self.own


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with score.py and dev/")
    parser.add_argument("--written", type=Path, default=Path("lexicons/en/dialects/science-written.tsv"))
    options = parser.parse_args()
    score, folder = load(options.shared / "score.py"), options.shared / "dev"
    material = Material.of(folder, options.written)
    seen = [d for fold, d in (*material.garbled, *material.known) if fold != HELD_OUT]
    weights = fit([*seen, *material.honest[::2]])
    cleaner = Unlisted(reader(material.folds, HELD_OUT, material.written, weights))
    abstracts = [row for row in rows(folder / "spun.jsonl") if row["spinner"] == "science"]
    found = tally(score, abstracts, cleaner.clean_many(row["spun"] for row in abstracts))
    honest = list(cleaner.clean_many(row["text"] for row in rows(folder / "clean.jsonl")))
    words = sum(len(result.original.split()) for result in honest)
    made = (f for result in honest for f in result.findings if f.applied and f.kind in ("phrase", "expression"))
    applied = sum(f.replacement is not None for f in made)
    for name, value in found.row([result.spun_probability for result in honest]).items():
        print(f"{name:>10} {value:.3f}")
    not_clean = sum(result.verdict != "clean" for result in honest)
    print(f"honest: {not_clean} of {len(honest)} not clean, {1e4 * applied / words:.3f} applied edits in 10,000 words")


if __name__ == "__main__":
    main()
