from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.io import savemat

from quibble.errors import ArgumentError
from quibble.geometry import Mask
from quibble.pipelines.maps import open_maps

LABELS = np.zeros((6, 8), np.uint8)
LABELS[:, 4:] = 2
LABELS[4:, :4] = 9


def test_png_maps_by_stem(tmp_path: Path) -> None:
    Image.fromarray(LABELS).save(tmp_path / "a.png")
    Image.fromarray(LABELS.astype(np.uint16) * 300).save(tmp_path / "b.png")
    paletted = Image.fromarray(LABELS, mode="P")
    paletted.putpalette([0, 0, 0] * 256)
    paletted.save(tmp_path / "c.png")
    maps = open_maps(tmp_path, ["a.jpg", "b.jpg", "c.jpg", "d.jpg"])
    for name, factor in (("a.jpg", 1), ("b.jpg", 300), ("c.jpg", 1)):
        found = maps.find(name)
        assert found is not None
        assert found.labels.dtype == np.int32
        assert (found.labels == LABELS.astype(int) * factor).all()
        assert not found.unlabelled
    assert maps.find("d.jpg") is None


def test_bsds_takes_the_person_with_the_middle_number_of_regions(tmp_path: Path) -> None:
    people: list[NDArray[Any]] = [LABELS * 0, LABELS, np.arange(48, dtype=np.uint16).reshape(6, 8)]
    cells = np.empty((1, 3), object)
    for index, labels in enumerate(people):
        cells[0, index] = {"Segmentation": labels.astype(np.uint16), "Boundaries": labels}
    savemat(tmp_path / "100.mat", {"groundTruth": cells})
    found = open_maps(tmp_path, ["100.jpg"]).find("100.jpg")
    assert found is not None
    assert (found.labels == LABELS).all()


def test_panoptic(tmp_path: Path) -> None:
    ids = np.where(LABELS == 2, 1 + 256 * 2 + 65536 * 3, np.where(LABELS == 9, 5, 0)).astype(np.int64)
    color = np.stack([ids % 256, ids // 256 % 256, ids // 65536], axis=-1).astype(np.uint8)
    (tmp_path / "panoptic").mkdir()
    Image.fromarray(color).save(tmp_path / "panoptic" / "1.png")
    write(
        tmp_path / "panoptic.json",
        images=[{"id": 7, "file_name": "one.jpg", "width": 8, "height": 6}],
        categories=[{"id": 3, "name": "sky-other-merged"}, {"id": 4, "name": "dog"}],
        annotations=[
            {
                "image_id": 7,
                "file_name": "1.png",
                "segments_info": [{"id": 1 + 512 + 3 * 65536, "category_id": 3}, {"id": 5, "category_id": 4}],
            }
        ],
    )
    maps = open_maps(tmp_path / "panoptic.json", ["one.jpg", "two.jpg"])
    found = maps.find("one.jpg")
    assert found is not None
    assert (found.labels == ids).all()
    assert found.names == {197121: "sky-other-merged", 5: "dog"}
    assert found.unlabelled == {0}
    assert maps.find("two.jpg") is None


def test_instances_put_the_smaller_on_top(tmp_path: Path) -> None:
    small = Mask.from_array(LABELS == 9)
    write(
        tmp_path / "instances.json",
        images=[{"id": 7, "file_name": "one.jpg", "width": 8, "height": 6}],
        categories=[{"id": 1, "name": "dog"}, {"id": 2, "name": "sofa"}],
        annotations=[
            {"id": 1, "image_id": 7, "category_id": 1, "segmentation": small.to_coco(), "bbox": [0, 4, 4, 2],
             "area": 8, "iscrowd": 1},
            {"id": 2, "image_id": 7, "category_id": 2, "segmentation": [[0, 0, 8, 0, 8, 6, 0, 6]],
             "bbox": [0, 0, 8, 6], "area": 48, "iscrowd": 0},
        ],
    )  # fmt: skip
    found = open_maps(tmp_path / "instances.json", ["one.jpg"]).find("one.jpg")
    assert found is not None
    assert (found.labels == np.where(LABELS == 9, 1, 2)).all()
    assert found.names == {1: "dog", 2: "sofa"}


def write(path: Path, **members: object) -> None:
    path.write_text(json.dumps(members))


class TestMistakes:
    def test_neither_folder_nor_json(self, tmp_path: Path) -> None:
        with pytest.raises(ArgumentError, match=r"a folder of \.png or \.mat files, or a COCO \.json file"):
            open_maps(tmp_path / "nothing", [])

    def test_two_photographs_of_one_name(self, tmp_path: Path) -> None:
        Image.fromarray(LABELS).save(tmp_path / "a.png")
        with pytest.raises(ArgumentError, match="two photographs of the same name"):
            open_maps(tmp_path, ["a.jpg", "a.jpeg"])

    def test_damaged_maps(self, tmp_path: Path) -> None:
        (tmp_path / "a.png").write_bytes(b"no picture")
        (tmp_path / "b.mat").write_bytes(b"no matlab file" * 20)
        savemat(tmp_path / "c.mat", {"other": LABELS})
        Image.fromarray(LABELS / np.float32(3), mode="F").save(tmp_path / "d.tif")
        (tmp_path / "d.tif").rename(tmp_path / "d.png")
        maps = open_maps(tmp_path, [])
        for name in ("a", "b", "c", "d"):
            with pytest.raises(ArgumentError, match=f"{name}[.](png|mat)"):
                maps.find(f"{name}.jpg")

    def test_json_that_is_not_cocos(self, tmp_path: Path) -> None:
        (tmp_path / "p.json").write_text('{"segments_info": 1, "images": []}')
        with pytest.raises(ArgumentError, match="COCO panoptic annotations"):
            open_maps(tmp_path / "p.json", [])
        (tmp_path / "q.json").write_text('{"segments_info"')
        with pytest.raises(ArgumentError, match="cannot be read as JSON"):
            open_maps(tmp_path / "q.json", [])
