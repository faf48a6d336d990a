"""What is believed of a phrase pair before any is seen: the base measure of the alignment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from cleaner.learning.align import Lift, Phrase
from cleaner.lexicon import phrase_key
from cleaner.segment import word_hash
from cleaner.thesaurus import Thesaurus

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Shares of what a word becomes: itself, a synonym (of phrases too), a form of itself; the rest is anything.
IDENTITY = 0.3
SYNONYM = 0.3
FORM = 0.1
_TORN = 1e-9  # P(a phrase is cut off before "'s")
_ALIKE = 75.0  # RapidFuzz ratio from which two words are forms of each other


def lift(thesaurus: Thesaurus) -> Lift:
    """P(spun | original) / P(spun) of phrase pairs, as `cleaner.learning.align.align` asks for it."""

    def of(phrases: Sequence[Phrase], original: Ints, spun: Ints, chance: Floats) -> Floats:
        length = np.array([len(phrase) for phrase in phrases])
        word = (length[original] == 1) & (length[spun] == 1)
        same = word & (original == spun)
        alike = np.zeros(len(spun))
        for i in np.flatnonzero(word & ~same).tolist():
            sides = phrases[original[i]][0], phrases[spun[i]][0]
            alike[i] = fuzz.ratio(*sides, score_cutoff=_ALIKE) > 0
        known = IDENTITY * same + FORM * alike + SYNONYM * synonymy(phrases, original, spun, thesaurus)
        anything = np.where((length[original] > 0) & (length[spun] > 0), 1 - IDENTITY - SYNONYM - FORM, 1.0)
        clitic = np.array([phrase[:1] != () and phrase[0].startswith("'") for phrase in phrases])
        torn = (clitic[original] | clitic[spun]) & ~same
        return np.asarray((anything + known / chance[spun]) * np.where(torn, _TORN, 1.0))

    return of


def synonymy(phrases: Sequence[Phrase], original: Ints, spun: Ints, thesaurus: Thesaurus) -> Floats:
    """P(spun | original, swapped) of pairs of `phrases` by the thesaurus; 0 for those that it does not have."""
    key = np.array([phrase_key([word_hash(word) for word in phrase]) for phrase in phrases], np.uint64)
    sides = [
        (np.searchsorted(known, key).clip(max=len(known) - 1), known)
        for known in (thesaurus.original_key, thesaurus.spun_key)
    ]
    (o, has_o), (s, has_s) = ((at, known[at] == key) for at, known in sides)
    first = thesaurus.first.astype(np.int64)
    code = np.repeat(np.arange(len(thesaurus.spun_key)), first[1:] - first[:-1]) * len(thesaurus.original_key)
    code += thesaurus.original
    order = np.argsort(code)
    wanted = s[spun] * len(thesaurus.original_key) + o[original]
    row = order[np.searchsorted(code, wanted, sorter=order).clip(max=len(code) - 1)]
    found = has_o[original] & has_s[spun] & (code[row] == wanted)
    return np.where(found, np.exp(thesaurus.log_swap(row)), 0.0)
