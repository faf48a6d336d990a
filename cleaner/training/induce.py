r"""Induce a dialect's lexicon from parallel articles whose edits are marked.

    python -m cleaner.training.induce ../shared/dev/spun.jsonl --spinner news-a \
        --dialects lexicons/en/dialects/dialects.toml -o lexicons/en/dialects/news-a.tsv

Each input row is {"original", "spun", "edits": [[start, end, original text], ...]} with offsets into `spun`.
A row of the lexicon says how often the spinner turned `original` into `spun`; where both are equal, how
often it left a phrase alone that it, or another table (`--dialects`), swaps elsewhere.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cleaner.lexicon import MAX_WORDS, Entry, normalized, write_entries
from cleaner.segment import paragraphs, tokenize
from cleaner.training.rows import usable


def induce(articles: Iterable[Mapping[str, Any]], candidates: Iterable[str] = ()) -> list[Entry]:
    """Count swaps over `articles`, and how often the phrases swapped, and those of `candidates`, were left alone."""
    count: Counter[tuple[str, str]] = Counter()
    documents: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    rows = list(articles)
    for number, row in enumerate(rows):
        for start, end, original in row["edits"]:
            pair = normalized(original), normalized(row["spun"][start:end])
            if usable(*pair):
                count[pair] += 1
                documents[pair].add(number)
    phrases = {original for original, _ in count}.union(candidates)
    known = frozenset(tuple(tokenize(phrase).norms) for phrase in phrases if normalized(phrase) == phrase)
    for number, row in enumerate(rows):
        for phrase in left_alone(row["spun"], row["edits"], known):
            pair = phrase, phrase
            count[pair] += 1
            documents[pair].add(number)
    return [Entry(o, s, n, len(documents[o, s]), "observed") for (o, s), n in count.items()]


def left_alone(spun: str, edits: Iterable[tuple[int, int, str]], known: frozenset[tuple[str, ...]]) -> Iterable[str]:
    """Yield the phrases of `known` that stand untouched in `spun`, longest first from the left as a spinner reads."""
    position = 0
    for start, end, _ in [*edits, (len(spun), len(spun), "")]:
        for a, b in paragraphs(spun[position:start]):
            tokens = tokenize(spun[position:start], a, b)
            i = 0
            while i < len(tokens):
                for size in range(min(MAX_WORDS, len(tokens) - i), 0, -1):
                    if tokens.norms[i : i + size] in known and all(tokens.joined[i + 1 : i + size]):
                        yield " ".join(tokens.norms[i : i + size]).replace(" '", "'")
                        i += size
                        break
                else:
                    i += 1
        position = end


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path, help="JSONL with original, spun and edits")
    parser.add_argument("--spinner", help="only rows of this spinner")
    parser.add_argument("--dialects", type=Path, help="TOML file: look for the phrases of all its tables too")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    with options.pairs.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    candidates: set[str] = set()
    if options.dialects:
        from cleaner.training.channel import dialects

        evidence = (e for dialect in dialects(options.dialects) for e in dialect.evidence)
        candidates = {row.spun if e.reverse else row.original for e in evidence for row in e.entries}
    write_entries(options.output, induce([r for r in rows if options.spinner in (None, r["spinner"])], candidates))


if __name__ == "__main__":
    main()
