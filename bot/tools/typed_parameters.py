"""The parameters of a tool as a moderator types them: one on each line, or a JSON schema; pure.

city: string "City name"
days?: integer 1..7 = 3 "How many"
unit: "c" | "f" "Unit"
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from math import inf
from typing import Any

from bot.errors import Refusal
from bot.messages import one_line
from bot.tools.options import (
    LIMITS,
    MAX_CHOICE_CHARACTERS,
    MAX_CHOICES,
    MAX_DESCRIPTION_CHARACTERS,
    MAX_NUMBER,
    MAX_OPTIONS,
    MAX_TEXT_CHARACTERS,
    Kind,
    Option,
    Scalar,
    is_of,
    options_of,
    schema_of,
)

MAX_FAULTS_NAMED = 6  # so that they fit one message, together with those of other fields
EXAMPLE = 'days?: integer 1..7 = 3 "How many days"'
NAME = re.compile(r"[a-z0-9_-]{1,32}")
# What follows the colon, in this order; each but the first may be left out.
TEXT = r'"(?:[^"\\]|\\.)*"'
NUMBER = r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.]\w)"
VALUE = rf"(?:{TEXT}|{NUMBER})"
KIND = re.compile(rf"\s*(?:(?P<choices>{VALUE}(?:\s*\|\s*{VALUE})*)|(?P<kind>[^\s=\"|.]+))")
RANGE = re.compile(rf"\s*(?P<low>{NUMBER})?\s*\.\.\s*(?P<high>{NUMBER})?")
DEFAULT = re.compile(rf"\s*=\s*(?P<default>{VALUE}|true|false)")
DESCRIPTION = re.compile(rf"\s*(?P<description>{TEXT})")
STRAIGHT = str.maketrans("“”„«»", '"""""')  # as phones type quotation marks
KINDS = (Kind.STRING, Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN)


AFTER_TYPE = "after the type come a range, = and a default (texts in quotes), and a description in quotes, if any"


class Fault(ValueError):
    """What is wrong with one line."""


def read_parameters(typed: str) -> dict[str, Any]:
    """The JSON schema that a moderator's text stands for.  Raises: Refusal, which names each line that is wrong."""
    if typed.lstrip().startswith("{"):
        return read_schema(typed)
    options: dict[str, Option] = {}
    faults: list[str] = []
    for number, line in enumerate(typed.splitlines(), 1):
        if not line.strip():
            continue
        try:
            option = read_line(line)
            if option.name in options:
                raise Fault(f"there is another parameter named {option.name}")
            options[option.name] = option
        except Fault as fault:
            faults.append(f"line {number} (`{one_line(line, 60).replace('`', chr(39))}`): {fault}.")
    if len(options) > MAX_OPTIONS:
        faults.append(f"there are {len(options)}, and Discord takes {MAX_OPTIONS} at most.")
    if faults:
        if len(faults) > MAX_FAULTS_NAMED:
            faults[MAX_FAULTS_NAMED:] = [f"and {len(faults) - MAX_FAULTS_NAMED} more."]
        raise Refusal("\n".join(["Parameters:", *faults, f"A right line is, for example: `{EXAMPLE}`"]))
    return schema_of(options.values())


def read_schema(typed: str) -> dict[str, Any]:
    """The schema that somebody typed as JSON.  Raises: Refusal."""
    try:
        schema = json.loads(typed)
    except json.JSONDecodeError as exc:
        where = f"line {exc.lineno}, character {exc.colno}"
        raise Refusal(f"Parameters: this begins like JSON and is none: {exc.msg} at {where}.") from exc
    except (ValueError, RecursionError) as exc:
        raise Refusal("Parameters: this begins like JSON and is none that can be read.") from exc
    properties = schema.get("properties")
    count = len(properties) if isinstance(properties, dict) else 0
    if count > MAX_OPTIONS:
        raise Refusal(f"Parameters: there are {count}, and Discord takes {MAX_OPTIONS} at most.")
    return dict(schema)


def short_form(schema: Mapping[str, Any]) -> str | None:
    """The lines that stand for a schema; None where only JSON says it."""
    lines = "\n".join(map(written, options_of(schema)))
    try:
        return lines if read_parameters(lines) == schema else None
    except Refusal:
        return None


def written(option: Option) -> str:
    """One parameter as a line."""
    kind = " | ".join(map(said, option.choices)) or option.kind.value
    words = [f"{option.name}{'' if option.is_required else '?'}:", kind]
    if option.low is not None or option.high is not None:
        words.append("..".join("" if limit is None else said(limit) for limit in (option.low, option.high)))
    if option.default is not None:
        words.append(f"= {said(option.default)}")
    if option.description:
        words.append(said(option.description))
    return " ".join(words)


def said(value: Scalar) -> str:
    """A value as it is typed."""
    return json.dumps(value, ensure_ascii=False)


def read_line(line: str) -> Option:
    """One parameter.  Raises: Fault."""
    head, colon, rest = line.translate(STRAIGHT).partition(":")
    name = head.strip()
    if not colon:
        raise Fault("a colon is missing between the name and the type")
    if not NAME.fullmatch(name.removesuffix("?").rstrip()):
        raise Fault("a name is 1 to 32 of a-z, 0-9, - and _, and may end with ? if it can be left out")
    found: dict[str, str] = {}
    for pattern in (KIND, RANGE, DEFAULT, DESCRIPTION):
        part = pattern.match(rest)
        if part is not None:
            found |= {word: text for word, text in part.groupdict().items() if text is not None}
            rest = rest[part.end() :]
    if rest.strip():
        raise Fault(f"`{one_line(rest, 30)}` is not understood; {AFTER_TYPE}")
    default = value(found["default"]) if "default" in found else None
    option = Option(
        name=name.removesuffix("?").rstrip(),
        kind=kind(found),
        description=str(value(found.get("description", '""'))),
        is_required=not name.endswith("?") and default is None,
        low=limit(found.get("low")),
        high=limit(found.get("high")),
        choices=choices(found),
        default=default,
    )
    check(option)
    return option


def kind(found: Mapping[str, str]) -> Kind:
    """What the values are.  Raises: Fault."""
    values = choices(found)
    if values:
        return next((kind for kind in KINDS if all(is_of(kind, value) for value in values)), Kind.JSON)
    word = found.get("kind", "")
    if word not in KINDS:
        known = ", ".join(KINDS)
        raise Fault(f'{word or "nothing"} is no type: {known}, or choices such as "c" | "f"')
    return Kind(word)


def choices(found: Mapping[str, str]) -> tuple[Scalar, ...]:
    """The values that can be chosen.  Raises: Fault."""
    return tuple(value(part) for part in re.findall(VALUE, found.get("choices", "")))


def value(text: str) -> Scalar:
    """A text, a number, or true or false, as JSON writes it.  Raises: Fault."""
    try:
        found: Scalar = json.loads(text)
    except ValueError as exc:
        raise Fault(f"{one_line(text, 30)} cannot be read") from exc
    if found in (inf, -inf):
        raise Fault(f"{one_line(text, 30)} is too large")
    return found


def limit(text: str | None) -> float | None:
    """One end of a range."""
    found = None if text is None else value(text)
    return None if found is None else float(found) if isinstance(found, float) else int(found)


def check(option: Option) -> None:
    """Raises: Fault unless Discord can offer it, and what it says of itself fits together."""
    if len(option.description) > MAX_DESCRIPTION_CHARACTERS:
        raise Fault(f"a description has at most {MAX_DESCRIPTION_CHARACTERS} characters, not {len(option.description)}")
    if option.choices:
        check_choices(option)
    check_range(option)
    if option.default is None:
        return
    if not is_of(option.kind, option.default):
        raise Fault(f"the default {said(option.default)} is no {option.kind.value}")
    if option.choices and option.default not in option.choices:
        raise Fault(f"the default {said(option.default)} is none of the choices")
    measure = option.default if option.kind is not Kind.STRING else len(str(option.default))
    if not is_within(option, measure):
        raise Fault(f"the default {said(option.default)} is not within the range")


def check_choices(option: Option) -> None:
    """Raises: Fault unless a menu can offer the choices."""
    if option.kind is Kind.JSON:
        raise Fault("the choices have to be all texts, or all numbers")
    if len(set(option.choices)) < len(option.choices):
        raise Fault("a choice is there twice")
    if len(option.choices) > MAX_CHOICES:
        raise Fault(f"Discord takes {MAX_CHOICES} choices at most, not {len(option.choices)}")
    if not all(0 < len(str(choice)) <= MAX_CHOICE_CHARACTERS for choice in option.choices):
        raise Fault(f"a choice has 1 to {MAX_CHOICE_CHARACTERS} characters")
    if option.low is not None or option.high is not None:
        raise Fault("there are choices or a range, not both")


def check_range(option: Option) -> None:
    """Raises: Fault unless the range is one, of what the kind can have."""
    limits = [limit for limit in (option.low, option.high) if limit is not None]
    if limits and option.kind not in LIMITS:
        raise Fault(f"a {option.kind.value} has no range")
    if limits != sorted(limits):
        raise Fault("the range begins above its end")
    if option.kind is not Kind.NUMBER and not all(isinstance(limit, int) for limit in limits):
        raise Fault("the range takes whole numbers")
    least, most = (0, MAX_TEXT_CHARACTERS) if option.kind is Kind.STRING else (-MAX_NUMBER, MAX_NUMBER)
    if not all(least <= limit <= most for limit in (*limits, *numbers(option.choices))):
        raise Fault(f"numbers are from {least} to {most} here")


def numbers(values: Iterable[Scalar]) -> list[float]:
    """Those of the values that are numbers."""
    return [value for value in values if not isinstance(value, str | bool)]


def is_within(option: Option, measure: Any) -> bool:
    """Whether a number, or the length of a text, is within an option's range."""
    return (option.low is None or option.low <= measure) and (option.high is None or measure <= option.high)
