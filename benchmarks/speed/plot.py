"""Draw the figures of `benchmarks.speed.compare`.

python -m benchmarks.speed.plot benchmarks/results/speed-DATE.json docs/images/speed.svg
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

OURS, OTHERS = "#0b6e4f", "#b8c4bb"
KINDS = {"clean": "honest text", "mixed": "1% spun", "spun": "spun text"}


def main() -> None:
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "speed"
    from matplotlib import pyplot as plt

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    found = json.loads(options.results.read_text(encoding="utf-8"))
    figure, (bars, lines) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    tools = list(found["MB per CPU second"]["clean"])
    for k, kind in enumerate(KINDS):
        rates = found["MB per CPU second"][kind]
        places = [t + 0.27 * k for t in range(len(tools))]
        colours = [OURS if tool.startswith("cleaner") else OTHERS for tool in tools]
        bars.bar(places, [rates[tool] for tool in tools], 0.24, color=colours, alpha=1 - 0.3 * k, label=KINDS[kind])
    bars.set_yscale("log")
    bars.set_xticks([t + 0.27 for t in range(len(tools))], [tool.replace(", ", "\n") for tool in tools], fontsize=7)
    bars.set_ylabel("MB a CPU second")
    bars.legend(fontsize=7, frameon=False)
    sizes = found["honest text by size"]
    for style, tool in zip(("-o", "--s"), next(iter(sizes.values())), strict=True):
        lines.plot(
            [float(s) for s in sizes], [float(s) / own[tool] for s, own in sizes.items()], style, label=tool, color=OURS
        )
    lines.set_xscale("log")
    lines.set_yscale("log")
    lines.set_xlabel("MB of honest text")
    lines.set_ylabel("CPU seconds")
    lines.legend(fontsize=7, frameon=False)
    figure.savefig(options.output, metadata={"Date": None})


if __name__ == "__main__":
    main()
