"""What quibble answers: scores, findings, reports, answers and comparisons. Frozen, typed, and JSON both ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

from quibble.errors import ArgumentError
from quibble.geometry import Box, Mask
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
        if set(self.levels) != set(Level) or abs(sum(self.levels.values()) - 1) > 1e-3:
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
        return cls(
            value=data["value"],
            low=data["low"],
            high=data["high"],
            levels={Level(name): p for name, p in data["levels"].items()},
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild_score, (self.value, self.low, self.high, dict(self.levels))


def _rebuild_score(value: float, low: float, high: float, levels: dict[Level, float]) -> Score:
    return Score(value=value, low=low, high=high, levels=levels)


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
        return cls(
            image=data["image"],
            width=data["width"],
            height=data["height"],
            model=data["model"],
            score=Score.from_dict(data["score"]),
            findings=tuple(Finding.from_dict(finding) for finding in data["findings"]),
        )


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer in words. `options` holds the probability of each option of a multiple-choice question."""

    text: str
    options: Mapping[str, float] | None = None

    def to_dict(self) -> dict[str, Any]:
        return {"text": self.text, "options": dict(self.options) if self.options is not None else None}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Answer:
        return cls(text=data["text"], options=data.get("options"))


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Which of two pictures, "A" or "B", is better.

    probability: that the winner is better, 0.5..1. differences: severity of B less severity of A by category, in
    -5..5, so a positive number means that B has more of it.
    """

    winner: str
    probability: float
    differences: Mapping[Category, float]
    text: str

    def __post_init__(self) -> None:
        if self.winner not in ("A", "B"):
            raise ArgumentError(f"the winner of a comparison is 'A' or 'B', found {self.winner!r}")
        if not 0.5 <= self.probability <= 1:
            raise ArgumentError(f"the winner's probability lies in 0.5..1, found {self.probability!r}")

    def to_dict(self) -> dict[str, Any]:
        return {
            "winner": self.winner,
            "probability": round(self.probability, 4),
            "differences": {category.value: round(d, 2) for category, d in self.differences.items()},
            "text": self.text,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Comparison:
        return cls(
            winner=data["winner"],
            probability=data["probability"],
            differences={Category(name): d for name, d in data["differences"].items()},
            text=data["text"],
        )
