from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pycocotools import mask as rle
from pycocotools.coco import COCO

from quibble.data import ImageEntry, Record, RegionEntry, Role
from quibble.data.formats import coco
from quibble.errors import RecordError
from quibble.geometry import Box, Mask
from tests.data.examples import mask, record
from tests.data.strategies import ROLES, records

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")


def load(path: Path) -> COCO:
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(path))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(items=st.lists(records(roles=ROLES.filter(bool)), max_size=3))
def test_pycocotools_reads_what_is_written(items: list[Record], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("c") / "a.json"
    coco.write(items, path)
    api = load(path)
    files = [image.file for item in items for image in item.images]
    assert [api.loadImgs(number)[0]["file_name"] for number in sorted(api.getImgIds())] == files
    regions = [(item, region) for item in items for region in item.regions]
    annotations = [api.anns[number] for number in sorted(api.getAnnIds())]
    for (item, region), annotation in zip(regions, annotations, strict=True):
        image = item.images[region.image]
        assert api.imgs[annotation["image_id"]]["file_name"] == image.file
        assert annotation["iscrowd"] == (1 if isinstance(annotation["segmentation"], dict) else 0)
        assert api.cats[annotation["category_id"]]["name"] == (region.label or "region")
        drawn = api.annToMask(annotation)
        assert drawn.shape == (image.height, image.width)
        if region.mask is not None:
            assert (drawn.astype(bool) == region.mask.to_array()).all()
            assert annotation["area"] == drawn.sum()
        bounds = region.region.bounds
        assert annotation["bbox"] == [bounds.x0, bounds.y0, bounds.width, bounds.height]


def test_a_box_that_a_corner_and_a_size_cannot_say(tmp_path: Path) -> None:
    box = Box(x0=1.4, y0=1, x1=7.7, y1=2)
    assert Box.from_xywh(box.x0, box.y0, box.width, box.height) != box
    item = record(regions=(RegionEntry(image=0, box=box),), turns=())
    coco.write([item], tmp_path / "a.json")
    assert list(coco.read(tmp_path / "a.json")) == [item]


def test_an_edited_annotation_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    coco.write([record()], path)
    data = json.loads(path.read_text())
    data["annotations"][1]["bbox"] = [1, 1, 2, 2]
    data["annotations"][0]["segmentation"] = mask(3, 3, 5, 5).to_coco()
    path.write_text(json.dumps(data))
    (item,) = coco.read(path)
    assert item.regions[1].box == Box(x0=1, y0=1, x1=3, y1=3)
    assert item.regions[0].mask == mask(3, 3, 5, 5)


def foreign() -> dict[str, Any]:
    image = {"id": 9, "file_name": "000000000009.jpg", "width": 16, "height": 12, "license": 4}
    square = [[2, 2, 6, 2, 6, 6, 2, 6], [10, 0, 12, 0, 12, 2]]
    common = {"image_id": 9, "area": 1, "iscrowd": 0}
    return {
        "info": {"year": 2017},
        "annotations": [
            common | {"id": 1, "category_id": 18, "bbox": [2, 2, 4, 4], "segmentation": square},
            common | {"id": 2, "category_id": 187, "bbox": [15.2, 0, 1.1, 3]},
            common
            | {"id": 3, "category_id": 18, "iscrowd": 1, "segmentation": {"size": [12, 16], "counts": [12, 24, 156]}},
            common | {"id": 4, "category_id": 18, "bbox": [3, 3, 0.2, 0.2], "segmentation": [[3, 3, 3.2, 3, 3.2, 3.2]]},
        ],
        "images": [image, {"id": 10, "file_name": "10.jpg", "width": 5, "height": 5}],
        "licenses": [{"id": 4, "name": "CC"}],
        "categories": [{"id": 18, "name": "dog", "supercategory": "animal"}, {"id": 187, "name": "sky-other-merged"}],
    }


def test_a_foreign_file(tmp_path: Path) -> None:
    path = tmp_path / "instances.json"
    path.write_text(json.dumps(foreign(), indent=1))
    first, second = coco.read(path)
    assert (first.id, first.task, first.turns) == ("9", "regions", ())
    assert first.images == (ImageEntry(role=Role.SINGLE, file="000000000009.jpg", width=16, height=12),)
    assert [region.label for region in first.regions] == ["dog", "sky", "dog", "dog"]
    polygons = foreign()["annotations"][0]["segmentation"]
    reference = rle.decode(rle.merge(rle.frPyObjects(polygons, 12, 16))).astype(bool)
    assert first.regions[0].mask == Mask.from_array(reference)
    assert first.regions[0].box == Box(x0=2, y0=2, x1=6, y1=6)
    assert (first.regions[1].mask, first.regions[1].box) == (None, Box(x0=15.2, y0=0, x1=16, y1=3))
    crowd = np.zeros((12, 16), bool)
    crowd[:, 1:3] = True
    assert (first.regions[2].mask, first.regions[2].box) == (Mask.from_array(crowd), None)
    assert first.regions[3].mask is None
    assert first.extra["coco"] == {
        "image": {"id": 9, "license": 4},
        "annotations": [{"id": number, "iscrowd": int(number == 3)} for number in (1, 2, 3, 4)],
    }
    assert (second.id, second.regions) == ("10", ())
    coco.write([first, second], tmp_path / "again.json")
    assert list(coco.read(tmp_path / "again.json")) == [first, second]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("sky-other-merged", "sky"),
        ("water-other", "water"),
        ("door-stuff", "door"),
        ("floor-wood", "floor-wood"),
        ("other", "other"),
    ],
)
def test_panoptic_names(name: str, label: str, tmp_path: Path) -> None:
    data = foreign()
    data["categories"][0]["name"] = name
    (tmp_path / "a.json").write_text(json.dumps(data))
    assert next(coco.read(tmp_path / "a.json")).regions[0].label == label


@pytest.mark.parametrize(
    ("place", "value", "field", "reason"),
    [
        (("annotations", 0, "category_id"), 5, "annotations[0].category_id", "one of the categories"),
        (("annotations", 1, "image_id"), 77, "annotations[1].image_id", "one of the images, found 77"),
        (("annotations", 1, "image_id"), None, "annotations[1].image_id", "a whole number"),
        (("annotations", 0, "bbox"), [0, 0, 99, 1], "annotations[0].bbox", "inside its picture of 16 x 12"),
        (("annotations", 0, "bbox"), [0, 0, -1, 1], "annotations[0].bbox", "[x, y, width, height]"),
        (("annotations", 0, "segmentation"), [[1, 2]], "annotations[0].segmentation", "at least 3 points"),
        (("annotations", 0, "segmentation"), [["1"]], "annotations[0].segmentation[0][0]", "finite number"),
        (("annotations", 2, "segmentation", "size"), [16, 12], "annotations[2].segmentation", "16 x 12 like its image"),
        (("annotations", 2, "segmentation", "counts"), [1], "annotations[2].segmentation", "cover 1 pixels"),
        (("annotations", 1, "bbox"), [], "annotations[1]", "found neither"),
        (("images", 0, "file_name"), "/a.jpg", "images[0].file_name", "below the data set's folder"),
        (("images", 0, "width"), "16", "images[0].width", "a whole number"),
        (("categories", 0, "name"), 3, "categories[0].name", "expected text"),
    ],
)
def test_malformed(place: tuple[Any, ...], value: Any, field: str, reason: str, tmp_path: Path) -> None:
    data = foreign()
    target: Any = data
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value
    path = tmp_path / "a.json"
    path.write_text(json.dumps(data))
    with pytest.raises(RecordError) as caught:
        list(coco.read(path))
    assert caught.value.field == field
    assert caught.value.file == str(path)
    assert reason in caught.value.reason


def two_pictures(path: Path) -> dict[str, Any]:
    """What is written of a record with two pictures and a region on each."""
    images = tuple(ImageEntry(role=role, file=f"{role}.png", width=16, height=12) for role in (Role.A, Role.B))
    regions = tuple(RegionEntry(image=index, mask=mask(0, 0, 2, 2)) for index in (1, 0))
    coco.write([record(images=images, regions=regions, turns=())], path)
    data: dict[str, Any] = json.loads(path.read_text())
    return data


def test_our_own_pictures_stay_together(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    data = two_pictures(path)
    assert [image["file_name"] for image in data["images"]] == ["A.png", "B.png"]
    assert [annotation["image_id"] for annotation in data["annotations"]] == [2, 1]
    other = {"id": 5, "file_name": "c.png", "width": 1, "height": 1}
    for images, reason in (
        (data["images"][:1], "found the end of the images"),
        ([data["images"][0], other], "is missing"),
        ([*data["images"][:1], other | {"quibble": {"id": "r0", "picture": 7}}], "expected picture 1 of record r0"),
    ):
        path.write_text(json.dumps(data | {"images": images}))
        with pytest.raises(RecordError, match=reason):
            list(coco.read(path))


def test_our_own_annotations_are_all_there(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    data = two_pictures(path)
    path.write_text(json.dumps(data | {"annotations": data["annotations"][1:]}))
    with pytest.raises(RecordError, match=r"expected this many annotations, found those of regions \[1\]"):
        list(coco.read(path))
    path.write_text(json.dumps(data | {"annotations": [*data["annotations"], data["annotations"][0] | {"id": 9}]}))
    with pytest.raises(RecordError, match="is region 0 of its record, as another annotation is"):
        list(coco.read(path))


def test_a_record_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="record 'r0' has no pictures"):
        coco.write([record(images=(), regions=(), turns=())], tmp_path / "a.json")
    assert not list(tmp_path.iterdir())
