"""Draw figures of runs against steps (or pictures, for the region reader) as SVG, to see whether more still helps.

    python scripts/curves.py docs/images/reader.svg runs/reader/log.jsonl --figure val/miou --figure val/miou_qground
    python scripts/curves.py docs/images/words.svg runs/language/log.jsonl --figure val/right --x "steps of 48"

A figure measured several times at one step is drawn as its mean, with a bar from the least to the most.
"""

from __future__ import annotations

import argparse
import html
import json
import math
from collections import defaultdict
from pathlib import Path
from typing import Final

WIDTH, HEIGHT, MARGIN = 640, 360, 56
COLORS: Final = ("#1b6ca8", "#c8553d", "#3a7d44", "#7b4b94", "#946b2d", "#555555")
TICKS: Final = 4

#: figure -> step -> what was measured there
Curves = dict[str, dict[int, list[float]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("logs", type=Path, nargs="+", help="log.jsonl of runs")
    parser.add_argument(
        "--figure", action="append", required=True, help="what to draw, as the logs name it; repeatable"
    )
    parser.add_argument("--x", default="steps", help="what the logs count")
    arguments = parser.parse_args()
    curves = read(arguments.logs, arguments.figure)
    missing = [name for name in arguments.figure if not curves.get(name)]
    if missing:
        parser.error(f"no log has {', '.join(missing)}")
    arguments.out.write_text(drawn(curves, arguments.x), encoding="utf-8")
    for name, points in curves.items():
        told = ", ".join(f"{step}: {sum(v) / len(v):.3f} ({len(v)})" for step, v in sorted(points.items()))
        print(f"{name}  {told}")


def read(logs: list[Path], names: list[str]) -> Curves:
    """What the logs hold of these figures."""
    curves: Curves = {name: defaultdict(list) for name in names}
    for log in logs:
        for line in log.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            for name in names:
                if name in entry:
                    curves[name][int(entry["step"])].append(float(entry[name]))
    return curves


def ticks(low: float, high: float) -> list[float]:
    """Round numbers from low to high, about TICKS of them."""
    rough = (high - low) / TICKS
    unit = 10.0 ** math.floor(math.log10(rough))
    width = next(unit * times for times in (1, 2, 5, 10) if unit * times >= rough)
    return [width * number for number in range(math.ceil(low / width), math.floor(high / width) + 1)]


def drawn(curves: Curves, x_name: str) -> str:
    """The curves with axes and names, as SVG."""
    steps = [step for points in curves.values() for step in points]
    values = [value for points in curves.values() for measured in points.values() for value in measured]
    last, low, high = max(steps), min(values), max(values)
    room = max(0.02, 0.1 * (high - low))
    low, high = low - room, high + room

    def x(step: float) -> float:
        return MARGIN + (WIDTH - 2 * MARGIN) * step / last

    def y(value: float) -> float:
        return HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * (value - low) / (high - low)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" ',
        'font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for value in ticks(low, high):
        parts.append(f'<path d="M{MARGIN} {y(value):.1f}H{WIDTH - MARGIN}" stroke="#ddd"/>')
        parts.append(f'<text x="{MARGIN - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.2f}</text>')
    for step in ticks(0, last):
        at = HEIGHT - MARGIN + 18
        parts.append(f'<text x="{x(step):.1f}" y="{at}" text-anchor="middle">{step:,.0f}</text>')
    parts.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 16}" text-anchor="middle">{html.escape(x_name)}</text>')
    for number, (name, points) in enumerate(curves.items()):
        color, ordered = COLORS[number % len(COLORS)], sorted(points.items())
        means = [(x(step), y(sum(measured) / len(measured))) for step, measured in ordered]
        line = " ".join(f"{px:.1f},{py:.1f}" for px, py in means)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="2"/>')
        for (px, py), (_, measured) in zip(means, ordered, strict=True):
            parts.append(f'<path d="M{px:.1f} {y(min(measured)):.1f}V{y(max(measured)):.1f}" stroke="{color}"/>')
            parts.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" fill="{color}"/>')
        at = MARGIN + 14 + 130 * number
        parts.append(f'<text x="{at}" y="{MARGIN - 24}" fill="{color}">{html.escape(name)}</text>')
    return "\n".join([*parts, "</svg>\n"])


if __name__ == "__main__":
    main()
