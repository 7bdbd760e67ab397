"""A judge behind an OpenAI-compatible endpoint: /chat/completions of any server, near or far."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from quibble.bench.judge.cache import ReplyCache
from quibble.bench.judge.prompts import Case, Prompt, read_mark
from quibble.errors import ArgumentError, QuibbleError

_AGAIN: Final = frozenset({408, 409, 429, 500, 502, 503, 504})


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where and how to ask. url: up to and without /chat/completions, such as "http://localhost:8000/v1".

    key: sent as a bearer token; never written anywhere. tries: of a request that the server was too busy for, with
    waits of pause_s, doubled each time.
    """

    url: str
    model: str
    key: str | None = field(default=None, repr=False)
    temperature: float = 0.0
    max_tokens: int = 512
    timeout_s: float = 120.0
    tries: int = 4
    pause_s: float = 1.0

    def __post_init__(self) -> None:
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise ArgumentError(f"an endpoint is a URL such as http://localhost:8000/v1, found {self.url!r}")
        if self.tries < 1 or self.temperature < 0:
            raise ArgumentError(
                f"tries are 1 or more and temperatures 0 or more, found {self.tries}, {self.temperature}"
            )

    def ask(self, content: Any, *, seed: int) -> str:
        """The reply to one user message: a text, or a list of parts. Raises QuibbleError if there is none.

        seed: sent along, so that rounds differ on servers that honour it.
        """
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": content}],
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "seed": seed,
        }
        answer = self._post(json.dumps(body).encode())
        try:
            reply = json.loads(answer)["choices"][0]["message"]["content"]
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise QuibbleError(f"{self.url} sent no chat completion: {answer[:200]!r}") from error
        return reply if isinstance(reply, str) else ""

    def _post(self, body: bytes) -> bytes:
        headers = {"Content-Type": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        request = urllib.request.Request(f"{self.url.rstrip('/')}/chat/completions", data=body, headers=headers)
        for attempt in range(self.tries):
            try:
                with urllib.request.urlopen(request, timeout=self.timeout_s) as response:
                    return bytes(response.read())
            except urllib.error.HTTPError as error:
                why, again = f"{error.code} {error.reason}", error.code in _AGAIN
                error.close()
            except (OSError, http.client.HTTPException) as error:
                why, again = str(error) or type(error).__name__, True
            if not again or attempt + 1 == self.tries:
                break
            time.sleep(self.pause_s * 2**attempt)
        raise QuibbleError(
            f"{self.url} did not answer ({why}); what was answered before is kept, so run the same again"
        )


class ChatJudge:
    """A language model that marks answers. Every reply is kept in the cache with model, temperature and prompt hash."""

    def __init__(self, endpoint: Endpoint, cache: ReplyCache) -> None:
        self._endpoint, self._cache = endpoint, cache

    @property
    def label(self) -> str:
        return f"{self._endpoint.model} at temperature {self._endpoint.temperature:g}"

    def marks(self, prompt: Prompt, case: Case, *, rounds: int) -> tuple[float | None, ...]:
        """A mark a round. Raises QuibbleError if the endpoint does not answer."""
        return tuple(read_mark(self._reply(prompt, case, number), prompt.top) for number in range(rounds))

    def _reply(self, prompt: Prompt, case: Case, number: int) -> str:
        message = prompt.message(case)
        request = {
            "model": self._endpoint.model,
            "temperature": self._endpoint.temperature,
            "max_tokens": self._endpoint.max_tokens,
            "prompt": prompt.name,
            "prompt_sha256": prompt.sha256,
            "round": number,
            "message": message,
        }
        known = self._cache.get(request)
        if known is not None:
            return known
        reply = self._endpoint.ask(message, seed=number)
        self._cache.put(request, reply)
        return reply
