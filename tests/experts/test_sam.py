from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from numpy.typing import NDArray
from PIL import Image
from transformers.models.sam.image_processing_pil_sam import SamImageProcessorPil

from quibble.errors import ArgumentError, ImageError, ModelError
from quibble.experts.sam import Grid, Sam
from quibble.experts.segmenter import open_segmenter
from quibble.geometry import Point
from tests.experts.tiny import SIDE, save_sam, save_sam2

GRID = Grid(side=4, iou=0, stability=0.2, overlap=0.99, batch=5)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("sam")
    return {"sam": save_sam(folder / "sam"), "sam2": save_sam2(folder / "sam2")}


@pytest.fixture(scope="module")
def rgb() -> NDArray[np.uint8]:
    noise = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    return noise.repeat(10, axis=0).repeat(10, axis=1)


def load(kind: Any, folder: Path) -> Any:
    return kind.from_pretrained(folder).eval()


def processor() -> Any:
    side = {"height": SIDE, "width": SIDE}
    return SamImageProcessorPil(size={"longest_edge": SIDE}, pad_size=side)


def test_pictures_get_in_as_transformers_prepares_them(folders: dict[str, Path], rgb: NDArray[np.uint8]) -> None:
    expected = processor()(rgb, return_tensors="np")["pixel_values"][0]
    assert np.abs(Sam(folders["sam"]).prepare(rgb) - expected).max() < 1e-5
    square = SamImageProcessorPil(size={"longest_edge": SIDE}, do_pad=False)
    stretched = np.asarray(Image.fromarray(rgb).resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    expected = square(stretched, return_tensors="np")["pixel_values"][0]
    assert np.abs(Sam(folders["sam2"]).prepare(rgb) - expected).max() < 1e-5


def test_a_mask_is_the_one_that_transformers_gives(folders: dict[str, Path], rgb: NDArray[np.uint8]) -> None:
    """SAM by transformers' own steps, at the middle of pixel (25, 40), which transformers calls (25, 40)."""
    inputs = processor()(rgb, return_tensors="pt")
    scale = torch.tensor([50 / 70, 64 / 90])
    points = ((torch.tensor([25.5, 40.5]) * scale) - 0.5)[None, None, None]
    model = load(transformers.SamModel, folders["sam"])
    with torch.inference_mode():
        out = model(pixel_values=inputs["pixel_values"], input_points=points, multimask_output=True)
    sizes = inputs["original_sizes"], inputs["reshaped_input_sizes"]
    (masks,) = processor().post_process_masks(out.pred_masks, *sizes)
    expected = masks[0, int(out.iou_scores.argmax())].numpy()
    found = Sam(folders["sam"]).at(rgb, [Point(x=25.5, y=40.5)], [True]).to_array()
    assert 0 < expected.sum() < expected.size
    assert (found == expected).all()


def test_sam_2_is_stretched_over_the_picture(folders: dict[str, Path], rgb: NDArray[np.uint8]) -> None:
    sam = Sam(folders["sam2"])
    model = load(transformers.Sam2Model, folders["sam2"])
    with torch.inference_mode():
        points = torch.tensor([[[[25.5 * 64 / 70 - 0.5, 40.5 * 64 / 90 - 0.5]]]])
        out = model(pixel_values=torch.from_numpy(sam.prepare(rgb))[None], input_points=points)
    whole = torch.nn.functional.interpolate(out.pred_masks[0], (90, 70), mode="bilinear", align_corners=False)
    expected = whole[0, int(out.iou_scores.argmax())].numpy() > 0
    found = sam.at(rgb, [Point(x=25.5, y=40.5)], [True]).to_array()
    assert 0 < expected.sum() < expected.size
    assert (found == expected).all()


@pytest.mark.parametrize(("kind", "least"), [("sam", 2), ("sam2", 1)])
def test_segments_are_what_is_left_of_the_grids_masks(
    folders: dict[str, Path], rgb: NDArray[np.uint8], kind: str, least: int
) -> None:
    segments = Sam(folders[kind], grid=GRID).segments(rgb)
    assert len(segments) >= least
    assert [mask.area for mask in segments] == sorted((mask.area for mask in segments), reverse=True)
    for index, mask in enumerate(segments):
        assert (mask.width, mask.height) == (70, 90)
        for other in segments[index + 1 :]:
            assert mask.box is not None
            assert other.box is not None
            assert mask.box.iou(other.box) <= GRID.overlap
    # How many points are asked at once changes nothing.
    assert Sam(folders[kind], grid=Grid(side=4, iou=0, stability=0.2, overlap=0.99)).segments(rgb) == segments


def test_segments_agree_with_transformers_own_filter(folders: dict[str, Path], rgb: NDArray[np.uint8]) -> None:
    points = torch.tensor([[(x + 0.5) * 70 / 4, (y + 0.5) * 90 / 4] for y in range(4) for x in range(4)])
    points = (points * torch.tensor([50 / 70, 64 / 90]) - 0.5)[None, :, None]
    inputs = processor()(rgb, return_tensors="pt")
    model = load(transformers.SamModel, folders["sam"])
    with torch.inference_mode():
        out = model(pixel_values=inputs["pixel_values"], input_points=points)
    sizes = inputs["original_sizes"], inputs["reshaped_input_sizes"]
    (logits,) = processor().post_process_masks(out.pred_masks, *sizes, binarize=False)
    masks, scores, _ = processor().filter_masks(
        logits, out.iou_scores[0], (90, 70), [0, 0, 70, 90], pred_iou_thresh=1e-9, stability_score_thresh=0.3
    )
    found = Sam(folders["sam"], grid=Grid(side=4, iou=1e-9, stability=0.3, overlap=1, least=0)).segments(rgb)
    assert len(scores) > 1
    assert sorted(mask.area for mask in found) == sorted(sum(rle["counts"][1::2]) for rle in masks)


def test_features_are_made_once_a_picture(
    folders: dict[str, Path], rgb: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    sam = Sam(folders["sam"])
    made: list[Any] = []
    original = sam._model.get_image_embeddings

    def counted(pixels: Any) -> Any:
        made.append(pixels)
        return original(pixels)

    monkeypatch.setattr(sam._model, "get_image_embeddings", counted)
    first = sam.at(rgb, [Point(x=3, y=3)], [True])
    assert sam.at(rgb.copy(), [Point(x=3, y=3)], [True]) == first
    sam.at(rgb, [Point(x=60, y=80), Point(x=3, y=3)], [True, False])
    assert len(made) == 1
    sam.at(255 - rgb, [Point(x=3, y=3)], [True])
    assert len(made) == 2


def test_what_does_not_do_is_said(folders: dict[str, Path], rgb: NDArray[np.uint8], tmp_path: Path) -> None:
    sam = open_segmenter(str(folders["sam"]))
    assert sam.name == str(folders["sam"])
    with pytest.raises(ArgumentError, match=r"points in a picture of 70 x 90, found \(70, 3\)"):
        sam.at(rgb, [Point(x=70, y=3)], [True])
    with pytest.raises(ArgumentError, match="a point inside what is to be segmented"):
        sam.at(rgb, [Point(x=7, y=3)], [False])
    with pytest.raises(ArgumentError, match="found 1 points and 2 labels"):
        sam.at(rgb, [Point(x=7, y=3)], [True, False])
    with pytest.raises(ImageError):
        sam.segments(rgb[..., 0])
    with pytest.raises(ModelError, match=r"nowhere cannot be loaded as AutoConfig .* save_pretrained wrote"):
        Sam(tmp_path / "nowhere")
    transformers.BertConfig().save_pretrained(tmp_path / "bert")
    with pytest.raises(ModelError, match="expected a SAM or a SAM 2, found a model of type 'bert'"):
        Sam(tmp_path / "bert")
    with pytest.raises(ArgumentError, match="found Grid"):
        Grid(iou=1.5)
