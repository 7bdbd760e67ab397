"""What the stand-in knows to say when somebody asks on: causes, remedies, tools, and what a picture is fit for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from quibble.experts.reading import Reading, Remark
from quibble.pipelines.talk.words import REMEDIES, SHORT
from quibble.taxonomy import Category, Level
from quibble.text.grammar import Writer, enumerate_words, pool, sentence, sentences

_C = Category

_CAUSES: Final[Mapping[Category, str]] = {
    _C.BLUR: "the focus was missed, or camera or subject moved while the shutter was open|the lens was not focused on "
    "it, "
    "or the exposure was too long to be held still",
    _C.NOISE: "there was little light, so the sensor's signal had to be amplified|it was taken at a high ISO, which "
    "amplifies the noise of the sensor",
    _C.COMPRESSION: "the file was saved at a low quality setting, or saved again and again|it was compressed too "
    "strongly, "
    "as many services do when a file is uploaded",
    _C.BRIGHTEN: "more light reached the sensor than it could record|the exposure was too long, or the camera metered "
    "for "
    "a darker part",
    _C.DARKEN: "too little light reached the sensor|the exposure was too short, or the camera metered for a bright "
    "part "
    "such as the sky",
    _C.CONTRAST_STRENGTHEN: "the light was hard, or the contrast was raised too far in editing|a steep tone curve was "
    "laid "
    "over it",
    _C.CONTRAST_WEAKEN: "haze, stray light in the lens or flat lighting has pulled the tones together|the light was "
    "flat, or "
    "the tone curve was drawn too gently",
    _C.SATURATE_STRENGTHEN: "the saturation was turned up too far in editing or by the camera's picture style|a "
    "filter with "
    "strong colors was applied",
    _C.SATURATE_WEAKEN: "the saturation was turned down, or the light had little color of its own|it was taken in "
    "dull light, or "
    "a fading filter was applied",
    _C.OVERSHARPEN: "the sharpening in the camera or in editing was set too strong|it was sharpened more than once",
    _C.PIXELATE: "it was enlarged from very few pixels|a small version was blown up without interpolation",
    _C.QUANTIZE: "it was stored with too few colors or tones|the number of colors was reduced, as in a GIF file",
}
_TOOLS: Final[Mapping[Category, str]] = {
    _C.BLUR: "a deblurring tool, such as deconvolution or a neural network trained for it|an editor's shake reduction "
    "or a "
    "learned deblurring model",
    _C.NOISE: "a denoiser: non-local means, BM3D or a learned one|the noise reduction of a raw converter, or a "
    "learned denoiser",
    _C.COMPRESSION: "a model for removing compression artifacts, or a deblocking filter|a deblocking filter, or a "
    "learned "
    "restoration model for JPEG",
    _C.BRIGHTEN: "a raw converter's highlight recovery|the highlights slider of a raw converter, or a blend of "
    "several exposures",
    _C.DARKEN: "the exposure and shadows sliders of a raw converter|a tone curve, or a learned low-light enhancer",
    _C.CONTRAST_STRENGTHEN: "a tone curve drawn the other way|the contrast slider, or a gentler tone curve",
    _C.CONTRAST_WEAKEN: "levels or a tone curve, and a dehazing filter where haze is the cause|the levels tool, which "
    "spreads the "
    "tones over the whole range",
    _C.SATURATE_STRENGTHEN: "the saturation slider, or vibrance to spare the pale colors|the saturation slider of any "
    "editor",
    _C.SATURATE_WEAKEN: "the vibrance slider, which lifts pale colors first|the saturation or vibrance slider of any "
    "editor",
    _C.OVERSHARPEN: "a slight blur on the halos, but going back to the unsharpened file works better|the unsharpened "
    "original, as "
    "no filter takes halos away cleanly",
    _C.PIXELATE: "a super-resolution model|a learned upscaler, though it can only guess the missing detail",
    _C.QUANTIZE: "a debanding filter, with a little noise added on top|a debanding filter, or dithering when it is "
    "saved again",
}
_WHY: Final = pool(
    "instruct.why",
    "what could have caused the {n}?",
    "why {is} there {n} in this {p}?",
    "where does the {n} come from?",
    "how does such {n} come about?",
)
_IMPROVE: Final = pool(
    "instruct.improve",
    "how could this {p} be improved?",
    "what should be done differently to get a better {p}?",
    "how would you make it better?",
    "what would help most to raise the quality?",
)
_TOOL: Final = pool(
    "instruct.tool",
    "which tool could repair this?",
    "is there a tool that helps here?",
    "which software or method would you use on this {p}?",
    "what could I run over this {p} to restore it?",
)
_FIT: Final = pool(
    "instruct.fit",
    "what is this {p} good enough for?",
    "to whom would you recommend this {p}?",
    "would you use this {p} in print or on a website?",
    "for what purpose is this {p} suitable?",
)
_OTHER: Final = pool(
    "instruct.other",
    "would it look better at a smaller size?",
    "does making it smaller help?",
    "if I shrink the {p}, does that hide the problem?",
)
_GOOD: Final = pool(
    "instruct.good",
    "what makes the quality of this {p} {q}?",
    "why do you call the quality {q}?",
    "what speaks for the quality of this {p}?",
)
_USES: Final[Mapping[Level, str]] = {
    Level.EXCELLENT: "it is fit for anything, also for large prints and for publication|I would recommend it to "
    "anybody who needs a "
    "picture for print or as a large background",
    Level.GOOD: "it is good enough for most uses, such as a website, an album or a medium print|it suits websites, "
    "presentations and "
    "prints of moderate size",
    Level.FAIR: "it will do for social media or as a small illustration, less so for print|at a small size it is "
    "usable, for "
    "instance in a message or a draft",
    Level.POOR: "I would use it only as a record of what it shows|it is fit for personal memories at most, and not for "
    "publication",
    Level.BAD: "I would not recommend it for any use where quality counts|only somebody who needs what it shows, at "
    "any "
    "quality, will want it",
}
#: What shrinking a picture hides, and what it does not.
_SHRINKS: Final = frozenset({_C.BLUR, _C.NOISE, _C.COMPRESSION, _C.PIXELATE, _C.OVERSHARPEN})


def conversation(writer: Writer, reading: Reading) -> list[dict[str, Any]]:
    """Two to four turns on different topics that suit what was read."""
    defects = list({r.category: r for r in reading.defects if r.category}.values())
    turns = _on_defects(writer, reading, defects) if defects else _on_praise(writer, reading)
    count = int(writer.rng.integers(2, 5))
    chosen = sorted(writer.rng.permutation(len(turns))[:count].tolist())
    return [turns[index] for index in chosen]


def _on_defects(writer: Writer, reading: Reading, defects: list[Remark]) -> list[dict[str, Any]]:
    p = writer.one_of("picture|image|photo")
    first = defects[int(writer.rng.integers(len(defects)))]
    assert first.category is not None
    turn = _turns(writer, p)
    cause = writer.one_of("most likely, {c}|probably because {c}|a likely reason: {c}").format(
        c=writer.one_of(_CAUSES[first.category])
    )
    made = [turn("why", _WHY, cause, n=first.noun, **{"is": "are" if first.noun.endswith("artifacts") else "is"})]
    advice = [
        f"{writer.one_of('for the|against the')} {r.noun}, {writer.write(REMEDIES[r.category])}"
        for r in defects[:2]
        if r.category
    ]
    made.append(turn("improve", _IMPROVE, *advice))
    tools = [f"for the {r.noun}, {writer.one_of(_TOOLS[r.category])}" for r in defects[:2] if r.category]
    made.append(turn("tool", _TOOL, *tools, writer.one_of("|what is lost will not come back entirely")))
    if reading.level is not None:
        because = enumerate_words([SHORT[r.category] for r in defects[:3] if r.category])
        made.append(
            turn(
                "recommend",
                _FIT,
                writer.one_of(_USES[reading.level]),
                writer.one_of(f"mind the {because}|it shows {because}"),
            )
        )
    if len(defects) == 1:
        hides = first.category in _SHRINKS
        made.append(
            turn(
                "other",
                _OTHER,
                f"yes, to a degree: at a smaller size the {first.noun} {_shows(first)} less"
                if hides
                else f"no: {first.noun} {_shows(first)} at every size",
            )
        )
    return made


def _on_praise(writer: Writer, reading: Reading) -> list[dict[str, Any]]:
    """Where no defect was named."""
    p = writer.one_of("picture|image|photo")
    turn = _turns(writer, p)
    good = [_praise(remark) for remark in reading.remarks if remark.good]
    reason = f"it is {enumerate_words(good[:3])}" if good else "I see no defect in it"
    level = reading.level or Level.GOOD
    fine = level in (Level.EXCELLENT, Level.GOOD)
    made = [turn("why", _GOOD, reason, q=level.value)] if fine else []
    made.append(
        turn(
            "improve",
            _IMPROVE,
            writer.one_of("no single defect needs to be repaired|I see no defect that needs fixing"),
        )
    )
    made.append(
        turn(
            "tool",
            _TOOL,
            writer.one_of("I see no defect that a tool would have to repair|none is needed for what I see"),
        )
    )
    made.append(turn("recommend", _FIT, writer.one_of(_USES[level])))
    return made


def _praise(remark: Remark) -> str:
    words = {
        "sharp": "sharp",
        "rich": "rich in color",
        "clear": "rich in detail",
        "well balanced": "well exposed",
        "good": "good in contrast" if remark.side == "contrast" else "well composed",
    }
    said = words.get(remark.value, remark.value)
    return f"{said} in {remark.subject}" if remark.subject else said


def _turns(writer: Writer, p: str) -> Callable[..., dict[str, Any]]:
    def turn(topic: str, questions: Any, *answers: str, **words: str) -> dict[str, Any]:
        question = sentence(writer.write(questions, p=p, **words))
        return {"topic": topic, "question": question, "answer": sentences(*answers)}

    return turn


def _shows(remark: Remark) -> str:
    return "show" if remark.noun.endswith("artifacts") else "shows"
