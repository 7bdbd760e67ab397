from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from quibble.errors import ReplyError
from quibble.experts.language_model import Request, answer_all
from quibble.experts.schema import strict, text
from quibble.experts.stand_in import NAME, Means, StandIn


def roll(request: Request, means: Means) -> dict[str, Any]:
    return {"said": means.writer.one_of("|".join(map(str, range(1000))))}


def lie(request: Request, means: Means) -> dict[str, Any]:
    return {"sad": "no"}


def see(request: Request, means: Means) -> str:
    return f"{means.look(request.pictures[0]).score.value:.0f}"


RULES = {"roll": roll, "lie": lie, "see": see}
SCHEMA = strict(said=text())


def test_the_same_request_has_the_same_reply() -> None:
    def said(seed: int, prompt: str) -> str:
        reply = StandIn(RULES).answer(Request(task="roll", prompt=prompt, seed=seed, schema=SCHEMA))
        assert reply.text == f'{{"said": "{reply.data["said"]}"}}'
        return str(reply.data["said"])

    assert said(1, "a") == said(1, "a")
    assert len({said(1, "a"), said(2, "a"), said(1, "b")}) == 3


def test_its_replies_are_checked_like_everybody_elses() -> None:
    with pytest.raises(ReplyError, match="lacks said") as caught:
        StandIn(RULES).answer(Request(task="lie", prompt="x", schema=SCHEMA))
    assert getattr(caught.value.who, "model") == NAME  # noqa: B009 (typed as object)


def test_a_task_without_a_rule() -> None:
    (reply,) = answer_all(StandIn(RULES), [Request(task="sing", prompt="x")])
    assert isinstance(reply, ReplyError)
    assert str(reply) == "no rule: the stand-in knows lie, roll, see, not sing"


def test_looking_at_a_picture_is_said(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    pixels = np.random.default_rng(0).normal(128, 60, (96, 96, 3)).clip(0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    writer = StandIn(RULES)
    for picture in (path, path.read_bytes()):
        reply = writer.answer(Request(task="see", prompt="x", pictures=(picture,)))
        assert reply.data is None
        assert 0 <= float(reply.text) <= 100
        assert reply.who.model.startswith(f"{NAME} with nano")
    assert writer.answer(Request(task="roll", prompt="x")).who.model == NAME
