"""A question with its answer, and what both may know."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from quibble.taxonomy import Category
from quibble.text.evidence import LIKELY, POSSIBLE, Note, PictureNotes
from quibble.text.grammar import Noun, Template, Writer, pool

#: What asks for an answer of a single word or phrase, behind a question.
BRIEF: Final = pool(
    "talk.brief",
    "Answer the question using a single word or phrase.",
    "Answer with a single word or phrase.",
    "One word.",
    "Just a word or two.",
    "Keep it to a word or two.",
    "Short answer, please.",
    "Reply in one word or a short phrase.",
    "Be brief: a word or a short phrase.",
    "In a word?",
    "Only a word or a short phrase, please.",
)


#: From this share of the main defect's weight on, another one may be called the main one too.
_ALIKE: Final = 0.67
#: A defect is strong from this severity and this share of the picture in percent on.
STRONG_SEVERITY: Final = 3.0
STRONG_SHARE: Final = 10


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A question and its answer. kind: what sort of question it is.

    key: the answer in a form that can be checked ("yes", "blur", "serious", "B", "top left"; "blur+noise" for both,
    "blur|noise" for either); None where there is none.
    """

    kind: str
    question: str
    answer: str
    key: str | None = None
    #: what the two were about, for what is asked next
    topic: Category | None = None


class Sight:
    """A picture's notes, sorted for looking things up."""

    def __init__(self, picture: PictureNotes) -> None:
        self.picture = picture
        self.notes = picture.notes
        self.by_category: dict[Category, list[Note]] = {}
        for note in picture.notes:
            self.by_category.setdefault(note.category, []).append(note)

    @property
    def firsts(self) -> list[Note]:
        """The most important note of each category, the most important first."""
        return [notes[0] for notes in self.by_category.values()]

    @property
    def mains(self) -> list[Category]:
        """The category of the main defect, and those that weigh nearly as much, so that either may be called so."""
        weights = [(note.category, note.severity * note.spot.share**0.5) for note in self.notes]
        return list(dict.fromkeys(category for category, weight in weights if weight >= _ALIKE * weights[0][1]))

    @property
    def worst(self) -> Note:
        """The note with the highest severity, the most important of equals."""
        return max(self.notes, key=lambda note: note.severity)

    @property
    def strong(self) -> set[Category]:
        """The categories that whoever describes the picture must not leave out."""
        return {n.category for n in self.notes if n.severity >= STRONG_SEVERITY and n.spot.share >= STRONG_SHARE}

    @property
    def absent(self) -> list[Category]:
        """What was neither found nor thought possible."""
        return [c for c in Category if c not in self.by_category and c not in self.possible]

    @property
    def possible(self) -> list[Category]:
        """What is not sure enough for a finding, and yet not to be denied when it is asked for."""
        return [hint.category for hint in self.suspected]

    @property
    def suspected(self) -> list[Note]:
        """The notes behind `possible`."""
        return [hint for hint in self.picture.hints if hint.sure >= POSSIBLE]

    @property
    def likely(self) -> list[Category]:
        """What is worth a mention though nobody asked for it."""
        return [hint.category for hint in self.picture.hints if hint.sure >= LIKELY]


def picture_word(writer: Writer) -> str:
    """What people call it."""
    return writer.one_of("picture|picture|image|image|photo|photo|photograph|shot")


def chance(writer: Writer, probability: float) -> bool:
    """Whether something of this probability happens."""
    return bool(writer.rng.random() < probability)


def brief(writer: Writer, probability: float) -> bool:
    """Whether an answer in a word is asked for: with this probability, or the writer's if that is higher."""
    return chance(writer, max(probability, writer.brevity))


def briefly(writer: Writer, question: str) -> str:
    """A question with the wish for a single word or phrase."""
    return f"{question} {writer.write(BRIEF)}"


def fresh(writer: Writer, templates: Sequence[Template]) -> Sequence[Template]:
    """Those of the templates that were not among the last few used; all, if all were."""
    return [template for template in templates if template.id not in writer.used[-8:]] or templates


def there_are(noun: Noun) -> str:
    """ "there is serious blur and moderate noise": the verb goes by what stands next to it"""
    first = re.split(r", | and ", noun.text)[0]
    return f"there {Noun(first, noun.plural and 'artifacts' in first):are} {noun}"
