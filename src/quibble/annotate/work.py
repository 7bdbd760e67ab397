"""What people did of what they were dealt: read from the tasks that a server exports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from quibble.annotate.study import Sitting, Study


@dataclass(frozen=True, kw_only=True)
class Given:
    """One annotation as somebody left it. state: "done", "skipped", "draft", "replaced" by a later one, or "stranger":
    by another account than the person's.
    """

    item: str
    person: str
    sitting: str
    state: str
    results: Sequence[Mapping[str, Any]]
    at: datetime
    seconds: float | None = None
    account: str = ""
    number: int = 0


def given(study: Study, sitting: Sitting) -> Iterator[Given]:
    """Every annotation and draft of a sitting, item by item, of each item the oldest first."""
    accounts = study.accounts()
    expected = study.settings.people.get(sitting.person, "")
    tasks: dict[str, list[dict[str, Any]]] = {}
    for task in study.answers(sitting):
        tasks.setdefault(str(task["data"].get("item")), []).append(task)
    for item in sitting.items:
        found: list[Given] = []
        for task in tasks.get(item, ()):
            for one in task.get("annotations", ()):
                account = _account(one.get("completed_by"), accounts)
                stranger = bool(expected and account) and account.lower() != expected.lower()
                state = "stranger" if stranger else "skipped" if one.get("was_cancelled") else "done"
                found.append(_given(sitting, item, one, state, account))
            # Those of an annotation that is there are unsaved changes to it.
            drafts = [draft for draft in task.get("drafts", ()) if not draft.get("annotation")]
            found += [_given(sitting, item, draft, "draft", "") for draft in drafts]
        found.sort(key=lambda one: (one.at, one.number))
        own = [n for n, one in enumerate(found) if one.state in ("done", "skipped")]
        # A finished one counts more than a skip, and of several the last.
        last = max(own, key=lambda n: (found[n].state == "done", n), default=-1)
        for n, one in enumerate(found):
            yield one if n not in own or n == last else _replaced(one)


def done(study: Study, sitting: Sitting) -> dict[str, datetime]:
    """When each item of a sitting was done or skipped by its person; items that were not are left out."""
    return {one.item: one.at for one in given(study, sitting) if one.state in ("done", "skipped")}


def longest_run(times: Sequence[datetime], *, pause_min: float) -> int:
    """The most pictures that somebody did without a pause of so many minutes in between."""
    longest = run = 0
    before: datetime | None = None
    for time in sorted(times):
        run = run + 1 if before is not None and time - before < timedelta(minutes=pause_min) else 1
        longest, before = max(longest, run), time
    return longest


def parse_time(text: str) -> datetime:
    """A time as the server writes it, with its zone."""
    return datetime.fromisoformat(text)


def _given(sitting: Sitting, item: str, one: Mapping[str, Any], state: str, account: str) -> Given:
    seconds = one.get("lead_time")
    return Given(
        item=item,
        person=sitting.person,
        sitting=sitting.name,
        state=state,
        results=list(one.get("result") or ()),
        at=parse_time(str(one.get("updated_at") or one["created_at"])),
        seconds=round(float(seconds), 1) if seconds is not None else None,
        account=account,
        number=int(one.get("id") or 0),
    )


def _replaced(one: Given) -> Given:
    return Given(**{**vars(one), "state": "replaced"})


def _account(completed_by: object, accounts: Mapping[int, str]) -> str:
    if isinstance(completed_by, Mapping):
        return str(completed_by.get("email") or "")
    return accounts.get(completed_by, "") if isinstance(completed_by, int) else ""
