"""Plots of a run as SVG, and a sheet of its worst cases. No library is needed; each is one file."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from quibble.bench.answers import Answered
from quibble.bench.item import Kind
from quibble.bench.metrics.choices import partial_credit
from quibble.bench.metrics.correlation import LEAST_TO_FIT, fit_logistic, logistic, ranks
from quibble.bench.reply import Status
from quibble.data.files import atomic_writer
from quibble.errors import ArgumentError, ImageError
from quibble.image import load
from quibble.taxonomy import Category

SIDE: Final = 420
_MARGIN: Final = 56
_BINS: Final = 10
_WORST: Final = 12
_THUMB: Final = 240
_CAPTION: Final = 46
_NOTHING: Final = "none"


def write_plots(answers: Sequence[Answered], folder: Path) -> list[Path]:
    """Write what the answers allow: scores.svg, confusion.svg, reliability.svg and worst.png. Returns the files."""
    texts = {
        "scores.svg": scatter(answers),
        "confusion.svg": confusion(answers),
        "reliability.svg": reliability(answers),
    }
    written = []
    for name, text in texts.items():
        if text is not None:
            with atomic_writer(folder / name) as file:
                file.write(text.encode())
            written.append(folder / name)
    sheet = worst(answers)
    if sheet is not None:
        with atomic_writer(folder / "worst.png") as file:
            sheet.save(file, "PNG")
        written.append(folder / "worst.png")
    return written


def scatter(answers: Sequence[Answered]) -> str | None:
    """True against predicted scores with the logistic fit; None with fewer than two readable scores."""
    pairs = np.array(_pairs(answers)).reshape(-1, 2)
    if len(pairs) < 2 or (np.ptp(pairs, axis=0) == 0).any():
        return None
    x, y = pairs.T
    frame = _Frame(x=(float(x.min()), float(x.max())), y=(float(y.min()), float(y.max())))
    shapes = [f'<circle cx="{frame.at(a, b)[0]:.1f}" cy="{frame.at(a, b)[1]:.1f}" r="2.5"/>' for a, b in pairs.tolist()]
    if len(pairs) >= LEAST_TO_FIT:
        try:
            grid = np.linspace(*frame.x, 80)
            fitted = logistic(grid, *fit_logistic(x, y))
            points = " ".join("{:.1f},{:.1f}".format(*frame.at(a, b)) for a, b in zip(grid, fitted, strict=True))
            shapes.append(f'<polyline points="{points}"/>')
        except ArgumentError:
            pass  # no fit, no line: the points are still worth showing
    return frame.svg(f"Scores of {len(pairs)} pictures", "predicted", "true", shapes)


def confusion(answers: Sequence[Answered]) -> str | None:
    """True categories (rows) against named ones (columns), counts; "none" where nothing else was named or is true."""
    names = [*(c.value for c in Category), _NOTHING]
    counts = np.zeros((len(names), len(names)), int)
    for answered in answers:
        if answered.item.kind is not Kind.REFER or answered.reply.status is not Status.READ:
            continue
        for true, said in _matched(answered.item.names, answered.reply.names or ()):
            if true in names and said in names:
                counts[names.index(true), names.index(said)] += 1
    if not counts.any():
        return None
    cell = SIDE / len(names)
    shapes = []
    for i, j in np.argwhere(counts).tolist():
        share = counts[i, j] / counts[i].sum()
        place = f'x="{_MARGIN * 2 + j * cell:.1f}" y="{_MARGIN + i * cell:.1f}" width="{cell:.1f}" height="{cell:.1f}"'
        shapes.append(f'<rect class="cell" {place} fill-opacity="{share:.2f}"/>')
        middle = f'x="{_MARGIN * 2 + (j + 0.5) * cell:.1f}" y="{_MARGIN + (i + 0.65) * cell:.1f}"'
        shapes.append(f'<text class="count" {middle}>{counts[i, j]}</text>')
    for i, name in enumerate(names):
        label = html.escape(name.replace("_", " "))
        shapes.append(f'<text class="row" x="{_MARGIN * 2 - 4}" y="{_MARGIN + (i + 0.65) * cell:.1f}">{label}</text>')
        turn = f"translate({_MARGIN * 2 + (i + 0.6) * cell:.1f} {_MARGIN + SIDE + 6}) rotate(60)"
        shapes.append(f'<text class="column" transform="{turn}">{label}</text>')
    return _svg("Distortions: true (rows) and named (columns)", shapes, SIDE + 3 * _MARGIN, SIDE + 3 * _MARGIN)


def reliability(answers: Sequence[Answered]) -> str | None:
    """How often answers of a confidence are right, in ten bins, with the expected calibration error."""
    found = [
        (a.reply.confidence, _is_right(a))
        for a in answers
        if a.reply.confidence is not None and a.reply.status is Status.READ
    ]
    known = np.array([(c, r) for c, r in found if r is not None], np.float64).reshape(-1, 2)
    if not len(known):
        return None
    bins = np.minimum((known[:, 0] * _BINS).astype(int), _BINS - 1)
    frame = _Frame(x=(0.0, 1.0), y=(0.0, 1.0))
    shapes = ['<polyline class="ideal" points="{:.1f},{:.1f} {:.1f},{:.1f}"/>'.format(*frame.at(0, 0), *frame.at(1, 1))]
    error = 0.0
    for number in np.unique(bins).tolist():
        sure, right = known[bins == number].mean(axis=0)
        share = float((bins == number).mean())
        error += share * abs(sure - right)
        x, y = frame.at(float(sure), float(right))
        shapes.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{3 + 12 * math.sqrt(share):.1f}" fill-opacity="0.6"/>')
    title = f"Confidence of {len(known)} answers, calibration error {error:.3f}"
    return frame.svg(title, "confidence", "share that is right", shapes)


def worst(answers: Sequence[Answered]) -> Image.Image | None:
    """The pictures of the worst answers, worst first, with what was true and what was said; None if none is at hand."""
    tiles: list[Image.Image] = []
    for badness, answered in sorted(_badness(answers), key=lambda pair: -pair[0]):
        picture = answered.item.images[-1]
        if badness <= 0 or len(tiles) == _WORST:
            break
        try:
            tiles.append(_tile(Image.fromarray(load(picture)), _caption(answered)))
        except (ImageError, OSError):
            continue  # rescored elsewhere: the picture is not on this machine
    if not tiles:
        return None
    columns = min(4, len(tiles))
    rows = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (columns * (_THUMB + 8), rows * (_THUMB + _CAPTION + 8)), "white")
    for index, tile in enumerate(tiles):
        y, x = divmod(index, columns)
        sheet.paste(tile, (x * (_THUMB + 8) + 4, y * (_THUMB + _CAPTION + 8) + 4))
    return sheet


class _Frame:
    """Axes over a range of values."""

    def __init__(self, *, x: tuple[float, float], y: tuple[float, float]) -> None:
        self.x, self.y = x, y

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a value lies, in pixels."""
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return _MARGIN + across * SIDE, _MARGIN + (1 - up) * SIDE

    def svg(self, title: str, x_name: str, y_name: str, shapes: Sequence[str]) -> str:
        edge, middle = _MARGIN + SIDE, _MARGIN + SIDE / 2
        texts = [
            f'<rect class="frame" x="{_MARGIN}" y="{_MARGIN}" width="{SIDE}" height="{SIDE}"/>',
            f'<text x="{middle}" y="{edge + 40}">{html.escape(x_name)}</text>',
            f'<text transform="translate(16 {middle}) rotate(-90)">{html.escape(y_name)}</text>',
            *(f'<text x="{x}" y="{edge + 18}">{v:.3g}</text>' for x, v in zip((_MARGIN, edge), self.x, strict=True)),
            *(
                f'<text class="row" x="{_MARGIN - 6}" y="{y}">{v:.3g}</text>'
                for y, v in zip((edge, _MARGIN + 8), self.y, strict=True)
            ),
        ]
        return _svg(title, [*texts, *shapes], SIDE + 2 * _MARGIN, SIDE + 2 * _MARGIN)


def _svg(title: str, shapes: Sequence[str], width: int, height: int) -> str:
    style = (
        "text{font:12px sans-serif;text-anchor:middle}.row{text-anchor:end}.column{text-anchor:start}"
        ".frame{fill:none;stroke:#888}circle{fill:#2563eb}polyline{fill:none;stroke:#dc2626;stroke-width:2}"
        ".ideal{stroke:#888;stroke-dasharray:4}.cell{fill:#2563eb}.count{font-size:11px}"
    )
    body = "\n".join(shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'<style>{style}</style><rect width="100%" height="100%" fill="white"/>'
        f'<text x="{width / 2}" y="24" style="font-size:14px">{html.escape(title)}</text>\n{body}\n</svg>\n'
    )


def _pairs(answers: Sequence[Answered]) -> list[tuple[float, float]]:
    """(predicted, true) of all readable scores."""
    kept = [a for a in answers if a.item.kind is Kind.SCORE]
    return [(a.reply.score, a.item.score) for a in kept if a.reply.score is not None and a.item.score is not None]


def _matched(true: Sequence[str], said: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Hits with themselves, then what was missed against what was named instead, in their order."""
    yield from ((name, name) for name in true if name in said)
    missed, false = [n for n in true if n not in said], [n for n in said if n not in true]
    for i in range(max(len(missed), len(false))):
        yield missed[i] if i < len(missed) else _NOTHING, false[i] if i < len(false) else _NOTHING


def _is_right(answered: Answered) -> bool | None:
    item, reply = answered.item, answered.reply
    if item.kind is Kind.COMPARE and item.share_b is not None and item.share_b != 0.5:
        return (item.share_b > 0.5) == (reply.winner == "B")
    if item.kind is Kind.CHOICE and item.right is not None:
        return reply.choice == item.right
    return None


def _badness(answers: Sequence[Answered]) -> Iterator[tuple[float, Answered]]:
    """How bad answers are, 0..1: of scores the distance in rank, of names the missing credit, else right or not."""
    scored = [a for a in answers if a.reply.score is not None and a.item.score is not None]
    if len(scored) > 1:
        predicted, true = (ranks(np.array(column, np.float64)) for column in zip(*_pairs(scored), strict=True))
        yield from zip((np.abs(predicted - true) / len(scored)).tolist(), scored, strict=True)
    for answered in answers:
        if answered.item.kind is Kind.REFER:
            yield 1 - partial_credit(answered.reply.names or (), answered.item.names), answered
        elif (right := _is_right(answered)) is not None:
            yield float(not right), answered


def _caption(answered: Answered) -> tuple[str, str]:
    item, reply = answered.item, answered.reply
    if item.kind is Kind.SCORE:
        return f"true {item.score:.1f}", f"said {reply.score:.1f}"
    if item.kind is Kind.REFER:
        return f"true {', '.join(item.names)}", f"said {', '.join(reply.names or ()) or 'nothing'}"
    if item.kind is Kind.COMPARE:
        return (
            f"true {'B' if (item.share_b or 0) > 0.5 else 'A'}, B is shown",
            f"said {reply.winner or reply.status.value}",
        )
    right = item.options[item.right] if item.right is not None else "?"
    said = item.options[reply.choice] if reply.choice is not None else reply.status.value
    return f"{item.question} {right}", f"said {said}"


def _tile(picture: Image.Image, caption: tuple[str, str]) -> Image.Image:
    picture.thumbnail((_THUMB, _THUMB))
    tile = Image.new("RGB", (_THUMB, _THUMB + _CAPTION), "white")
    tile.paste(picture, ((_THUMB - picture.width) // 2, 0))
    draw = ImageDraw.Draw(tile)
    for line, text in enumerate(caption):
        ascii_only = text.encode("ascii", "replace").decode()
        draw.text((2, _THUMB + 4 + 18 * line), ascii_only[:38], fill="black")
    return tile
