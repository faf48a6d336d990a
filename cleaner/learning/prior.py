"""What is believed of a phrase pair before any is seen: the base measure of the alignment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from cleaner.learning.align import Block, Phrase
from cleaner.lexicon import phrase_key
from cleaner.segment import word_hash
from cleaner.thesaurus import Thesaurus

Floats = NDArray[np.float64]
Pairs = Sequence[tuple[Phrase, Phrase]]

# Shares of what a phrase becomes: itself, a synonym, a form of itself; the rest is anything.
IDENTITY = 0.3
SYNONYM = 0.3
FORM = 0.1
_ALIKE = 75.0  # RapidFuzz ratio from which two words are forms of each other


def lift(blocks: Iterable[Block], thesaurus: Thesaurus) -> Callable[[Pairs], Floats]:
    """P(s | o) / P(s) of phrase pairs, where P(s) is the product of the frequencies of its words in `blocks`."""
    count = Counter(word for block in blocks for side in block for word in side)
    total = sum(count.values())

    def of(pairs: Pairs) -> Floats:
        chance = np.array([np.prod([count[w] / total for w in spun]) for _, spun in pairs])
        same = np.array([o == s for o, s in pairs])
        alike = np.array([o != s and bool(o) and bool(s) and _forms(o, s) for o, s in pairs])
        nothing = np.array([not o or not s for o, s in pairs])
        lifted = 1 - IDENTITY - SYNONYM - FORM + (IDENTITY * same + FORM * alike) / chance
        lifted += SYNONYM * synonymy(pairs, thesaurus) / chance
        return np.where(nothing, 1.0, lifted)

    return of


def synonymy(pairs: Pairs, thesaurus: Thesaurus) -> Floats:
    """P(spun | original, swapped) of phrase pairs by the thesaurus; 0 for those that it does not have."""
    key = np.array([[phrase_key([word_hash(w) for w in side]) for side in pair] for pair in pairs], np.uint64)
    at = [
        np.minimum(np.searchsorted(known, column), len(known) - 1)
        for known, column in zip((thesaurus.original_key, thesaurus.spun_key), key.T, strict=True)
    ]
    found = (thesaurus.original_key[at[0]] == key[:, 0]) & (thesaurus.spun_key[at[1]] == key[:, 1])
    first = thesaurus.first.astype(np.int64)
    spun = np.repeat(np.arange(len(thesaurus.spun_key)), first[1:] - first[:-1])
    code = spun * len(thesaurus.original_key) + thesaurus.original
    order = np.argsort(code)
    wanted = at[1] * len(thesaurus.original_key) + at[0]
    row = order[np.minimum(np.searchsorted(code, wanted, sorter=order), len(code) - 1)]
    return np.where(found & (code[row] == wanted), np.exp(thesaurus.log_swap(row)), 0.0)


def _forms(original: Phrase, spun: Phrase) -> bool:
    return fuzz.ratio("".join(original), "".join(spun), score_cutoff=_ALIKE) > 0
