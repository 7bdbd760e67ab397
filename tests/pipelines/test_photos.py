from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from quibble.errors import ArgumentError
from quibble.pipelines.photos import Photo, Photos, fit, resize, split_of
from tests.pipelines.conftest import LONG_SIDE


def save(path: Path, width: int = 200, height: int = 150, value: int = 90) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = np.full((height, width, 3), value, np.uint8)
    picture[:, width // 2 :] = (200, 40, 60)
    Image.fromarray(picture).save(path)
    return path


def test_photographs_are_found_in_order_without_maps_and_hidden_files(photos: Photos) -> None:
    assert photos.names == ("img/astronaut.png", "img/chelsea.png", "img/coffee.png", "img/rocket.png")


def test_a_photograph_with_its_label_map(photos: Photos, photos_folder: Path) -> None:
    photo = photos.get("img/coffee.png")
    assert isinstance(photo, Photo)
    assert max(photo.image.shape) == LONG_SIDE
    assert photo.sha256 == hashlib.sha256((photos_folder / "img/coffee.png").read_bytes()).hexdigest()
    labels = np.asarray(Image.open(photos_folder / "mask/coffee.png"))
    assert [np.unique(labels[piece.array]).size for piece in photo.pieces] == [1] * len(photo.pieces)
    assert len(photo.pieces) == 3
    assert photos.get("img/coffee.png") is photo


def test_a_photograph_without_a_map_is_segmented(photos: Photos) -> None:
    photo = photos.get("img/rocket.png")
    assert isinstance(photo, Photo)
    assert len(photo.pieces) >= 2


def test_patches_are_of_the_clean_photograph(photos: Photos) -> None:
    photo = photos.get("img/coffee.png")
    assert isinstance(photo, Photo)
    piece = photo.pieces[0]
    assert photo.patch(piece) is photo.patch(piece)
    assert (photo.patch(piece).pixels == photo.image[piece.window]).all()
    assert photo.patch(photo.whole).pixels.shape == photo.image.shape


def test_licences_come_from_the_manifest(photos: Photos) -> None:
    assert photos.licence("img/coffee.png") == "CC0"
    assert photos.licence("img/rocket.png") is None
    assert photos.licence("img/chelsea.png") is None


def test_pictures_are_made_smaller_and_never_larger() -> None:
    image = np.arange(100 * 60 * 3, dtype=np.uint8).reshape(60, 100, 3)
    assert fit(image, 50).shape == (30, 50, 3)
    assert fit(image, 100) is image
    assert fit(image, 500) is image
    assert (fit(image, 50) == resize(image, width=50, height=30)).all()


def test_splits_depend_on_the_hash_alone_and_keep_their_shares() -> None:
    hashes = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(4000)]
    splits = [split_of(digest, val=0.1, test=0.2) for digest in hashes]
    assert splits == [split_of(digest, val=0.1, test=0.2) for digest in hashes]
    assert abs(splits.count("val") / 4000 - 0.1) < 0.02
    assert abs(splits.count("test") / 4000 - 0.2) < 0.02
    assert split_of("f" * 64, val=0, test=0) == "train"
    assert split_of("0" * 64, val=0.1, test=0.2) == "test"


class TestMistakes:
    def test_no_folder(self, tmp_path: Path) -> None:
        with pytest.raises(ArgumentError, match="expected a folder of photographs, found"):
            Photos(tmp_path / "nothing", long_side=320)

    def test_an_empty_folder(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("nothing")
        with pytest.raises(ArgumentError, match=r"found no photographs in .*; expected files ending in \.avif"):
            Photos(tmp_path, long_side=320)

    def test_a_manifest_without_its_columns(self, tmp_path: Path) -> None:
        save(tmp_path / "a.png")
        (tmp_path / "manifest.csv").write_text("name,licence\na.png,CC0\n")
        with pytest.raises(ArgumentError, match=r"expected the columns file and licence, missing \['file'\]"):
            Photos(tmp_path, long_side=320)

    def test_photographs_that_cannot_be_used_say_why(self, tmp_path: Path) -> None:
        (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff and no more")
        save(tmp_path / "tiny.png", 90, 60)
        save(tmp_path / "sized.png")
        save(tmp_path / "damaged.png")
        Image.new("L", (10, 10)).save(save(tmp_path / "mask" / "sized.png"))
        (tmp_path / "mask" / "damaged.png").write_bytes(b"no picture")
        photos = Photos(tmp_path, long_side=320)
        assert {name: photos.get(name) for name in photos.names} == {
            "broken.jpg": "unreadable photograph",
            "tiny.png": "photograph smaller than 128 pixels",
            "sized.png": "label map of another size than its photograph",
            "damaged.png": "unreadable label map",
        }


def test_the_fingerprint_changes_with_the_files(tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    first = Photos(tmp_path, long_side=320).fingerprint()
    assert Photos(tmp_path, long_side=200).fingerprint() == first
    save(tmp_path / "mask" / "a.png")
    second = Photos(tmp_path, long_side=320).fingerprint()
    save(tmp_path / "b.png")
    third = Photos(tmp_path, long_side=320).fingerprint()
    assert len({first, second, third}) == 3
