"""Lints the tables of fixed expressions as they are shipped."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from cleaner.training.collocations import cohesion, fragment, neighbours
from cleaner.training.expressions import (
    COLUMNS,
    KINDS,
    Expression,
    ExpressionError,
    Usage,
    add,
    capitalized,
    read_expressions,
    usage,
)

ROOT = Path(__file__).parent.parent / "lexicons"
TABLES = sorted((ROOT / "en" / "expressions").glob("*.tsv"))
HEADER = "\t".join(COLUMNS) + "\n"


@pytest.fixture(scope="module")
def rows() -> dict[Path, list[Expression]]:
    return {table: list(read_expressions([table])) for table in TABLES}


def test_tables_are_sorted(rows: dict[Path, list[Expression]]) -> None:
    for table, entries in rows.items():
        keys = [e.key for e in entries]
        assert keys == sorted(keys), table.name


def test_no_expression_stands_twice(rows: dict[Path, list[Expression]]) -> None:
    seen = Counter(e.key for entries in rows.values() for e in entries)
    assert [key for key, times in seen.items() if times > 1] == []


def test_the_inventory_is_large_and_holds_what_spinners_garble(rows: dict[Path, list[Expression]]) -> None:
    written = {e.expression for entries in rows.values() for e in entries}
    assert len(written) >= 30_000
    wanted = {
        "Eastern Economic Forum",
        "Royal United Services Institute",
        "Financial Times",
        "Security Council",
        "artillery shells",
        "artificial intelligence",
        "breast cancer",
        "random forest",
        "Chief of Staff",
        "Great Barrier Reef",
    }
    assert wanted - written == set()


def test_every_source_has_its_licence(rows: dict[Path, list[Expression]]) -> None:
    licences = (ROOT / "LICENSES.md").read_text(encoding="utf-8")
    sources = {e.source for entries in rows.values() for e in entries}
    assert [s for s in sorted(sources) if f"`{s}`" not in licences] == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Eastern Economic Forum\tevent\t3\n", "expected 4 columns"),
        ("Eastern Economic Forum\tevent\tmany\twritten\n", "whole number"),
        ("Eastern Economic Forum\tparty\t3\twritten\n", "unknown kind 'party'"),
        ("Eastern Economic Forum\tevent\t-1\twritten\n", "must not be negative"),
        ("Eastern Economic Forum\tevent\t3\tWritten by hand\n", "source"),
        ("Forum\tevent\t3\twritten\n", "single spaces"),
        ("Eastern  Economic Forum\tevent\t3\twritten\n", "single spaces"),
        ("Director of Women’s Health\tpost\t3\twritten\n", "straight apostrophes"),
        ("A Space Odyssey: the book\twork\t0\twritten\n", "no other marks"),
        ("one two three four five six seven\tgeneral\t0\twritten\n", "2 to 6 words"),
    ],
)
def test_faults_are_named_with_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    table = tmp_path / "table.tsv"
    table.write_text(HEADER + "artificial intelligence\tcomputing\t9\twritten\n" + line, encoding="utf-8")
    with pytest.raises(ExpressionError, match=message) as error:
        list(read_expressions([table]))
    assert str(error.value).startswith(f"{table}:3: ")


def test_the_header_is_checked(tmp_path: Path) -> None:
    table = tmp_path / "table.tsv"
    table.write_text("artificial intelligence\tcomputing\t9\twritten\n", encoding="utf-8")
    with pytest.raises(ExpressionError, match="the header must be expression kind count source"):
        list(read_expressions([table]))


def test_usage_counts_whole_words_and_keeps_the_usual_spelling() -> None:
    documents = [
        ("a", "The Supreme Court sat. SUPREME COURT! Supreme courts differ."),
        ("b", "A supreme court; the Supreme Court."),
    ]
    seen = usage({"supreme court", "big data"}, documents)
    assert set(seen) == {"supreme court"}
    found = seen["supreme court"]
    assert found == Usage(Counter({"Supreme Court": 2, "SUPREME COURT": 1, "supreme court": 1}), 2, {"a", "b"})
    assert found.usual == "Supreme Court"


def test_capitalized_reads_every_nth_document() -> None:
    share = capitalized([("a", "The Court is a court."), ("a", "court"), ("a", "Court the")], every=2)
    assert share["court"] == pytest.approx(2 / 3)
    assert share["the"] == 0.5


def test_cohesion_is_one_for_words_that_always_go_together_and_nought_for_strangers() -> None:
    total = 1000
    counts = {(1,): 10, (2,): 10, (1, 2): 10, (3,): 100, (4,): 100, (3, 4): 10}
    assert cohesion(counts, (1, 2), total) == pytest.approx(1)
    assert cohesion(counts, (3, 4), total) == pytest.approx(0)


def test_fragments_of_longer_phrases_are_told_by_their_neighbours() -> None:
    world, trade, organization, the, sexual, abuse, assault = range(7)
    counted = {
        (trade, organization): 10,
        (world, trade, organization): 8,
        (the, trade, organization): 2,
        (world, trade): 12,
        (the, world, trade): 11,
        (the, sexual): 10,
        (the, sexual, abuse): 3,
        (the, sexual, assault): 3,
    }
    beside = neighbours(counted, {the}, np.array([True, True, True, False, True, True, True]))
    assert fragment((trade, organization), 10, beside)
    assert fragment((world, trade), 12, beside)
    assert fragment((the, sexual), 10, beside)
    assert not fragment((world, trade, organization), 8, beside)


def test_add_takes_new_and_sound_lines_only() -> None:
    lines = ["Cape Town", "cape town", "  Salt  Lake City ", "Paris", "Coral Sea"]
    added = list(add(lines, "place", "written", {"coral sea"}))
    assert [e.expression for e in added] == ["Cape Town", "Salt Lake City"]
    assert all(e.kind in KINDS and e.count == 0 for e in added)
