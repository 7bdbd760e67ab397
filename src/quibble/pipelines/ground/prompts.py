"""What a language model is asked about the numbers on a picture, and what it may answer."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from PIL import Image

from quibble.errors import ReplyError
from quibble.experts.language_model import Request
from quibble.experts.schema import many, shown, strict, text
from quibble.pipelines.ground.marks import Marked
from quibble.taxonomy import QGroundClass

LABEL: Final = "ground.label"

#: What each class means, for whoever labels.
MEANING: Final[Mapping[QGroundClass, str]] = MappingProxyType(
    {
        QGroundClass.JITTER: "smeared or doubled by a movement of the camera or of the thing itself",
        QGroundClass.NOISE: "grain, specks or colored dots that are not part of the scene",
        QGroundClass.OVEREXPOSURE: "so bright that detail is washed out",
        QGroundClass.BLUR: "out of focus or soft, with no direction of movement",
        QGroundClass.LOW_LIGHT: "so dark that detail is hard to see",
    }
)

_SYSTEM: Final = (
    "You inspect pictures for local distortions and say for each numbered part which of them it has. You look at every "
    "part by itself, you name only what can be seen, and you answer in the form that you are asked for, with nothing "
    "before or behind it."
)

LABEL_SCHEMA: Final[dict[str, Any]] = strict(
    marks=many(strict(mark={"type": "integer"}, distortions=many(text(*QGroundClass), 0, len(QGroundClass))), 0, 200)
)


def label_request(picture: Path, marked: Marked, quality: str, *, seed: int) -> Request:
    """Asks which distortions the numbered parts of a picture have. quality: what somebody wrote on its quality."""
    stream = io.BytesIO()
    Image.fromarray(marked.image).save(stream, "JPEG", quality=90)
    classes = "\n".join(f"- {name}: {meaning}" for name, meaning in MEANING.items())
    return Request(
        task=LABEL,
        system=_SYSTEM,
        prompt=(
            "The first picture is to be inspected. The second is the same with its parts outlined and numbered from 1 "
            f"to {len(marked.marks)}; use it only to tell which part has which number. Somebody wrote about the "
            f"picture's quality:\n\n{quality}\n\nThe distortions are:\n{classes}\n\nGive each number once, in order, "
            "with all distortions that the part visibly has, or with an empty list if it has none. The text tells what "
            "to look for; where in the picture that is, tell from what you see."
        ),
        pictures=(picture, stream.getvalue()),
        schema=LABEL_SCHEMA,
        seed=seed,
        facts={"quality": quality, "marks": marked.marks},
    )


def read_labels(data: Mapping[str, Any], count: int) -> tuple[frozenset[QGroundClass], ...]:
    """The classes of the parts 1 to `count`. Raises ReplyError unless each is given once."""
    rows: Sequence[Mapping[str, Any]] = data["marks"]
    numbers = [row["mark"] for row in rows]
    if unknown := [number for number in numbers if not 1 <= number <= count]:
        raise ReplyError("numbers that are not there", f"of {count} parts: {shown(unknown)}")
    if len(set(numbers)) != len(numbers):
        raise ReplyError("a number given twice", shown(numbers))
    if missing := sorted(set(range(1, count + 1)).difference(numbers)):
        raise ReplyError("numbers left out", f"of {count} parts: {shown(missing)}")
    by_number = {row["mark"]: frozenset(map(QGroundClass, row["distortions"])) for row in rows}
    return tuple(by_number[number] for number in range(1, count + 1))
