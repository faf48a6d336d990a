"""Makes the pictures in docs/images: the report, the review page and the try-it page, light, dark and on a phone.

python tests/browser/screenshots.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from chromium import started  # noqa: E402
from playwright.sync_api import Page  # noqa: E402
from review_corpus import HONEST, SPUN, TableCleaner, article  # noqa: E402
from review_server import TOKEN, desk, served  # noqa: E402

from cleaner.reports.html import HtmlReport  # noqa: E402
from cleaner.settings import Settings  # noqa: E402

IMAGES = ROOT / "docs" / "images"
DESKTOP, PHONE = (1280, 800), (360, 740)


def report(folder: Path) -> str:
    made, cleaner = HtmlReport(Settings(), "Harbour desk, May"), TableCleaner()
    for number in range(140):
        text = article(number) if number % 3 else "\n\n".join([HONEST[number % 4], SPUN[4][:70] + "."])
        made.add(
            f"articles/{('harbour', 'village', 'capital', 'sea')[number % 7 % 4]}/{number:03}.txt", cleaner.clean(text)
        )
    path = folder / "report.html"
    path.write_bytes(made.page(seconds=0.31, made="2025-05-01 10:00"))
    return path.as_uri()


def keys(*pressed: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        for key in pressed:
            page.keyboard.press(key)
            page.wait_for_timeout(120)

    return act


def example(page: Page) -> None:
    page.click("#example")
    page.locator("#out mark", has_text="said").hover()
    page.wait_for_timeout(300)


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with TemporaryDirectory() as name, started() as browser, ExitStack() as stack:
        place, texts = Path(name), Path(name, "texts")
        texts.mkdir()
        for number in range(9):
            (texts / f"{number:02}.txt").write_text(f"Dispatch {number}.\n\n{article(number)}")
        base = stack.enter_context(served(desk(texts, place / "d.sqlite", place / "l.tsv")))
        pages = {"report": report(place), "review": f"{base}/?token={TOKEN}", "try": f"{base}/try"}
        pages["document"] = pages["report"] + "#document-6"
        known, decided = keys("n", "n", "n"), keys("a", "r", "ArrowRight", "a", "ArrowRight")

        def shot(name: str, size: tuple[int, int], scheme: str, act: Callable[[Page], None] | None = None) -> None:
            page = browser.new_page(
                viewport={"width": size[0], "height": size[1]},
                color_scheme="dark" if scheme == "dark" else "light",
                reduced_motion="reduce",
            )
            page.goto(pages[name])
            page.wait_for_timeout(400)
            if act is not None:
                act(page)
            suffix = "phone-" if size == PHONE else ""
            page.screenshot(path=IMAGES / f"{name}-{suffix}{scheme}.png")
            page.close()

        shot("report", DESKTOP, "light")
        shot("report", DESKTOP, "dark")
        shot("document", DESKTOP, "light", known)
        shot("review", DESKTOP, "light", decided)
        shot("review", DESKTOP, "dark", decided)
        shot("try", DESKTOP, "light", example)
        shot("report", PHONE, "light")
        shot("document", PHONE, "dark")
        shot("review", PHONE, "light")
        shot("review", PHONE, "dark", keys("e"))


if __name__ == "__main__":
    main()
