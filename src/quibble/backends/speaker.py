"""The language half behind words: conversations in, answers out, with what was read before not read again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from quibble.backends.language import GREEDY, Heard, OnnxLanguage, Sampling, softmax
from quibble.backends.weights import NANO
from quibble.errors import ArgumentError, ModelError
from quibble.text.conversation import Conversation, prompt
from quibble.text.special import SEGMENT, SPECIAL
from quibble.text.tokenizer import Tokenizer, nano

#: Earlier turns are forgotten, the oldest first, when fewer tokens than this would be left for an answer.
_ROOM: Final = 160
#: Fewer than this are too few for an answer.
_LEAST_ROOM: Final = 32
#: So many prompts are kept to go on from.
_RECENT: Final = 4
#: What a decoder gives for a character that has not ended yet.
_OPEN: Final = "\ufffd"


class OnnxSpeaker:
    """The language model of the package, or another export of the same form, from a folder.

    May be shared by threads. threads: 0 lets ONNX Runtime take all cores. Raises ModelError if weights are missing or
    damaged.
    """

    def __init__(self, folder: Path = NANO / "language", *, threads: int = 0) -> None:
        if not (folder / "manifest.json").exists():
            raise ModelError(
                f"there are no language weights in {folder}: this quibble scores and finds, but does not answer in "
                "words; install a release that has them"
            )
        self._language = OnnxLanguage(folder, threads=threads)
        self._tokenizer: Tokenizer = nano()
        self._stop = [self._tokenizer.special(token) for token in SPECIAL if token not in SEGMENT]
        self._recent: tuple[tuple[list[int], Heard], ...] = ()

    @property
    def name(self) -> str:
        return self._language.name

    def write(self, conversation: Conversation, *, sampling: Sampling = GREEDY, opening: str = "") -> Iterator[str]:
        """See LanguageBackend."""
        begun = self._tokenizer.encode(opening)
        reply = self._language.reply(self._hear(conversation, begun), stop=self._stop, sampling=sampling)
        if opening:
            yield opening
        written = len(opening)
        for _ in reply:
            text = self._tokenizer.decode([*begun, *reply.tokens])
            if len(text) > written and not text.endswith(_OPEN):
                yield text[written:]
                written = len(text)

    def weigh(self, conversation: Conversation, words: Sequence[str]) -> list[float]:
        """See LanguageBackend."""
        scores = self._language.score(self._hear(conversation, []), [self._tokenizer.encode(word) for word in words])
        return [float(share) for share in softmax(scores)]

    def _hear(self, conversation: Conversation, begun: Sequence[int]) -> Heard:
        """Read a conversation up to its answer, from where it differs from those that were read last."""
        ids = [*self._ids(conversation), *begun]
        shared, before = 0, None
        for known, heard in self._recent:
            length = _shared(known, ids[:-1])
            if length > shared:
                shared, before = length, heard.beginning(length)
        heard = self._language.read(ids[shared:], after=before)
        self._recent = (*self._recent[1 - _RECENT :], (ids, heard))
        return heard

    def _ids(self, conversation: Conversation) -> list[int]:
        context = self._language.context
        while len(ids := self._encode(conversation)) > context - _ROOM and len(conversation.turns) > 1:
            conversation = replace(conversation, turns=conversation.turns[1:])
        if len(ids) > context - _LEAST_ROOM:
            question = len(self._tokenizer.encode(conversation.turns[-1][0]))
            fitting = context - _LEAST_ROOM - (len(ids) - question)
            raise ArgumentError(f"the question has {question} tokens, and {fitting} fit; ask a shorter one")
        return ids

    def _encode(self, conversation: Conversation) -> list[int]:
        return prompt(conversation, self._tokenizer, visual_tokens=self._language.visual_tokens)


def _shared(a: Sequence[int], b: Sequence[int]) -> int:
    """How many tokens two sequences begin with in common."""
    for number, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return number
    return min(len(a), len(b))
