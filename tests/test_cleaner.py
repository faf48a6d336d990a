"""What a user can count on, for any text: exact places, exact undo, nothing touched that must not be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

import cleaner
from cleaner import Cleaner, Settings, clean
from cleaner.result import Result
from cleaner.segment import tokenize

DEMO = (Path(cleaner.__file__).parent / "demo.txt").read_text(encoding="utf-8")
ORIGINAL = (Path(__file__).parent / "data" / "demo_original.txt").read_text(encoding="utf-8")

SPUN = [
    "Officers mentioned on Monday that the navy had misplaced two plane through the warfare.",
    "The authorities's price range was greater than the Monetary Instances had mentioned, in response to the minister.",
    "“We will be unable to assist all people,” the top of the Safety Council informed reporters in New York.",
    "The corporate mentioned its gross sales fell by 4% this yr, to $2,300 million (see https://a.example/navy).",
    "A spokesman for the White Home mentioned the 2 sides would meet @thenavy within the summer season.",
    "It isn’t clear if the nation’s forces took half, however consultants say it’s seemingly; an navy base is shut by.",
]  # fmt: skip
HONEST = [
    "My aunt keeps bees behind the school, and every spring she gives the first jar to the bus driver.",
    "The council voted 7-2 on Tuesday to keep the library open on Sundays, officials said.",
    "Knead the dough for ten minutes, leave it under a cloth until it has doubled, then bake it at 220 °C.",
    "According to the report, the ferry left the harbour at 12:30 with forty people on board.",
    "She didn’t answer. “You could have called,” he said, and shut the door.",
]
PIECES = st.sampled_from(
    [*SPUN, *HONEST, "\n", "\r\n", "\n\n", "\xa0", " ", "\u2028", "“", "”", "’s", "{that a}", "â€™", "\ud800", "\x00",
     "`the navy mentioned`", "<b>warfare</b>", "officers mentioned ", "the navy, ", "in response to ", "\ufeff"]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(max_size=6), max_size=14).map("".join)
BODY = "\n\n".join(SPUN)


@pytest.fixture(scope="session")
def shipped() -> Cleaner:
    return Cleaner(Settings(report_threshold=0.0))


def check(text: str, result: Result) -> None:
    """Every promise of the interface that holds for all texts."""
    assert result.original == text == result.undo()
    assert result.verdict in ("clean", "suspect", "spun")
    assert 0 <= result.spun_probability <= 1
    end, pieces = 0, []
    for f in result.findings:
        assert 0 <= end <= f.start < f.end <= len(text)
        assert text[f.start : f.end] == f.text
        assert 0 <= f.confidence <= 1 and all(0 <= p <= 1 for _, p in f.alternatives)
        assert f.replacement not in [alternative for alternative, _ in f.alternatives]
        assert f.source
        pieces.append(text[end : f.start] + (f.replacement if f.applied and f.replacement is not None else f.text))
        end = f.end
    assert "".join(pieces) + text[end:] == result.text
    last = 0
    for p in result.paragraphs:
        assert last <= p.start < p.end <= len(text) and 0 <= p.spun_probability <= 1
        last = p.end


@settings(max_examples=30, deadline=None)
@given(TEXTS)
def test_promises_hold_for_any_text(shipped: Cleaner, text: str) -> None:
    check(text, shipped.clean(text))
    check(text, clean(text))


@settings(max_examples=25, deadline=None)
@given(TEXTS)
def test_promises_hold_for_text_read_as_spun(shipped: Cleaner, text: str) -> None:
    check(text, shipped.explain(text))


@settings(max_examples=8, deadline=None)
@given(st.lists(TEXTS, max_size=4))
def test_a_text_comes_out_alike_alone_and_in_a_batch(shipped: Cleaner, texts: list[str]) -> None:
    texts = [f"{BODY}\n{text}" for text in texts]
    together = list(shipped.clean_many(texts))
    assert together == [shipped.clean(text) for text in texts]
    assert together == list(shipped.clean_many(texts))


def test_workers_change_nothing(shipped: Cleaner) -> None:
    # A batch ends after 200,000 characters, and different workers take different batches.
    texts = [DEMO, *HONEST, HONEST[0] * 2500, "", *SPUN, HONEST[1] * 2500, BODY]
    assert list(shipped.clean_many(texts, workers=2)) == list(shipped.clean_many(texts))


def test_texts_are_read_lazily(shipped: Cleaner) -> None:
    def endless() -> object:
        while True:
            yield HONEST[0] * 1000

    stream = shipped.clean_many(endless())  # type: ignore[arg-type]
    assert [next(stream).verdict for _ in range(3)] == ["clean"] * 3


@settings(max_examples=25, deadline=None)
@given(
    st.permutations(SPUN), st.lists(st.sampled_from(["<navy>", "`officers mentioned`", "12%", "@warfare"]), max_size=3)
)
def test_protected_spans_are_never_touched(shipped: Cleaner, order: list[str], extra: list[str]) -> None:
    text = " ".join([*order, *extra])
    result = shipped.explain(text)
    tokens = tokenize(text)
    shielded = [(a, b) for a, b, k in zip(tokens.starts, tokens.ends, tokens.kinds, strict=True) if k == "p"]
    assert len(shielded) >= 4
    assert not [f for f in result.findings if any(f.start < b and a < f.end for a, b in shielded)]


def test_demo_is_spun_and_restored() -> None:
    result = clean(DEMO)
    assert result.verdict == "spun" and result.spun_probability > 0.999
    for name in ("White House", "Cold War", "U.N. Security Council", "International Monetary Fund"):
        assert name in result.text
    assert "according to officials in Washington" in result.text and "mentioned" not in result.text
    original = ORIGINAL.split()
    damage, rest = (Levenshtein.distance(text.split(), original) for text in (DEMO, result.text))
    assert damage > 100 and rest / damage < 0.25
    honest = next(p for p in result.paragraphs if DEMO[p.start :].startswith("“Nobody should"))
    assert not [f for f in result.findings if honest.start <= f.start < honest.end and f.applied]


@pytest.mark.parametrize("text", [*HONEST, "\n\n".join(HONEST), ORIGINAL], ids=lambda t: t[:20])
def test_honest_text_is_left_alone(text: str) -> None:
    result = clean(text)
    assert (result.verdict, result.text, result.dialect) == ("clean", text, None)
    assert not result.findings


@pytest.mark.parametrize("text", ["", " ", "\r\n", "—", "\ud800", "\ud800 mentioned \udfff", "\x00", "\ufeff", "navy"])
def test_text_without_much_in_it(text: str) -> None:
    result = clean(text)
    assert (result.verdict, result.text) == ("clean", text)
    check(text, Cleaner().explain(text))


@pytest.mark.parametrize(
    "text",
    [
        "`officers mentioned the warfare, in response to the navy, officers mentioned`",
        "Officers mentioned warfare",
        "mentioned",
        "https://navy.example/officers-mentioned-the-warfare-in-response-to",
        "\n".join(["mentioned"] * 40),
    ],
)
def test_text_that_is_all_or_nothing(text: str) -> None:
    check(text, clean(text))
    check(text, Cleaner().explain(text))


@pytest.mark.parametrize(
    ("old", "new"), [("\n\n", "\r\n"), ("\n\n", "\r"), (" ", "\xa0"), (" ", "  "), ("“", "«"), ("\n\n", " \t\n\v")]
)
def test_white_space_and_quotation_marks_stay(old: str, new: str) -> None:
    text = DEMO.replace(old, new)
    result = clean(text)
    check(text, result)
    assert result.verdict == "spun"
    outside = [c for c in result.text if c in "\r\n\v\t«»“”"]
    assert outside == [c for c in text if c in "\r\n\v\t«»“”"]


def test_lone_surrogates_are_kept_where_they_are() -> None:
    text = DEMO.replace("\n\n", "\n\ud800\n")
    result = clean(text)
    assert result.verdict == "spun"
    assert result.text.count("\ud800") == text.count("\ud800")


def test_thresholds_choose_what_is_reported_and_what_is_applied() -> None:
    everything = Cleaner(Settings(report_threshold=0.0, threshold=1.0)).clean(DEMO)
    strict = Cleaner(Settings(report_threshold=0.8, threshold=0.9)).clean(DEMO)
    assert strict.findings == tuple(
        replace(f, applied=f.confidence >= 0.9) for f in everything.findings if f.confidence >= 0.8
    )
    nothing = Cleaner(Settings(threshold=1.0)).clean(DEMO)
    assert all(f.confidence == 1.0 for f in nothing.findings if f.applied)


@pytest.mark.parametrize("name", ["threshold", "report_threshold", "suspect", "spun"])
@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_settings_out_of_range_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        Settings(**{name: value})


def test_a_long_text_is_read_in_parts_and_comes_out_whole(shipped: Cleaner) -> None:
    honest = "The council met on Monday and agreed to repair the old bridge before winter. " * 6 + "\n"
    garbled = (Path(__file__).parents[1] / "cleaner" / "demo.txt").read_text("utf-8") + "\n"
    text = honest * 700 + garbled + honest * 300
    assert len(text) > 400_000
    result = shipped.clean(text)
    alone = shipped.clean(garbled)
    assert result.verdict == "suspect" and result.undo() == text
    assert all(text[f.start : f.end] == f.text for f in result.findings)
    assert [p.start for p in result.paragraphs] == sorted(p.start for p in result.paragraphs)
    start = len(honest) * 700
    inside = {(f.start - start, f.replacement) for f in result.findings if f.applied and f.start >= start}
    assert len(inside & {(f.start, f.replacement) for f in alone.findings if f.applied}) >= 0.9 * len(alone.findings)
