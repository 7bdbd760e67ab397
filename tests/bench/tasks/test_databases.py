"""A tiny made-up folder of each database in its real form."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from quibble.bench.item import Kind
from quibble.bench.tasks.databases import DATABASES, read_database
from quibble.errors import ArgumentError, RecordError


def put(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def put_xlsx(path: Path, sheet: str, rows: list[list[str | float | None]]) -> None:
    """A workbook as spreadsheet programs write it: texts shared, numbers in place."""
    texts = [cell for row in rows for cell in row if isinstance(cell, str)]
    shared = "".join(f"<si><t>{text}</t></si>" for text in texts)
    lines, seen = "", 0
    for number, row in enumerate(rows, start=1):
        cells = ""
        for column, cell in zip("ABCDEFGHIJ", row, strict=False):
            if isinstance(cell, str):
                cells += f'<c r="{column}{number}" t="s"><v>{seen}</v></c>'
                seen += 1
            elif cell is not None:
                cells += f'<c r="{column}{number}"><v>{cell}</v></c>'
        lines += f'<row r="{number}">{cells}</row>'
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    link = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook {space} xmlns:r="{link}"><sheets><sheet name="readme" sheetId="1" r:id="rId1"/>'
            f'<sheet name="{sheet}" sheetId="2" r:id="rId2"/></sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            '<Relationship Id="rId1" Target="worksheets/sheet2.xml"/>'
            '<Relationship Id="rId2" Target="worksheets/sheet2.xml"/></Relationships>',
        )
        archive.writestr("xl/sharedStrings.xml", f"<sst {space}>{shared}</sst>")
        archive.writestr("xl/worksheets/sheet2.xml", f"<worksheet {space}><sheetData>{lines}</sheetData></worksheet>")


def koniq(folder: Path) -> None:
    put(
        folder / "koniq10k_scores_and_distributions.csv",
        '"image_name","c1","MOS","SD"\n"1.jpg",0,3.5,1\n"2.jpg",1,2,1\n',
    )
    put(folder / "1024x768" / "1.jpg")


def spaq(folder: Path) -> None:
    path = folder / "Annotations" / "MOS and Image attribute scores.xlsx"
    put_xlsx(path, "Sheet1", [["Image name", "MOS", "Brightness"], ["1.jpg", 3.5, 60.0], ["2.jpg", 2, 40]])
    put(folder / "TestImage" / "1.jpg")


def live_fb(folder: Path) -> None:
    put(folder / "labels_image.csv", "name,mos,zscore\n1.jpg,3.5,0\n2.jpg,2,0\n")
    put(folder / "database" / "1.jpg")


def live_c(folder: Path) -> None:
    names = np.array([f"t{i}.bmp" for i in range(1, 8)] + ["1.jpg", "2.jpg"], dtype=object)
    (folder / "Data").mkdir()
    (folder / "Images").mkdir()
    savemat(folder / "Data" / "AllImages_release.mat", {"AllImages_release": names})
    savemat(folder / "Data" / "AllMOS_release.mat", {"AllMOS_release": np.array([[9.0] * 7 + [3.5, 2.0]])})


def agiqa(folder: Path) -> None:
    put(folder / "data.csv", "name,prompt,mos_quality,std_quality\n1.jpg,a cat,3.5,0\n2.jpg,a dog,2,0\n")
    put(folder / "images" / "1.jpg")


def cgiqa(folder: Path) -> None:
    put(folder / "mos.csv", "Image,MOS\n1.jpg,3.5\n2.jpg,2\n")
    put(folder / "database" / "1.jpg")


def kadid(folder: Path) -> None:
    put(folder / "dmos.csv", "dist_img,ref_img,dmos,var\nI01_01_01.png,I01.png,3.5,0.4\nI01_01_02.png,I01.png,2,0.4\n")
    put(folder / "images" / "I01_01_01.png")


def tid(folder: Path) -> None:
    put(folder / "mos_with_names.txt", "3.50000 i02_01_1.bmp\n2.00000 I01_01_2.bmp\n\n")
    put(folder / "distorted_images" / "i02_01_1.bmp")


def csiq(folder: Path) -> None:
    rows: list[list[str | float | None]] = [
        [None, None, "by image"],
        [None, None, None, "image", "dst_idx", "dst_type", "dst_lev", "dmos_std", "dmos"],
        [None, None, None, 1600, 1, "noise", 1, 0.1, 0.062],
        [None, None, None, "child", 6, "jpeg 2000", 5, 0.1, 0.9],
    ]
    put_xlsx(folder / "csiq.DMOS.xlsx", "all_by_image", rows)
    put(folder / "dst_imgs" / "awgn" / "1600.AWGN.1.png")


def live(folder: Path) -> None:
    scores, original = np.arange(982.0), np.zeros(982)
    original[0] = 1
    savemat(folder / "dmos_realigned.mat", {"dmos_new": scores, "orgs": original})
    names = np.array(["sky.bmp", "sky.bmp", *["ocean.bmp"] * 980], dtype=object)
    savemat(folder / "refnames_all.mat", {"refnames_all": names.reshape(1, -1)})


def biq(folder: Path) -> None:
    put(folder / "Test (Images and MOS).csv", "Images,MOS\n1.jpg,3.5\n2.jpg,2\n")
    put(folder / "Images" / "1.jpg")


def live_md(folder: Path) -> None:
    for part, place in (("Part 1", "blurjpeg"), ("Part 2", "blurnoise")):
        names = np.array([["sky_1.bmp"], ["sky_1_2.bmp"]], dtype=object)
        put(folder / part / place / "sky.bmp")
        savemat(folder / part / "Imagelists.mat", {"distimgs": names})
        savemat(folder / part / "Scores.mat", {"DMOSscores": np.array([[20.5, 61.0]])})


def mdid(folder: Path) -> None:
    savemat(folder / "MDID_dmos.mat", {"MDID_dmos": np.arange(324.0).reshape(-1, 1)})
    put(folder / "MDID2013" / "org002.png")


NAMES = {"kadid-10k": ["I01_01_01.png", "I01_01_02.png"], "tid2013": ["i02_01_1.bmp", "I01_01_2.bmp"]}
SAME: dict[str, Callable[[Path], None]] = {
    "koniq-10k": koniq,
    "spaq": spaq,
    "live-fb": live_fb,
    "agiqa-3k": agiqa,
    "cgiqa-6k": cgiqa,
    "kadid-10k": kadid,
    "tid2013": tid,
    "biq2021": biq,
}


@pytest.mark.parametrize("name", SAME)
def test_a_database_is_read_as_distributed(name: str, tmp_path: Path) -> None:
    SAME[name](tmp_path)
    items = list(read_database(DATABASES[name], tmp_path))
    assert [item.score for item in items] == [3.5, 2]
    assert [item.id for item in items] == NAMES.get(name, ["1.jpg", "2.jpg"])
    assert {item.kind for item in items} == {Kind.SCORE}
    assert items[0].labels["database"] == DATABASES[name].title
    assert not items[0].reference
    picture = items[0].images[0]
    assert isinstance(picture, Path)
    assert picture.is_file()


def test_every_database_has_a_fixture() -> None:
    assert set(DATABASES) == {*SAME, "live-c", "csiq", "live", "live-md", "mdid2013"}


def test_live_challenge_knows_where_its_training_pictures_are(tmp_path: Path) -> None:
    live_c(tmp_path)
    items = list(read_database(DATABASES["live-c"], tmp_path))
    assert [(i.id, i.score) for i in items[6:]] == [("trainingImages/t7.bmp", 9), ("1.jpg", 3.5), ("2.jpg", 2)]


def test_csiq_is_turned_round_and_its_files_are_named(tmp_path: Path) -> None:
    csiq(tmp_path)
    items = list(read_database(DATABASES["csiq"], tmp_path))
    assert [(i.id, i.score) for i in items] == [
        ("awgn/1600.AWGN.1.png", -0.062),
        ("jpeg2000/child.jpeg2000.5.png", -0.9),
    ]
    picture = items[0].images[0]
    assert isinstance(picture, Path)
    assert picture.is_file()


def test_live_leaves_its_originals_out_and_keeps_its_order(tmp_path: Path) -> None:
    live(tmp_path)
    items = list(read_database(DATABASES["live"], tmp_path))
    assert len(items) == 981
    assert (items[0].id, items[0].score) == ("jp2k/img2.bmp", -1)
    assert (items[226].id, items[226].score) == ("jpeg/img1.bmp", -227)
    assert (items[-1].id, items[-1].score) == ("fastfading/img174.bmp", -981)


def test_live_md_has_two_parts(tmp_path: Path) -> None:
    live_md(tmp_path)
    items = list(read_database(DATABASES["live-md"], tmp_path))
    assert [(i.id, i.score) for i in items[1:3]] == [
        ("Part 1/blurjpeg/sky_1_2.bmp", -61),
        ("Part 2/blurnoise/sky_1.bmp", -20.5),
    ]
    assert items[2].images == (
        tmp_path / "Part 2" / "blurnoise" / "sky.bmp",
        tmp_path / "Part 2" / "blurnoise" / "sky_1.bmp",
    )


def test_mdid2013_numbers_its_pictures(tmp_path: Path) -> None:
    mdid(tmp_path)
    items = list(read_database(DATABASES["mdid2013"], tmp_path))
    assert (len(items), items[27].id, items[27].score, items[27].reference) == (324, "img028.png", -27, True)
    assert items[27].images == tuple(tmp_path / "MDID2013" / name for name in ("org002.png", "img028.png"))
    assert not items[26].reference


def test_originals_are_references_where_they_lie_there_too(tmp_path: Path) -> None:
    for name, make, original, number in (
        ("kadid-10k", kadid, "images/I01.png", 0),
        ("tid2013", tid, "reference_images/I01.BMP", 1),
        ("csiq", csiq, "src_imgs/1600.png", 0),
        ("live", live, "refimgs/ocean.bmp", 1),
    ):
        folder = tmp_path / name
        folder.mkdir()
        make(folder)
        put(folder / original)
        item = list(read_database(DATABASES[name], folder))[number]
        assert item.reference, name
        assert item.images[0] == folder / original


def test_parts_are_told_by_names(tmp_path: Path) -> None:
    put(tmp_path / "mos.csv", "Image,MOS\ngame_1.jpg,3.5\nmovie_1.jpg,2\n")
    assert [i.labels["part"] for i in read_database(DATABASES["cgiqa-6k"], tmp_path)] == ["game", "movie"]


def test_qbenchs_list_is_taken_where_there_is_one(tmp_path: Path) -> None:
    kadid(tmp_path)
    put(tmp_path / "kadid.json", '[{"img_path": "1.jpg", "gt_score": "4.57"}]')
    assert [i.score for i in read_database(DATABASES["kadid-10k"], tmp_path)] == [4.57]


@pytest.mark.parametrize("name", DATABASES)
def test_what_is_missing_is_said_with_where_to_get_it(name: str, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"lacks .*: (download|ask for) .*and put it there"):
        list(read_database(DATABASES[name], tmp_path))


def test_malformed_tables_are_named(tmp_path: Path) -> None:
    spaq(tmp_path)
    path = tmp_path / "Annotations" / "MOS and Image attribute scores.xlsx"
    put_xlsx(path, "Sheet1", [["Name", "MOS"], ["1.jpg", 3.5]])
    with pytest.raises(RecordError, match="columns Image name, MOS"):
        list(read_database(DATABASES["spaq"], tmp_path))
    path.write_bytes(b"no workbook")
    with pytest.raises(RecordError, match="as XLSX"):
        list(read_database(DATABASES["spaq"], tmp_path))
    tid(tmp_path)
    put(tmp_path / "mos_with_names.txt", "3.5\n")
    with pytest.raises(RecordError, match=r"mos_with_names\.txt:1: expected a score and a name"):
        list(read_database(DATABASES["tid2013"], tmp_path))
    live_c(tmp_path)
    (tmp_path / "Data" / "AllMOS_release.mat").write_bytes(b"x" * 200)
    with pytest.raises(RecordError, match="as a MATLAB file"):
        list(read_database(DATABASES["live-c"], tmp_path))
