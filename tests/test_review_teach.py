"""Teaching: decisions become rows of the user's own lexicon, once, and can be taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from review_server import desk

from cleaner.lexicon import Entry, LexiconError, read_entries
from cleaner.review.desk import Desk, TeachError
from cleaner.review.teach import Tally, teach


@pytest.fixture
def review(tmp_path: Path) -> Desk:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text("The officers mentioned it. White Home officers will assist.")
    (folder / "b.txt").write_text("Other officers mentioned gibberish. Leave a reply")
    return desk(folder, tmp_path / "d.sqlite", tmp_path / "learned.tsv")


def rows(review: Desk) -> list[tuple[str, str, int, int]]:
    return [(e.original, e.spun, e.count, e.documents) for e in read_entries(review.lexicon)]


def numbers(review: Desk, text: str) -> list[int]:
    return [n for n, item in enumerate(review.queue.items) if item.finding.text == text]


def test_accepted_repairs_are_counted_by_sightings_and_documents(review: Desk) -> None:
    review.decide("w", numbers(review, "officers"), "officials", alike=False)
    review.decide("w", numbers(review, "White Home"), "White House", alike=False)
    assert review.teach() == {"lexicon": str(review.lexicon), "added": 2, "changed": 0, "removed": 0}
    assert rows(review) == [("officials", "officers", 3, 2), ("white house", "white home", 1, 1)]
    assert {e.source for e in read_entries(review.lexicon)} == {"learned"}


def test_teaching_twice_adds_nothing(review: Desk) -> None:
    review.decide("w", numbers(review, "officers"), "officials", alike=False)
    review.teach()
    before = review.lexicon.read_bytes()
    assert review.teach() == {"lexicon": str(review.lexicon), "added": 0, "changed": 0, "removed": 0}
    assert review.lexicon.read_bytes() == before


def test_an_undone_decision_is_unlearned(review: Desk) -> None:
    review.decide("w", numbers(review, "officers"), "officials", alike=False)
    review.teach()
    review.decisions.undo("w")
    assert review.teach()["removed"] == 1
    assert rows(review) == []


def test_lessons_do_not_depend_on_what_is_found_later(review: Desk, tmp_path: Path) -> None:
    review.decide("w", numbers(review, "officers"), "officials", alike=False)
    review.decide("w", numbers(review, "mentioned"), None, alike=False)
    review.teach()
    before = review.lexicon.read_bytes()
    review.apply(undecided=False)
    review.decisions.close()
    (tmp_path / "texts" / "b.txt").unlink()
    again = desk(tmp_path / "texts", tmp_path / "d.sqlite", review.lexicon)
    assert again.teach() == {"lexicon": str(review.lexicon), "added": 0, "changed": 0, "removed": 0}
    assert review.lexicon.read_bytes() == before


def test_a_rejection_says_that_the_phrase_was_left_alone_and_weakens_the_row(review: Desk) -> None:
    review.lexicon.write_text(
        "original\tspun\tcount\tdocuments\tsource\nofficials\tofficers\t2\t2\tlearned\nofficials\tofficers\t5\t5\twritten\n"
    )
    review.decide("w", numbers(review, "officers")[:1], None, alike=False)
    review.teach()
    assert list(read_entries(review.lexicon)) == [
        Entry("officers", "officers", 1, 1, "learned"),
        Entry("officials", "officers", 1, 1, "learned"),
        Entry("officials", "officers", 5, 5, "written"),
    ]
    review.decisions.undo("w")
    review.teach()
    assert rows(review) == [("officials", "officers", 2, 2), ("officials", "officers", 5, 5)]


def test_a_row_that_is_not_there_is_not_given_back(review: Desk) -> None:
    review.decide("w", numbers(review, "officers"), None, alike=False)
    review.teach()
    assert rows(review) == [("officers", "officers", 3, 2)]
    review.decisions.undo("w")
    review.teach()
    assert rows(review) == []


def test_what_others_added_to_the_lexicon_stays(review: Desk) -> None:
    review.decide("w", numbers(review, "mentioned"), "said", alike=False)
    review.teach()
    with review.lexicon.open("a") as lexicon:
        lexicon.write("war\twarfare\t4\t3\tlearned\n")
    review.decide("w", numbers(review, "mentioned")[:1], "noted", alike=False)
    assert review.teach() == {"lexicon": str(review.lexicon), "added": 1, "changed": 1, "removed": 0}
    assert rows(review) == [("noted", "mentioned", 1, 1), ("said", "mentioned", 1, 1), ("war", "warfare", 4, 3)]


def test_only_phrases_with_two_sides_are_taught(review: Desk) -> None:
    review.decide("w", numbers(review, "Leave a reply"), "", alike=False)
    review.decide("w", numbers(review, "gibberish"), "one two three four five six seven", alike=False)
    review.decide("w", numbers(review, "mentioned"), "", alike=False)
    assert review.teach()["added"] == 0
    assert not review.lexicon.exists()


def test_what_is_no_lexicon_is_refused_and_kept(review: Desk) -> None:
    review.lexicon.write_text("my notes\n")
    review.decide("w", numbers(review, "mentioned"), "said", alike=False)
    with pytest.raises(TeachError, match="the header must be"):
        review.teach()
    assert review.lexicon.read_text() == "my notes\n"
    with pytest.raises(LexiconError):
        teach(review.lexicon, {("said", "mentioned"): Tally(1, 1)}, review.decisions)
