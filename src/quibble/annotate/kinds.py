"""What people can be asked to do."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from quibble.data import Record, Role
from quibble.errors import ArgumentError


class Kind(StrEnum):
    """The human tasks of the papers."""

    #: Q-Instruct: a description of what is seen, then a conclusion.
    PATHWAY = "pathway"
    #: Q-Ground: the regions of five distortions, to a text on the picture's quality.
    MASKS = "masks"
    #: DepictQA: texture, damage, distortions and the whole, against the reference.
    QUESTIONNAIRE = "questionnaire"
    #: DepictQA: two versions against each other, with the reference.
    COMPARISON = "comparison"


#: Which pictures an item of each kind shows.
ROLES: Final = {
    Kind.PATHWAY: (Role.SINGLE,),
    Kind.MASKS: (Role.SINGLE,),
    Kind.QUESTIONNAIRE: (Role.REFERENCE, Role.SINGLE),
    Kind.COMPARISON: (Role.REFERENCE, Role.A, Role.B),
}


def parse_kind(name: str) -> Kind:
    """Find a kind by name. Raises ArgumentError with all names if there is none."""
    try:
        return Kind(name)
    except ValueError:
        raise ArgumentError(f"expected one of {', '.join(Kind)}, found {name!r}") from None


def misses(record: Record, kind: Kind) -> str:
    """Why a record cannot be an item of a kind; "" if it can."""
    roles = sorted(image.role for image in record.images)
    if roles != sorted(ROLES[kind]):
        return f"expected the pictures {', '.join(ROLES[kind])}, found {', '.join(roles) or 'none'}"
    if kind is Kind.MASKS and not text_of(record):
        return "expected a text on quality as the first answer, found none: collect pathway feedback first"
    return ""


def text_of(record: Record) -> str:
    """The text on quality that an item comes with: its first answer."""
    return next((turn.answer for turn in record.turns if turn.answer), "")
