"""A conversation as the token stream that the language model reads: in training and in use the same code.

    <bos> [Image A:] <image> x K <evidence> ... </evidence> ... [<region> <evidence> ... </evidence>]
    [<evidence> compare ... </evidence>] <user> question <assistant> answer <eos> <user> ...

Every picture has K places for visual tokens and its evidence (quibble.text.evidence). A single picture has no name;
others are called Reference, Image A and Image B. Special tokens come from here only: what a person types is text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from quibble.geometry import Region
from quibble.text.evidence import ComparisonNotes, PictureNotes, RegionNotes
from quibble.text.special import ASSISTANT, BOS, END_EVIDENCE, EOS, EVIDENCE, IMAGE, REGION, USER
from quibble.text.tokenizer import Tokenizer

#: Places for visual tokens of one picture in nano.
VISUAL_TOKENS: Final = 8
#: Label of tokens that are read but not learned.
IGNORED: Final = -100

Stretch = tuple[Sequence[int], bool]


@dataclass(frozen=True, kw_only=True, eq=False)
class Features:
    """What the vision half saw in a picture, beyond what evidence can say.

    maps: (C, h, w) of several scales, finest first. eyes: hash of the weights that saw it; others see otherwise.
    """

    maps: tuple[NDArray[np.float32], ...]
    eyes: str


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A picture in a conversation: its evidence code, or its pixels for models that see them; a name among several.

    pixels: (H, W, 3) uint8. features: for visual tokens; None: the picture is known by its evidence alone.
    """

    evidence: str = ""
    name: str = ""
    pixels: NDArray[np.uint8] | None = field(default=None, repr=False, compare=False)
    features: Features | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """Pictures, what is known beside them, and what was said: (question, answer) pairs, answers "" where not given yet.

    region, comparison: evidence codes of the region asked about, and of the comparison of A and B. inside: how much of
    each place of the finest features lies in that region, (h, w) in 0..1, where there are features. focus: the region
    of the last picture that is asked about, for models that see pixels.
    """

    pictures: tuple[Shown, ...]
    region: str | None = None
    inside: NDArray[np.float32] | None = field(default=None, repr=False, compare=False)
    comparison: str | None = None
    focus: Region | None = None
    turns: tuple[tuple[str, str], ...] = ()

    @classmethod
    def about(cls, picture: PictureNotes, region: RegionNotes | None = None) -> Conversation:
        """On one picture, or a region of it."""
        return cls(pictures=(Shown(evidence=picture.encode()),), region=region.encode() if region else None)

    @classmethod
    def comparing(
        cls, a: PictureNotes, b: PictureNotes, comparison: ComparisonNotes, reference: PictureNotes | None = None
    ) -> Conversation:
        """On two pictures, with the original if there is one."""
        named = {"Reference": reference, "Image A": a, "Image B": b}
        pictures = tuple(
            Shown(evidence=notes.trimmed().encode(), name=name) for name, notes in named.items() if notes is not None
        )
        return cls(pictures=pictures, comparison=comparison.encode())

    @classmethod
    def against(cls, picture: PictureNotes, reference: PictureNotes) -> Conversation:
        """On one picture whose original is there."""
        named = (("Reference", reference), ("Image", picture))
        return cls(pictures=tuple(Shown(evidence=notes.trimmed().encode(), name=name) for name, notes in named))

    @classmethod
    def showing(cls, *pictures: Shown, focus: Region | None = None) -> Conversation:
        """On pictures as they are, without evidence."""
        return cls(pictures=pictures, focus=focus)

    def seen(self, *features: Features | None, inside: NDArray[np.float32] | None = None) -> Conversation:
        """The same with the features of its pictures, in order, and the places of its region."""
        pictures = tuple(replace(shown, features=what) for shown, what in zip(self.pictures, features, strict=True))
        return replace(self, pictures=pictures, inside=inside)

    def saying(self, question: str, answer: str = "") -> Conversation:
        """The same with one turn more."""
        return replace(self, turns=(*self.turns, (question, answer)))

    def asking(self, question: str) -> Conversation:
        """The same with another question in its last turn."""
        return replace(self, turns=(*self.turns[:-1], (question, "")))

    def answered(self, answer: str) -> Conversation:
        """The same with the last turn's answer."""
        return replace(self, turns=(*self.turns[:-1], (self.turns[-1][0], answer)))


def prompt(conversation: Conversation, tokenizer: Tokenizer, *, visual_tokens: int = VISUAL_TOKENS) -> list[int]:
    """Token ids up to and with the last turn's <assistant>, for the model to go on from."""
    ids: list[int] = []
    for stretch, _ in _stretches(conversation, tokenizer, visual_tokens):
        ids += stretch
    if conversation.turns and conversation.turns[-1][1]:
        raise AssertionError("the last turn has an answer already")
    return ids


def sample(
    conversation: Conversation, tokenizer: Tokenizer, *, visual_tokens: int = VISUAL_TOKENS
) -> tuple[list[int], list[int]]:
    """(ids, labels) to learn from: the labels are the ids in answers with their <eos>, IGNORED elsewhere."""
    ids: list[int] = []
    labels: list[int] = []
    for stretch, learned in _stretches(conversation, tokenizer, visual_tokens):
        ids += stretch
        labels += stretch if learned else [IGNORED] * len(stretch)
    return ids, labels


def _stretches(conversation: Conversation, tokenizer: Tokenizer, visual_tokens: int) -> Iterator[Stretch]:
    """The stream in stretches, each with whether it is an answer."""
    yield [tokenizer.special(BOS)], False
    for picture in conversation.pictures:
        if picture.name:
            yield tokenizer.encode(f"{picture.name}:"), False
        yield [tokenizer.special(IMAGE)] * visual_tokens, False
        yield _evidence(picture.evidence, tokenizer), False
    if conversation.region is not None:
        yield [tokenizer.special(REGION)], False
        yield _evidence(conversation.region, tokenizer), False
    if conversation.comparison is not None:
        yield _evidence(conversation.comparison, tokenizer), False
    for question, answer in conversation.turns:
        yield [tokenizer.special(USER), *tokenizer.encode(question), tokenizer.special(ASSISTANT)], False
        if answer:
            yield [*tokenizer.encode_answer(answer), tokenizer.special(EOS)], True


def _evidence(code: str, tokenizer: Tokenizer) -> list[int]:
    return [tokenizer.special(EVIDENCE), *tokenizer.encode(code), tokenizer.special(END_EVIDENCE)]
