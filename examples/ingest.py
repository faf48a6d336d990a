"""Preprocessing before ingestion: restore what is garbled, leave out what stays doubtful, pass on the rest.

Reads JSON lines with a field "text" from files or standard input and writes them to standard output:

    python examples/ingest.py articles.jsonl > cleaned.jsonl
"""

from __future__ import annotations

import fileinput
import json
from collections.abc import Iterable, Iterator
from itertools import tee
from typing import Any

from cleaner import Cleaner


def ingest(records: Iterable[dict[str, Any]], cleaner: Cleaner) -> Iterator[dict[str, Any]]:
    """Yield the records with restored text and verdict; those that are merely suspect are left out."""
    kept, read = tee(records)
    for record, result in zip(kept, cleaner.clean_many(record["text"] for record in read), strict=True):
        if result.verdict != "suspect":
            yield {**record, "text": result.text, "verdict": result.verdict}


if __name__ == "__main__":
    with fileinput.input(encoding="utf-8") as lines:
        for record in ingest(map(json.loads, lines), Cleaner()):
            print(json.dumps(record, ensure_ascii=False))
