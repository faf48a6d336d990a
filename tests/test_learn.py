"""`cleaner learn`: in processes of its own, on articles of a spinner made up here."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from cli_process import REAL, environment, hear_interrupts, names, run
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.learning.job import State, StateError
from cleaner.learning.pairs import Pair, edits
from cleaner.learning.tables import merged
from cleaner.lexicon import Entry, read_entries
from cleaner.thesaurus import Thesaurus

TABLE = {
    "harbour master": "quayside headman",
    "according to": "as reported through",
    "ferry": "transport raft",
    "a number of": "various",
    "repaired": "mended anew",
    "storm": "tempest",
    "early": "sooner",
    "opened": "unlocked",
}
_LINES = (
    "the a this every old new small town river people market council mayor boat road winter summer saw built took",
    "near after before while many few children teachers morning evening quietly again with without from towards",
    "garden letter picture window green heavy bright slow village castle doctor farmer answer question money paper",
)
OTHERS = [word for line in _LINES for word in line.split()]


def article(seed: int, sentences: int = 8) -> Pair:
    """An article, and what the spinner makes of it: it swaps all that it knows, but leaves every tenth `storm`."""
    rng = random.Random(seed)
    original: list[str] = []
    spun: list[str] = []
    for _ in range(sentences):
        for phrase in rng.choices([*TABLE, *OTHERS], k=12):
            left = phrase == "storm" and rng.random() < 0.1
            original.append(phrase)
            spun.append(phrase if left else TABLE.get(phrase, phrase))
        original[-1] += "."
        spun[-1] += "."
    return Pair(" ".join(original), " ".join(spun))


def write_pairs(path: Path, seeds: range, padding: str = "") -> None:
    with path.open("w") as lines:
        for seed in seeds:
            original, spun = article(seed)
            lines.write(json.dumps({"before": padding + original, "after": padding + spun}) + "\n")


LEARN = ("learn", "--pairs", "pairs.jsonl", "--fields", "before,after", "-o", "my.tsv")


def rows(path: Path) -> dict[tuple[str, str], Entry]:
    return {(e.original, e.spun): e for e in read_entries(path)}


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("learned")
    write_pairs(folder / "pairs.jsonl", range(40))
    done = run(*LEARN, cwd=folder, core=REAL)
    assert done.code == 0 and "from 40 pairs" in done.err
    return folder


def test_the_spinners_table_is_found(learned: Path) -> None:
    found = rows(learned / "my.tsv")
    assert {pair for pair in found if pair[0] != pair[1]} == set(TABLE.items())
    texts = [article(seed) for seed in range(40)]
    for original, spun in TABLE.items():
        entry = found[original, spun]
        assert entry.count == sum(t.spun.count(spun) for t in texts)
        assert entry.documents == sum(spun in t.spun for t in texts)
        assert entry.source == "learned"


def test_phrases_left_alone_are_counted(learned: Path) -> None:
    alone = {pair[0]: e.count for pair, e in rows(learned / "my.tsv").items() if pair[0] == pair[1]}
    assert alone == {"storm": sum(article(seed).spun.count("storm") for seed in range(40))}


def test_the_table_has_nothing_to_mend_and_no_state_stays(learned: Path) -> None:
    assert run("lexicon", "lint", "my.tsv", cwd=learned).code == 0
    assert names(learned) == ["my.tsv", "pairs.jsonl"]


@pytest.mark.end_to_end
def test_what_was_learned_restores_other_text(learned: Path, tmp_path: Path) -> None:
    text = article(1000, 12)
    (tmp_path / "a.txt").write_text(text.spun)
    before = run("fix", "a.txt", cwd=tmp_path, core=REAL).out
    after = run("fix", "--lexicon", learned / "my.tsv", "a.txt", cwd=tmp_path, core=REAL).out
    assert "harbour master" not in before
    assert "quayside headman" in text.spun and "quayside headman" not in after and "harbour master" in after


def test_an_existing_table_is_joined_or_dropped_only_when_asked(learned: Path, tmp_path: Path) -> None:
    for name in names(learned):
        (tmp_path / name).write_bytes((learned / name).read_bytes())
    refused = run(*LEARN, cwd=tmp_path, core=REAL)
    assert refused.code == 2 and "my.tsv: is there already" in refused.err and "--merge" in refused.err
    assert run(*LEARN, "--merge", cwd=tmp_path, core=REAL).code == 0
    once, twice = rows(learned / "my.tsv"), rows(tmp_path / "my.tsv")
    assert {pair: 2 * e.count for pair, e in once.items()} == {pair: e.count for pair, e in twice.items()}
    assert run("lexicon", "lint", "my.tsv", cwd=tmp_path).code == 0
    assert run(*LEARN, "--overwrite", cwd=tmp_path, core=REAL).code == 0
    assert (tmp_path / "my.tsv").read_bytes() == (learned / "my.tsv").read_bytes()


@pytest.mark.slow
def test_an_interrupted_run_goes_on_and_ends_as_if_never_interrupted(tmp_path: Path) -> None:
    write_pairs(tmp_path / "pairs.jsonl", range(4), "nothing to learn from a line like this one\n" * 8_000)  # 4 parts
    whole = [*LEARN[:-1], "whole.tsv"]
    assert run(*whole, cwd=tmp_path, core=REAL).code == 0
    process = subprocess.Popen(
        [*REAL, *LEARN], cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, preexec_fn=hear_interrupts
    )
    state = tmp_path / "my.tsv.state"
    while not (state.exists() and state.read_bytes().count(b"\n") > 1):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130 and b"--resume" in err
    assert not (tmp_path / "my.tsv").exists()
    refused = run(*LEARN, cwd=tmp_path, core=REAL)
    assert refused.code == 2 and "continue it with --resume" in refused.err
    assert run(*LEARN, "--resume", cwd=tmp_path, core=REAL).code == 0
    assert (tmp_path / "my.tsv").read_bytes() == (tmp_path / "whole.tsv").read_bytes()
    assert names(tmp_path) == ["my.tsv", "pairs.jsonl", "whole.tsv"]


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (b'{"before": "a"}\n', (), "pairs.jsonl:1: no field 'after'; name both fields with --fields"),
        (b'\n{"before": "a", "after": 1}\n', (), "pairs.jsonl:2: the field 'after' must be text, not 1"),
        (b'{"before": "a"\n', (), "pairs.jsonl:1: not a line of JSON"),
        (b"[]\n", (), "pairs.jsonl:1: a record must be an object"),
        (b'{"before": "\xff"}\n', (), "pairs.jsonl:1: not UTF-8"),
        (b"\n", (), "pairs.jsonl: holds no pair"),
        (None, (), "pairs.jsonl: no such file"),
        (b"{}", ("-o", "none/my.tsv"), "no field"),
        (b'{"before": "a", "after": "b"}', ("-o", "none/my.tsv"), "none/my.tsv.state: cannot be written"),
        (b"", ("--fields", "before"), "name two fields with a comma"),
        (b"", ("--merge", "--overwrite"), "give one of them"),
    ],
)
def test_errors_name_file_line_and_mend(
    tmp_path: Path, content: bytes | None, options: tuple[str, ...], message: str
) -> None:
    if content is not None:
        (tmp_path / "pairs.jsonl").write_bytes(content)
    done = run(*LEARN, *options, cwd=tmp_path, core=REAL)
    assert done.code == 2 and message in done.err
    assert set(names(tmp_path)) <= {"pairs.jsonl"}


def test_state_of_other_input_is_refused_and_a_torn_line_dropped(tmp_path: Path) -> None:
    path = tmp_path / "state"
    state = State(path, {"of": 1}, resume=False)
    state.add(["part"])
    with path.open("a") as file:
        file.write('["to')
    assert State(path, {"of": 1}, resume=True).done == [["part"]]
    with pytest.raises(StateError, match="other input"):
        State(path, {"of": 2}, resume=True)


def test_merged_tables_add_up_what_is_counted_alike() -> None:
    a = [Entry("a", "b", 2, 1, "learned"), Entry("a", "a", 1, 1, "learned")]
    b = [Entry("a", "b", 3, 2, "learned"), Entry("a", "b", 1, 1, "written")]
    assert sorted(merged(a, b)) == [
        Entry("a", "a", 1, 1, "learned"),
        Entry("a", "b", 1, 1, "written"),
        Entry("a", "b", 5, 3, "learned"),
    ]


TEXT = st.lists(st.sampled_from(["the", "storm", "isn't", "a", "up", ",", ".", "\n", "“No”", "é"]), max_size=25).map(
    " ".join
)


@given(st.lists(st.tuples(TEXT, TEXT).map(lambda sides: Pair(*sides)), max_size=4))
@settings(max_examples=60, deadline=None)
def test_edits_lie_in_the_spun_text_in_order(pairs: list[Pair]) -> None:
    for pair, own in zip(pairs, edits(pairs, Thesaurus.open()), strict=True):
        ends = [0, *(e.end for e in own)]
        assert all(before <= e.start < e.end <= len(pair.spun) for before, e in zip(ends, own, strict=False))
        assert all(e.original in pair.original for e in own)


def test_equal_texts_teach_nothing() -> None:
    pair = article(1)
    assert edits([Pair(pair.original, pair.original)], Thesaurus.open()) == [[]]
