"""Spin the texts of a JSONL file.

python -m benchmarks.spinners polite --rate .3 IN.jsonl -o OUT.jsonl
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from zlib import crc32

from benchmarks.spinners import NAMES, spinner


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("spinner", choices=NAMES)
    parser.add_argument("texts", type=Path, help='JSONL with "id" and "text" or "original"')
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--rate", type=float, default=0.3, help="share of the known words that are swapped, 0 to 1")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sticky", action="store_true", help="one form for a word throughout a text")
    parser.add_argument("--names", action="store_true", help="swap capitalised words inside sentences too")
    parser.add_argument("--limit", type=int, help="only so many texts")
    options = parser.parse_args()
    chosen = spinner(options.spinner)
    with options.texts.open(encoding="utf-8") as lines, options.output.open("w", encoding="utf-8") as out:
        for number, line in enumerate(lines):
            if number == options.limit:
                break
            row = json.loads(line)
            text = row.get("original", row.get("text"))
            seed = crc32(f"{options.seed}:{row['id']}".encode())
            spun = chosen.spin(text, rate=options.rate, seed=seed, sticky=options.sticky, names=options.names)
            made = {"id": row["id"], "spinner": chosen.name, "original": text, "spun": spun.text, "edits": spun.edits}
            out.write(json.dumps(made, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
