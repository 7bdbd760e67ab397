"""Build data in the manner of IQA-Octopus from a folder of photographs, with no person and no large model in the loop.

A record is made of its number alone: with the seed it gives the task, the photograph, the regions, the distortions
and the words. Steps are generators over records on their way: `drafted` lays distortions on a photograph until a draft
fits its task, `worded` writes question and answer, `stored` writes the picture. Records come in shards:

    build.json                  what was built from what; a folder with another one is not touched
    records-00000.jsonl ...     the records, a file a shard
    images/00000/000000.webp    their pictures, a folder a shard
    shards/00000.json           written last: the shard is done, and why drafts were rejected

Source: IQA-Octopus, section 3 and appendix A.2.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PIL import Image

from quibble.data import ImageEntry, Record, RegionEntry, Role, Stats, Turn, stats, write_jsonl
from quibble.data.files import atomic_writer
from quibble.distort import regional
from quibble.errors import ArgumentError
from quibble.image import Source, load
from quibble.pipelines.damage import Bytes, Reject
from quibble.pipelines.drafts import Draft, find_draft, opinion_of_parts
from quibble.pipelines.photos import Photos, resize
from quibble.pipelines.plans import Task
from quibble.pipelines.runner import orphaned, run_shards
from quibble.pipelines.settings import Settings
from quibble.pipelines.shards import claim, read_report, write_report, writing
from quibble.text.answers import describe_region, describe_whole, gradable_name, plain_name, refer_long, refer_short
from quibble.text.grounding import ask, ground_order, ground_single, ground_total


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a build is. rejects: drafts that did not do, by reason."""

    done: int
    records: int
    rejects: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Built:
    """A finished build: what it holds, and how many drafts did not do, by reason."""

    stats: Stats
    rejects: Mapping[str, int]


def build(
    photos: str | os.PathLike[str],
    out: str | os.PathLike[str],
    settings: Settings,
    *,
    maps: str | os.PathLike[str] | None = None,
    workers: int = 1,
    progress: Callable[[Progress], None] = lambda progress: None,
) -> Built:
    """Build a data set from the photographs below a folder, or go on with one; see quibble.pipelines.photos.Photos.

    Killed at any moment and run again, it makes the same bytes, with any number of workers. `progress` is called at
    the start and after each shard. With several workers the caller's script needs the guard `if __name__ ==
    "__main__"`. Raises ArgumentError if there are no photographs, or `out` holds anything but a build of the same;
    QuibbleError if a file cannot be written. What is done is kept.
    """
    if workers < 1:
        raise ArgumentError(f"expected at least 1 worker, found {workers}")
    folder = Path(out)
    source = Photos(photos, maps=maps, long_side=settings.long_side)
    wanted = {"builder": "octopus", "photographs": source.fingerprint(), "settings": settings.to_dict()}
    with writing(folder):
        claim(folder, wanted)
    reports = {
        number: found for number in range(_shards(settings)) if (found := _read_report(folder, number)) is not None
    }
    progress(_progress(reports, settings))
    waiting = [number for number in range(_shards(settings)) if number not in reports]
    for number, report in run_shards(waiting, partial(_worker, photos, maps, folder, settings), workers=workers):
        reports[number] = report
        progress(_progress(reports, settings))
    return Built(stats=stats(folder), rejects=_progress(reports, settings).rejects)


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A record with its encoded picture."""

    record: Record
    picture: bytes


def drafted(indices: Iterable[int], photos: Photos, settings: Settings, reject: Reject) -> Iterator[Draft]:
    """A draft for each record's number; a number for which none is found is rejected."""
    for index in indices:
        draft = find_draft(index, photos, settings, reject)
        if draft is None:
            reject("no draft found for a record")
        else:
            yield draft


def worded(drafts: Iterable[Draft], photos: Photos, settings: Settings) -> Iterator[Finished]:
    """Each draft with question and answer, its picture encoded without loss."""
    for draft in drafts:
        question, answer, told = _tell(draft)
        picture = encode(draft.damaged.image)
        height, width = draft.damaged.image.shape[:2]
        entry = ImageEntry(
            role=Role.SINGLE,
            file=f"images/{draft.index // settings.shard:05d}/{draft.index:06d}.webp",
            width=width,
            height=height,
            sha256=hashlib.sha256(picture).hexdigest(),
        )
        record = Record(
            id=f"octopus-{draft.index:06d}",
            task=draft.plan.task.value,
            images=(entry,),
            turns=(Turn(question=question, answer=answer, regions=told),),
            regions=tuple(_entries(draft)),
            score=round(opinion_of_parts(draft.damaged.parts), 2),
            source=draft.photo.name,
            source_sha256=draft.photo.sha256,
            split=draft.split,
            licence=photos.licence(draft.photo.name),
            seed=settings.seed,
            extra={"variant": draft.plan.variant, "wordings": list(draft.writer.used)},
        )
        yield Finished(record=record, picture=picture)


def stored(finished: Iterable[Finished], out: Path) -> Iterator[Record]:
    """Each record after its picture was written."""
    for item in finished:
        if orphaned():
            raise SystemExit("the build that this worker belongs to was killed")
        path = out / item.record.images[0].file
        with atomic_writer(path) as file:
            file.write(item.picture)
        yield item.record


def encode(image: Bytes) -> bytes:
    """A picture as lossless WebP, at the fastest setting, which is smaller than PNG and takes a third of its time."""
    code = io.BytesIO()
    Image.fromarray(image).save(code, "WEBP", lossless=True, method=0, quality=20)
    return code.getvalue()


def replay(record: Record, source: Source) -> Bytes:
    """A record's picture made again from its source photograph, bit for bit. -> (H, W, 3) uint8

    `source`: the photograph, as anything that quibble.image.load takes. Raises ArgumentError if its shape is not that
    of the record's picture.
    """
    image = load(source)
    entry = record.images[0]
    if abs(image.shape[1] * entry.height - image.shape[0] * entry.width) > max(image.shape[:2]):
        raise ArgumentError(
            f"record '{record.id}' was made from a photograph shaped like {entry.width} x {entry.height}, "
            f"found one of {image.shape[1]} x {image.shape[0]}; its name is {record.source!r}"
        )
    clean = resize(image, width=entry.width, height=entry.height)
    parts = [(part.mask, part.degradations) for part in record.regions if part.mask is not None and part.degradations]
    return regional(clean, [mask for mask, _ in parts], [degradations for _, degradations in parts]).image


def _tell(draft: Draft) -> tuple[str, str, tuple[int, ...]]:
    """(question, answer, indices of the regions that the answer is about)"""
    task, variant, scene, writer = draft.plan.task, draft.plan.variant, draft.scene, draft.writer
    if task is Task.GLOBAL:
        return ask(writer, "global"), describe_whole(writer, scene), tuple(range(len(draft.damaged.parts)))
    index = draft.plan.target if draft.plan.target is not None else len(scene.regions) - 1
    target = scene.regions[index]
    if draft.subject is not None:
        if task is Task.LOCAL:
            question = ask(writer, "local", region=draft.subject)
            return question, describe_region(writer, target, draft.subject), (index,)
        kind = f"{task.value.replace('referring', 'refer')}_{variant}"
        question = ask(writer, kind, region=draft.subject)
        short = task is Task.REFER_SHORT
        return question, refer_short(writer, target) if short else refer_long(writer, target, draft.subject), (index,)
    if task is Task.HYD_G:
        return ask(writer, f"hyd_{variant}"), ground_total(writer, scene, target, most=variant == "most"), (index,)
    if task is Task.SID_G:
        shared = target.defects[-1]
        name = gradable_name(writer, shared)
        question = ask(writer, f"sid_{variant}", defect=name.noun)
        answer = ground_single(writer, scene, target, shared.category, name, most=variant == "most")
        return question, answer, (index,)
    first, second = (plain_name(writer, defect).noun for defect in target.defects)
    question = ask(writer, f"dao_{variant}", first=first, second=second)
    return question, ground_order(writer, scene, target, first, second), (index,)


def _entries(draft: Draft) -> Iterator[RegionEntry]:
    """The record's regions: those with distortions, and the clean one that a description is about."""
    for part in draft.damaged.parts:
        region = part.piece.region
        yield RegionEntry(image=0, mask=region.mask, box=region.box, label=region.label, degradations=part.degradations)
    for seen in draft.scene.regions[len(draft.damaged.parts) :]:
        if seen.region is not None:
            yield RegionEntry(image=0, mask=seen.region.mask, box=seen.region.box, label=seen.region.label)


def _worker(
    photos: str | os.PathLike[str], maps: str | os.PathLike[str] | None, out: Path, settings: Settings
) -> Callable[[int], tuple[int, Counter[str]]]:
    """What a process needs to do shards."""
    source = Photos(photos, maps=maps, long_side=settings.long_side)
    return lambda number: (number, _do_shard(number, source, out, settings))


def _do_shard(number: int, photos: Photos, out: Path, settings: Settings) -> Counter[str]:
    """Write a shard's files, the completion file last. Returns the rejects by reason."""
    rejects: Counter[str] = Counter()
    with writing(out):
        # A killed run may have left temporary files here.
        shutil.rmtree(out / "images" / f"{number:05d}", ignore_errors=True)
        drafts = drafted(_indices(number, settings), photos, settings, lambda reason: rejects.update((reason,)))
        write_jsonl(stored(worded(drafts, photos, settings), out), out / f"records-{number:05d}.jsonl")
        write_report(out, number, dict(sorted(rejects.items())))
    return rejects


def _shards(settings: Settings) -> int:
    return -(-settings.records // settings.shard)


def _indices(number: int, settings: Settings) -> range:
    """The records of a shard."""
    return range(number * settings.shard, min((number + 1) * settings.shard, settings.records))


def _read_report(out: Path, number: int) -> Counter[str] | None:
    """The rejects of a shard that is done; None for one that is not."""
    report = read_report(out, number)
    return None if report is None else Counter(report)


def _progress(reports: Mapping[int, Counter[str]], settings: Settings) -> Progress:
    rejects: Counter[str] = sum(reports.values(), Counter())
    done = sum(len(_indices(number, settings)) for number in reports)
    return Progress(done=done, records=settings.records, rejects=dict(rejects.most_common()))
