"""quibble-bench: a benchmark that anybody can make again, from named photographs, the distortion engine and a seed.

    bench.json             what it was made from; a folder with another one is not touched
    photos/                the photographs, where none were given: those that scikit-image ships
    items/records.jsonl    scoring, comparison and reasoning, choices, grounding by category, descriptions with boxes;
                           items/images/ beside
    octopus/               description, grounding of one region and referring, as quibble.pipelines.octopus builds them

Truth is what was done to the pictures: scores are expected opinions of the distortions (quibble.distort.opinion), not
people's, so a figure here says how well a model sees what was done and nothing of how it agrees with people.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from quibble.bench.item import Item
from quibble.bench.tasks.records import read_records
from quibble.data import ImageEntry, Record, RegionEntry, Role, Turn, write_jsonl
from quibble.data.files import atomic_writer
from quibble.degradation import Degradation
from quibble.distort import Sequence, apply_all, combine_opinions, opinion, regional
from quibble.errors import ArgumentError, MissingExtraError
from quibble.pipelines.octopus import build, encode
from quibble.pipelines.photos import Photo, Photos
from quibble.pipelines.plans import Dice, Task, least_level
from quibble.pipelines.regions import Piece
from quibble.pipelines.settings import Settings
from quibble.taxonomy import SEVERITIES_3, Category

#: Changes whenever the same settings give other items.
VERSION: Final = 2
#: The photographs that scikit-image ships, by the SHA-256 of their files.
PHOTOS: Final[Mapping[str, str]] = {
    "astronaut.png": "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
    "chelsea.png": "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
    "coffee.png": "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
    "motorcycle_left.png": "db18e9c4157617403c3537a6ba355dfeafe9a7eabb6b9b94cb33f6525dd49179",
    "rocket.jpg": "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
}
LONG_SIDE: Final = 512
#: By how many points of 100 the two pictures of a comparison differ at least.
MARGIN: Final = 12.0

_DRAWS: Final = 200


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many items of each task. octopus: of description, grounding of one region and referring together."""

    scoring: int = 60
    comparison: int = 40
    choice: int = 60
    grounding: int = 40
    boxes: int = 30
    octopus: int = 60

    def to_dict(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What quibble-bench is made from. photos: a folder, or None for the photographs of scikit-image."""

    photos: Path | None = None
    seed: int = 0
    counts: Counts = field(default_factory=Counts)


def make(out: Path, plan: Plan) -> str:
    """Make quibble-bench in a folder, or find it there, and return its identity: version, seed and photographs.

    The same plan gives the same bytes. Raises ArgumentError if the folder holds something else.
    """
    folder = plan.photos or _ship_photos(out / "photos")
    photos = Photos(folder, long_side=LONG_SIDE)
    fingerprint = photos.fingerprint()
    note = {
        "quibble_bench": VERSION,
        "seed": plan.seed,
        "counts": plan.counts.to_dict(),
        "photographs": fingerprint,
    }
    identity = f"quibble-bench {VERSION}, seed {plan.seed}, photographs {fingerprint[:8]}"
    path = out / "bench.json"
    if path.is_file():
        if json.loads(path.read_bytes()) != note:
            raise ArgumentError(f"{out} holds another quibble-bench (see {path}); choose another folder")
        return identity
    items = out / "items"
    shutil.rmtree(items, ignore_errors=True)
    write_jsonl(_records(photos, plan, items), items / "records.jsonl")
    if plan.counts.octopus:
        settings = Settings(
            records=plan.counts.octopus,
            seed=plan.seed,
            long_side=LONG_SIDE,
            mix=dict.fromkeys(Task, 1.0),
            val=0,
            test=1,
            hold_out=False,
        )
        build(folder, out / "octopus", settings)
    with atomic_writer(path) as file:
        file.write(f"{json.dumps(note, indent=1)}\n".encode())
    return identity


def read(out: Path) -> Iterator[Item]:
    """The items of a quibble-bench that was made."""
    if not (out / "bench.json").is_file():
        raise ArgumentError(f"{out} holds no quibble-bench; `quibble bench quibble-bench` makes one")
    yield from read_records(out / "items")
    if (out / "octopus").is_dir():
        yield from read_records(out / "octopus")


def _ship_photos(folder: Path) -> Path:
    """scikit-image's photographs, copied. Raises ArgumentError if its files are other ones than those named here."""
    try:
        import skimage.data
    except ImportError as error:
        raise MissingExtraError("scikit-image", "data") from error
    source = Path(skimage.data.__path__[0])
    folder.mkdir(parents=True, exist_ok=True)
    for name, sha256 in PHOTOS.items():
        data = (source / name).read_bytes() if (source / name).is_file() else b""
        if hashlib.sha256(data).hexdigest() != sha256:
            raise ArgumentError(
                f"scikit-image's {name} is missing or another file than the one quibble-bench is made from; install "
                "another version of it, or give photographs with --photos"
            )
        with atomic_writer(folder / name) as file:
            file.write(data)
    return folder


@dataclass(frozen=True, kw_only=True)
class _Draw:
    """What an item is made of: its own dice and a photograph."""

    dice: Dice
    photo: Photo
    name: str

    def plan(self) -> tuple[Degradation, ...]:
        """One distortion or two, drawn."""
        return Sequence(self.dice.steps()).draw(self.dice.rng)


def _records(photos: Photos, plan: Plan, out: Path) -> Iterator[Record]:
    makers = {
        "scoring": _scoring,
        "comparison": _comparison,
        "choice": _choice,
        "grounding": _grounding,
        "boxes": _boxes,
    }
    for number, (task, maker) in enumerate(makers.items()):
        for index in range(getattr(plan.counts, task)):
            rng = np.random.default_rng([plan.seed, number, index])
            photo = _photo(photos, index)
            made = maker(_Draw(dice=Dice(rng=rng), photo=photo, name=f"{task}-{index:04d}"), out)
            yield Record(
                id=f"{task}-{index:04d}",
                source=photo.name,
                source_sha256=photo.sha256,
                split="test",
                licence=photos.licence(photo.name),
                seed=plan.seed,
                **made,
            )


def _photo(photos: Photos, index: int) -> Photo:
    """Photographs take turns. Raises ArgumentError for one that cannot be used."""
    name = photos.names[index % len(photos.names)]
    photo = photos.get(name)
    if isinstance(photo, str):
        raise ArgumentError(f"{name}: {photo}; leave it out")
    return photo


def _save(image: np.ndarray[Any, np.dtype[np.uint8]], role: Role, name: str, out: Path) -> ImageEntry:
    data = encode(image)
    path = out / "images" / f"{name}-{role.value}.webp"
    with atomic_writer(path) as file:
        file.write(data)
    height, width = image.shape[:2]
    digest = hashlib.sha256(data).hexdigest()
    return ImageEntry(role=role, file=f"images/{path.name}", width=width, height=height, sha256=digest)


def _worth(degradations: tuple[Degradation, ...]) -> float:
    return combine_opinions([opinion(d.distortion, d.level) for d in degradations])


def _whole(draw: _Draw, degradations: tuple[Degradation, ...], image: int = 0) -> tuple[RegionEntry, ...]:
    return (RegionEntry(image=image, mask=draw.photo.whole.mask, degradations=degradations),) if degradations else ()


def _scoring(draw: _Draw, out: Path) -> dict[str, Any]:
    """A picture and its original; one in eight is clean."""
    degradations = () if draw.dice.chance(0.125) else draw.plan()
    image = apply_all(draw.photo.image, degradations)
    return {
        "task": "scoring",
        "images": (
            _save(draw.photo.image, Role.REFERENCE, draw.name, out),
            _save(image, Role.SINGLE, draw.name, out),
        ),
        "turns": (Turn(question="Rate the quality of the picture from 0 (bad) to 100 (excellent).", answer=""),),
        "regions": _whole(draw, degradations, image=1),
        "score": round(_worth(degradations), 2),
    }


def _comparison(draw: _Draw, out: Path) -> dict[str, Any]:
    """Two damaged versions of a photograph that differ by MARGIN; every other item also asks for the reason."""
    for _ in range(_DRAWS):
        plans = draw.plan(), draw.plan()
        worth = [_worth(degradations) for degradations in plans]
        if abs(worth[0] - worth[1]) >= MARGIN:
            break
    else:
        raise ArgumentError(f"no two plans of {draw.name} differ enough; use another seed")
    image = draw.photo.image
    better = "Image B" if worth[1] > worth[0] else "Image A"
    sides = [apply_all(image, degradations) for degradations in plans]
    entries = [_save(side, role, draw.name, out) for side, role in zip(sides, (Role.A, Role.B), strict=True)]
    regions = tuple(
        RegionEntry(image=i + 1, mask=draw.photo.whole.mask, degradations=degradations)
        for i, degradations in enumerate(plans)
    )
    question = "Which picture is of better quality, Image A or Image B?"
    reasons = draw.dice.chance(0.5)
    answer = f"{better} is better. {_told('Image A', plans[0])} {_told('Image B', plans[1])}" if reasons else better
    return {
        "task": "reasoning" if reasons else "comparison",
        "images": (_save(image, Role.REFERENCE, draw.name, out), *entries),
        "turns": (Turn(question=f"{question} Why?" if reasons else question, answer=answer),),
        "regions": regions,
    }


def _told(name: str, degradations: tuple[Degradation, ...]) -> str:
    parts = [f"{_severity(d.level)} {d.category.words}" for d in degradations]
    return f"{name} shows {' and '.join(parts)}."


def _severity(level: float) -> str:
    """One of three words for a level of 1..5."""
    return SEVERITIES_3[min(2, int(level * 3 / 5 - 1e-9))]


def _choice(draw: _Draw, out: Path) -> dict[str, Any]:
    """Questions of the three types of Q-Bench about one distortion of the whole picture."""
    dice = draw.dice
    category = dice.pick(list(Category))
    level = least_level(category) + 2 * dice.among(0, (5 - least_level(category)) // 2)
    steps = Sequence.parse(f"{dice.kind(category)}:{level}")
    degradations = steps.draw(dice.rng)
    kind = ("yes-or-no", "what", "how")[dice.among(0, 2)]
    if kind == "yes-or-no":
        is_there = dice.chance(0.5)
        asked = category if is_there else dice.pick(_unlike(category))
        options, answer = ["Yes", "No"], "Yes" if is_there else "No"
        question = f"Does the picture suffer from {asked.words}?"
    elif kind == "what":
        others = dice.rng.permutation(np.array(_unlike(category), dtype=object))[:3].tolist()
        options = [c.words for c in dice.rng.permutation(np.array([category, *others], dtype=object)).tolist()]
        question, answer = "Which of these degrades the picture most?", category.words
    else:
        options, answer = list(SEVERITIES_3), _severity(level)
        question = f"How strong is the {category.words} in the picture?"
    image = apply_all(draw.photo.image, degradations)
    return {
        "task": "choice",
        "images": (_save(image, Role.SINGLE, draw.name, out),),
        "turns": (Turn(question=question, answer=answer, regions=(0,)),),
        "regions": _whole(draw, degradations),
        "extra": {"options": options, "type": kind},
    }


#: Categories that look alike enough for a question to be unfair if one stands for the other.
_ALIKE: Final = (
    {Category.BLUR, Category.PIXELATE, Category.COMPRESSION},
    {Category.BRIGHTEN, Category.CONTRAST_WEAKEN},
    {Category.DARKEN, Category.CONTRAST_WEAKEN},
    {Category.CONTRAST_STRENGTHEN, Category.OVERSHARPEN, Category.SATURATE_STRENGTHEN, Category.QUANTIZE},
    {Category.SATURATE_WEAKEN, Category.CONTRAST_WEAKEN},
    {Category.BRIGHTEN, Category.CONTRAST_STRENGTHEN},
    {Category.DARKEN, Category.CONTRAST_STRENGTHEN},
)


def _unlike(category: Category) -> list[Category]:
    """Categories that nobody takes for this one."""
    alike = {category}.union(*(group for group in _ALIKE if category in group))
    return [other for other in Category if other not in alike]


def _grounding(draw: _Draw, out: Path) -> dict[str, Any]:
    """Where the picture is damaged, by category."""
    image, regions = _damaged_regions(draw)
    places = tuple(range(len(regions)))
    return {
        "task": "grounding",
        "images": (_save(image, Role.SINGLE, draw.name, out),),
        "turns": (Turn(question="Where is the picture degraded, and by what?", answer="", regions=places),),
        "regions": regions,
    }


def _boxes(draw: _Draw, out: Path) -> dict[str, Any]:
    """A description that names the places of defects, as Grounding-IQA's do."""
    image, regions = _damaged_regions(draw)
    height, width = image.shape[:2]
    named, told = [], []
    for region in regions:
        (damage,) = region.degradations
        corners = ", ".join(f"{share:.4f}" for share in region.region.bounds.normalized(width=width, height=height))
        named.append(replace(region, label=damage.category.words))
        told.append(f"There is {_severity(damage.level)} [{damage.category.words}]({corners}).")
    question = "Describe what is wrong with the picture. Behind each defect, give the corners of its box."
    return {
        "task": "boxes",
        "images": (_save(image, Role.SINGLE, draw.name, out),),
        "turns": (Turn(question=question, answer=" ".join(told), regions=tuple(range(len(named)))),),
        "regions": tuple(named),
    }


def _damaged_regions(draw: _Draw) -> tuple[np.ndarray[Any, np.dtype[np.uint8]], tuple[RegionEntry, ...]]:
    """One or two regions, each with one distortion of its own category."""
    pieces: tuple[Piece, ...] = draw.photo.pieces
    if not pieces:
        raise ArgumentError(f"{draw.photo.name} has no region large enough; leave it out")
    order = draw.dice.rng.permutation(len(pieces))[: draw.dice.among(1, 2)].tolist()
    chosen = [pieces[i] for i in order]
    categories = draw.dice.rng.permutation(np.array(list(Category), dtype=object))[: len(chosen)].tolist()
    plans = [
        Sequence.parse(f"{draw.dice.kind(c)}:{draw.dice.among(max(3, least_level(c)), 5)}").draw(draw.dice.rng)
        for c in categories
    ]
    made = regional(draw.photo.image, [piece.mask for piece in chosen], plans)
    regions = tuple(
        RegionEntry(image=0, mask=mask, degradations=degradations)
        for mask, degradations in zip(made.masks, made.degradations, strict=True)
    )
    return np.asarray(made.image, np.uint8), regions
