"""Three people who answer as they are told, and what they look at."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import numpy as np
from PIL import Image

from quibble.annotate.brush import encode
from quibble.annotate.kinds import Kind
from quibble.data import ImageEntry, Record, Role, Turn, write_jsonl
from quibble.geometry import Box, Mask
from quibble.pipelines.depict.questionnaire import Aspect, Step
from quibble.taxonomy import QGroundClass

PEOPLE = ("anna", "ben", "carl")
WIDTH, HEIGHT = 96, 64
TEXT = "The wall on the left is blurred and the rest is grainy. Overall, the quality is poor."

Results = list[dict[str, Any]]


def picture(seed: int) -> Image.Image:
    """Two flat halves with some noise, so that segments are found and no two pictures are the same."""
    rng = np.random.default_rng(seed)
    pixels = np.full((HEIGHT, WIDTH, 3), 60 + seed * 20 % 90, np.uint8)
    pixels[:, WIDTH // 2 :] = 200
    return Image.fromarray(np.clip(pixels + rng.integers(0, 4, pixels.shape), 0, 255).astype(np.uint8))


def write_source(folder: Path, kind: Kind, *, count: int, first: int = 0) -> Path:
    """A source of so many items of a kind: a data set, or for pairs a table."""
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    if kind in (Kind.PATHWAY, Kind.MASKS):
        records = []
        for number in range(first, first + count):
            picture(number).save(images / f"{number}.png")
            entry = ImageEntry(role=Role.SINGLE, file=f"images/{number}.png", width=WIDTH, height=HEIGHT)
            turn = Turn(question="", answer=TEXT)
            score = 30.0 + number % 50
            records.append(Record(id=f"r{number}", task="pathway", images=(entry,), turns=(turn,), score=score))
        write_jsonl(records, folder / "records.jsonl")
        return folder
    names = ("a", "b", "reference") if kind is Kind.COMPARISON else ("file", "reference")
    rows = [",".join(names)]
    for number in range(first, first + count):
        files = []
        for place, name in enumerate(names):
            picture(100 + number * 3 + place).save(images / f"{number}{name}.png")
            files.append(f"images/{number}{name}.png")
        rows.append(",".join(files))
    table = folder / "items.csv"
    table.write_text("\n".join(rows))
    return table


def box_mask(x: int, y: int, width: int, height: int) -> Mask:
    return Mask.from_box(Box.from_xywh(x, y, width, height), width=WIDTH, height=HEIGHT)


def typed(name: str, text: str) -> dict[str, Any]:
    return {"from_name": name, "to_name": "single", "type": "textarea", "value": {"text": [text]}}


def chosen(name: str, value: str, to: str = "single") -> dict[str, Any]:
    return {"from_name": name, "to_name": to, "type": "choices", "value": {"choices": [value]}}


def brushed(label: str, mask: Mask) -> dict[str, Any]:
    return {
        "from_name": "mask",
        "to_name": "single",
        "type": "brushlabels",
        "original_width": mask.width,
        "original_height": mask.height,
        "image_rotation": 0,
        "value": {"format": "rle", "rle": encode(mask), "brushlabels": [label]},
    }


def pathway(text: str = "It is blurred on the left.") -> Results:
    return [typed("description", text), typed("conclusion", "Its quality is poor.")]


def masks(*pairs: tuple[QGroundClass, Mask]) -> Results:
    return [brushed(name.value, mask) for name, mask in pairs] or [chosen("clean", "nothing to mark")]


def questionnaire(**changes: str) -> Results:
    answers: dict[str, str] = {"texture": "bricks", "damage": "barely identifiable"}
    answers |= dict.fromkeys(Aspect, "undistorted")
    answers |= {"blurriness": "severe", "overall": "mild distortion", **changes}
    return [chosen(name, value) for name, value in answers.items()]


def comparison(**changes: str) -> Results:
    answers: dict[str, str] = {**dict.fromkeys(Aspect, Step.EQUAL), "overall": Step.SUPERIOR, **changes}
    return [chosen(name, value, "reference") for name, value in answers.items()]


class Visitor:
    """Somebody at a browser: signs in to a Label Studio, and answers with their own account."""

    def __init__(self, url: str, mail: str, password: str) -> None:
        self.url = url
        self._jar = CookieJar()
        self._opener = build_opener(HTTPCookieProcessor(self._jar))
        self._opener.open(f"{url}/user/login/").read()
        form = {"email": mail, "password": password, "csrfmiddlewaretoken": self._csrf()}
        request = Request(f"{url}/user/login/", urlencode(form).encode(), {"Referer": f"{url}/user/login/"})
        self._opener.open(request).read()
        assert self.ask("GET", "/api/current-user/whoami")["email"] == mail

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": "application/json", "X-CSRFToken": self._csrf(), "Referer": self.url}
        text = self._opener.open(Request(self.url + path, data, headers, method=method)).read()
        return json.loads(text) if text else None

    def fetch(self, path: str) -> bytes:
        """A file, such as a picture that a page shows."""
        found: bytes = self._opener.open(self.url + path).read()
        return found

    def tasks(self, project: int) -> dict[str, dict[str, Any]]:
        """The tasks of a project by their items, in the order in which they are shown."""
        found = self.ask("GET", f"/api/tasks?project={project}&page_size=100&fields=all")["tasks"]
        return {task["data"]["item"]: task for task in found}

    def answer(self, task: int, results: Sequence[Mapping[str, Any]], *, skip: bool = False) -> None:
        body = {"result": list(results), "was_cancelled": skip, "lead_time": 12.5}
        self.ask("POST", f"/api/tasks/{task}/annotations/", body)

    def draft(self, task: int, results: Sequence[Mapping[str, Any]]) -> None:
        self.ask("POST", f"/api/tasks/{task}/drafts", {"result": list(results), "lead_time": 3.0})

    def _csrf(self) -> str:
        return next((cookie.value or "" for cookie in self._jar if cookie.name == "csrftoken"), "")
