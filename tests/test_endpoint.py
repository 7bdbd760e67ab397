"""Against a server of our own in a thread: slow, failing, cut off, talking nonsense."""

from __future__ import annotations

import base64
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quibble.endpoint import Completion, Endpoint, Request, picture_part, user_message
from quibble.errors import ArgumentError, EndpointError, ImageError
from quibble.image import load, save
from tests.chat_server import ChatServer, Said

HELLO = [user_message("hello")]
GREY = np.full((4, 6, 3), 90, np.uint8)


@pytest.fixture
def endpoint(chat_server: ChatServer) -> Iterator[Endpoint]:
    made = connect(chat_server)
    yield made
    made.close()


def connect(server: ChatServer, **options: Any) -> Endpoint:
    return Endpoint(server.url, "lmm-1", **{"pause_s": 0.01, "timeout_s": 5, "retries": 2, **options})


def requests(*texts: str) -> list[Request]:
    return [Request(messages=[user_message(text)]) for text in texts]


def test_what_is_sent_and_what_comes_back(chat_server: ChatServer) -> None:
    top = [{"Go": -0.1, "Ba": -2.5}, {"od": 0.0}]
    chat_server.script = [Said(text="Good", top=top)]
    endpoint = connect(chat_server, key="secret")
    schema = {"type": "object"}
    reply = endpoint.complete(HELLO, max_tokens=7, temperature=0.5, top_p=0.9, seed=3, schema=schema, top_logprobs=2)
    assert (reply.text, reply.finish, reply.model, reply.cached) == ("Good", "stop", "served", False)
    assert (reply.input_tokens, reply.output_tokens) == (11, 3)
    assert (reply.tokens, reply.top) == (("Go", "od"), tuple(top))
    (asked,) = chat_server.asked
    assert (asked["path"], asked["key"]) == ("/v1/chat/completions", "Bearer secret")
    assert asked["messages"] == [{"role": "user", "content": [{"type": "text", "text": "hello"}]}]
    wanted = {"model": "lmm-1", "max_tokens": 7, "temperature": 0.5, "top_p": 0.9, "seed": 3, "top_logprobs": 2}
    assert {name: asked[name] for name in wanted} == wanted
    assert asked["response_format"]["json_schema"]["schema"] == schema
    endpoint.complete(HELLO)
    assert not {"top_p", "seed", "response_format", "logprobs"} & set(chat_server.asked[1])


def test_no_key_of_the_environment_is_sent(chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    connect(chat_server).complete(HELLO)
    assert "secret" not in chat_server.asked[0]["key"]


def test_pictures_travel_whole(tmp_path: Path) -> None:
    def sent(part: dict[str, Any]) -> tuple[str, bytes]:
        head, _, data = part["image_url"]["url"].partition(";base64,")
        return head, base64.b64decode(data)

    save(GREY, tmp_path / "a.jpg")
    save(GREY, tmp_path / "a.webp")
    whole = (tmp_path / "a.jpg").read_bytes()
    assert sent(picture_part(tmp_path / "a.jpg")) == ("data:image/jpeg", whole)
    assert sent(picture_part((tmp_path / "a.webp").read_bytes()))[0] == "data:image/webp"
    bitmap = b"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x18\0" + bytes(24) + b"\x01\x02\x03\0"
    head, data = sent(picture_part(bitmap))
    assert (head, load(data).tolist()) == ("data:image/png", [[[3, 2, 1]]])
    message = user_message("which?", [GREY, whole])
    assert [part["type"] for part in message["content"]] == ["image_url", "image_url", "text"]
    assert (load(sent(message["content"][0])[1]) == GREY).all()
    for wrong in (b"%PDF-1.7", b"", GREY.astype(float)):
        with pytest.raises(ImageError):
            picture_part(wrong)


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_busy_server_is_asked_again(chat_server: ChatServer, endpoint: Endpoint, status: int) -> None:
    chat_server.script = [Said(status=status), Said(status=status), Said(text="There.")]
    assert endpoint.complete(HELLO).text == "There."
    assert len(chat_server.asked) == 3
    chat_server.script = [Said(status=status, body="overloaded")]
    with pytest.raises(EndpointError, match=f"did not answer in 3 tries, at last: status {status}: 'overloaded'"):
        endpoint.complete(HELLO)
    assert len(chat_server.asked) == 6


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_a_refusal_is_final(chat_server: ChatServer, endpoint: Endpoint, status: int) -> None:
    chat_server.script = [Said(status=status, body='{"error": {"message": "no such model"}}')]
    for ask in (endpoint.complete, lambda messages: list(endpoint.stream(messages))):
        with pytest.raises(EndpointError, match=rf"refused .* status {status}: .*no such model"):
            ask(HELLO)
    assert len(chat_server.asked) == 2


def test_the_server_says_how_long_to_wait(chat_server: ChatServer, endpoint: Endpoint) -> None:
    chat_server.script = [Said(status=429, headers={"Retry-After": "0.3"}), Said(text="There.")]
    start = time.monotonic()
    endpoint.complete(HELLO)
    assert 0.3 <= time.monotonic() - start < 3


def test_connections_that_break_are_made_again(chat_server: ChatServer, endpoint: Endpoint) -> None:
    chat_server.script = [Said(text="Long enough.", cut=20), Said(text="There.", cut=0), Said(text="There.")]
    assert endpoint.complete(HELLO).text == "There."
    chat_server.script = [Said(text="Long enough.", cut=20)]
    with pytest.raises(EndpointError, match="broke off"):
        endpoint.complete(HELLO)


@pytest.mark.parametrize("body", ["<html>", '{"choices": [', "[]", '{"choices": []}', '{"error": "oh"}', "\udcff", ""])
def test_nonsense_is_named_and_not_asked_for_again(chat_server: ChatServer, endpoint: Endpoint, body: str) -> None:
    chat_server.script = [Said(body=body.encode("utf-8", "replace").decode())]
    with pytest.raises(EndpointError, match=r"sent something else .*; check that"):
        endpoint.complete(HELLO)
    assert len(chat_server.asked) == 1


def test_an_empty_reply_and_a_cut_one_are_replies(chat_server: ChatServer, endpoint: Endpoint) -> None:
    chat_server.script = [Said(body='{"choices": [{"message": {"content": null}, "finish_reason": "length"}]}')]
    reply = endpoint.complete(HELLO)
    assert (reply.text, reply.finish, reply.model, reply.input_tokens) == ("", "length", "lmm-1", 0)


@pytest.mark.parametrize("said", [Said(text="Late.", delay_s=2), Said(text="Late.", drip_s=2)], ids=["silent", "drip"])
def test_deadlines_hold_by_the_clock(chat_server: ChatServer, said: Said) -> None:
    endpoint = connect(chat_server, timeout_s=0.2, retries=1)
    chat_server.script = [said]
    start = time.monotonic()
    with pytest.raises(EndpointError, match=r"no answer within 0\.2 s"):
        endpoint.complete(HELLO)
    assert 0.4 <= time.monotonic() - start < 1.5
    endpoint.close()


def test_nobody_there() -> None:
    endpoint = Endpoint("http://127.0.0.1:9/v1", "m", retries=0)
    with pytest.raises(EndpointError, match=r"127\.0\.0\.1:9.*did not answer in 1 tries.*Is it running"):
        endpoint.complete(HELLO)
    for wrong in ("file:///etc", "localhost:8000", "http://", ""):
        with pytest.raises(ArgumentError, match="http://localhost"):
            Endpoint(wrong, "m")
    with pytest.raises(ArgumentError, match="a model's name"):
        Endpoint("http://localhost", "m", timeout_s=0)


def test_the_newer_name_of_the_limit_is_learned(chat_server: ChatServer, endpoint: Endpoint) -> None:
    def answer(body: dict[str, Any]) -> Said:
        if "max_tokens" in body:
            return Said(status=400, body="Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
        return Said(text=str(body["max_completion_tokens"]))

    chat_server.answer = answer
    assert [endpoint.complete(HELLO, max_tokens=9).text for _ in range(2)] == ["9", "9"]
    assert len(chat_server.asked) == 3


def test_replies_are_kept(chat_server: ChatServer, tmp_path: Path) -> None:
    path = tmp_path / "cache" / "replies.sqlite"
    chat_server.script = [Said(text="Good", top=[{"Good": -0.5}])]
    picture = [user_message("how?", [GREY])]
    first = connect(chat_server, cache=path, key="secret").complete(picture, top_logprobs=1)
    again = connect(chat_server, cache=path).complete(picture, top_logprobs=1)
    assert (first.cached, again.cached, len(chat_server.asked)) == (False, True, 1)
    assert (again.text, again.top, again.tokens, again.output_tokens) == ("Good", ({"Good": -0.5},), ("Good",), 3)
    endpoint = connect(chat_server, cache=path)
    endpoint.complete(picture)
    endpoint.complete(picture, seed=1)
    endpoint.complete([user_message("how?", [GREY + np.uint8(1)])])
    assert len(chat_server.asked) == 4
    with sqlite3.connect(path) as connection:
        kept = connection.execute("SELECT request FROM replies").fetchall()
    connection.close()
    assert len(kept) == 4
    assert all("sha256:" in request and "base64" not in request and "secret" not in request for (request,) in kept)
    path.write_text("a diary, long enough not to be an empty data base")
    with pytest.raises(EndpointError, match=r"replies\.sqlite cannot be used"):
        connect(chat_server, cache=path)


def test_many_come_in_order_and_some_at_once(chat_server: ChatServer) -> None:
    def answer(body: dict[str, Any]) -> Said:
        text = body["messages"][0]["content"][0]["text"]
        return Said(text=text, delay_s=0.2 if text == "0" else 0.05)

    chat_server.answer = answer
    endpoint = connect(chat_server, concurrency=3)
    texts = [str(number) for number in range(7)]
    assert [reply.text for reply in endpoint.complete_many(requests(*texts))] == texts
    assert chat_server.most_at_once == 3


def test_what_was_answered_when_another_failed_is_not_lost(chat_server: ChatServer, tmp_path: Path) -> None:
    def answer(body: dict[str, Any]) -> Said:
        text = body["messages"][0]["content"][0]["text"]
        return Said(status=401 if text == "b" else 200, text=text, delay_s=0.2 if text == "c" else 0)

    chat_server.answer = answer
    endpoint = connect(chat_server, cache=tmp_path / "replies", concurrency=3)
    found: list[Completion] = []
    with pytest.raises(EndpointError, match="401"):
        found.extend(endpoint.complete_many(requests("a", "b", "c", "d")))
    chat_server.answer, chat_server.asked = None, []
    replies = list(endpoint.complete_many(requests("a", "c", "b")))
    assert [(reply.text, reply.cached) for reply in replies] == [("a", True), ("c", True), ("Fine.", False)]
    assert len(chat_server.asked) == 1


def test_a_stream_comes_in_pieces(chat_server: ChatServer, tmp_path: Path) -> None:
    chat_server.script = [Said(status=503), Said(text="It is a bit soft.", drip_s=0.02)]
    endpoint = connect(chat_server, cache=tmp_path / "replies")
    assert list(endpoint.stream(HELLO)) == ["It", " is", " a", " bit", " soft."]
    assert list(endpoint.stream(HELLO)) == ["It is a bit soft."]
    assert len(chat_server.asked) == 2
    for piece in endpoint.stream(HELLO, seed=1):
        assert piece == "It"
        break
    assert next(iter(endpoint.stream(HELLO, seed=1))) == "It"


def test_a_stream_that_breaks_off_is_an_error_and_is_not_kept(chat_server: ChatServer, tmp_path: Path) -> None:
    endpoint = connect(chat_server, cache=tmp_path / "replies", timeout_s=0.3)
    chat_server.script = [Said(text="It is soft.", cut=2)]
    got: list[str] = []
    with pytest.raises(EndpointError, match="broke off after 5 characters"):
        got.extend(endpoint.stream(HELLO))
    chat_server.script = [Said(text="It is soft.", drip_s=1)]
    with pytest.raises(EndpointError, match=r"silent for 0.3 s after 2 characters"):
        list(endpoint.stream(HELLO))
    for body in ("data: {broken\n\n", 'data: {"choices": [{"delta": 3}]}\n\n', "<html>"):
        chat_server.script = [Said(body=body, headers={"Content-Type": "text/event-stream"})]
        with pytest.raises(EndpointError, match=r"sent something else|broke off"):
            list(endpoint.stream(HELLO))
    chat_server.script = [Said(text="Whole.")]
    assert list(endpoint.stream(HELLO)) == ["Whole."]


def test_it_works_on_in_a_forked_process(chat_server: ChatServer) -> None:
    code = f"""
import os, sys
from quibble.endpoint import Endpoint, user_message
endpoint = Endpoint({chat_server.url!r}, "m", retries=0, timeout_s=5)
print(endpoint.complete([user_message("hi")]).text, flush=True)
if not os.fork():
    print(endpoint.complete([user_message("hi")]).text, flush=True)
    os._exit(0)
os.wait()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["Fine.", "Fine."]


def test_without_the_extra_it_is_named() -> None:
    code = (
        "import sys; sys.modules['openai'] = None\n"
        "from quibble.endpoint import Endpoint; from quibble.errors import MissingExtraError\n"
        "try: Endpoint('http://localhost/v1', 'm')\nexcept MissingExtraError as error: print(error.extra)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "chat"


def test_errors_hold_no_key(chat_server: ChatServer) -> None:
    chat_server.script = [Said(status=401, body=json.dumps({"error": "bad key"}))]
    with pytest.raises(EndpointError) as caught:
        connect(chat_server, key="secret").complete(HELLO)
    assert "secret" not in str(caught.value)
