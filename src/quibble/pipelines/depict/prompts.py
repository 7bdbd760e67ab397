"""What a language model is asked, with the answers of a questionnaire in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from quibble.experts.language_model import Request
from quibble.experts.schema import strict, text
from quibble.pipelines.depict.questionnaire import Aspect, Comparison, Questionnaire

DESCRIPTION: Final = "depict.description"
REASONING: Final = "depict.reasoning"
CORRECTION: Final = "depict.correction"
NO_REFERENCE: Final = "depict.no_reference"

SCHEMA: Final = strict(text=text())

_SYSTEM: Final = (
    "You turn the answers of questionnaires on the quality of pictures into plain, exact prose, as somebody would "
    "write "
    "who looks at the pictures. You state what the answers say, no more and no less, and you never mention a "
    "questionnaire, answers or annotators."
)
_FORM: Final = "Write one paragraph of 40 to 110 words under `text`."


def description_request(answers: Questionnaire, *, seed: int) -> Request:
    """Asks for the description of one distorted picture."""
    prompt = (
        "A picture was compared with its reference, its version without distortions. The answers:\n\n"
        f"{told(answers)}\n\n{_FORM} Begin with the distortions, each with its degree, say how well the texture can "
        "still be made out, and end with the overall judgement. Leave out what is undistorted, or sum it up in a "
        "clause. "
        "Call the picture 'the image' and its original 'the reference'."
    )
    return Request(
        task=DESCRIPTION,
        system=_SYSTEM,
        prompt=prompt,
        schema=SCHEMA,
        seed=seed,
        facts={"answers": answers},
    )


def reasoning_request(
    comparison: Comparison, a: Questionnaire | None, b: Questionnaire | None, *, seed: int
) -> Request:
    """Asks for the comparison of two distorted versions of one picture. a, b: their own answers where there are "
    "some."""
    each = "".join(
        f"\n\nImage {name} alone:\n{told(answers)}" for name, answers in (("A", a), ("B", b)) if answers is not None
    )
    prompt = (
        "Two distorted versions of one picture, Image A and Image B, were compared with each other and with their "
        f"reference. The answers, always A against B:\n\n{told_comparison(comparison)}{each}\n\n{_FORM} Say for each "
        f"kind "
        "of distortion in which the images differ which one is better and by how much, weigh these against each other, "
        "and end with a sentence that says which image is better as a whole, or that they are roughly equal."
    )
    return Request(
        task=REASONING,
        system=_SYSTEM,
        prompt=prompt,
        schema=SCHEMA,
        seed=seed,
        facts={"comparison": comparison, "a": a, "b": b},
    )


def correction_request(first: Request, text: str, faults: Sequence[str], *, seed: int) -> Request:
    """Asks for a text without its faults."""
    listed = "\n".join(f"- {fault}" for fault in faults)
    prompt = (
        f"{first.prompt}\n\nThis was written:\n\n{text}\n\nIt has faults:\n{listed}\n\nWrite it again without them, "
        f"and "
        "change nothing else."
    )
    facts = {**first.facts, "task": first.task, "text": text, "faults": tuple(faults)}
    return Request(task=CORRECTION, system=_SYSTEM, prompt=prompt, schema=SCHEMA, seed=seed, facts=facts)


def no_reference_request(text: str, *, seed: int) -> Request:
    """Asks for a text that somebody could have written who has not seen the reference."""
    prompt = (
        f"This was written by somebody who had a reference at hand:\n\n{text}\n\nWrite it again as somebody who saw "
        f"only "
        "what is judged: without any mention of a reference or an original or of a comparison with one, and otherwise "
        "with the same statements, under `text`."
    )
    return Request(task=NO_REFERENCE, system=_SYSTEM, prompt=prompt, schema=SCHEMA, seed=seed, facts={"text": text})


def told(answers: Questionnaire) -> str:
    """A questionnaire's answers, a line each."""
    lines = [f"texture: {answers.texture}, {answers.damage}"]
    for aspect in Aspect:
        remark = f" ({answers.remarks[aspect]})" if aspect in answers.remarks else ""
        lines.append(f"{aspect}: {answers.degrees[aspect]}{remark}")
    return "\n".join([*lines, f"overall: {answers.overall}"])


def told_comparison(comparison: Comparison) -> str:
    """A comparison's answers, a line each."""
    return "\n".join(
        [*(f"{aspect}: {comparison.steps[aspect]}" for aspect in Aspect), f"overall: {comparison.overall}"]
    )
