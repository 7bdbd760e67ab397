"""The stand-in's rules for the tasks of this pipeline: texts from a questionnaire's answers, and texts set right."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from quibble.errors import ReplyError
from quibble.experts.language_model import Request
from quibble.experts.stand_in import Means, Rule
from quibble.pipelines.depict.checks import traces_of_reference
from quibble.pipelines.depict.prompts import CORRECTION, DESCRIPTION, NO_REFERENCE, REASONING
from quibble.pipelines.depict.questionnaire import Aspect, Comparison, Damage, Degree, Overall, Questionnaire, Step
from quibble.taxonomy import Texture
from quibble.text.grammar import Noun, Writer, enumerate_words, pool, sentence, sentences

_DEGREES: Final[Mapping[Degree, str]] = {Degree.MILD: "mild|slight|light", Degree.SEVERE: "severe|strong|heavy"}
#: What a distorted aspect is called where nobody says what exactly it is.
_DISTORTED: Final[Mapping[Aspect, Noun]] = {
    Aspect.BRIGHTNESS: Noun("distortion of brightness"),
    Aspect.COLOR: Noun("color distortion"),
    Aspect.NOISE: Noun("noise"),
    Aspect.ARTIFACTS: Noun("artifacts", plural=True),
    Aspect.BLURRINESS: Noun("blur"),
}
_TEXTURES: Final[Mapping[Texture, str]] = {
    Texture.OBJECT_EDGES: "the objects",
    Texture.BRICKS: "the bricks",
    Texture.FABRICS: "the fabric",
    Texture.PLANTS: "the foliage",
    Texture.ARCHITECTURES: "the buildings",
    Texture.ARTIFICIAL_STRIPS: "the stripes",
    Texture.HAIRS: "the hair or fur",
    Texture.FACES: "the faces",
    Texture.SKY: "the sky",
    Texture.STONES: "the stones and the ground",
    Texture.WATER: "the water surface",
}
_OPEN: Final = pool(
    "depict.open",
    "[compared with|next to|against] the reference, the image [suffers from|shows|has] {d}",
    "the image [suffers from|shows] {d} that the reference does not have",
    "what sets the image apart from the reference is {d}",
    "[held against|seen beside] the reference, the image is marked by {d}",
)
_MORE: Final = pool(
    "depict.more",
    "there {d:are} also {d}",
    "in addition, {d} {d:are} visible",
    "{d} {d:come} on top of that",
    "besides, one notices {d}",
)
_SAME: Final = pool(
    "depict.same",
    "the {x} {x:match} the reference",
    "as for the {x}, nothing differs from the reference",
    "the {x} {x:are} as good as in the reference",
)
_TEXTURE: Final[Mapping[Damage, str]] = {
    Damage.CLEAR: "the texture of {t} is still clearly identifiable|the texture of {t} remains easy to recognize and "
    "is "
    "well preserved|the texture of {t} can still be made out clearly",
    Damage.BARELY: "the texture of {t} can barely be made out|the texture of {t} is barely identifiable|one can hardly "
    "recognize the texture of {t}",
    Damage.DESTROYED: "the texture of {t} is completely lost|the texture of {t} is destroyed|nothing is left of the "
    "texture of {t}",
}
_CLOSE: Final[Mapping[Overall, str]] = {
    Overall.NONE: "overall, the image is nearly undistorted|all in all, the image is hardly distorted",
    Overall.MILD: "overall, the image is mildly distorted|taken together, the distortion is mild|as a whole, the "
    "image has a mild "
    "distortion",
    Overall.SEVERE: "overall, the image is severely distorted|taken together, the distortion is severe|as a whole, "
    "the image has a "
    "severe distortion",
}
_NAMES: Final[Mapping[Aspect, str]] = {
    Aspect.BRIGHTNESS: "brightness",
    Aspect.COLOR: "color",
    Aspect.NOISE: "noise",
    Aspect.ARTIFACTS: "artifacts",
    Aspect.BLURRINESS: "sharpness",
}
_IN: Final = pool(
    "depict.in",
    "[in terms of|with regard to] {x}, {w} is {much} better than {l}",
    "as far as {x} {is} concerned, {l} is {much} worse than {w}",
    "{l} is {much} worse than {w} in terms of {x}",
    "{w} is {much} superior to {l} when it comes to {x}",
)
_TWO: Final[Mapping[bool, str]] = {True: "clearly|far", False: "slightly|a little"}
_MUCH: Final[Mapping[bool, str]] = {True: "clearly", False: "slightly"}
#: What is cut from a text, or put in another way, so that it does without a reference.
_WITHOUT: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), by)
    for pattern, by in (
        (
            r"(^|(?<=[.!?] ))(when )?(compared|in comparison|relative|next|against|held against|seen beside)( with| "
            r"to)? the (reference|original)"
            r"( image| picture)?, (?=the image)",
            "",
        ),
        (
            r",? (when )?(compared|in comparison|relative)( with| to) the (reference|original)( image| "
            r"picture)?(?=[,.; ])",
            "",
        ),
        (r" that the (reference|original) does not have", ""),
        (r"what sets the image apart from the (reference|original) (is|are)", "what stands out in the image is"),
        (r" match(es)? the (reference|original)( image| picture)?", " look right"),
        (r", nothing differs from the (reference|original)( image| picture)?", ", nothing is wrong"),
        (r" (is|are) as good as in the (reference|original)( image| picture)?", " are in order"),
        (r" (than|as) in the (reference|original)( image| picture)?", " than they should be"),
        (r"the (reference|original)'s ", "the "),
    )
)


def describe(request: Request, means: Means) -> dict[str, str]:
    """A description from a questionnaire."""
    return {"text": _description(means.writer, request.facts["answers"])}


def reason(request: Request, means: Means) -> dict[str, str]:
    """A comparison of two images from its answers."""
    facts = request.facts
    return {"text": _reasoning(means.writer, facts["comparison"], facts["a"], facts["b"])}


def correct(request: Request, means: Means) -> dict[str, str]:
    """Writes a text anew from the answers, which is a correction too."""
    return describe(request, means) if request.facts["task"] == DESCRIPTION else reason(request, means)


def remove_reference(request: Request, means: Means) -> dict[str, str]:
    """Cuts what speaks of the reference out of a text. Raises ReplyError if that leaves too little."""
    text: str = request.facts["text"]
    for pattern, by in _WITHOUT:
        text = pattern.sub(by, text)
    told = re.split(r"(?<=[.!?])\s+", text.strip())
    kept = [part for part in told if not traces_of_reference(part)]
    if len(kept) < 2 or 2 * len(kept) < len(told):
        raise ReplyError("nothing left without the reference", request.facts["text"])
    return {"text": " ".join(sentence(part) for part in kept)}


RULES: Final[Mapping[str, Rule]] = {
    DESCRIPTION: describe,
    REASONING: reason,
    CORRECTION: correct,
    NO_REFERENCE: remove_reference,
}


def _description(writer: Writer, answers: Questionnaire) -> str:
    told = []
    for number, aspect in enumerate(answers.distorted):
        d = _defect(writer, answers, aspect)
        told.append(writer.write(_MORE if number else _OPEN, d=d))
    if not told:
        told.append("hardly any distortion can be seen when the image is held against the reference")
    same = [_NAMES[aspect] for aspect in Aspect if answers.degrees[aspect] is Degree.NONE and aspect in _CALM]
    if same and writer.rng.random() < 0.6:
        told.append(writer.write(_SAME, x=Noun(enumerate_words(same), len(same) > 1)))
    told.append(_texture(writer, answers))
    return sentences(*told, writer.one_of(_CLOSE[answers.overall]))


#: Aspects of which one says that they are as in the reference; one does not say so of noise.
_CALM: Final = (Aspect.BRIGHTNESS, Aspect.COLOR, Aspect.BLURRINESS)


def _texture(writer: Writer, answers: Questionnaire) -> str:
    return writer.one_of(_TEXTURE[answers.damage]).format(t=_TEXTURES[answers.texture])


def _defect(writer: Writer, answers: Questionnaire, aspect: Aspect) -> Noun:
    """An aspect's distortion with its degree: "severe motion blur"."""
    degree = writer.one_of(_DEGREES[answers.degrees[aspect]])
    remark = answers.remarks.get(aspect)
    noun = Noun(remark, remark.endswith("artifacts") or " and " in remark) if remark else _DISTORTED[aspect]
    article = "a " if re.match(r"(excess|loss|lack|distortion) of", noun.text) else ""
    return Noun(f"{article}{degree} {noun}", noun.plural)


def _reasoning(writer: Writer, comparison: Comparison, a: Questionnaire | None, b: Questionnaire | None) -> str:
    different = [aspect for aspect in Aspect if comparison.steps[aspect].winner]
    different.sort(key=lambda aspect: not comparison.steps[aspect].clear)
    told = [_on_aspect(writer, aspect, comparison.steps[aspect], a, b) for aspect in different]
    equal = [_NAMES[aspect] for aspect in Aspect if aspect not in different]
    if equal and different:
        told.append(
            writer.one_of(
                "in terms of {x}, they are roughly equal|the two do not differ in terms of {x}|there is no clear "
                "difference as to {x}"
            ).format(x=enumerate_words(equal))
        )
    if a is not None and b is not None:
        told.append(_on_texture(writer, a, b))
    return sentences(*told, _weigh(writer, comparison, different))


def _on_aspect(writer: Writer, aspect: Aspect, step: Step, a: Questionnaire | None, b: Questionnaire | None) -> str:
    winner, loser = ("A", "B") if step.winner == "A" else ("B", "A")
    verb = "are" if aspect is Aspect.ARTIFACTS else "is"
    slots = {"x": _NAMES[aspect], "w": f"Image {winner}", "l": f"Image {loser}", "much": _MUCH[step.clear], "is": verb}
    clause = writer.write(_IN, **slots)
    answers = {"A": a, "B": b}[loser]
    if answers is None or answers.degrees[aspect] is Degree.NONE:
        return clause
    return f"{clause}, {writer.one_of('as|since|because')} Image {loser} has {_defect(writer, answers, aspect)}"


def _on_texture(writer: Writer, a: Questionnaire, b: Questionnaire) -> str:
    t = _TEXTURES[a.texture]
    if a.damage is b.damage:
        state = {
            Damage.CLEAR: "still clearly identifiable",
            Damage.BARELY: "barely identifiable",
            Damage.DESTROYED: "lost",
        }
        return f"the texture of {t} is {state[a.damage]} in {writer.one_of('both images|either image')}"
    order = sorted((("Image A", a), ("Image B", b)), key=lambda item: list(Damage).index(item[1].damage))
    (better, one), (worse, other) = order
    first = writer.one_of(_TEXTURE[one.damage]).format(t=t)
    behind = {Damage.BARELY: "can barely be made out", Damage.DESTROYED: "is lost"}[other.damage]
    return f"in {better}, {first}, while in {worse} it {behind}"


def _weigh(writer: Writer, comparison: Comparison, different: Sequence[Aspect]) -> str:
    winner = comparison.winner
    if winner is None:
        return writer.one_of(
            "overall, Image A and Image B are roughly equal in quality|taken together, the quality of Image A is "
            "about the same "
            "as that of Image B"
        )
    loser = "B" if winner == "A" else "A"
    much = writer.one_of(_TWO[comparison.overall.clear])
    against = [_NAMES[aspect] for aspect in different if comparison.steps[aspect].winner == loser]
    close = writer.one_of(
        f"overall, Image {winner} is {much} better than Image {loser}|taken together, Image {winner} is {much} better "
        f"than Image {loser}"
    )
    if against and len(against) < len(different):
        weighs = f"although Image {loser} is better in terms of {enumerate_words(against)}, this weighs less"
        return f"{weighs}. {close[:1].upper()}{close[1:]}"
    return close
