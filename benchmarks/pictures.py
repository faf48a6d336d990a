"""Draw the pictures of docs/model.md from what the shipped model says.

python -m benchmarks.pictures docs/images
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cleaner import Cleaner, Result

SENTENCE = "White Home officers mentioned the Chilly Conflict was over, in response to the Monetary Instances."
HONEST = (
    "My aunt keeps bees behind the school, and every spring she gives the first jar to the bus driver.",
    "The council voted on Tuesday to keep the library open on Sundays, officials said.",
    "According to the report, the ferry left the harbour at noon with forty people on board.",
)
SPUN = (
    "Officers mentioned on Monday that the navy had misplaced two plane through the warfare.",
    "The authorities's price range was greater than the Monetary Instances had mentioned, in response to him.",
)
INK, SURE, UNSURE, SPUN_COLOUR = "#1f2933", "#0b6e4f", "#b8c4bb", "#b23a48"


def lattice(result: Result, axes: Any) -> None:
    """The sentence, and above each garbled phrase its readings; the surer, the darker."""
    x, places = 0.0, {}
    at = 0
    for word in result.original.split(" "):
        start = result.original.index(word, at)
        at = start + len(word)
        axes.text(x, 0, word, ha="left", va="center", color=INK, fontsize=9, family="monospace")
        places[start] = x
        x += len(word) + 2
    for finding in result.findings:
        left = places[max(start for start in places if start <= finding.start)]
        readings = [(finding.replacement or "", finding.confidence), *finding.alternatives]
        for level, (text, p) in enumerate(readings[:3], 1):
            if p < 0.01:
                continue
            axes.plot([left, left + len(finding.text)], [level - 0.38] * 2, color=SURE, alpha=max(p, 0.15), lw=2)
            look = {"color": SURE, "alpha": max(p, 0.4), "va": "center", "family": "monospace"}
            axes.text(left, level, text, fontsize=9, **look)
            axes.text(left, level + 0.36, f"{p:.2f}", fontsize=7, **look)
    axes.set_xlim(-1, x)
    axes.set_ylim(-0.5, 2.7)
    axes.axis("off")


def chain(result: Result, axes: Any) -> None:
    """P(spun) of each paragraph of one document."""
    axes.set_title(
        f"one document, paragraph by paragraph: verdict “{result.verdict}”", fontsize=10, color=INK, loc="left"
    )
    for row, paragraph in enumerate(result.paragraphs):
        p = paragraph.spun_probability
        text = result.original[paragraph.start : paragraph.end]
        axes.barh(row, max(p, 0.004), height=0.55, color=SPUN_COLOUR if p >= 0.5 else UNSURE)
        axes.text(
            -0.02, row, text if len(text) < 60 else text[:57] + "...", ha="right", va="center", fontsize=8, color=INK
        )
        axes.text(p + 0.015, row, f"{p:.4f}", va="center", fontsize=8, color=INK)
    axes.set_xlim(0, 1.12)
    axes.set_xlabel("probability that the paragraph is spun", fontsize=9)
    axes.set_yticks([])
    axes.invert_yaxis()
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def main() -> None:
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    plt.rcParams |= {"svg.hashsalt": "cleaner", "svg.fonttype": "none"}
    cleaner = Cleaner()
    mixed = "\n\n".join((HONEST[0], HONEST[1], *SPUN, HONEST[2]))
    pictures = (
        ("model-lattice.svg", lattice, cleaner.explain(SENTENCE), (11.0, 1.9)),
        ("model-chain.svg", chain, cleaner.clean(mixed), (9.6, 2.4)),
    )
    for name, draw, result, size in pictures:
        figure, axes = plt.subplots(figsize=size)
        draw(result, axes)
        figure.savefig(folder / name, bbox_inches="tight", metadata={"Date": None}, facecolor="white")
        figure.savefig(folder / name.replace(".svg", ".png"), bbox_inches="tight", dpi=110)
        plt.close(figure)


if __name__ == "__main__":
    main()
