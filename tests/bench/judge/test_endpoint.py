"""Against a server of our own in a thread."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from quibble.bench.judge import PROMPTS, Case, ChatJudge, Endpoint, ReplyCache
from quibble.errors import ArgumentError, QuibbleError, RecordError

CASE = Case(answer="noisy", truth="Strong noise.")


class Server(HTTPServer):
    """Sends the scripted (status, body) answers, the last one for ever, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[tuple[int, str]] = [(200, completion("Mark: 1"))]
        self.asked: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Server)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append({**body, "path": self.path, "key": self.headers["Authorization"]})
        script = self.server.script
        status, text = script.pop(0) if len(script) > 1 else script[0]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass


def completion(text: str | None) -> str:
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]})


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def judge(server: Server, path: Path, **options: Any) -> ChatJudge:
    return ChatJudge(Endpoint(url=server.url, model="judge-1", pause_s=0.01, **options), ReplyCache(path))


def test_rounds_are_asked_for_once_and_then_kept(server: Server, tmp_path: Path) -> None:
    server.script = [(200, completion(text)) for text in ("Mark: 2", "I cannot say", "So: \nMark: 1")]
    path = tmp_path / "judge" / "replies.jsonl"
    first = judge(server, path, temperature=0.7, key="secret")
    assert first.marks(PROMPTS["precision"], CASE, rounds=3) == (2, None, 1)
    assert first.label == "judge-1 at temperature 0.7"
    assert judge(server, path, temperature=0.7).marks(PROMPTS["precision"], CASE, rounds=3) == (2, None, 1)
    assert [request["seed"] for request in server.asked] == [0, 1, 2]
    assert server.asked[0]["path"] == "/v1/chat/completions"
    assert server.asked[0]["key"] == "Bearer secret"
    kept = [json.loads(line) for line in path.read_text().splitlines()]
    assert kept[0]["prompt_sha256"] == PROMPTS["precision"].sha256
    assert (kept[0]["temperature"], kept[0]["model"], kept[0]["round"]) == (0.7, "judge-1", 0)
    assert "secret" not in path.read_text()


def test_another_temperature_or_prompt_is_another_question(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    judge(server, path).marks(PROMPTS["precision"], CASE, rounds=1)
    judge(server, path, temperature=0.1).marks(PROMPTS["precision"], CASE, rounds=1)
    judge(server, path).marks(PROMPTS["relevance"], CASE, rounds=1)
    assert len(server.asked) == 3


def test_a_busy_server_is_asked_again_and_a_refusal_is_not(server: Server, tmp_path: Path) -> None:
    server.script = [(503, "busy"), (429, "slow"), (200, completion("Mark: 2"))]
    assert judge(server, tmp_path / "a").marks(PROMPTS["precision"], CASE, rounds=1) == (2,)
    server.script, server.asked = [(401, "no")], []
    with pytest.raises(QuibbleError, match=r"401 Unauthorized.*run the same again"):
        judge(server, tmp_path / "b").marks(PROMPTS["precision"], CASE, rounds=1)
    assert len(server.asked) == 1
    assert not (tmp_path / "b").exists()


def test_what_is_no_completion_is_an_error_and_an_empty_reply_is_unreadable(server: Server, tmp_path: Path) -> None:
    server.script = [(200, "<html>")]
    with pytest.raises(QuibbleError, match="no chat completion"):
        judge(server, tmp_path / "a").marks(PROMPTS["precision"], CASE, rounds=1)
    server.script = [(200, completion(None))]
    assert judge(server, tmp_path / "b").marks(PROMPTS["precision"], CASE, rounds=1) == (None,)


def test_nobody_there() -> None:
    with pytest.raises(QuibbleError, match="did not answer"):
        Endpoint(url="http://127.0.0.1:9/v1", model="m", tries=1).ask("hello", seed=0)
    with pytest.raises(ArgumentError, match="http://localhost"):
        Endpoint(url="file:///etc", model="m")


def test_a_cut_off_line_is_dropped_and_a_damaged_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    cache = ReplyCache(path)
    cache.put({"a": 1}, "x")
    whole = path.read_text()
    path.write_text(whole + whole[:20])
    again = ReplyCache(path)
    assert (len(again), again.get({"a": 1}), again.get({"a": 2})) == (1, "x", None)
    again.put({"a": 2}, "y")
    assert len(ReplyCache(path)) == 2
    path.write_text("{}\n" + whole)
    with pytest.raises(RecordError, match=r"replies\.jsonl:1"):
        ReplyCache(path)
