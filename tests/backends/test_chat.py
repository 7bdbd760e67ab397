"""A served model: what it is sent, and what is made of what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quibble.backends.chat import ChatBackend
from quibble.backends.language import Sampling
from quibble.endpoint import Endpoint
from quibble.errors import ArgumentError, CapabilityError, EndpointError, ReplyError
from quibble.geometry import Box, Mask, Region
from quibble.text.conversation import Conversation, Shown
from quibble.text.special import SPECIAL
from tests.chat_server import ChatServer, Said
from tests.seeing_server import pictures, texts, word

PICTURE = np.random.default_rng(0).integers(0, 256, (90, 120, 3)).astype(np.uint8)
ABOUT = Conversation.showing(Shown(pixels=PICTURE))


@pytest.fixture
def backend(chat_server: ChatServer) -> ChatBackend:
    return ChatBackend(Endpoint(chat_server.url, "lmm", pause_s=0.01, retries=1, timeout_s=5))


def test_the_picture_is_really_shown_with_plain_words(chat_server: ChatServer, backend: ChatBackend) -> None:
    chat_server.script = [Said(text="It is a bit soft.")]
    pieces = list(backend.write(ABOUT.saying("Is it sharp?", "No.").saying("Why?")))
    assert (len(pieces), "".join(pieces)) == (5, "It is a bit soft.")
    (asked,) = chat_server.asked
    assert (pictures(asked)[0] == PICTURE).all()
    assert texts(asked) == ["Is it sharp?", "Why?"]
    assert [message["role"] for message in asked["messages"]] == ["user", "assistant", "user"]
    assert asked["messages"][1]["content"] == "No."
    assert not any(token in str(asked) for token in SPECIAL)
    assert (asked["temperature"], "seed" in asked, asked["model"]) == (0, False, "lmm")


def test_sampling_and_openings_are_asked_for(chat_server: ChatServer, backend: ChatBackend) -> None:
    list(backend.write(ABOUT.saying("Why?"), sampling=Sampling(temperature=0.7, top_p=0.9, seed=4), opening="Well"))
    asked = chat_server.asked[0]
    assert (asked["temperature"], asked["top_p"], asked["seed"]) == (0.7, 0.9, 4)
    assert texts(asked) == ['Why?\nBegin your answer with these words: "Well"']


def test_pictures_are_named_and_large_ones_shrunk(chat_server: ChatServer) -> None:
    backend = ChatBackend(Endpoint(chat_server.url, "lmm"), long_side=64)
    about = Conversation.showing(Shown(name="Reference", pixels=PICTURE), Shown(name="Image", pixels=PICTURE[:30, :40]))
    list(backend.write(about.saying("Which?")))
    assert [part["type"] for part in chat_server.asked[0]["messages"][0]["content"]] == [
        *("text", "image_url") * 2,
        "text",
    ]
    assert texts(chat_server.asked[0]) == ["Reference:", "Image:", "Which?"]
    assert [picture.shape for picture in pictures(chat_server.asked[0])] == [(48, 64, 3), (30, 40, 3)]
    with pytest.raises(ArgumentError, match="64 pixels"):
        ChatBackend(Endpoint(chat_server.url, "lmm"), long_side=10)


def test_a_region_is_told_and_shown_by_itself(chat_server: ChatServer, backend: ChatBackend) -> None:
    inside = np.zeros(PICTURE.shape[:2], bool)
    inside[9:81, 30:110] = True
    for region in (Region(box=Box(x0=30, y0=9, x1=110, y1=81)), Region(mask=Mask.from_array(inside))):
        list(backend.write(Conversation.showing(Shown(pixels=PICTURE), focus=region).saying("What?")))
        told = texts(chat_server.asked[-1])[0]
        assert "between 0.25 and 0.92 of the width" in told
        assert "between 0.10 and 0.90 of the height" in told
        assert (pictures(chat_server.asked[-1])[1] == PICTURE[9:81, 30:110]).all()
    tiny = Region(box=Box(x0=3.5, y0=4, x1=4.5, y1=5))
    list(backend.write(Conversation.showing(Shown(pixels=PICTURE), focus=tiny).saying("What?")))
    cut = pictures(chat_server.asked[-1])[1]
    assert cut.shape == (64, 64, 3)
    assert (cut[0, :2] == PICTURE[4, 3:5]).all()
    whole = Region(box=Box(x0=0, y0=0, x1=120, y1=90))
    list(backend.write(Conversation.showing(Shown(pixels=PICTURE), focus=whole).saying("What?")))
    assert len(pictures(chat_server.asked[-1])) == 1


def test_words_are_weighed_by_their_probabilities(chat_server: ChatServer, backend: ChatBackend) -> None:
    chat_server.script = [word(good=0.6, fair=0.2, the=0.2)]
    assert backend.weigh(ABOUT.saying("How?"), ["good", "fair", "bad"]) == pytest.approx([0.75, 0.25, 0])
    asked = chat_server.asked[0]
    assert (asked["logprobs"], asked["top_logprobs"], asked["temperature"]) == (True, 20, 0)


def test_without_probabilities_it_says_what_has_them(chat_server: ChatServer, backend: ChatBackend) -> None:
    for body in (None, '{"choices": [{"message": {"content": "good"}, "logprobs": {"content": null}}]}'):
        chat_server.script = [Said(text="good", body=body)]
        with pytest.raises(CapabilityError, match=r"sends no log-probabilities .*serve it with vLLM"):
            backend.weigh(ABOUT.saying("How?"), ["good", "bad"])


def test_an_answer_that_is_none_of_the_words_is_an_error(chat_server: ChatServer, backend: ChatBackend) -> None:
    chat_server.script = [Said(text="<think>Hm", top=[{"<think>": 0.0}, {"Hm": 0.0}])]
    with pytest.raises(ReplyError, match=r"one of good, bad and said '<think>Hm'.*thinks aloud"):
        backend.weigh(ABOUT.saying("How?"), ["good", "bad"])


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (Said(status=500), "did not answer in 2 tries"),
        (Said(status=404, body="no model lmm"), "no model lmm"),
        (Said(body="<html>"), "something else"),
        (Said(text="It is a bit soft.", cut=3), "broke off"),
    ],
)
def test_failures_come_out(chat_server: ChatServer, backend: ChatBackend, said: Said, message: str) -> None:
    chat_server.script = [said]
    with pytest.raises(EndpointError, match=message):
        backend.weigh(ABOUT.saying("How?"), ["good", "bad"])
    with pytest.raises(EndpointError, match=message.replace("something else", "broke off")):
        list(backend.write(ABOUT.saying("How?")))


def test_addresses(chat_server: ChatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUIBBLE_MODEL_KEY", "secret")
    monkeypatch.setenv("QUIBBLE_MODEL_CACHE", str(tmp_path / "replies.sqlite"))
    backend = ChatBackend.open(f"{chat_server.url}#org/model#1")
    assert (backend.name, backend.concurrency) == ("org/model#1", 4)

    def ask() -> list[str]:
        return list(backend.write(ABOUT.saying("How?")))

    assert ask() == ask() == ["Fine."]
    asked: list[dict[str, Any]] = chat_server.asked
    assert (len(asked), asked[0]["key"]) == (1, "Bearer secret")
    for wrong in ("http://localhost:8000/v1", "http://localhost:8000/v1#", "ftp://localhost#x"):
        with pytest.raises(ArgumentError):
            ChatBackend.open(wrong)
