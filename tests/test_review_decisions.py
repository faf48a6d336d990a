"""Decisions: saved at once, shared by windows and servers, undone by those who made them."""

from __future__ import annotations

import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.review.decisions import Decision, Decisions, DecisionsError
from cleaner.review.queue import Key


def decision(number: int, replacement: str | None = "said") -> Decision:
    return Decision(Key("digest", number, number + 9), "a.txt", "mentioned", replacement)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "decisions.sqlite"


def test_a_decision_outlives_the_process_without_being_closed(path: Path) -> None:
    first = Decisions(path)
    first.record("window", [decision(1), decision(20, None)])
    assert Decisions(path).all() == [decision(1), decision(20, None)]


def test_the_last_decision_holds_and_undo_brings_back_the_one_before(path: Path) -> None:
    store = Decisions(path)
    store.record("window", [decision(1, "said")])
    store.record("window", [decision(1, None)])
    assert store.current(decision(1).key) == decision(1, None)
    assert store.undo("window") == [decision(1).key]
    assert store.current(decision(1).key) == decision(1, "said")
    assert store.undo("window") == [decision(1).key]
    assert store.current(decision(1).key) is None
    assert store.undo("window") == []
    assert Decisions(path).all() == []


def test_a_step_is_undone_as_a_whole_and_by_its_own_window(path: Path) -> None:
    store = Decisions(path)
    store.record("one", [decision(1), decision(20)])
    store.record("two", [decision(40)])
    assert store.undo("one") == [decision(1).key, decision(20).key]
    assert store.all() == [decision(40)]


def test_two_servers_see_each_other(path: Path) -> None:
    one, two = Decisions(path), Decisions(path)
    one.record("one", [decision(1)])
    two.record("two", [decision(20)])
    assert one.version < two.version
    one.sync()
    assert one.all() == two.all() == [decision(1), decision(20)]
    assert one.changed(0) == [decision(1).key, decision(20).key]
    assert one.changed(1) == [decision(20).key]
    assert one.changed(one.version) == []


def test_many_writers_at_once_lose_nothing(path: Path) -> None:
    def work(number: int) -> None:
        store = Decisions(path)
        for i in range(25):
            store.record(f"window {number}", [decision(1000 * number + 10 * i)])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Decisions(path).all()) == 100


def test_a_failed_step_leaves_nothing(path: Path) -> None:
    store = Decisions(path)
    with pytest.raises(RuntimeError), store.transaction() as db:
        db.execute("INSERT INTO decision (at, step, window, digest, start, \"end\") VALUES ('', 's', 'w', 'd', 1, 2)")
        raise RuntimeError
    assert store.all() == Decisions(path).all() == []
    store.record("window", [decision(1)])
    assert store.all() == [decision(1)]


def test_a_file_of_another_kind_is_refused_and_kept(path: Path) -> None:
    path.write_text("These are my notes, which are no database." * 100)
    before = path.read_bytes()
    with pytest.raises(DecisionsError, match=r"decisions\.sqlite: cannot keep decisions"):
        Decisions(path)
    assert path.read_bytes() == before


# (window, store, finding or None for undo, replacement)
ACTIONS = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 1), st.none() | st.integers(0, 3), st.none() | st.sampled_from("ab"))
)


@given(ACTIONS)
@settings(max_examples=60, deadline=None)
def test_any_sequence_agrees_with_a_plain_log(actions: list[tuple[int, int, int | None, str | None]]) -> None:
    log: list[tuple[int, int, str | None]] = []
    with TemporaryDirectory() as folder:
        stores = [Decisions(Path(folder, "d.sqlite")) for _ in range(2)]
        for window, store, finding, replacement in actions:
            if finding is None:
                stores[store].undo(str(window))
                mine = [entry for entry in log if entry[0] == window]
                if mine:
                    del log[len(log) - 1 - next(i for i, entry in enumerate(reversed(log)) if entry[0] == window)]
            else:
                stores[store].record(str(window), [decision(finding, replacement)])
                log.append((window, finding, replacement))
        expected = {finding: replacement for _, finding, replacement in log}
        for one in stores:
            one.sync()
            assert {d.key.start: d.replacement for d in one.all()} == expected
            one.close()
