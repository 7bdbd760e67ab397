"""Recipes: values only, in TOML, read into frozen dataclasses. Unknown keys and wrong types are errors."""

from __future__ import annotations

import dataclasses
import tomllib
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from quibble.errors import ArgumentError, RecipeError
from quibble.model.language import LanguageConfig
from quibble.model.lmm import LmmConfig
from quibble.model.perception import PerceptionConfig
from quibble.train.tuning_recipe import TuningRecipe


@dataclass(frozen=True, kw_only=True)
class DenseData:
    """Synthetic regional distortions over clean photographs, made on the fly."""

    #: folders of photographs; label maps are taken from `masks` by stem
    photos: tuple[str, ...] = ()
    masks: str = ""
    #: of every hundred photographs, by hash of the name, this many are kept for validation
    held_out: int = 12
    #: side of the crops in pixels; 0: whole photographs, one at a time
    crop: int = 160
    batch: int = 24
    #: share of crops that come from photographs with label maps for certain: people's regions follow outlines
    mapped: float = 0.0
    #: share of whole photographs that are made smaller, and to which part of their size at the most
    shrunk: float = 0.3
    smallest: float = 0.6
    #: shares of crops left clean and of crops distorted as a whole; the rest gets one to three regions
    clean: float = 0.15
    whole: float = 0.3
    #: share of distorted crops and regions that get two distortions
    stacked: float = 0.25
    #: share of crops saved once more as JPEG of quality 70 to 95, which is not called a defect
    resaved: float = 0.3
    #: share of crops damaged as a camera would, and of crops given a photographer's look first; see camera.py
    camera: float = 0.0
    styled: float = 0.0
    #: share of crops that are blurred as in poor light, with grain over it, and nothing else; see camera.missed
    missed: float = 0.0
    #: share of crops with a label map whose background is put out of focus, which is no defect; see bokeh.py
    bokeh: float = 0.0
    #: share of distorted crops and regions that are blurred for certain
    blurred: float = 0.0
    #: distortions that are harder to see than others, such as "blur.zoom", and the share of distorted crops and regions
    #: that get one of them for certain
    hard: tuple[str, ...] = ()
    hardened: float = 0.0


@dataclass(frozen=True, kw_only=True)
class OpinionData:
    """Photographs with mean opinion scores."""

    #: JSON: {"train": [[file, mos 0..1], ...], "val": [...]}, files relative to `folder`
    split: str = ""
    folder: str = ""
    #: training photographs rated at least so also serve the dense source as clean ones
    clean_from: float = 0.8
    #: share of rated photographs that are seen again in another crop, 0..1, and the share of those that are distorted:
    #: their opinion falls as KADID-10k's scores say, so that score and findings agree
    copies: float = 0.5
    distorted: float = 0.5
    #: the opinion, 0..1, that clean photographs count with that nobody rated, each once as it is and once distorted:
    #: without them the head takes what is unlike the rated collection for bad
    pristine: float = 0.78
    #: how often each of these is seen once more as it is, made smaller or saved again: soft ones are no worse for it
    again: int = 2
    epochs: int = 15
    batch: int = 128
    lr: float = 2e-3
    weight_decay: float = 0.1


@dataclass(frozen=True, kw_only=True)
class Optim:
    """Linear warm-up and a cosine to `final` of the peak; an exponential moving average of the weights.

    kind: "adamw", or "muon" for kernels and matrices inside the network and AdamW for the rest; see optim.py.
    """

    kind: str = "adamw"
    lr: float = 2e-3
    weight_decay: float = 0.02
    betas: tuple[float, float] = (0.9, 0.99)
    warmup_steps: int = 200
    final: float = 0.01
    clip: float = 5.0
    ema: float = 0.999


@dataclass(frozen=True, kw_only=True)
class LossWeights:
    """Weights of the terms; see losses.py."""

    category: float = 1.0
    dice: float = 0.5
    severity: float = 0.2
    kind: float = 0.2


@dataclass(frozen=True, kw_only=True)
class LanguageData:
    """Conversations, written on the fly."""

    #: samples a step; they are sorted by length and computed `rows` at a time, so that little is padding
    batch: int = 64
    rows: int = 16
    #: a folder of octopus records, looked at when a run starts, and the share of conversations about them
    records: str = ""
    recorded: float = 0.25
    #: how much less a token of a long answer counts than one of a short; see model.language.answer_weights
    balance: float = 0.0
    #: samples of the held-out wordings that are validated on
    validate: int = 256


@dataclass(frozen=True, kw_only=True)
class LanguageRecipe:
    """One training run of the language half: a recipe with a section [language]."""

    name: str
    language: LanguageConfig
    seed: int = 0
    steps: int = 1000
    precision: str = "no"
    workers: int = 1
    validate_every: int = 500
    checkpoint_minutes: float = 5.0
    #: weights to begin with: a checkpoint of an earlier run
    init: str = ""
    data: LanguageData = field(default_factory=LanguageData)
    optim: Optim = field(default_factory=Optim)

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@dataclass(frozen=True, kw_only=True)
class PictureData:
    """What is added where the language half learns with pictures; records come from the section [data]."""

    #: folder of the exported perception that looks at them, and stays as it is; "": the package's own
    perception: str = ""
    #: hash of its weights and channels of its features, known when a run has started: what was learned from the
    #: features of one set of weights is good for no other
    eyes: str = ""
    widths: tuple[int, ...] = ()
    #: a folder of octopus records from other photographs to validate on, and how many conversations about them
    held_out: str = ""
    validate: int = 96
    #: weight of the masks' loss (BCE and DICE, see losses.mask_loss) where that of the words is 1
    masks: float = 0.5


@dataclass(frozen=True, kw_only=True)
class PicturesRecipe(LanguageRecipe):
    """One training run of the language half with pictures: a recipe with sections [language] and [pictures]."""

    pictures: PictureData
    lmm: LmmConfig = field(default_factory=LmmConfig)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One training run of the vision half."""

    name: str
    seed: int = 0
    steps: int = 1000
    accumulate: int = 1
    precision: str = "no"
    workers: int = 2
    validate_every: int = 500
    checkpoint_minutes: float = 5.0
    #: weights to begin with: a checkpoint of an earlier run
    init: str = ""
    #: keep BatchNorm's statistics as they are, for short fine-tuning
    freeze_norms: bool = False
    model: PerceptionConfig = field(default_factory=PerceptionConfig)
    dense: DenseData = field(default_factory=DenseData)
    opinion: OpinionData = field(default_factory=OpinionData)
    optim: Optim = field(default_factory=Optim)
    loss: LossWeights = field(default_factory=LossWeights)

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@dataclass(frozen=True, kw_only=True)
class ReaderData:
    """How the region reader is fitted."""

    #: folder of the exported perception that looks at the pictures, and stays as it is; "": the package's own
    perception: str = ""
    #: how many pictures regions are taken from
    pictures: int = 17500
    #: how many more that nothing was done to, in more sizes, and how many of those with a soft background: what is soft
    #: by nature is no defect. soft_weight: what a region of the last counts beside another
    clean: int = 6000
    soft: int = 2000
    soft_weight: float = 0.4
    #: how many more that are blurred as in poor light: grain over a blur is taken for detail otherwise
    missed: int = 3000
    #: how many more that are mostly blurred, and networks that learn to tell kinds of blur from these alone
    blurred: int = 8000
    blurs: int = 3
    #: how many more in which mostly light and color are wrong
    toned: int = 3500
    #: networks whose outputs are averaged, units of each of their two layers
    members: int = 3
    hidden: int = 256
    dropout: float = 0.2
    epochs: int = 6
    batch: int = 256
    lr: float = 1e-3
    weight_decay: float = 0.05


@dataclass(frozen=True, kw_only=True)
class ReaderRecipe:
    """One fit of the region reader: a recipe with a section [reader]. dense.crop is 0: whole photographs."""

    name: str
    seed: int = 0
    workers: int = 1
    reader: ReaderData
    dense: DenseData = field(default_factory=DenseData)
    opinion: OpinionData = field(default_factory=OpinionData)

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@dataclass(frozen=True, kw_only=True)
class GaugeData:
    """How the damage gauge is fitted."""

    #: folder of the exported perception that looks at the versions, and stays as it is; "": the package's own
    perception: str = ""
    #: how many clean photographs versions are made of; 0: all
    photographs: int = 0
    #: and how many that people find something wrong with: those that users compare are not clean either
    rated: int = 0
    #: units of each of the two layers
    hidden: int = 128
    dropout: float = 0.3
    epochs: int = 30
    batch: int = 16
    lr: float = 1e-3
    weight_decay: float = 0.1


@dataclass(frozen=True, kw_only=True)
class GaugeRecipe:
    """One fit of the damage gauge: a recipe with a section [gauge]. Of `dense`, only the photographs are used."""

    name: str
    seed: int = 0
    gauge: GaugeData
    dense: DenseData = field(default_factory=DenseData)
    opinion: OpinionData = field(default_factory=OpinionData)

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@dataclass(frozen=True, kw_only=True)
class RankerData:
    """How the region ranker is fitted."""

    #: folder of the exported perception that looks at the records, and stays as it is; "": the package's own
    perception: str = ""
    #: folders of records in which several regions are damaged, and one of those that are measured on
    records: tuple[str, ...] = ()
    held_out: str = ""
    #: networks whose outputs are averaged, units of each of their two layers
    members: int = 3
    hidden: int = 96
    dropout: float = 0.3
    epochs: int = 60
    batch: int = 32
    lr: float = 3e-3
    weight_decay: float = 0.05


@dataclass(frozen=True, kw_only=True)
class RankerRecipe:
    """One fit of the region ranker: a recipe with a section [ranker]."""

    name: str
    seed: int = 0
    ranker: RankerData

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


AnyRecipe = Recipe | LanguageRecipe | ReaderRecipe | GaugeRecipe | RankerRecipe | TuningRecipe


def load(path: Path | str, overrides: tuple[str, ...] = ()) -> Recipe:
    """Read a recipe of the vision half. `overrides` are "key.sub=value" with the value in TOML. Raises RecipeError."""
    return from_dict(_read(path, overrides))


def load_any(path: Path | str, overrides: tuple[str, ...] = ()) -> AnyRecipe:
    """As load, but a recipe with a section [reader] is one of the region reader, with [gauge] one of the damage gauge,
    with [ranker] one of the region ranker, with [language] one of the language half, with [pictures] too one of its
    last stage, with [parts] one of a large model.
    """
    data = _read(path, overrides)
    if "parts" in data:
        return tuning_from_dict(data)
    if "pictures" in data:
        return pictures_from_dict(data)
    if "reader" in data:
        return reader_from_dict(data)
    if "gauge" in data:
        return gauge_from_dict(data)
    if "ranker" in data:
        return ranker_from_dict(data)
    return language_from_dict(data) if "language" in data else from_dict(data)


def from_dict(data: dict[str, Any]) -> Recipe:
    """The inverse of Recipe.to_dict. Raises RecipeError for unknown keys and wrong types."""
    recipe: Recipe = _build(Recipe, data, "")
    return recipe


def language_from_dict(data: dict[str, Any]) -> LanguageRecipe:
    """The inverse of LanguageRecipe.to_dict. Raises RecipeError for unknown keys and wrong types."""
    recipe: LanguageRecipe = _build(LanguageRecipe, data, "")
    return recipe


def pictures_from_dict(data: dict[str, Any]) -> PicturesRecipe:
    """The inverse of PicturesRecipe.to_dict. Raises RecipeError for unknown keys and wrong types."""
    recipe: PicturesRecipe = _build(PicturesRecipe, data, "")
    return recipe


def reader_from_dict(data: dict[str, Any]) -> ReaderRecipe:
    """The inverse of ReaderRecipe.to_dict. Raises RecipeError for unknown keys and wrong types."""
    recipe: ReaderRecipe = _build(ReaderRecipe, data, "")
    if recipe.dense.crop:
        raise RecipeError("dense.crop: regions are read in whole photographs, so this is 0")
    return recipe


def gauge_from_dict(data: dict[str, Any]) -> GaugeRecipe:
    """The inverse of GaugeRecipe.to_dict. Raises RecipeError for unknown keys and wrong types."""
    recipe: GaugeRecipe = _build(GaugeRecipe, data, "")
    return recipe


def ranker_from_dict(data: dict[str, Any]) -> RankerRecipe:
    """The inverse of RankerRecipe.to_dict. Raises RecipeError for unknown keys and wrong types."""
    recipe: RankerRecipe = _build(RankerRecipe, data, "")
    return recipe


def tuning_from_dict(data: dict[str, Any]) -> TuningRecipe:
    """The inverse of TuningRecipe.to_dict. Raises RecipeError for unknown keys, wrong types and bad values."""
    recipe: TuningRecipe = _build(TuningRecipe, data, "")
    return recipe


def _read(path: Path | str, overrides: tuple[str, ...]) -> dict[str, Any]:
    try:
        data = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(f"cannot read the recipe {path}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{path} is not valid TOML: {error}") from error
    for override in overrides:
        _override(data, override)
    return data


def _override(data: dict[str, Any], override: str) -> None:
    key, found, text = override.partition("=")
    if not found:
        raise RecipeError(f"an override is key=value, found {override!r}")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *parents, last = key.strip().split(".")
    for parent in parents:
        data = data.setdefault(parent, {})
        if not isinstance(data, dict):
            raise RecipeError(f"'{parent}' in the override {override!r} is a value, not a section")
    data[last] = value


def _build(cls: type[Any], data: object, place: str) -> Any:
    if not isinstance(data, dict):
        raise RecipeError(f"'{place}' is a section, found {data!r}")
    hints = typing.get_type_hints(cls)
    unknown = sorted(set(data) - set(hints))
    if unknown:
        raise RecipeError(f"unknown key '{place}{unknown[0]}'; known: {', '.join(sorted(hints))}")
    try:
        return cls(**{key: _value(hints[key], value, f"{place}{key}") for key, value in data.items()})
    except ArgumentError as error:
        raise RecipeError(f"in the recipe{' section ' + place if place else ''}: {error}") from error
    except TypeError as error:
        raise RecipeError(f"the recipe{' section ' + place if place else ''} is incomplete: {error}") from error


def _value(hint: Any, value: Any, place: str) -> Any:
    if dataclasses.is_dataclass(hint):
        return _build(typing.cast(type[Any], hint), value, f"{place}.")
    if typing.get_origin(hint) is tuple:
        if not isinstance(value, list | tuple):
            raise RecipeError(f"'{place}' is a list, found {value!r}")
        parts = typing.get_args(hint)
        if parts[-1] is Ellipsis:
            parts = (parts[0],) * len(value)
        if len(parts) != len(value):
            raise RecipeError(f"'{place}' has {len(parts)} entries, found {len(value)}")
        return tuple(_value(part, item, place) for part, item in zip(parts, value, strict=True))
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(hint, types.UnionType) or not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise RecipeError(f"'{place}' is a {getattr(hint, '__name__', hint)}, found {value!r}")
    return value
