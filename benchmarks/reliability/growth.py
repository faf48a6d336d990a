"""How time grows with texts made to blow up a lattice or a regular expression: twice the text, twice the time.

python -m benchmarks.reliability.growth

Prints, for each reader and each unit that is repeated, the exponent k of time ~ size^k between two sizes (1 is linear,
2 quadratic), and exits with 1 if any is above 1.5 while taking a second or more for 200,000 characters.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from math import log
from time import process_time

from cleaner import Cleaner, Settings, documents

PROSE = (
    "White Home officers mentioned ", "in response to the ", "mentioned ", "navy navy ", "a a ", "an ", "the ", "'s",
    "U.S. ", "{a|", "{that a} ", "(", "&lt;", "http://", "a.", "1,", "$1 ", "`", "``", "<a ", "@a", "é", "â€", "Â",
    "\x80", "\u200b", "a\u00ad", "n\u0430vy ", "Read Also: ", "Photo credit: x\n", "A", "-", "a-", "’", "_a", "::a",
    "a_", "\ud800", " ", "\n", "9", "9.", ".", "word ", "Officers mentioned the navy.\n", "cleaner:ignore-start\n",
    "cleaner:ignore-line ", "(see ", "“", "{{", "<!--", "[a](", "US ", "\t", "ﬁ", "www.", "a@b.", "&#1", "?! ",
)  # fmt: skip
MARKUP = (
    "<div>", "<b>", "</b>", "[", "](", "![](", "> ", "*", "_", "`", "``", "<!--", "&#", "&", "{{", "{%", "$", "$$", "|",
    "- ", "\t", "# ", "---\n", "[a]: b\n", "[^a]", "<a href=\"", "<", "</", "<?", "<![CDATA[", "<p>a", "<script>",
    "<!doctype ", "[^", "<a b='", "{%a", "$$a", "](a(b)", "<!--a-->",
    "&amp;", "\\", "a\n", "a  \n", "|a|b|\n", "1. ", "~~~\n", "<x y=", "a&b;", "<title>",
)  # fmt: skip
# Seconds of processor time that one measurement may take at the least and at the most.
LEAST, MOST = 0.02, 10.0


def measured(work: Callable[[str], object], unit: str) -> tuple[float, float]:
    """The exponent of growth, and the seconds for 200,000 characters (extrapolated)."""

    def seconds(size: int) -> float:
        text = unit * (size // len(unit))
        start = process_time()
        work(text)
        return process_time() - start

    work("White Home officers mentioned the navy.")  # loads what is loaded late
    size, spent = 4_000, 0.0
    while True:
        before, spent = spent, seconds(size)
        if spent > LEAST and before > LEAST / 4 and (spent > 0.5 or size >= 128_000):
            # The lower of two exponents: noise makes single ones high.
            again = seconds(size // 2)
            exponent = log(spent / max(min(before, again), 1e-6), 2) if again < spent else 0.0
            exponent = min(exponent, log(spent / max(before, again, 1e-6), 2))
            return exponent, spent * (200_000 / size) ** max(exponent, 1.0)
        if size > 500_000 or spent > MOST:
            return 1.0, spent * 200_000 / size
        size *= 2


def cases() -> Iterator[tuple[str, str, Callable[[str], object]]]:
    cleaner = Cleaner(Settings(furniture=True))
    for unit in PROSE:
        yield "clean", unit, cleaner.clean
    for name in ("a.md", "a.html"):
        for unit in MARKUP:
            yield name, unit, lambda text, name=name: documents.passages(name, text)  # type: ignore[misc]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    slow = []
    for reader, unit, work in cases():
        if options.only in reader:
            exponent, seconds = measured(work, unit)
            line = {"reader": reader, "unit": unit, "exponent": round(exponent, 2), "seconds": round(seconds, 2)}
            print(json.dumps(line), flush=True)
            if exponent > 1.5 and seconds > 1:
                slow.append(line)
    for line in slow:
        print("more than linear:", json.dumps(line), file=sys.stderr)
    sys.exit(bool(slow))


if __name__ == "__main__":
    main()
