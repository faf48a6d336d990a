"""Properties of the real cleaner on whatever Unicode brings: exact places, exact undo, one answer for one text.

`PROPERTY_EXAMPLES` multiplies the number of examples; `python -m benchmarks.reliability.invariants` counts them.
"""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from promises import PROTECTED, check
from texts import HONEST, SEPARATED, SPUN, TEXTS, disguised

from cleaner import Cleaner, Settings
from cleaner.segment import tokenize

TIMES = float(os.environ.get("PROPERTY_EXAMPLES", "1"))


def examples(count: int) -> settings:
    """The same `count` examples (times PROPERTY_EXAMPLES) in every run."""
    return settings(
        max_examples=max(1, int(count * TIMES)),
        deadline=None,
        derandomize=TIMES == 1,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
    )


@pytest.fixture(scope="module")
def cleaner() -> Cleaner:
    return Cleaner(Settings(furniture=True))


ANY = TEXTS | SEPARATED


@examples(60)
@given(ANY, st.sampled_from([0.0, 0.2, 0.5, 0.9]), st.booleans())
def test_results_keep_their_promises(text: str, threshold: float, furniture: bool) -> None:
    chosen = Settings(threshold=threshold, report_threshold=threshold / 2, furniture=furniture)
    check(text, Cleaner(chosen).clean(text), chosen)


@examples(30)
@given(ANY)
def test_promises_hold_when_everything_is_taken_for_spun(cleaner: Cleaner, text: str) -> None:
    result = cleaner.explain(text)
    assert result.undo() == text
    assert not [f for f in result.findings if f.text != text[f.start : f.end]]
    spans = [m.span() for m in PROTECTED.finditer(text)]
    assert not [f for f in result.findings if f.kind == "phrase" and any(f.start < b and a < f.end for a, b in spans)]


@examples(12)
@given(st.lists(ANY | st.sampled_from(["\n".join(SPUN), *HONEST]), max_size=6), st.integers(1, 500))
def test_a_text_comes_out_alike_alone_and_in_a_batch_of_any_size(
    cleaner: Cleaner, texts: list[str], characters: int
) -> None:
    alone = [cleaner.clean(text) for text in texts]
    assert list(cleaner.clean_many(texts)) == alone
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cleaner.cleaner._batches", lambda items, size, *_: _few(items, characters, size))
        assert list(cleaner.clean_many(texts)) == alone


def _few(items, characters, size):  # type: ignore[no-untyped-def]
    """Batches as `clean_many` makes them, of another size."""
    waiting, total = [], 0
    for item in items:
        waiting.append(item)
        total += size(item)
        if total >= characters:
            yield waiting
            waiting, total = [], 0
    if waiting:
        yield waiting


def test_workers_change_nothing(cleaner: Cleaner) -> None:
    odd = ["\ud800 officers mentioned\x00", "\u202e" + SPUN[0], "", *SPUN, "\n".join(SPUN) + HONEST[0] * 1500]
    alone = [cleaner.clean(text) for text in odd]
    for workers in (1, 2, 3):
        assert list(cleaner.clean_many(odd, workers=workers)) == alone


@examples(25)
@given(disguised())
def test_what_is_not_seen_hides_nothing(cleaner: Cleaner, pair: tuple[str, str]) -> None:
    plain, hidden = pair
    assert tokenize(hidden).norms == tokenize(plain).norms
    ours, theirs = cleaner.clean(hidden), cleaner.clean(plain)
    check(hidden, ours, cleaner.settings)
    assert (ours.verdict, ours.spun_probability) == (theirs.verdict, theirs.spun_probability)
    assert len(ours.findings) == len(theirs.findings)
    assert [f.kind for f in ours.findings] == [f.kind for f in theirs.findings]


@examples(30)
@given(ANY)
def test_cleaning_again_changes_nothing(cleaner: Cleaner, text: str) -> None:
    once = cleaner.clean(text)
    assert cleaner.clean(once.text).text == once.text


@examples(20)
@given(ANY, st.floats(0, 1))
def test_a_higher_threshold_applies_fewer_of_the_same_findings(text: str, threshold: float) -> None:
    base = Cleaner(Settings(threshold=0.0, report_threshold=0.0)).clean(text)
    high = Cleaner(Settings(threshold=threshold, report_threshold=0.0)).clean(text)
    assert [replace(f, applied=False) for f in high.findings] == [replace(f, applied=False) for f in base.findings]
    assert {f for f in high.findings if f.applied} <= set(base.findings)


def test_texts_without_words_come_out_alike_in_any_company(cleaner: Cleaner) -> None:
    company = ["", "***", "\n\n—\n", "\u200b", "”", "\n".join(SPUN)]
    assert list(cleaner.clean_many(company)) == [cleaner.clean(text) for text in company]
