"""What a setting is: one declaration from which its storage, commands, panel, documents and variable come; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeGuard
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bot.errors import Refusal


class Kind(StrEnum):
    """What a value is."""

    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    TEXT = "text"  # of any number of lines
    NAME = "name"  # such as Discord shows beside a message
    TEXTS = "texts"  # written with | in between
    OBJECT = "object"  # written as JSON
    MODEL = "model"
    MODELS = "models"  # written with | in between
    ROLES = "roles"  # ids, written as mentions or numbers
    CHANNEL = "channel"  # an id, written as a mention or a number
    ZONE = "zone"  # a name of the IANA database
    PICTURE = "picture"  # an https address


class Group(StrEnum):
    """What settings are about; each is a page of the panel and a part of the documents."""

    MODEL = "Model"
    PROMPT = "Prompt"
    ANSWERING = "When it answers"
    APPEARANCE = "How it looks"
    WRITING = "How the model writes"
    TOOLS = "Tools"
    SAFETY = "Safety and privacy"
    BUDGETS = "Budgets"


# Whole numbers that every JSON reader takes as they are.
MAX_SAFE_INTEGER = 2.0**53 - 1
MAX_TEXT_CHARACTERS = 100
# No provider takes a schema of more, and what is stored has to be written again from wherever a request is made.
MAX_LEVELS = 64
MAX_MODEL_CHARACTERS = 200
MAX_ADDRESS_CHARACTERS = 500
MAX_ROLES = 25  # as many as a select of Discord's holds
# What Discord refuses as the name of a webhook, or of anybody (resources/webhook.mdx and user.mdx).
NOT_IN_NAMES, NO_NAMES = ("discord", "clyde", "```", "@everyone", "@here"), ("everyone", "here")
ID = re.compile(r"(?:<[@#][!&]?)?(\d{15,20})>?")  # a snowflake, alone or in a mention


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One declaration: `low` and `high` bound a number, or each value of an object, or how much there may be of it.

    What nobody set is `default`; None leaves it open.  The host sets another default with `variable`, where there is
    one; `note` says there what `meaning` has no room for.  `is_of_guild`: it counts for a whole server, never for a
    part of it.
    """

    name: str
    kind: Kind
    meaning: str
    example: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    group: Group
    default: Any = None
    variable: str | None = None
    note: str = ""
    is_of_guild: bool = False

    @property
    def range(self) -> str:
        """What it may be, in words."""
        match self.kind:
            case Kind.NUMBER | Kind.INTEGER:
                whole = "a whole number" if self.kind is Kind.INTEGER else "a number"
                return f"{whole} from {self.low:,.16g} to {self.high:,.16g}" if self.high is not None else whole
            case Kind.BOOLEAN:
                return "true or false"
            case Kind.CHOICE:
                return f"one of {', '.join(self.choices)}"
            case Kind.TEXT:
                return f"a text of up to {self.high:,.16g} characters"
            case Kind.NAME:
                return f"a name of up to {self.high:,.16g} characters on one line, without discord or clyde in it"
            case Kind.TEXTS:
                texts = f"of {', '.join(self.choices)}," if self.choices else "texts"
                return f"up to {self.high:,.16g} {texts} with | in between"
            case Kind.OBJECT if self.high is not None:
                return f"a JSON object of numbers from {self.low:,.16g} to {self.high:,.16g}"
            case _:
                return RANGES[self.kind].format(self.high)


RANGES: Mapping[Kind, str] = {
    Kind.OBJECT: "a JSON object",
    Kind.MODEL: "a model, as it is offered while you type",
    Kind.MODELS: "up to {:,.16g} models with | in between",
    Kind.ROLES: f"up to {MAX_ROLES} roles",
    Kind.CHANNEL: "a channel of this server",
    Kind.ZONE: "a time zone such as Europe/Berlin",
    Kind.PICTURE: "the https address of a picture",
}


def understood(setting: Setting, text: str) -> Any:
    """What somebody wrote, as the value it means.  Raises: Refusal, with the setting's range and an example."""
    try:
        return checked(setting, _read(setting.kind, text.strip()))
    except (ValueError, RecursionError):
        raise Refusal(f"`{setting.name}` has to be {setting.range}; for example `{setting.example}`.") from None


def written(setting: Setting, value: Any) -> str:
    """A value as somebody would write it."""
    match setting.kind:
        case Kind.NUMBER:
            return f"{value:.16g}"
        case Kind.BOOLEAN:
            return "true" if value else "false"
        case Kind.TEXTS | Kind.MODELS | Kind.ROLES:
            return "|".join(map(str, value))
        case Kind.OBJECT:
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def checked(setting: Setting, value: Any) -> Any:
    """The value, if it may be one.  Raises: ValueError."""
    if not isinstance(value, bool | int):
        _require_writable(value)
    low, high = setting.low, setting.high
    match setting.kind, value:
        case ((Kind.NUMBER | Kind.INTEGER), int() | float()) if not isinstance(value, bool):
            if setting.kind is Kind.INTEGER and value != int(value):
                raise ValueError
            if (low is None or low <= value) and (high is None or value <= high):
                return int(value) if setting.kind is Kind.INTEGER else value
        case Kind.BOOLEAN, bool():
            return value
        case Kind.CHOICE, str() if value in setting.choices:
            return value
        case Kind.TEXT, str() if value.strip() and len(value) <= (high or 1):
            return value
        case Kind.NAME, str() if _is_name(value) and len(value) <= (high or 1):
            return value
        case Kind.TEXTS, list() if 0 < len(value) <= (high or 1):
            if all(_is_text(text, setting.choices) for text in value):
                return value
        case Kind.MODEL, str() if is_model(value):
            return value
        case Kind.MODELS, list() if 0 < len(value) <= (high or 1) and all(map(is_model, value)):
            return value
        case Kind.ROLES, list() if 0 < len(value) <= MAX_ROLES and all(map(_is_id, value)):
            return value
        case Kind.CHANNEL, int() if _is_id(value):
            return value
        case Kind.ZONE, str() if value.isprintable():
            return _zone(value)
        case Kind.PICTURE, str() if _is_address(value):
            return value
        case Kind.OBJECT, dict() if value and (high is None or all(_is_within(low, n, high) for n in value.values())):
            return value
    raise ValueError


def is_model(value: Any) -> TypeGuard[str]:
    """Whether it can be the name of a model: a text on one line, of signs that can be seen."""
    return isinstance(value, str) and 0 < len(value) <= MAX_MODEL_CHARACTERS and value.isprintable()


def _read(kind: Kind, text: str) -> Any:
    match kind:
        case Kind.NUMBER:
            return float(text)
        case Kind.INTEGER:
            return int(text)
        case Kind.BOOLEAN:
            return {"true": True, "false": False}.get(text.lower())
        case Kind.CHOICE:
            return text.lower()
        case Kind.TEXTS | Kind.MODELS:
            return [part.strip() if kind is Kind.MODELS else part for part in text.split("|") if part]
        case Kind.ROLES:
            return [_id(part) for part in re.split(r"[|,\s]+", text.replace("><", "> <")) if part]
        case Kind.CHANNEL:
            return _id(text)
        case Kind.OBJECT:
            return json.loads(text)
        case _:
            return text


def _require_writable(value: Any) -> None:
    """Raises: ValueError for what no request can hold, though Python's reader of JSON takes it.

    That is what has too many levels, numbers that are none, and halves of characters.
    """
    if _is_deeper(value, MAX_LEVELS):
        raise ValueError
    json.dumps(value, allow_nan=False, ensure_ascii=False).encode()


def _is_deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in inner)


def _is_name(text: str) -> bool:
    folded = text.strip().lower()
    is_taken = folded in NO_NAMES or any(word in folded for word in NOT_IN_NAMES)
    return bool(folded) and folded.isprintable() and not is_taken


def _is_text(value: Any, choices: tuple[str, ...]) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT_CHARACTERS and (not choices or value in choices)


def _is_within(low: float | None, value: Any, high: float | None) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and (low is None or value >= low) and (high is None or value <= high)


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63


def _id(text: str) -> int:
    """Raises: ValueError."""
    found = ID.fullmatch(text)
    if found is None:
        raise ValueError
    return int(found[1])


def _zone(name: str) -> str:
    """Raises: ValueError."""
    try:
        return ZoneInfo(name).key
    except (KeyError, OSError) as error:  # a folder of the database, or nothing
        raise ValueError from error


def _is_address(text: str) -> bool:
    parts = urlsplit(text)
    return len(text) <= MAX_ADDRESS_CHARACTERS and text.isprintable() and parts.scheme == "https" and bool(parts.netloc)
