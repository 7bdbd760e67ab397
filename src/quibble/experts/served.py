"""A language model behind an OpenAI-compatible endpoint, within a budget of tokens."""

from __future__ import annotations

import re
from threading import Lock
from typing import Final

from quibble.data import Maker
from quibble.endpoint import Completion, Endpoint, user_message
from quibble.errors import ArgumentError, BudgetError, ReplyError
from quibble.experts.language_model import Reply, Request
from quibble.experts.schema import parse, shown

#: How a model says that it will not.
_REFUSAL: Final = re.compile(
    r"\s*(i['’]?m (very |really |so )?sorry|sorry[,.! ]|i (can(no|['’])t|am unable|am not able|won['’]t|will not)\b"
    r"|as an ai\b|unfortunately,? i (can|am)|i apologi[sz]e)",
    re.IGNORECASE,
)


class Served:
    """An endpoint that writes data. Several threads may share it.

    budget: tokens, prompts and replies together, that may be spent; replies from the endpoint's cache cost nothing.
    What is under way when it is spent is still paid for, so up to `concurrency` requests go beyond it. Raises
    ArgumentError for a budget below 1.
    """

    def __init__(
        self, endpoint: Endpoint, *, budget: int | None = None, max_tokens: int = 1024, temperature: float = 0.7
    ) -> None:
        if budget is not None and budget < 1:
            raise ArgumentError(f"a budget is at least 1 token, found {budget}; leave it out for no limit")
        self._endpoint, self._budget = endpoint, budget
        self._max_tokens, self._temperature = max_tokens, temperature
        self._spent, self._lock = 0, Lock()

    @property
    def name(self) -> str:
        return self._endpoint.model

    @property
    def concurrency(self) -> int:
        return self._endpoint.concurrency

    @property
    def spent(self) -> int:
        """Tokens paid for so far."""
        with self._lock:
            return self._spent

    def answer(self, request: Request) -> Reply:
        """Raises ReplyError for what cannot be used, BudgetError when the budget is spent, EndpointError."""
        if self._budget is not None and (spent := self.spent) >= self._budget:
            raise BudgetError(
                f"{spent} tokens were spent of a budget of {self._budget}; every reply is kept, so run the same again "
                "with a larger budget, which counts from 0 and only what is still to be asked"
            )
        messages = [{"role": "system", "content": request.system}] if request.system else []
        completion = self._endpoint.complete(
            [*messages, user_message(request.prompt, request.pictures)],
            max_tokens=self._max_tokens,
            temperature=self._temperature,
            # Servers read a seed as a signed number of 32 or 64 bits.
            seed=request.seed % 2**31,
            schema=request.schema,
        )
        if not completion.cached:
            with self._lock:
                self._spent += completion.input_tokens + completion.output_tokens
        who = Maker(
            part=request.task,
            model=self._endpoint.model,
            prompt_sha=request.sha256(),
            seed=request.seed,
            input_tokens=completion.input_tokens,
            output_tokens=completion.output_tokens,
        )
        try:
            text = _usable(completion)
            data = None if request.schema is None else parse(text, request.schema)
        except ReplyError as error:
            raise ReplyError(error.reason, error.detail, who=who) from None
        return Reply(text=text, data=data, who=who)


def _usable(completion: Completion) -> str:
    text = completion.text.strip()
    if completion.finish == "content_filter" or _REFUSAL.match(text):
        raise ReplyError("refused", shown(text))
    if completion.finish == "length":
        raise ReplyError("cut off", f"after {completion.output_tokens} tokens: {shown(text)}")
    if not text:
        raise ReplyError("empty", f"the reply ended with {completion.finish!r}")
    return text
