"""Distorted versions of photographs, with the questionnaires filled in from what was done to them.

Nobody is asked: degrees follow from the table of opinions (quibble.distort.opinion), so a distortion that people mind
more is the more severe one, and the damage of texture is measured against the reference. Records made so say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from quibble.degradation import Degradation
from quibble.distort import combine_opinions, opinion
from quibble.errors import MissingExtraError
from quibble.pipelines.damage import Reject, damage
from quibble.pipelines.depict.questionnaire import Aspect, Comparison, Damage, Degree, Overall, Questionnaire, Step
from quibble.pipelines.photos import Photo
from quibble.pipelines.plans import Dice, Plan, Task
from quibble.taxonomy import Distortion, Texture
from quibble.text.vocabulary import GRADED_NAMES, KIND_NAMES

try:
    import cv2
except ImportError as error:
    raise MissingExtraError("opencv-python-headless", "data") from error

#: The name under which questionnaires are signed that nobody was asked to fill in.
MAKER: Final = "stand-in/questionnaire-1"
#: From this opinion on (0..100) a distortion is mild, below it is severe.
_MILD: Final = 40.0
#: From these opinions on the whole is nearly undistorted, or mildly distorted if nothing in it is severe.
_OVERALL: Final = ((75.0, Overall.NONE), (30.0, Overall.MILD))
#: Differences of opinion up to which two pictures are roughly equal, and up to which one is slightly better. Against a
#: picture without distortions of an aspect, one with mild ones is slightly worse.
_ASPECT_STEPS: Final = (12.0, 100 - _MILD)
_OVERALL_STEPS: Final = (8.0, 25.0)
#: Shares of the reference's fine structure that are kept, from which texture can be made out clearly, and barely: a
#: Gaussian blur of 2 pixels keeps 0.68 and one of 5 keeps 0.30, on the mean of six photographs.
_KEPT: Final = ((0.65, Damage.CLEAR), (0.33, Damage.BARELY))
_WINDOW: Final = 8
#: Lumas up to which and from which nothing can be told apart.
_BLACK: Final = 12
_WHITE: Final = 250
#: What names of segments belong to which texture.
_NAMED: Final = {
    Texture.SKY: ("sky", "cloud"),
    Texture.PLANTS: ("tree", "grass", "plant", "leaves", "bush", "flower", "foliage", "moss", "forest"),
    Texture.WATER: ("water", "sea", "river", "lake"),
    Texture.BRICKS: ("brick",),
    Texture.ARCHITECTURES: ("building", "house", "bridge", "tower", "wall", "roof"),
    Texture.STONES: ("stone", "rock", "ground", "sand", "gravel", "dirt", "pavement", "road", "mountain"),
    Texture.FABRICS: ("cloth", "textile", "curtain", "towel", "blanket", "rug", "carpet"),
    Texture.HAIRS: ("cat", "dog", "bear", "horse", "sheep", "hair", "fur"),
    Texture.FACES: ("face",),
}


@dataclass(frozen=True, kw_only=True)
class Version:
    """A distorted version of a photograph, (H, W, 3) uint8. minded: opinions of what is distorted, 0..100, by "
    "aspect."""

    image: NDArray[np.uint8]
    degradations: tuple[Degradation, ...]
    minded: Mapping[Aspect, float]
    answers: Questionnaire

    @property
    def opinion(self) -> float:
        """How good people would find it as a whole, 0..100."""
        return combine_opinions(self.minded.values())


def version(photo: Photo, dice: Dice, reject: Reject) -> Version | None:
    """A version with one or two distortions of the whole that can be seen, or None with the reasons rejected."""
    done = damage(photo, Plan(task=Task.GLOBAL, variant="whole", damage=(dice.steps(),)), dice, reject)
    if done is None:
        return None
    degradations = done.parts[0].degradations
    minded = opinions(photo, done.image, degradations)
    answers = answer(photo, done.image, degradations, minded)
    return Version(image=done.image, degradations=degradations, minded=minded, answers=answers)


def opinions(photo: Photo, image: NDArray[np.uint8], degradations: Iterable[Degradation]) -> dict[Aspect, float]:
    """How much people would mind what was done to a picture, as opinions of 0..100 by aspect; others are left out.

    From the table, which knows the mean over many pictures; that a tone leaves its range differs from picture to
    picture, so it is measured: what turned black or white counts once and a half.
    """
    by_aspect: dict[Aspect, list[float]] = {}
    for one in degradations:
        by_aspect.setdefault(Aspect.of(one.category), []).append(opinion(one.distortion, one.level))
    minded = {aspect: combine_opinions(found) for aspect, found in by_aspect.items()}
    if Aspect.BRIGHTNESS in minded:
        lost = max(0.0, _out_of_range(image) - _out_of_range(photo.image))
        minded[Aspect.BRIGHTNESS] = max(0.0, min(minded[Aspect.BRIGHTNESS], 100 - 150 * lost))
    return minded


def answer(
    photo: Photo, image: NDArray[np.uint8], degradations: Iterable[Degradation], minded: Mapping[Aspect, float]
) -> Questionnaire:
    """The questionnaire of a picture of which it is known what was done to it, and how much that is minded."""
    remarks: dict[Aspect, str] = {}
    for one in degradations:
        aspect = Aspect.of(one.category)
        remarks[aspect] = " and ".join(dict.fromkeys([*filter(None, [remarks.get(aspect)]), _name(one.distortion)]))
    degrees = {
        aspect: Degree.NONE if aspect not in minded else Degree.MILD if minded[aspect] >= _MILD else Degree.SEVERE
        for aspect in Aspect
    }
    total = combine_opinions(minded.values())
    overall = next((name for least, name in _OVERALL if total >= least), Overall.SEVERE)
    if Degree.SEVERE in degrees.values():
        overall = Overall.SEVERE
    kept = structure_kept(image, photo.image)
    return Questionnaire(
        texture=texture_of(photo),
        damage=next((name for least, name in _KEPT if kept >= least), Damage.DESTROYED),
        degrees=degrees,
        overall=overall,
        remarks=remarks,
    )


def compare(a: Version, b: Version) -> Comparison:
    """The comparison of two versions of one photograph.

    One is far better only if it is so in some respect, or better in two: the table has opinions by which a slight step
    within an aspect is a large one on the whole.
    """
    steps = {
        aspect: _step(a.minded.get(aspect, 100.0) - b.minded.get(aspect, 100.0), _ASPECT_STEPS) for aspect in Aspect
    }
    overall = _step(a.opinion - b.opinion, _OVERALL_STEPS)
    speaking = [step for step in steps.values() if step.winner == overall.winner is not None]
    if overall.clear and len(speaking) < 2 and not any(step.clear for step in speaking):
        overall = Step.SLIGHTLY_SUPERIOR if overall is Step.SUPERIOR else Step.SLIGHTLY_INFERIOR
    return Comparison(steps=steps, overall=overall)


def structure_kept(image: NDArray[np.uint8], reference: NDArray[np.uint8]) -> float:
    """How much of a reference's fine structure a version of it still has: 0 none, 1 all. (H, W, 3) uint8 both.

    The correlation of the lumas' deviations from the means of small windows, so that a change of brightness or contrast
    alone takes nothing away, while blur, noise and blocks do.
    """
    x, y = (_fine(picture) for picture in (image, reference))
    spread = float(np.sqrt((x * x).sum() * (y * y).sum()))
    return max(0.0, float((x * y).sum()) / spread) if spread > 0 else 0.0


def texture_of(photo: Photo) -> Texture:
    """The texture that a questionnaire is about: that of the largest named segment, or one that colors make plain.

    Every photograph has edges of objects, so that is the answer where nothing else is sure.
    """
    for piece in photo.pieces:
        words = (piece.label or "").lower()
        for texture, names in _NAMED.items():
            if any(name in words for name in names):
                return texture
    small = cv2.resize(photo.image, (96, 96), interpolation=cv2.INTER_AREA)
    hue, saturation, value = cv2.split(cv2.cvtColor(small, cv2.COLOR_RGB2HSV))
    rough = cv2.absdiff(
        cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), cv2.blur(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), (5, 5))
    )
    green = (hue > 32) & (hue < 85) & (saturation > 60) & (rough > 4)
    blue = (hue > 95) & (hue < 130) & (saturation > 40) & (value > 110) & (rough < 4)
    if blue[:48].mean() > 0.6:
        return Texture.SKY
    return Texture.PLANTS if green.mean() > 0.4 else Texture.OBJECT_EDGES


def _fine(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float64)
    return np.asarray(luma - cv2.blur(luma, (_WINDOW, _WINDOW)))


def _out_of_range(picture: NDArray[np.uint8]) -> float:
    """The share of a picture that is black or white, or nearly so."""
    luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return float(((luma <= _BLACK) | (luma >= _WHITE)).mean())


def _step(better: float, limits: tuple[float, float]) -> Step:
    """Of A against B, from by how much A's opinion is the better one."""
    if abs(better) < limits[0]:
        return Step.EQUAL
    slight = abs(better) < limits[1]
    if better > 0:
        return Step.SLIGHTLY_SUPERIOR if slight else Step.SUPERIOR
    return Step.SLIGHTLY_INFERIOR if slight else Step.INFERIOR


def _name(distortion: Distortion) -> str:
    names = KIND_NAMES.get(distortion) or GRADED_NAMES[distortion.category]
    return str(names[0].noun)
