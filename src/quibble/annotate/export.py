"""Answers as records: what quibble's pipelines read as people's work, and clear rejects for whatever cannot be used.

records.jsonl              a record for each annotation that stands, or for each picture that people are of one mind on
rejects/00000.jsonl        the others: skipped, half done, replaced, by a stranger, contradictory
images/                    the pictures
annotate.json              what was exported from which study, so that nothing else is overwritten
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from quibble.annotate.answers import Answer, Marked, Pathway, UnusableError, read
from quibble.annotate.consensus import consensus
from quibble.annotate.dealing import swapped
from quibble.annotate.kinds import Kind, text_of
from quibble.annotate.study import ITEMS, Study
from quibble.annotate.work import Given, given
from quibble.data import Maker, Record, RegionEntry, Role, Turn, write_jsonl
from quibble.data.fields import dumps
from quibble.data.files import atomic_writer
from quibble.errors import ArgumentError
from quibble.pipelines.depict.questionnaire import Comparison, Questionnaire
from quibble.pipelines.ground.people import PERSON
from quibble.pipelines.shards import REJECTS, Gallery, Rejected, writing

NOTE: Final = "annotate.json"
#: Why an annotation that is of no use by how it was left is rejected, by its state.
_REASONS: Final = {
    "skipped": "skipped",
    "draft": "a half annotation",
    "replaced": "replaced by a later one",
    "stranger": "by another account",
}


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What one person answered to one item, read and sound."""

    item: Record
    given: Given
    answer: Answer

    @property
    def person(self) -> str:
        return self.given.person


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What an export holds: records, by the reason what was rejected, and how many items nobody has answered yet."""

    records: int
    rejects: Mapping[str, int]
    unanswered: int


def judgements(study: Study) -> tuple[list[Judgement], list[Rejected]]:
    """All answers of a study as they were fetched last, item by item, and whatever cannot be used."""
    found: list[Judgement] = []
    rejected: list[Rejected] = []
    for sitting in study.sittings():
        for one in given(study, sitting):
            item = study.items[one.item]
            try:
                if one.state in _REASONS:
                    raise UnusableError(_REASONS[one.state], _detail(one))
                swap = _is_pair(item) and swapped(item.id, one.person, seed=study.settings.seed)
                answer = read(study.settings.kind, one.results, item, swap=swap)
            except UnusableError as error:
                rejected.append(
                    Rejected(
                        id=f"{item.id}-{one.person}",
                        reason=error.reason,
                        detail=error.detail,
                        makers=(_maker(study.settings.kind, one.person),),
                    )
                )
                continue
            found.append(Judgement(item=item, given=one, answer=answer))
    order = {id: place for place, id in enumerate(study.items)}
    found.sort(key=lambda one: (order[one.item.id], one.person))
    return found, rejected


def export(study: Study, out: Path, *, agreed: bool = False) -> Exported:
    """Write a study's answers as a data set, in place of what an earlier export of it wrote.

    agreed: of questionnaires and comparisons, one record for each item with the answers that most people gave, instead
    of everybody's; items without a majority on every question are rejected. Raises ArgumentError if `out` holds
    anything but such an export of this study, or for a kind with nothing to be agreed on.
    """
    kind = study.settings.kind
    if agreed and kind not in (Kind.QUESTIONNAIRE, Kind.COMPARISON):
        raise ArgumentError(f"people can agree on answers of questionnaires and comparisons, not on {kind}")
    _claim(out, study, agreed=agreed)
    found, rejected = judgements(study)
    with writing(out):
        gallery = Gallery(out)
        made = list(_agreed(found, rejected, kind)) if agreed else [_record(one, kind) for one in found]
        records = [_stored(record, study, gallery) for record in made]
        write_jsonl(records, out / "records.jsonl")
        with atomic_writer(out / REJECTS / "00000.jsonl") as file:
            file.writelines(f"{dumps(item.to_dict())}\n".encode() for item in rejected)
    return Exported(
        records=len(records),
        rejects=dict(Counter(item.reason for item in rejected).most_common()),
        unanswered=len(study.items.keys() - {one.item.id for one in found}),
    )


def by_item(found: Sequence[Judgement]) -> dict[str, list[Judgement]]:
    """Answers of each item, in their order."""
    items: dict[str, list[Judgement]] = {}
    for one in found:
        items.setdefault(one.item.id, []).append(one)
    return items


def _record(one: Judgement, kind: Kind) -> Record:
    answer = one.answer
    facts: dict[str, Any] = {"item": one.item.id, "person": one.person, "sitting": one.given.sitting}
    facts["at"] = one.given.at.isoformat()
    if one.given.seconds is not None:
        facts["seconds"] = one.given.seconds
    turns: tuple[Turn, ...] = ()
    regions: tuple[RegionEntry, ...] = ()
    if isinstance(answer, Pathway):
        turns = (Turn(question="", answer=answer.text),)
        facts |= {"description": answer.description, "conclusion": answer.conclusion}
    elif isinstance(answer, Marked):
        regions = tuple(RegionEntry(image=0, mask=mask, box=mask.box, label=name.value) for name, mask in answer.masks)
        turns = (Turn(question="", answer=text_of(one.item), regions=tuple(range(len(regions)))),)
    else:
        facts[_key(answer)] = answer.to_dict()
    return replace(
        one.item,
        id=f"{one.item.id}-{one.person}",
        task=kind.value,
        turns=turns,
        regions=regions,
        # Whoever drew comes before whoever wrote: the first person named is the annotator.
        makers=(_maker(kind, one.person), *one.item.makers),
        extra=facts,
    )


def _agreed(found: Sequence[Judgement], rejected: list[Rejected], kind: Kind) -> Iterator[Record]:
    for id, ones in by_item(found).items():
        people = [one.person for one in ones]
        makers = tuple(_maker(kind, person) for person in people)
        answers = [one.answer for one in ones if isinstance(one.answer, (Questionnaire, Comparison))]
        result = consensus(answers)
        if result.answer is None:
            detail = f"{', '.join(people)} on {', '.join(result.open)}"
            rejected.append(Rejected(id=id, reason="no majority", detail=detail, makers=makers))
            continue
        facts: dict[str, Any] = {"item": id, "people": people, "unanimous": result.unanimous}
        facts[_key(result.answer)] = result.answer.to_dict()
        yield replace(ones[0].item, id=id, task=kind.value, turns=(), makers=makers, extra=facts)


def _stored(record: Record, study: Study, gallery: Gallery) -> Record:
    for image in record.images:
        path = study.folder / ITEMS / image.file
        file, _ = gallery.store(path.read_bytes(), path.suffix)
        assert file == image.file
    return record


def _claim(out: Path, study: Study, *, agreed: bool) -> None:
    note = out / NOTE
    wanted = {"study": study.settings.key, "kind": study.settings.kind.value, "agreed": agreed}
    if note.is_file():
        if json.loads(note.read_bytes()) != wanted:
            raise ArgumentError(f"{out} holds another export; choose another folder")
    elif out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ArgumentError(f"{out} is not empty and holds no export; choose another folder")
    with writing(out), atomic_writer(note) as file:
        file.write(f"{json.dumps(wanted)}\n".encode())


def _maker(kind: Kind, person: str) -> Maker:
    return Maker(part=f"annotate.{kind}", model=f"{PERSON}{person}")


def _key(answer: Answer) -> str:
    return "questionnaire" if isinstance(answer, Questionnaire) else "comparison"


def _is_pair(item: Record) -> bool:
    return any(image.role is Role.A for image in item.images)


def _detail(one: Given) -> str:
    by = f" as {one.account}" if one.account else ""
    return f"{one.person}{by} in {one.sitting}, {one.at.isoformat(timespec='seconds')}"
