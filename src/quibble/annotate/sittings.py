"""Sittings on a server: a project for each person and sitting, the next when the last is done and the pause is over.

Community Label Studio assigns no task to a person, and shows all projects to everybody. A project that holds only what
one person is to do in one sitting, in their order, is the nearest to it: nobody is shown what others answered, there is
no fifty-first picture, and after it there is nothing to do until the pause is over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from PIL import Image

from quibble.annotate import pages
from quibble.annotate.client import LabelStudio
from quibble.annotate.dealing import plan, swapped
from quibble.annotate.kinds import Kind
from quibble.annotate.server import OWN
from quibble.annotate.study import ITEMS, Sitting, Study
from quibble.annotate.work import done, given, longest_run, parse_time
from quibble.data import ImageEntry, Record, Role
from quibble.data.files import atomic_writer
from quibble.errors import ArgumentError
from quibble.experts.segmenter import Segmenter, open_segmenter
from quibble.geometry import Mask
from quibble.image import load

#: Parts smaller than this share of the picture, and more of them than this, would be clutter on the page.
_LEAST_SHARE: Final = 0.01
_MOST_PARTS: Final = 20
#: Tasks that are sent together: parts make some 200 kB each.
_AT_ONCE: Final = 10
#: What every browser shows as it is; anything else is shown as PNG of the pixels that quibble sees.
_SHOWN_AS_THEY_ARE: Final = frozenset({"JPEG", "PNG", "WEBP"})
_ORIENTATION: Final = 0x0112


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far somebody is.

    dealt, done: items; those skipped are done. left: still to be dealt. run: most items without a pause. strangers:
    annotations by others' accounts. sitting: the open one, sitting_done of whose items are done. rests_until: when the
    next one may be dealt.
    """

    person: str
    dealt: int
    done: int
    left: int
    run: int
    strangers: int
    sitting: Sitting | None = None
    sitting_done: int = 0
    rests_until: datetime | None = None


def deal(
    study: Study,
    server: LabelStudio,
    *,
    now: datetime,
    name: str = OWN,
    tell: Callable[[str], None] = lambda line: None,
) -> list[Sitting]:
    """Fetch the answers of open sittings, and deal a sitting to everybody who may have one. Returns the new ones.

    name: of the server, so that a study does not get onto two. May be stopped at any moment, and called again: what
    was begun is finished first. Raises ArgumentError if the study is on another server, EndpointError from the server.
    """
    fetch(study, server, name=name, open_only=True)
    for sitting in study.sittings():
        if sitting.project is None:
            _fill(study, sitting, server, name=name, tell=tell)
    fresh = []
    queues = _queues(study)
    for standing in standings(study):
        waits = standing.rests_until is not None and now < standing.rests_until
        if standing.sitting is not None or waits or standing.person not in study.settings.active:
            continue
        if ids := queues[standing.person][: study.settings.most]:
            number = 1 + sum(sitting.person == standing.person for sitting in study.sittings())
            sitting = Sitting(person=standing.person, number=number, items=tuple(ids), server=name)
            study.save_sitting(sitting)
            fresh.append(_fill(study, sitting, server, name=name, tell=tell))
    return fresh


def fetch(study: Study, server: LabelStudio, *, name: str = OWN, open_only: bool = False) -> None:
    """Store what the server holds of every sitting, and note which are done. Raises as deal does.

    open_only: leave out sittings that were done before; their answers may have been changed since.
    """
    others = {sitting.server for sitting in study.sittings()} - {name}
    if others:
        wanted = "its own server" if OWN in others else sorted(others)[0]
        raise ArgumentError(f"{study.folder} was dealt on {wanted}, not on {name}; answers are there")
    study.save_accounts(server.users())
    for sitting in study.sittings():
        if sitting.project is None or (open_only and sitting.done is not None):
            continue
        study.save_answers(sitting, server.tasks(sitting.project))
        times = done(study, sitting)
        finished = max(times.values()).isoformat() if times and len(times) == len(sitting.items) else None
        if sitting.items and finished != sitting.done:
            study.save_sitting(replace(sitting, done=finished))


def leave(study: Study, person: str, server: LabelStudio, *, name: str = OWN) -> int:
    """Let somebody go: what they have not done goes to others. Returns how many items that are. Raises as deal does."""
    if person not in study.settings.people:
        raise ArgumentError(f"nobody is called {person!r}; the people are {', '.join(study.settings.people)}")
    fetch(study, server, name=name)
    returned = 0
    for sitting in study.sittings():
        if sitting.person != person or sitting.done is not None:
            continue
        finished = done(study, sitting)
        if sitting.project is not None:
            for task in study.answers(sitting):
                if task["data"].get("item") not in finished:
                    server.delete_task(int(task["id"]))
        kept = tuple(item for item in sitting.items if item in finished)
        returned += len(sitting.items) - len(kept)
        last = max(finished.values()).isoformat() if finished else datetime.now().astimezone().isoformat()
        study.save_sitting(replace(sitting, items=kept, done=last))
    left = (*study.settings.left, person) if person not in study.settings.left else study.settings.left
    study.change(replace(study.settings, left=left))
    return returned


def standings(study: Study) -> list[Standing]:
    """How far everybody is, by the answers that were fetched last."""
    queues = _queues(study)
    sittings = study.sittings()
    pause = timedelta(minutes=study.settings.pause_min)
    found = []
    for person in study.settings.people:
        mine = [sitting for sitting in sittings if sitting.person == person]
        times = {sitting.name: done(study, sitting) for sitting in mine}
        open_one = next((sitting for sitting in mine if sitting.done is None), None)
        ended = max((parse_time(sitting.done) for sitting in mine if sitting.done), default=None)
        found.append(
            Standing(
                person=person,
                dealt=sum(len(sitting.items) for sitting in mine),
                done=sum(map(len, times.values())),
                left=len(queues.get(person, ())),
                run=longest_run(
                    [at for each in times.values() for at in each.values()], pause_min=study.settings.pause_min
                ),
                strangers=sum(one.state == "stranger" for sitting in mine for one in given(study, sitting)),
                sitting=open_one,
                sitting_done=len(times[open_one.name]) if open_one is not None else 0,
                rests_until=ended + pause if ended is not None and open_one is None else None,
            )
        )
    return found


def _queues(study: Study) -> dict[str, list[str]]:
    dealt: dict[str, list[str]] = {}
    for sitting in study.sittings():
        dealt.setdefault(sitting.person, []).extend(sitting.items)
    settings = study.settings
    return plan(study.pieces, settings.active, dealt, each=settings.each, seed=settings.seed)


def _fill(study: Study, sitting: Sitting, server: LabelStudio, *, name: str, tell: Callable[[str], None]) -> Sitting:
    """Make a sitting's project, or finish one that was begun, and note its number."""
    settings = study.settings
    mark = f"quibble {settings.key} {sitting.name}"
    title = f"{settings.kind} - {sitting.person} - sitting {sitting.number}"
    project = _project(server, mark, pages.project(settings.kind, title=title))
    there = {str(task["data"].get("item")) for task in server.tasks(project)}
    segmenter = open_segmenter(settings.segmenter) if settings.kind is Kind.MASKS else None
    shelf = _Shelf(study, server)
    tasks: list[dict[str, Any]] = []
    for place, id in enumerate(sitting.items, start=1):
        if id in there:
            continue
        record = study.items[id]
        pictures = {image.role: shelf.path(image) for image in record.images}
        told = pages.notice(place, len(sitting.items), warn=settings.warn, most=settings.most)
        swap = Role.A in pictures and swapped(id, sitting.person, seed=settings.seed)
        parts = _parts(study, record, segmenter) if segmenter is not None else ()
        tasks.append(pages.task(record, pictures, notice=told, swap=swap, parts=parts))
        if len(tasks) == _AT_ONCE or place == len(sitting.items):
            server.add_tasks(project, tasks)
            tasks.clear()
            tell(f"{title}: picture {place} of {len(sitting.items)}")
    if tasks:
        server.add_tasks(project, tasks)
    filled = replace(sitting, project=project, server=name)
    study.save_sitting(filled)
    return filled


def _project(server: LabelStudio, mark: str, settings: Mapping[str, Any]) -> int:
    """The project with this mark as its description, made if there is none."""
    found = next((int(project["id"]) for project in server.projects() if project.get("description") == mark), None)
    return found if found is not None else server.create_project({**settings, "description": mark})


class _Shelf:
    """A study's pictures on the server, each stored once.

    They are kept with a project of their own: Label Studio takes files for projects whose page shows one thing only.
    """

    def __init__(self, study: Study, server: LabelStudio) -> None:
        self._study, self._server = study, server
        self._paths = study.uploads()
        self._project: int | None = None

    def path(self, image: ImageEntry) -> str:
        """Where the server shows a picture."""
        key = str(image.sha256)
        if key not in self._paths:
            if self._project is None:
                self._project = _project(self._server, f"quibble {self._study.settings.key} pictures", pages.SHELF)
            file = self._study.folder / ITEMS / image.file
            self._paths[key] = _upload(file, self._project, self._server)
            self._study.save_uploads(self._paths)
        return self._paths[key]


def _upload(path: Path, project: int, server: LabelStudio) -> str:
    """Store a picture on the server so that a browser shows the pixels that quibble sees."""
    with Image.open(path) as opened:
        as_it_is = opened.format in _SHOWN_AS_THEY_ARE and opened.getexif().get(_ORIENTATION, 1) == 1
        suffix = f".{str(opened.format).lower()}".replace("jpeg", "jpg")
    if as_it_is:
        return server.upload(project, path.stem + suffix, path.read_bytes())
    return server.upload(project, f"{path.stem}.png", _as_png(path))


def _as_png(path: Path) -> bytes:
    from io import BytesIO

    stream = BytesIO()
    Image.fromarray(load(path)).save(stream, "PNG")
    return stream.getvalue()


def _parts(study: Study, record: Record, segmenter: Segmenter) -> Sequence[Mask]:
    """The parts that a picture is cut into, none of which overlap; kept, since several people get them."""
    from quibble.pipelines.ground.marks import cut_apart

    image = record.images[0]
    file = study.folder / "segments" / f"{image.sha256}.json"
    if file.is_file():
        found: Mapping[str, object] = json.loads(file.read_bytes())
        if found.get("segmenter") == segmenter.name:
            return [Mask.from_coco(rle) for rle in found["parts"]]  # type: ignore[attr-defined]
    rgb = load(study.folder / ITEMS / image.file)
    labels = cut_apart(
        segmenter.segments(rgb), height=image.height, width=image.width, least=_LEAST_SHARE, most=_MOST_PARTS
    )
    parts = [Mask.from_array(labels == number) for number in range(1, int(labels.max()) + 1)]
    with atomic_writer(file) as stream:
        noted = {"segmenter": segmenter.name, "parts": [part.to_coco() for part in parts]}
        stream.write(json.dumps(noted).encode())
    return parts
