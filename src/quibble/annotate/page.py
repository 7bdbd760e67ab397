"""The agreement report as one HTML page, which needs no network and no scripts, with JSON beside it."""

from __future__ import annotations

import io
import json
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from quibble.annotate.agreement import Report, Worst, said
from quibble.annotate.answers import Marked, Pathway
from quibble.annotate.export import Judgement
from quibble.annotate.kinds import Kind, text_of
from quibble.annotate.pages import SHOWN_AS
from quibble.annotate.study import ITEMS, Study
from quibble.bench.metrics.masks import Agreement
from quibble.data import ImageEntry
from quibble.data.files import atomic_writer
from quibble.data.sheet import PAGE_HEAD
from quibble.draw import overlay
from quibble.geometry import Region
from quibble.image import ImageArray, load
from quibble.pipelines.shards import writing

PAGE: Final = "agreement.html"
JSON_FILE: Final = "agreement.json"
_SIDE_PX: Final = 480
_JPEG_QUALITY: Final = 88

_STYLE: Final = """
main { display: block; }
section { margin-block: 1.5rem; }
section h2 { font-size: 1.15rem; margin: 0 0 0.4rem; }
section > p { margin: 0.2rem 0 0.6rem; max-width: 60rem; color: var(--quiet); }
section table { width: auto; min-width: 24rem; }
article { margin-bottom: 1.25rem; padding-bottom: 0.8rem; }
.pictures { grid-template-columns: repeat(auto-fill, minmax(min(100%, 18rem), 1fr)); }
.figures { display: flex; flex-wrap: wrap; gap: 2rem; margin: 0.8rem 0; }
.figures b { display: block; font-size: 1.6rem; font-weight: 650; }
section th:last-child { padding-right: 0; }
.apart { background: var(--tint); }
"""

_TOP: Final = "<header><h1>{title}</h1><p>{told}</p></header>\n<main>\n"

_KAPPA: Final = {
    Kind.PATHWAY: "Cohen's kappa on whether a text finds fault with a class, as far as rules can read that.",
    Kind.MASKS: "Cohen's kappa on whether a class is in the picture at all.",
    Kind.QUESTIONNAIRE: "Cohen's kappa, and for answers with an order the same with quadratic weights.",
    Kind.COMPARISON: "Cohen's kappa on the five steps, and the same with quadratic weights.",
}


def write_report(report: Report, study: Study, out: Path) -> Path:
    """Write a report's page and JSON into a folder. Returns the page's path."""
    title = f"Agreement: {study.folder.absolute().name}"
    told = (
        f"{report.kind}: {report.answers} answers to {report.answered} of {report.items} items, {report.shared} "
        "answered by two people or more"
    )
    style = files("quibble.data").joinpath("sheet.css").read_text(encoding="utf-8") + _STYLE
    top = _TOP.format(title=escape(title), told=escape(told))
    parts = [PAGE_HEAD.format(title=escape(title), style=style), top, _figures(report)]
    if report.masks is not None:
        parts.append(_classes(report))
    parts += [_questions(report), _pairs(report), _people(report), _rejects(report)]
    parts += [_worst(report, study), "</main>\n<footer>Made by quibble.</footer>\n</body>\n</html>\n"]
    with writing(out):
        with atomic_writer(out / JSON_FILE) as file:
            file.write(f"{json.dumps(report.to_dict(), indent=1, ensure_ascii=False)}\n".encode())
        with atomic_writer(out / PAGE) as file:
            file.write("".join(parts).encode())
    return out / PAGE


def _figures(report: Report) -> str:
    shown: list[tuple[str, str]] = []
    if report.masks is not None:
        shown.append((_measured(report.masks.overall), "common area over the smaller mask (Q-Ground, eq. 1)"))
        total = report.masks.accepted + report.masks.turned_down
        shown.append((f"{report.masks.accepted} of {total}", "annotations that nobody contradicts"))
    if report.consensus is not None:
        shared = report.consensus
        shown.append((f"{shared.majority} of {shared.items}", "items with a majority on every question"))
        shown.append((f"{shared.unanimous} of {shared.items}", "items that all answered the same"))
    kappas = [question.kappa for question in report.questions if question.kappa is not None]
    shown.append(
        (
            _number(sum(kappas) / len(kappas) if kappas else None),
            f"mean kappa over {len(kappas)} of {len(report.questions)} questions",
        )
    )
    return (
        f'<div class="figures">{"".join(f"<div><b>{value}</b>{escape(name)}</div>" for value, name in shown)}</div>\n'
    )


def _classes(report: Report) -> str:
    assert report.masks is not None
    rows = [
        (name.value, str(found.n), str(found.pairs), _measured(found)) for name, found in report.masks.by_class.items()
    ]
    return _section(
        "Masks by class",
        "Eq. 1 over the masks of one class, on pictures where two people or more drew it; 95% interval over pictures.",
        ("class", "pictures", "pairs", "agreement"),
        rows,
    )


def _questions(report: Report) -> str:
    rows = [
        (row.name, str(row.n), _share(row.same), _number(row.kappa), _number(row.weighted)) for row in report.questions
    ]
    head = ("question", "compared", "the same", "kappa", "weighted")
    width = len(head) if report.consensus is not None else len(head) - 1
    return _section("By question", _KAPPA[report.kind], head[:width], [row[:width] for row in rows])


def _pairs(report: Report) -> str:
    masks = report.masks is not None
    rows = [
        (
            f"{pair.first}, {pair.second}",
            str(pair.items),
            _share(pair.same),
            _number(pair.kappa),
            *((_number(pair.agreement), str(pair.contradictions)) if masks else ()),
        )
        for pair in report.pairs
    ]
    head = ("people", "shared", "the same", "kappa", *(("eq. 1", "contradictions") if masks else ()))
    return _section("By pair of people", "Means over the questions, on what both answered.", head, rows)


def _people(report: Report) -> str:
    rows = [
        (one.name, str(one.answers), str(one.rejected), _number(one.seconds, places=0), str(one.run))
        for one in report.people
    ]
    told = "Median seconds for an item, and the most items without a pause as long as the study's."
    return _section("By person", told, ("person", "answers", "not counted", "seconds", "in a row"), rows)


def _rejects(report: Report) -> str:
    if not report.rejects:
        return ""
    rows = [(reason, str(count)) for reason, count in report.rejects.items()]
    return _section("Not counted", "Annotations that cannot be used, by reason.", ("reason", "annotations"), rows)


def _worst(report: Report, study: Study) -> str:
    if not report.worst:
        return ""
    articles = "".join(_article(one, study) for one in report.worst)
    return f"<section><h2>Worst disagreements</h2>\n<p>The farthest apart first.</p>\n{articles}</section>\n"


def _article(one: Worst, study: Study) -> str:
    first = one.judgements[0]
    pictures = [(image, load(study.folder / ITEMS / image.file)) for image in first.item.images]
    if isinstance(first.answer, Marked):
        shown = _picture(pictures[0][1], "as it is")
        shown += "".join(
            _picture(_marked(each, pictures[0]), f"{each.person}: {_names(each)}") for each in one.judgements
        )
    else:
        shown = "".join(_picture(pixels, str(image.role)) for image, pixels in pictures)
    return (
        f'<article>\n<div class="pictures">{shown}</div>\n<h2>{escape(first.item.id)}</h2>\n'
        f'<p class="facts">{escape(one.why)}</p>\n{_answers(one)}</article>\n'
    )


def _answers(one: Worst) -> str:
    """What each of them wrote, or answered to the questions."""
    texts = [
        (each.person, each.answer.text if isinstance(each.answer, Pathway) else text_of(each.item))
        for each in one.judgements
        if isinstance(each.answer, (Pathway, Marked))
    ]
    if texts:
        # People may have marked a picture by the same text.
        by_text: dict[str, list[str]] = {}
        for name, text in texts:
            by_text.setdefault(text, []).append(name)
        body = "".join(f"<p><b>{escape(', '.join(who))}</b> {escape(text)}</p>" for text, who in by_text.items())
        return f'<div class="turns">{body}</div>\n'
    answers = [(each.person, said(each)) for each in one.judgements]
    rows = []
    for name in answers[0][1]:
        values = [given[name] for _, given in answers]
        mark = ' class="apart"' if len(set(values)) > 1 else ""
        cells = "".join(f"<td{mark}>{escape(value)}</td>" for value in values)
        rows.append(f"<tr><td>{escape(name)}</td>{cells}</tr>")
    head = "".join(f"<th>{escape(name)}</th>" for name in ("question", *(name for name, _ in answers)))
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>\n'


def _marked(one: Judgement, picture: tuple[ImageEntry, ImageArray]) -> ImageArray:
    assert isinstance(one.answer, Marked)
    masks = one.answer.by_class()
    regions = [Region(mask=mask, label=name.value) for name, mask in masks.items()]
    return overlay(picture[1], regions, categories=[SHOWN_AS[name] for name in masks])


def _names(one: Judgement) -> str:
    assert isinstance(one.answer, Marked)
    return ", ".join(f"{name.value} {mask.share:.0%}" for name, mask in one.answer.by_class().items()) or "nothing"


def _picture(pixels: ImageArray, caption: str) -> str:
    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.thumbnail((_SIDE_PX, _SIDE_PX), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=_JPEG_QUALITY)
    data = b64encode(stream.getvalue()).decode("ascii")
    told = escape(caption)
    return (
        f'<figure><img src="data:image/jpeg;base64,{data}" width="{image.width}" height="{image.height}" alt="{told}">'
        f"<figcaption>{told}</figcaption></figure>"
    )


def _section(title: str, told: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    body = "".join(_row("td", row) for row in rows)
    table = f"<table><thead>{_row('th', head)}</thead><tbody>\n{body}</tbody></table>"
    return f"<section><h2>{escape(title)}</h2>\n<p>{escape(told)}</p>\n{table}</section>\n"


def _row(tag: str, cells: Sequence[str]) -> str:
    """A table's row: a name, then numbers."""
    first, *rest = (escape(cell) for cell in cells)
    numbers = "".join(f'<{tag} class="number">{cell}</{tag}>' for cell in rest)
    return f"<tr><{tag}>{first}</{tag}>{numbers}</tr>\n"


def _measured(found: Agreement | None) -> str:
    if found is None:
        return "–"
    value = found.value
    between = f" [{value.low:.2f}, {value.high:.2f}]" if value.low is not None and value.high is not None else ""
    return f"{value.value:.3f}{between}"


def _number(value: float | None, *, places: int = 2) -> str:
    return "–" if value is None else f"{value:.{places}f}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"
