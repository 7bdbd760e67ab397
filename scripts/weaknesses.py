"""Draw what nano gets wrong on photographs that anybody may show: docs/images/weaknesses.webp.

    python scripts/weaknesses.py [OUT.webp]

The photographs are scikit-image's: the Hubble Deep Field (NASA, public domain) as it is, the cat and the rocket (CC0)
with a damaged region. Titles say what was done and what is found, whatever that is today.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image
from skimage import data

from quibble import Assessor
from quibble.commands.assess import drawn
from quibble.distort import Sequence, regional
from quibble.draw import overlay, side_by_side
from quibble.geometry import Box, Region
from quibble.image import ImageArray, save
from quibble.results import Report

OUT: Final = Path(__file__).parents[1] / "docs" / "images" / "weaknesses.webp"
#: Pixels of the longer side at which a photograph is judged and shown.
SIDE: Final = 400
#: Photographs that nothing is done to.
UNDAMAGED: Final = ("hubble_deep_field",)
#: Others with what is done to a part, (x0, y0, x1, y1) in shares of the sides.
DAMAGED: Final = (
    ("chelsea", "brighten.gamma_rgb:3", (0.1, 0.25, 0.5, 0.9)),
    ("rocket", "saturate_weaken.hsv:4", (0.45, 0.3, 0.95, 0.95)),
)


def main() -> None:
    assessor = Assessor()
    panels: list[ImageArray] = []
    titles: list[str] = []
    for name in UNDAMAGED:
        photo = photograph(name)
        report = assessor.assess(photo)
        panels.append(drawn(photo, report))
        titles.append(f"as it is: {found(report)}")
    for name, step, part in DAMAGED:
        photo = photograph(name)
        height, width = photo.shape[:2]
        x0, y0, x1, y1 = (share * side for share, side in zip(part, (width, height) * 2, strict=True))
        region = Region(box=Box(x0=x0, y0=y0, x1=x1, y1=y1))
        plan = Sequence.parse(step)
        damaged = regional(photo, [region.to_mask(width=width, height=height)], [plan], seed=0, feather_px=2).image
        category = plan.steps[0].distortion.category
        panels.append(overlay(damaged, [region], labels=[step], categories=[category]))
        titles.append(f"{category.words}: {found(assessor.assess(damaged))}")
    save(side_by_side(panels, titles), Path(sys.argv[1]) if len(sys.argv) > 1 else OUT)
    print("\n".join(titles))


def photograph(name: str) -> ImageArray:
    picture = Image.fromarray(np.asarray(getattr(data, name)(), np.uint8)).convert("RGB")
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return np.asarray(picture)


def found(report: Report) -> str:
    """What findings a report has, in words."""
    names = sorted({finding.category.words for finding in report.findings})
    return f"{', '.join(names)} found" if names else "nothing found"


if __name__ == "__main__":
    main()
