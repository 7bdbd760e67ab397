"""Two kinds of checkpoints that torch runs: models composed by this package, and transformers' own as they are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import util
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from quibble.backends.focus import focused
from quibble.backends.prompting import Prompter, as_picture
from quibble.errors import ArgumentError, MissingExtraError, ModelError
from quibble.geometry import Mask
from quibble.model.lmm import Shown
from quibble.model.stored import KIND, Stored, load, load_tokenizer, read_config
from quibble.model.tiles import Tiled
from quibble.text.conversation import Conversation
from quibble.text.template import PICTURE, Template
from quibble.views import unsquare

#: A picture's role by its name in a conversation.
_ROLES: Final = {"Reference": "reference", "Image A": "A", "Image B": "B"}


class Prepared(NamedTuple):
    """What a model reads of a conversation. inputs: for its forward pass. told: the text, to go on from."""

    inputs: dict[str, Any]
    told: str


class Checkpoint(Protocol):
    """A model with its own way to read a conversation."""

    tokenizer: Any
    #: what generates, one of transformers' models
    model: Any
    #: numbers of tokens that are no part of any answer
    unspoken: list[int]

    def prepare(self, conversation: Conversation, opening: str) -> Prepared:
        """A conversation up to where its last answer goes on after `opening`."""

    def extend(self, inputs: dict[str, Any], ids: Sequence[int]) -> dict[str, Any]:
        """The same inputs with more tokens at the end."""


def open_checkpoint(where: str, *, bits: int = 16) -> Checkpoint:
    """A checkpoint from a folder or the Hub. bits: 8 or 4 for weights that are rounded so, which needs bitsandbytes."""
    if bits not in (4, 8, 16):
        raise ArgumentError(f"weights are kept in 16, 8 or 4 bits, found {bits}")
    if bits < 16 and util.find_spec("bitsandbytes") is None:
        raise MissingExtraError("bitsandbytes", "bits")
    device = _device()
    # Half precision is slow or missing on CPUs.
    dtype = torch.float32 if device.type == "cpu" else "auto"
    if read_config(where).get("model_type") == KIND:
        if bits < 16:
            raise ModelError(f"{where} has parts that are not rounded; export it as LLaVA, or use 16 bits")
        return Composed(where, load(where, dtype=dtype), device)
    return Native(where, dtype, device, bits=bits)


class Composed:
    """A model that quibble.model.load composes, asked with the template that it was trained with."""

    def __init__(self, where: str, stored: Stored, device: torch.device) -> None:
        stored.merge()
        stored.model.to(device)
        self.stored, self.device = stored, device
        self.tokenizer = load_tokenizer(where)
        self.model = stored.llama
        self.unspoken = [stored.composition.image_token]
        template = Template(**stored.template)
        self.prompter = Prompter(self.tokenizer, stored.composition, template, patch=stored.tower.patch)

    def prepare(self, conversation: Conversation, opening: str) -> Prepared:
        """See Checkpoint."""
        roles, pictures, turns = _flattened(conversation)
        views = [self.prompter.views(picture) for picture in pictures]
        told = self.prompter.prompt(roles, turns, [self.prompter.count(view) for view in views])
        if opening:
            told += f" {opening}"
        ids = self.ids(told)
        shown = [Shown(pictures=[_to(as_picture(view), self.device) for view in views])]
        seen = self.stored.model.look([row.pictures for row in shown])
        embedded = self.stored.model.embed(ids, shown, seen).to(self.model.dtype)
        return Prepared({"inputs_embeds": embedded, "attention_mask": torch.ones_like(ids)}, told)

    def extend(self, inputs: dict[str, Any], ids: Sequence[int]) -> dict[str, Any]:
        """See Checkpoint."""
        more = self.stored.model.language.embed(torch.tensor([list(ids)], device=self.device))
        embedded = torch.cat([inputs["inputs_embeds"], more.to(inputs["inputs_embeds"].dtype)], dim=1)
        return {"inputs_embeds": embedded, "attention_mask": embedded.new_ones(embedded.shape[:2], dtype=torch.long)}

    def ids(self, text: str) -> Tensor:
        """(1, T)"""
        return torch.tensor([self.tokenizer(text)["input_ids"]], device=self.device)

    def masks(self, conversation: Conversation, told: str, answer: Sequence[int]) -> tuple[Mask, ...]:
        """The masks that an answer's segmentation tokens stand for, of the last picture and at its size.

        told: the text before the answer. answer: its tokens; groups that are not whole are passed over.
        """
        _, pictures, _ = _flattened(conversation)
        first, count = self.stored.composition.segmentation_token, self.stored.composition.masks.tokens
        ids = torch.cat([self.ids(told), torch.tensor([_whole(answer, first, count)], device=self.device)], dim=1)
        views = [self.prompter.views(picture) for picture in pictures]
        groups = int(((ids >= first) & (ids < first + count)).sum()) // count
        shown = Shown(
            pictures=[_to(as_picture(view), self.device) for view in views], targets=[len(pictures) - 1] * groups
        )
        said = self.stored.model(ids, [shown])
        height, width = pictures[-1].shape[:2]
        values = [mask.float().cpu().numpy() for mask in said.masks]
        whole = (unsquare(value, height=height, width=width, fit=self.prompter.fit) for value in values)
        return tuple(Mask.from_array(value > 0) for value in whole)


class Native:
    """One of transformers' models for pictures and text, with its own processor and chat template.

    Raises ModelError if there is none at that place, or one without a processor that runs here.
    """

    def __init__(self, where: str, dtype: str | torch.dtype, device: torch.device, *, bits: int) -> None:
        from transformers import AutoModelForImageTextToText

        self.device = device
        self.processor = _load_processor(where)
        self.tokenizer = self.processor.tokenizer
        options: dict[str, Any] = {"dtype": dtype}
        if bits < 16:
            from transformers import BitsAndBytesConfig

            settings: Any = BitsAndBytesConfig
            options["quantization_config"] = settings(load_in_4bit=bits == 4, load_in_8bit=bits == 8)
        try:
            loaded: Any = AutoModelForImageTextToText.from_pretrained(where, **options)
        except (OSError, ValueError) as error:
            raise ModelError(f"{where} is no model for pictures and text: {str(error).splitlines()[0]}") from error
        self.unspoken: list[int] = []
        self.model = loaded.eval() if bits < 16 else loaded.to(device).eval()

    def prepare(self, conversation: Conversation, opening: str) -> Prepared:
        """See Checkpoint."""
        messages, pictures = _messages(conversation)
        told = str(self.processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)) + opening
        read = self.processor(text=[told], images=pictures or None, return_tensors="pt").to(self.device)
        inputs = dict(read)
        if "pixel_values" in inputs:
            inputs["pixel_values"] = inputs["pixel_values"].to(self.model.dtype)
        return Prepared(inputs, told)

    def extend(self, inputs: dict[str, Any], ids: Sequence[int]) -> dict[str, Any]:
        """See Checkpoint. What goes with each token besides its number is 1 for the mask and 0 for its kind."""
        shape = inputs["input_ids"].shape
        more = torch.tensor([list(ids)], device=self.device)
        fills = {"input_ids": more, "attention_mask": torch.ones_like(more)}
        return {
            name: torch.cat([value, fills.get(name, torch.zeros_like(more)).to(value.dtype)], dim=1)
            if isinstance(value, Tensor) and value.shape == shape
            else value
            for name, value in inputs.items()
        }


def _flattened(conversation: Conversation) -> tuple[list[str], list[NDArray[np.uint8]], list[tuple[str, str]]]:
    """Roles, pictures and turns; a region in focus as words and one more picture in the first question."""
    roles = [_ROLES.get(shown.name, "single") for shown in conversation.pictures]
    pictures = [_pixels(shown.pixels) for shown in conversation.pictures]
    turns = list(conversation.turns)
    if conversation.focus is not None:
        told, cut = focused(conversation.focus, pictures[-1])
        question, answer = turns[0]
        if cut is not None:
            places = PICTURE * len(pictures) + "\n"
            turns[0] = (f"{places}{told} {PICTURE}\n{question}", answer)
            roles.append("single")
            pictures.append(cut)
        else:
            turns[0] = (f"{told}\n{question}", answer)
    return roles, pictures, turns


def _messages(conversation: Conversation) -> tuple[list[dict[str, Any]], list[NDArray[np.uint8]]]:
    """Messages for a chat template, and the pictures that they hold places for."""
    parts: list[dict[str, str]] = []
    pictures = []
    for shown in conversation.pictures:
        if shown.name:
            parts.append({"type": "text", "text": f"{shown.name}:"})
        parts.append({"type": "image"})
        pictures.append(_pixels(shown.pixels))
    if conversation.focus is not None:
        told, cut = focused(conversation.focus, pictures[-1])
        parts.append({"type": "text", "text": told})
        if cut is not None:
            parts.append({"type": "image"})
            pictures.append(cut)
    messages: list[dict[str, Any]] = []
    for question, answer in conversation.turns:
        messages.append({"role": "user", "content": [*parts, {"type": "text", "text": question}]})
        parts = []
        if answer:
            messages.append({"role": "assistant", "content": [{"type": "text", "text": answer}]})
    return messages, pictures


def _pixels(pixels: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    assert pixels is not None, "a model that sees is shown pixels"
    return pixels


def _whole(answer: Sequence[int], first: int, count: int) -> list[int]:
    """The tokens of an answer without segmentation tokens that are no whole group in their order."""
    kept: list[int] = []
    tokens, group = list(answer), list(range(first, first + count))
    at = 0
    while at < len(tokens):
        if tokens[at : at + count] == group:
            kept += group
            at += count
            continue
        if tokens[at] not in group:
            kept.append(tokens[at])
        at += 1
    return kept


def _load_processor(where: str) -> Any:
    """A checkpoint's processor, with pictures read by Pillow."""
    from transformers import AutoProcessor

    make: Any = AutoProcessor.from_pretrained
    try:
        processor = make(where, backend="pil")
    except ImportError:
        processor = _pictures_only(where)
    except (OSError, ValueError) as error:
        raise ModelError(f"{where} has no processor that can be loaded: {str(error).splitlines()[0]}") from error
    if getattr(processor, "tokenizer", None) is None or not (
        processor.chat_template or processor.tokenizer.chat_template
    ):
        raise ModelError(f"{where} has no processor for pictures and text with a chat template: serve it, or add one")
    return processor


def _pictures_only(where: str) -> Any:
    """The processor of a model that also takes videos, whose part for videos wants torchvision: without that part."""
    from transformers import AutoConfig, AutoImageProcessor
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING

    whole: Any = PROCESSOR_MAPPING[type(AutoConfig.from_pretrained(where))]
    # The check would load the class of the part that is left out.
    kind: Any = type(whole.__name__, (whole,), {"check_argument_for_proper_class": lambda *_: None})
    load_pictures: Any = AutoImageProcessor.from_pretrained
    try:
        parts = {"image_processor": load_pictures(where, backend="pil"), "tokenizer": load_tokenizer(where)}
    except ImportError as error:
        raise ModelError(f"the processor of {where} needs torchvision: install it, or serve the model") from error
    settings, _ = whole.get_processor_dict(where)
    return kind.from_args_and_dict([parts.get(name) for name in whole.get_attributes()], settings)


def _to(picture: Tensor | Tiled, device: torch.device) -> Tensor | Tiled:
    return picture._replace(views=picture.views.to(device)) if isinstance(picture, Tiled) else picture.to(device)


def _device() -> torch.device:
    """The one named by QUIBBLE_DEVICE, or the first accelerator, or the CPU."""
    if name := os.environ.get("QUIBBLE_DEVICE"):
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
