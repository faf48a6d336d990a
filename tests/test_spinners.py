"""The development spinners keep their books, their shields and their seeds."""

from __future__ import annotations

import json
import sys

import pytest

from benchmarks.spinners import NAMES, Spun, spin, spinner
from benchmarks.spinners import __main__ as command
from benchmarks.spinners.dictionary import analyses, inflected

pytest.importorskip("lemminflect")

TEXT = (
    "The mayor said on Monday that two ferries had collided near Bergen, where engineers were building a larger dock.\n"
    "\n"
    "Artificial intelligence may help doctors find breast cancer early (see https://example.org/early-tests), the "
    "hospital's director said; its budget of $4.5 million covers 30 km of cable.  However, NOBODY knows how quickly "
    "the largest cities will take part."
)


def restored(spun: Spun) -> str:
    out, done = "", 0
    for start, end, original in spun.edits:
        out += spun.text[done:start] + original
        done = end
    return out + spun.text[done:]


@pytest.mark.parametrize("sticky", [False, True])
@pytest.mark.parametrize("rate", [0.05, 0.3, 1.0])
@pytest.mark.parametrize("name", NAMES)
def test_edits_lead_back_to_the_original(name: str, rate: float, sticky: bool) -> None:
    for seed in range(5):
        spun = spin(name, TEXT, rate=rate, seed=seed, sticky=sticky)
        assert restored(spun) == TEXT
        assert all(spun.text[a:b].lower() != original.lower() for a, b, original in spun.edits)
        assert [e[0] for e in spun.edits] == sorted(e[0] for e in spun.edits)


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides(name: str) -> None:
    one, again, other = (spin(name, TEXT, rate=1.0, seed=seed, sticky=False) for seed in (1, 1, 2))
    assert one == again
    assert one != other or name == "polite"


@pytest.mark.parametrize("name", NAMES)
def test_shields_links_measures_names_and_clitics(name: str) -> None:
    spun = spin(name, TEXT, rate=1.0, seed=3, sticky=False)
    for kept in ("https://example.org/early-tests", "$4.5 ", "30 km", "Monday", "Bergen", "hospital's"):
        assert kept in spun.text


def test_names_are_swapped_on_request() -> None:
    text = "We met the Security Council of the Great Society on the third evening."
    shielded, named = (
        spinner("mythes").spin(text, rate=1, seed=1, sticky=False, names=names) for names in (False, True)
    )
    assert "Security Council" in shielded.text and "Security Council" not in named.text
    assert all(named.text[a].isupper() == original[0].isupper() for a, _, original in named.edits)


def test_a_sticky_spinner_has_one_form_for_a_word() -> None:
    text = "The ship left. " * 40
    forms = {
        (o, spun.text[a:b]) for spun in [spin("mythes", text, rate=1, seed=4, sticky=True)] for a, b, o in spun.edits
    }
    assert len({form for original, form in forms if original == "ship"}) == 1
    fresh = spin("mythes", text, rate=1, seed=4, sticky=False)
    assert len({fresh.text[a:b] for a, b, original in fresh.edits if original == "ship"}) > 1


@pytest.mark.parametrize("sticky", [False, True])
def test_the_rate_is_the_share_of_known_words(sticky: bool) -> None:
    text = "\n".join(TEXT for _ in range(30)) if not sticky else TEXT
    seeds = range(200) if sticky else range(4)
    everything = sum(len(spin("roget", text, rate=1, seed=s, sticky=sticky).edits) for s in seeds)
    some = sum(len(spin("roget", text, rate=0.3, seed=s, sticky=sticky).edits) for s in seeds)
    assert some / everything == pytest.approx(0.3, abs=0.03)


def test_only_terms_of_art_are_garbled_by_the_science_spinner() -> None:
    spun = spin("science", TEXT, rate=1, seed=1, sticky=False)
    assert {original for *_, original in spun.edits} <= {"Artificial", "intelligence", "breast", "cancer"}
    assert spun.edits


def test_inflection_is_carried_over() -> None:
    assert inflected("take part", "v", "VBD") == "took part"
    assert inflected("letter of credit", "a", "JJR") is None
    assert ("take part", "v", "VBG") in {(u.lemma, u.pos, u.tag) for u in analyses("taking part")}


def test_the_command_writes_rows_like_the_development_set(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(json.dumps({"id": "a", "text": TEXT}) + "\n" + json.dumps({"id": "b", "original": TEXT}) + "\n")
    monkeypatch.setattr(sys, "argv", ["spinners", "polite", "--rate", "1", str(source), "-o", str(target)])
    command.main()
    rows = [json.loads(line) for line in target.read_text().splitlines()]
    assert [row["id"] for row in rows] == ["a", "b"]
    for row in rows:
        assert set(row) == {"id", "spinner", "original", "spun", "edits"}
        assert row["spinner"] == "polite" and row["original"] == TEXT
        assert restored(Spun(row["spun"], tuple(row["edits"]))) == TEXT
