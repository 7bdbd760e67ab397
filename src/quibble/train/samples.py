"""From records to what a large model reads: token ids, labels, views of the pictures, and masks."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from quibble.data.dataset import Sample
from quibble.data.record import Record, Turn
from quibble.errors import ArgumentError, QuibbleError, RecipeError, RecordError
from quibble.image import load
from quibble.model.composition import Composition
from quibble.model.language import IGNORED
from quibble.model.lmm import Shown
from quibble.model.tiles import Tiled
from quibble.text.template import PICTURE, Template, mask_tokens, render, write_box, write_boxes
from quibble.train.mixture import Mixture
from quibble.train.tuning_recipe import Source
from quibble.views import Views, look_at, square_mask


class Tuned(NamedTuple):
    """One sample. ids, labels: (T,). masks: (side, side) in 0..1, one for each group of segmentation tokens."""

    ids: Tensor
    labels: Tensor
    shown: Shown
    masks: tuple[Tensor, ...]


class Encoder:
    """Records as samples. tokenizer: one of transformers', with an offset for each token."""

    def __init__(
        self,
        tokenizer: Any,
        composition: Composition,
        template: Template,
        *,
        patch: int,
        context: int,
        quality_text: bool,
    ) -> None:
        self.tokenizer, self.composition, self.template = tokenizer, composition, template
        self.patch, self.context, self.quality_text = patch, context, quality_text
        self.end = str(tokenizer.eos_token)
        self.image = str(tokenizer.convert_ids_to_tokens(composition.image_token))
        #: what no text may hold, as the tokenizer would read more in it than text
        self.special = [str(token) for token in tokenizer.all_special_tokens if str(token) != PICTURE]

    def encode(self, sample: Sample, source: Source) -> Tuned:
        """A record's sample; turns that do not fit into the context are left out, from the last.

        Raises RecordError for a record that cannot be written so, or whose first turn does not fit with its masks.
        """
        record = sample.record
        views = [self.views(load(picture)) for picture in sample.pictures]
        counts = [self.count(view) for view in views]
        turns = [turn for turn in record.turns if turn.answer]
        if not turns:
            raise self._fault(record, "expected an answer to learn from, found none")
        while True:
            ids, labels = self._tokens(record, turns, counts, masks=source.masks)
            if len(ids) <= self.context or len(turns) == 1:
                break
            turns = turns[:-1]
        regions = [record.regions[index] for turn in turns for index in turn.regions] if source.masks else []
        if len(ids) > self.context:
            if regions or sum(counts) >= self.context:
                raise self._fault(
                    record, f"has {len(ids)} tokens in its first turn; the recipe's context is {self.context}"
                )
            ids, labels = ids[: self.context], labels[: self.context]
        masks = []
        for region in regions:
            image = record.images[region.image]
            mask = region.region.to_mask(width=image.width, height=image.height).to_array()
            masks.append(torch.from_numpy(square_mask(mask, self.composition.side, self._fit)))
        targets = tuple(region.image for region in regions)
        shown = Shown(pictures=[as_picture(view) for view in views], targets=targets)
        return Tuned(torch.tensor(ids), torch.tensor(labels), shown, tuple(masks))

    def views(self, rgb: NDArray[np.uint8]) -> Views:
        """A picture as the model is shown it."""
        return look_at(rgb, side=self.composition.side, fit=self.composition.fit, tiles=self.composition.tiles)

    def count(self, views: Views) -> int:
        """How many visual tokens a picture has."""
        return self.composition.picture_tokens(
            self.patch, rows=views.rows, columns=views.columns, height=views.height, width=views.width
        )

    def prompt(self, roles: list[str], turns: list[tuple[str, str]], counts: list[int]) -> list[int]:
        """Ids up to where the answer to the last turn begins. Raises ArgumentError for text with special tokens."""
        for question, answer in turns:
            self._check(question + answer)
        text = render(self.template, roles, turns, end=self.end).text
        return [int(n) for n in self.tokenizer(self._expand(text, counts)[0])["input_ids"]]

    @property
    def _fit(self) -> str:
        return "stretch" if self.composition.tiles else self.composition.fit

    def _tokens(
        self, record: Record, turns: list[Turn], counts: list[int], *, masks: bool
    ) -> tuple[list[int], list[int]]:
        try:
            written = [self._write(record, turn, masks=masks) for turn in turns]
            rendered = render(self.template, [image.role.value for image in record.images], written, end=self.end)
        except ArgumentError as error:
            raise self._fault(record, str(error)) from error
        text, shifts = self._expand(rendered.text, counts)
        spans = [(start + _shift(shifts, start), stop + _shift(shifts, stop)) for start, stop in rendered.answers]
        encoded = self.tokenizer(text, return_offsets_mapping=True)
        ids = [int(number) for number in encoded["input_ids"]]
        learned = [
            any(start < stop and begin < stop and start < end for begin, end in spans)
            for start, stop in encoded["offset_mapping"]
        ]
        return ids, [number if yes else IGNORED for number, yes in zip(ids, learned, strict=True)]

    def _write(self, record: Record, turn: Turn, *, masks: bool) -> tuple[str, str]:
        """Question and answer with boxes and segmentation tokens in them."""
        question, answer = turn.question, turn.answer
        self._check(question + answer)
        boxes = []
        for index in turn.regions:
            region = record.regions[index]
            image = record.images[region.image]
            bounds = region.region.bounds
            boxes.append(write_box(bounds, width=image.width, height=image.height, how=self.template.boxes))
        whole = write_boxes(f"{question}\0{answer}", boxes, how=self.template.boxes)
        question, _, answer = whole.partition("\0")
        if masks and turn.regions:
            if self.quality_text and isinstance(described := record.extra.get("quality_text"), str):
                self._check(described)
                question = f"{described} {question}"
            group = mask_tokens(self.composition.masks.tokens)
            named = (f"{record.regions[index].label or ''} {group}".strip() for index in turn.regions)
            answer = " ".join((answer, *named))
        return question, answer

    def _expand(self, text: str, counts: list[int]) -> tuple[str, list[tuple[int, int]]]:
        """Text with each picture's place as often as it has tokens, and (from where on, by how much) that shifts it."""
        pieces = text.split(PICTURE)
        out, shifts, shifted = pieces[0], [], 0
        at = len(pieces[0])
        for piece, count in zip(pieces[1:], counts, strict=True):
            block = self.image * count
            out += block + piece
            at += len(PICTURE)
            shifted += len(block) - len(PICTURE)
            shifts.append((at, shifted))
            at += len(piece)
        return out, shifts

    def _check(self, text: str) -> None:
        for token in self.special:
            if token in text:
                raise ArgumentError(f"the text holds '{token}', which this model's tokenizer does not read as text")

    def _fault(self, record: Record, reason: str) -> RecordError:
        return RecordError(f"record '{record.id}': {reason}")


class Samples:
    """A mixture's samples for one of several processes: step k takes the k * batch'th of all and those that follow."""

    def __init__(self, mixture: Mixture, encoder: Encoder, *, batch: int, process: int = 0, processes: int = 1) -> None:
        if batch % processes:
            raise RecipeError(f"a batch of {batch} cannot be shared out among {processes} processes evenly")
        self.mixture, self.encoder = mixture, encoder
        self.each, self.batch, self.process = batch // processes, batch, process

    def __getitem__(self, number: int) -> Tuned:
        step, place = divmod(number, self.each)
        source, sample = self.mixture[step * self.batch + self.process * self.each + place]
        try:
            return self.encoder.encode(sample, source)
        except QuibbleError as error:
            raise RecordError(f"{source.path}: {error}") from error


class Rows(NamedTuple):
    """Samples side by side, padded on the right. ids, labels: (rows, T). masks: of all rows, in order."""

    ids: Tensor
    labels: Tensor
    shown: list[Shown]
    masks: list[Tensor]

    def to(self, device: torch.device) -> Rows:
        """The same on a device."""
        shown = [replace_pictures(row, device) for row in self.shown]
        return Rows(self.ids.to(device), self.labels.to(device), shown, [mask.to(device) for mask in self.masks])


class Together:
    """Samples of one step -> Rows of at most `rows` each, the longest first: memory runs out at once or never."""

    def __init__(self, rows: int) -> None:
        self.rows = rows

    def __call__(self, samples: list[Tuned]) -> list[Rows]:
        ordered = sorted(samples, key=lambda sample: -len(sample.ids))
        return [self._pad(ordered[i : i + self.rows]) for i in range(0, len(ordered), self.rows)]

    def _pad(self, samples: list[Tuned]) -> Rows:
        shape = (len(samples), len(samples[0].ids))
        ids, labels = torch.zeros(shape, dtype=torch.long), torch.full(shape, IGNORED)
        for number, sample in enumerate(samples):
            ids[number, : len(sample.ids)] = sample.ids
            labels[number, : len(sample.ids)] = sample.labels
        masks = [mask for sample in samples for mask in sample.masks]
        return Rows(ids, labels, [sample.shown for sample in samples], masks)


def as_picture(views: Views) -> Tensor | Tiled:
    """Views as the model takes them: sRGB in 0..1."""
    tensor = torch.from_numpy(views.pictures).permute(0, 3, 1, 2).float() / 255
    if not views.rows:
        return tensor[0]
    return Tiled(tensor, views.rows, views.columns, views.height, views.width)


def replace_pictures(shown: Shown, device: torch.device) -> Shown:
    """What was shown, on a device."""
    pictures = [
        picture._replace(views=picture.views.to(device)) if isinstance(picture, Tiled) else picture.to(device)
        for picture in shown.pictures
    ]
    return shown._replace(pictures=pictures)


def _shift(shifts: list[tuple[int, int]], at: int) -> int:
    """By how much a place of the text was moved."""
    moved = [shift for start, shift in shifts if start <= at]
    return moved[-1] if moved else 0
