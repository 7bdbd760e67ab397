"""Whether an answer in words agrees with an exchange's key. What cannot be read counts as wrong, never as a guess."""

from __future__ import annotations

import re
from typing import Final

from quibble.pipelines.talk.exchange import Exchange
from quibble.taxonomy import SEVERITIES_5, Category, Level
from quibble.text.vocabulary import categories_named

_YES: Final = re.compile(
    r"\s*(yes|possibly|perhaps|maybe|probably|part|in part|in places|i think so|there (is|are) (?!no\b)|it is (?!not))",
    re.IGNORECASE,
)
_NO: Final = re.compile(r"\s*(no\b|not\b|none|nothing|i (see|find) no|there (is|are) no\b|it is not)", re.IGNORECASE)
_NOTHING: Final = re.compile(
    r"\b(no visible|no defects?|no problem|no distortion|no noise|no artifacts?|nothing (is|to)|none|free of|clean|"
    r"is fine|natural|looks right|neither too|sharp enough|normal|not at all|i (see|find) no|(is|are) (no|not)|at most|"
    r"does not)\b|^nothing\W*$",
    re.IGNORECASE,
)
_LETTER: Final = re.compile(r"\s*\(?([A-D])(?=[\s.):,]|$)")
_LEVELS: Final = re.compile(rf"\b({'|'.join(level.value for level in Level)})\b", re.IGNORECASE)
_SEVERITIES: Final = re.compile(rf"\b({'|'.join(SEVERITIES_5)})((al)?ly)?\b", re.IGNORECASE)
_PICTURE: Final = re.compile(r"\b([AB])\b")
_WINNER: Final = re.compile(r"\bimage ([AB]) is\b", re.IGNORECASE)
_EQUAL: Final = re.compile(r"\b(neither|no (clear )?difference|the same|equal)\b", re.IGNORECASE)


def agrees(exchange: Exchange, answer: str) -> bool:
    """Whether an answer says what the exchange's key says. Raises AssertionError for an exchange without a key."""
    key = exchange.key
    assert key is not None, f"{exchange.kind} has no key"
    if exchange.kind == "leading":
        return bool(_NOTHING.search(answer.partition(". ")[0])) == (key == "no")
    if key in ("yes", "no"):
        return yes_or_no(answer) == key
    if key == "equal":
        return bool(_EQUAL.search(answer))
    if re.fullmatch("[A-D]", key):
        pattern = {"compare_why": _WINNER, "compare": _PICTURE, "which_more": _PICTURE}.get(exchange.kind, _LETTER)
        found = pattern.search(answer)
        return found is not None and found[1] == key
    if key in [level.value for level in Level]:
        return _first(_LEVELS, answer) == key
    if key in SEVERITIES_5:
        return _first(_SEVERITIES, answer) == key
    if key == "none":
        return bool(_NOTHING.search(answer)) or not categories_named(answer)
    named = named_in_order(answer)
    wanted = key.split("+")
    if len(wanted) > 1 or exchange.kind.startswith(("refer", "list", "local")):
        return {c.value for c in named} == set(wanted)
    alike = key.split("|")
    if alike[0] in list(Category):
        return bool(named) and named[0].value in alike
    return key.lower() in answer.lower()


def yes_or_no(answer: str) -> str | None:
    """ "yes" or "no", as an answer begins; None if it begins with neither."""
    if _NO.match(answer):
        return "no"
    return "yes" if _YES.match(answer) else None


def named_in_order(answer: str) -> list[Category]:
    """The categories that a text names, in the order of their first mention."""
    words = answer.split()
    order: list[Category] = []
    # Marks may span words, so the text is grown word by word and what is new is noted.
    for end in range(1, len(words) + 1):
        order += sorted(categories_named(" ".join(words[:end])) - set(order))
    return order


def _first(pattern: re.Pattern[str], answer: str) -> str | None:
    found = pattern.search(answer)
    return found[1].lower() if found else None
