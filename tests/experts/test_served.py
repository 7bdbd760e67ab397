from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from quibble.data import Maker
from quibble.endpoint import Endpoint
from quibble.errors import ArgumentError, BudgetError, EndpointError, ReplyError
from quibble.experts.language_model import Reply, Request, answer_all, makers_of
from quibble.experts.schema import strict, text
from quibble.experts.served import Served
from tests.chat_server import ChatServer, Said

SCHEMA = strict(said=text())


def served(server: ChatServer, cache: Path | None = None, **settings: Any) -> Served:
    return Served(Endpoint(server.url, "small", cache=cache, retries=0, concurrency=3), **settings)


def request(prompt: str = "Say it.", **others: Any) -> Request:
    return Request(task="test.say", prompt=prompt, **others)


def test_a_reply_with_its_maker(chat_server: ChatServer, tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    Image.new("RGB", (2, 2)).save(picture)
    chat_server.script = [Said(text='{"said": "Fine"}')]
    asked = request(system="Be brief.", pictures=(picture,), schema=SCHEMA, seed=2**40 + 5, facts={"secret": "truth"})
    reply = served(chat_server).answer(asked)
    assert reply.data == {"said": "Fine"}
    assert reply.who == Maker(
        part="test.say",
        model="small",
        prompt_sha=asked.sha256(),
        seed=2**40 + 5,
        input_tokens=11,
        output_tokens=3,
    )
    sent = chat_server.asked[0]
    assert sent["response_format"]["json_schema"]["schema"] == SCHEMA
    assert [message["role"] for message in sent["messages"]] == ["system", "user"]
    assert sent["messages"][1]["content"][0]["image_url"]["url"].startswith("data:image/png;base64,")
    assert sent["seed"] == 5
    assert "truth" not in json.dumps(sent)


def test_the_hash_of_a_prompt_covers_all_that_is_sent(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"one")
    hashes = [
        request().sha256(),
        request("Say it!").sha256(),
        request(system="x").sha256(),
        request(pictures=(picture,)).sha256(),
        request(pictures=(b"other",)).sha256(),
    ]
    assert len(set(hashes)) == 5
    assert request(pictures=(b"one",)).sha256() == hashes[3]
    assert request(facts={"a": 1}).sha256() == hashes[0]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Said(text="I'm sorry, but I can't help with that."), "refused"),
        (Said(text="I cannot assess pictures."), "refused"),
        (Said(text="As an AI language model, I have no eyes."), "refused"),
        (Said(text="", finish="content_filter"), "refused"),
        (Said(text='{"said": "Fi', finish="length"), "cut off"),
        (Said(text="  \n"), "empty"),
        (Said(text="Blue bananas, seventeen of them."), "not JSON"),
        (Said(text='{"answer": "Fine"}'), "not as asked"),
    ],
)
def test_replies_that_cannot_be_used(chat_server: ChatServer, said: Said, reason: str) -> None:
    chat_server.script = [said]
    with pytest.raises(ReplyError) as caught:
        served(chat_server).answer(request(schema=SCHEMA))
    assert caught.value.reason == reason
    # It was paid for, so it counts.
    assert makers_of(caught.value)[0].input_tokens == 11


def test_plain_text_needs_no_schema(chat_server: ChatServer) -> None:
    chat_server.script = [Said(text=" Sharp and bright. \n")]
    reply = served(chat_server).answer(request())
    assert (reply.text, reply.data) == ("Sharp and bright.", None)


def test_a_budget_is_kept(chat_server: ChatServer, tmp_path: Path) -> None:
    chat_server.script = [Said(text="Fine.")]
    cache = tmp_path / "replies.sqlite"
    writer = served(chat_server, cache, budget=28)
    assert [writer.answer(request(str(n))).who.input_tokens for n in range(2)] == [11, 11]
    assert writer.spent == 28
    with pytest.raises(BudgetError, match="28 tokens were spent of a budget of 28"):
        writer.answer(request("2"))
    # Again, with as much: what is in the cache costs nothing, and says what it once did.
    writer = served(chat_server, cache, budget=28)
    assert [writer.answer(request(str(n))).who.input_tokens for n in range(3)] == [11, 11, 11]
    assert writer.spent == 14
    assert len(chat_server.asked) == 3
    with pytest.raises(ArgumentError, match="at least 1 token"):
        served(chat_server, budget=0)


def test_many_requests_keep_their_order(chat_server: ChatServer) -> None:
    def answer(body: dict[str, Any]) -> Said:
        number = int(body["messages"][-1]["content"][-1]["text"])
        return Said(text=f"Number {number}." if number % 3 else "Sorry, no.", delay_s=0.05 if number < 2 else 0.0)

    chat_server.answer = answer
    replies = list(answer_all(served(chat_server), (request(str(n)) for n in range(12))))
    assert [reply.text if isinstance(reply, Reply) else reply.reason for reply in replies] == [
        f"Number {n}." if n % 3 else "refused" for n in range(12)
    ]
    assert 1 < chat_server.most_at_once <= 3


def test_requests_are_made_as_they_are_needed(chat_server: ChatServer) -> None:
    made: list[int] = []

    def requests() -> Any:
        for n in range(100):
            made.append(n)
            yield request(str(n))

    chat_server.script = [Said(text="Fine.")]
    replies = answer_all(served(chat_server), requests())
    next(replies)
    replies.close()  # type: ignore[attr-defined]
    assert len(made) <= 6


def test_a_server_that_dies_ends_it(chat_server: ChatServer) -> None:
    def answer(body: dict[str, Any]) -> Said:
        number = int(body["messages"][-1]["content"][-1]["text"])
        return Said(text="Fine.") if number < 4 else Said(status=400, text="no")

    chat_server.answer = answer
    replies = answer_all(served(chat_server), (request(str(n)) for n in range(12)))
    assert [reply.text for reply in islice(replies, 4) if isinstance(reply, Reply)] == ["Fine."] * 4
    with pytest.raises(EndpointError):
        next(replies)
