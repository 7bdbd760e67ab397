from __future__ import annotations

import io
import re
from base64 import b64decode
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from quibble.data import Form, ImageEntry, Maker, Record, RegionEntry, Role, Turn, convert, sheet, write_jsonl
from quibble.errors import ArgumentError, RecordError
from quibble.geometry import Box, Mask
from tests.data.examples import folder, picture, record

VOID = {"meta", "img"}


class Page(HTMLParser):
    """What a page holds; asserts that its elements are closed in order."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.source = path.read_text(encoding="utf-8")
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(self.source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and "style" not in self.open:
            self.texts.append(data.strip())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def pictures(self) -> list[Image.Image]:
        sources = [attributes["src"] or "" for attributes in self.all("img")]
        return [Image.open(io.BytesIO(b64decode(source.removeprefix("data:image/jpeg;base64,")))) for source in sources]


def make(root: Path, *records: Record) -> Page:
    for item in records:
        for image in item.images:
            picture(root / image.file, size=(image.width, image.height))
    write_jsonl(records, root / "records.jsonl")
    return Page(sheet(root, root / "sheet.html"))


def test_what_a_person_sees(tmp_path: Path) -> None:
    page = make(tmp_path, record())
    name = tmp_path.name
    assert page.texts == [
        *(name, name, "1 record", "all", "grounding", "1"),
        *("picture, 16 × 12", "regions", "r0"),
        "grounding · train · score 61.5 · from photo.jpg · CC0-1.0",
        *("Which part is worst?", "The dog, then the sky.", "2", "1", "Why?", "It is blurred."),
        *("no.", "region", "share", "distortions, in order"),
        *("1", "sky", "33.3%", "noise.poisson 2 (moderate)"),
        *("2", "dog", "27.3%", "blur.gaussian 3.5 (serious), noise.poisson 2 (moderate)"),
        "Made by quibble.",
    ]
    plain, drawn = page.pictures()
    assert plain.size == drawn.size == (16, 12)
    assert np.abs(np.asarray(plain, int) - np.asarray(drawn, int)).max() > 40


def test_what_models_marked_has_no_distortions_to_list(tmp_path: Path) -> None:
    picture(tmp_path / "images/r0.png")
    found = RegionEntry(image=0, box=Box(x0=2, y0=4, x1=9, y1=12), label="blur")
    who = (Maker(part="ground.label", model="somebody"),)
    assert "distortions, in order" not in make(tmp_path, record(regions=(found,), turns=(), makers=who)).texts
    assert "distortions, in order" in make(tmp_path, record(regions=(found,), turns=())).texts
    assert "distortions, in order" in make(tmp_path, record(makers=who)).texts


def test_it_needs_nothing_else(tmp_path: Path) -> None:
    page = make(tmp_path, record())
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "link", "iframe", "object", "base"})
    assert not re.search(r"https?:|url\(|@import|javascript:", page.source)
    policy = [meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert policy == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]


def test_nothing_of_a_record_becomes_markup(tmp_path: Path) -> None:
    bad = "<script>alert('1')</script>\"&<b>"
    item = record(
        id=bad,
        task=bad,
        source=bad,
        split=bad,
        licence=bad,
        turns=(Turn(question=bad, answer=bad),),
        images=(ImageEntry(role=Role.SINGLE, file="<b>.png", width=16, height=12),),
        regions=(RegionEntry(image=0, box=Box(x0=0, y0=0, x1=2, y1=2), label=bad),),
    )
    write_jsonl([item], tmp_path / "<i>" / "records.jsonl")
    page = Page(sheet(tmp_path / "<i>", tmp_path / "sheet.html"))
    assert not {"script", "i"} & {tag for tag, _ in page.tags}
    assert not page.all("b")
    assert page.texts.count(bad) == 5
    assert "<b>.png: No such file or directory" in page.texts
    assert str(tmp_path) not in page.source


def test_a_picture_that_cannot_be_read(tmp_path: Path) -> None:
    folder(tmp_path, 2)
    (tmp_path / "images/r0.png").write_bytes(b"not a picture at all")
    page = Page(sheet(tmp_path, tmp_path / "sheet.html"))
    assert any(text.startswith("images/r0.png: 20 bytes: is text, not a picture") for text in page.texts)
    assert len(page.pictures()) == 2


def test_tasks_are_filtered_by_anchors(tmp_path: Path) -> None:
    tasks = ("global", "local", "global")
    page = make(tmp_path, *[record(str(index), task=task) for index, task in enumerate(tasks)])
    links = [link["href"] for link in page.all("a")][:3]
    assert links == ["#", "#task-1", "#task-2"]
    assert [article["class"] for article in page.all("article")] == ["task-1", "task-2", "task-1"]
    assert {"task-1", "task-2"} == {span["id"] for span in page.all("span") if "id" in span}
    assert "#task-1:target ~ main article:not(.task-1) { display: none; }" in page.source
    # A target hides only what comes after it beside it, so the targets stand first in the body.
    assert page.source.index('<span id="task-2">') < page.source.index("<header>") < page.source.index("<main>")


def shown(page: Page) -> list[str]:
    return [text for text in page.texts if re.fullmatch(r"r\d+", text)]


def test_a_draw_from_many(tmp_path: Path) -> None:
    folder(tmp_path, 12)
    pages = [Page(sheet(tmp_path, tmp_path / "s.html", limit=5, seed=seed)) for seed in (0, 0, 1)]
    names = [shown(page) for page in pages]
    assert names[0] == names[1] != names[2]
    assert [len(name) for name in names] == [5, 5, 5]
    assert names[0] == sorted(names[0], key=lambda name: int(name[1:]))
    assert "5 of 12 records, drawn with seed 0" in pages[0].texts
    drawn = {
        name for seed in range(20) for name in shown(Page(sheet(tmp_path, tmp_path / "s.html", limit=3, seed=seed)))
    }
    assert len(drawn) == 12
    everything = Page(sheet(tmp_path, tmp_path / "s.html", limit=12))
    assert "12 records" in everything.texts
    assert shown(everything) == [f"r{index}" for index in range(12)]


def test_large_pictures_are_shrunk_with_their_regions(tmp_path: Path) -> None:
    wide = np.zeros((100, 400), bool)
    wide[20:80, 200:400] = True
    speck = np.zeros((100, 400), bool)
    speck[3, 3] = True
    item = record(
        images=(ImageEntry(role=Role.SINGLE, file="a.png", width=400, height=100),),
        regions=tuple(RegionEntry(image=0, mask=Mask.from_array(array)) for array in (wide, speck)),
        turns=(),
    )
    picture(tmp_path / "a.png", size=(400, 100))
    write_jsonl([item], tmp_path / "records.jsonl")
    plain, drawn = Page(sheet(tmp_path, tmp_path / "sheet.html", side_px=100)).pictures()
    assert plain.size == drawn.size == (100, 25)
    changed = np.abs(np.asarray(plain, int) - np.asarray(drawn, int)).max(axis=2) > 60
    columns = np.flatnonzero(changed[5:20].any(axis=0))
    assert 45 <= columns[columns > 30].min() <= 52


def test_a_box_that_only_bounds_its_mask_is_not_drawn(tmp_path: Path) -> None:
    triangle = np.tri(60, dtype=bool)
    entry = ImageEntry(role=Role.SINGLE, file="a.png", width=60, height=60)
    mask = Mask.from_array(triangle)
    drawn = []
    for box in (None, mask.box, Box(x0=0, y0=0, x1=60, y1=50)):
        regions = (RegionEntry(image=0, mask=mask, box=box),)
        drawn.append(np.asarray(make(tmp_path, record(images=(entry,), regions=regions, turns=())).pictures()[1]))
    assert (drawn[0] == drawn[1]).all()
    assert (drawn[0] != drawn[2]).any()


def test_roles_and_parquet(tmp_path: Path) -> None:
    images = tuple(
        ImageEntry(role=role, file=f"{role}.png", width=16, height=12) for role in (Role.REFERENCE, Role.A, Role.B)
    )
    item = record(images=images, regions=(), turns=())
    make(tmp_path, item)
    convert(tmp_path, tmp_path / "out", to=Form.PARQUET)
    page = Page(sheet(tmp_path / "out", tmp_path / "sheet.html"))
    captions = [text for text in page.texts if "×" in text]
    assert captions == ["reference, 16 × 12", "picture A, 16 × 12", "picture B, 16 × 12"]
    assert not page.all("table")


def test_arguments(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="limit >= 1"):
        sheet(tmp_path, tmp_path / "a.html", limit=0)
    with pytest.raises(ArgumentError, match=r"should hold records\.jsonl"):
        sheet(tmp_path, tmp_path / "a.html")
    (tmp_path / "records.jsonl").write_text("{}\n")
    with pytest.raises(RecordError, match="is missing"):
        sheet(tmp_path, tmp_path / "a.html")
    assert not (tmp_path / "a.html").exists()
