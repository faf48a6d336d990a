"""Step 1b: lets honest text out before any lattice is built.

Every telling phrase has a weight, log P(phrase | spun) - log P(phrase | honest): above 0 for what spinners write,
below 0 for what they would not have left alone.  The weights are summed along the text, never below 0 (the
cumulative sum test of Page 1954, doi:10.1093/biomet/41.1-2.100); a text whose sum never gets high goes no further.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cleaner.integrity import verified
from cleaner.segment import FOLD, LOOKALIKES

if TYPE_CHECKING:
    from ahocorasick_rs import AhoCorasick

SHIPPED = Path(__file__).parent / "models" / "en.screen"

# The sum at which a text is worth reading closely, in nats.
ALARM = 2.5

# Letters as the tokeniser reads them; and lone surrogates, which the matcher cannot read, become something that it can.
_FOLD: dict[int, int | str] = {**LOOKALIKES, **FOLD, **dict.fromkeys(range(0xD800, 0xE000), "\ufffd")}
_WORD = re.compile(r"\w")


@cache
def _matcher() -> tuple[AhoCorasick, list[float]]:
    from ahocorasick_rs import AhoCorasick, Implementation

    rows = [line.split("\t") for line in verified(SHIPPED).read_text(encoding="utf-8").splitlines()]
    return AhoCorasick([row[0] for row in rows], implementation=Implementation.DFA), [float(row[1]) for row in rows]


def telling(text: str) -> bool:
    """Whether `text` may be spun, so that it must be read closely."""
    lowered = (text if text.isascii() else text.translate(_FOLD)).lower()
    matcher, weights = _matcher()
    total = 0.0
    for number, start, end in matcher.find_matches_as_indexes(lowered, overlapping=True):
        if not (start and _WORD.match(lowered, start - 1)) and not _WORD.match(lowered, end):
            total = max(0.0, total + weights[number])
            if total >= ALARM:
                return True
    return False
