from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from quibble.bench.judge import PROMPTS, Case, ChatJudge
from quibble.endpoint import Endpoint
from quibble.errors import EndpointError
from tests.chat_server import ChatServer, Said

CASE = Case(answer="noisy", truth="Strong noise.")


def judge(server: ChatServer, path: Path, **options: Any) -> ChatJudge:
    return ChatJudge(Endpoint(server.url, "judge-1", cache=path, retries=0), **options)


def by_round(body: dict[str, Any]) -> Said:
    return Said(text=("Mark: 2", "I cannot say", "So: \nMark: 1")[body["seed"]])


def test_rounds_are_asked_for_once_and_then_kept(chat_server: ChatServer, tmp_path: Path) -> None:
    chat_server.answer = by_round
    path = tmp_path / "judge" / "replies.sqlite"
    first = judge(chat_server, path)
    assert first.marks(PROMPTS["precision"], CASE, rounds=3) == (2, None, 1)
    assert first.label == "judge-1 at temperature 0.7"
    assert judge(chat_server, path).marks(PROMPTS["precision"], CASE, rounds=3) == (2, None, 1)
    assert sorted(request["seed"] for request in chat_server.asked) == [0, 1, 2]
    with sqlite3.connect(path) as connection:
        kept = [request for (request,) in connection.execute("SELECT request FROM replies")]
    connection.close()
    assert all('"temperature": 0.7' in request and "Strong noise." in request for request in kept)


def test_another_temperature_or_prompt_is_another_question(chat_server: ChatServer, tmp_path: Path) -> None:
    path = tmp_path / "replies.sqlite"
    judge(chat_server, path).marks(PROMPTS["precision"], CASE, rounds=1)
    judge(chat_server, path, temperature=0.1).marks(PROMPTS["precision"], CASE, rounds=1)
    judge(chat_server, path).marks(PROMPTS["relevance"], CASE, rounds=1)
    assert len(chat_server.asked) == 3


def test_a_judge_that_does_not_answer_is_an_error(chat_server: ChatServer, tmp_path: Path) -> None:
    chat_server.script = [Said(status=401)]
    with pytest.raises(EndpointError, match="401"):
        judge(chat_server, tmp_path / "replies.sqlite").marks(PROMPTS["precision"], CASE, rounds=2)
