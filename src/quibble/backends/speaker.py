"""The language half behind words: conversations in, answers out, with what was read before not read again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from quibble.backends.base import Maps
from quibble.backends.copying import Codes
from quibble.backends.language import GREEDY, Heard, OnnxLanguage, Sampling, softmax
from quibble.backends.visual import OnnxVisual
from quibble.backends.weights import NANO
from quibble.errors import ArgumentError, CapabilityError, ModelError
from quibble.text.conversation import Conversation, Features, prompt
from quibble.text.special import IMAGE, REGION, SEGMENT, SPECIAL
from quibble.text.tokenizer import Tokenizer, nano

#: Earlier turns are forgotten, the oldest first, when fewer tokens than this would be left for an answer.
_ROOM: Final = 160
#: Fewer than this are too few for an answer.
_LEAST_ROOM: Final = 32
#: So many prompts are kept to go on from.
_RECENT: Final = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class _Prompt:
    """What is read up to an answer. seen: features of the pictures, none if they are not looked at."""

    ids: list[int]
    seen: tuple[Features, ...]
    inside: Maps | None

    def shared(self, other: _Prompt, place: int, region: int) -> int:
        """How many tokens both begin with in common, and with the same in the places of visual tokens."""
        length = next(
            (n for n, (x, y) in enumerate(zip(self.ids, other.ids, strict=False)) if x != y),
            min(len(self.ids), len(other.ids)),
        )
        if self.seen != other.seen:
            length = min(length, _first(self.ids, place))
        if not _alike(self.inside, other.inside):
            length = min(length, _first(self.ids, region))
        return length


def _alike(a: Maps | None, b: Maps | None) -> bool:
    return a is b or (a is not None and b is not None and np.array_equal(a, b))


def _first(ids: Sequence[int], token: int) -> int:
    return ids.index(token) if token in ids else len(ids)


class OnnxSpeaker:
    """The language model of the package, or another export of the same form, from a folder.

    It looks at pictures that come with features, if it was trained to, and goes by their evidence alone else. May be
    shared by threads. threads: 0 lets ONNX Runtime take all cores. Raises ModelError if weights are missing or damaged.
    """

    def __init__(self, folder: Path = NANO / "language", *, threads: int = 0) -> None:
        if not (folder / "manifest.json").exists():
            raise ModelError(
                f"there are no language weights in {folder}: this quibble scores and finds, but does not answer in "
                "words; install a release that has them"
            )
        self._language = OnnxLanguage(folder, threads=threads)
        manifest = self._language.manifest
        self._visual = OnnxVisual(folder, manifest, threads=threads) if "parts" in manifest else None
        self._tokenizer: Tokenizer = nano()
        # Segmentation tokens, which only end an answer, are no words.
        self._stop = [self._tokenizer.special(token) for token in SPECIAL]
        self._image, self._region = (self._tokenizer.special(token) for token in (IMAGE, REGION))
        self._recent: tuple[tuple[_Prompt, Heard], ...] = ()

    @property
    def name(self) -> str:
        return self._language.name

    @property
    def draws(self) -> bool:
        """Whether it can draw masks of pictures with features."""
        return self._visual is not None

    def write(self, conversation: Conversation, *, sampling: Sampling = GREEDY, opening: str = "") -> Iterator[str]:
        """See LanguageBackend."""
        begun = self._tokenizer.encode(opening)
        codes = Codes(conversation, self._tokenizer)
        heard = self._hear(conversation, begun)
        reply = self._language.reply(
            heard, stop=self._stop, sampling=sampling, allow=lambda tokens: codes.allowed([*begun, *tokens])
        )
        if opening:
            yield opening
        yield from self._tokenizer.pieces(reply)

    def weigh(self, conversation: Conversation, words: Sequence[str]) -> list[float]:
        """See LanguageBackend."""
        scores = self._language.score(self._hear(conversation, []), [self._tokenizer.encode(word) for word in words])
        return [float(share) for share in softmax(scores)]

    def outline(self, conversation: Conversation, *, sampling: Sampling = GREEDY) -> tuple[str, Maps | None]:
        """See OutliningBackend."""
        features = conversation.pictures[0].features
        if self._visual is None or features is None:
            raise CapabilityError(
                f"{self.name} cannot draw masks of this picture: "
                + ("its weights have no part for it" if self._visual is None else "its perception gives no features")
            )
        reply = self._language.reply(self._hear(conversation, []), stop=self._stop, sampling=sampling)
        text = "".join(self._tokenizer.pieces(reply))
        tokens = [self._tokenizer.special(token) for token in SEGMENT]
        if reply.ending != tokens[0]:
            return text, None
        return text, self._visual.mask(features, self._language.states(tokens, after=reply.heard))

    def _hear(self, conversation: Conversation, begun: Sequence[int]) -> Heard:
        """Read a conversation up to its answer, from where it differs from those that were read last."""
        features = [shown.features for shown in conversation.pictures]
        seen = tuple(f for f in features if f is not None) if self._visual is not None and None not in features else ()
        asked = _Prompt(ids=[*self._ids(conversation), *begun], seen=seen, inside=conversation.inside if seen else None)
        shared, before = 0, None
        for known, heard in self._recent:
            length = min(asked.shared(known, self._image, self._region), len(asked.ids) - 1)
            if length > shared:
                shared, before = length, heard.beginning(length)
        heard = self._language.read(asked.ids[shared:], visual=self._look(asked, shared), after=before)
        self._recent = (*self._recent[1 - _RECENT :], (asked, heard))
        return heard

    def _look(self, asked: _Prompt, start: int) -> Maps | None:
        """Visual tokens for the places from a token on; None if there are none."""
        places = [number for number, token in enumerate(asked.ids) if token in (self._image, self._region)]
        read = sum(number < start for number in places)
        if self._visual is None or not asked.seen or read == len(places):
            return None
        rows = [self._visual.tokens(features) for features in asked.seen]
        if asked.inside is not None:
            rows.append(self._visual.region(asked.seen[0], asked.inside))
        return np.concatenate(rows)[read:]

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
