"""Make the dictionaries of the development spinners from open thesauri.

    python -m benchmarks.spinners.build --roget FILE --mythes FILE --wordnet FOLDER --synonyms FILE

Writes one table per thesaurus to benchmarks/spinners/data: a part of speech (n, v, a, r), then groups of synonyms; in a
group words are separated by commas, groups that stand near each other by semicolons.  Where the sources come
from: lexicons/LICENSES.md.
"""

from __future__ import annotations

import argparse
import html
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from wordfreq import zipf_frequency

from benchmarks.spinners.dictionary import DATA
from cleaner.training.thesauri import read_wordnet

Rows = Iterator[tuple[str, list[list[str]]]]
_POS = {"N.": "n", "V.": "v", "Adj.": "a", "Adv.": "r"}
_MYTHES = {"(noun)": "n", "(verb)": "v", "(adj)": "a", "(adv)": "r"}


def usable(word: str, rarest: float) -> bool:
    """Whether a word or phrase of at most three words is fit for a dictionary of modern words."""
    words = word.split()
    return (
        0 < len(words) <= 3
        and re.fullmatch(r"[a-z]+(?:[ '-][a-z]+)*", word) is not None
        and all(zipf_frequency(w, "en") >= rarest for w in words)
    )


def roget(text: str) -> Rows:
    """The paragraphs of Roget's Thesaurus (1911, Project Gutenberg's 10681): words of a field, some far apart."""
    text = html.unescape(text[text.index("SECTION I.") :])
    for head in re.split(r"\n\d+[a-z]?\. ", text)[1:]:
        pos = "n"
        for paragraph in re.split(r"\n {5}|\n(?=(?:N|V|Adj|Adv|Phr)\.)|-- ?(?=(?:N|V|Adj|Adv|Phr)\.)", head):
            flat = " ".join(paragraph.split())
            mark = re.match(r"(N|V|Adj|Adv|Phr|Int)\. ", flat)
            if mark:
                pos = _POS.get(mark[0].strip(), "")
                flat = flat[mark.end() :]
            flat = re.sub(r"\[[^\]]*\]|\([^)]*\)|&c[^,;]*|\d+\w*", " ", flat)
            groups = [[w for w in (_tidy(w) for w in g.split(",")) if usable(w, 2.0)] for g in flat.split(";")]
            if pos:
                yield pos, groups


def mythes(lines: Iterable[str]) -> Rows:
    """The senses of an OpenOffice thesaurus: true synonyms and similar terms, without generic and related ones."""
    head = ""
    for line in lines:
        pos, *words = line.strip().split("|")
        if pos not in _MYTHES:
            head = pos
            continue
        kept = [w.removesuffix(" (similar term)") for w in words]
        if usable(head, 3.6):
            yield _MYTHES[pos], [[head, *(w for w in kept if usable(w, 1.5))]]


def first_senses(folder: Path) -> Rows:
    """The first sense of each frequent lemma of WordNet, frequent words only."""
    wordnet = read_wordnet(folder)
    for (lemma, pos), senses in sorted(wordnet.senses.items()):
        words = [w for w in wordnet.synsets[senses[0][0]].lemmas if w != lemma and usable(w, 3.5)]
        if usable(lemma, 3.7) and senses[0][1] == max(wordnet.senses.get((lemma, p), [("", -1)])[0][1] for p in "nvar"):
            yield pos, [[lemma, *words]]


def poor(text: str) -> Rows:
    """A small dictionary that runs all senses of a word together."""
    for head, parts in json.loads(text).items():
        for part, words in parts.items():
            pos = {"s": "a"}.get(part, part)
            if usable(head, 2.7) and pos in "nvar":
                yield pos, [[head, *(w for w in dict.fromkeys(words) if w != head and usable(w, 1.5))]]


def _tidy(word: str) -> str:
    return " ".join(word.replace("!", " ").strip(" .:'\"-?^").split())


def write(name: str, rows: Rows) -> None:
    """Write the rows that say anything: two words or more."""
    lines = []
    for pos, groups in rows:
        groups = [list(dict.fromkeys(g)) for g in groups if g]
        if sum(map(len, groups)) > 1:
            lines.append(f"{pos}\t{';'.join(map(','.join, groups))}\n")
    (DATA / f"{name}.tsv").write_text("".join(dict.fromkeys(lines)), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--roget", type=Path, required=True, help="10681-body of Roget's Thesaurus")
    parser.add_argument("--mythes", type=Path, required=True, help="th_en_US_v2.dat")
    parser.add_argument("--wordnet", type=Path, required=True, help="folder with data.noun ... index.sense")
    parser.add_argument("--synonyms", type=Path, required=True, help="src.json of the npm package synonyms")
    options = parser.parse_args()
    write("roget", roget(options.roget.read_text(encoding="utf-8", errors="replace")))
    with options.mythes.open(encoding="utf-8") as lines:
        write("mythes", mythes(lines))
    write("first-senses", first_senses(options.wordnet))
    write("synonyms", poor(options.synonyms.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
