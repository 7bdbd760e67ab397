from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from numpy.typing import NDArray
from transformers.models.grounding_dino.image_processing_pil_grounding_dino import GroundingDinoImageProcessorPil

from quibble.errors import ArgumentError, ModelError
from quibble.experts.detector import open_detector
from quibble.experts.grounding_dino import GroundingDino
from tests.experts.tiny import save_grounding_dino

SIZE: dict[str, Any] = {"short_side_px": 64, "long_side_px": 100}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_grounding_dino(tmp_path_factory.mktemp("dino") / "model")


@pytest.fixture(scope="module")
def rgb() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (90, 70, 3), dtype=np.uint8)


def processor() -> Any:
    return GroundingDinoImageProcessorPil(size={"shortest_edge": 64, "longest_edge": 100}, do_pad=False)


@pytest.mark.parametrize("shape", [(90, 70), (70, 90), (50, 120), (120, 50), (64, 64), (333, 200), (17, 23)])
def test_pictures_get_in_as_transformers_prepares_them(folder: Path, shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    expected = processor()(picture, return_tensors="np")["pixel_values"][0]
    found = GroundingDino(folder, **SIZE).prepare(picture)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() < 1e-5


def test_boxes_are_those_that_transformers_gives(folder: Path, rgb: NDArray[np.uint8]) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model: Any = transformers.GroundingDinoForObjectDetection.from_pretrained(folder)
    kind: Any = transformers.GroundingDinoProcessor
    whole = kind(processor(), tokenizer)
    inputs = processor()(rgb, return_tensors="pt")
    words = tokenizer("the man wearing a white t - shirt.", return_tensors="pt", return_token_type_ids=True)
    with torch.inference_mode():
        out = model.eval()(**inputs, **words)
    threshold = float(out.logits.sigmoid().amax(-1).median())
    (expected,) = whole.post_process_grounded_object_detection(
        out, words["input_ids"], threshold=threshold, target_sizes=[rgb.shape[:2]]
    )
    found = GroundingDino(folder, threshold=threshold, **SIZE).find(rgb, " The man wearing\na white t-shirt. ")
    order = expected["scores"].argsort(descending=True)
    assert 0 < len(found) == len(order) < 6
    for detection, index in zip(found, order, strict=True):
        assert detection.score == pytest.approx(float(expected["scores"][index]), abs=1e-6)
        corners = expected["boxes"][index].clamp(min=0).tolist()
        assert detection.box.to_list() == pytest.approx(corners, abs=1e-3)


def test_a_full_stop_within_a_phrase_does_not_end_it(folder: Path, rgb: NDArray[np.uint8]) -> None:
    detector = GroundingDino(folder, threshold=0.0, **SIZE)
    assert detector.find(rgb, "the man. blurry") == detector.find(rgb, "the man blurry")
    assert detector.find(rgb, "the man") != detector.find(rgb, "the cup")


def test_what_does_not_do_is_said(folder: Path, rgb: NDArray[np.uint8], tmp_path: Path) -> None:
    detector = open_detector(str(folder))
    assert detector.name == str(folder)
    for empty in ("", "  \n", " . "):
        with pytest.raises(ArgumentError, match="expected a phrase to look for"):
            detector.find(rgb, empty)
    with pytest.raises(ModelError, match="nowhere cannot be loaded"):
        GroundingDino(tmp_path / "nowhere")
    transformers.BertConfig().save_pretrained(tmp_path / "bert")
    with pytest.raises(ModelError, match="expected a Grounding DINO, found a model of type 'bert'"):
        GroundingDino(tmp_path / "bert")
    with pytest.raises(ArgumentError, match="expected a threshold"):
        GroundingDino(folder, threshold=2)
