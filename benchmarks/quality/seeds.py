"""What becomes of the five seed articles: verdicts, and the garbled phrases of seed 002 that are restored.

    python -m benchmarks.quality.seeds

`seed-002.tsv` lists, line by line in reading order, the phrases that a reader of this project marked as garbled and the
originals that would be acceptable; a phrase counts when the restored text has one of them in its place.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from cleaner import Cleaner
from cleaner.result import Result, apply

MARKED = Path(__file__).with_name("seed-002.tsv")


def restored(result: Result, start: int, end: int) -> str:
    """What became of the code points start .. end - 1 of the input (widened to whole findings)."""
    inside = [f for f in result.findings if f.applied and f.start < end and f.end > start]
    start, end = min([start, *(f.start for f in inside)]), max([end, *(f.end for f in inside)])
    before = len(apply(result.original[:start], [f for f in result.findings if f.end <= start]))
    after = len(apply(result.original[end:], []))
    tail = sum(len(f.replacement or "") - len(f.text) for f in result.findings if f.applied and f.start >= end)
    return result.text[before : len(result.text) - after - tail]


def score(result: Result) -> tuple[int, list[str]]:
    """How many marked phrases are restored, and those that are not."""
    lines = result.original.split("\n")
    offsets = [0]
    for line in lines:
        offsets.append(offsets[-1] + len(line) + 1)
    position = 0
    right, wrong = 0, []
    with MARKED.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows, delimiter="\t"):
            begin = offsets[int(row["line"]) - 1]
            start = result.original.index(row["spun"], max(position, begin))
            end = start + len(row["spun"])
            position = start + 1
            now = restored(result, start, end)
            if any(o.lower() in now.lower() for o in row["originals"].split("|")):
                right += 1
            else:
                wrong.append(f"{row['spun']} -> {now} ({row['originals']})")
    return right, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=Path, default=Path("../shared/seeds"))
    options = parser.parse_args()
    for path in sorted(options.seeds.glob("*.txt")):
        result = Cleaner().clean(path.read_text(encoding="utf-8"))
        edits = sum(f.applied and f.kind == "phrase" for f in result.findings)
        print(f"{path.stem[:3]}: {result.verdict} ({result.spun_probability:.4f}), {edits} phrase edits")
        if path.stem.startswith("002"):
            right, wrong = score(result)
            print(f"     {right} of {right + len(wrong)} marked phrases restored; not:", *wrong, sep="\n       ")


if __name__ == "__main__":
    main()
