from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from skimage import data

from quibble.data import ImageEntry, Record, Role, Turn, write_jsonl
from quibble.errors import ArgumentError, ImageError
from quibble.pipelines.contamination import Evaluation, look_of


def encoded(picture: Image.Image, form: str, **settings: int) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form, **settings)
    return stream.getvalue()


def picture(name: str) -> Image.Image:
    return Image.fromarray(getattr(data, name)()).convert("RGB")


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    folder = tmp_path_factory.mktemp("evaluation")
    for name in ("astronaut", "coffee"):
        (folder / f"{name}.png").write_bytes(encoded(picture(name), "PNG"))
    Image.new("RGB", (64, 64), "navy").save(folder / "plain.png")
    return Evaluation([folder])


def test_the_same_file_is_known(evaluation: Evaluation) -> None:
    assert len(evaluation) == 3
    assert evaluation.find(encoded(picture("coffee"), "PNG")) == "coffee.png"


def test_a_picture_is_known_again_smaller_and_saved_again(evaluation: Evaluation) -> None:
    small = picture("astronaut").resize((170, 170), Image.Resampling.BICUBIC)
    assert evaluation.find(encoded(small, "JPEG", quality=30)) == "astronaut.png"


@pytest.mark.parametrize("name", ["chelsea", "rocket", "camera", "cat"])
def test_other_pictures_are_not(name: str, evaluation: Evaluation) -> None:
    assert evaluation.find(encoded(picture(name), "PNG")) is None


def test_a_flat_picture_is_known_by_its_bytes_alone(evaluation: Evaluation) -> None:
    plain = Image.new("RGB", (64, 64), "navy")
    assert look_of(encoded(plain, "PNG")) is None
    assert evaluation.find(encoded(plain, "PNG")) == "plain.png"
    assert evaluation.find(encoded(Image.new("RGB", (64, 64), "black"), "PNG")) is None


def test_a_data_set_is_an_evaluation_set_too(tmp_path: Path) -> None:
    (tmp_path / "coffee.png").write_bytes(encoded(picture("coffee"), "PNG"))
    entry = ImageEntry(role=Role.SINGLE, file="coffee.png", width=600, height=400)
    record = Record(id="1", task="t", images=(entry,), turns=(Turn(question="?", answer="!"),))
    write_jsonl([record], tmp_path / "records.jsonl")
    one = Evaluation([tmp_path])
    assert one.find(encoded(picture("coffee"), "JPEG", quality=90)) == "coffee.png"
    assert one.fingerprint() != Evaluation([]).fingerprint()
    assert Evaluation([tmp_path / "coffee.png"]).find(encoded(picture("coffee"), "PNG")) == "coffee.png"


def test_what_is_no_evaluation_set(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="no pictures"):
        Evaluation([tmp_path])
    with pytest.raises(ArgumentError, match="nothing such at"):
        Evaluation([tmp_path / "nowhere"])
    with pytest.raises(ImageError):
        _with_one(tmp_path).find(b"no picture")


def _with_one(folder: Path) -> Evaluation:
    (folder / "coffee.png").write_bytes(encoded(picture("coffee"), "PNG"))
    return Evaluation([folder])
