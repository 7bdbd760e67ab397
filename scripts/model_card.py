"""Write the figures of the model in the package into its card, from the manifest.

    python scripts/model_card.py [--check]

With --check nothing is written, and the exit code is 1 if the card is not current.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from quibble.backends.weights import NANO

CARD = Path(__file__).parents[1] / "docs" / "model-card.md"
BEGIN, END = "<!-- figures, made by scripts/model_card.py -->\n", "<!-- end -->"
#: figure → (what it is, first bar, whether more is better)
ROWS = {
    "srcc": ("SRCC with opinions, pooled", 0.70, True),
    "plcc": ("PLCC with opinions, pooled, plain", 0.78, True),
    "srcc/ss01": ("SRCC inside ss01", None, True),
    "srcc/ss02": ("SRCC inside ss02", None, True),
    "srcc/ss03": ("SRCC inside ss03", None, True),
    "interval_coverage": ("share of opinions inside the 80% interval", None, True),
    "miou": ("mIoU over 12 categories and clean", 0.50, True),
    "miou_qground": ("mIoU over Q-Ground's five classes", 0.50, True),
    "miou_maps": ("the first, by the maps alone", None, True),
    "miou_qground_maps": ("the second, by the maps alone", None, True),
    "refer": ("main category of a region given its mask: accuracy", 0.65, True),
    "severity_srcc": ("Spearman of severity inside the right category", 0.60, True),
    "false_findings": ("false findings a well-rated photograph", 0.5, False),
    "false_findings_looks": ("false findings on black and white, tone and grain", None, False),
    "false_findings_smaller": ("false findings on well-rated photographs made smaller", None, False),
    "false_findings_bokeh": ("false findings on soft backgrounds behind sharp subjects", None, False),
    "false_findings_unrated": ("false findings on clean photographs of other collections", None, False),
    "camera_recall": ("share of camera defects found, level 1 and over", None, True),
    "blurred_found": ("share of 29 plainly blurred photographs that are said to be", None, True),
    "finding_precision": ("share of findings that are right", None, True),
    "finding_recall": ("share of damaged regions that are found", None, True),
    "finding_ece": ("expected calibration error of confidences", None, False),
    "gauge/accuracy_alone": ("by the gauge: the better of two versions of a clean photograph", None, True),
    "gauge/accuracy_alone_flawed": ("the same of photographs that people find something wrong with", None, True),
    "gauge/accuracy_against": ("the first with the original", None, True),
    "gauge/accuracy_against_flawed": ("the second with the original", None, True),
    "ranker/category_most": ("by the ranker: IoU of the region with the most of a category", None, True),
    "ranker/category_least": ("the same with the least, but some", None, True),
    "ranker/damage_most": ("IoU of the region with the most damage", None, True),
    "ranker/damage_least": ("the same with the least, but some", None, True),
}


def table(figures: dict[str, float]) -> str:
    """The figures as Markdown, with the bars that they meet or miss, and IoU by category."""
    lines = ["| what | measured | first bar | |", "| --- | --- | --- | --- |"]
    for name, (what, bar, more) in ROWS.items():
        value = figures[name]
        met = "" if bar is None else "met" if (value >= bar) == more else f"misses by {abs(value - bar):.3f}"
        lines.append(f"| {what} | {value:.3f} | {'' if bar is None else f'{bar:.2f}'} | {met} |")
    ious = [(name.removeprefix("iou/"), value) for name, value in figures.items() if name.startswith("iou/")]
    bins = [name.removeprefix("reliability/") for name in figures if name.startswith("reliability/")]
    told = [f"{b} {figures['reliability/' + b]:.2f} ({figures['reliability_n/' + b]:.0f})" for b in bins]
    lines += [
        "",
        "Share of findings that are right, by the tenth of their confidence (how many): " + ", ".join(told) + ".",
    ]
    lines += ["", "IoU: " + ", ".join(f"{name} {value:.2f}" for name, value in ious) + "."]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    facts = json.loads((NANO / "manifest.json").read_text(encoding="utf-8"))
    figures = dict(facts["figures"])
    for part in ("gauge", "ranker"):
        figures |= {f"{part}/{name}": value for name, value in facts[part]["figures"].items()}
    before = CARD.read_text(encoding="utf-8")
    head, _, rest = before.partition(BEGIN)
    after = head + BEGIN + table(figures) + END + rest.partition(END)[2]
    if check:
        sys.exit(after != before)
    CARD.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
