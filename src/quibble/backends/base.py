"""What a backend must be able to do, and what it hands back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from quibble import streaks, tones
from quibble.errors import CapabilityError
from quibble.geometry import Mask, Point
from quibble.text.conversation import Features

if TYPE_CHECKING:
    from quibble.backends.language import Sampling
    from quibble.text.conversation import Conversation

Maps = NDArray[np.float32]


class Readings(NamedTuple):
    """What is known of N regions of a picture, category by category.

    presence: (N, 12), the share of the region that is expected to have it, 0..1; extent: (N, 12), how well the region
    would do as its mask, as the expected intersection over union with what has it, 0..1. severities: (N, 12), 0..5.
    kinds: (N, 35), logits of the distortions.
    """

    presence: Maps
    extent: Maps
    severities: Maps
    kinds: Maps


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a model sees in one view of (height, width) pixels; maps at a quarter of it, rounded up.

    categories: (13, h, w), probability 0..1 of the 12 categories, each for itself, and of "clean".
    severities: (12, h, w), 0..5. kinds: (35, h, w), logits of the distortions.
    levels: (5,), probabilities of the quality levels, best first, summing to 1.
    spread: points of 100 within which the model expects to miss the mean opinion.
    features: for a language model that reads visual tokens, where they were asked for and the model gives them.
    tones, streaks: of the view, see the modules of these names; for the reader, where it asks for them.
    reader: takes a second look at regions; without one, a region is what the maps say of its places.
    gauge: tells versions of one scene apart; without one, scores have to.
    ranker: tells which of several regions has the most of something and which the least; without one, readings have to.
    """

    categories: Maps
    severities: Maps
    kinds: Maps
    levels: Maps
    spread: float
    width: int
    height: int
    features: Features | None = None
    tones: Maps | None = None
    streaks: Maps | None = None
    reader: Reader | None = field(default=None, repr=False, compare=False)
    gauge: Gauge | None = field(default=None, repr=False, compare=False)
    ranker: Ranker | None = field(default=None, repr=False, compare=False)

    def toned(self, regions: NDArray[np.bool_]) -> Maps:
        """What the tones of regions are, (N, h, w): see quibble.tones.told_of."""
        assert self.tones is not None
        return tones.told_of(self.tones, regions, self.categories[-1] > 0.5)

    def streaked(self, regions: NDArray[np.bool_]) -> Maps:
        """What the streaks of regions are, (N, h, w): see quibble.streaks.told_of."""
        assert self.streaks is not None
        return streaks.told_of(self.streaks, regions, self.categories[-1] > 0.5)

    def read(self, regions: NDArray[np.bool_]) -> Readings:
        """Look at regions, (N, h, w); none of them is empty."""
        return (self.reader or averages)(self, regions)


#: What reads regions of what was seen; see Evidence.read.
Reader = Callable[[Evidence, NDArray[np.bool_]], Readings]
#: What tells the ends among regions, by extremes.told_of: how well each would do as the place with the most, and as the
#: one with the least, as expected intersection over union, 0..1. (N, extremes.COUNT) -> (N, 2)
Ranker = Callable[[Maps], Maps]


class Gauge(Protocol):
    """What tells versions of one scene apart, by the features of the whole picture."""

    #: What makes a gap in points the logit of the probability that the less damaged version is better: without the
    #: original, and with it.
    slopes: tuple[float, float]

    def __call__(self, features: Features, original: Features | None = None, structure: Maps | None = None) -> float:
        """Points of 100 that damage takes from people's opinion, about 0 if there is none.

        original: features of the undamaged picture, of the same size; then structure, (3,), is how much of its
        structure is lost at the full size, a half and a quarter of it.
        """


def averages(seen: Evidence, regions: NDArray[np.bool_]) -> Readings:
    """Readings as the maps have them: means over the places of each region, severities by how probable they are."""
    flat = regions.reshape(len(regions), -1).astype(np.float32)
    size = np.maximum(flat.sum(axis=1, keepdims=True), 1)
    probability = seen.categories[:-1].reshape(len(seen.categories) - 1, -1).T + np.float32(1e-6)
    severity = seen.severities.reshape(len(seen.severities), -1).T
    inside = flat @ probability
    total = probability.sum(axis=0)
    return Readings(
        presence=inside / size,
        extent=inside / (size + total - inside),
        severities=np.asarray(flat @ (probability * severity) / inside, np.float32),
        kinds=flat @ seen.kinds.reshape(len(seen.kinds), -1).T / size,
    )


#: A place has what is more probably there than not; see Calibration.
EVEN_PAINT: Final = (0.5,) * 12
#: What an exported graph gives back, in this order, each with a batch in front.
OUTPUTS: Final = ("categories", "severities", "kinds", "levels", "spread")
#: What it gives on request: features at a quarter of the view and so on, finest first.
FEATURES: Final = ("features_4", "features_8", "features_16", "features_32")


def evidence(
    outputs: Sequence[Maps],
    width: int,
    height: int,
    features: Features | None = None,
    tones: Maps | None = None,
    streaks: Maps | None = None,
    *,
    reader: Reader | None = None,
    gauge: Gauge | None = None,
    ranker: Ranker | None = None,
) -> Evidence:
    """OUTPUTS of one picture, without the batch -> Evidence."""
    categories, severities, kinds, levels, spread = outputs
    return Evidence(
        categories=categories,
        severities=severities,
        kinds=kinds,
        levels=levels,
        spread=float(spread[0]),
        width=width,
        height=height,
        features=features,
        tones=tones,
        streaks=streaks,
        reader=reader,
        gauge=gauge,
        ranker=ranker,
    )


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How the model's raw figures become what is reported; fitted on validation photographs.

    threshold: presence from which a region is a finding, per category. slope, offset: logistic map from the presence
    in a region (as a logit) to the confidence of a finding. interval: what the spread is multiplied by for an 80%
    interval. paint: how much of a category a place must show to have it in a map of the whole picture, per category.
    """

    threshold: tuple[float, ...]
    slope: float
    offset: float
    interval: float
    paint: tuple[float, ...] = EVEN_PAINT


class PerceptionBackend(Protocol):
    """A model that looks at pictures."""

    calibration: Calibration

    @property
    def name(self) -> str:
        """What it is called in reports, such as "nano-0.1"."""

    def perceive(self, views: Sequence[NDArray[np.uint8]], *, features: bool = False) -> list[Evidence]:
        """Look at views, (H, W, 3) uint8 sRGB of at least 64 pixels each way, of any sizes. One Evidence a view.

        features: give them too, if the model can.
        """


class FeatureBackend(PerceptionBackend, Protocol):
    """One that gives features when it is asked for them."""

    @property
    def eyes(self) -> str:
        """Hash of its weights; see Features."""

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of the features, finest first; none for weights that give none."""

    @property
    def reader(self) -> Reader | None:
        """What reads regions by the features, if the model has it."""

    @property
    def gauge(self) -> Gauge | None:
        """What tells versions of one scene apart by the features, if the model has it."""

    @property
    def ranker(self) -> Ranker | None:
        """What tells which of several regions has the most and the least of something, if the model has it."""


class LanguageBackend(Protocol):
    """A model that answers in words."""

    @property
    def name(self) -> str:
        """What it is called, such as "nano-language-0.1"."""

    def write(self, conversation: Conversation, *, sampling: Sampling, opening: str = "") -> Iterator[str]:
        """The answer to the last turn, piece by piece. opening: what it begins with; the first piece.

        Raises ArgumentError if the conversation is too long.
        """

    def weigh(self, conversation: Conversation, words: Sequence[str]) -> list[float]:
        """How the answer to the last turn is shared out among words that it may begin with. Sums to 1."""


@runtime_checkable
class OutliningBackend(LanguageBackend, Protocol):
    """One that can end its answer in a mask."""

    def outline(self, conversation: Conversation, *, sampling: Sampling) -> tuple[str, Maps | None]:
        """The answer to the last turn, and logits of the mask that it ends in, of the first picture.

        They are at the size of Evidence's maps, (h, w); None: the answer has no mask. Raises CapabilityError where the
        weights or the picture's features for it are missing.
        """


class SeeingBackend(LanguageBackend, Protocol):
    """A large model that is shown the pictures of a conversation themselves (Shown.pixels); it reads no evidence.

    An opening is asked for and cannot be held to. weigh() raises CapabilityError where probabilities are not to be had.
    """

    @property
    def concurrency(self) -> int:
        """How many threads may ask it at once with profit."""


@runtime_checkable
class MaskingBackend(SeeingBackend, Protocol):
    """One that also draws what it speaks of."""

    def segment(self, conversation: Conversation, *, sampling: Sampling) -> tuple[str, tuple[Mask, ...]]:
        """The answer to the last turn, and the masks in it at the size of the last picture; there may be none."""


class PointSegmenter(Protocol):
    """What finds the extent of something at a point; quibble.experts.segmenter has some."""

    @property
    def name(self) -> str:
        """Which model it is."""

    def at(self, rgb: NDArray[np.uint8], points: Sequence[Point], labels: Sequence[bool]) -> Mask:
        """The segment of a picture, (H, W, 3), that points lie inside of, or outside where a label is false."""


class Ability(StrEnum):
    """What an Assessor can be asked for, by the name of its method; BOXES is describe(boxes=True)."""

    SCORE = "score"
    ASSESS = "assess"
    DESCRIBE = "describe"
    BOXES = "boxes"
    ASK = "ask"
    REFER = "refer"
    GROUND = "ground"
    COMPARE = "compare"
    RANK = "rank"
    CHAT = "chat"


#: What models of each kind can do. Those that see for themselves give no findings: neither masks nor severities.
ABILITIES: Final = {
    "nano": frozenset(Ability),
    "torch": frozenset(Ability) - {Ability.ASSESS, Ability.BOXES},
    "chat": frozenset(Ability) - {Ability.ASSESS, Ability.BOXES},
}


def refuse(name: str, ability: Ability) -> CapabilityError:
    """The error for what a model cannot do: which others can."""
    able = " and ".join(kind for kind, abilities in ABILITIES.items() if ability in abilities)
    lacking = {Ability.ASSESS: "findings with masks and severities", Ability.BOXES: "boxes in its descriptions"}
    return CapabilityError(f"the model {name} gives no {lacking.get(ability, ability.value)}; ask {able} for that")
