"""Language models that write and read for the pipelines: what is asked of them, what comes back, and at what cost."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from quibble.data import Maker
from quibble.errors import ReplyError


@dataclass(frozen=True, kw_only=True)
class Request:
    """One question to a language model.

    task: the pipeline's step, such as "instruct.questions"; it becomes the maker's part. pictures: paths or encoded
    files, shown before the prompt. schema: a JSON schema that the reply has to keep to. facts: what the prompt was
    made from, for stand-ins that cannot read a prompt; a served model is never sent them.
    """

    task: str
    prompt: str
    system: str = ""
    pictures: tuple[Path | bytes, ...] = ()
    schema: Mapping[str, Any] | None = None
    seed: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)

    def sha256(self) -> str:
        """Of everything that is sent, the pictures' bytes included: a maker's prompt_sha."""
        parts = [self.system.encode(), self.prompt.encode()]
        parts += [part if isinstance(part, bytes) else part.read_bytes() for part in self.pictures]
        return hashlib.sha256("".join(hashlib.sha256(part).hexdigest() for part in parts).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A reply that can be used. data: the parsed JSON where the request had a schema. who: for the record."""

    text: str
    data: Any = None
    who: Maker


class LanguageModel(Protocol):
    """Whoever answers requests. concurrency: how many at once are worth while; 1 is never called from two threads."""

    @property
    def name(self) -> str:
        """As it is written into records."""
        ...

    @property
    def concurrency(self) -> int:
        """How many requests to keep under way."""
        ...

    def answer(self, request: Request) -> Reply:
        """The reply. Raises ReplyError if what comes back cannot be used, BudgetError if nothing may be spent."""
        ...


def answer_all(model: LanguageModel, requests: Iterable[Request]) -> Iterator[Reply | ReplyError]:
    """Replies in the order of the requests, which are read as they are needed; a ReplyError is yielded, not raised.

    Any other error, such as BudgetError, is raised when its turn comes; requests behind it are dropped.
    """
    if model.concurrency == 1:
        yield from (_try(model, request) for request in requests)
        return
    waiting: deque[Future[Reply | ReplyError]] = deque()
    with ThreadPoolExecutor(model.concurrency) as pool:
        try:
            for request in requests:
                waiting.append(pool.submit(_try, model, request))
                if len(waiting) >= 2 * model.concurrency:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def usable(reply: Reply | ReplyError) -> Reply:
    """The reply, if it is one; raises the ReplyError otherwise."""
    if isinstance(reply, ReplyError):
        raise reply
    return reply


def makers_of(reply: Reply | ReplyError) -> tuple[Maker, ...]:
    """Who made a reply, also one that cannot be used: one, or none if nothing came back."""
    return (reply.who,) if isinstance(reply.who, Maker) else ()


def _try(model: LanguageModel, request: Request) -> Reply | ReplyError:
    try:
        return model.answer(request)
    except ReplyError as error:
        return error
