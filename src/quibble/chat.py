"""A conversation about a picture, turn by turn."""

from __future__ import annotations

from collections.abc import Iterator

from quibble.backends.base import LanguageBackend
from quibble.backends.language import Sampling
from quibble.errors import ArgumentError
from quibble.results import Answer
from quibble.text.conversation import Conversation


class Chat:
    """A conversation that goes on: every question is understood with the turns before it.

    When the model's context is full, the oldest turns are forgotten; the picture never is. Not to be shared by threads.
    """

    def __init__(self, conversation: Conversation, language: LanguageBackend, sampling: Sampling) -> None:
        self._conversation, self._language, self._sampling = conversation, language, sampling

    @property
    def turns(self) -> tuple[tuple[str, str], ...]:
        """(question, answer) of each turn so far."""
        return self._conversation.turns

    def ask(self, question: str) -> Answer:
        """The next turn."""
        return Answer(text="".join(self.stream(question)))

    def stream(self, question: str) -> Iterator[str]:
        """The next turn's answer, piece by piece as it is written. A turn that is not read to its end is not kept."""
        asked = self._conversation.saying(tidy(question))
        pieces = []
        for piece in self._language.write(asked, sampling=self._sampling):
            pieces.append(piece)
            yield piece
        self._conversation = asked.answered("".join(pieces))


def tidy(question: str) -> str:
    """A question without blanks around it. Raises ArgumentError if nothing is left."""
    stripped = question.strip()
    if not stripped:
        raise ArgumentError("the question is empty; ask something")
    return stripped
