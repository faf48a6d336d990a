"""Headless Chromium: where it is, how it is started, and what a page of ours must never do in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

AXE = (Path(__file__).parent / "axe.min.js").read_text(encoding="utf-8")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Continuous integration shares its cores.
expect.set_options(timeout=15_000)


def executable() -> str | None:
    """The path of Chromium on this machine, None if it has none."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def started() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def watched(browser: Browser, base: str, **options: Any) -> Iterator[Page]:
    """A page in a profile of its own, which must log no error and ask for nothing but `base`..., blobs of its own
    and the connection's end."""
    context: BrowserContext = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **options})
    page = context.new_page()
    page.set_default_timeout(15_000)
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "request",
        lambda request: None if request.url.startswith((base, "data:", "blob:")) else faults.append(request.url),
    )
    yield page
    context.close()
    assert faults == []


def violations(page: Page) -> list[str]:
    """What axe finds wrong, of any weight: rule, weight and the elements."""
    page.evaluate(AXE)
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"{v['id']} ({v['impact']}): {[node['html'][:160] for node in v['nodes']]}" for v in result["violations"]]


def fits(page: Page) -> bool:
    """Whether nothing of the page sticks out sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))
