"""Where expressions are looked for in a text, what is said of them, and on what the weights are fitted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cleaner import clean
from cleaner.analysis import Parsed, parse
from cleaner.cleaner import recognizer, shipped
from cleaner.learning.screener import Term
from cleaner.lexicon import read_entries
from cleaner.recognition import FEATURES
from cleaner.training.garbled_terms import HELD_OUT, Folds
from cleaner.training.inventory import other_number

LEXICON = Path(__file__).parents[1] / "lexicons" / "en" / "dialects" / "science.tsv"
SCIENCE = (
    "We evaluate the accuracy of the algorithm on a dataset of clinical samples and estimate the error of each "
    "parameter by simulation. "
)


def read(text: str) -> Parsed:
    parsed = parse([text], shipped())
    assert parsed is not None
    return parsed


def said(text: str) -> dict[tuple[str, str], dict[str, float]]:
    """FEATURES of each composition in a text, by the words as they stand and the expression."""
    parsed = read(text)
    hits, features = recognizer().features(parsed.batch, parsed.capital)
    norms = parsed.tokens[0].norms
    texts = recognizer().inventory.texts
    return {
        (" ".join(norms[a : a + n]), texts[e]): dict(zip(FEATURES, row, strict=True))
        for a, n, e, row in zip(hits.start.tolist(), hits.size.tolist(), hits.number.tolist(), features, strict=True)
    }


@pytest.mark.parametrize(
    ("garbled", "right"),
    [
        ("ceaseless sickness", "chronic disease"),
        ("straight relapse", "linear regression"),
        ("profound neuronal organization", "deep neural network"),
        ("certainty spans", "confidence intervals"),
        ("cushy rationale", "fuzzy logic"),
    ],
)
def test_terms_that_nobody_has_listed_compose(garbled: str, right: str) -> None:
    assert (garbled, right) in said(f"{SCIENCE}The second part is about {garbled} in small groups.")


def test_good_company_is_left_alone_unless_somebody_has_listed_it() -> None:
    composed = said("The study team met on Monday. The film industry and the health service had sent two people each.")
    assert not [text for text, _ in composed if text in ("film industry", "health service")]
    assert any(text == "counterfeit consciousness" for text, _ in said("They speak of counterfeit consciousness."))


def test_one_word_stands_for_no_expression() -> None:
    assert all(
        " " in text for text, _ in said(f"{SCIENCE}An enormous shortage of hugely expensive counterfeits ensued.")
    )


def test_an_abbreviation_that_follows_is_seen() -> None:
    alone = said(f"{SCIENCE}We use profound mastering for the images.")
    followed = said(f"{SCIENCE}We use profound mastering (DL) for the images.")
    pair = "profound mastering", "deep learning"
    assert (alone[pair]["initials"], followed[pair]["initials"]) == (0, 1)
    assert recognizer().weights.weight[FEATURES.index("initials")] > 0


def test_a_term_that_recurs_is_likelier() -> None:
    once = said(f"{SCIENCE}We use profound mastering for the images.")
    twice = said(f"{SCIENCE}We use profound mastering for the images. In the end profound mastering is slow.")
    pair = "profound mastering", "deep learning"
    assert once[pair]["again"] == 0 and twice[pair]["again"] == pytest.approx(np.log(2))


def test_documents_of_a_batch_do_not_bear_on_each_other() -> None:
    texts = [f"{SCIENCE}We use profound mastering for the images.", "Nothing of the kind is said in this short text."]
    for pair in (texts, texts[::-1], [texts[0]] * 2):
        parsed = parse(pair, shipped())
        assert parsed is not None
        hits, log_odds = recognizer()(parsed.batch, parsed.capital)
        document = parsed.batch.document[parsed.batch.paragraph[hits.start]]
        own = [log_odds[document == d] for d, text in enumerate(pair) if text == texts[0]]
        alone, odds = recognizer()(read(texts[0]).batch, read(texts[0]).capital)
        assert all(np.array_equal(odds, o) for o in own) and len(alone.start) == len(odds)


def test_evidence_for_a_document_is_less_in_a_long_one() -> None:
    garbled = f"{SCIENCE}We use counterfeit consciousness for it. "
    more = "The samples were collected in four clinics, and the analysis was repeated for each parameter. " * 12
    assert clean(garbled).spun_probability > clean(garbled + more).spun_probability


def test_numbers_of_terms() -> None:
    assert list(other_number("confidence interval")) == ["confidence intervals"]
    assert list(other_number("neural networks")) == ["neural network"]
    assert list(other_number("Markov Chain")) == list(other_number("type 2")) == []


TERMS = [
    Term("profound mastering", "deep learning", 3),
    Term("deep mastering", "deep learning", 1),
    Term("linear relapse", "linear regression", 1),
    Term("cushy rationale", "fuzzy logic", 1),
]


def test_terms_with_a_side_in_common_are_of_one_fold() -> None:
    folds = Folds(TERMS, [("cushy rationale", "fuzzy logic")])
    assert folds(TERMS[0]) == folds(TERMS[1]) < HELD_OUT == folds(TERMS[3])


def test_examples_name_what_was_garbled() -> None:
    folds = Folds(TERMS, [])
    text = "Linear regression is old. Deep learning is not; deep learning needs data."
    for example in folds.examples([text]):
        restored = example.text
        for a, z, right in reversed(example.edits):
            assert restored[a:z] != right
            restored = restored[:a] + right + restored[z:]
        assert restored == text and example.edits


def test_a_list_lacks_the_terms_of_its_fold() -> None:
    rows = read_entries(LEXICON)
    terms = [Term(row.spun, row.original, 1) for row in rows if " " in row.original and " " in row.spun][::4]
    folds = Folds(terms, [])
    listed = {row.original for row in folds.listed(0, [], recognizer().thesaurus).observed}
    held, others = ({term.original for term in terms if (folds(term) == 0) is own} for own in (True, False))
    assert not held & listed
    assert len(others & listed) > len(others) / 2
