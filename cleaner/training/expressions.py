"""Fixed expressions: names, titles and terms of art that a garbled phrase can be restored to.

    tables=lexicons/en/expressions
    python -m cleaner.training.expressions count ../shared/corpus $tables/*.tsv
    python -m cleaner.training.expressions mine ../shared/corpus --cache CACHE -o $tables/collocations.tsv
    python -m cleaner.training.expressions add LIST --kind place --source geonames -o $tables/places.tsv

`count` counts every expression in clean text anew; `mine` finds strong collocations there, which the tables
beside the output do not hold yet; `add` takes a plain list, one expression a line, into a table.  All three
leave the tables as the linter wants them: sorted, and without an expression twice.

A row is `expression, kind, count, source`: the expression cased as it must be written, what it names, how often
clean text showed it, and where it was found.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import astuple, dataclass, field, replace
from itertools import islice
from pathlib import Path

import numpy as np

from cleaner.training.collocations import collocations, nominal, personal_names, words_of
from cleaner.training.corpus import Corpus, tokenized

COLUMNS = ("expression", "kind", "count", "source")
KINDS = words_of(
    "media agency ministry treaty council court war event university company league team post work place idiom"
    " computing medicine biology engineering physics chemistry mathematics economics law education politics"
    " military sport business general"
)
WORDS = range(2, 7)

_SHAPE = re.compile(r"[^\s\"“”‘’,;:!?()]+(?: [^\s\"“”‘’,;:!?()]+)+")
_SOURCE = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True, slots=True)
class Expression:
    """One row: `expression`, cased as it must be written, seen `count` times in clean text."""

    expression: str
    kind: str
    count: int
    source: str

    @property
    def key(self) -> str:
        """What makes two expressions the same: all but their case."""
        return self.expression.lower()


class ExpressionError(ValueError):
    """A table of expressions that cannot be used; the message names file, line and mend."""


def read_expressions(paths: Iterable[Path]) -> Iterator[Expression]:
    """Yield the rows of all tables, checked one by one; raises ExpressionError."""
    for path in paths:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            header = tuple(next(rows, ()))
            if header != COLUMNS:
                wanted = " ".join(COLUMNS)
                raise ExpressionError(f"{path}:1: the header must be {wanted} (tab-separated), not {' '.join(header)}")
            for number, row in enumerate(rows, 2):
                try:
                    expression, kind, count, source = row
                    entry = Expression(expression, kind, int(count), source)
                except ValueError as error:
                    wanted = f"{len(COLUMNS)} columns with a whole number in the third"
                    raise ExpressionError(f"{path}:{number}: expected {wanted}: {error}") from None
                if problem := fault(entry):
                    raise ExpressionError(f"{path}:{number}: {problem}")
                yield entry


def fault(entry: Expression) -> str | None:
    """What is wrong with a row, and how to mend it."""
    if not _SHAPE.fullmatch(entry.expression):
        return f"{entry.expression!r}: write words parted by single spaces, straight apostrophes and no other marks"
    if len(entry.expression.split(" ")) not in WORDS:
        return f"{entry.expression!r}: an expression has {WORDS[0]} to {WORDS[-1]} words"
    if entry.kind not in KINDS:
        return f"unknown kind {entry.kind!r}: use one of {', '.join(sorted(KINDS))}"
    if entry.count < 0:
        return f"count {entry.count}: must not be negative"
    if not _SOURCE.fullmatch(entry.source):
        return f"source {entry.source!r}: use written, corpus, tortured or the lower-case name of a data set"
    return None


def write_expressions(path: Path, entries: Iterable[Expression]) -> None:
    """Write a table, sorted by expression whatever its case."""
    with path.open("w", encoding="utf-8", newline="") as lines:
        lines.write("\t".join(COLUMNS) + "\n")
        lines.writelines("\t".join(map(str, astuple(e))) + "\n" for e in sorted(entries, key=lambda e: e.key))


# --- counting -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Usage:
    """How clean text writes an expression: its spellings with their counts, the number of documents, and the files."""

    spellings: Counter[str] = field(default_factory=Counter)
    documents: int = 0
    files: set[str] = field(default_factory=set)

    @property
    def usual(self) -> str:
        """The commonest spelling, headlines in capitals aside; a tie goes to the one first in the alphabet."""
        return min(self.spellings, key=lambda s: (s.isupper(), -self.spellings[s], s))


def texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the file and the text of every document of a folder's `*.jsonl.zst` files."""
    import zstandard

    for file in sorted(folder.glob("*.jsonl.zst")):
        with file.open("rb") as packed:
            for line in io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(packed), encoding="utf-8"):
                yield file.name, json.loads(line)["text"].replace("’", "'")


def usage(keys: Collection[str], documents: Iterable[tuple[str, str]]) -> dict[str, Usage]:
    """Find lower-case `keys` as whole words in documents (file, text); those never seen are left out."""
    from ahocorasick_rs import AhoCorasick

    phrases = sorted(keys)
    matcher = AhoCorasick(phrases)
    found: defaultdict[int, Usage] = defaultdict(Usage)
    for file, text in documents:
        lower = text.lower()
        if len(lower) != len(text):  # a few capitals become two letters, which would shift all that follows
            continue
        here = set()
        for number, start, end in matcher.find_matches_as_indexes(lower, overlapping=True):
            if not (text[max(start - 1, 0) : start].isalnum() or text[end : end + 1].isalnum()):
                found[number].spellings[text[start:end]] += 1
                here.add(number)
        for number in here:
            found[number].documents += 1
            found[number].files.add(file)
    return {phrases[n]: seen for n, seen in found.items()}


def capitalized(documents: Iterable[tuple[str, str]], every: int = 20) -> dict[str, float]:
    """How often (0 .. 1) each word begins with a capital, in every `every`-th document."""
    lower: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    for _, text in islice(documents, 0, None, every):
        for word in re.findall(r"[A-Za-z]+(?:[-'][A-Za-z]+)*", text):
            (lower if word.islower() else capital)[word.lower()] += 1
    return {w: capital[w] / (capital[w] + lower[w]) for w in lower.keys() | capital.keys()}


# The word that tells what a name names; anything else is general.
_HEADS = {
    "agency": "agency administration bureau authority commission institute foundation organization organisation"
    " association service",
    "ministry": "ministry department",
    "treaty": "treaty agreement accord accords convention protocol pact",
    "council": "council committee assembly parliament congress senate",
    "court": "court tribunal",
    "war": "war wars battle",
    "event": "forum summit conference festival olympics games awards award prize day",
    "university": "university college school",
    "company": "bank corporation company group holdings airlines motors",
    "league": "league cup championship championships",
    "team": "united rovers",
    "post": "minister secretary president director officer ambassador commissioner chairman spokesman spokeswoman",
    "media": "times journal newspaper magazine",
    "place": "city county island islands river lake mountains sea ocean airport street bridge avenue valley beach"
    " desert",
    "law": "act bill law amendment lawsuit trial",
    "medicine": "disease syndrome cancer infection surgery disorder vaccine patients virus",
    "military": "army forces troops missile missiles brigade navy weapons bomb",
    "politics": "party election elections voters caucus campaign",
    "economics": "inflation tax taxes rate rates market markets economy stocks bonds",
}
_KIND = {head: kind for kind, heads in _HEADS.items() for head in heads.split()}


def guessed_kind(expression: str) -> str:
    """What an expression names, judged by its last word, or by the one before "of"."""
    head = re.split(r" (?:of|for|on) ", expression.lower())[0].rsplit(" ", 1)[-1]
    return _KIND.get(head) or _KIND.get(expression.lower().rsplit(" ", 1)[-1], "general")


# --- commands -------------------------------------------------------------------------------------------------


def count(folder: Path, tables: Collection[Path]) -> None:
    """Count every expression of `tables` in a corpus anew."""
    rows = {table: list(read_expressions([table])) for table in tables}
    seen = usage({e.key for entries in rows.values() for e in entries}, texts(folder))
    for table, entries in rows.items():
        counted = (replace(e, count=seen[e.key].spellings.total() if e.key in seen else 0) for e in entries)
        write_expressions(table, counted)


def mine(folder: Path, corpus: Corpus, known: Collection[str], least: int, bound: float, most: int) -> list[Expression]:
    """The `most` strongest collocations that are not `known`, no mere personal names, and no mark of a single site."""
    capital = capitalized(texts(folder))
    names = personal_names(corpus, capital)
    scores = {}
    for phrase, score in collocations(corpus, least, bound):
        personal = not names.isdisjoint(re.split("[ ']", phrase)) and guessed_kind(phrase) in ("general", "post")
        if phrase not in known and nominal(phrase, capital) and not personal:
            scores[phrase] = score
    ranked = []
    for phrase, seen in usage(scores, texts(folder)).items():
        if len(seen.files) > 1 and seen.documents * 2 >= least:
            ranked.append((-scores[phrase] * np.log(seen.documents), phrase, seen))
    best = sorted(ranked)[:most]
    return [Expression(s.usual, guessed_kind(phrase), s.spellings.total(), "corpus") for _, phrase, s in best]


def add(lines: Iterable[str], kind: str, source: str, known: Collection[str]) -> Iterator[Expression]:
    """Rows for the expressions of a plain list that are neither `known` nor said before, nor at fault."""
    said = set(known)
    for line in lines:
        entry = Expression(" ".join(line.replace("’", "'").split()), kind, 0, source)
        if entry.key not in said and not fault(entry):
            said.add(entry.key)
            yield entry


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    counter = commands.add_parser("count", help="count all expressions anew")
    counter.add_argument("corpus", type=Path)
    counter.add_argument("tables", type=Path, nargs="+")
    miner = commands.add_parser("mine", help="find collocations")
    miner.add_argument("corpus", type=Path)
    miner.add_argument("--cache", type=Path, required=True, help="folder for the tokenised corpus")
    miner.add_argument("--least", type=int, default=25, help="times that a collocation must be seen")
    miner.add_argument("--bound", type=float, default=0.42, help="least normalised mutual information")
    miner.add_argument("--most", type=int, default=8000, help="rows to keep")
    miner.add_argument("-o", "--output", type=Path, required=True)
    adder = commands.add_parser("add", help="add the lines of a plain list to a table")
    adder.add_argument("list", type=Path)
    adder.add_argument("--kind", choices=sorted(KINDS), required=True)
    adder.add_argument("--source", required=True)
    adder.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    if options.command == "count":
        count(options.corpus, options.tables)
        return
    tables = sorted(options.output.parent.glob("*.tsv"))
    if options.command == "mine":
        known = {e.key for e in read_expressions(t for t in tables if t != options.output)}
        corpus = tokenized(options.corpus, options.cache)
        rows = mine(options.corpus, corpus, known, options.least, options.bound, options.most)
        write_expressions(options.output, rows)
    else:
        known = {e.key for e in read_expressions(tables)}
        new = list(add(options.list.read_text(encoding="utf-8").splitlines(), options.kind, options.source, known))
        old = read_expressions([options.output]) if options.output.exists() else ()
        write_expressions(options.output, [*old, *new])


if __name__ == "__main__":
    main()
