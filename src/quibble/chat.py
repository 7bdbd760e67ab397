"""A conversation about a picture, turn by turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from quibble.backends.base import LanguageBackend
from quibble.backends.language import Sampling
from quibble.errors import ArgumentError
from quibble.results import Answer
from quibble.text.conversation import Conversation
from quibble.text.vocabulary import categories_named


class Chat:
    """A conversation that goes on: every question is understood with the turns before it.

    about: what is known beside a question, as a conversation without turns. When the model's context is full, the
    oldest turns are forgotten; the picture never is. Not to be shared by threads.
    """

    def __init__(self, about: Callable[[str], Conversation], language: LanguageBackend, sampling: Sampling) -> None:
        self._about, self._language, self._sampling = about, language, sampling
        self._conversation = about("")

    @property
    def turns(self) -> tuple[tuple[str, str], ...]:
        """(question, answer) of each turn so far."""
        return self._conversation.turns

    def ask(self, question: str) -> Answer:
        """The next turn."""
        return Answer(text="".join(self.stream(question)))

    def stream(self, question: str) -> Iterator[str]:
        """The next turn's answer, piece by piece as it is written. A turn that is not read to its end is not kept."""
        asked = self._known(tidy(question)).saying(tidy(question))
        pieces = []
        for piece in self._language.write(asked, sampling=self._sampling):
            pieces.append(piece)
            yield piece
        self._conversation = asked.answered("".join(pieces))

    def _known(self, question: str) -> Conversation:
        """The turns so far, with what is known of the defect that is spoken of."""
        said = (question, *(earlier for earlier, _ in reversed(self.turns)))
        topic = next((text for text in said if categories_named(text)), "")
        return replace(self._about(topic), turns=self.turns)


def tidy(question: str) -> str:
    """A question without blanks around it. Raises ArgumentError if nothing is left."""
    stripped = question.strip()
    if not stripped:
        raise ArgumentError("the question is empty; ask something")
    return stripped
