"""The HTML report in Chromium: it opens from disk, loads nothing, and can be searched, sorted and read by keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import fits, violations, watched
from playwright.sync_api import Browser, Page, expect
from review_corpus import HOSTILE, TableCleaner, article

from cleaner.reports.html import HtmlReport
from cleaner.settings import Settings

DOCUMENTS = 120


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made, cleaner = HtmlReport(Settings()), TableCleaner()
    for number in range(DOCUMENTS):
        made.add(f"articles/{('harbour', 'village')[number % 2]}/{number:03}.txt", cleaner.clean(article(number)))
    made.add("hostile.txt", cleaner.clean(HOSTILE))
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_bytes(made.page(seconds=1.5))
    return path


@pytest.fixture
def opened(browser: Browser, report: Path) -> Iterator[Callable[..., Page]]:
    pages = []

    def opened(where: str = "", **options: Any) -> Page:
        pages.append(watched(browser, report.as_uri(), **options))
        page = pages[-1].__enter__()
        page.goto(report.as_uri() + where)
        return page

    yield opened
    for page in pages:
        page.__exit__(None, None, None)


def test_the_corpus_at_a_glance(opened: Callable[..., Page]) -> None:
    page = opened()
    expect(page.locator(".tiles")).to_contain_text(f"Documents{DOCUMENTS + 1}")
    expect(page.locator(".bars bdi").first).to_have_text("articles/harbour")
    expect(page.get_by_role("img", name="Documents by probability")).to_be_visible()
    expect(page.locator(".bars", has_text="officers").locator("li").first).to_contain_text("officers → officials")


def test_the_table_is_paged_and_sorted_by_keyboard(opened: Callable[..., Page]) -> None:
    page = opened()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(50)
    expect(page.locator("#page")).to_have_text("Page 1 of 3")
    page.get_by_role("button", name="Next").press("Enter")
    page.get_by_role("button", name="Next").press("Enter")
    expect(rows).to_have_count(DOCUMENTS + 1 - 100)
    page.get_by_role("button", name="Document").press("Enter")
    expect(rows.first).to_contain_text("articles/harbour/000.txt")
    expect(page.get_by_role("columnheader", name="Document")).to_have_attribute("aria-sort", "ascending")
    page.keyboard.press("Enter")
    expect(rows.first).to_contain_text("hostile.txt")


def test_filters(opened: Callable[..., Page]) -> None:
    page = opened()
    page.fill("#filter-text", "fireplace")
    expect(page.locator("tbody tr").first).to_contain_text("000.txt")
    page.fill("#filter-text", "HOSTILE")
    expect(page.locator("#shown")).to_contain_text("1 document,")
    page.fill("#filter-text", "")
    page.select_option("#filter-kind", "residue")
    page.fill("#filter-low", "0.9")
    expect(page.locator("#shown")).to_have_text("0 documents, 0 findings")
    page.fill("#filter-low", "0.8")
    page.select_option("#filter-verdict", "spun")
    page.locator("tbody a").first.click()
    expect(page.locator('mark[role="button"]:not(.off)').first).to_have_text("authorities's")


def test_a_document_side_by_side_with_what_is_known_of_each_mark(opened: Callable[..., Page]) -> None:
    page = opened("#document-1")
    row = page.locator(".pair").first
    expect(row.locator(".prose").first).to_have_text(article(0).split("\n")[0])
    expect(row.locator(".restored")).to_have_text(TableCleaner().clean(article(0)).text.split("\n")[0])
    for _ in range(3):
        page.keyboard.press("n")
    tip = page.get_by_role("tooltip")
    expect(page.locator("mark:focus")).to_have_text("mentioned")
    expect(tip).to_contain_text("mentioned → said")
    for part in ("noted", "0.13", "phrase · news-a: mentioned <- said", "Repair made"):
        expect(tip).to_contain_text(part)
    expect(page.locator("mark:focus")).to_have_attribute("aria-describedby", "popover")
    page.keyboard.press("ArrowRight")
    expect(page.locator("mark:focus")).to_have_text("Chilly Conflict")
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    page.locator("mark.new", has_text="Security Council").first.hover()
    expect(tip).to_contain_text("Safety Council → Security Council")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#corpus")).to_be_visible()


def test_a_long_document_grows_as_one_walks_through_it(browser: Browser, tmp_path: Path) -> None:
    made, long = HtmlReport(Settings()), "\n".join(["All is well."] * 100 + ["The officers came."] + ["Nothing."] * 100)
    made.add("long.txt", TableCleaner().clean(long + "\nThe navy came."))
    path = tmp_path / "long.html"
    path.write_bytes(made.page())
    with watched(browser, path.as_uri()) as page:
        page.goto(path.as_uri() + "#document-1")
        expect(page.locator(".pair")).to_have_count(60)
        for mark in ("officers", "navy", "officers", "navy"):
            page.keyboard.press("n")
            expect(page.locator("mark:focus")).to_have_text(mark)
        page.keyboard.press("p")
        expect(page.locator("mark:focus")).to_have_text("officers")
        expect(page.locator(".pair")).to_have_count(202)


def test_shades_tell_confidence(opened: Callable[..., Page]) -> None:
    page = opened("#document-1")

    def depth(text: str) -> float:
        mark = page.locator("mark.old", has_text=text).first
        return float(
            mark.evaluate("m => Number(getComputedStyle(m).backgroundColor.match(/[\\d.]+\\)$/)[0].slice(0, -1))")
        )

    assert depth("Chilly Conflict") > depth("mentioned") > depth("gasoline") > depth("assist")


def test_a_hostile_article_runs_no_script(opened: Callable[..., Page]) -> None:
    page = opened(f"#document-{DOCUMENTS + 1}")
    expect(page.locator(".pairs")).to_contain_text("<script>window.hacked = 1</script>")
    assert page.locator("#document :is(script, img, iframe, svg, textarea)").count() == 0
    assert page.evaluate("typeof window.hacked") == "undefined"


def test_the_policy_stops_what_would_get_in(browser: Browser, report: Path) -> None:
    page = browser.new_page()
    page.goto(report.as_uri())
    page.evaluate("""() => {
        document.body.append(Object.assign(document.createElement("script"), { textContent: "window.hacked = 1" }));
        document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.hacked = 2'>");
    }""")
    page.wait_for_timeout(200)
    assert page.evaluate("typeof window.hacked") == "undefined"
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_nothing_and_nothing_sticks_out(opened: Callable[..., Page], scheme: str, width: int) -> None:
    page = opened(color_scheme=scheme, viewport={"width": width, "height": 800})
    assert violations(page) == []
    assert fits(page)
    page.goto(page.url + "#document-1")
    expect(page.locator(".pair").first).to_be_visible()
    page.keyboard.press("n")
    expect(page.get_by_role("tooltip")).to_be_visible()
    page.wait_for_timeout(200)  # until the tooltip has faded in
    assert violations(page) == []
    assert fits(page)
