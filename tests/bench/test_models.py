from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest

from quibble.assessor import Assessor
from quibble.backends.chat import ChatBackend
from quibble.bench.item import Item, Kind
from quibble.bench.models import AssessorModel, SeeingModel, read
from quibble.bench.reply import Status
from quibble.endpoint import Endpoint
from quibble.geometry import Box, Mask, Region
from quibble.image import load, save
from tests.bench.examples import PICTURE
from tests.chat_server import ChatServer, Said
from tests.fake_backend import FakeBackend

WHOLE = Mask.from_box(Box(x0=0, y0=0, x1=96, y1=64), width=96, height=64)
LEFT = Mask.from_box(Box(x0=0, y0=0, x1=40, y1=64), width=96, height=64)
RIGHT = Mask.from_box(Box(x0=60, y0=0, x1=96, y1=64), width=96, height=64)


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A reference, a slightly and a much darker picture."""
    base = np.random.default_rng(0).integers(180, 250, (64, 96, 3)).astype(np.uint8)
    paths = tmp_path / "ref.png", tmp_path / "near.png", tmp_path / "far.png"
    for path, drop in zip(paths, (0, 5, 90), strict=True):
        save(base - np.uint8(drop), path)
    return paths


def test_the_assessor(pictures: tuple[Path, Path, Path]) -> None:
    ref, near, far = pictures
    model = AssessorModel(Assessor(FakeBackend()))
    score = model.answer(Item(id="s", kind=Kind.SCORE, images=(ref, near))).score
    lower = model.answer(Item(id="s", kind=Kind.SCORE, images=(ref, far))).score
    assert score is not None
    assert lower is not None
    assert score > lower
    said = model.answer(Item(id="c", kind=Kind.COMPARE, images=(far, near)))
    assert said.winner == "B"
    assert said.confidence is not None
    assert 0.9 < said.confidence <= 1
    for focus, names in ((LEFT, ("blur",)), (RIGHT, ())):
        item = Item(id="r", kind=Kind.REFER, images=(near,), focus=Region(mask=focus))
        assert model.answer(item).names == names
    masks = model.answer(Item(id="g", kind=Kind.GROUND, images=(near,), masks=({"blur": LEFT},))).masks
    assert masks is not None
    assert list(masks) == ["blur"]
    assert masks["blur"].iou(LEFT) > 0.7
    assert not model.can(Item(id="g", kind=Kind.GROUND, images=(near,), masks=({"region": LEFT},)))
    assert not model.can(Item(id="q", kind=Kind.QUESTION, images=(near,)))


def test_what_cannot_be_read_is_not_guessed() -> None:
    item = Item(id="c", kind=Kind.CHOICE, images=PICTURE, options=("a", "b"), right=0)
    assert read(item, "B").choice == 1
    assert read(item, "Hard to say.").status is Status.UNREADABLE
    assert read(item, "I'm sorry, I cannot see it.").status is Status.REFUSED
    score = Item(id="s", kind=Kind.SCORE, images=PICTURE)
    assert (read(score, "nice").score, read(score, "nice").status) == (None, Status.UNREADABLE)
    refer = Item(id="r", kind=Kind.REFER, images=PICTURE, focus=Region(mask=LEFT))
    assert read(refer, "Strong blur.").names == ("blur",)
    assert read(refer, "A cat.").status is Status.UNREADABLE
    text = Item(id="d", kind=Kind.DESCRIBE, images=PICTURE)
    assert read(text, "A blurry cat.").status is Status.READ


def test_a_language_model_sees_pictures_and_options(chat_server: ChatServer, pictures: tuple[Path, Path, Path]) -> None:
    chat_server.script = [Said(text="Image B")]
    model = SeeingModel(ChatBackend(Endpoint(chat_server.url, "lmm")))
    item = Item(id="c", kind=Kind.COMPARE, images=pictures, reference=True, question="Which is better?")
    assert model.answer(item).winner == "B"
    parts = chat_server.asked[0]["messages"][0]["content"]
    assert [p["text"] for p in parts if p["type"] == "text"][:3] == ["Reference:", "Image A:", "Image B:"]
    url = next(p["image_url"]["url"] for p in parts if p["type"] == "image_url")
    assert (load(base64.b64decode(url.removeprefix("data:image/png;base64,"))) == load(pictures[0])).all()
    chat_server.script = [Said(text="No idea")]
    asked = Item(id="q", kind=Kind.CHOICE, images=pictures[:1], options=("Yes", "No"), right=0, question="Sharp?")
    assert model.answer(asked).status is Status.UNREADABLE
    assert "A. Yes\nB. No" in chat_server.asked[1]["messages"][0]["content"][-1]["text"]
    refer = Item(id="r", kind=Kind.REFER, images=pictures[:1], focus=Region(mask=WHOLE), question="What?")
    model.answer(refer)
    assert "between 0.00 and 1.00 of the width" in chat_server.asked[2]["messages"][0]["content"][-2]["text"]
