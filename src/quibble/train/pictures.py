"""Training the language half with pictures: their visual tokens among its words, and masks by segmentation tokens.

Perception stays as it is and is not part of what is trained: its features are looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from quibble.assessor import Assessor
from quibble.errors import RecipeError
from quibble.model.language import Language, learned_tokens
from quibble.model.lmm import Lmm, Looked, Recalled, Shown
from quibble.noting import coverage
from quibble.text.special import SEGMENT
from quibble.text.tokenizer import Tokenizer
from quibble.train.checkpoint import load_weights
from quibble.train.conversing import Conversing
from quibble.train.examples import Source, encode_example
from quibble.train.language import LanguageTrainer, Rows, Sorted
from quibble.train.recipe import PicturesRecipe, pictures_from_dict


class Lesson(NamedTuple):
    """A sample with what goes with it. masks: (h, w) in 0..1, of the size of the finest features, in order."""

    ids: list[int]
    labels: list[int]
    shown: Shown
    masks: tuple[Tensor, ...]


class Lessons:
    """Examples as Lessons. assessor: whose perception looks at their pictures, and gives features."""

    def __init__(self, source: Source, tokenizer: Tokenizer, assessor: Assessor, *, visual_tokens: int) -> None:
        self.source, self.tokenizer, self.assessor, self.visual_tokens = source, tokenizer, assessor, visual_tokens

    def __getitem__(self, number: int) -> Lesson:
        example = self.source[number]
        ids, labels = encode_example(example, self.tokenizer, visual_tokens=self.visual_tokens)
        seen = [self.assessor.look(picture).evidence for picture in example.pictures]
        if not seen:
            return Lesson(ids, labels, Shown(), ())
        pictures = []
        for evidence in seen:
            assert evidence.features is not None
            maps = (torch.from_numpy(np.ascontiguousarray(scale)) for scale in evidence.features.maps)
            pictures.append(Looked(tuple(maps)))
        regions = () if example.region is None else ((0, torch.from_numpy(coverage(seen[0], example.region))),)
        masks = tuple(torch.from_numpy(coverage(seen[0], mask)) for mask in example.masks)
        return Lesson(ids, labels, Shown(pictures, regions, targets=(0,) * len(masks)), masks)


class Group(NamedTuple):
    """Rows with what was shown with each, and all their masks in order."""

    rows: Rows
    shown: list[Shown]
    masks: list[Tensor]


class Grouped:
    """As Sorted, with what goes with each sample."""

    def __init__(self, sort: Sorted) -> None:
        self.sort = sort

    def __call__(self, lessons: list[Lesson]) -> list[Group]:
        ordered = sorted(lessons, key=lambda lesson: len(lesson.ids))
        parts = self.sort([(lesson.ids, lesson.labels) for lesson in ordered])
        return list(self._with(parts, iter(ordered)))

    @staticmethod
    def _with(parts: list[Rows], ordered: Iterator[Lesson]) -> Iterator[Group]:
        for rows in parts:
            lessons = [next(ordered) for _ in rows.ids]
            yield Group(rows, [lesson.shown for lesson in lessons], [mask for one in lessons for mask in one.masks])


def make_lmm(recipe: PicturesRecipe) -> Lmm:
    """The composition of a run's recipe with random weights.

    Raises RecipeError if its segmentation tokens are not the tokenizer's.
    """
    taken = recipe.lmm.segmentation_scales * recipe.lmm.tokens_per_scale
    if taken != len(SEGMENT):
        raise RecipeError(f"lmm: masks take {taken} segmentation tokens, the tokenizer has {', '.join(SEGMENT)}")
    eyes = Recalled(recipe.pictures.widths)
    return Lmm.nano(eyes, Language.random(recipe.language), recipe.language, recipe.lmm)


def load_lmm(checkpoint: Path) -> tuple[Lmm, PicturesRecipe]:
    """The averaged weights of a checkpoint as a model in evaluation mode, and its recipe."""
    weights, data = load_weights(checkpoint)
    recipe = pictures_from_dict(data)
    model = make_lmm(recipe)
    model.load_state_dict(weights)
    return model.eval(), recipe


def averaged(model: Lmm, words: Language) -> Lmm:
    """The same model whose language half is the mean of its own and of that from before training with pictures, or of
    one that has learned more words since.

    It forgets less of the words and keeps what it learned. Source: Wortsman et al. 2022, weight-space ensembles of
    fine-tuned models, equation 1 with a coefficient of a half. Raises ValueError for language halves of other shapes.
    """
    before, own = words.state_dict(), model.language.state_dict()
    for name, weight in own.items():
        if before[name].shape != weight.shape:
            raise ValueError(f"{name} has the shape {list(before[name].shape)}, not {list(weight.shape)}")
    model.language.load_state_dict({name: torch.lerp(weight, before[name], 0.5) for name, weight in own.items()})
    return model


class PicturesTrainer(LanguageTrainer):
    """As LanguageTrainer, for an Lmm. records: conversations about pictures that nothing was learned from."""

    recipe: PicturesRecipe

    def __init__(
        self, recipe: PicturesRecipe, folder: Path, samples: Lessons, held_out: Lessons, records: Lessons
    ) -> None:
        super().__init__(recipe, folder, samples, held_out)
        self.records: list[Group] = self.sort([records[i] for i in range(recipe.pictures.validate)])

    def _begin(self) -> tuple[nn.Module, nn.Module]:
        """As inherited. Weights to begin with may be those of words alone."""
        model = make_lmm(self.recipe)
        if self.recipe.init:
            weights, _ = load_weights(self.recipe.init)
            words_alone = not any(name.startswith("language.") for name in weights)
            (model.language if words_alone else model).load_state_dict(weights)
        return model, Conversing(model, balance=self.recipe.data.balance)

    def _sorting(self) -> Callable[[list[Any]], list[Any]]:
        sizes = self.recipe.language
        return Grouped(Sorted(self.recipe.data.rows, context=sizes.context, vocabulary=sizes.vocabulary))

    def _learn(self, parts: list[Group]) -> tuple[dict[str, float], int]:
        wanted = sum(part.rows.weight(self.recipe.data.balance) for part in parts)
        masks = sum(len(part.masks) for part in parts)
        totals, read = {"loss": 0.0, "masks": 0.0}, 0
        for part in parts:
            terms = self.objective(*self._move(part.rows), *self._show(part))
            # Over the whole step: a token and a mask count the same whichever group they are in.
            text, mask = terms.text / wanted, terms.masks / max(1, masks)
            self.accelerator.backward(text + self.recipe.pictures.masks * mask)
            totals["loss"] += float(text.detach())
            totals["masks"] += float(mask.detach())
            read += int((part.rows.ids != 0).sum())
        # A step without masks says nothing of them.
        return (totals if masks else {"loss": totals["loss"]}), read

    @torch.inference_mode()
    def validate(self) -> dict[str, float]:
        """As inherited, for words alone and, of records, for words and masks: the mean IoU with the true ones."""
        words, records = self._measure(self.held_out), self._measure(self.records)
        figures = {"val/loss": words["loss"], "val/right": words["right"]}
        return figures | {f"val/records/{name}": value for name, value in records.items()}

    def _measure(self, groups: list[Group]) -> dict[str, float]:
        model = self.average
        assert isinstance(model, Lmm)
        learned, overlaps = [], []
        for group in groups:
            ids, labels = self._move(group.rows)
            shown, masks = self._show(group)
            said = model(ids, shown)
            learned.append(learned_tokens(model.language, said.hidden, labels))
            overlaps += [iou(logits, mask) for logits, mask in zip(said.masks, masks, strict=True)]
        loss, tokens, right = (float(torch.stack(column).sum()) for column in zip(*learned, strict=True))
        figures = {"loss": loss / tokens, "right": right / tokens}
        return figures | ({"miou": sum(overlaps) / len(overlaps)} if overlaps else {})

    def _show(self, group: Group) -> tuple[list[Shown], list[Tensor]]:
        """What a group was shown, on the device."""
        device = self.accelerator.device
        return [row.to(device) for row in group.shown], [mask.to(device) for mask in group.masks]


def iou(logits: Tensor, truth: Tensor) -> float:
    """Of the places that are more probably inside than not with those that mostly lie inside. (h, w) both."""
    found, there = logits > 0, truth >= 0.5
    either = int((found | there).sum())
    return int((found & there).sum()) / either if either else 1.0
