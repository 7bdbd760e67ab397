"""Records before their texts are written: pictures and answers, from photographs, people's questionnaires, or "
"scores."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from quibble.data import ImageEntry, Maker, Record, Role, samples
from quibble.errors import ArgumentError, ImageError
from quibble.image import load
from quibble.pipelines.depict import made
from quibble.pipelines.depict.questionnaire import Comparison, Questionnaire
from quibble.pipelines.depict.scores import Scored
from quibble.pipelines.depict.settings import Settings, Task
from quibble.pipelines.octopus import encode
from quibble.pipelines.photos import SUFFIXES, Photo, Photos, split_of
from quibble.pipelines.plans import Dice
from quibble.pipelines.shards import Gallery, Rejected

#: On how many photographs a draft is tried, and how many versions are drawn of each.
_PHOTOS: Final = 8
_VERSIONS: Final = 6


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A record without its text.

    single: the answers on the one picture that is described. comparison: those on two, with each one's own in `each`
    where they are known. winner: of a brief comparison.
    """

    id: str
    task: Task
    images: tuple[ImageEntry, ...]
    source: str
    split: str
    single: Questionnaire | None = None
    comparison: Comparison | None = None
    each: tuple[Questionnaire | None, Questionnaire | None] = (None, None)
    winner: str | None = None
    makers: tuple[Maker, ...] = ()
    source_sha256: str | None = None
    licence: str | None = None
    score: float | None = None
    extra: tuple[tuple[str, Any], ...] = ()

    def answers(self) -> dict[str, Any]:
        """All answers, for the record."""
        found: dict[str, Any] = dict(self.extra)
        if self.single is not None:
            found["questionnaire"] = self.single.to_dict()
        if self.comparison is not None:
            found["comparison"] = self.comparison.to_dict()
        for name, one in zip("ab", self.each, strict=True):
            if one is not None:
                found[f"questionnaire_{name}"] = one.to_dict()
        return found | ({"winner": self.winner} if self.winner is not None else {})


def from_photos(index: int, photos: Photos, settings: Settings, gallery: Gallery) -> Draft | Rejected:
    """A draft of freshly distorted versions of a photograph; a number for which none is found is rejected."""
    id = f"depict-{index:06d}"
    rng = np.random.default_rng([settings.seed, index, 1])
    tasks = sorted(settings.mix)
    weights = np.array([settings.mix[task] for task in tasks], float)
    task = tasks[int(rng.choice(len(tasks), p=weights / weights.sum()))]
    reasons: Counter[str] = Counter()
    for attempt in range(_PHOTOS):
        photo = photos.plain(_photo_name(index, attempt, photos, settings))
        if isinstance(photo, str):
            reasons[photo] += 1
            continue
        dice = Dice(rng=np.random.default_rng([settings.seed, index, attempt, 2]))
        versions = _versions(photo, dice, reasons, 1 if task is Task.DESCRIPTION else 2)
        if versions is None:
            continue
        if task is Task.COMPARISON and abs(versions[0].opinion - versions[1].opinion) < settings.margin:
            reasons["versions too close to call"] += 1
            continue
        return _made(id, task, photo, versions, photos, settings, gallery)
    return Rejected(
        id=id, reason="no draft found", detail=", ".join(f"{reason} ({n})" for reason, n in reasons.items())
    )


def from_answers(folder: Path) -> Iterator[tuple[Record, tuple[Path, ...]]]:
    """The records of a data set that hold answers of people, with their pictures' files.

    Raises ArgumentError if the pictures are no files.
    """
    for sample in samples(folder):
        if not {"questionnaire", "comparison"} & sample.record.extra.keys():
            continue
        paths = tuple(picture for picture in sample.pictures if isinstance(picture, Path))
        if len(paths) != len(sample.pictures):
            raise ArgumentError(f"{folder} has its pictures inside Parquet; unpack it first: quibble data convert")
        yield sample.record, paths


def answered(record: Record, pictures: Sequence[Path], settings: Settings, gallery: Gallery) -> Draft | Rejected:
    """A draft from a record that holds people's answers."""
    try:
        data = record.extra
        single = Questionnaire.from_dict(_object(data["questionnaire"])) if "questionnaire" in data else None
        comparison = Comparison.from_dict(_object(data["comparison"])) if "comparison" in data else None
        both = [data.get(f"questionnaire_{name}") for name in "ab"]
        a, b = (Questionnaire.from_dict(_object(one)) if one is not None else None for one in both)
        roles = {image.role for image in record.images}
        wanted = {Role.A, Role.B} if comparison is not None else {Role.SINGLE}
        if roles - {Role.REFERENCE} != wanted:
            raise ArgumentError(f"expected pictures {' and '.join(sorted(wanted))}, found {', '.join(sorted(roles))}")
        entries = tuple(_store(path, image.role, gallery) for image, path in zip(record.images, pictures, strict=True))
    except (ArgumentError, ImageError, OSError) as error:
        return Rejected(id=record.id, reason="unusable questionnaire", detail=str(error), makers=record.makers)
    return Draft(
        id=record.id,
        task=Task.REASONING if comparison is not None else Task.DESCRIPTION,
        images=entries,
        source=record.source or record.images[0].file,
        split=record.split or _split(entries, settings),
        single=single,
        comparison=comparison,
        each=(a, b),
        makers=record.makers,
        source_sha256=record.source_sha256,
        licence=record.licence,
    )


def scored(index: int, pair: tuple[Scored, Scored], settings: Settings, gallery: Gallery) -> Draft | Rejected:
    """A draft of a brief comparison from two pictures' scores."""
    id = f"depict-pair-{index:06d}"
    a, b = pair
    try:
        entries = [_store(a.file, Role.A, gallery), _store(b.file, Role.B, gallery)]
        if a.reference is not None:
            entries.insert(0, _store(a.reference, Role.REFERENCE, gallery))
    except (ImageError, OSError) as error:
        return Rejected(id=id, reason="unreadable picture", detail=str(error))
    return Draft(
        id=id,
        task=Task.COMPARISON,
        images=tuple(entries),
        source=a.name,
        split=_split(tuple(entries), settings),
        winner="A" if a.score > b.score else "B",
        extra=(("score_a", round(a.score, 3)), ("score_b", round(b.score, 3))),
    )


def _made(
    id: str,
    task: Task,
    photo: Photo,
    versions: Sequence[made.Version],
    photos: Photos,
    settings: Settings,
    gallery: Gallery,
) -> Draft:
    roles = [Role.SINGLE] if len(versions) == 1 else [Role.A, Role.B]
    pictures = [(Role.REFERENCE, photo.image), *zip(roles, (one.image for one in versions), strict=True)]
    entries = []
    for role, image in pictures:
        file, sha256 = gallery.store(encode(image), ".webp")
        entries.append(ImageEntry(role=role, file=file, width=image.shape[1], height=image.shape[0], sha256=sha256))
    comparison = made.compare(versions[0], versions[1]) if len(versions) == 2 else None
    brief = task is Task.COMPARISON
    applied = [[_told(d) for d in one.degradations] for one in versions]
    return Draft(
        id=id,
        task=task,
        images=tuple(entries),
        source=photo.name,
        split=split_of(photo.sha256, val=settings.val, test=settings.test),
        single=versions[0].answers if len(versions) == 1 else None,
        comparison=None if brief else comparison,
        each=(None, None) if comparison is None or brief else (versions[0].answers, versions[1].answers),
        winner=("A" if versions[0].opinion > versions[1].opinion else "B") if brief else None,
        makers=(Maker(part="questionnaire", model=made.MAKER, seed=settings.seed),),
        source_sha256=photo.sha256,
        licence=photos.licence(photo.name),
        score=round(versions[0].opinion, 2) if len(versions) == 1 else None,
        extra=(("distortions", applied),),
    )


def _versions(photo: Photo, dice: Dice, reasons: Counter[str], count: int) -> list[made.Version] | None:
    """So many different versions of a photograph, or None."""
    found: list[made.Version] = []
    for _ in range(_VERSIONS):
        one = made.version(photo, dice, lambda reason: reasons.update((reason,)))
        if one is not None and all(one.degradations != other.degradations for other in found):
            found.append(one)
        if len(found) == count:
            return found
    return None


def _photo_name(index: int, attempt: int, photos: Photos, settings: Settings) -> str:
    """Each photograph once a round, in a new order each round; a record that finds no draft there goes elsewhere."""
    count = len(photos.names)
    if attempt:
        return photos.names[int(np.random.default_rng([settings.seed, index, attempt, 3]).integers(count))]
    round_number, place = divmod(index, count)
    return photos.names[int(np.random.default_rng([settings.seed, round_number, 4]).permutation(count)[place])]


def _store(path: Path, role: Role, gallery: Gallery) -> ImageEntry:
    if path.suffix.lower() not in SUFFIXES:
        raise ArgumentError(f"expected a picture, found {path}")
    data = path.read_bytes()
    height, width = load(data).shape[:2]
    file, sha256 = gallery.store(data, path.suffix.lower())
    return ImageEntry(role=role, file=file, width=width, height=height, sha256=sha256)


def _split(entries: Sequence[ImageEntry], settings: Settings) -> str:
    """By the reference, or else by the first picture."""
    first = next((entry for entry in entries if entry.role is Role.REFERENCE), entries[0])
    return split_of(
        first.sha256 or hashlib.sha256(first.file.encode()).hexdigest(), val=settings.val, test=settings.test
    )


def _told(degradation: Any) -> dict[str, Any]:
    return {"distortion": degradation.distortion.value, "level": degradation.level}


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ArgumentError(f"expected answers as an object, found {value!r:.60}")
    return value
