"""How many of a spinner's swaps does the thesaurus know?

    python -m benchmarks.spinners.coverage ../shared/dev/spun.jsonl [--table FILE]

For each spinner of a JSONL file of pairs with edits: the share of its word swaps that are in the table, the rank of the
right original among those of the spun form, and the perplexity of the spun form given the original.  A phrase whose two
sides have equally many words is compared word by word; else the words that both sides begin and end with are left out.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from cleaner.segment import tokenize
from cleaner.thesaurus import MAX_ORIGINAL, MAX_SPUN, Thesaurus, phrase_key

Pair = tuple[str, str]


def word_swaps(original: str, spun: str) -> Iterator[Pair]:
    """The smallest differing parts of a swap (both in lower case)."""
    here, there = tokenize(original).norms, tokenize(spun).norms
    if len(here) == len(there):
        yield from ((a, b) for a, b in zip(here, there, strict=True) if a != b)
        return
    shorter = min(len(here), len(there)) - 1
    before = next((i for i in range(shorter) if here[i] != there[i]), shorter)
    after = next((i for i in range(shorter - before) if here[-1 - i] != there[-1 - i]), shorter - before)
    yield " ".join(here[before : len(here) - after]), " ".join(there[before : len(there) - after])


def ranks(pairs: Iterable[Pair], table: Thesaurus) -> dict[Pair, tuple[int, float]]:
    """For each pair in the table: rank of the original among the readings of the spun form; log P(spun | original)."""
    found = {}
    for original, spun in pairs:
        if not 0 < len(original.split()) <= MAX_ORIGINAL or not 0 < len(spun.split()) <= MAX_SPUN:
            continue
        keys = [np.array([phrase_key(spun)], np.uint64)]
        rows = table.swaps(keys).row
        numbers = table.original_key[table.original[rows]]
        at = np.flatnonzero(numbers == np.uint64(phrase_key(original)))
        if len(at):
            found[original, spun] = int(at[0]), float(table.log_swap(rows[at])[0])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path, nargs="+", help="JSONL with spun, edits and spinner")
    parser.add_argument("--table", type=Path, help="default: the shipped one")
    options = parser.parse_args()
    table = Thesaurus.open(options.table)
    swaps: defaultdict[str, Counter[Pair]] = defaultdict(Counter)
    for path in options.pairs:
        with path.open(encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                for start, end, original in row["edits"]:
                    swaps[row["spinner"]].update(word_swaps(original, row["spun"][start:end]))
    print("spinner      swaps   types  known%  types%  top10%  top50% top200%  perplexity")
    for name, counts in swaps.items():
        known = ranks(counts, table)
        total, n = counts.total(), sum(counts[p] for p in known)
        top = [sum(counts[p] for p, (rank, _) in known.items() if rank < k) / total for k in (10, 50, 200)]
        entropy = -sum(counts[p] * log_p for p, (_, log_p) in known.items()) / max(n, 1)
        print(
            f"{name:10s} {total:7d} {len(counts):7d}  {n / total:6.1%}  {len(known) / len(counts):6.1%}  "
            + "  ".join(f"{t:6.1%}" for t in top)
            + f"  {np.exp(entropy):8.1f}"
        )


if __name__ == "__main__":
    main()
