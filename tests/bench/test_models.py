from __future__ import annotations

import base64
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quibble.assessor import Assessor
from quibble.backends.chat import ChatBackend
from quibble.bench.item import Item, Kind
from quibble.bench.metrics.boxes import Tag
from quibble.bench.metrics.levels import QBOOST_WORDS
from quibble.bench.models import AssessorModel, SeeingModel, read
from quibble.bench.reply import Status, read_tags
from quibble.bench.scoring import SCORINGS
from quibble.endpoint import Endpoint
from quibble.geometry import Box, Mask, Region
from quibble.image import load, save
from quibble.text import questions
from tests.bench.examples import PICTURE
from tests.chat_server import ChatServer, Said
from tests.fake_backend import FakeBackend
from tests.fake_speaker import FakeSpeaker

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


def item(kind: Kind, *images: Path, **fields: object) -> Item:
    return Item(id="i", kind=kind, images=images, **fields)  # type: ignore[arg-type]


def test_scores_preferences_and_masks_are_read_off_maps(pictures: tuple[Path, Path, Path]) -> None:
    ref, near, far = pictures
    assessor = Assessor(FakeBackend())
    model = AssessorModel(assessor)
    score, lower = (model.answer(item(Kind.SCORE, ref, picture)).score for picture in (near, far))
    assert score is not None
    assert lower is not None
    assert score > lower
    masks = model.answer(item(Kind.GROUND, near, masks=({"blur": LEFT},))).masks
    assert masks is not None
    assert list(masks) == ["blur"]
    assert masks["blur"].iou(LEFT) > 0.7


@pytest.mark.parametrize("reference", [True, False])
def test_preferences_are_those_of_compare(reference: bool, pictures: tuple[Path, Path, Path]) -> None:
    ref, *pair = pictures
    assessor = Assessor(FakeBackend(), FakeSpeaker())
    for a, b in (pair, pair[::-1]):
        asked = item(Kind.COMPARE, *([ref] if reference else []), a, b, reference=reference)
        said = AssessorModel(assessor).answer(asked)
        told = assessor.compare(a, b, ref if reference else None)
        assert said.winner == told.winner
        # Comparisons are told in whole percent.
        assert said.confidence == pytest.approx(told.probability, abs=0.006)


def test_without_language_weights_it_is_asked_nothing_in_words(
    pictures: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    assessor = Assessor(FakeBackend())
    monkeypatch.setitem(vars(assessor), "_folder", Path("nowhere"))
    model = AssessorModel(assessor)
    assert model.label == "fake"
    for focus, names in ((LEFT, ("blur",)), (RIGHT, ())):
        assert model.answer(item(Kind.REFER, pictures[1], focus=Region(mask=focus))).names == names
    assert not model.can(item(Kind.GROUND, pictures[1], masks=({"region": LEFT},), question="Where?"))
    for kind in (Kind.QUESTION, Kind.DESCRIBE, Kind.CHOICE, Kind.REFER):
        assert not model.can(item(kind, pictures[1], question="What?", options=("a", "b")))


@pytest.fixture
def speaker() -> FakeSpeaker:
    return FakeSpeaker()


@pytest.fixture
def speaking(speaker: FakeSpeaker) -> AssessorModel:
    return AssessorModel(Assessor(FakeBackend(), speaker))


def test_what_is_asked_in_words_is_answered_in_words(
    speaking: AssessorModel, speaker: FakeSpeaker, pictures: tuple[Path, Path, Path]
) -> None:
    ref, near, far = pictures
    assert speaking.label == "fake with fake-language"
    # The speaker repeats the question, so an answer shows what was asked.
    for asked, said in (
        (item(Kind.QUESTION, near, question="Is it sharp?"), "Is it sharp?"),
        (item(Kind.DESCRIBE, near, question="Describe it."), "Describe it."),
        (item(Kind.DESCRIBE, near), questions.DESCRIBE),
        (item(Kind.DESCRIBE, ref, near, reference=True, question="What?"), questions.DESCRIBE_AGAINST),
    ):
        assert speaking.can(asked)
        reply = speaking.answer(asked)
        assert (reply.status, reply.text) == (Status.READ, said)
    assert (speaking.answer(item(Kind.DESCRIBE, ref, far, near, reference=True)).text or "").startswith("Image B is")
    assert [shown.name for shown in speaker.heard[-1].pictures] == ["Reference", "Image A", "Image B"]
    assert not speaking.can(item(Kind.QUESTION, far, near, question="Which?"))
    assert not speaking.can(item(Kind.DESCRIBE, ref, far, near))


def test_a_choice_is_the_likeliest_option(speaking: AssessorModel, pictures: tuple[Path, Path, Path]) -> None:
    asked = item(Kind.CHOICE, pictures[1], question="Which?", options=("noise", "blur", "neither"))
    reply = speaking.answer(asked)
    assert (reply.choice, reply.confidence) == (1, 0.75)
    for options in (("a",), ("a", "a"), ("a", "b", "c", "d", "e")):
        assert not speaking.can(item(Kind.CHOICE, pictures[1], question="Which?", options=options))


def test_regions_in_words(speaking: AssessorModel, speaker: FakeSpeaker, pictures: tuple[Path, Path, Path]) -> None:
    near = pictures[1]
    focus = Region(mask=LEFT)
    speaker.answers = dict.fromkeys((*questions._SHORT, *questions._LONG), "Strong noise.")
    assert speaking.answer(item(Kind.REFER, near, focus=focus)).names == ("noise",)
    short = speaker.question
    speaking.answer(item(Kind.REFER, near, focus=focus, labels={"task": "referring_long"}))
    assert speaker.question != short
    assert speaking.answer(item(Kind.REFER, near, question="Which distortions? No blur?")).names == ()
    asked = item(Kind.GROUND, near, masks=({"region": LEFT},), question="Where is the blur?")
    assert speaking.can(asked)
    reply = speaking.answer(asked)
    assert reply.masks is not None
    assert reply.masks["region"].iou(LEFT) > 0.7
    assert reply.text
    nothing = speaking.answer(item(Kind.GROUND, near, masks=({"region": LEFT},), question="Where is the banding?"))
    assert nothing.masks == {}


def test_boxes_of_descriptions_are_shares(
    speaking: AssessorModel, speaker: FakeSpeaker, pictures: tuple[Path, Path, Path]
) -> None:
    speaker.answers = {
        f"{questions.DESCRIBE} {questions.WITH_BOXES}": "[A tree](21,42) and [Strong blur](0,388) and [rain](9,1)."
    }
    tag = Tag(name="x", box=Box(x0=0, y0=0, x1=1, y1=1))
    text = speaking.answer(item(Kind.DESCRIBE, pictures[1], tags=(tag,), question="Describe.")).text or ""
    tree, blur = read_tags(text)
    assert text.endswith(" and rain.")
    assert tree.box.to_list() == pytest.approx([1.5 / 20, 1.5 / 20, 2.5 / 20, 2.5 / 20])
    # A phrase that names what was found has the finding's own box: the left half.
    assert blur.box.to_list() == pytest.approx([0, 0, 0.5, 1], abs=0.1)


def test_what_cannot_be_read_is_not_guessed() -> None:
    choice = Item(id="c", kind=Kind.CHOICE, images=PICTURE, options=("a", "b"), right=0)
    assert read(choice, "B").choice == 1
    assert read(choice, "Hard to say.").status is Status.UNREADABLE
    assert read(choice, "I'm sorry, I cannot see it.").status is Status.REFUSED
    score = Item(id="s", kind=Kind.SCORE, images=PICTURE)
    assert (read(score, "nice").score, read(score, "nice").status) == (None, Status.UNREADABLE)
    refer = Item(id="r", kind=Kind.REFER, images=PICTURE, focus=Region(mask=LEFT))
    assert read(refer, "Strong blur.").names == ("blur",)
    assert read(refer, "A cat.").status is Status.UNREADABLE
    assert read(refer, "None.").names == ()
    text = Item(id="d", kind=Kind.DESCRIBE, images=PICTURE)
    assert read(text, "A blurry cat.").status is Status.READ


def seeing(chat_server: ChatServer, scoring: str = "") -> SeeingModel:
    return SeeingModel(Assessor(model=ChatBackend(Endpoint(chat_server.url, "lmm"))), SCORINGS.get(scoring))


def test_a_language_model_sees_pictures_and_options(chat_server: ChatServer, pictures: tuple[Path, Path, Path]) -> None:
    chat_server.script = [Said(text="Image B")]
    model = seeing(chat_server)
    pair = Item(id="c", kind=Kind.COMPARE, images=pictures, reference=True, question="Which is better?")
    assert model.answer(pair).winner == "B"
    parts = chat_server.asked[0]["messages"][0]["content"]
    assert [p["text"] for p in parts if p["type"] == "text"][:3] == ["Reference:", "Image A:", "Image B:"]
    url = next(p["image_url"]["url"] for p in parts if p["type"] == "image_url")
    assert (load(base64.b64decode(url.removeprefix("data:image/png;base64,"))) == load(pictures[0])).all()
    chat_server.script = [Said(text="No idea")]
    asked = Item(id="q", kind=Kind.CHOICE, images=pictures[:1], options=("Yes", "No"), right=0, question="Sharp?")
    assert model.answer(asked).status is Status.UNREADABLE
    assert "A. Yes\nB. No" in chat_server.asked[1]["messages"][0]["content"][-1]["text"]
    chat_server.script = [Said(text="61")]
    assert model.answer(item(Kind.SCORE, *pictures[:2], reference=True)).score == 61
    shown = chat_server.asked.pop()["messages"][0]["content"]
    assert [part["type"] for part in shown] == ["text", "image_url", "text"]
    refer = Item(id="r", kind=Kind.REFER, images=pictures[:1], focus=Region(mask=WHOLE), question="What?")
    model.answer(refer)
    assert "between 0.00 and 1.00 of the width" in chat_server.asked[2]["messages"][0]["content"][-2]["text"]


def likely(**shares: float) -> Said:
    """The reply of a server that sends the likeliest first words."""
    first = max(shares, key=lambda word: shares[word])
    logarithms = {word: math.log(share) for word, share in shares.items()}
    return Said(text=first, top=[{first: logarithms[first]} | logarithms])


def test_scores_by_the_probabilities_of_words(chat_server: ChatServer, pictures: tuple[Path, Path, Path]) -> None:
    asked = item(Kind.SCORE, pictures[1])
    chat_server.script = [likely(good=0.6, poor=0.2, fair=0.2)]
    score = seeing(chat_server, "good-poor").answer(asked).score
    assert score == pytest.approx(100 / (1 + math.exp(-math.log(3) / 100)))
    assert seeing(chat_server, "q-align").answer(asked).score == pytest.approx(
        100 * (0.6 * 0.75 + 0.2 * 0.5 + 0.2 * 0.25)
    )
    boost = seeing(chat_server, "q-boost")
    assert boost.label == "lmm at temperature 0, scores by q-boost"
    reply = boost.answer(asked)
    assert (reply.status, reply.score) == (Status.UNREADABLE, None)
    assert reply.text == "no probability of high, fine, average, medium, acceptable, low, bad is known"
    chat_server.script = [Said(text="Hm", top=[{"Hm": -0.1}])]
    assert seeing(chat_server, "q-align").answer(asked).status is Status.UNREADABLE
    words = [word for tone in QBOOST_WORDS for word in tone]
    chat_server.script = [likely(**dict(zip(words, (0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.05, 0.1, 0.05), strict=True)))]
    tones = [0.003 ** (1 / 3), 0.1, 0.00025 ** (1 / 3)]
    expected = 100 * (tones[0] + tones[1] / 2) / sum(tones)
    assert seeing(chat_server, "q-boost").answer(asked).score == pytest.approx(expected)


def test_regions_are_where_a_models_words_point_to(chat_server: ChatServer, pictures: tuple[Path, Path, Path]) -> None:
    def answer(body: dict[str, Any]) -> Said:
        question = body["messages"][-1]["content"][-1]["text"]
        if "left to right" in question:
            return likely(left=0.9, center=0.05, right=0.05)
        return likely(top=0.1, center=0.8, bottom=0.1) if "top to bottom" in question else Said(text="On the left.")

    chat_server.answer = answer
    model = SeeingModel(Assessor(FakeBackend(), model=ChatBackend(Endpoint(chat_server.url, "lmm"))))
    asked = item(Kind.GROUND, pictures[1], masks=({"region": LEFT},), question="Where is the blur?")
    assert model.can(asked)
    assert not model.can(item(Kind.GROUND, pictures[1], masks=({"blur": LEFT},)))
    reply = model.answer(asked)
    assert reply.masks is not None
    assert reply.masks["region"].iou(LEFT) > 0.7
    assert reply.text == "On the left."
