"""What is held out of training must not be learned under another name."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

from quibble.pipelines import talk
from quibble.text import pools
from quibble.text.grammar import Template

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
#: Pools of questions; those of answers may repeat each other.
_ASKED = re.compile(
    r"talk\.(is|any|opposite|either|is_clean|is_faulty|at|main|list|kind|count|how_.*|aspect|score.*|share|why.*|improve|"
    r"use|describe|boxes|where|worst_part|at_side|choose_(main|seen|place|aspect)|better.*|differ|which_.*|region_(short|is)|"
    r"off)|ask\..*"
)
#: Held-out wordings that are also one of another kind of question, or of another form of it, from before this test.
_KNOWN = {"talk.aspect.09", "talk.how_bad.04", "talk.is.04", "talk.is.09", "talk.opposite.09", "talk.where.04"}


def templates() -> Iterator[Template]:
    modules = [
        importlib.import_module(f"{talk.__name__}.{found.name}") for found in pkgutil.iter_modules(talk.__path__)
    ]
    for module in [*modules, pools]:
        for value in vars(module).values():
            if isinstance(value, tuple) and value and isinstance(value[0], Template):
                yield from value


def wordings(text: str) -> list[str]:
    """All that a template may become, without marks and case, and with one word for a picture."""
    found = _CHOICE.search(text)
    if found is None:
        plain = re.sub(r"\{p\}|photo(graph)?|image|shot", "picture", " ".join(text.lower().split()))
        return [plain.rstrip(".?! ")]
    return [w for option in found[1].split("|") for w in wordings(text[: found.start()] + option + text[found.end() :])]


def test_no_wording_of_a_question_is_both_learned_and_held_out() -> None:
    asked = [t for t in templates() if _ASKED.fullmatch(t.id.rpartition(".")[0])]
    assert len({t.id.rpartition(".")[0] for t in asked}) > 40
    learned = {wording: t.id for t in asked if not t.held_out for wording in wordings(t.text)}
    both = {
        (t.id, wording, learned[wording])
        for t in asked
        if t.held_out and t.id not in _KNOWN
        for wording in wordings(t.text)
        if wording in learned
    }
    assert not both
