"""Encoding damage, brace residue and page furniture: found where they are, honest text left alone."""

import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.furniture import _MACROS, _compiled, _cues
from cleaner.repairs import repairs
from cleaner.resources import rows
from cleaner.result import Finding


def applied(text: str, findings: list[Finding]) -> str:
    out, at = [], 0
    for f in findings:
        if f.replacement is not None:
            out += [text[at : f.start], f.replacement]
            at = f.end
    return "".join([*out, text[at:]])


def pairs(text: str, kind: str) -> list[tuple[str, str | None]]:
    return [(f.text, f.replacement) for f in repairs(text) if f.kind == kind]


def fixed(text: str) -> str:
    return applied(text, repairs(text))


# --- Encoding -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("damaged", "right"),
    [
        ("They donâ€™t know.", "They don’t know."),
        ("â€œNo,â€\x9d she said â€“ twice.", "“No,” she said – twice."),
        ("â€œNo,â€ she said.", "“No,” she said."),  # the last byte lost on the way
        ('the Republic â€" the first one', "the Republic — the first one"),
        ("a cafÃ© in MÃ¼nchen", "a café in München"),
        ("voilÃ  le travail", "voilà le travail"),
        ("10Â°C and Â£5", "10°C and £5"),
        ("todayÃ¢Â\x80Â\x99s vote", "today’s vote"),  # damaged twice
        ("the campaign\x92s last week \x96 over", "the campaign’s last week – over"),
        ("reforms worked \x80\x94so far", "reforms worked —so far"),
        ("itâ€™s in Việt Nam’s “café”", "it’s in Việt Nam’s “café”"),  # amid honest Unicode
        ("We don\ufffdt and won\ufffdt", "We don’t and won’t"),
        ("r√©sum√©s", "résumés"),
        ("Ð¿Ñ€Ð¸Ð²ÐµÑ‚, Boris", "привет, Boris"),
        ("so happy ðŸ˜€ today", "so happy 😀 today"),
    ],
)
def test_encoding_damage_is_mended(damaged: str, right: str) -> None:
    assert fixed(damaged) == right
    assert {f.kind for f in repairs(damaged)} == {"encoding"}


def test_findings_are_minimal() -> None:
    assert pairs("Itâ€™s the cafÃ©’s “idea” â€“ not Â©.", "encoding") == [
        ("â€™", "’"),
        ("Ã©", "é"),
        ("â€“", "–"),
        ("Â©", "©"),
    ]


def test_less_certain_readings_say_so() -> None:
    (dash,) = repairs('the Republic â€" the first one')
    (quote,) = repairs("isnâ€™t")
    assert dash.confidence < 0.7 < 0.95 < quote.confidence
    assert dash.alternatives == (("–", 0.3),)


HONEST_UNICODE = [
    "L’été où çà et là, Noël à l’œuvre, « déjà vu » — ENTRÉE, FORÊT, NOËL…",
    "Größe, Straße, Übermut; „Ärger“ – ÖSTERREICH.",
    "Türkiye’de İstanbul’un Şişli ilçesi; ığdır, ÇAĞRI.",
    "Việt Nam độc lập, tự do, hạnh phúc; ÂM NHẠC, Â Đông.",
    "Ελλάδα: «ναι», Ωμέγα, ΐ ΰ.",
    "Привет, мир! «Вот» — это… РОССИЯ. Српски ђак.",
    "São Tomé, SÃO PAULO, ação, Ângela; ¿Qué? ¡Olé! ª º",
    "👍🏽 👩‍👩‍👧 ❤️ 🇳🇬 ☺",
    "ﬁne ofﬁce, ﬂow; Ångström (1 Å³ = 10⁻³⁰ m³), 3 ×² ±2 °C, µm, ½, x² ≤ y³, √2 ≈ 1.41.",
    "&eacute; &amp; &#8217; &nbsp; <b>caf&eacute;</b>",
    "‘single’ “double” ‚low‘ „low“ ‹angle› … – — † ‡ • ™ ® © € £ ¥",
    "ＦＵＬＬ　ＷＩＤＴＨ ｶﾀｶﾅ 全角、半角。 한국어, עברית, العربية, हिन्दी",
    "Line one\u2028line two\x85line three\x0b\x0c end\u00ad",
    "decomposed: cafe\u0301, A\u030angstro\u0308m",
    "Zażółć gęślą jaźń; Čeština: příliš žluťoučký kůň; Ő Ű magyar; Ðorđe; Íslensk Þjóð.",
]


@pytest.mark.parametrize("text", HONEST_UNICODE)
def test_honest_unicode_is_untouched(text: str) -> None:
    assert repairs(text) == []
    assert repairs(f"He wrote: {text} And then he left.") == []


def test_replacement_character_without_a_cure_is_left() -> None:
    assert repairs("caf\ufffd and na\ufffdve, se\ufffdor") == []


# --- Residue --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("residue", "right"),
    [
        ("The judges found {that a} vote was lawful.", "The judges found that a vote was lawful."),
        (
            "It cost the city millions of {dollars}. Nobody minded.",
            "It cost the city millions of dollars. Nobody minded.",
        ),
        ("He kept up educational {and professional} standards.", "He kept up educational and professional standards."),
        (
            "They walked slowly (with {a number of} stops) to town.",
            "They walked slowly (with a number of stops) to town.",
        ),
        ("It was a {big|large|huge} dog with a loud bark.", "It was a big dog with a loud bark."),
        ("The price is {as low as|no more than} ten pounds now.", "The price is as low as ten pounds now."),
    ],
)
def test_brace_residue_is_mended(residue: str, right: str) -> None:
    assert fixed(residue) == right
    (finding,) = repairs(residue)
    assert finding.kind == "residue" and finding.confidence > 0.5


def test_unmade_choice_offers_the_others() -> None:
    (finding,) = repairs("It was a {big|large|huge} dog with a loud bark.")
    assert [text for text, _ in finding.alternatives] == ["large", "huge"]
    assert finding.confidence + sum(p for _, p in finding.alternatives) == pytest.approx(1)


def test_a_lone_braced_word_is_trusted_only_where_the_text_has_shown_what_its_braces_are() -> None:
    alone = "We saw the {lighthouse} from the deck of the boat."
    (finding,) = repairs(alone)
    assert finding.confidence < 0.5
    (_, again) = repairs(f"They were told {{that a}} storm was on its way.\n{alone}")
    assert again.text == "{lighthouse}" and again.confidence > 0.8


@pytest.mark.parametrize(
    "text",
    [
        "Dear {{first name}}, thank you for the order that you placed.",
        "Dear {name}, thank you for the order that you placed on {order date} with us.",
        "Set the path to ${home dir} before you start the program.",
        'print(f"hello {name of user} and welcome to the shop")',
        r"The ratio is \frac{a}{b}, as shown in \emph{the second part} above.",
        "Let the set {a, b} be given, and let {x} be a part of it; then {x} is closed.",
        '{"title": "the long road home", "pages": 200}',
        "p {color: red} is a rule that all of the pages on our site share",
        "p { margin: none }",
        "if ready {return true} else {return false}",
        "let v = vec.iter().map(|x| {x plus one}).collect();",
        "title = {The long road home}, author = {Jane Roe},",
        "use std::collections::{first, last};",
        "Usage: service nginx {start|stop|restart}",
        "They sang louder then: {inaudible} and the crowd went home.",
        "an empty {} and a lone { brace } in the middle of a line of prose",
        "The old {far too many words for a choice that was left empty here} stay.",
        "{that a}",
    ],
)
def test_braces_of_code_and_templates_are_untouched(text: str) -> None:
    assert [f for f in repairs(text) if f.confidence >= 0.5] == []


def test_doubled_words_are_left_to_the_model_and_the_author() -> None:
    assert repairs("It had a a lot smaller crew than she had had, and that that was so is is clear.") == []


# --- Furniture ------------------------------------------------------------------------------------------------

PROSE = "The ferry left the harbour at dawn, with forty people and a dozen goats on board, and nobody was seasick."


def test_every_pattern_of_the_lexicon_finds_its_example() -> None:
    for why, _, pattern, confidence, example in rows("furniture.tsv"):
        (finding,) = repairs(example)
        assert finding.kind == "furniture" and finding.replacement == "" and not finding.applied, example
        assert _compiled(pattern).fullmatch(example), (pattern, example)
        assert finding.confidence >= float(confidence), (why, example)


def test_the_lexicon_is_in_order() -> None:
    table = list(rows("furniture.tsv"))
    keys = [(why, pattern) for why, _, pattern, _, _ in table]
    assert keys == sorted(set(keys))
    for why, cue, pattern, confidence, example in table:
        assert why and cue and example and 0.5 <= float(confidence) <= 0.99
        assert _compiled(pattern).groups == 0
        assert cue == cue.lower()
        assert set(re.findall(r"\{[a-z]+\}", pattern)) <= set(_MACROS), pattern
    residue = list(rows("residue.tsv"))
    assert [row[0] for row in residue] == sorted({row[0] for row in residue})
    assert all(0 <= float(confidence) <= 1 and evidence for _, confidence, evidence in residue)


def test_cues_lose_nothing() -> None:
    begins, holds = _cues()
    everything = {row for rows in (*begins.values(), *holds.values()) for row in rows}
    for *_, example in rows("furniture.tsv"):
        slow = max((row.confidence for row in everything if _compiled(row.pattern).fullmatch(example)), default=0.0)
        assert repairs(example)[0].confidence == slow


@pytest.mark.parametrize(
    "line",
    [
        "Comments on the draft were due on Friday.",
        "Comments by readers filled the page, and share prices fell.",
        "Photographs by the dozen hung on the wall of the old mill.",
        "Photo finishes are rare on this course.",
        "Images of the storm show how far the water came.",
        "Pictures: she had hundreds of them, in boxes under the bed.",
        "Read the letter aloud, he said, and leave nothing out.",
        "Read more slowly and you will see what the poet meant.",
        "Also read at the service was a letter from the king.",
        "Also on the table: bread, two kinds of cheese and a jug of cider.",
        "Related species live further north, where the winters are long.",
        "Leave a reply on the slate by the door if nobody is in.",
        "Your email address will be published in the members’ handbook unless you object.",
        "Copyright in letters belongs to those who wrote them.",
        "All rights reserved to the states were listed in the schedule, one by one.",
        "Share the bread among six, and keep some for the birds.",
        "Share prices rose in London, and Facebook gained two per cent.",
        "Subscribe to that view, and you must accept what follows from it.",
        "Advertisements for soap paid for the first radio serials.",
        "Follow the river north until you reach the second bridge.",
        "Follow us on foot if the boat is full.",
        "Join me on Monday at the mill.",
        "Sign up for the race at the post office before noon.",
        "We use cookies as bait, since mice prefer them to cheese.",
        "More from habit than from hunger, he ate.",
        "Most read it as an insult.",
        "Reporting by telephone was quicker than by post.",
        "Click here, he said, pointing at the shutter with his good hand.",
        "Trade with Canada grew, and the insights gained were many.",
        "Become a member of the crew, and you eat before the passengers.",
        "Tags were tied to every crate.",
        "Get the children to the boat and your bags in your cabin.",
        "Credit: nobody would give it to him.",
        "The museum shows a photo by Ansel Adams",
        "He left the agency via Reuters Square and never came back.",
        "Editing by hand takes weeks.",
        "By continuing north we reached the lake.",
        "The views expressed at the meeting were mild.",
        "This article of faith was first stated in Nicaea.",
        "Home, news and contact with friends were all he asked for.",
        "Loading the hay took all day.",
        "Email was down.",
        "Support for local journalism has many forms.",
    ],
)
def test_honest_lines_are_not_furniture(line: str) -> None:
    assert repairs(line) == []
    assert repairs(f"{PROSE}\n{line}\n{PROSE}\n") == []


def test_repeated_captions_go_after_the_first() -> None:
    caption = "The ferry Isla leaves the old harbour"
    text = f"{PROSE}\n{caption}\n\n{caption}\n{caption}\n{PROSE}"
    assert [f.start for f in repairs(text)] == [m.start() for m in re.finditer(caption, text)][1:]
    assert fixed(text) == f"{PROSE}\n{caption}\n\n{PROSE}"


def test_refrains_are_kept() -> None:
    verse = "Row the boat gently home\nRow the boat gently home\nThe tide will not wait\nFor those who roam\n"
    assert repairs(verse) == []


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("A.\nShare this:\nB.\n", "A.\nB.\n"),
        ("A.\n\nShare this:\n\nB.\n", "A.\n\nB.\n"),
        ("A.\n\nShare this:\nTweet this\n\nB.\n", "A.\n\nB.\n"),
        ("A.\nShare this:\n\nB.\n", "A.\n\nB.\n"),
        ("A.\n\nShare this:\nB.\n", "A.\n\nB.\n"),
        ("A.\n\nShare this:\n\nTweet this\n\nB.", "A.\n\nB."),
        ("A.\nShare this:\nTweet this\n", "A.\n"),
        ("A.\nShare this:\nTweet this", "A."),
        ("A.\n\nShare this:\n\nTweet this\n", "A.\n"),
        ("Share this:\n\nA.\n", "A.\n"),
        ("Share this:\nTweet this", ""),
        ("A.\r\n\r\nShare this:\r\n\r\nB.\r\n", "A.\r\n\r\nB.\r\n"),
        ("A.\rShare this:\rB.", "A.\rB."),
        ("A.\n  • Share this: \t\nB.\n", "A.\nB.\n"),
    ],
)
def test_removal_leaves_no_empty_line(text: str, left: str) -> None:
    assert fixed(text) == left


def test_furniture_that_holds_damage() -> None:
    text = f"{PROSE}\nÂ© 2024 Harbour News. All rights reserved.\n"
    assert [f.kind for f in repairs(text)] == ["encoding"]
    assert [f.kind for f in repairs(text, furniture=True)] == ["furniture"]
    assert applied(text, repairs(text, furniture=True)) == f"{PROSE}\n"


# --- Properties -----------------------------------------------------------------------------------------------


def test_furniture_of_a_long_text_is_that_of_its_articles() -> None:
    """A text of several megabytes is gone through piece by piece."""
    article = f"{PROSE}\n\nRead Also: another article\n\n{PROSE}\n"
    times = 3_000_000 // len(article)
    spans = [(f.start, f.end) for f in repairs(article)]
    assert spans
    moved = [(k * len(article) + start, k * len(article) + end) for k in range(times) for start, end in spans]
    assert [(f.start, f.end) for f in repairs(article * times)] == moved


EXAMPLES = [row[-1] for row in rows("furniture.tsv")]
DAMAGE = [
    "â€™",
    "Ã©",
    "â€",
    "Â ",
    "\x92",
    "\x80",
    "\ufffd",
    "ï¿½",
    "√©",
    "Â©",
    "\ud800",
    "don",
    "t",
    "’",
    "é",
    '"',
    ".",
]
BREAKS = [" ", "\n", "\n\n", "\r\n", "\r", "\x85", "\u2028"]
BRACES = ["{that a}", "{big|large}", "{word}", "{", "}", "|"]
PIECES = st.sampled_from([*EXAMPLES, PROSE, *DAMAGE, *BREAKS, *BRACES])
ANY_TEXT = st.text(st.characters(exclude_categories=())) | st.lists(PIECES, max_size=12).map("".join)


@given(ANY_TEXT, st.booleans())
@settings(max_examples=300, deadline=None)
def test_findings_are_exact_sorted_and_disjoint(text: str, furniture: bool) -> None:
    end = 0
    for f in repairs(text, furniture=furniture):
        assert end <= f.start < f.end <= len(text)
        assert text[f.start : f.end] == f.text != f.replacement
        assert 0 < f.confidence < 1 and not f.applied
        end = f.end


LINE = st.sampled_from(
    [
        *EXAMPLES[::5],
        PROSE,
        "",
        "He found {that a} cure was near at hand.",
        "A {big|large} dog barked all night.",
        "— “é” ’",
    ]
)


@given(st.lists(LINE, max_size=8).map("\n".join))
@settings(max_examples=200, deadline=None)
def test_applying_all_leaves_nothing(text: str) -> None:
    assert repairs(applied(text, repairs(text, furniture=True)), furniture=True) == []


HONEST = st.text(st.sampled_from("abc.,! ’“”–—…éèüñçßåøœ£€©°½àÉÖ\xa0"), max_size=60)


@given(HONEST, st.sampled_from(["latin-1", "cp1252"]))
@settings(max_examples=300, deadline=None)
def test_mending_stays_mended(text: str, encoding: str) -> None:
    damaged = text.encode().decode(encoding, "replace").replace("\ufffd", "")
    once = fixed(damaged)
    # What was mended may be furniture ("© a"): that is no damage.
    assert [f for f in repairs(once) if f.kind != "furniture"] == []


def test_ftfy_is_imported_only_when_needed() -> None:
    code = "import sys, cleaner.repairs as r; r.repairs('Déjà vu — “naïve” {that a}.'); sys.exit('ftfy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
