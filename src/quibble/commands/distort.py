"""`quibble distort`: one photograph, one sequence of distortions, on all of it or in regions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from quibble.commands.regions import FILE, box_mask, file_mask, read_box
from quibble.geometry import Box, Mask
from quibble.image import ImageArray, load, save
from quibble.taxonomy import LEVEL_PARAMETERS, Category, Distortion

if TYPE_CHECKING:
    from quibble.data import Record
    from quibble.distort import Regional

_EXAMPLES = """\b
Examples:
  quibble distort --list
  quibble distort photo.jpg --apply blur.gaussian:3 -o blurred.png
  quibble distort photo.jpg --apply blur.motion:4 --apply noise.poisson:2 \\
      --region 40,60,200,120 --region 300,20,80,80 --feather 4 -o out.png --record out.json
  quibble distort photo.jpg --apply darken.gamma_rgb:2.5 --mask sky.png --seed 7 -o out.png
  quibble distort photo.jpg --sheet -o sheet.png
"""


def _complete_step(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name.value) for name in Distortion if name.value.startswith(incomplete)]


def _read_boxes(ctx: click.Context, param: click.Parameter, texts: tuple[str, ...]) -> tuple[Box, ...]:
    return tuple(read_box(text) for text in texts)


def _print_list(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    click.echo(f"{'distortion':<32}parameters at levels 1 to 5")
    for category in Category:
        click.echo(f"{category} ({category.words})" if category.words != category else category)
        for distortion in (d for d in Distortion if d.category is category):
            values = LEVEL_PARAMETERS[distortion].items()
            shown = "; ".join(f"{name} {' '.join(f'{value:g}' for value in levels)}" for name, levels in values)
            click.echo(f"  {distortion:<30}{shown}")
    ctx.exit()


@click.command(epilog=_EXAMPLES)
@click.argument("photo", type=FILE)
@click.option(
    "steps",
    "--apply",
    metavar="NAME[:LEVEL]",
    multiple=True,
    shell_complete=_complete_step,
    help="A distortion and its level from 1 to 5, or between, 3 if left out. Repeatable.",
)
@click.option(
    "boxes",
    "--region",
    metavar="X,Y,W,H",
    multiple=True,
    callback=_read_boxes,
    help="Distort only this box, in pixels from the top left. Repeatable.",
)
@click.option(
    "mask_files",
    "--mask",
    type=FILE,
    multiple=True,
    help="Distort only where this picture, of the photograph's size, is brighter than half. Repeatable.",
)
@click.option(
    "--feather",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="PX",
    help="Fade in over so many pixels inside a region.",
)
@click.option(
    "--seed", type=click.IntRange(0, 2**53 - 1), metavar="N", default=0, show_default=True, help="Of what is random."
)
@click.option("-o", "--output", type=FILE, required=True, help="A .png, .jpg or .webp to write.")
@click.option("--record", type=FILE, help="Write what was done, with masks, as a data record.")
@click.option("--sheet", is_flag=True, help="Draw all distortions at all levels instead.")
@click.option(
    "--list", is_flag=True, is_eager=True, expose_value=False, callback=_print_list, help="List the 35 distortions."
)
def distort(
    photo: Path,
    steps: tuple[str, ...],
    boxes: tuple[Box, ...],
    mask_files: tuple[Path, ...],
    feather: float,
    seed: int,
    output: Path,
    record: Path | None,
    sheet: bool,
) -> None:
    """Distort a photograph, whole or in regions.

    The steps of --apply form one sequence, applied in the order given. Without --region and --mask it is applied
    to the whole picture; with them, to each region on its own (every region draws its own noise and angles),
    and all other pixels stay as they are. Regions must not overlap. For another sequence elsewhere, run again
    on the result.

    The same photograph, options and seed give the same pixels. Write PNG to keep them exactly: JPEG and WebP add
    compression of their own.
    """
    if sheet == bool(steps):
        raise click.UsageError("give the distortions with --apply, or --sheet to see them all")
    _check_outputs(photo, output, record)
    image = load(photo)
    if sheet:
        _reject_with_sheet(boxes=boxes, mask_files=mask_files, feather=feather, record=record)
        from quibble.distort import sheet as draw_sheet

        save(draw_sheet(image, seed=seed), output)
        click.echo(f"{output}: 35 distortions at 5 levels")
        return
    height, width = image.shape[:2]
    masks = [box_mask(box, width=width, height=height) for box in boxes]
    masks += [file_mask(path, width=width, height=height) for path in mask_files]
    if feather and not masks:
        raise click.UsageError("--feather needs a --region or a --mask to fade into")
    result = _apply(image, masks, steps, feather=feather, seed=seed)
    save(result.image, output)
    if record is not None:
        from quibble.data import write_jsonl

        write_jsonl([_record(photo, output, record, result, feather=feather, seed=seed)], record)
    click.echo(f"{output}: {' '.join(steps)} on {_extent(masks)}")


def _apply(image: ImageArray, masks: Sequence[Mask], steps: Sequence[str], *, feather: float, seed: int) -> Regional:
    import numpy as np

    from quibble.distort import Regional, Sequence, apply_all, regional

    plan = Sequence.parse(*steps)
    if masks:
        return regional(image, masks, [plan] * len(masks), seed=seed, feather_px=feather)
    drawn = plan.draw(np.random.default_rng(seed))
    return Regional(image=apply_all(image, drawn), masks=(), degradations=(drawn,))


def _check_outputs(photo: Path, output: Path, record: Path | None) -> None:
    """Nothing that is written may replace the photograph, and a record's picture lies in the record's folder."""
    for path in (output, record):
        if path is not None and path.exists() and photo.exists() and path.samefile(photo):
            raise click.UsageError(f"{path} is the photograph itself; write to another file")
    if record is not None and not output.resolve().is_relative_to(record.resolve().parent):
        raise click.UsageError(f"a record names its picture by a path below its own folder: put {output} there")


def _reject_with_sheet(**options: object) -> None:
    names = {"boxes": "--region", "mask_files": "--mask"}
    for name, value in options.items():
        if value:
            raise click.UsageError(f"{names.get(name, f'--{name}')} does not go with --sheet")


def _record(photo: Path, output: Path, record: Path, result: Regional, *, feather: float, seed: int) -> Record:
    from quibble.data import ImageEntry, Record, RegionEntry, Role

    height, width = result.image.shape[:2]
    if result.masks:
        parts = zip(result.masks, result.degradations, strict=True)
        regions = tuple(RegionEntry(image=0, mask=mask, box=mask.box, degradations=drawn) for mask, drawn in parts)
    else:
        whole = Box(x0=0, y0=0, x1=width, y1=height)
        regions = (RegionEntry(image=0, box=whole, degradations=result.degradations[0]),)
    entry = ImageEntry(
        role=Role.SINGLE,
        file=output.resolve().relative_to(record.resolve().parent).as_posix(),
        width=width,
        height=height,
        sha256=_sha256(output),
    )
    return Record(
        id=output.stem,
        task="distort",
        images=(entry,),
        turns=(),
        regions=regions,
        source=photo.name,
        source_sha256=_sha256(photo),
        seed=seed,
        extra={"feather_px": feather} if feather else {},
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _extent(masks: Sequence[Mask]) -> str:
    if not masks:
        return "the whole picture"
    count = "1 region" if len(masks) == 1 else f"{len(masks)} regions"
    return f"{count}, {sum(mask.share for mask in masks):.1%} of the picture"
