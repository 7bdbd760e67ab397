"""Strict reading of JSON: every value is of the type expected, and what is wrong is said with its place.

A `Node` is a JSON value that knows its file, line and field. Readers are functions Node → value. They raise
`Faults`, which holds every fault found below the node, so that a check can report all of them at once.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias, TypeVar

from quibble.errors import ArgumentError, RecordError

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"
T = TypeVar("T")
Reader: TypeAlias = "Callable[[Node], Any]"

#: Whole numbers up to here survive every JSON reader, also those that know only doubles.
LARGEST_WHOLE = 2**53 - 1


class Faults(Exception):  # noqa: N818 (it is a collection, and never leaves this package)
    """Everything that is wrong below one node, in reading order; never empty."""

    def __init__(self, errors: Iterable[RecordError]) -> None:
        self.errors = tuple(errors)
        super().__init__(*self.errors)


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON value and its place. `field` is a dotted path such as "regions[2].mask"; empty for a whole record."""

    value: Any
    field: str = ""
    file: str | None = None
    line: int | None = None

    def child(self, name: str, value: Any) -> Node:
        return Node(value, f"{self.field}.{name}" if self.field else name, self.file, self.line)

    def item(self, index: int, value: Any) -> Node:
        return Node(value, f"{self.field}[{index}]", self.file, self.line)

    def error(self, reason: str) -> RecordError:
        return RecordError(reason, file=self.file, line=self.line, field=self.field or None)

    def fault(self, reason: str) -> Faults:
        return Faults([self.error(reason)])

    def expected(self, what: str) -> Faults:
        return self.fault(f"expected {what}, found {found(self.value)}")

    def located(self, error: RecordError | ArgumentError) -> RecordError:
        """The same error with this node's place before its own field."""
        if isinstance(error, RecordError) and error.field:
            separator = "." if self.field and not error.field.startswith("[") else ""
            return RecordError(
                error.reason, file=self.file, line=self.line, field=f"{self.field}{separator}{error.field}"
            )
        return self.error(error.reason if isinstance(error, RecordError) else str(error))

    def members(self) -> dict[str, Node]:
        """The fields of an object."""
        if not isinstance(self.value, dict):
            raise self.expected("an object")
        return {name: self.child(name, value) for name, value in self.value.items()}

    def each(self, reader: Callable[[Node], T]) -> tuple[T, ...]:
        """Every item of a list, read."""
        if not isinstance(self.value, list):
            raise self.expected("a list")
        errors: list[RecordError] = []
        values: list[T] = []
        for index, value in enumerate(self.value):
            try:
                values.append(reader(self.item(index, value)))
            except Faults as faults:
                errors.extend(faults.errors)
        if errors:
            raise Faults(errors)
        return tuple(values)

    def read(self, required: Mapping[str, Reader], optional: Mapping[str, Reader]) -> dict[str, Any]:
        """An object's fields by name. An optional field that is absent or null is left out; others are faults."""
        members = self.members()
        errors = [
            self.child(name, None).error(f"is missing; expected are {', '.join(required)}")
            for name in required
            if name not in members
        ]
        values: dict[str, Any] = {}
        for name, node in members.items():
            reader = required.get(name) or optional.get(name)
            if reader is None:
                errors.append(node.error(f"is not a field that is known here: {', '.join([*required, *optional])}"))
            elif node.value is not None or name in required:
                try:
                    values[name] = reader(node)
                except Faults as faults:
                    errors.extend(faults.errors)
        if errors:
            raise Faults(errors)
        return values

    def build(self, make: Callable[..., T], required: Mapping[str, Reader], optional: Mapping[str, Reader]) -> T:
        """`make` called with the fields that were read; what it refuses is a fault with this node's place."""
        values = self.read(required, optional)
        try:
            return make(**values)
        except (RecordError, ArgumentError) as error:
            raise Faults([self.located(error)]) from error

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.expected("text")
        return self.value

    def whole(self) -> int:
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            raise self.expected("a whole number")
        return self.value

    def number(self) -> float:
        if isinstance(self.value, bool) or not isinstance(self.value, int | float) or not math.isfinite(self.value):
            raise self.expected("a finite number")
        return self.value


def loads(text: str | bytes, *, file: str | None = None, line: int | None = None) -> Any:
    """JSON text, strictly: RecordError for NaN, infinities, a name given twice, or anything that is not JSON."""
    try:
        return DECODER.decode(text.decode() if isinstance(text, bytes) else text)
    except RecordError as error:
        raise RecordError(error.reason, file=file, line=line, field=error.field) from error
    except (ValueError, RecursionError) as error:
        raise RecordError(f"this is not JSON: {reason_of(error)}", file=file, line=line) from error


def dumps(value: Any) -> str:
    """JSON on one line, unicode as it is. The values must have been checked: NaN raises ValueError."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(", ", ": "))


def plain(number: float) -> int | float:
    """A number as JSON should show it: 3.0 as 3, so that equal numbers have equal text."""
    value = float(number)
    return int(value) if value.is_integer() and abs(value) <= LARGEST_WHOLE else value


def found(value: object) -> str:
    """A value as an error message shows it."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def check_json(value: object, field: str) -> JSON:
    """A copy that is surely JSON. Raises RecordError naming the field for anything else, such as NaN."""
    if isinstance(value, str):
        return check_text(value, field, empty=True)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise RecordError(f"expected a finite number, found {value}", field=field)
        return value
    if isinstance(value, list | tuple):
        return [check_json(item, f"{field}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, Mapping):
        for name in value:
            if not isinstance(name, str):
                raise RecordError(f"expected text as the name of a field, found {name!r:.60}", field=field)
        return {check_text(n, field, empty=True): check_json(item, f"{field}.{n}") for n, item in value.items()}
    raise RecordError(f"expected what JSON can hold, found a {type(value).__name__}", field=field)


def check_text(value: object, field: str, *, empty: bool = False) -> str:
    """The text, which must be storable as UTF-8 and, unless `empty`, have a visible character."""
    if not isinstance(value, str):
        raise RecordError(f"expected text, found {found(value)}", field=field)
    if not empty and not value.strip():
        raise RecordError(f"expected text with at least one visible character, found {found(value)}", field=field)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise RecordError("holds half of a surrogate pair, which UTF-8 cannot store", field=field) from None
    return value


def reason_of(error: Exception) -> str:
    """What a JSON decoder's exception says, without the line of its own count."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.rstrip(':')} (character {error.colno})"
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start + 1} is not UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(error)


def _refuse_constant(name: str) -> NoReturn:
    raise RecordError(f"{name} is not a number that JSON allows")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise RecordError("is given twice in one object", field=twice)
    return members


DECODER = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_unique)
