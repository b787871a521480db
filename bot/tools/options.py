"""Parameters as people can fill them in: the options of a slash command, out of a JSON schema and into one; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# Discord's limits: interactions/application-commands.mdx, "Application Command Option Structure".
MAX_OPTIONS = 25
MAX_CHOICES = 25
MAX_CHOICE_CHARACTERS = 100
MAX_DESCRIPTION_CHARACTERS = 100
MAX_NAME_CHARACTERS = 32
MAX_TEXT_CHARACTERS = 6000
MAX_NUMBER = 2**53

Scalar = str | int | float | bool


class Kind(StrEnum):
    """What people enter, in JSON schema's words; JSON is a text that holds what has no option of its own."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    JSON = "json"


# The keywords that limit a kind, lowest first.
LIMITS = {
    Kind.STRING: ("minLength", "maxLength"),
    Kind.INTEGER: ("minimum", "maximum"),
    Kind.NUMBER: ("minimum", "maximum"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One parameter; `low` and `high` limit a number, or the length of a text."""

    name: str
    kind: Kind
    description: str = ""
    is_required: bool = True
    low: float | None = None
    high: float | None = None
    choices: tuple[Scalar, ...] = ()
    default: Scalar | None = None


def schema_of(options: Iterable[Option]) -> dict[str, Any]:
    """The JSON schema that these options make."""
    listed = tuple(options)
    return {
        "type": "object",
        "properties": {option.name: property_of(option) for option in listed},
        "required": [option.name for option in listed if option.is_required],
        "additionalProperties": False,
    }


def property_of(option: Option) -> dict[str, Any]:
    """The JSON schema of one option's value."""
    low, high = LIMITS.get(option.kind, ("", ""))
    found: dict[str, Any] = {
        "type": option.kind.value,
        "description": option.description or None,
        "enum": list(option.choices) or None,
        low: option.low,
        high: option.high,
        "default": option.default,
    }
    return {name: value for name, value in found.items() if value is not None}


def options_of(schema: Mapping[str, Any]) -> tuple[Option, ...]:
    """The options by which people can fill in what a schema describes, those that are required first."""
    required = schema.get("required", ())
    found = (option_of(name, value, name in required) for name, value in schema.get("properties", {}).items())
    return tuple(sorted(found, key=lambda option: not option.is_required))


def option_of(name: str, described: Any, is_required: bool) -> Option:
    """One property of a schema as an option."""
    inner = without_null(described)
    kind = kind_of(inner)
    low, high = LIMITS.get(kind, ("", ""))
    choices = tuple(inner.get("enum", ())) if kind in LIMITS else ()
    fits_menu = len(choices) <= MAX_CHOICES and all(0 < len(str(each)) <= MAX_CHOICE_CHARACTERS for each in choices)
    default = inner.get("default")
    return Option(
        name=name,
        kind=kind,
        description=str(inner.get("description", "")),
        is_required=is_required,
        low=inner.get(low),
        high=inner.get(high),
        choices=choices if fits_menu else (),
        default=default if kind is not Kind.JSON and is_of(kind, default) else None,
    )


def without_null(described: Any) -> Mapping[str, Any]:
    """What describes a value apart from null, which people say by leaving it out."""
    if not isinstance(described, dict):
        return {}
    kinds = described.get("type")
    if isinstance(kinds, list) and len(kinds) == 2 and "null" in kinds:
        return described | {"type": next(kind for kind in kinds if kind != "null")}
    ways = described.get("anyOf")
    others = [way for way in ways if way != {"type": "null"}] if isinstance(ways, list) else []
    if isinstance(ways, list) and len(ways) == 2 and len(others) == 1:
        (way,) = others
        outer = {name: value for name, value in described.items() if name != "anyOf"}
        return outer | way if isinstance(way, dict) else {}
    return described


def kind_of(described: Mapping[str, Any]) -> Kind:
    """What people enter for a value; JSON where no option can say it."""
    written = described.get("type")
    if written not in ("string", "integer", "number", "boolean"):
        return Kind.JSON
    kind = Kind(written)
    return kind if all(is_of(kind, choice) for choice in described.get("enum", ())) else Kind.JSON


def is_of(kind: Kind, value: Any) -> bool:
    """Whether a value is of a kind that is not JSON."""
    match kind:
        case Kind.STRING:
            return isinstance(value, str)
        case Kind.BOOLEAN:
            return isinstance(value, bool)
        case Kind.INTEGER:
            return isinstance(value, int) and not isinstance(value, bool)
        case _:
            return isinstance(value, int | float) and not isinstance(value, bool)
