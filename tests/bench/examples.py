"""Items and answers of every kind, small enough to work out by hand."""

from __future__ import annotations

from pathlib import Path

from quibble.bench.answers import Answered, Run
from quibble.bench.item import Item, Kind
from quibble.bench.metrics.boxes import Tag
from quibble.bench.reply import Reply, Status
from quibble.geometry import Box, Mask, Region

RUN = Run(benchmark="quibble-bench", model="somebody", identity="made up", seed=0, limit=None)
LEFT = Mask.from_box(Box.from_xywh(0, 0, 10, 10), width=20, height=10)
RIGHT = Mask.from_box(Box.from_xywh(10, 0, 10, 10), width=20, height=10)
PICTURE = (Path("a.png"),)


def answered(item: Item, reply: Reply) -> Answered:
    return Answered(item=item, reply=reply, seconds=0.5)


def scored(number: int, truth: float, predicted: float | None) -> Answered:
    status = Status.READ if predicted is not None else Status.UNREADABLE
    item = Item(id=f"s{number}", kind=Kind.SCORE, images=PICTURE, score=truth)
    return answered(item, Reply(score=predicted, status=status))


def chosen(number: int, kind: str, right: int | None, choice: int | None, status: Status = Status.READ) -> Answered:
    item = Item(
        id=f"c{number}", kind=Kind.CHOICE, images=PICTURE, options=("Yes", "No"), right=right, labels={"type": kind}
    )
    return answered(item, Reply(choice=choice, status=status, confidence=0.9 if choice is not None else None))


def compared(number: int, share_b: float, winner: str | None, group: str = "cnn") -> Answered:
    item = Item(id=f"p{number}", kind=Kind.COMPARE, images=PICTURE * 2, share_b=share_b, labels={"group": group})
    return answered(item, Reply(winner=winner, status=Status.READ if winner else Status.REFUSED))


def referred(number: int, true: tuple[str, ...], said: tuple[str, ...] | None) -> Answered:
    item = Item(id=f"r{number}", kind=Kind.REFER, images=PICTURE, focus=Region(mask=LEFT), names=true)
    return answered(item, Reply(names=said, status=Status.READ if said is not None else Status.UNREADABLE))


def grounded(number: int, true: dict[str, Mask], said: dict[str, Mask], **labels: str) -> Answered:
    item = Item(id=f"g{number}", kind=Kind.GROUND, images=PICTURE, masks=(true,), labels=labels)
    return answered(item, Reply(masks=said))


def described(number: int, truth: str, text: str) -> Answered:
    tag = Tag(name="the sky", box=Box(x0=0, y0=0, x1=0.5, y1=0.5))
    item = Item(id=f"d{number}", kind=Kind.DESCRIBE, images=PICTURE, answer=truth, tags=(tag,))
    return answered(item, Reply(text=text))


def asked(number: int, truth: str, text: str) -> Answered:
    item = Item(id=f"q{number}", kind=Kind.QUESTION, images=PICTURE, question="What is it?", answer=truth)
    return answered(item, Reply(text=text))
