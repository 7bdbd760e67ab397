"""A contact sheet: one HTML file in which a person can look through a data set. It needs no network and no scripts."""

from __future__ import annotations

import io
import os
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from quibble.data.dataset import Sample, samples
from quibble.data.files import atomic_writer
from quibble.data.record import ImageEntry, Record, RegionEntry, Role
from quibble.degradation import Degradation
from quibble.draw import overlay
from quibble.errors import ArgumentError, ImageError
from quibble.geometry import Box, Mask, Region
from quibble.image import load
from quibble.taxonomy import severity_word

_JPEG_QUALITY = 88

_ROLES = {Role.SINGLE: "picture", Role.REFERENCE: "reference", Role.A: "picture A", Role.B: "picture B"}


def sheet(
    folder: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    limit: int = 100,
    seed: int = 0,
    side_px: int = 640,
) -> Path:
    """Write a contact sheet of a data set to `out` and return its path.

    Shows every picture as it is and, if regions are known, with these outlined and named; questions and answers; the
    distortions of each region with their levels. limit: at most so many records, drawn evenly by `seed` and shown in
    the data set's order. side_px: larger pictures are shrunk so that their longer side has this length. A picture that
    cannot be read is replaced by the reason. Raises ArgumentError if there is no data set, RecordError at a malformed
    record.
    """
    if limit < 1 or side_px < 16:
        raise ArgumentError(f"expected limit >= 1 and side_px >= 16, found {limit} and {side_px}")
    chosen, total = _draw(samples(folder), limit=limit, seed=seed)
    tasks = Counter(sample.record.task for sample in chosen)
    slugs = {task: f"task-{index}" for index, task in enumerate(tasks, start=1)}
    title = escape(Path(folder).absolute().name)
    shown = f"{total:,} record{'' if total == 1 else 's'}"
    if len(chosen) < total:
        shown = f"{len(chosen):,} of {shown}, drawn with seed {seed}"
    style = files("quibble.data").joinpath("sheet.css").read_text(encoding="utf-8")
    with atomic_writer(out) as file:

        def put(text: str) -> None:
            file.write(text.encode())

        put(PAGE_HEAD.format(title=title, style=style + _filters(slugs.values())))
        put("".join(f'<span id="{slug}"></span>' for slug in slugs.values()))
        put(f'<header><h1>{title}</h1><p>{shown}</p></header>\n<nav><ul><li><a href="#">all</a></li>')
        for task, number in tasks.items():
            put(f'<li><a href="#{slugs[task]}">{escape(task)}<small>{number}</small></a></li>')
        put("</ul></nav>\n<main>\n")
        for place, sample in enumerate(chosen, start=1):
            put(_article(sample, place, slugs[sample.record.task], side_px=side_px))
        put("</main>\n<footer>Made by quibble.</footer>\n</body>\n</html>\n")
    return Path(out)


#: How a page begins that needs nothing else: title and style are filled in.
PAGE_HEAD: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
"""


def _filters(slugs: Iterable[str]) -> str:
    """An anchor of a task hides the articles of the others."""
    return "".join(
        f"#{slug}:target ~ main article:not(.{slug}) {{ display: none; }}\n"
        f'#{slug}:target ~ nav a[href="#{slug}"] {{ background: var(--tint); border-color: var(--accent); }}\n'
        for slug in slugs
    )


def _draw(items: Iterable[Sample], *, limit: int, seed: int) -> tuple[list[Sample], int]:
    """`limit` items, each as likely as any other, in their order, and how many there were."""
    rng = np.random.default_rng(seed)
    kept: list[tuple[int, Sample]] = []
    total = 0
    for item in items:
        total += 1
        if len(kept) < limit:
            kept.append((total, item))
        elif (place := int(rng.integers(total))) < limit:
            kept[place] = (total, item)
    return [item for _, item in sorted(kept, key=lambda pair: pair[0])], total


def _article(sample: Sample, place: int, slug: str, *, side_px: int) -> str:
    record = sample.record
    pictures = "".join(
        _figures(index, image, picture, record, side_px=side_px)
        for index, (image, picture) in enumerate(zip(record.images, sample.pictures, strict=True))
    )
    return (
        f'<article class="{slug}" id="record-{place}">\n<div class="pictures">{pictures}</div>\n'
        f'<h2><a href="#record-{place}">{escape(record.id)}</a></h2>\n<p class="facts">{_facts(record)}</p>\n'
        f"{_turns(record)}{_regions(record)}</article>\n"
    )


def _figures(index: int, image: ImageEntry, picture: Path | bytes, record: Record, *, side_px: int) -> str:
    """The picture as it is and, if it has regions, with them."""
    name = f"{_ROLES[image.role]}, {image.width} × {image.height}"
    try:
        # From bytes, so that a message does not tell the sheet's readers the paths of this machine.
        pixels = _shrink(load(picture.read_bytes() if isinstance(picture, Path) else picture), side_px)
    except (ImageError, OSError) as error:
        reason = str(error) if isinstance(error, ImageError) else error.strerror or "cannot be read"
        reason = f"{image.file}: {reason}"
        return f'<figure><p class="missing">{escape(reason)}</p><figcaption>{name}</figcaption></figure>'
    numbered = [(number, region) for number, region in enumerate(record.regions, start=1) if region.image == index]
    figures = _figure(pixels, name)
    if numbered:
        places = [_shown(region, pixels.shape[1], pixels.shape[0], image) for _, region in numbered]
        labels = [f"{number} {region.label}" if region.label else str(number) for number, region in numbered]
        figures += _figure(overlay(pixels, places, labels=labels), "regions")
    return figures


def _figure(pixels: NDArray[np.uint8], caption: str) -> str:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=_JPEG_QUALITY)
    data = b64encode(buffer.getvalue()).decode("ascii")
    size = f'width="{pixels.shape[1]}" height="{pixels.shape[0]}"'
    return (
        f'<figure><img src="data:image/jpeg;base64,{data}" {size} alt="{escape(caption)}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _shrink(pixels: NDArray[np.uint8], side_px: int) -> NDArray[np.uint8]:
    height, width, _ = pixels.shape
    scale = side_px / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def _shown(region: RegionEntry, width: int, height: int, image: ImageEntry) -> Region:
    """The region on the picture as it is shown. A box that only bounds the mask is left out: it would hide more."""
    x, y = width / image.width, height / image.height
    mask = region.mask
    box = None if mask is not None and region.box == mask.box else region.box
    if mask is not None and (x, y) != (1, 1):
        drawn = np.asarray(Image.fromarray(mask.to_array()).resize((width, height), Image.Resampling.NEAREST))
        mask = Mask.from_array(drawn) if drawn.any() else None
    if mask is None and box is None:
        # The mask is too small to be seen at this size; its box still shows where it is.
        box = region.region.bounds
    if box is not None:
        box = Box(x0=box.x0 * x, y0=box.y0 * y, x1=box.x1 * x, y1=box.y1 * y)
    return Region(mask=mask, box=box, label=region.label)


def _facts(record: Record) -> str:
    facts = [record.task]
    facts += [record.split] if record.split is not None else []
    facts += [f"score {record.score:g}"] if record.score is not None else []
    facts += [f"from {record.source}"] if record.source is not None else []
    facts += [record.licence] if record.licence is not None else []
    writers = sorted({maker.model for maker in record.makers})
    facts += [f"made by {', '.join(writers)}"] if writers else []
    return " · ".join(escape(fact) for fact in facts)


def _turns(record: Record) -> str:
    if not record.turns:
        return ""
    parts = []
    for turn in record.turns:
        chips = "".join(f"<b>{index + 1}</b>" for index in turn.regions)
        parts.append(f'<p class="question" dir="auto">{escape(turn.question)}</p>' if turn.question else "")
        parts.append(f'<p class="answer" dir="auto">{escape(turn.answer)}{chips}</p>\n' if turn.answer else "")
    return f'<div class="turns">{"".join(parts)}</div>\n'


def _regions(record: Record) -> str:
    if not record.regions:
        return ""
    # What a model or a person marked in a picture was not put there, so there are no distortions to list.
    drawn = not record.makers or any(region.degradations for region in record.regions)
    rows = "".join(
        f'<tr><td class="number">{number}</td><td>{_or_none(region.label)}</td>'
        f'<td class="number">{_share(region, record):.1%}</td>'
        f"{f'<td>{_distortions(region.degradations)}</td>' if drawn else ''}</tr>\n"
        for number, region in enumerate(record.regions, start=1)
    )
    head = '<th class="number">no.</th><th>region</th><th class="number">share</th>'
    head += "<th>distortions, in order</th>" if drawn else ""
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table></div>\n'


def _share(region: RegionEntry, record: Record) -> float:
    image = record.images[region.image]
    return region.mask.share if region.mask is not None else region.region.bounds.area / (image.width * image.height)


def _distortions(degradations: tuple[Degradation, ...]) -> str:
    return _or_none(", ".join(f"{d.distortion.value} {d.level:g} ({severity_word(d.level)})" for d in degradations))


def _or_none(text: str | None) -> str:
    return escape(text) if text else '<span class="none">none</span>'
