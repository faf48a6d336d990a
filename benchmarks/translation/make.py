"""Pairs for development: news through Apertium to another language and back.

    python -m benchmarks.translation.make articles.jsonl eng-cat cat-eng -o pairs/ca.jsonl

Needs the command `apertium` and a language pair (Debian: apertium-eng-cat, apertium-eo-en, apertium-eng-spa,
apertium-en-gl, apertium-hbs-eng).  Rows hold an article in `original`, a paragraph a line.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

TOGETHER = 10  # articles: starting the translator costs more than a few of them


def through(mode: str, text: str) -> str:
    """What Apertium makes of a text; words that it does not know stay as they are."""
    return subprocess.run(["apertium", "-u", mode], input=text, capture_output=True, text=True, check=True).stdout


def round_trip(articles: Sequence[str], there: str, back: str) -> list[str] | None:
    """Some articles translated there and back; None if that has joined or split paragraphs."""
    paragraphs = [line for article in articles for line in article.split("\n")]
    lines = through(back, through(there, "\n\n".join(paragraphs) + "\n")).split("\n")
    kept = [" ".join(line.split()) for line in lines if line.strip()]
    if len(kept) != len(paragraphs):
        return None
    ends = [0]
    for article in articles:
        ends.append(ends[-1] + article.count("\n") + 1)
    return ["\n".join(kept[a:b]) for a, b in pairwise(ends)]


def pairs(articles: Sequence[str], there: str, back: str) -> Iterator[dict[str, str]]:
    """A row of `original` and `spun` for each article that came through whole."""
    for at in range(0, len(articles), TOGETHER):
        some = articles[at : at + TOGETHER]
        for original, spun in zip(some, round_trip(some, there, back) or (), strict=False):
            yield {"original": original, "spun": spun}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path)
    parser.add_argument("there", help="Apertium's mode from English, such as eng-cat")
    parser.add_argument("back", help="its mode to English, such as cat-eng")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    articles = [json.loads(line)["original"] for line in options.articles.open(encoding="utf-8")]
    with options.output.open("w", encoding="utf-8") as lines:
        for row in pairs(articles, options.there, options.back):
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
