"""The pages to label on: Label Studio configurations of our own, a kind each, and what their tasks hold.

Results are read back by the names of the controls; see quibble.annotate.answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from xml.sax.saxutils import quoteattr

from quibble.annotate.brush import encode_outlined
from quibble.annotate.kinds import Kind, text_of
from quibble.data import Record, Role
from quibble.draw import CATEGORY_COLORS
from quibble.geometry import Mask
from quibble.pipelines.depict.questionnaire import Aspect, Damage, Degree, Overall, Step
from quibble.taxonomy import Category, QGroundClass, Texture

#: The label of pre-segments that nobody has given a class.
PART: Final = "part"
#: What people choose who find nothing to mark.
CLEAN: Final = "nothing to mark"
#: Who made the pre-segments, as the server shows it.
PREDICTIONS: Final = "parts"

#: From quibble.draw's palette, whose colors can be told apart with every common kind of color blindness; those that
#: would not show where their class is, such as a dark one in low light, are left out.
SHOWN_AS: Final = {
    QGroundClass.JITTER: Category.SATURATE_WEAKEN,
    QGroundClass.NOISE: Category.COMPRESSION,
    QGroundClass.OVEREXPOSURE: Category.SATURATE_STRENGTHEN,
    QGroundClass.BLUR: Category.BLUR,
    QGroundClass.LOW_LIGHT: Category.OVERSHARPEN,
}

#: What a description may speak of, and words for it. Q-Instruct showed its people a list of such attributes.
ATTRIBUTES: Final = (
    ("sharpness", "sharp, soft, out of focus, motion blur, camera shake"),
    ("noise", "clean, grainy, color speckles, noisy shadows"),
    ("exposure", "well exposed, too bright, washed out, too dark, clipped highlights"),
    ("light", "even, dim, harsh, backlit, flare, reflections"),
    ("contrast", "strong, flat, hazy"),
    ("color", "natural, vivid, pale, oversaturated, color cast, monotonous"),
    ("detail", "rich texture, texture lost, smeared"),
    ("artifacts", "compression blocks, ringing, banding, moire, halos, pixelation"),
    ("composition", "subject clear, centered, tilted, cluttered, cut off"),
)

_STEPS: Final = {
    Step.SUPERIOR: "A much better",
    Step.SLIGHTLY_SUPERIOR: "A slightly better",
    Step.EQUAL: "about equal",
    Step.SLIGHTLY_INFERIOR: "B slightly better",
    Step.INFERIOR: "B much better",
}

_STYLE: Final = """
.q-top { padding: 4px 12px; margin-bottom: 10px; border-radius: 6px; background: #eef3f9; }
.q-top h5, .q-top h4 { margin: 0; color: #1c1d1f; }
.q-two { display: grid; grid-template-columns: minmax(0, 3fr) minmax(280px, 2fr); gap: 16px; align-items: start; }
.q-side { display: grid; gap: 2px; align-content: start; }
.q-text { padding: 8px 12px; border-left: 3px solid #0b5cad; max-height: 16em; overflow: auto; }
.q-list { padding: 6px 12px; border-radius: 6px; background: #f5f5f3; }
.q-list * { margin: 0 !important; font-size: 13px !important; font-weight: 400 !important; line-height: 1.5; }
.q-same { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 12px; align-items: start; }
.q-three { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 12px; align-items: start; }
.q-ask { margin-top: 8px; }
.q-row { display: grid; grid-template-columns: 9em minmax(0, 1fr); gap: 8px; align-items: center; }
.q-row * { margin-top: 0 !important; margin-bottom: 0 !important; }
.q-row h4, .q-row h5 { font-size: 15px !important; }
"""

#: Without regions, Label Studio's lists of them are empty and take a quarter of the page.
_NO_PANELS: Final = """
.lsf-sidepanels { padding-right: 0 !important; }
.lsf-sidepanels__wrapper { display: none; }
.lsf-sidepanels__content { padding-right: 0 !important; width: 100% !important; }
"""

_INSTRUCTIONS: Final = {
    Kind.PATHWAY: (
        "<p>Look at the picture, and zoom in where needed. <b>First describe</b> what you see of its quality, and "
        "where: <i>the face on the left is blurred by motion, the sky is too bright</i>. The list names what you may "
        "speak of; nothing on it has to be there. <b>Then conclude</b> in a sentence how good the picture is.</p>"
    ),
    Kind.MASKS: (
        "<p>Read what was written about the picture, then mark <b>where</b> it has the five distortions.</p>"
        "<p>The outlined parts are a proposal: choose the arrow, click a part, and press a number to give it that "
        "distortion. Where they do not fit, press a number and paint with the brush. Parts that stay gray do not "
        "count. A region may have several distortions.</p>"
        "<p>If there is nothing to mark, say so below the text.</p>"
    ),
    Kind.QUESTIONNAIRE: (
        "<p>Compare the picture on the right with its original on the left, and zoom in where needed. Answer every "
        "question for the picture on the right. Where something is distorted you may add what exactly you see.</p>"
    ),
    Kind.COMPARISON: (
        "<p>Compare A and B, two versions of the original between them, question by question: which of the two is less "
        "distorted? <i>About equal</i> is an answer too.</p>"
    ),
}

#: The project that a study's pictures are stored with; it has no task.
SHELF: Final = {
    "title": "pictures - nothing to do here",
    "label_config": '<View><Image name="single" value="$picture_single"/></View>',
}


def project(kind: Kind, *, title: str) -> dict[str, Any]:
    """The settings of a sitting's project: one annotation a task, in the order of the tasks."""
    return {
        "title": title,
        "label_config": page(kind),
        "expert_instruction": _INSTRUCTIONS[kind],
        "show_instruction": True,
        "show_skip_button": True,
        # Else what was typed could not be submitted before it was added; what must be answered is required anyway.
        "enable_empty_annotation": True,
        "show_annotation_history": False,
        "maximum_annotations": 1,
        "sampling": "Sequential sampling",
        # What the machine proposes is where people start, for masks alone.
        "show_collab_predictions": kind is Kind.MASKS,
        "model_version": PREDICTIONS if kind is Kind.MASKS else "",
    }


def page(kind: Kind) -> str:
    """The labelling configuration of a kind, in Label Studio's XML."""
    body = {
        Kind.PATHWAY: _pathway,
        Kind.MASKS: _masks,
        Kind.QUESTIONNAIRE: _questionnaire,
        Kind.COMPARISON: _comparison,
    }[kind]()
    top = _tag("View", _tag("Header", value="$notice", size="5"), className="q-top")
    style = _STYLE if kind is Kind.MASKS else _STYLE + _NO_PANELS
    return f"<View>\n<Style>{style}</Style>\n{top}\n{body}\n</View>\n"


def task(
    record: Record, pictures: Mapping[Role, str], *, notice: str, swap: bool = False, parts: Sequence[Mask] = ()
) -> dict[str, Any]:
    """A task of a project: what the page shows of an item.

    pictures: where the server has them. swap: show A as B and B as A. parts: pre-segments.
    """
    data = {f"picture_{role.value.lower()}": path for role, path in pictures.items()}
    if swap:
        data["picture_a"], data["picture_b"] = data["picture_b"], data["picture_a"]
    score = "not known" if record.score is None else f"{record.score:.0f} of 100"
    data |= {"item": record.id, "notice": notice, "text": text_of(record), "score": f"Other people's opinion: {score}"}
    if not parts:
        return {"data": data}
    image = record.images[0]
    result = [
        {
            "id": f"part{number}",
            "type": "brushlabels",
            "from_name": "mask",
            "to_name": "single",
            "original_width": image.width,
            "original_height": image.height,
            "image_rotation": 0,
            "value": {"format": "rle", "rle": encode_outlined(part), "brushlabels": [PART]},
        }
        for number, part in enumerate(parts, start=1)
    ]
    return {"data": data, "predictions": [{"model_version": PREDICTIONS, "result": result}]}


def notice(place: int, count: int, *, warn: int, most: int) -> str:
    """What stands over the picture at a place, from 1, of a sitting: from the one after `warn` on, to have a rest."""
    where = f"Picture {place} of {count} in this sitting"
    if place <= warn:
        return where
    return f"{where}. That is more than {warn}: have a rest now if you had none. After {most} there is a pause."


def _pathway() -> str:
    listed = "".join(_tag("Header", value=f"{name}: {words}", size="6") for name, words in ATTRIBUTES)
    side = (
        _head("1  Describe what you see, and where"),
        _area("description", "single", rows=7, placeholder="sharpness, noise, exposure, color, detail ... and where"),
        _head("2  Conclude how good the picture is"),
        _area("conclusion", "single", rows=2, placeholder="Thus, the quality of the picture is ..."),
        _tag("Header", value="$score", size="6"),
        _tag("View", listed, className="q-list"),
    )
    return _tag("View", _picture("single") + _tag("View", "".join(side), className="q-side"), className="q-two")


def _masks() -> str:
    labels = "".join(
        _tag(
            "Label",
            value=name.value,
            background=_color(name),
            hotkey=str(number),
        )
        for number, name in enumerate(QGroundClass, start=1)
    )
    labels += _tag("Label", value=PART, background="#B4BAC2", hotkey="0")
    left = _tag("BrushLabels", labels, name="mask", toName="single", showInline="true") + _picture("single")
    side = (
        _head("What was written about this picture"),
        _tag("View", _tag("Text", name="text", value="$text"), className="q-text"),
        _choices("clean", "single", {CLEAN: CLEAN}, required=False),
        _head("The picture as it is"),
        _tag("Image", name="plain", value="$picture_single", zoom="true"),
    )
    return _tag("View", _tag("View", left) + _tag("View", "".join(side), className="q-side"), className="q-two")


def _questionnaire() -> str:
    pictures = _titled("The original", "reference") + _titled("The picture to judge", "single")
    asked = [
        _ask("texture", "single", {texture.value: texture.value for texture in Texture}),
        _ask("damage", "single", {damage.value: damage.value for damage in Damage}, title="that texture is"),
    ]
    for aspect in Aspect:
        asked.append(_ask(aspect.value, "single", {degree.value: degree.value for degree in Degree}))
        asked.append(
            _tag(
                "View",
                _area(
                    f"remark_{aspect}",
                    "single",
                    rows=1,
                    placeholder=f"{aspect}: what exactly? (optional)",
                    required=False,
                ),
                visibleWhen="choice-selected",
                whenTagName=aspect.value,
                whenChoiceValue=f"{Degree.MILD},{Degree.SEVERE}",
            )
        )
    asked.append(_ask("overall", "single", {overall.value: overall.value for overall in Overall}))
    return _tag("View", pictures, className="q-same") + _tag("View", "".join(asked), className="q-ask")


def _comparison() -> str:
    pictures = _titled("A", "a") + _titled("The original", "reference") + _titled("B", "b")
    shown = {step.value: words for step, words in _STEPS.items()}
    asked = [_ask(aspect.value, "reference", shown) for aspect in Aspect]
    asked.append(_ask("overall", "reference", shown))
    return _tag("View", pictures, className="q-three") + _tag("View", "".join(asked), className="q-ask")


def _ask(name: str, to: str, answers: Mapping[str, str], *, title: str | None = None) -> str:
    return _tag("View", _head(title or name) + _choices(name, to, answers), className="q-row")


def _choices(name: str, to: str, answers: Mapping[str, str], *, required: bool = True) -> str:
    """One answer of several: value → what is shown."""
    listed = "".join(
        _tag("Choice", value=words, **({} if words == value else {"alias": value})) for value, words in answers.items()
    )
    need = {"required": "true", "requiredMessage": f"Please answer: {name}"} if required else {}
    return _tag("Choices", listed, name=name, toName=to, choice="single", showInline="true", **need)


def _area(name: str, to: str, *, rows: int, placeholder: str, required: bool = True) -> str:
    need = {"required": "true", "requiredMessage": f"Please write the {name}"} if required else {}
    return _tag(
        "TextArea",
        name=name,
        toName=to,
        rows=str(rows),
        maxSubmissions="1",
        editable="true",
        placeholder=placeholder,
        **need,
    )


def _picture(name: str) -> str:
    return _tag("Image", name=name, value=f"$picture_{name}", zoom="true", zoomControl="true", rotateControl="false")


def _titled(title: str, name: str) -> str:
    return _tag("View", _head(title) + _picture(name))


def _color(name: QGroundClass) -> str:
    return "#{:02X}{:02X}{:02X}".format(*CATEGORY_COLORS[SHOWN_AS[name]])


def _head(text: str) -> str:
    return _tag("Header", value=text, size="5")


def _tag(tag: str, inside: str = "", /, **attributes: str) -> str:
    written = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return f"<{tag}{written}>{inside}</{tag}>" if inside else f"<{tag}{written}/>"
