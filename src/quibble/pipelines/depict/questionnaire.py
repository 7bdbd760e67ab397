"""What people are asked about a picture, or about two, and the answers. Source: DepictQA, section 3, figure 2."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from quibble.errors import ArgumentError
from quibble.taxonomy import Category, Texture

_C = Category


class Aspect(StrEnum):
    """The five kinds of distortion that the questionnaires know."""

    BRIGHTNESS = "brightness"
    COLOR = "color"
    NOISE = "noise"
    ARTIFACTS = "artifacts"
    BLURRINESS = "blurriness"

    @classmethod
    def of(cls, category: Category) -> Aspect:
        """Where a category belongs. Contrast is a matter of bright and dark, banding and oversharpening are "
        "artifacts."""
        return _ASPECTS[category]


_ASPECTS: Final[Mapping[Category, Aspect]] = MappingProxyType(
    {
        _C.BLUR: Aspect.BLURRINESS,
        _C.NOISE: Aspect.NOISE,
        _C.COMPRESSION: Aspect.ARTIFACTS,
        _C.BRIGHTEN: Aspect.BRIGHTNESS,
        _C.DARKEN: Aspect.BRIGHTNESS,
        _C.CONTRAST_STRENGTHEN: Aspect.BRIGHTNESS,
        _C.CONTRAST_WEAKEN: Aspect.BRIGHTNESS,
        _C.SATURATE_STRENGTHEN: Aspect.COLOR,
        _C.SATURATE_WEAKEN: Aspect.COLOR,
        _C.OVERSHARPEN: Aspect.ARTIFACTS,
        _C.PIXELATE: Aspect.ARTIFACTS,
        _C.QUANTIZE: Aspect.ARTIFACTS,
    }
)


class Damage(StrEnum):
    """How well the texture can still be made out."""

    CLEAR = "clearly identifiable"
    BARELY = "barely identifiable"
    DESTROYED = "completely damaged"


class Degree(StrEnum):
    """How strong one kind of distortion is."""

    NONE = "undistorted"
    MILD = "mild"
    SEVERE = "severe"


class Overall(StrEnum):
    """How distorted the picture is as a whole."""

    NONE = "nearly undistorted"
    MILD = "mild distortion"
    SEVERE = "severe distortion"


class Step(StrEnum):
    """Picture A against picture B, on five steps."""

    SUPERIOR = "superior"
    SLIGHTLY_SUPERIOR = "slightly superior"
    EQUAL = "roughly equal"
    SLIGHTLY_INFERIOR = "slightly inferior"
    INFERIOR = "inferior"

    @property
    def winner(self) -> str | None:
        """ "A", "B", or None for neither."""
        place = list(Step).index(self)
        return None if place == 2 else "A" if place < 2 else "B"

    @property
    def clear(self) -> bool:
        """Whether it is more than slight."""
        return self in (Step.SUPERIOR, Step.INFERIOR)


@dataclass(frozen=True, kw_only=True)
class Questionnaire:
    """The answers on one distorted picture.

    remarks: what exactly is seen of an aspect, such as "motion blur", where whoever answered says so. Raises
    ArgumentError for an aspect without an answer, or a remark on what is undistorted.
    """

    texture: Texture
    damage: Damage
    degrees: Mapping[Aspect, Degree]
    overall: Overall
    remarks: Mapping[Aspect, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if missing := set(Aspect) - set(self.degrees):
            raise ArgumentError(f"expected a degree for every aspect, found none for {', '.join(sorted(missing))}")
        if odd := [aspect for aspect in self.remarks if self.degrees[aspect] is Degree.NONE]:
            raise ArgumentError(f"{odd[0]} is called undistorted, and yet there is a remark: {self.remarks[odd[0]]!r}")

    @property
    def distorted(self) -> tuple[Aspect, ...]:
        """The aspects that are distorted, the severe ones first."""
        found = [aspect for aspect in Aspect if self.degrees[aspect] is not Degree.NONE]
        return tuple(sorted(found, key=lambda aspect: self.degrees[aspect] is Degree.MILD))

    def to_dict(self) -> dict[str, Any]:
        return {
            "texture": self.texture.value,
            "damage": self.damage.value,
            "degrees": {aspect.value: self.degrees[aspect].value for aspect in Aspect},
            "overall": self.overall.value,
            **({"remarks": {aspect.value: text for aspect, text in self.remarks.items()}} if self.remarks else {}),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Questionnaire:
        """The inverse of to_dict. Raises ArgumentError for what it is not."""
        with _reading("a questionnaire"):
            return cls(
                texture=Texture(data["texture"]),
                damage=Damage(data["damage"]),
                degrees={Aspect(name): Degree(degree) for name, degree in data["degrees"].items()},
                overall=Overall(data["overall"]),
                remarks={Aspect(name): str(text) for name, text in data.get("remarks", {}).items()},
            )


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The answers on two distorted versions of one picture, A against B. Raises ArgumentError if an aspect is "
    "missing."""

    steps: Mapping[Aspect, Step]
    overall: Step

    def __post_init__(self) -> None:
        if missing := set(Aspect) - set(self.steps):
            raise ArgumentError(f"expected a step for every aspect, found none for {', '.join(sorted(missing))}")

    @property
    def winner(self) -> str | None:
        """ "A", "B", or None for neither."""
        return self.overall.winner

    def to_dict(self) -> dict[str, Any]:
        return {"steps": {aspect.value: self.steps[aspect].value for aspect in Aspect}, "overall": self.overall.value}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Comparison:
        """The inverse of to_dict. Raises ArgumentError for what it is not."""
        with _reading("a comparison"):
            steps = {Aspect(name): Step(step) for name, step in data["steps"].items()}
            return cls(steps=steps, overall=Step(data["overall"]))


@contextmanager
def _reading(what: str) -> Iterator[None]:
    """Turns what goes wrong while answers are read into an error for people."""
    try:
        yield
    except ArgumentError:
        raise
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise ArgumentError(f"expected {what}'s answers, found something else: {error!r}") from error
