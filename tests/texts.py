"""Texts that try to break things, for property tests: spun phrases among whatever Unicode can bring."""

from __future__ import annotations

from hypothesis import strategies as st

SPUN = (
    "Officers mentioned on Monday that the navy had misplaced two plane through the warfare.",
    "The authorities's price range was greater than the Monetary Instances had mentioned, in response to him.",
    "The corporate mentioned its gross sales fell by 4% this yr, to $2,300 million (see https://a.example/navy).",
    "A spokesman for the White Home mentioned the 2 sides would meet @thenavy within the summer season.",
    "It isn’t clear if the nation’s forces took half, however consultants say it’s seemingly; an navy base is shut by.",
)
HONEST = (
    "According to the report, the ferry left the harbour at 12:30 with forty people on board.",
    "She didn’t answer. “You could have called,” he said, and shut the door.",
)
PHRASES = ("officers mentioned ", "White Home ", "in response to ", "the navy's ", "warfare ", "Chilly Conflict")
MARKUP = (
    "`the navy mentioned`", "<b>warfare</b>", "{{ officers mentioned }}", "${navy}", "https://navy.example/warfare",
    "navy@warfare.example", "{that a}", "{big|large}", "&amp;", "<!-- navy -->", "[navy](http://navy.example)",
    "cleaner:ignore-line", "Read Also: more", "Photo credit: nobody", "â€™", "Ã©", "ï¿½",
)  # fmt: skip
ODD = (
    "\x00", "\x07", "\x85", "\u00ad", "\u200b", "\u200d", "\u2060", "\ufeff", "\u202e", "\u2066", "\u2069", "\u2028",
    "\ud800", "\udfff", "\U0010ffff", "e\u0301", "\u0430", "\u03bf", "ﬁ", "Ｎ", "İ", "ẞ", "ǅ", "👨\u200d👩",
    "\r", "\r\n", "\n", "\n\n", "\x0b", "\x1c", "\xa0", "\u3000", "\t", "“", "”", "’s", "'", "’", "-", "…", "--",
)  # fmt: skip
OTHER_SCRIPTS = ("الحرب الباردة", "שלום עולם", "Холодная война", "冷戰結束了。", "ความสงบ", "नौसेना", "Ψυχρός Πόλεμος")

PIECES = st.sampled_from([*SPUN, *HONEST, *PHRASES, *MARKUP, *ODD, *OTHER_SCRIPTS]) | st.text(
    st.characters(codec=None, exclude_categories=[]), max_size=6
)
TEXTS = st.lists(PIECES, max_size=16).map("".join)
SEPARATED = st.lists(PIECES, max_size=16).map(" ".join)


@st.composite
def disguised(draw: st.DrawFn) -> tuple[str, str]:
    """A spun text, and the same with something that is not seen inside a few of its words."""
    text = "\n".join(draw(st.permutations([SPUN[0], SPUN[1], SPUN[4]])))  # those with nothing that is protected
    letters = [i for i in range(1, len(text)) if text[i - 1].isalpha() and text[i].isalpha() and text[i].isascii()]
    out = list(text)
    for i in draw(st.lists(st.sampled_from(letters), max_size=8, unique=True)):
        if draw(st.booleans()):
            out[i] = LOOKALIKES.get(out[i], out[i])
        else:
            out[i] = draw(st.sampled_from("\u00ad\u200b\u200d\u2060")) + out[i]
    return text, "".join(out)


LOOKALIKES = dict(zip("aeiopcyxs", "аеіорсухѕ", strict=True))
