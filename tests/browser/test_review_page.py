"""The review page in Chromium, worked as a reviewer does: by keyboard, and judged by the files on disk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from chromium import fits, violations, watched
from playwright.sync_api import Browser, Page, expect
from review_corpus import HOSTILE, article
from review_server import TOKEN, desk, served

from cleaner.lexicon import read_entries

TEXT = "The officers mentioned it.\n\nWhite Home officers will assist with gasoline.\n"
# The queue is in this order: gasoline .508, assist .43, mentioned .752, officers .914 (two), White Home .996
OPTION = '#list [role="option"]'


class Review:
    """A server over a folder of files, and browsers that look at it."""

    def __init__(self, browser: Browser, path: Path, stack: ExitStack) -> None:
        self.folder, self.path = path / "texts", path
        self.folder.mkdir()
        self._browser, self._stack = browser, stack
        self._server = ExitStack()
        self.base = ""

    def write(self, **texts: str) -> None:
        for name, text in texts.items():
            (self.folder / f"{name}.txt").write_text(text)

    def start(self) -> None:
        self.base = self._server.enter_context(
            served(desk(self.folder, self.path / "d.sqlite", self.path / "learned.tsv"))
        )

    def stop(self) -> None:
        self._server.close()

    def open(self, path: str = f"/?token={TOKEN}", **options: Any) -> Page:
        page = self._stack.enter_context(watched(self._browser, self.base, **options))
        page.goto(self.base + path)
        return page

    def text(self, name: str = "a") -> str:
        return (self.folder / f"{name}.txt").read_text()


@pytest.fixture
def review(browser: Browser, tmp_path: Path) -> Iterator[Review]:
    with ExitStack() as stack:
        made = Review(browser, tmp_path, stack)
        stack.callback(made.stop)
        yield made


def keys(page: Page, *pressed: str) -> None:
    for key in pressed:
        page.keyboard.press(key)
        page.wait_for_timeout(60)  # as fast as a person types


def shows(page: Page, swap: str) -> None:
    expect(page.locator("#swap")).to_have_text(swap)


def progress(page: Page, text: str) -> None:
    expect(page.locator("#progress-text")).to_have_text(text)


def write(page: Page) -> None:
    keys(page, "w", "Tab", "Enter")
    expect(page.locator("#apply-result")).to_contain_text("written")
    keys(page, "Escape")


def test_accept_reject_edit_undo_and_apply_by_keyboard(review: Review) -> None:
    review.write(a=TEXT)
    review.start()
    page = review.open()
    shows(page, "gasoline → fuel")
    keys(page, "ArrowRight")
    shows(page, "gasoline → gas")
    keys(page, "a")
    shows(page, "assist → help")
    keys(page, "r")
    shows(page, "mentioned → said")
    keys(page, "e")
    expect(page.locator("#edit-text")).to_be_focused()
    page.keyboard.type("told reporters of")
    keys(page, "Enter")
    shows(page, "officers → officials")
    progress(page, "3 of 6 decided: 2 accepted, 1 rejected")
    keys(page, "u")
    shows(page, "mentioned → said")
    progress(page, "2 of 6 decided: 1 accepted, 1 rejected")
    keys(page, "e")
    page.keyboard.type("thrown away")
    keys(page, "Escape", "3")
    shows(page, "officers → officials")
    keys(page, "r")
    progress(page, "4 of 6 decided: 2 accepted, 2 rejected")
    write(page)
    # The second "officers" and "White Home" are undecided, and sure enough for `cleaner fix`.
    assert review.text() == "The officers stated it.\n\nWhite House officials will assist with gas.\n"


def test_the_context_shows_the_neighbours_as_decided(review: Review) -> None:
    review.write(a=TEXT)
    review.start()
    page = review.open()
    context = page.locator("#context")
    expect(context).to_have_text("White House officials will assist with gasolinefuel.")
    expect(context.locator("ins")).to_have_text("fuel")
    keys(page, "r", "3", "k")
    expect(context).to_have_text(
        "White House officials will assisthelp with gasoline.".replace("assisthelp", "assistaid")
    )


def test_all_like_this_and_undo_as_one_step(review: Review) -> None:
    review.write(
        **{f"n{number}": f"Report {number}. Officers were late; officers mentioned it." for number in range(8)}
    )
    review.start()
    page = review.open()
    page.fill("#filter-text", "officers")
    keys(page, "Enter")
    expect(page.locator("#shown")).to_have_text("16 findings")
    keys(page, "Shift+A")
    expect(page.locator("#toast")).to_have_text("Accepted Officials for 16 findings; all shown here are decided")
    progress(page, "16 of 24 decided: 16 accepted, 0 rejected")
    keys(page, "Control+z")
    progress(page, "0 of 24 decided: 0 accepted, 0 rejected")
    keys(page, "ArrowRight", "ArrowRight", "Shift+A")
    progress(page, "16 of 24 decided: 16 accepted, 0 rejected")
    write(page)
    assert review.text("n3") == "Report 3. Officer corps were late; officer corps said it."


def test_two_windows_keep_each_others_decisions(review: Review) -> None:
    review.write(a=TEXT)
    review.start()
    one, two = review.open(), review.open()
    shows(one, "gasoline → fuel")
    shows(two, "gasoline → fuel")
    keys(one, "a")
    progress(two, "1 of 6 decided: 1 accepted, 0 rejected")
    keys(two, "j", "r")
    progress(one, "2 of 6 decided: 1 accepted, 1 rejected")
    keys(one, "u")
    progress(two, "1 of 6 decided: 0 accepted, 1 rejected")
    keys(one, "u")
    expect(one.locator("#toast")).to_have_text("This window has nothing to undo")


def test_a_review_can_be_resumed(review: Review) -> None:
    review.write(a=TEXT)
    review.start()
    page = review.open()
    shows(page, "gasoline → fuel")
    keys(page, "a")
    progress(page, "1 of 6 decided: 1 accepted, 0 rejected")
    keys(page, "r")
    progress(page, "2 of 6 decided: 1 accepted, 1 rejected")
    page.reload()
    progress(page, "2 of 6 decided: 1 accepted, 1 rejected")
    shows(page, "mentioned → said")
    keys(page, "u")
    progress(page, "1 of 6 decided: 1 accepted, 0 rejected")
    page.close()
    review.stop()
    review.start()
    page = review.open()
    progress(page, "1 of 6 decided: 1 accepted, 0 rejected")
    keys(page, "w")
    page.uncheck("#apply-undecided")
    page.click("#apply")
    expect(page.locator("#apply-result")).to_have_text("1 file written, 0 unchanged.")
    assert review.text() == TEXT.replace("gasoline", "fuel")
    page.click("#apply-close")
    page.close()
    review.stop()
    review.start()
    progress(review.open(), "0 of 5 decided: 0 accepted, 0 rejected")


def test_filters_list_and_arrows(review: Review) -> None:
    review.write(a=TEXT, b=article(0))
    review.start()
    page = review.open()
    page.fill("#filter-text", "b.txt")
    page.select_option("#filter-kind", "residue")
    expect(page.locator(OPTION, has_text="authorities's").first).to_have_attribute("aria-selected", "true")
    shows(page, "authorities's → government's")
    page.select_option("#filter-kind", "")
    page.fill("#filter-text", "")
    page.fill("#filter-low", "0.99")
    expect(page.locator(OPTION)).to_have_count(5)
    page.locator(OPTION).nth(2).click()
    expect(page.locator("#list")).to_have_attribute("aria-activedescendant", "row-2")
    keys(page, "ArrowDown")
    expect(page.locator(OPTION).nth(3)).to_have_attribute("aria-selected", "true")
    page.fill("#filter-low", "0")
    keys(page, "Escape")
    page.select_option("#filter-state", "rejected")
    expect(page.locator("#done")).to_contain_text("Nothing is left here")


def test_teach_and_export(review: Review) -> None:
    review.write(a=TEXT)
    review.start()
    page = review.open()
    shows(page, "gasoline → fuel")
    keys(page, "a", "r")
    progress(page, "2 of 6 decided: 1 accepted, 1 rejected")
    page.get_by_role("button", name="Teach").click()
    expect(page.locator("#toast")).to_contain_text("learned.tsv: 2 rows added, 0 changed, 0 removed")
    taught = [(e.original, e.spun) for e in read_entries(review.path / "learned.tsv")]
    assert taught == [("assist", "assist"), ("fuel", "gasoline")]
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    lines = [json.loads(line) for line in download.value.path().read_text().splitlines()]
    assert [(line["text"], line["decision"]) for line in lines] == [("gasoline", "accept"), ("assist", "reject")]


def test_a_file_changed_meanwhile_is_reported(review: Review) -> None:
    review.write(a=TEXT, b=article(0))
    review.start()
    page = review.open()
    shows(page, "gasoline → fuel")
    review.write(a="My own words.")
    keys(page, "w", "Tab", "Enter")
    expect(page.locator("#apply-result")).to_contain_text("1 file written, 0 unchanged, 1 failed.a.txt: it was changed")
    assert review.text() == "My own words."


def test_a_server_that_is_gone_is_noticed(browser: Browser, review: Review) -> None:
    review.write(a=TEXT)
    review.start()
    page = browser.new_page()  # not watched: the failing requests are logged as errors
    page.goto(f"{review.base}/?token={TOKEN}")
    shows(page, "gasoline → fuel")
    review.stop()
    keys(page, "a")
    expect(page.get_by_role("alert")).to_contain_text("Not saved", timeout=15_000)
    progress(page, "0 of 6 decided: 0 accepted, 0 rejected")
    page.close()


def test_documents_without_findings(review: Review) -> None:
    review.write(a="All is well.")
    review.start()
    page = review.open()
    expect(page.locator("#done")).to_contain_text("Nothing was found in these documents.")
    progress(page, "0 of 0 decided: 0 accepted, 0 rejected")
    keys(page, "a", "r", "u", "j", "1", "e")
    keys(page, "w", "Tab", "Enter")
    expect(page.locator("#apply-result")).to_have_text("0 files written, 1 unchanged.")


def test_keys_can_be_turned_off(review: Review) -> None:
    review.write(a=TEXT)
    review.start()
    page = review.open()
    shows(page, "gasoline → fuel")
    keys(page, "?")
    page.uncheck("#shortcuts")
    keys(page, "Escape", "a", "r", "u")
    progress(page, "0 of 6 decided: 0 accepted, 0 rejected")
    page.get_by_role("button", name="Accept A", exact=True).press("Enter")
    shows(page, "assist → help")


def test_a_hostile_article_runs_no_script(review: Review) -> None:
    review.write(a=HOSTILE)
    (review.folder / "<img src=x onerror=window.hacked=9>.txt").write_text("Officers <b>mentioned</b> it.")
    review.start()
    page = review.open()
    for _ in range(6):
        expect(page.locator("#context")).not_to_have_text("…")
        keys(page, "a")
    keys(page, "w")
    page.click("#apply")
    expect(page.locator("#apply-result")).to_contain_text("2 files written")
    assert page.locator("main :is(script, img, iframe, svg, textarea)").count() == 0
    assert page.evaluate("typeof window.hacked") == "undefined"
    assert review.text().startswith("<script>window.hacked = 1</script> White House officials said <img src=x")
    tried = review.open("/try")
    tried.fill("#in", HOSTILE)
    expect(tried.locator("#out")).to_contain_text("</textarea><iframe")
    assert tried.locator("#out :is(script, img, iframe, svg, textarea)").count() == 0
    assert tried.evaluate("typeof window.hacked") == "undefined"


def test_try_it_as_one_types(review: Review) -> None:
    review.start()
    page = review.open("/try")
    page.locator("#in").press_sequentially("😀 The officers", delay=5)
    expect(page.locator("#out mark")).to_have_text("officials")
    page.locator("#in").press_sequentially(" mentioned it.", delay=5)
    expect(page.locator("#out")).to_have_text("😀 The officials said it.")
    expect(page.locator("#verdict")).to_contain_text("2 repairs")
    page.locator("#out mark").first.focus()
    expect(page.get_by_role("tooltip")).to_contain_text("officers → officials")
    page.fill("#in", "x" * 1_000_001)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_nothing_and_nothing_sticks_out(review: Review, scheme: Any, width: int) -> None:
    review.write(a=TEXT, b=article(0))
    review.start()
    page = review.open(color_scheme=scheme, viewport={"width": width, "height": 780}, reduced_motion="reduce")
    shows(page, "gasoline → fuel")
    keys(page, "a", "r", "e")
    if width < 600:
        page.click("#open-queue")
    expect(page.locator(OPTION).first).to_be_visible()
    assert violations(page) == []
    assert fits(page)
    for opener in ("#open-apply", "#open-help"):
        page.click(opener)
        assert violations(page) == []
        assert fits(page)
        keys(page, "Escape")
    tried = review.open("/try", color_scheme=scheme, viewport={"width": width, "height": 780}, reduced_motion="reduce")
    tried.click("#example")
    tried.locator("#out mark").first.focus()
    expect(tried.get_by_role("tooltip")).to_be_visible()
    assert violations(tried) == []
    assert fits(tried)


def test_focus_goes_through_the_page_in_its_order(review: Review) -> None:
    review.write(a=TEXT)
    review.start()
    page = review.open()
    shows(page, "gasoline → fuel")
    names = []
    for _ in range(12):
        keys(page, "Tab")
        names.append(page.evaluate("document.activeElement.textContent.trim().split(/\\s+/).slice(0, 2).join(' ')"))
    tools = ["Skip to", "Try it", "Keys ?", "Export", "Teach", "Write files…"]
    assert names == [*tools, "1fuel0.50", "2gas0.44", "3petrol0.03", "Accept A", "Reject R", "Other reading"]
