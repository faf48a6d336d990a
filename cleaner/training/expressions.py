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
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleaner.training.corpus import Corpus, tokenized


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COLUMNS = ("expression", "kind", "count", "source")
KINDS = _words(
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


# --- collocations ---------------------------------------------------------------------------------------------

# Words that neither begin nor end a term, and, after them, those that tie text to a day or a count.
_LOOSE = _words(
    """
    a about above across after again against ago all almost along already also although always am among an and another
    any anyone anything are around as ask asked at away back be became because become been before began behind being
    below between both but by called came can cannot come could day despite did do does doing done down during each
    either else enough especially even ever every everyone everything far few for former from gave get getting give
    given go going gone got had has have having he her here hers herself him himself his how however i if in including
    indeed instead into is it its itself just keep kept knew know known last late later least less let like likely
    little look lot made make making many may maybe me merely mere might mine more moreover most mostly much must my
    myself near nearly neither never next no nobody none nor not nothing now of off often on once only onto or other
    others otherwise ought our ours ourselves out over own per perhaps put quite rather really said same saw say saying
    says see seem seemed seems seen several shall she should since so some somebody someone something sometimes soon
    still such take taken taking tell than that the their theirs them themselves then there therefore these they thing
    things think this those though thought through throughout thus till to together told too took toward towards tried
    try under unless until up upon us use used using very via want wanted was way we well went were what whatever when
    where whereas whether which while who whoever whole whom whose why will with within without would yes yet you your
    yours yourself 's 'll 've 're 'd 'm mr mr. mrs mrs. ms ms. dr dr. st. gen. sen. rep. gov. u.s. u.k. u.n. inc. corp.
    co. ltd. st jr. sr. lt. col. sgt. capt. prof. etc vs vs. no. i.e. e.g. p.m. a.m. d-n.y don't didn't doesn't isn't
    wasn't weren't aren't won't can't couldn't wouldn't shouldn't hasn't haven't hadn't that's it's
    """
)
_DATED = _words(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march april june july august september
    october november december jan. feb. mar. apr. jun. jul. aug. sept. oct. nov. dec. yesterday today tomorrow tonight
    week weeks month months year years days hour hours minute minutes one two three four five six seven eight nine ten
    eleven twelve twenty thirty forty fifty hundred thousand million billion trillion percent
    first second third fourth fifth sixth pm am gmt est edt et twitter facebook click photo image video
    """
)
_ARTICLES = _words("the a an this that its their his her our my your")
_TITLES = _words("mr mr. mrs mrs. ms ms. sen. rep. gov. gen. dr. judge justice senator")
_INSIDE = _words("of the and for in on to at 's by with a an")


Bools = NDArray[np.bool_]


class Grams(NamedTuple):
    """Distinct n-grams: `words` (rows, n) as type numbers, and how often each was seen."""

    words: NDArray[np.int32]
    seen: NDArray[np.int64]


def grams(stream: NDArray[np.int32], usable: Bools, inside: Bools, n: int, least: int) -> Grams:
    """The n-grams seen `least` times that begin and end with `usable` types and hold only `inside` ones between."""
    at = usable[stream[: len(stream) - n + 1]] & usable[stream[n - 1 :]]
    for k in range(1, n - 1):
        at &= inside[stream[k : len(stream) - n + 1 + k]]
    start = np.flatnonzero(at)
    words = np.stack([stream[start + k] for k in range(n)], axis=1)
    key = np.zeros(len(words), np.uint64)
    for k in range(n):
        key = key * np.uint64(0x9E3779B97F4A7C15) + words[:, k].astype(np.uint64) + np.uint64(1)
    _, first, count = np.unique(key, return_index=True, return_counts=True)
    enough = count >= least
    return Grams(words[first[enough]], count[enough])


def cohesion(phrases: Mapping[tuple[int, ...], int], gram: tuple[int, ...], total: int) -> float:
    """Normalised pointwise mutual information of an n-gram (-1 .. 1), at the split that explains it best.

    NPMI = log(p(xy) / (p(x) p(y))) / -log p(xy) (Bouma 2009), with x and y the two sides of the split for which
    p(x) p(y) is largest; a side that was never kept counts as seen once.
    """
    p = phrases[gram] / total
    sides = ((phrases.get(gram[:k], 1), phrases.get(gram[k:], 1)) for k in range(1, len(gram)))
    expected = max(a * b for a, b in sides) / total**2
    return float(np.log(p / expected) / -np.log(p))


class Neighbours(NamedTuple):
    """How often each n-gram was seen with its commonest neighbour, and with any content word right after it."""

    commonest: Mapping[tuple[int, ...], int]
    content_after: Mapping[tuple[int, ...], int]


def neighbours(counted: Mapping[tuple[int, ...], int], articles: Collection[int], content: Bools) -> Neighbours:
    """Neighbours of all n-grams whose longer ones are among `counted`; articles before an n-gram do not count."""
    commonest: defaultdict[tuple[int, ...], int] = defaultdict(int)
    content_after: defaultdict[tuple[int, ...], int] = defaultdict(int)
    for gram, seen in counted.items():
        commonest[gram[:-1]] = max(commonest[gram[:-1]], seen)
        if gram[0] not in articles:
            commonest[gram[1:]] = max(commonest[gram[1:]], seen)
        if content[gram[-1]]:
            content_after[gram[:-1]] += seen
    return Neighbours(commonest, content_after)


def fragment(gram: tuple[int, ...], seen: int, beside: Neighbours) -> bool:
    """Whether an n-gram is mostly part of a longer phrase: "Trade Organization", "accused of sexual"."""
    return beside.commonest.get(gram, 0) > 0.6 * seen or beside.content_after.get(gram, 0) > 0.5 * seen


def collocations(corpus: Corpus, least: int, bound: float) -> Iterator[tuple[str, float]]:
    """Yield the 2- to 4-grams of `corpus`, seen `least` times and of `bound` cohesion, that could be a term."""
    frequency = np.bincount(corpus.stream, minlength=len(corpus.types))
    number = {t: i for i, t in enumerate(corpus.types)}
    plain = np.array([bool(re.fullmatch(r"'s|[a-z]+(?:[-'][a-z]+)*|u\.[sn]\.", t)) for t in corpus.types])
    plain &= frequency >= least
    edge = plain.copy()
    edge[[i for t, i in number.items() if t in _LOOSE or t in _DATED or len(t) == 1]] = False
    inside = edge.copy()
    inside[[number[t] for t in _INSIDE]] = True
    phrases: dict[tuple[int, ...], int] = {(i,): int(n) for i, n in enumerate(frequency)}
    for n in 2, 3, 4, 5:
        # Loose ends too: they are parts of longer phrases ("secretary of"), and show which ones are incomplete.
        found = grams(corpus.stream, plain, plain, n, least)
        phrases.update(zip(map(tuple, found.words.tolist()), found.seen.tolist(), strict=True))
    beside = neighbours(phrases, {number[t] for t in _ARTICLES}, edge)
    for gram in phrases:
        sound = 1 < len(gram) < 5 and edge[gram[0]] and edge[gram[-1]] and inside[list(gram)].all()
        if sound and not fragment(gram, phrases[gram], beside):
            score = cohesion(phrases, gram, len(corpus.stream))
            if score >= bound:
                yield " ".join(corpus.types[i] for i in gram).replace(" '", "'"), score


def personal_names(corpus: Corpus, capital: Mapping[str, float]) -> frozenset[str]:
    """Words that mostly name people: those that follow a title, and those that such a word follows in turn."""
    stream, size = corpus.stream, len(corpus.types)
    proper = np.array([capital.get(t, 0) > 0.6 for t in corpus.types])
    title = np.array([t in _TITLES for t in corpus.types])
    frequency = np.maximum(np.bincount(stream, minlength=size), 1)
    after_title = np.bincount(stream[1:][title[stream[:-1]]], minlength=size)
    surname = proper & (after_title >= 5) & (after_title > 0.02 * frequency)
    before_surname = np.bincount(stream[:-1][surname[stream[1:]]], minlength=size)
    first_name = proper & (before_surname >= 5) & (before_surname > 0.25 * frequency)
    return frozenset(t for t, name in zip(corpus.types, surname | first_name, strict=True) if name)


def nominal(phrase: str, capital: Mapping[str, float]) -> bool:
    """Whether a phrase could be a term: ends in a noun, begins with a noun or an adjective, and holds a common word."""
    from lemminflect import getAllLemmas

    words = phrase.split()
    first, last = (capital.get(w, 1) > 0.6 or getAllLemmas(w).keys() for w in (words[0], words[-1]))
    begins = first is True or bool(first & {"NOUN", "ADJ"} and not words[0].endswith("ly"))
    ends = last is True or "NOUN" in last
    return begins and ends and any(capital.get(w, 1) < 0.5 for w in words)


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
