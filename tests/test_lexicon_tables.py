"""The linter of the shipped tables: what people edit is in order, and what is compiled is made of it."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from cleaner.expressions import Inventory
from cleaner.lexicon import (
    MAX_WORDS,
    SCIENCE,
    SHIPPED,
    Channel,
    normalized,
    read_entries,
    write_entries,
)
from cleaner.segment import tokenize
from cleaner.training.channel import build
from cleaner.training.inflect import read_lemmas, written
from cleaner.training.inventory import build as inventory
from cleaner.translation import CHANNEL

LEXICONS = Path(__file__).parents[1] / "lexicons" / "en"
DIALECTS = LEXICONS / "dialects"
# The model that each definition is compiled to.
MODELS = {
    DIALECTS / "dialects.toml": SHIPPED,
    DIALECTS / "science.toml": SCIENCE,
    DIALECTS / "translated.toml": CHANNEL,
}
TABLES = sorted(DIALECTS.rglob("*.tsv"))
LEMMAS = sorted((LEXICONS / "lemmas").glob("*.tsv"))
entries = cache(lambda path: tuple(read_entries(path)))


def by_name(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", TABLES, ids=by_name)
def test_tables_are_sorted_without_duplicates(path: Path) -> None:
    pairs = [(e.original, e.spun) for e in entries(path)]
    assert pairs == sorted(set(pairs))


@pytest.mark.parametrize("path", TABLES, ids=by_name)
def test_phrases_of_tables_are_normalised_and_bounded(path: Path) -> None:
    wrong = {
        phrase
        for entry in entries(path)
        for phrase in {entry.original, entry.spun}
        if normalized(phrase) != phrase or "<" in phrase or not 1 <= len(tokenize(phrase)) <= MAX_WORDS
    }
    assert not wrong


@pytest.mark.parametrize("path", TABLES, ids=by_name)
def test_counts_of_tables_fit_their_source(path: Path) -> None:
    wrong = [
        e
        for e in entries(path)
        if (e.source in ("observed", "screener")) != (e.count > 0)  # what was seen is counted, what was written is not
        or not (e.documents <= e.count if e.count else e.documents == 0)
        or (e.original == e.spun and e.source != "observed")
    ]
    assert not wrong


@pytest.mark.parametrize("path", TABLES, ids=by_name)
def test_writing_a_table_that_was_read_changes_nothing(path: Path, tmp_path: Path) -> None:
    write_entries(tmp_path / "again.tsv", reversed(entries(path)))
    assert (tmp_path / "again.tsv").read_bytes() == path.read_bytes()


def test_the_news_dialects_have_ten_thousand_swaps() -> None:
    swaps = {(e.original, e.spun) for path in TABLES for e in entries(path) if e.original != e.spun}
    assert len(swaps) >= 10_000
    assert sum(e.source == "observed" for path in TABLES for e in entries(path)) >= 5_000


@pytest.mark.parametrize("path", LEMMAS, ids=by_name)
def test_lemma_tables_are_sorted_without_duplicates(path: Path) -> None:
    rows = list(read_lemmas(path))
    assert rows == sorted(set(rows))
    assert not [row for row in rows if row[0] == row[2]]


@pytest.mark.parametrize("path", LEMMAS, ids=by_name)
def test_phrases_of_lemma_tables_are_normalised_and_bounded(path: Path) -> None:
    sides = {side for original, _, spun in read_lemmas(path) for side in (original, spun)}
    assert not [s for s in sides if normalized(s) != s or not 1 <= len(tokenize(s)) <= MAX_WORDS]


def test_written_rows_follow_from_the_lemmas() -> None:
    for genre in ("news", "science"):
        made = written(row for path in LEMMAS if path.stem.startswith(genre) for row in read_lemmas(path))
        assert sorted(made) == list(entries(DIALECTS / f"{genre}-written.tsv"))


def test_definitions_name_existing_tables_and_probabilities() -> None:
    rows = [row for path in MODELS for row in tomllib.loads(path.read_text("utf-8"))["dialect"]]
    assert sorted(MODELS) == sorted(DIALECTS.glob("*.toml"))
    assert len({row["name"] for row in rows}) == len(rows)
    used = {e["table"] for row in rows for e in row["evidence"]} | {row["observed"] for row in rows}
    assert used == {path.relative_to(DIALECTS).as_posix() for path in TABLES}
    for evidence in (e for row in rows for e in row["evidence"]):
        assert set(evidence) <= {"table", "weight", "known", "reverse", "derived"}
        assert 0 < evidence["weight"] <= 1 and 0 < evidence["known"] < 1


@pytest.mark.parametrize("definition", MODELS, ids=by_name)
def test_shipped_channels_are_made_of_these_tables(definition: Path) -> None:
    fresh, shipped = build(definition, lambda name: entries(DIALECTS / name)), Channel.open(MODELS[definition])
    stale = [f.name for f in fields(Channel) if not np.array_equal(getattr(fresh, f.name), getattr(shipped, f.name))]
    assert not stale, "run python -m cleaner.training.channel"


def test_the_shipped_inventory_is_made_of_these_tables() -> None:
    fresh = inventory(sorted((LEXICONS / "expressions").glob("*.tsv")), entries(DIALECTS / "science.tsv"))
    shipped = Inventory.open()
    assert fresh.texts == shipped.texts and np.array_equal(fresh.count, shipped.count), (
        "run python -m cleaner.training.inventory"
    )
