"""A large model that is being served somewhere, behind any OpenAI-compatible endpoint. It is shown the pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any, Final

from quibble.backends.focus import focused
from quibble.backends.language import GREEDY, Sampling
from quibble.backends.top_words import shares
from quibble.endpoint import Endpoint, picture_part, text_part
from quibble.errors import ArgumentError, CapabilityError, ReplyError
from quibble.preprocess import shrink
from quibble.text.conversation import Conversation

#: The most that servers give at one place.
_TOP: Final = 20
#: Room for an answer of one word, and for a preamble that was not asked for.
_WORD_TOKENS: Final = 16
#: Large models on small machines take their time to read a picture.
_PATIENCE_S: Final = 180.0


class ChatBackend:
    """A SeeingBackend on a server.

    max_tokens: of an answer. long_side: larger pictures are shrunk to so many pixels, as most servers would do. Errors
    of the endpoint come out as EndpointError.
    """

    def __init__(self, endpoint: Endpoint, *, max_tokens: int = 1024, long_side: int = 2048) -> None:
        if max_tokens < 1 or long_side < 64:
            raise ArgumentError(f"answers have a token or more, pictures 64 pixels, found {max_tokens} and {long_side}")
        self._endpoint, self._max_tokens, self._long_side = endpoint, max_tokens, long_side

    @classmethod
    def open(cls, address: str) -> ChatBackend:
        """From "http://host:8000/v1#NAME". Environment: the key QUIBBLE_MODEL_KEY, a cache file QUIBBLE_MODEL_CACHE."""
        url, _, name = address.partition("#")
        if not name:
            raise ArgumentError(
                f"a served model is written URL#NAME, such as http://localhost:8000/v1#llava, found {address!r}; "
                "`quibble models URL` lists the names"
            )
        key, cache = (os.environ.get(f"QUIBBLE_MODEL_{what}") or None for what in ("KEY", "CACHE"))
        return cls(Endpoint(url, name, key=key, cache=cache, timeout_s=_PATIENCE_S))

    @property
    def name(self) -> str:
        return self._endpoint.model

    @property
    def concurrency(self) -> int:
        return self._endpoint.concurrency

    def write(self, conversation: Conversation, *, sampling: Sampling = GREEDY, opening: str = "") -> Iterator[str]:
        """See SeeingBackend."""
        if opening:
            question = conversation.turns[-1][0]
            begun = f'{question}\nBegin your answer with these words: "{opening}"'
            conversation = conversation.asking(begun)
        return self._endpoint.stream(
            self._messages(conversation),
            max_tokens=self._max_tokens,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            seed=sampling.seed if sampling.temperature else None,
        )

    def weigh(self, conversation: Conversation, words: Sequence[str]) -> list[float]:
        """See LanguageBackend; a word that is not among the likeliest tokens has a share of 0.

        Raises CapabilityError if the server sends no log-probabilities, ReplyError if none of the words was said.
        """
        messages = self._messages(conversation)
        reply = self._endpoint.complete(messages, max_tokens=_WORD_TOKENS, top_logprobs=_TOP)
        if not any(reply.top):
            raise CapabilityError(
                f"{self._endpoint.url} sends no log-probabilities for the model {self.name}, and scores, options, "
                "comparisons and places are read from these; serve it with vLLM, SGLang or llama.cpp, or use another"
            )
        found = shares(reply.tokens, reply.top, words)
        if found is None:
            raise ReplyError(
                "not as asked",
                f"{self._endpoint.url} (model {self.name}) was asked for one of {', '.join(words)} and said "
                f"{reply.text!r}, which is none of them; a model that thinks aloud has to be served without",
            )
        return found

    def _messages(self, conversation: Conversation) -> list[dict[str, Any]]:
        """The pictures, each behind its name, the region, and the turns."""
        parts: list[dict[str, Any]] = []
        for shown in conversation.pictures:
            assert shown.pixels is not None, "a model that sees is shown pixels"
            if shown.name:
                parts.append(text_part(f"{shown.name}:"))
            parts.append(picture_part(shrink(shown.pixels, self._long_side)))
        if conversation.focus is not None and shown.pixels is not None:
            focus = focused(conversation.focus, shown.pixels)
            parts.append(text_part(focus.told))
            if focus.cut is not None:
                parts.append(picture_part(shrink(focus.cut, self._long_side)))
        messages: list[dict[str, Any]] = []
        for question, answer in conversation.turns:
            messages.append({"role": "user", "content": [*parts, text_part(question)]})
            parts = []
            if answer:
                messages.append({"role": "assistant", "content": answer})
        return messages
