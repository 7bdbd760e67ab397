"""Regions on the command line: boxes as x,y,w,h and masks as pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from quibble.errors import ArgumentError
from quibble.geometry import Box, Mask
from quibble.image import load

FILE: Final = click.Path(path_type=Path, dir_okay=False)


def read_box(text: str) -> Box:
    """A box from x,y,w,h in whole pixels. Raises click.BadParameter."""
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter(f"expected whole pixels x,y,w,h such as 40,60,200,120, found {text!r}") from None
    if width < 1 or height < 1:
        raise click.BadParameter(f"expected at least 1 pixel of width and height, found {text!r}")
    return Box.from_xywh(x, y, width, height)


def write_box(box: Box) -> str:
    """The inverse of read_box, rounded to whole pixels."""
    x0, y0, x1, y1 = (round(edge) for edge in box.to_list())
    return f"{x0},{y0},{x1 - x0},{y1 - y0}"


def box_mask(box: Box, *, width: int, height: int) -> Mask:
    """The pixels of a box in a picture. Raises ArgumentError if it leaves the picture."""
    if box.clip(width=width, height=height) != box:
        raise ArgumentError(f"region {write_box(box)} leaves the picture, which is {width} x {height}")
    return Mask.from_box(box, width=width, height=height)


def file_mask(path: Path, *, width: int, height: int) -> Mask:
    """The bright pixels of a picture as a mask. Raises ArgumentError if there are none or its size is another."""
    bright = load(path).max(axis=2) >= 128
    if bright.shape != (height, width):
        raise ArgumentError(
            f"mask {path} is {bright.shape[1]} x {bright.shape[0]}, but the picture is {width} x {height}; "
            "make it the same size"
        )
    if not bright.any():
        raise ArgumentError(f"mask {path} has no pixel of 128 or more; draw the region in white on black")
    return Mask.from_array(bright)


def region_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options --region and --mask for one region; the command gets `box` and `mask_file`."""
    box = click.option(
        "box",
        "--region",
        metavar="X,Y,W,H",
        callback=lambda ctx, param, text: None if text is None else read_box(text),
        help="Only this box, in pixels from the top left.",
    )
    mask = click.option(
        "mask_file",
        "--mask",
        type=FILE,
        help="Only where this picture, of the photograph's size, is brighter than half.",
    )
    return box(mask(command))


def one_region(box: Box | None, mask_file: Path | None, *, width: int, height: int) -> Mask | None:
    """The region that was asked for, if any."""
    if box is not None and mask_file is not None:
        raise click.UsageError("give the region with --region or with --mask, not with both")
    if box is not None:
        return box_mask(box, width=width, height=height)
    return None if mask_file is None else file_mask(mask_file, width=width, height=height)
