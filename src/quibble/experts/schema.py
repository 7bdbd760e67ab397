"""Hold a reply against a JSON schema: the small part of the language that replies are asked in, read strictly.

Known are type, properties, required, additionalProperties (false), items, minItems, maxItems, enum, minLength and
description. Servers promise to keep to a schema, and some do not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from quibble.errors import ReplyError

_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
_KNOWN: Final = frozenset(
    "type properties required additionalProperties items minItems maxItems enum minLength description".split()  # noqa: SIM905
)


def parse(text: str, schema: Mapping[str, Any]) -> Any:
    """The JSON of a reply, also out of a fenced block. Raises ReplyError "not JSON" or "not as asked"."""
    body = text.strip()
    if body.startswith("```") and body.endswith("```") and "\n" in body:
        body = body.partition("\n")[2].removesuffix("```")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ReplyError("not JSON", f"{error} in {shown(text)}") from None
    check(value, schema)
    return value


def check(value: Any, schema: Mapping[str, Any], place: str = "reply") -> None:
    """Raises ReplyError "not as asked" at the first thing that a schema does not allow."""
    assert schema.keys() <= _KNOWN, f"{place}: {schema.keys() - _KNOWN} in a schema is not known here"
    kind = schema["type"]
    fits: bool = isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
    if not fits:
        raise ReplyError("not as asked", f"{place}: expected {kind}, found {shown(value)}")
    if "enum" in schema and value not in schema["enum"]:
        raise ReplyError("not as asked", f"{place}: expected one of {schema['enum']}, found {shown(value)}")
    if kind == "string" and len(value.strip()) < schema.get("minLength", 0):
        raise ReplyError("not as asked", f"{place}: expected some text, found {shown(value)}")
    if kind == "object":
        _check_object(value, schema, place)
    if kind == "array":
        low, high = schema.get("minItems", 0), schema.get("maxItems", len(value))
        if not low <= len(value) <= high:
            raise ReplyError("not as asked", f"{place}: expected {low} to {high} items, found {len(value)}")
        for index, item in enumerate(value):
            check(item, schema["items"], f"{place}[{index}]")


def _check_object(value: dict[str, Any], schema: Mapping[str, Any], place: str) -> None:
    properties = schema["properties"]
    if missing := [name for name in schema.get("required", ()) if name not in value]:
        raise ReplyError("not as asked", f"{place}: lacks {', '.join(missing)}")
    if unknown := [name for name in value if name not in properties]:
        raise ReplyError("not as asked", f"{place}: holds {', '.join(unknown)}, which nobody asked for")
    for name, item in value.items():
        check(item, properties[name], f"{place}.{name}")


def strict(**properties: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of an object that has all of these properties and no other, as servers' strict mode wants it."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def text(*options: str) -> dict[str, Any]:
    """The schema of a text, any that is not empty, or one of some options."""
    return {"type": "string", "enum": list(options)} if options else {"type": "string", "minLength": 1}


def many(items: Mapping[str, Any], low: int, high: int) -> dict[str, Any]:
    """The schema of a list of so many items."""
    return {"type": "array", "items": items, "minItems": low, "maxItems": high}


def shown(value: object) -> str:
    """A value as a message shows it."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return repr(text if len(text) <= 80 else f"{text[:77]}...")
