"""A language backend whose answers are known: what it is told to say to a question, or else the question again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from quibble.backends.language import Sampling
from quibble.text.conversation import Conversation


class FakeSpeaker:
    name = "fake-language"

    def __init__(self, answers: Mapping[str, str] | None = None) -> None:
        self.answers = dict(answers or {})
        self.heard: list[Conversation] = []
        self.samplings: list[Sampling] = []

    def write(self, conversation: Conversation, *, sampling: Sampling, opening: str = "") -> Iterator[str]:
        self.heard.append(conversation)
        self.samplings.append(sampling)
        question = conversation.turns[-1][0]
        if opening:
            yield opening
        for number, word in enumerate(self.answers.get(question, question).split(" ")):
            yield f" {word}" if opening or number else word

    def weigh(self, conversation: Conversation, words: Sequence[str]) -> list[float]:
        self.heard.append(conversation)
        return [1 / 4, 3 / 4, *[0.0] * (len(words) - 2)]

    @property
    def question(self) -> str:
        """The one that was asked last."""
        return self.heard[-1].turns[-1][0]
