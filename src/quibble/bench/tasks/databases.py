"""Databases of scores, each in the form in which its authors distribute it, or as Q-Bench's JSON list.

Scores are as distributed but turned so that higher is better; correlations do not depend on their scale. Where the
originals of damaged pictures lie there too, they come as references, for measures that need one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from quibble.bench.item import Item, Kind
from quibble.bench.objects import below, need_number, pick, read_objects
from quibble.bench.tasks.sheets import read_mat, read_xlsx
from quibble.errors import RecordError

Scores = Iterator[tuple[str, float]]


@dataclass(frozen=True, kw_only=True)
class Database:
    """A database. read: folder to (path of a picture below `images`, score). lower: whether its scores are DMOS-like.

    qbench: the name of its list at Q-Bench (a3_iqa_databases/jsons), which is taken where the folder has it. original:
    the folder and a picture's path below `images` to where its original should be. parted: pictures are of several
    parts, the words before the "_" of their names, of whose figures the papers give the mean.
    """

    title: str
    get: str
    read: Callable[[Path], Scores]
    images: tuple[str, ...]
    lower: bool = False
    qbench: str | None = None
    original: Callable[[Path, str], Path | None] | None = None
    parted: bool = False


def read_database(database: Database, folder: Path) -> Iterator[Item]:
    """The pictures of a database with their scores. Raises ArgumentError saying what is missing and where to get it."""
    lists = folder / database.qbench if database.qbench else None
    pairs = _qbench_list(lists) if lists is not None and lists.is_file() else database.read(folder)
    sign = 1 if lists is not None and lists.is_file() else -1 if database.lower else 1
    images = below(folder, *database.images, get=database.get)
    for name, score in pairs:
        original = database.original(folder, name) if database.original else None
        reference = (original,) if original is not None and original.is_file() else ()
        part = {"part": name.partition("_")[0]} if database.parted else {}
        yield Item(
            id=name,
            kind=Kind.SCORE,
            images=(*reference, images / name),
            reference=bool(reference),
            score=sign * score,
            labels={"database": database.title, **part},
        )


def _qbench_list(path: Path) -> Scores:
    for index, item in enumerate(read_objects(path)):
        name = str(pick(item, ["img_path"], file=str(path), index=index))
        yield name, need_number(item.get("gt_score"), "gt_score", file=str(path), index=index)


def _csv(file: str, name: str, score: str, get: str) -> Callable[[Path], Scores]:
    def read(folder: Path) -> Scores:
        path = below(folder, *file.split("|"), get=get)
        rows = read_xlsx(path, [name, score]) if path.suffix == ".xlsx" else iter(read_objects(path))
        for index, row in enumerate(rows):
            found = str(pick(row, [name], file=str(path), index=index))
            yield (
                found,
                need_number(pick(row, [score], file=str(path), index=index), score, file=str(path), index=index),
            )

    return read


def _lines(file: str, get: str) -> Callable[[Path], Scores]:
    """Lines of a score and a name in either order, as TID2013's mos_with_names.txt."""

    def read(folder: Path) -> Scores:
        path = below(folder, file, get=get)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            words = line.split()
            if not words:
                continue
            if len(words) != 2:
                raise RecordError(f"expected a score and a name, found {line!r:.60}", file=str(path), line=number)
            score, name = words
            yield name, need_number(score, "the score", file=str(path), index=number - 1)

    return read


def _live_challenge(folder: Path) -> Scores:
    data = below(folder, "Data", get=_LIVEC)
    names = read_mat(below(data, "AllImages_release.mat", get=_LIVEC))["AllImages_release"]
    scores = read_mat(below(data, "AllMOS_release.mat", get=_LIVEC))["AllMOS_release"]
    if len(names) != len(scores):
        raise RecordError(f"expected as many scores as names, found {len(scores)} and {len(names)}", file=str(data))
    # The first seven are the observers' training pictures, which lie in a folder of their own.
    for index, (name, score) in enumerate(zip(names, scores, strict=True)):
        yield (f"trainingImages/{name}" if index < 7 else str(name)), float(score)


#: LIVE's folders in the order of its dmos.mat, with their numbers of pictures.
_LIVE_FOLDERS: Final = (("jp2k", 227), ("jpeg", 233), ("wn", 174), ("gblur", 174), ("fastfading", 174))


def _live(folder: Path) -> Scores:
    found = read_mat(below(folder, "dmos_realigned.mat", "dmos.mat", get=_LIVE))
    scores = found.get("dmos_new", found.get("dmos"))
    total = sum(count for _, count in _LIVE_FOLDERS)
    if scores is None or len(scores) != total or len(found["orgs"]) != total:
        raise RecordError(f"expected {total} scores and as many flags 'orgs'", file=str(folder))
    names = [f"{place}/img{i + 1}.bmp" for place, count in _LIVE_FOLDERS for i in range(count)]
    # Pictures that are the originals have a difference of 0 by definition and are left out, as is usual.
    for name, score, original in zip(names, scores, found["orgs"], strict=True):
        if not original:
            yield name, float(score)


_CSIQ_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "noise": ("awgn", "AWGN"),
    "blur": ("blur", "BLUR"),
    "contrast": ("contrast", "contrast"),
    "fnoise": ("fnoise", "fnoise"),
    "jpeg": ("jpeg", "JPEG"),
    "jpeg 2000": ("jpeg2000", "jpeg2000"),
}


def _csiq(folder: Path) -> Scores:
    path = below(folder, "csiq.DMOS.xlsx", get=_CSIQ)
    columns = ["image", "dst_type", "dst_lev", "dmos"]
    for index, row in enumerate(read_xlsx(path, columns, sheet="all_by_image")):
        if not row["image"]:
            continue
        if row["dst_type"] not in _CSIQ_NAMES:
            raise RecordError(f"expected one of {', '.join(_CSIQ_NAMES)}, found {row['dst_type']!r}", file=str(path))
        place, word = _CSIQ_NAMES[row["dst_type"]]
        level = int(need_number(row["dst_lev"], "dst_lev", file=str(path), index=index))
        score = need_number(row["dmos"], "dmos", file=str(path), index=index)
        yield f"{place}/{row['image'].removesuffix('.0')}.{word}.{level}.png", score


#: LIVE-MD's parts, with the folders of their pictures.
_LIVE_MD_PARTS: Final = (("Part 1", "blurjpeg"), ("Part 2", "blurnoise"))


def _live_md(folder: Path) -> Scores:
    for part, place in _LIVE_MD_PARTS:
        lists = below(folder, f"{part}/Imagelists.mat", f"{part.replace(' ', '')}/Imagelists.mat", get=_LIVE_MD)
        names, scores = read_mat(lists)["distimgs"], read_mat(lists.with_name("Scores.mat"))["DMOSscores"]
        if len(names) != len(scores):
            raise RecordError(
                f"expected as many scores as names, found {len(scores)} and {len(names)}", file=str(lists)
            )
        for name, score in zip(names, scores, strict=True):
            yield f"{lists.parent.name}/{place}/{name}", float(score)


def _mdid2013(folder: Path) -> Scores:
    scores = read_mat(below(folder, "MDID_dmos.mat", get=_MDID))["MDID_dmos"]
    for index, score in enumerate(scores, start=1):
        yield f"img{index:03d}.png", float(score)


def _kadid_original(folder: Path, name: str) -> Path:
    return folder / "images" / f"{name.partition('_')[0]}.png"


def _tid_original(folder: Path, name: str) -> Path | None:
    # I01.BMP to I24.BMP, but i25.bmp; damaged pictures begin with i and I too.
    wanted = f"{name.partition('_')[0]}.bmp".lower()
    return next((file for file in folder.glob("reference_images/*") if file.name.lower() == wanted), None)


def _csiq_original(folder: Path, name: str) -> Path:
    return folder / "src_imgs" / f"{name.rpartition('/')[2].partition('.')[0]}.png"


def _live_original(folder: Path, name: str) -> Path | None:
    originals = _live_originals(folder)
    return folder / "refimgs" / originals[name] if name in originals else None


@cache
def _live_originals(folder: Path) -> Mapping[str, str]:
    path = folder / "refnames_all.mat"
    if not path.is_file():
        return {}
    names = [f"{place}/img{i + 1}.bmp" for place, count in _LIVE_FOLDERS for i in range(count)]
    return dict(zip(names, map(str, read_mat(path)["refnames_all"]), strict=True))


def _live_md_original(folder: Path, name: str) -> Path:
    return (folder / name).with_name(f"{Path(name).name.partition('_')[0]}.bmp")


def _mdid_original(folder: Path, name: str) -> Path:
    """27 versions each of 12 originals."""
    number = (int(name.removeprefix("img").removesuffix(".png")) - 1) // 27 + 1
    return below(folder, "MDID2013", ".", get=_MDID) / f"org{number:03d}.png"


_KONIQ: Final = "download koniq10k_1024x768.zip and the scores from database.mmsp-kn.de"
_SPAQ: Final = "download SPAQ (TestImage and Annotations) from github.com/h4nwei/SPAQ"
_FLIVE: Final = "download LIVE-FB's pictures and labels_image.csv from github.com/niu-haoran/FLIVE_Database"
_LIVEC: Final = "ask for ChallengeDB_release at live.ece.utexas.edu/research/ChallengeDB"
_AGIQA: Final = "download AGIQA-3K (data.csv and pictures) from github.com/lcysyzxdxc/AGIQA-3k-Database"
_CGIQA: Final = "download CGIQA-6K (database and mos.csv) from github.com/zzc-1998/CGIQA6K"
_KADID: Final = "download kadid10k.zip from database.mmsp-kn.de"
_TID: Final = "download tid2013.rar from ponomarenko.info/tid2013.htm"
_CSIQ: Final = "download dst_imgs, src_imgs and csiq.DMOS.xlsx of CSIQ from s2.smu.edu/~eclarson/csiq.html"
_LIVE: Final = "ask for the LIVE database, release 2, at live.ece.utexas.edu/research/Quality"
_LIVE_MD: Final = (
    "ask for LIVE Multiply Distorted (Part 1 and Part 2) at "
    "live.ece.utexas.edu/research/quality/live_multidistortedimage.html"
)
_MDID: Final = "ask for MDID2013 (pictures and MDID_dmos.mat) from its authors, Gu et al. 2014"
_BIQ: Final = "download BIQ2021 from github.com/nisarahmedrana/BIQ2021"

DATABASES: Final[Mapping[str, Database]] = {
    "koniq-10k": Database(
        title="KonIQ-10k",
        get=_KONIQ,
        read=_csv("koniq10k_scores_and_distributions.csv", "image_name", "MOS", _KONIQ),
        images=("1024x768", "512x384"),
        qbench="koniq.json",
    ),
    "spaq": Database(
        title="SPAQ",
        get=_SPAQ,
        read=_csv("Annotations/MOS and Image attribute scores.xlsx", "Image name", "MOS", _SPAQ),
        images=("TestImage",),
        qbench="spaq.json",
    ),
    "live-fb": Database(
        title="LIVE-FB",
        get=_FLIVE,
        read=_csv("labels_image.csv", "name", "mos", _FLIVE),
        images=("database", "."),
        qbench="flive.json",
    ),
    "live-c": Database(title="LIVE-itw", get=_LIVEC, read=_live_challenge, images=("Images",), qbench="livec.json"),
    "agiqa-3k": Database(
        title="AGIQA-3K",
        get=_AGIQA,
        read=_csv("data.csv", "name", "mos_quality", _AGIQA),
        images=("images", "."),
        qbench="agi.json",
    ),
    "cgiqa-6k": Database(
        title="CGIQA-6K",
        get=_CGIQA,
        read=_csv("mos.csv", "Image", "MOS", _CGIQA),
        images=("database", "images", "."),
        qbench="cgi.json",
        parted=True,
    ),
    "kadid-10k": Database(
        title="KADID-10K",
        get=_KADID,
        # Its column is called dmos, but its scores run from 1, bad, to 5.
        read=_csv("dmos.csv", "dist_img", "dmos", _KADID),
        images=("images", "distorted_images"),
        qbench="kadid.json",
        original=_kadid_original,
    ),
    "tid2013": Database(
        title="TID2013",
        get=_TID,
        read=_lines("mos_with_names.txt", _TID),
        images=("distorted_images",),
        original=_tid_original,
    ),
    "csiq": Database(title="CSIQ", get=_CSIQ, read=_csiq, images=("dst_imgs",), lower=True, original=_csiq_original),
    "live": Database(title="LIVE", get=_LIVE, read=_live, images=(".",), lower=True, original=_live_original),
    "live-md": Database(
        title="LIVE-MD", get=_LIVE_MD, read=_live_md, images=(".",), lower=True, original=_live_md_original
    ),
    "mdid2013": Database(
        title="MDID2013",
        get=_MDID,
        read=_mdid2013,
        images=("MDID2013", "."),
        lower=True,
        original=_mdid_original,
    ),
    "biq2021": Database(
        title="BIQ2021",
        get=_BIQ,
        read=_csv("Test (Images and MOS).csv", "Images", "MOS", _BIQ),
        images=("Images", "."),
    ),
}
