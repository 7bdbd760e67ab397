"""Who made a part of a record: a model, a set of rules, or a person."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from quibble.data.fields import LARGEST_WHOLE, Node, Reader, check_text, found
from quibble.errors import RecordError

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Maker:
    """Who made which part of a record, from what, and at what cost. Raises RecordError for values that cannot be.

    part: the step of the pipeline, such as "instruct.questions". model: its name or path; built-in stand-ins start
    with "stand-in/", people with "person/". prompt_sha: SHA-256 of everything that was sent, pictures included.
    Tokens are those that the reply cost when it was first given.
    """

    part: str
    model: str
    prompt_sha: str | None = None
    seed: int | None = None
    input_tokens: int = 0
    output_tokens: int = 0

    def __post_init__(self) -> None:
        check_text(self.part, "part")
        check_text(self.model, "model")
        if self.prompt_sha is not None and not _SHA256.fullmatch(self.prompt_sha):
            raise RecordError(
                f"expected 64 lower-case hexadecimal digits, found {found(self.prompt_sha)}", field="prompt_sha"
            )
        for name in ("seed", "input_tokens", "output_tokens"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= LARGEST_WHOLE:
                raise RecordError(f"expected a whole number in 0..2**53 - 1, found {value}", field=name)

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON; what is not known or zero is left out."""
        cost = {name: getattr(self, name) for name in ("input_tokens", "output_tokens")}
        known = {"prompt_sha": self.prompt_sha, "seed": self.seed}
        return {
            "part": self.part,
            "model": self.model,
            **{name: value for name, value in known.items() if value is not None},
            **{name: value for name, value in cost.items() if value},
        }


_REQUIRED: Final[dict[str, Reader]] = {"part": Node.text, "model": Node.text}
_OPTIONAL: Final[dict[str, Reader]] = {
    "prompt_sha": Node.text,
    "seed": Node.whole,
    "input_tokens": Node.whole,
    "output_tokens": Node.whole,
}


def read_maker(node: Node) -> Maker:
    """A maker from JSON. Raises Faults."""
    return node.build(Maker, _REQUIRED, _OPTIONAL)
