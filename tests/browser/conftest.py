"""One browser for all tests of this folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))
collect_ignore_glob = ["*.py"] if find_spec("playwright") is None else []

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    import chromium

    if chromium.executable() is None:
        pytest.skip("there is no Chromium; .ci/install-chromium installs it, CHROMIUM names one")
    with chromium.started() as browser:
        yield browser
