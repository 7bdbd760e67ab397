"""From records to what a large model reads: token ids, labels, views of the pictures, and masks."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from quibble.backends.prompting import Prompter, as_picture
from quibble.data.dataset import Sample
from quibble.data.record import Record, RegionEntry, Turn
from quibble.errors import ArgumentError, QuibbleError, RecordError
from quibble.image import load
from quibble.model.language import IGNORED
from quibble.model.lmm import Shown
from quibble.text.template import mask_tokens, render, write_box, write_boxes
from quibble.train.mixture import Mixture
from quibble.train.tuning_recipe import Source
from quibble.views import square_mask


class Tuned(NamedTuple):
    """One sample. ids, labels: (T,). masks: (side, side) in 0..1, one for each group of segmentation tokens."""

    ids: Tensor
    labels: Tensor
    shown: Shown
    masks: tuple[Tensor, ...]


class Encoder:
    """Records as samples.

    context: the longest in tokens. quality_text: put a record's description of the quality before a question that asks
    for masks. Source: Q-Ground table 5.
    """

    def __init__(self, prompter: Prompter, *, context: int, quality_text: bool = False) -> None:
        self.prompter, self.context, self.quality_text = prompter, context, quality_text

    def encode(self, sample: Sample, source: Source) -> Tuned:
        """A record's sample; turns that do not fit into the context are left out, from the last.

        Raises RecordError for a record that cannot be written so, or whose first turn does not fit with its masks.
        """
        record = sample.record
        views = [self.prompter.views(load(picture)) for picture in sample.pictures]
        counts = [self.prompter.count(view) for view in views]
        turns = [turn for turn in record.turns if turn.answer]
        if not turns:
            raise _fault(record, "expected an answer to learn from, found none")
        while True:
            ids, labels = self._tokens(record, turns, counts, masks=source.masks)
            if len(ids) <= self.context or len(turns) == 1:
                break
            turns = turns[:-1]
        regions = [record.regions[index] for turn in turns for index in turn.regions] if source.masks else []
        if len(ids) > self.context:
            if regions or sum(counts) >= self.context:
                raise _fault(record, f"has {len(ids)} tokens in its first turn; the recipe's context is {self.context}")
            ids, labels = ids[: self.context], labels[: self.context]
        shown = Shown(pictures=[as_picture(view) for view in views], targets=[region.image for region in regions])
        masks = tuple(self._mask(record, region) for region in regions)
        return Tuned(torch.tensor(ids), torch.tensor(labels), shown, masks)

    def _tokens(
        self, record: Record, turns: list[Turn], counts: list[int], *, masks: bool
    ) -> tuple[list[int], list[int]]:
        prompter = self.prompter
        try:
            written = [self._write(record, turn, masks=masks) for turn in turns]
            roles = [image.role.value for image in record.images]
            rendered = render(prompter.template, roles, written, end=prompter.end)
        except ArgumentError as error:
            raise _fault(record, str(error)) from error
        expanded = prompter.expand(rendered.text, counts)
        spans = [(expanded.moved(begin), expanded.moved(end)) for begin, end in rendered.answers]
        encoded = prompter.tokenizer(expanded.text, return_offsets_mapping=True)
        ids = [int(number) for number in encoded["input_ids"]]
        learned = (
            any(start < stop and begin < stop and start < end for begin, end in spans)
            for start, stop in encoded["offset_mapping"]
        )
        return ids, [number if yes else IGNORED for number, yes in zip(ids, learned, strict=True)]

    def _write(self, record: Record, turn: Turn, *, masks: bool) -> tuple[str, str]:
        """Question and answer with boxes and segmentation tokens in them."""
        how, regions = self.prompter.template.boxes, [record.regions[index] for index in turn.regions]
        self.prompter.check(turn.question + turn.answer)
        images = [record.images[region.image] for region in regions]
        boxes = [
            write_box(region.region.bounds, width=image.width, height=image.height, how=how)
            for region, image in zip(regions, images, strict=True)
        ]
        # As one text, since the boxes of both are counted together.
        question, _, answer = write_boxes(f"{turn.question}\0{turn.answer}", boxes, how=how).partition("\0")
        if not masks or not regions:
            return question, answer
        if self.quality_text and isinstance(described := record.extra.get("quality_text"), str):
            self.prompter.check(described)
            question = f"{described} {question}"
        group = mask_tokens(self.prompter.composition.masks.tokens)
        return question, " ".join((answer, *(f"{region.label or ''} {group}".strip() for region in regions)))

    def _mask(self, record: Record, region: RegionEntry) -> Tensor:
        image = record.images[region.image]
        mask = region.region.to_mask(width=image.width, height=image.height).to_array()
        return torch.from_numpy(square_mask(mask, self.prompter.composition.side, self.prompter.fit))


def _fault(record: Record, reason: str) -> RecordError:
    return RecordError(f"record '{record.id}': {reason}")


class Samples:
    """A mixture's samples, by number."""

    def __init__(self, mixture: Mixture, encoder: Encoder) -> None:
        self.mixture, self.encoder = mixture, encoder

    def __getitem__(self, number: int) -> Tuned:
        source, sample = self.mixture[number]
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
        shown = [row.to(device) for row in self.shown]
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
