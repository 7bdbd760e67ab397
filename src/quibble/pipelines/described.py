"""The first step of pipelines that start from a picture and a text on its quality: the picture stored, the text read.

Where a source has no text, the language model writes one first, as it does for Q-Instruct.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from quibble.data import ImageEntry, Maker, Role
from quibble.errors import ArgumentError, ImageError, ReplyError
from quibble.experts.language_model import LanguageModel, Reply, answer_all
from quibble.image import ImageArray, load
from quibble.pipelines.instruct.checks import check_feedback
from quibble.pipelines.instruct.prompts import feedback_request
from quibble.pipelines.instruct.told import Told
from quibble.pipelines.photos import split_of
from quibble.pipelines.shards import Gallery, Rejected


class Common(Protocol):
    """Settings that every such pipeline has: the seed, and the shares of the splits."""

    @property
    def seed(self) -> int: ...
    @property
    def val(self) -> float: ...
    @property
    def test(self) -> float: ...


@dataclass(frozen=True, kw_only=True)
class Described:
    """A picture in a build, and a text on its quality. seed: its own. makers: who wrote the text, if that is known."""

    id: str
    told: Told
    seed: int
    image: ImageEntry
    split: str
    text: str = ""
    makers: tuple[Maker, ...] = field(default=())

    def load(self) -> ImageArray:
        """The picture's pixels, (H, W, 3) uint8."""
        return load(self.told.picture)


def check_common(settings: Common, *, shard: int, limit: int | None) -> None:
    """Raise ArgumentError for values outside their ranges."""
    if shard < 1 or (limit is not None and limit < 1) or not 0 <= settings.seed < 2**53:
        raise ArgumentError(
            "expected shards of at least 1, a limit of at least 1 and a seed in 0..2**53 - 1, found "
            f"{shard}, {limit} and {settings.seed}"
        )
    if min(settings.val, settings.test) < 0 or settings.val + settings.test > 1:
        raise ArgumentError(f"shares lie in 0..1, found val {settings.val}, test {settings.test}")


def describe(
    told: Sequence[tuple[str, Told]], gallery: Gallery, model: LanguageModel, settings: Common
) -> Iterator[Described | Rejected | Maker]:
    """Each picture, given with the id of its records, with its text; what cannot be used is rejected.

    Who wrote is given beside that for every reply, so that it is counted as a cost.
    """
    opened = [open_picture(id, item, gallery, settings) for id, item in told]
    silent = [item for item in opened if isinstance(item, Described) and not item.text]
    requests = (feedback_request(item.told.picture, seed=item.seed) for item in silent)
    replies = answer_all(model, requests)
    for item in opened:
        if isinstance(item, Described) and not item.text:
            reply = next(replies)
            yield from whos(reply)
            try:
                made = usable(reply)
                text = check_feedback(made.data)
            except ReplyError as error:
                yield rejected(item.id, "feedback", error, reply)
            else:
                yield replace(item, text=text, makers=(*item.makers, made.who))
        else:
            yield item


def open_picture(id: str, told: Told, gallery: Gallery, settings: Common) -> Described | Rejected:
    """A picture stored in the build, unless it cannot be read."""
    try:
        data = told.picture.read_bytes()
        height, width = load(data).shape[:2]
    except (ImageError, OSError) as error:
        return Rejected(id=id, reason="unreadable picture", detail=f"{told.source}: {error}")
    file, sha256 = gallery.store(data, told.picture.suffix.lower())
    return Described(
        id=id,
        told=told,
        seed=seed_of(settings.seed, told.key),
        image=ImageEntry(role=Role.SINGLE, file=file, width=width, height=height, sha256=sha256),
        split=told.split or split_of(sha256, val=settings.val, test=settings.test),
        text=told.feedback or "",
        makers=told.makers,
    )


def usable(reply: Reply | ReplyError) -> Reply:
    """A reply, or its error raised."""
    if isinstance(reply, ReplyError):
        raise reply
    return reply


def rejected(id: str, step: str, error: ReplyError, *replies: Reply | ReplyError) -> Rejected:
    """A record for which a reply did not do. replies: all that were paid for."""
    return Rejected(id=id, reason=f"{step}: {error.reason}", detail=error.detail, makers=whos(*replies))


def whos(*replies: Reply | ReplyError) -> tuple[Maker, ...]:
    """Who gave some replies, of any use or not, as far as something came back."""
    found: list[Any] = [reply.who for reply in replies]
    return tuple(who for who in found if isinstance(who, Maker))


def seed_of(seed: int, *keys: object) -> int:
    """A seed of its own for everything that has a name, below 2**53."""
    return int(hashlib.sha256(" ".join(map(str, (seed, *keys))).encode()).hexdigest()[:13], 16)
