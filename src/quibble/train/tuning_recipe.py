"""Recipes of the large models: parts, data, and what of it learns how. A recipe with a section [parts] is one."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Final

from quibble.errors import RecipeError
from quibble.model.adapters import Lora
from quibble.model.composition import Masks
from quibble.text.template import Template

#: What can learn beside adapters.
TRAINABLE: Final = ("vision", "projector", "language", "embeddings", "masks")


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the model is made of. An empty value, or 0, means: as the checkpoint has it."""

    #: a LLaVA-1.5/1.6 checkpoint or a model that was saved by an earlier stage; or else the two halves
    model: str = ""
    vision: str = ""
    language: str = ""
    #: what is joined otherwise than in the checkpoint; a projector of another kind or size starts anew
    projector: str = ""
    projected: tuple[int, ...] = ()
    grid: tuple[int, ...] = ()
    width: int = 0
    heads: int = 0
    side: int = 0
    fit: str = ""
    tiles: tuple[tuple[int, int], ...] = ()
    masks: Masks = field(default_factory=Masks)


@dataclass(frozen=True, kw_only=True)
class Source:
    """A data set's folder and how it takes part."""

    path: str = ""
    #: how often its records come in an epoch
    repeat: int = 1
    #: of all samples, the share that is drawn from it; if one source has a share, all have, and `steps` ends the run
    share: float = 0.0
    #: only records of these tasks, or of this split; empty: all
    tasks: tuple[str, ...] = ()
    split: str = ""
    #: answers end in segmentation tokens for the masks of their regions
    masks: bool = False


@dataclass(frozen=True, kw_only=True)
class TuningOptim:
    """kind: "adamw", or "adam" with its decay in the gradient. The warm-up is linear, by steps or as a share of all."""

    kind: str = "adamw"
    lr: float = 2e-5
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.0
    #: what follows the warm-up: "cosine" or "linear" to zero, or "constant"
    schedule: str = "cosine"
    warmup: float = 0.03
    warmup_steps: int = 0
    #: largest norm of the gradient; 0: any
    clip: float = 1.0


@dataclass(frozen=True, kw_only=True)
class TuningLoss:
    """Weights of the terms. Source: Q-Ground eq. 6, with PixelLM's values."""

    text: float = 1.0
    bce: float = 2.0
    dice: float = 0.5


@dataclass(frozen=True, kw_only=True)
class TuningRecipe:
    """One run of one stage."""

    name: str
    parts: Parts
    data: tuple[Source, ...]
    seed: int = 0
    #: `steps` above 0 ends the run instead
    epochs: int = 1
    steps: int = 0
    #: samples of a step over all processes, and those that a process computes at once
    batch: int = 128
    rows: int = 4
    #: of the sums, "bf16", "fp16" or "no"; and of the weights that do not learn, "bf16", "fp16" or "fp32"
    precision: str = "bf16"
    frozen: str = "bf16"
    #: longest sample in tokens; turns that do not fit are left out
    context: int = 2048
    #: keep few activations and compute the rest again
    recompute: bool = False
    compile: bool = False
    workers: int = 4
    checkpoint_minutes: float = 20.0
    #: data sets or folders of pictures that are measured on: records with one of their pictures are not learned from
    exclude: tuple[str, ...] = ()
    #: put a record's description of the quality before a question that asks for masks
    quality_text: bool = False
    #: what learns, of TRAINABLE; adapters do wherever lora.rank is above 0
    train: tuple[str, ...] = ("projector",)
    lora: Lora = field(default_factory=lambda: Lora(rank=0))
    template: Template = field(default_factory=Template)
    optim: TuningOptim = field(default_factory=TuningOptim)
    loss: TuningLoss = field(default_factory=TuningLoss)

    def __post_init__(self) -> None:
        parts, shares = self.parts, {source.share > 0 for source in self.data}
        halves = bool(parts.vision and parts.language)
        checks = (
            (bool(parts.model) != halves, "parts", "model, or vision and language"),
            (set(self.train) <= set(TRAINABLE), "train", f"names of {', '.join(TRAINABLE)}"),
            (bool(self.train) or self.lora.rank > 0, "train", "something that learns"),
            (
                not self.lora.rank or "language" not in self.train,
                "train",
                "without language where lora.rank is above 0",
            ),
            (self.batch > 0 and self.rows > 0, "batch", "at least one sample, and rows too"),
            (bool(self.data), "data", "at least one source"),
            (all(source.repeat > 0 for source in self.data), "data.repeat", "1 or more"),
            (len(shares) < 2, "data.share", "for all sources or for none"),
            (self.steps > 0 or True not in shares, "steps", "a number of steps where sources have shares"),
            (self.optim.kind in ("adam", "adamw"), "optim.kind", "adam or adamw"),
            (self.optim.schedule in ("cosine", "linear", "constant"), "optim.schedule", "cosine, linear or constant"),
            (self.precision in ("no", "bf16", "fp16"), "precision", "no, bf16 or fp16"),
            (self.frozen in ("fp32", "bf16", "fp16"), "frozen", "fp32, bf16 or fp16"),
            (not parts.grid or len(parts.grid) == 2, "parts.grid", "rows and columns"),
        )
        for good, key, wanted in checks:
            if not good:
                raise RecipeError(f"'{key}' should be {wanted}")

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)
