"""What quibble answers: scores, findings, reports, answers and comparisons. Frozen, typed, and JSON both ways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from quibble.errors import ArgumentError
from quibble.geometry import Box, Mask, Point
from quibble.taxonomy import Category, Distortion, Level, severity_word


@dataclass(frozen=True, kw_only=True)
class Score:
    """How good a picture is: 0 (bad) to 100 (excellent), higher is better.

    `low` and `high` bound the mean opinion of many people with a probability of 80%. `levels` are the probabilities
    of the five quality levels and sum to 1; `level` is the one nearest to the value.
    """

    RANGE: ClassVar[tuple[float, float]] = (0.0, 100.0)
    HIGHER_IS_BETTER: ClassVar[bool] = True

    value: float
    low: float
    high: float
    levels: Mapping[Level, float]

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.value <= self.high <= 100:
            raise ArgumentError(
                f"a score needs 0 <= low <= value <= high <= 100, found {self.low}, {self.value}, {self.high}"
            )
        shares = [self.levels.get(level, -1.0) for level in Level]
        if len(self.levels) != len(shares) or not min(shares) >= 0 or not abs(sum(shares) - 1) <= 1e-3:
            raise ArgumentError("a score needs a probability for each of the five levels, summing to 1")
        object.__setattr__(self, "levels", MappingProxyType(dict(self.levels)))

    @property
    def level(self) -> Level:
        return Level.of(self.value)

    def to_dict(self) -> dict[str, Any]:
        return {
            "value": round(self.value, 2),
            "low": round(self.low, 2),
            "high": round(self.high, 2),
            "level": self.level.value,
            "levels": {level.value: round(self.levels[level], 4) for level in Level},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Score:
        """The inverse of to_dict. Raises ArgumentError naming what is missing or wrong."""
        with _reading("score"):
            return cls(
                value=data["value"],
                low=data["low"],
                high=data["high"],
                levels={Level(name): p for name, p in data["levels"].items()},
            )

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (Score, vars(self) | {"levels": dict(self.levels)})


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something wrong with a picture, and where.

    severity: 0..5, higher is worse. share: of the picture's area, 0..1. confidence: 0..1, the probability that a
    person would agree. box: pixels of the original picture; mask: at its size.
    """

    category: Category
    distortion: Distortion | None
    severity: float
    share: float
    confidence: float
    position: str
    box: Box
    mask: Mask

    def __post_init__(self) -> None:
        for name, value, top in (
            ("severity", self.severity, 5),
            ("share", self.share, 1),
            ("confidence", self.confidence, 1),
        ):
            if not 0 <= value <= top:
                raise ArgumentError(f"a finding's {name} lies in 0..{top}, found {value!r}")
        if self.distortion is not None and self.distortion.category is not self.category:
            raise ArgumentError(f"{self.distortion.value} is no kind of {self.category.value}")

    @property
    def severity_word(self) -> str:
        """One of the five severity words."""
        return severity_word(max(self.severity, 1e-6))

    def to_dict(self) -> dict[str, Any]:
        return {
            "category": self.category.value,
            "distortion": self.distortion.value if self.distortion else None,
            "severity": round(self.severity, 2),
            "share": round(self.share, 4),
            "confidence": round(self.confidence, 4),
            "position": self.position,
            "box": self.box.to_list(),
            "mask": self.mask.to_coco(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Finding:
        """The inverse of to_dict. Raises ArgumentError naming what is missing or wrong."""
        with _reading("finding"):
            return cls(
                category=Category(data["category"]),
                distortion=Distortion(data["distortion"]) if data["distortion"] else None,
                severity=data["severity"],
                share=data["share"],
                confidence=data["confidence"],
                position=data["position"],
                box=Box.from_list(data["box"]),
                mask=Mask.from_coco(data["mask"]),
            )


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything quibble says of one picture. Findings come most important first."""

    image: str
    width: int
    height: int
    model: str
    score: Score
    findings: tuple[Finding, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "image": self.image,
            "width": self.width,
            "height": self.height,
            "model": self.model,
            "score": self.score.to_dict(),
            "findings": [finding.to_dict() for finding in self.findings],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Report:
        """The inverse of to_dict. Raises ArgumentError naming what is missing or wrong."""
        with _reading("report"):
            return cls(
                image=data["image"],
                width=data["width"],
                height=data["height"],
                model=data["model"],
                score=Score.from_dict(data["score"]),
                findings=tuple(Finding.from_dict(finding) for finding in data["findings"]),
            )


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """Words of an answer that mean a place. box: in pixels of the picture."""

    text: str
    box: Box

    def to_dict(self) -> dict[str, Any]:
        return {"text": self.text, "box": self.box.to_list()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Phrase:
        """The inverse of to_dict. Raises ArgumentError naming what is missing or wrong."""
        with _reading("phrase"):
            return cls(text=data["text"], box=Box.from_list(data["box"]))


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer in words. `options` holds the probability of each option of a multiple-choice question.

    phrases: those that the text marks as [phrase](grid code), in order.
    """

    text: str
    options: Mapping[str, float] | None = None
    phrases: tuple[Phrase, ...] = ()

    def __post_init__(self) -> None:
        if self.options is not None:
            object.__setattr__(self, "options", MappingProxyType(dict(self.options)))

    def to_dict(self) -> dict[str, Any]:
        options = {option: round(p, 4) for option, p in self.options.items()} if self.options is not None else None
        return {"text": self.text, "options": options, "phrases": [phrase.to_dict() for phrase in self.phrases]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Answer:
        """The inverse of to_dict. Raises ArgumentError naming what is missing or wrong."""
        with _reading("answer"):
            return cls(
                text=data["text"],
                options=data.get("options"),
                phrases=tuple(Phrase.from_dict(phrase) for phrase in data["phrases"]),
            )

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (Answer, vars(self) | {"options": dict(self.options) if self.options is not None else None})


@dataclass(frozen=True, kw_only=True)
class Grounding:
    """Where the answer to a question lies: what it says, and the findings that it means.

    point: where a model that sees for itself pointed to, in pixels. regions: what was segmented there, or by that
    model, without being a finding.
    """

    text: str
    findings: tuple[Finding, ...]
    point: Point | None = None
    regions: tuple[Mask, ...] = ()

    @property
    def masks(self) -> tuple[Mask, ...]:
        return (*(finding.mask for finding in self.findings), *self.regions)

    @property
    def boxes(self) -> tuple[Box, ...]:
        boxes = (*(finding.box for finding in self.findings), *(mask.box for mask in self.regions))
        return tuple(box for box in boxes if box is not None)

    def to_dict(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "findings": [finding.to_dict() for finding in self.findings],
            "point": [self.point.x, self.point.y] if self.point is not None else None,
            "regions": [mask.to_coco() for mask in self.regions],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Grounding:
        """The inverse of to_dict. Raises ArgumentError naming what is missing or wrong."""
        with _reading("grounding"):
            point = data["point"]
            return cls(
                text=data["text"],
                findings=tuple(Finding.from_dict(f) for f in data["findings"]),
                point=Point(**dict(zip("xy", point, strict=True))) if point is not None else None,
                regions=tuple(Mask.from_coco(mask) for mask in data["regions"]),
            )


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """A picture's place among others. number: which of those given it was, from 0.

    votes: mean probability of being better than each of the others, 0..1.
    """

    image: str
    number: int
    votes: float
    score: Score

    def to_dict(self) -> dict[str, Any]:
        return {
            "image": self.image,
            "number": self.number,
            "votes": round(self.votes, 4),
            "score": self.score.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Ranked:
        """The inverse of to_dict. Raises ArgumentError naming what is missing or wrong."""
        with _reading("place in a ranking"):
            return cls(
                image=data["image"],
                number=data["number"],
                votes=data["votes"],
                score=Score.from_dict(data["score"]),
            )


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Which of two pictures, "A" or "B", is better.

    probability: that the winner is better, 0.5..1. differences: severity of B less severity of A by category, in
    -5..5, so a positive number means that B has more of it. where: for a category in differences, the places in the
    picture that has more of it; a category without a place of its own is left out.
    """

    winner: str
    probability: float
    differences: Mapping[Category, float]
    text: str
    where: Mapping[Category, Mask] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.winner not in ("A", "B"):
            raise ArgumentError(f"the winner of a comparison is 'A' or 'B', found {self.winner!r}")
        if not 0.5 <= self.probability <= 1:
            raise ArgumentError(f"the winner's probability lies in 0.5..1, found {self.probability!r}")
        object.__setattr__(self, "differences", MappingProxyType(dict(self.differences)))
        object.__setattr__(self, "where", MappingProxyType(dict(self.where)))

    def to_dict(self) -> dict[str, Any]:
        return {
            "winner": self.winner,
            "probability": round(self.probability, 4),
            "differences": {category.value: round(d, 2) for category, d in self.differences.items()},
            "where": {category.value: mask.to_coco() for category, mask in self.where.items()},
            "text": self.text,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Comparison:
        """The inverse of to_dict. Raises ArgumentError naming what is missing or wrong."""
        with _reading("comparison"):
            return cls(
                winner=data["winner"],
                probability=data["probability"],
                differences={Category(name): d for name, d in data["differences"].items()},
                where={Category(name): Mask.from_coco(rle) for name, rle in data["where"].items()},
                text=data["text"],
            )

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (Comparison, vars(self) | {"differences": dict(self.differences), "where": dict(self.where)})


def _rebuild(cls: type[Any], fields: dict[str, Any]) -> Any:
    # Read-only mappings cannot be pickled, so results that hold one are made anew.
    return cls(**fields)


@contextmanager
def _reading(what: str) -> Iterator[None]:
    """Turn what malformed JSON raises into an ArgumentError."""
    try:
        yield
    except ArgumentError:
        raise
    except KeyError as error:
        raise ArgumentError(f"a {what} needs the field {error}") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise ArgumentError(f"this {what} is malformed: {error}") from error
