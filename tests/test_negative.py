"""No harm: honest texts full of telling phrases, rightly used, come out clean and unchanged (tests/data/negative)."""

from functools import cache
from pathlib import Path

import pytest

from cleaner import Cleaner
from cleaner.repairs import repairs

TEXTS = sorted((Path(__file__).parent / "data" / "negative").glob("*.txt"))


@cache
def cleaner() -> Cleaner:
    return Cleaner()


def test_the_set_is_there() -> None:
    assert len(TEXTS) >= 60
    for path in TEXTS:
        assert 100 <= len(path.read_text("utf-8").split()) <= 400, path.name


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_honest_text_is_clean(path: Path) -> None:
    text = path.read_text("utf-8")
    result = cleaner().clean(text)
    changed = [(f.text, f.replacement, f.confidence) for f in result.findings if f.applied]
    assert (result.verdict, changed) == ("clean", []), f"probability {result.spun_probability:.3f}"
    assert result.text == text


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_honest_text_needs_no_repairs(path: Path) -> None:
    assert repairs(path.read_text("utf-8")) == []
