"""Write the tables of docs/distort.md from the code. With `--check` only say, by the exit code, if they are current."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path

import numpy as np

from quibble.distort import draw, opinion
from quibble.taxonomy import LEVEL_PARAMETERS, Category, Distortion

PAGE = Path(__file__).parents[1] / "docs" / "distort.md"
#: What stands between these two is made here; the first names the table.
MARKED = re.compile(r"(<!-- (\w+), made by scripts/distortion_tables.py -->\n).*?(<!-- end -->\n)", re.DOTALL)
LEVELS = range(1, 6)


def main() -> int:
    page = PAGE.read_text(encoding="utf-8")
    tables = {"distortions": distortions(), "counterparts": counterparts()}
    current = MARKED.sub(lambda match: f"{match[1]}{tables[match[2]]}{match[3]}", page)
    if "--check" in sys.argv[1:]:
        return int(page != current)
    PAGE.write_text(current, encoding="utf-8")
    return 0


def distortions() -> str:
    """All distortions: parameters at the five levels, what is drawn, and opinions."""
    lines = [
        "| distortion | parameters at levels 1 to 5 | drawn | opinion at levels 1 to 5 |",
        "| --- | --- | --- | --- |",
    ]
    for category in Category:
        for distortion in (d for d in Distortion if d.category is category):
            cells = (f"`{distortion}`", parameters(distortion), drawn(distortion), opinions(distortion))
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def parameters(distortion: Distortion) -> str:
    rows = LEVEL_PARAMETERS[distortion].items()
    return "; ".join(f"{name} {', '.join(f'{value:g}' for value in values)}" for name, values in rows)


def drawn(distortion: Distortion) -> str:
    names = draw(distortion, 3, np.random.default_rng(0)).parameters.keys() - LEVEL_PARAMETERS[distortion].keys()
    return ", ".join(sorted(names))


def opinions(distortion: Distortion) -> str:
    return ", ".join(f"{opinion(distortion, level):.0f}" for level in LEVELS)


def counterparts() -> str:
    """The match of our distortions with KADID-10k's types, which the module of opinions states."""
    stated = import_module("quibble.distort.opinion").__doc__ or ""
    # A bare asterisk would start emphasis.
    return "".join(f"{line}\n".replace("*", "\\*") for line in stated.splitlines() if line.startswith("|"))


if __name__ == "__main__":
    sys.exit(main())
