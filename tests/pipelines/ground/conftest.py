from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from quibble.data import ImageEntry, Maker, Record, RegionEntry, Role, Turn, write_jsonl
from quibble.geometry import Box, Mask
from quibble.taxonomy import QGroundClass

SIZE = 160
#: A text for each picture: the upper right is dark, nothing is wrong, everything is noisy.
TEXTS = {
    "astronaut": "In the upper right region there is a serious lack of light. The rest is good. The quality is fair.",
    "coffee": "The picture is sharp and well exposed. The quality is excellent.",
    "rocket": "The whole picture is very noisy. The quality is poor.",
}


@pytest.fixture(scope="session")
def described(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of three pictures with a text on quality each."""
    folder = tmp_path_factory.mktemp("described")
    (folder / "images").mkdir()
    records = []
    for name, text in TEXTS.items():
        picture = np.array(Image.fromarray(getattr(data, name)()).resize((SIZE, SIZE)))
        if name == "astronaut":
            picture[: SIZE // 2, SIZE // 2 :] //= 8
        Image.fromarray(picture).save(folder / "images" / f"{name}.png")
        image = ImageEntry(role=Role.SINGLE, file=f"images/{name}.png", width=SIZE, height=SIZE)
        turn = Turn(question="How good is it?", answer=text)
        records.append(Record(id=name, task="pathway", images=(image,), turns=(turn,), source=f"{name}.png"))
    write_jsonl(records, folder / "records.jsonl")
    return folder


def annotation(picture: str, person: str, masks: dict[QGroundClass, tuple[float, float, float, float]]) -> Record:
    """What one person said of a picture of `described`, with boxes as masks."""
    image = ImageEntry(role=Role.SINGLE, file=f"images/{picture}.png", width=SIZE, height=SIZE)
    regions = tuple(
        RegionEntry(image=0, mask=Mask.from_box(Box.from_xywh(*box), width=SIZE, height=SIZE), label=name.value)
        for name, box in masks.items()
    )
    return Record(
        id=f"{picture}-{person}",
        task="ground",
        images=(image,),
        turns=(Turn(question="How good is it?", answer=TEXTS[picture]),),
        regions=regions,
        makers=(Maker(part="ground.masks", model=f"person/{person}"),),
    )
