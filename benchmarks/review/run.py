"""How fast the review page and the report are with 20,000 findings, measured in headless Chromium.

    python benchmarks/review/run.py [--findings 20000] [--documents 500] [--keys 60]

Needs the extras `review` and `dev`, and Chromium.  The articles are made up and the core is a table (those of the
tests), so that only the pages are measured.  Prints a table; exits with 1 if a limit of `LIMITS` is not kept.

- first paint: from the start of navigation to the first contentful paint (Paint Timing API)
- first item: from the start of navigation until the first finding stands on the page with its context
- key: from the key event to the end of the frame in which the next finding is shown (median, 95th percentile, worst)
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "browser")]

from chromium import started  # noqa: E402
from playwright.sync_api import Browser, Page  # noqa: E402
from review_corpus import SPUN, TableCleaner  # noqa: E402
from review_server import TOKEN, desk, served  # noqa: E402

from cleaner.reports.html import HtmlReport  # noqa: E402
from cleaner.settings import Settings  # noqa: E402

# Milliseconds.
LIMITS = {"review: first paint": 1500, "review: first item": 1500, "review: key, 95%": 100, "report: first paint": 1500}

_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
# Runs before any script of the page: notes when a key came, and when the frame after it was done.
_KEYS = """
    window.latencies = [];
    addEventListener("keydown", (event) => {
        const start = event.timeStamp;
        requestAnimationFrame(() => { const channel = new MessageChannel();
            channel.port1.onmessage = () => window.latencies.push(performance.now() - start);
            channel.port2.postMessage(0); });
    }, { capture: true });
"""


def corpus(folder: Path, documents: int, findings: int) -> int:
    """Write `documents` different files with at least `findings` findings in all; return how many."""
    cleaner, made = TableCleaner(), 0
    for number in range(documents):
        lines = [f"Dispatch {number}, from the harbour."]
        while made < findings * (number + 1) / documents:
            lines.append(SPUN[(number + len(lines)) % len(SPUN)])
            made += len(cleaner.clean(lines[-1]).findings)
        path = folder / f"{number % 12:02}" / f"{number:05}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    return made


def until(page: Page, condition: str) -> float:
    """Wait until the page finds `condition` true; milliseconds from the start of navigation to then."""
    look = f"const look = () => ({condition}) ? done(performance.now()) : setTimeout(look, 2)"
    return float(page.evaluate(f"() => new Promise(done => {{ {look}; look(); }})"))


def first_paint(page: Page) -> float:
    """Milliseconds from the start of navigation to the first contentful paint."""
    until(page, _PAINT)
    return float(page.evaluate(_PAINT))


def press(page: Page, key: str, times: int) -> list[float]:
    """Milliseconds from each press of `key` to the end of its frame."""
    page.evaluate("window.latencies.length = 0")
    for done in range(1, times + 1):
        page.keyboard.press(key)
        until(page, f"window.latencies.length >= {done}")
    return [float(latency) for latency in page.evaluate("window.latencies")]


def review(browser: Browser, folder: Path, place: Path, keys: int) -> dict[str, float]:
    start = perf_counter()
    made = desk(folder, place / "d.sqlite", place / "l.tsv")
    figures = {"review: queue made (server)": (perf_counter() - start) * 1000}
    with served(made) as base:
        page = browser.new_page()
        page.add_init_script(_KEYS)
        page.goto(f"{base}/?token={TOKEN}", wait_until="commit")
        figures["review: first paint"] = first_paint(page)
        figures["review: first item"] = until(page, "document.querySelector('#context ins')")
        for name, key in (("key", "a"), ("next (J)", "j"), ("other reading", "ArrowRight")):
            latencies = press(page, key, keys)
            figures[f"review: {name}, median"] = median(latencies)
            figures[f"review: {name}, 95%"] = quantiles(latencies, n=20)[-1]
            figures[f"review: {name}, worst"] = max(latencies)
        until(page, f"document.querySelector('#progress').getAttribute('aria-valuenow') >= {keys}")
        start = perf_counter()
        page.keyboard.press("Shift+R")
        page.wait_for_selector("#toast:not([hidden])")
        figures["review: reject all like this"] = (perf_counter() - start) * 1000
        print(f"Reject all like this: {page.inner_text('#toast')}\n")
        start = perf_counter()
        page.fill("#filter-text", "fireplace")
        until(page, "document.querySelector('#swap').textContent.includes('fireplace')")
        figures["review: filter by text"] = (perf_counter() - start) * 1000
        page.close()
    return figures


def report(browser: Browser, folder: Path, place: Path) -> dict[str, float]:
    made, cleaner = HtmlReport(Settings()), TableCleaner()
    for path in sorted(folder.rglob("*.txt")):
        made.add(str(path.relative_to(folder)), cleaner.clean(path.read_text(encoding="utf-8")))
    start = perf_counter()
    (place / "report.html").write_bytes(made.page(seconds=1.0))
    figures = {"report: page made": (perf_counter() - start) * 1000}
    page = browser.new_page()
    page.goto((place / "report.html").as_uri(), wait_until="commit")
    figures["report: first paint"] = first_paint(page)
    timed = (
        "(act) => { const start = performance.now(); act(); document.body.offsetHeight; "
        "return performance.now() - start; }"
    )
    acts = {
        "sort": "() => document.querySelector('th button').click()",
        "filter by text": "() => { const box = document.querySelector('#filter-text'); box.value = 'fireplace'; "
        "box.dispatchEvent(new Event('input', { bubbles: true })); }",
    }
    for name, act in acts.items():
        figures[f"report: {name}"] = page.evaluate(f"() => ({timed})({act})")
    page.close()
    return {**figures, "report: size, MB": (place / "report.html").stat().st_size / 1e6}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--findings", type=int, default=20_000)
    parser.add_argument("--documents", type=int, default=500)
    parser.add_argument("--keys", type=int, default=60)
    options = parser.parse_args()
    with TemporaryDirectory() as name, started() as browser:
        place, folder = Path(name), Path(name, "texts")
        folder.mkdir()
        made = corpus(folder, options.documents, options.findings)
        print(f"{made:,} findings in {options.documents:,} documents, Chromium {browser.version}\n")
        figures = review(browser, folder, place, options.keys) | report(browser, folder, place)
    failed = [name for name, limit in LIMITS.items() if figures[name] > limit]
    for name, value in figures.items():
        limit = f"  (at most {LIMITS[name]:,})" if name in LIMITS else ""
        print(f"{name:<34}{value:>9,.1f}{limit}{'  TOO SLOW' if name in failed else ''}")
    print("\nMilliseconds unless it says otherwise.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
