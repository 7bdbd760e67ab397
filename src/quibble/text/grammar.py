"""A small grammar for templates: alternatives, agreement, and a memory of which templates were used.

A template is a clause or a sentence such as

    "[edges|outlines] of {region} {region:look} soft"

`[a|b]` is a free choice; it may be nested and may be empty. `{name}` is a Noun of the caller; behind a colon stands
a verb (`are`, `have`, `look`) or a pronoun (`their`, `they`, `them`, `these`) in the plural, which takes the noun's
number ("{region:look}" is "looks" after "the sky" and "look" after "the trees").

Every template has a stable id, `pool.NN`. Pools grow at the end only, so that an id names the same wording for
ever, and every fifth template of a pool is held out of training (`held_out`), so that a model can be tested with
wordings that it has never read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import numpy as np

HELD_OUT_EVERY: Final = 5

#: An article that has to be "an": before a vowel that is heard, so not before "uniform" or "one". An A behind "image"
#: or before a verb, a conjunction or a preposition is no article but a picture's name.
_A_BEFORE_VOWEL = re.compile(r"(?<![Ii]mage )\b([Aa])(?= (?!uni|one|us|eu|(is|it|or|and|in|as|at|against)\b)[aeiou])")
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_IRREGULAR: Final = {
    "are": "is",
    "were": "was",
    "have": "has",
    "do": "does",
    "their": "its",
    "they": "it",
    "them": "it",
    "these": "this",
}


class Wording(StrEnum):
    """Which templates a writer may use."""

    ALL = "all"
    TRAINING = "training"
    HELD_OUT = "held_out"


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun phrase that knows its number. In a format string, `{noun}` is the phrase and `{noun:verb}` agrees."""

    text: str
    plural: bool = False

    def __format__(self, spec: str) -> str:
        if not spec:
            return self.text
        return spec if self.plural else singular(spec)

    def __str__(self) -> str:
        return self.text


def singular(plural: str) -> str:
    """The third person singular of a verb, or the singular of a pronoun, given in the plural."""
    if plural in _IRREGULAR:
        return _IRREGULAR[plural]
    if plural.endswith(("s", "sh", "ch", "x", "z", "go")):
        return plural + "es"
    if plural.endswith("y") and plural[-2] not in "aeiou":
        return plural[:-1] + "ies"
    return plural + "s"


@dataclass(frozen=True, slots=True)
class Template:
    """A wording with its id, and when it is true: at severities `low`..`high` (1..5) and where all `needs` hold."""

    id: str
    text: str
    low: int = 1
    high: int = 5
    needs: frozenset[str] = frozenset()

    @property
    def held_out(self) -> bool:
        """Whether this wording is kept out of training."""
        return int(self.id.rpartition(".")[2]) % HELD_OUT_EVERY == HELD_OUT_EVERY - 1

    def fits(self, severity: int, facts: frozenset[str]) -> bool:
        """Whether this is true at a severity of 1..5 and with these facts."""
        return self.low <= severity <= self.high and self.needs <= facts


@dataclass(frozen=True, slots=True)
class When:
    """A wording that is true only at some severities or where some facts hold; `pool` makes a Template of it."""

    text: str
    low: int = 1
    high: int = 5
    needs: frozenset[str] = frozenset()


def when(text: str, low: int = 1, high: int = 5, *needs: str) -> When:
    """Short for the tables of wordings."""
    return When(text, low, high, frozenset(needs))


def pool(name: str, *wordings: str | When) -> tuple[Template, ...]:
    """Templates with the ids `name.00`, `name.01`, ..."""
    conditions = (w if isinstance(w, When) else When(w) for w in wordings)
    return tuple(Template(f"{name}.{i:02d}", w.text, w.low, w.high, w.needs) for i, w in enumerate(conditions))


@dataclass
class Writer:
    """Chooses and fills templates. `used` lists the ids of the templates chosen, in order.

    brevity: how probable it is at least that an answer in a word is asked for, where there is one.
    """

    rng: np.random.Generator
    wording: Wording = Wording.ALL
    brevity: float = 0.0
    used: list[str] = field(default_factory=list)

    def choose(self, templates: Sequence[Template]) -> Template:
        """One of the templates that the wording allows; of all of them, if it allows none."""
        if self.wording is not Wording.ALL:
            wanted = self.wording is Wording.HELD_OUT
            templates = [t for t in templates if t.held_out == wanted] or templates
        template = templates[int(self.rng.integers(len(templates)))]
        self.used.append(template.id)
        return template

    def vary(self, text: str) -> str:
        """Settle the alternatives of a template's text, innermost first."""
        while found := _CHOICE.search(text):
            options = found[1].split("|")
            text = text[: found.start()] + options[int(self.rng.integers(len(options)))] + text[found.end() :]
        return text

    def write(self, templates: Sequence[Template], **nouns: Noun | str) -> str:
        """Choose a template and fill it."""
        return self.vary(self.choose(templates).text).format(**nouns)

    def one_of(self, options: str) -> str:
        """A free choice that is no template of its own: "a|b|c"."""
        return self.vary(f"[{options}]")


def sentence(text: str) -> str:
    """A clause with a capital at its start, a mark at its end, "an" before a vowel and single blanks."""
    text = _A_BEFORE_VOWEL.sub(r"\1n", " ".join(text.split()).replace(" ,", ",").replace(" .", "."))
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else text + "."


def sentences(*texts: str) -> str:
    """Sentences one after another; empty ones are left out."""
    return " ".join(sentence(text) for text in texts if text.strip())


def enumerate_words(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
