"""A language model as a judge, behind any OpenAI-compatible endpoint."""

from __future__ import annotations

from typing import Final

from quibble.bench.judge.prompts import Case, Prompt, read_mark
from quibble.endpoint import Endpoint, Request, user_message

#: Room for a judge to think before its mark.
_MAX_TOKENS: Final = 512


class ChatJudge:
    """Marks answers by what a language model replies. Give the endpoint a cache, and marks can be made again.

    temperature: above 0, so that rounds differ; a round's number is its seed.
    """

    def __init__(self, endpoint: Endpoint, *, temperature: float = 0.7) -> None:
        self._endpoint, self._temperature = endpoint, temperature

    @property
    def label(self) -> str:
        return f"{self._endpoint.model} at temperature {self._temperature:g}"

    def marks(self, prompt: Prompt, case: Case, *, rounds: int) -> tuple[float | None, ...]:
        """A mark a round. Raises EndpointError if the endpoint does not answer."""
        messages = [user_message(prompt.message(case))]
        asked = (
            Request(messages=messages, max_tokens=_MAX_TOKENS, temperature=self._temperature, seed=number)
            for number in range(rounds)
        )
        return tuple(read_mark(reply.text, prompt.top) for reply in self._endpoint.complete_many(asked))
