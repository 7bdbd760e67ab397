"""What a served model says that really looks: brighter is better, and the brightest place is what is asked for."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quibble.image import load
from quibble.taxonomy import Level
from quibble.text import plain
from tests.chat_server import Said


def pictures(body: dict[str, Any]) -> list[NDArray[np.uint8]]:
    """The pictures in a request, in their order."""
    parts = [part for message in body["messages"] if message["role"] == "user" for part in message["content"]]
    urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    return [load(base64.b64decode(url.partition(";base64,")[2])) for url in urls]


def texts(body: dict[str, Any]) -> list[str]:
    """The words in a request, in their order."""
    parts = [part for message in body["messages"] if message["role"] == "user" for part in message["content"]]
    return [part["text"] for part in parts if part["type"] == "text"]


def word(**shares: float) -> Said:
    """A reply of one word in two tokens: the first of these, with the probabilities of all."""
    said = next(iter(shares))
    likeliest = {token[:2]: math.log(share) for token, share in shares.items() if share}
    return Said(text=said, top=[likeliest, {said[2:]: 0.0}] if said[2:] else [likeliest])


def look(body: dict[str, Any]) -> Said:
    """The answer to a request, from its pictures."""
    question, seen = texts(body)[-1], pictures(body)
    if question == plain.RATE:
        share = float(seen[0].mean()) / 255
        return word(**dict(sorted(zip(Level, _between(share), strict=True), key=lambda pair: -pair[1])))
    if question == plain.BETTER:
        # It favours whatever it is shown first.
        lead = float(seen[-2].mean() - seen[-1].mean()) / 255 + 0.1
        first = min(0.99, max(0.01, 0.5 + lead))
        return word(A=first, B=1 - first) if first >= 0.5 else word(B=1 - first, A=first)
    if question in (plain.ACROSS, plain.DOWN):
        return _third(seen[0], across=question == plain.ACROSS)
    if question.endswith("Answer with the letter."):
        return word(B=0.75, A=0.25)
    return Said(text=f"I see {len(seen)}. You said: {question}")


def _between(share: float) -> list[float]:
    """Probabilities of the five levels whose mean is a share of the range."""
    place = (1 - share) * 4
    low = min(3, int(place))
    found = [0.0] * 5
    found[low], found[low + 1] = 1 - (place - low), place - low
    return found


def _third(picture: NDArray[np.uint8], *, across: bool) -> Said:
    if picture.max() < 128:
        return word(nowhere=0.9, left=0.1) if across else word(center=1)
    profile = picture.max(axis=2).max(axis=0 if across else 1)
    third = int(np.argmax(profile) * 3 / len(profile))
    names = ("left", "center", "right") if across else ("top", "center", "bottom")
    shares = {name: 0.8 if number == third else 0.1 for number, name in enumerate(names)}
    return word(**dict(sorted(shares.items(), key=lambda pair: -pair[1])))
