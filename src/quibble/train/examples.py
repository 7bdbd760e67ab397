"""What the language half learns from: conversations about evidence, number i a pure function of (seed, i)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from quibble.geometry import Mask
from quibble.pipelines.talk import compare, kinds, other
from quibble.pipelines.talk.compare import Pair
from quibble.pipelines.talk.exchange import Exchange, Sight
from quibble.pipelines.talk.roughen import chatter, polite, roughen
from quibble.pipelines.talk.simulate import Simulator
from quibble.text.conversation import VISUAL_TOKENS, Conversation, sample
from quibble.text.evidence import PictureNotes
from quibble.text.grammar import Wording, Writer
from quibble.text.tokenizer import Tokenizer

#: Shares of conversations on one picture, a region, two pictures, a picture with its original, and of drills.
_SHARES: Final = (0.42, 0.13, 0.17, 0.03, 0.25)
#: Share of conversations on a region or on two pictures that are drills too.
_DRILLED: Final = 0.3
#: Share of questions that are typed carelessly.
_ROUGH: Final = 0.3
#: Share of requests that are made politely.
_POLITE: Final = 0.35
#: Share of questions that have words around them which change nothing.
_CHATTY: Final = 0.15
#: Share of conversations on two pictures with their original.
_WITH_REFERENCE: Final = 0.4
#: How many turns a conversation on one picture has.
_TURNS: Final = (0.25, 0.25, 0.2, 0.15, 0.1, 0.05)


@dataclass(frozen=True, kw_only=True)
class Example:
    """A conversation to learn from. exchanges: its turns with what is known of them.

    pictures: files of the pictures or their bytes, in order; empty where there are none. region: the pixels of the
    first one that are asked about. masks: for each answer that ends in segmentation tokens, in order, the pixels it
    means, of the first picture; empty where there are no pictures.
    """

    conversation: Conversation
    exchanges: tuple[Exchange, ...]
    pictures: tuple[Path | bytes, ...] = ()
    region: Mask | None = None
    masks: tuple[Mask, ...] = ()


def encode_example(
    example: Example, tokenizer: Tokenizer, *, visual_tokens: int = VISUAL_TOKENS
) -> tuple[list[int], list[int]]:
    """(ids, labels); labels are -100 outside answers."""
    return sample(example.conversation, tokenizer, visual_tokens=visual_tokens)


class Simulated:
    """Conversations about simulated evidence; their pictures do not exist. Item i depends on seed and i alone."""

    def __init__(self, seed: int, *, wording: Wording = Wording.TRAINING) -> None:
        self.seed, self.wording = seed, wording

    def __getitem__(self, number: int) -> Example:
        rng = np.random.default_rng([self.seed, 1, number])
        writer, simulator = Writer(rng, self.wording), Simulator(rng)
        form = int(rng.choice(len(_SHARES), p=_SHARES))
        if form == 0:
            return _on_picture(writer, simulator)
        return (_on_region, _on_pair, _against, _drill)[form - 1](writer, simulator)


class Source(Protocol):
    """Conversations without end: number i is a pure function of the source's seed and i."""

    def __getitem__(self, number: int) -> Example: ...


class Samples:
    """Examples as (ids, labels) for the training loop."""

    def __init__(self, source: Source, tokenizer: Tokenizer, *, visual_tokens: int = VISUAL_TOKENS) -> None:
        self.source, self.tokenizer, self.visual_tokens = source, tokenizer, visual_tokens

    def __getitem__(self, number: int) -> tuple[list[int], list[int]]:
        return encode_example(self.source[number], self.tokenizer, visual_tokens=self.visual_tokens)


def _on_picture(writer: Writer, simulator: Simulator) -> Example:
    picture = simulator.picture()
    sight = Sight(picture)
    exchanges = [kinds.single(writer, sight)]
    for _ in range(int(writer.rng.choice(len(_TURNS), p=_TURNS))):
        exchanges.append(kinds.after(writer, sight, exchanges))
    return example(writer, Conversation.about(picture), exchanges)


def _drill(writer: Writer, simulator: Simulator) -> Example:
    picture = simulator.picture()
    return example(writer, Conversation.about(picture), kinds.drill(writer, Sight(picture)))


def _on_region(writer: Writer, simulator: Simulator) -> Example:
    picture, region = simulator.picture(), simulator.region()
    exchanges = [kinds.on_region(writer, region)]
    roll = writer.rng.random()
    if roll < _DRILLED:
        exchanges = kinds.drill_on_region(writer, picture, region)
    elif roll < 0.6:
        exchanges.append(kinds.on_region(writer, region))
    return example(writer, Conversation.about(picture, region), exchanges)


def _on_pair(writer: Writer, simulator: Simulator) -> Example:
    a = simulator.picture()
    b = simulator.similar(a)
    if writer.rng.random() < 0.5:
        a, b = b, a
    pair = make_pair(
        a.trimmed(), b.trimmed(), simulator, simulator.clean() if writer.rng.random() < _WITH_REFERENCE else None
    )
    exchanges = [kinds.on_pair(writer, pair)]
    roll = writer.rng.random()
    if roll < _DRILLED:
        exchanges = kinds.drill_on_pair(writer, pair)
    elif roll < 0.6:
        exchanges.append(kinds.on_pair(writer, pair))
    reference = pair.reference.picture if pair.reference is not None else None
    return example(writer, Conversation.comparing(a, b, pair.notes, reference), exchanges)


def make_pair(a: PictureNotes, b: PictureNotes, simulator: Simulator, reference: PictureNotes | None) -> Pair:
    """Two pictures with a comparison as it might come out."""
    return Pair(
        a=Sight(a), b=Sight(b), notes=simulator.comparison(a, b), reference=Sight(reference) if reference else None
    )


def _against(writer: Writer, simulator: Simulator) -> Example:
    picture, reference = simulator.picture().trimmed(), simulator.clean()
    sight = Sight(picture)
    exchange = compare.single_with_reference(writer, sight) if writer.rng.random() < 0.95 else other.off_topic(writer)
    return example(writer, Conversation.against(picture, reference), [exchange])


def example(
    writer: Writer,
    conversation: Conversation,
    exchanges: list[Exchange],
    pictures: tuple[Path | bytes, ...] = (),
    region: Mask | None = None,
    masks: tuple[Mask, ...] = (),
) -> Example:
    """The conversation with its turns, some of the questions typed carelessly."""
    for exchange in exchanges:
        question = exchange.question
        if writer.rng.random() < _POLITE:
            question = polite(writer.rng, question)
        if writer.rng.random() < _CHATTY:
            question = chatter(writer.rng, question)
        if writer.rng.random() < _ROUGH:
            question = roughen(writer.rng, question)
        conversation = conversation.saying(question, exchange.answer)
    return Example(conversation=conversation, exchanges=tuple(exchanges), pictures=pictures, region=region, masks=masks)
