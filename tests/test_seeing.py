"""The Assessor with a served model that sees for itself, against a server that really looks at the pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

import quibble.assessor
from quibble import Assessor, Box, Level, Mask, Point
from quibble.backends.base import Ability
from quibble.backends.language import GREEDY, Sampling
from quibble.errors import ArgumentError, CapabilityError, EndpointError
from quibble.results import Score
from quibble.seeing import preferred
from quibble.text import plain
from quibble.text.conversation import Conversation
from tests.chat_server import ChatServer, Said
from tests.fake_backend import FakeBackend
from tests.fake_speaker import FakeSpeaker
from tests.seeing_server import look, pictures, texts
from tests.test_assessor import halves

LEFT = Box(x0=0, y0=0, x1=40, y1=60)


def grey(value: int, height: int = 120, width: int = 160) -> NDArray[np.uint8]:
    return np.full((height, width, 3), value, np.uint8)


@pytest.fixture
def assessor(chat_server: ChatServer) -> Assessor:
    chat_server.answer = look
    return Assessor(FakeBackend(), model=f"{chat_server.url}#lmm")


def test_the_score_is_that_of_the_levels_words(assessor: Assessor) -> None:
    score = assessor.score(grey(153))
    assert score.value == pytest.approx(60)
    assert score.levels[Level.GOOD] == pytest.approx(0.4)
    assert score.levels[Level.FAIR] == pytest.approx(0.6)
    # Of opinions spread evenly over a level's 25 points; between two levels it is wider.
    sure = assessor.score(grey(255))
    assert (sure.value, sure.high) == (100, 100)
    assert sure.low == pytest.approx(100 - 1.2816 * 25 / 12**0.5, abs=0.01)
    assert score.high - score.low > 2 * (sure.high - sure.low)
    assert assessor.score(assessor.look(grey(153))) == score


def test_words_come_from_plain_questions(chat_server: ChatServer, assessor: Assessor) -> None:
    picture = grey(90)
    assert assessor.describe(picture).text == f"I see 1. You said: {plain.PLAIN.picture}"
    assert assessor.describe(picture, LEFT).text == f"I see 2. You said: {plain.PLAIN.region}"
    assert assessor.describe(picture, reference=grey(99)).text == f"I see 2. You said: {plain.PLAIN.against}"
    assert texts(chat_server.asked[-1])[:2] == ["Reference:", "Image:"]
    assert [p[0, 0, 0] for p in pictures(chat_server.asked[-1])] == [99, 90]
    assert assessor.ask(picture, " Is it dark? ").text == "I see 1. You said: Is it dark?"
    assert assessor.refer(picture, LEFT).text.endswith(plain.refer(long=False))
    assert assessor.refer(picture, LEFT, "long").text.endswith(plain.refer(long=True))
    assert (pictures(chat_server.asked[0])[0] == picture).all()


def test_options_have_probabilities(assessor: Assessor) -> None:
    answer = assessor.ask(grey(90), "How is it?", options=["good", "too dark", "odd"])
    assert answer.text == "too dark"
    assert answer.options == pytest.approx({"good": 0.25, "too dark": 0.75, "odd": 0})


def test_a_large_picture_is_shown_as_it_is_and_places_are_in_its_pixels(
    chat_server: ChatServer, assessor: Assessor
) -> None:
    large = grey(20, 1000, 1600)
    large[900:, 1500:] = 250
    assert assessor.look(large).view.shape == large.shape
    found = assessor.ground(large, "the bright spot")
    assert pictures(chat_server.asked[0])[0].shape == (1000, 1600, 3)
    assert found.point is not None
    assert (found.point.x, found.point.y) == pytest.approx((1600 * 0.7333, 1000 * 0.7333), rel=1e-3)


def test_a_comparison_does_not_hang_on_the_order(chat_server: ChatServer, assessor: Assessor) -> None:
    dark, bright = grey(90), grey(141)
    found, swapped = assessor.compare(dark, bright), assessor.compare(bright, dark)
    assert (found.winner, swapped.winner) == ("B", "A")
    assert found.probability == swapped.probability == pytest.approx(0.7)
    assert (dict(found.differences), dict(found.where)) == ({}, {})
    assert 'Begin your answer with these words: "Image B is better"' in found.text
    chat_server.asked.clear()
    assessor.compare(dark, bright, grey(200))
    assert [texts(body)[:3] for body in chat_server.asked] == [["Reference:", "Image A:", "Image B:"]] * 3
    assert [[int(p[0, 0, 0]) for p in pictures(body)] for body in chat_server.asked] == [
        [200, 90, 141],
        [200, 141, 90],
        [200, 90, 141],
    ]


def test_a_ranking_asks_for_each_picture_once(chat_server: ChatServer, assessor: Assessor) -> None:
    ranked = assessor.rank([grey(value) for value in (100, 20, 250, 180, 60, 200)])
    assert [place.number for place in ranked] == [2, 5, 3, 0, 4, 1]
    assert len(chat_server.asked) == 6
    assert ranked[0].votes > ranked[-1].votes
    with pytest.raises(ArgumentError, match="two pictures"):
        assessor.rank([grey(9)])


def test_votes_are_by_levels() -> None:
    def score(**shares: float) -> Score:
        levels = {level: shares.get(level.value, 0.0) for level in Level}
        value = sum(level.value_100 * share for level, share in levels.items())
        return Score(value=value, low=0, high=100, levels=levels)

    assert preferred(score(good=1), score(poor=1)) == 1
    assert preferred(score(good=1), score(good=1)) == 0.5
    assert preferred(score(good=0.5, bad=0.5), score(fair=1)) == 0.5
    assert preferred(score(fair=1), score(good=0.2, poor=0.8)) == pytest.approx(0.8)


def test_a_place_is_pointed_to_and_nano_finds_its_extent(chat_server: ChatServer, assessor: Assessor) -> None:
    picture = halves(200, 10)
    found = assessor.ground(picture, "blur")
    (finding,) = Assessor(FakeBackend()).assess(picture).findings
    assert found.point is not None
    assert (found.point.x, found.point.y) == pytest.approx((160 * 0.2667, 120 * 0.2667), rel=1e-3)
    assert (found.findings, found.regions) == ((finding,), ())
    assert found.masks == (finding.mask,)
    assert "Where in this picture is blur?" in found.text
    said = [texts(body)[-1] for body in chat_server.asked]
    assert said[1:] == [plain.ACROSS, plain.DOWN]
    assert chat_server.asked[1]["messages"][1]["content"] == found.text
    far = np.full((120, 160, 3), 10, np.uint8)
    far[100:, 140:] = 250
    alone = assessor.ground(far, "What is odd?")
    assert (alone.point is not None, alone.findings, alone.masks) == (True, (), ())


def test_nowhere_is_an_answer(chat_server: ChatServer, assessor: Assessor) -> None:
    found = assessor.ground(grey(20), "noise")
    assert (found.point, found.masks) == (None, ())
    assert len(chat_server.asked) == 2


class Disc:
    name = "disc"

    def at(self, rgb: NDArray[np.uint8], points: Sequence[Point], labels: Sequence[bool]) -> Mask:
        assert list(labels) == [True]
        rows, columns = np.ogrid[: rgb.shape[0], : rgb.shape[1]]
        return Mask.from_array(np.hypot(columns - points[0].x, rows - points[0].y) < 10)


def test_a_segmenter_finds_the_extent_of_anything(chat_server: ChatServer) -> None:
    chat_server.answer = look
    assessor = Assessor(model=f"{chat_server.url}#lmm", segmenter=Disc())
    found = assessor.ground(halves(200, 10), "Which part is bright?")
    assert found.point is not None
    (mask,) = found.masks
    assert mask.centroid is not None
    assert abs(mask.centroid.x - found.point.x) < 1
    assert (found.findings, len(found.boxes)) == ((), 1)


def test_a_conversation_goes_on(chat_server: ChatServer, assessor: Assessor) -> None:
    chat = assessor.chat(grey(90), LEFT)
    assert chat.ask("Is it dark?").text == "I see 2. You said: Is it dark?"
    assert "".join(chat.stream("Why?")) == "I see 2. You said: Why?"
    assert [m["role"] for m in chat_server.asked[-1]["messages"]] == ["user", "assistant", "user"]
    chat_server.answer = lambda body: Said(text="It is so", cut=2)
    with pytest.raises(EndpointError, match="broke off"):
        chat.ask("Really?")
    assert len(chat.turns) == 2


def test_what_it_cannot_do_names_what_can(assessor: Assessor) -> None:
    for ask in (assessor.assess, lambda p: next(assessor.assess_many([p])), lambda p: assessor.describe(p, boxes=True)):
        with pytest.raises(CapabilityError, match=r"the model lmm gives no .*; ask nano for that"):
            ask(grey(9))
    assert assessor.abilities == frozenset(Ability) - {Ability.ASSESS, Ability.BOXES}
    assert (assessor.name, Assessor(FakeBackend()).name) == ("lmm", "fake")
    assert Assessor(FakeBackend()).abilities == frozenset(Ability)
    with pytest.raises(CapabilityError, match="look again with nano"):
        Assessor(FakeBackend()).assess(assessor.look(grey(9)))


def test_without_probabilities_words_are_left(chat_server: ChatServer) -> None:
    assessor = Assessor(model=f"{chat_server.url}#lmm")
    assert assessor.describe(grey(9)).text == "Fine."
    for ask in (assessor.score, lambda p: assessor.ground(p, "blur"), lambda p: assessor.rank([p, p])):
        with pytest.raises(CapabilityError, match="no log-probabilities"):
            ask(grey(9))


class Masking(FakeSpeaker):
    """A model that sees and draws."""

    concurrency = 1

    def segment(self, conversation: Conversation, *, sampling: Sampling = GREEDY) -> tuple[str, tuple[Mask, ...]]:
        pixels = conversation.pictures[-1].pixels
        assert pixels is not None
        return conversation.turns[-1][0], (Mask.from_array(pixels[..., 0] > 128),)


def test_a_model_that_draws_is_not_asked_for_points() -> None:
    found = Assessor(model=Masking()).ground(halves(200, 10), "blur")
    assert found.text == "Where in this picture is blur?"
    assert (found.point, found.findings) == (None, ())
    assert found.masks[0].share == pytest.approx(0.5)


def test_nano_is_not_loaded_for_what_it_is_not_asked(chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(quibble.assessor, "OnnxPerception")
    chat_server.answer = look
    assert Assessor(model=f"{chat_server.url}#lmm").score(grey(255)).value == 100
    with pytest.raises(ArgumentError, match="no language model beside it"):
        Assessor(language=FakeSpeaker(), model=f"{chat_server.url}#lmm")
