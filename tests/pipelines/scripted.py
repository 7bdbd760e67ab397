"""A language model that says what a test tells it to."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from quibble.data import Maker
from quibble.errors import ReplyError
from quibble.experts.language_model import Reply, Request


class Scripted:
    """Says what a function makes of a request: JSON, or an error to raise; a ReplyError costs something too."""

    name = "scripted"
    concurrency = 1

    def __init__(self, say: Callable[[Request], Any]) -> None:
        self.say = say
        self.asked: list[Request] = []

    def answer(self, request: Request) -> Reply:
        self.asked.append(request)
        said = self.say(request)
        who = Maker(part=request.task, model=self.name, prompt_sha=request.sha256(), seed=request.seed, input_tokens=7)
        if isinstance(said, ReplyError):
            raise ReplyError(said.reason, said.detail, who=who)
        if isinstance(said, Exception):
            raise said
        return Reply(text=json.dumps(said), data=said, who=who)
