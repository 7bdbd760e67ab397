"""Tables in the formats of spreadsheets and MATLAB, as some databases are distributed."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from quibble.errors import MissingExtraError, RecordError

_SPACE: Final = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
_LINK: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
#: A table is small beside this; more is a bomb or no table.
_MOST_BYTES: Final = 200 * 2**20


def read_xlsx(path: Path, columns: Sequence[str], *, sheet: str | None = None) -> Iterator[dict[str, str]]:
    """The rows below the first line that holds all of `columns`, by the names in that line. Empty rows are left out.

    sheet: by name; the first one without. Raises RecordError if there is no such sheet or line.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MOST_BYTES:
                raise RecordError("is larger than any table of scores when unpacked", file=str(path))
            texts = _texts(archive)
            root = ElementTree.fromstring(archive.read(_sheet_file(archive, sheet, path)))
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError) as error:
        raise RecordError(f"cannot be read as XLSX ({error})", file=str(path)) from error
    names: dict[str, str] | None = None
    for row in root.iterfind(".//m:row", _SPACE):
        cells = {re.sub(r"\d", "", cell.get("r", "")): _value(cell, texts) for cell in row.iterfind("m:c", _SPACE)}
        if names is None:
            names = cells if set(columns) <= set(cells.values()) else None
        elif any(cells.values()):
            yield {name: cells.get(column, "") for column, name in names.items()}
    if names is None:
        raise RecordError(f"expected a line with the columns {', '.join(columns)}", file=str(path))


def read_mat(path: Path) -> dict[str, Any]:
    """The variables of a MATLAB file. Raises RecordError for another file. Needs the extra `data` (scipy)."""
    try:
        from scipy.io import loadmat
    except ImportError as error:
        raise MissingExtraError("scipy", "data") from error
    try:
        return dict(loadmat(path, squeeze_me=True))
    except (ValueError, TypeError, NotImplementedError) as error:
        raise RecordError(f"cannot be read as a MATLAB file ({error})", file=str(path)) from error


def _texts(archive: zipfile.ZipFile) -> list[str]:
    """The texts that cells refer to by number."""
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    root = ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))
    return [
        "".join(part.text or "" for part in item.iterfind(".//m:t", _SPACE)) for item in root.iterfind("m:si", _SPACE)
    ]


def _sheet_file(archive: zipfile.ZipFile, sheet: str | None, path: Path) -> str:
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    sheets = {s.get("name"): s.get(_LINK) for s in book.iterfind("m:sheets/m:sheet", _SPACE)}
    if sheet is not None and sheet not in sheets:
        raise RecordError(f"expected a sheet {sheet!r}, found {', '.join(map(str, sheets))}", file=str(path))
    wanted = sheets[sheet] if sheet is not None else next(iter(sheets.values()))
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    target = next(str(link.get("Target")) for link in links if link.get("Id") == wanted)
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _value(cell: ElementTree.Element, texts: Sequence[str]) -> str:
    kind = cell.get("t")
    if kind == "inlineStr":
        return "".join(part.text or "" for part in cell.iterfind(".//m:t", _SPACE)).strip()
    value = cell.findtext("m:v", "", _SPACE)
    return (texts[int(value)] if kind == "s" and value else value).strip()
