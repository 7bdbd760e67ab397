"""What people answered, read from Label Studio's results: pathway feedback, masks, and questionnaires."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from quibble.annotate.brush import decode
from quibble.annotate.kinds import Kind
from quibble.annotate.pages import CLEAN, PART
from quibble.data import ImageEntry, Record
from quibble.errors import ArgumentError, QuibbleError
from quibble.geometry import Mask
from quibble.pipelines.depict.questionnaire import Aspect, Comparison, Degree, Questionnaire, Step
from quibble.taxonomy import QGroundClass

Results = Sequence[Mapping[str, Any]]

#: What the steps are if A and B are exchanged.
_MIRRORED: Final = dict(zip(Step, reversed(Step), strict=True))


@dataclass(frozen=True, kw_only=True)
class Pathway:
    """A description, and the conclusion from it."""

    description: str
    conclusion: str

    @property
    def text(self) -> str:
        """Both, as the feedback that datasets hold."""
        return f"{self.description} {self.conclusion}"


@dataclass(frozen=True, kw_only=True)
class Marked:
    """Masks with their classes, in the order in which they were drawn; several may be of one class, and overlap."""

    masks: tuple[tuple[QGroundClass, Mask], ...]

    def by_class(self) -> dict[QGroundClass, Mask]:
        """One mask a class, the classes that are nowhere left out."""
        found: dict[QGroundClass, Mask] = {}
        for name, mask in self.masks:
            there = found.get(name)
            found[name] = mask if there is None else Mask.from_array(there.to_array() | mask.to_array())
        return {name: found[name] for name in QGroundClass if name in found}


Answer = Pathway | Marked | Questionnaire | Comparison


class UnusableError(QuibbleError):
    """An annotation cannot be used. reason: short, to be counted. detail: what exactly."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason}: {detail}" if detail else reason)


def read(kind: Kind, results: Results, item: Record, *, swap: bool = False) -> Answer:
    """The answer that an annotation's results hold. swap: A was shown as B. Raises UnusableError if they hold none."""
    try:
        if kind is Kind.PATHWAY:
            return Pathway(description=_text(results, "description"), conclusion=_text(results, "conclusion"))
        if kind is Kind.MASKS:
            return _marked(results, item.images[0])
        return _questionnaire(results) if kind is Kind.QUESTIONNAIRE else _comparison(results, swap=swap)
    except (KeyError, TypeError, AttributeError) as error:
        raise UnusableError("results of another form", repr(error)) from error


def _marked(results: Results, image: ImageEntry) -> Marked:
    masks = []
    for result in results:
        if result.get("from_name") != "mask":
            continue
        label = result["value"].get("brushlabels") or [""]
        if label == [PART]:
            continue
        if len(label) != 1 or label[0] not in set(QGroundClass):
            raise UnusableError("another label than the five", f"found {', '.join(map(str, label))}")
        size = result["original_width"], result["original_height"]
        if size != (image.width, image.height) or result.get("image_rotation"):
            expected = f"{image.width} x {image.height}"
            raise UnusableError("a mask of another size than the picture", f"{size[0]} x {size[1]} on {expected}")
        try:
            mask = decode(result["value"]["rle"], width=image.width, height=image.height)
        except ArgumentError as error:
            raise UnusableError("a damaged mask", str(error)) from error
        if mask.area:
            masks.append((QGroundClass(label[0]), mask))
    clean = bool(_chosen(results, "clean"))
    if clean == bool(masks):
        if clean:
            raise UnusableError("masks, and yet nothing to mark", f"{len(masks)} masks beside {CLEAN!r}")
        raise UnusableError("nothing marked", f"no mask with a class, and {CLEAN!r} is not chosen")
    return Marked(masks=tuple(masks))


def _questionnaire(results: Results) -> Questionnaire:
    names = ("texture", "damage", *Aspect, "overall")
    answers = {name: _only(results, name) for name in names}
    remarks = {aspect.value: text for aspect in Aspect if (text := " ".join(_texts(results, f"remark_{aspect}")))}
    # Their field is hidden where nothing is distorted, and what was typed before stays behind it.
    remarks = {name: text for name, text in remarks.items() if answers[name] != Degree.NONE}
    try:
        return Questionnaire.from_dict(
            {
                "texture": answers["texture"],
                "damage": answers["damage"],
                "degrees": {aspect.value: answers[aspect] for aspect in Aspect},
                "overall": answers["overall"],
                "remarks": remarks,
            }
        )
    except ArgumentError as error:
        raise UnusableError("an answer that is not on the page", str(error)) from error


def _comparison(results: Results, *, swap: bool) -> Comparison:
    answers = {name: _only(results, name) for name in (*Aspect, "overall")}
    try:
        steps = {name: _MIRRORED[Step(step)] if swap else Step(step) for name, step in answers.items()}
    except ValueError as error:
        raise UnusableError("an answer that is not on the page", str(error)) from error
    return Comparison(steps={aspect: steps[aspect] for aspect in Aspect}, overall=steps["overall"])


def _text(results: Results, name: str) -> str:
    text = " ".join(_texts(results, name))
    if not text:
        raise UnusableError("a half annotation", f"no {name}")
    return text


def _only(results: Results, name: str) -> str:
    found = _chosen(results, name)
    if not found:
        raise UnusableError("a half annotation", f"no answer to {name}")
    if len(found) > 1:
        raise UnusableError("several answers to one question", f"{name}: {', '.join(found)}")
    return found[0]


def _texts(results: Results, name: str) -> list[str]:
    """What was typed into a field, without line breaks and double blanks."""
    typed = [str(text) for result in results if result.get("from_name") == name for text in result["value"]["text"]]
    return [tidy for text in typed if (tidy := " ".join(text.split()))]


def _chosen(results: Results, name: str) -> list[str]:
    return [str(one) for result in results if result.get("from_name") == name for one in result["value"]["choices"]]
