"""What a composed model reads: text with a place for every visual token, and views of the pictures.

Training and use share it, so that a model is asked as it was taught.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from quibble.errors import ArgumentError
from quibble.model.composition import Composition
from quibble.model.tiles import Tiled
from quibble.text.template import PICTURE, Template, render
from quibble.views import Views, look_at


class Expanded(NamedTuple):
    """A text with as many places as visual tokens, and (from where on in the text before, by how much) it is longer."""

    text: str
    shifts: tuple[tuple[int, int], ...]

    def moved(self, at: int) -> int:
        """Where a place of the text before is now."""
        return at + next((shift for start, shift in reversed(self.shifts) if start <= at), 0)


class Prompter:
    """Text and pictures for one composition. tokenizer: one of transformers'. patch: pixels of the vision model's."""

    def __init__(self, tokenizer: Any, composition: Composition, template: Template, *, patch: int) -> None:
        self.tokenizer, self.composition, self.template, self.patch = tokenizer, composition, template, patch
        self.end = str(tokenizer.eos_token)
        self._place = str(tokenizer.convert_ids_to_tokens(composition.image_token))
        self._special = [str(token) for token in tokenizer.all_special_tokens if str(token) != PICTURE]

    @property
    def fit(self) -> str:
        """How the whole picture becomes square. Beside tiles it is stretched."""
        return "stretch" if self.composition.tiles else self.composition.fit

    def views(self, rgb: NDArray[np.uint8]) -> Views:
        """A picture, (H, W, 3), as the model is shown it."""
        return look_at(rgb, side=self.composition.side, fit=self.composition.fit, tiles=self.composition.tiles)

    def count(self, views: Views) -> int:
        """How many visual tokens a picture has."""
        return self.composition.picture_tokens(
            self.patch, rows=views.rows, columns=views.columns, height=views.height, width=views.width
        )

    def expand(self, text: str, counts: Sequence[int]) -> Expanded:
        """Each picture's place as often as the picture has visual tokens."""
        first, *pieces = text.split(PICTURE)
        out, at, shifted, shifts = first, len(first), 0, []
        for piece, count in zip(pieces, counts, strict=True):
            block = self._place * count
            out += block + piece
            at += len(PICTURE)
            shifted += len(block) - len(PICTURE)
            shifts.append((at, shifted))
            at += len(piece)
        return Expanded(out, tuple(shifts))

    def prompt(self, roles: Sequence[str], turns: Sequence[tuple[str, str]], counts: Sequence[int]) -> str:
        """The text up to where the answer to the last turn begins. Raises ArgumentError as check does."""
        for question, answer in turns:
            self.check(question + answer)
        return self.expand(render(self.template, roles, turns, end=self.end).text, counts).text

    def check(self, text: str) -> None:
        """Raise ArgumentError for text in which the tokenizer would read more than text."""
        for token in self._special:
            if token in text:
                raise ArgumentError(f"the text holds '{token}', which this model's tokenizer does not read as text")


def as_picture(views: Views) -> Tensor | Tiled:
    """Views as the model takes them: sRGB in 0..1."""
    tensor = torch.from_numpy(views.pictures).permute(0, 3, 1, 2).float() / 255
    if not views.rows:
        return tensor[0]
    return Tiled(tensor, views.rows, views.columns, views.height, views.width)
