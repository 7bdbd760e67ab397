"""BAPPS as distributed, and DepictQA's sets: M-BAPPS, DQ-495K and comparisons that become scores by voting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from quibble.bench.item import Item, Kind
from quibble.bench.objects import Object, below, need_number, pick, read_objects
from quibble.bench.reply import read_names
from quibble.errors import ArgumentError, RecordError

BAPPS: Final = "download the 2AFC validation sets of BAPPS with github.com/richzhang/PerceptualSimilarity"
DEPICTQA: Final = (
    "download DataDepictQA (huggingface.co/datasets/zhiyuanyou/DataDepictQA) and give its folder, in which BAPPS, "
    "KADIS700K and the like lie"
)
FULL_REFERENCE: Final = "full reference"
NO_REFERENCE: Final = "no reference"

#: The folders of BAPPS's validation set in the two groups of DepictQA's table 2a, and the rest.
GROUPS: Final[Mapping[str, str]] = {
    "traditional": "traditional",
    "cnn": "cnn",
    "superres": "real",
    "deblur": "real",
    "color": "real",
    "frameinterp": "real",
}


def read_bapps(folder: Path) -> Iterator[Item]:
    """BAPPS: 2afc/val/GROUP/{ref,p0,p1}/NAME.png and judge/NAME.npy, the share of people who find p1 nearer to ref."""
    root = folder
    for part in ("2afc", "val"):
        root = root / part if (root / part).is_dir() else root
    groups = [name for name in GROUPS if (root / name / "judge").is_dir()]
    if not groups:
        raise ArgumentError(f"{folder} lacks 2afc/val/traditional and the like: {BAPPS}, and put it there")
    for group in groups:
        place = root / group
        for judged in sorted((place / "judge").glob("*.npy")):
            share = np.load(judged, allow_pickle=False).reshape(-1)
            if share.size != 1 or not 0 <= share[0] <= 1:
                raise RecordError(f"expected one share in 0..1, found {share.tolist()!r:.60}", file=str(judged))
            yield Item(
                id=f"{group}/{judged.stem}",
                kind=Kind.COMPARE,
                images=tuple(place / part / f"{judged.stem}.png" for part in ("ref", "p0", "p1")),
                reference=True,
                share_b=float(share[0]),
                labels={"group": GROUPS[group], "set": group},
            )


def read_m_bapps(folder: Path) -> Iterator[Item]:
    """M-BAPPS: BAPPS/metas/test_*.json below DataDepictQA. Comparisons, descriptions of a picture, and reasons."""
    yield from _read(folder, _files(folder, "BAPPS"))


def read_dq_495k(folder: Path) -> Iterator[Item]:
    """DQ-495K's tasks below DataDepictQA: KADIS700K/*/metas/test_*.json (names of distortions, and texts), and the
    comparisons of other databases' pictures, DATABASE/metas/test_*.json.
    """
    made = sorted(folder.glob("KADIS700K/*/metas")) or sorted(folder.glob("KADIS700K_s384/*/metas"))
    if not made:
        raise ArgumentError(f"{folder} lacks KADIS700K/*/metas: {DEPICTQA}")
    yield from _read(folder, [file for place in made for file in sorted(place.glob("test_*.json"))])
    for database in ("KADID10K", "PIPAL", "TID2013", "LIVEMD", "MDID2013"):
        if (folder / database / "metas").is_dir():
            yield from _read(folder, _files(folder, database))


def read_votes(folder: Path, database: str) -> Iterator[Item]:
    """Comparisons of all versions of each original, with people's scores of both.

    DATABASE/metas_srcc_plcc_voting below DataDepictQA: test_refAB_single_*.json has the pairs, test_ref_dist_mos_*.json
    the scores, {original: {"dist_paths": [...], "mos_list": [...]}}.
    """
    place = below(folder, f"{database}/metas_srcc_plcc_voting", get=DEPICTQA)
    scores = {}
    for path in sorted(place.glob("test_ref_dist_mos_*.json")):
        for entry in read_objects(path):
            for original, versions in entry.items():
                names = pick(versions, ["dist_paths"], file=str(path), index=0)
                found = pick(versions, ["mos_list"], file=str(path), index=0)
                for index, (name, score) in enumerate(zip(names, found, strict=True)):
                    scores[name] = original, need_number(score, "mos_list", file=str(path), index=index)
    for path in sorted(place.glob("test_refAB_*.json")):
        for index, item in enumerate(read_objects(path)):
            sides = [str(pick(item, [field], file=str(path), index=index)) for field in ("image_A", "image_B")]
            if missing := [side for side in sides if side not in scores]:
                raise RecordError(f"item {index} compares {missing[0]}, which has no score", file=str(path))
            yield Item(
                id=f"{path.stem}:{pick(item, ['id'], file=str(path), index=index)}",
                kind=Kind.COMPARE,
                images=tuple(folder / name for name in (str(item["image_ref"]), *sides)),
                reference=True,
                question=str(pick(item, ["query"], file=str(path), index=index)),
                scores=(scores[sides[0]][1], scores[sides[1]][1]),
                labels={"original": scores[sides[0]][0]},
            )


def _files(folder: Path, database: str) -> list[Path]:
    """The test files of a database; of those that only differ in the pictures' size, the larger pictures' one."""
    metas = below(folder, f"{database}/metas", get=DEPICTQA)
    files = sorted(metas.glob("test_*.json"))
    if not files:
        raise ArgumentError(f"{metas} lacks test_*.json: {DEPICTQA}")
    return [file for file in files if not file.stem.endswith("_s64") or len(files) == 1]


def _read(folder: Path, files: Sequence[Path]) -> Iterator[Item]:
    for path in files:
        for index, item in enumerate(read_objects(path)):
            yield _depictqa(item, folder, path, index)


def _depictqa(item: Object, folder: Path, path: Path, index: int) -> Item:
    """{id, image_ref, image_A, image_B, query, answer}, pictures by their paths below `folder`.

    What is asked is told by the true answer: "Image A" or "Image B" of two pictures, names of distortions, else a text.
    """
    file = str(path)
    names = [item.get(field) for field in ("image_ref", "image_A", "image_B")]
    answer = str(pick(item, ["answer", "text"], file=file, index=index)).strip()
    pair = names[2] is not None
    compares = pair and answer.rstrip(".") in ("Image A", "Image B")
    refers = not pair and "brief" in str(path.relative_to(folder))
    kind = Kind.COMPARE if compares else Kind.REFER if refers else Kind.DESCRIBE
    known = read_names(answer) if refers else ()
    if known is None:
        raise RecordError(f"item {index} has the answer {answer!r}; expected names of distortions", file=file)
    return Item(
        id=f"{path.relative_to(folder).with_suffix('').as_posix()}:{pick(item, ['id'], file=file, index=index)}",
        kind=kind,
        images=tuple(folder / str(name) for name in names if name is not None),
        reference=names[0] is not None,
        question=str(pick(item, ["query"], file=file, index=index)),
        share_b=float(answer.startswith("Image B")) if compares else None,
        answer=answer if kind is Kind.DESCRIBE else None,
        context=_known(item) if kind is Kind.DESCRIBE else "",
        names=known,
        labels={
            "setting": FULL_REFERENCE if names[0] is not None else NO_REFERENCE,
            "group": _group(path.relative_to(folder), str(names[1])),
        },
    )


def _group(path: Path, picture: str) -> str:
    """BAPPS's group of a picture, the number of distortions, or else the database."""
    for part in Path(picture).parts:
        if part in GROUPS:
            return GROUPS[part]
    for mark, words in (("_sd_", "one distortion"), ("_md_", "several distortions")):
        if mark in path.stem:
            return words
    return path.parts[0]


#: The parts of M-BAPPS's questionnaire.
_QUESTIONNAIRE: Final = ("texture", "distortion", "comparison", "overall")


def _known(item: Object) -> str:
    """The filled questionnaire, which DepictQA's judge is told."""
    return "\n".join(line for field in _QUESTIONNAIRE for line in _lines(field, item.get(field)))


def _lines(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _lines(f"{name}, {key}", inner)
    elif value not in (None, ""):
        yield f"{name}: {value}"
