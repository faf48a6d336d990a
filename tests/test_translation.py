"""Text that was machine-translated to another language and back."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner import Result, clean
from cleaner.analysis import parse
from cleaner.cleaner import shipped
from cleaner.lexicon import Channel, normalized, read_own
from cleaner.lint import lint
from cleaner.segment import tokenize
from cleaner.training.channel import build
from cleaner.translation import CHAINED, CHANNEL, DIALECT, Translationese, chains, with_chains

DIALECTS = Path(__file__).parents[1] / "lexicons" / "en" / "dialects"
TABLES = sorted((DIALECTS / "translated").glob("*.tsv"))


# Written for this test, then put through machine translation into Catalan and back.
@cache
def written() -> str:
    return (Path(__file__).parent / "data" / "translation" / "original.txt").read_text(encoding="utf-8")


@cache
def returned() -> str:
    return (Path(__file__).parent / "data" / "translation" / "catalan.txt").read_text(encoding="utf-8")


# What people translate keeps the order and the abstractions of the other language, but its grammar is sound.
PARLIAMENT = """\
Madam President, honourable Members, I should like first of all to thank the rapporteur for the quality of the work
which she has accomplished. The proposal of the Commission on the labelling of foodstuffs responds to a demand which
the citizens of the Union have formulated on numerous occasions. It is not a question of imposing new burdens upon the
small and medium-sized undertakings, but of guaranteeing to the consumer the right to know the origin of that which he
buys. In this context I would recall that the Council, in its conclusions of the month of March, emphasised the
importance of a balanced approach. I therefore cannot support the amendments which aim at the deletion of Article 7.

The situation of the workers in the textile sector is cause for great concern. We must not content ourselves with
declarations of solidarity; it is necessary that the means of the Globalisation Fund be made available without delay.
As regards the question put by Mr Oliveira, the services of the Commission are at present examining the complaint, and
I shall inform Parliament of the result of this examination as soon as it is known to me.
"""
NOVEL = """\
It was already towards evening when Anton Petrovich, having dismissed the coachman at the corner of the lane, went on
foot to the house of the widow. The snow creaked beneath his galoshes. "What is it to me," he said to himself, "that
she has refused the colonel? Am I then a boy, to be made happy by such news?" And yet he was happy, and knew it, and was
ashamed of knowing it.

The old servant opened to him, a lamp in her hand, and looked at him as one looks at a guest who comes too late or too
early. "The mistress is not receiving," said she. "But for you, little father, perhaps she will receive." In the hall
there was a smell of apples and of wax. Somebody was playing the piano in the far room, badly, always the same four
bars, and always there came the same mistake.
"""
LEARNER = """\
Hello everybody, I am new in this forum and I want to ask you about the travel to the north of Norway in the winter. My
wife and me, we have ten days of holidays in February and we would like to see the northern lights. In the internet I
have read that Tromso is a good place, but also that it is often cloudy there. Is it better if we rent a car and drive
to Finland when the weather is bad? How are the roads in this time, is it dangerous for somebody who never did drive on
ice? We thank you very much for all the informations and advices that you can give to us.
"""


@cache
def read(text: str) -> Result:
    return clean(text)


def test_a_round_trip_is_suspect_and_named_but_never_called_spun() -> None:
    result = read(returned())
    assert result.verdict == "suspect"
    assert (result.dialect or "").startswith(DIALECT)


def test_a_round_trip_is_brought_nearer_to_what_was_written() -> None:
    from rapidfuzz.distance import Levenshtein

    before, after = (
        Levenshtein.distance(text.split(), written().split()) for text in (returned(), read(returned()).text)
    )
    assert after <= 0.8 * before
    assert read(returned()).undo() == returned()


@pytest.mark.parametrize("text", [written, lambda: PARLIAMENT, lambda: NOVEL, lambda: LEARNER])
def test_people_are_left_alone(text: object) -> None:
    assert callable(text)
    result = read(text())
    assert result.verdict == "clean"
    assert result.text == text()


def test_a_document_is_judged_alike_in_any_company() -> None:
    texts = [NOVEL, returned(), LEARNER]
    style = Translationese.open()
    together, alone = parse(texts, shipped()), [parse([text], shipped()) for text in texts]
    assert together is not None
    found = style.probability(together.batch, together.capital, shipped().model)
    for p, one in zip(found, alone, strict=True):
        assert one is not None
        np.testing.assert_allclose(p, style.probability(one.batch, one.capital, shipped().model)[0], rtol=1e-9)


def test_chains_are_read_as_compounds_and_possessives() -> None:
    tokens = tokenize("They raised the age of retirement and the salary of the head teacher.")
    found = set(chains(tokens.norms, tokens.kinds))
    assert ("the retirement age", "the age of retirement") in found
    assert ("the head teacher's salary", "the salary of the head teacher") in found
    assert not list(chains(*(lambda t: (t.norms, t.kinds))(tokenize("some of the many, and most of all"))))


@given(st.lists(st.sampled_from(["the", "of", "age", "retirement", "in", "teacher's", ",", "3", "Ünal"]), max_size=12))
def test_chains_stand_in_the_text_and_can_be_looked_up(words: list[str]) -> None:
    tokens = tokenize(" ".join(words))
    text = " ".join(tokens.norms)
    for original, chain in chains(tokens.norms, tokens.kinds):
        assert chain in text
        assert normalized(original) == original and normalized(chain) == chain
        assert 2 <= len(tokenize(original)) <= 6 and 3 <= len(tokenize(chain)) <= 6


def test_chains_enter_the_channel_with_the_chance_of_each_dialect() -> None:
    channel = Channel.open(CHANNEL)
    longer = with_chains(channel, [tokenize("The colour of zinnias.")])
    row = [i for i, o in enumerate(longer.original.tolist()) if longer.text[o] == "the zinnias colour"]
    assert np.exp(longer.log_swap[row[0]]).tolist() == pytest.approx(
        [CHAINED[d[len(DIALECT) :]] for d in channel.dialects]
    )
    assert with_chains(channel, [tokenize("Nothing here.")]) is channel


def test_the_shipped_channel_is_made_of_the_tables() -> None:
    fresh, kept = build(DIALECTS / "translated.toml"), Channel.open(CHANNEL)
    assert fresh.dialects == kept.dialects and fresh.text == kept.text
    assert (fresh.spun_key == kept.spun_key).all() and (fresh.log_swap == kept.log_swap).all()


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_tables_are_in_order(path: Path) -> None:
    assert not list(lint(path))
    assert all(e.source == "observed" and 0 < e.documents <= e.count for e in read_own(path))
