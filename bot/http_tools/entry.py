"""What a moderator typed into the form of a tool, and what is wrong with it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.errors import Refusal
from bot.messages import one_line
from bot.tools.schema_arguments import SchemaArguments
from bot.tools.typed_parameters import read_parameters, short_form

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
NAME = re.compile(r"[a-z0-9_-]{1,32}")
# People see 100 of them beside the slash command; a model reads all.
MAX_DESCRIPTION_CHARACTERS = 500
MAX_ENDPOINT_CHARACTERS = 1000
MAX_PARAMETERS_CHARACTERS = 4000  # of a field, as Discord allows
# What would be written otherwise when it is sent, so that a signature of it would not be right, and what is never sent.
NOT_IN_AN_ADDRESS = frozenset(' \t\r\n"<>`{}#')
# 16 characters are beyond guessing where each guess is a request.
MIN_SECRET_CHARACTERS, MAX_SECRET_CHARACTERS = 16, 200
NO_SECRET = "none"  # noqa: S105 - what is typed to take a secret away


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The fields of the form, as typed; an empty `secret` leaves it as it is."""

    name: str = ""
    description: str = ""
    parameters: str = ""
    endpoint: str = "POST https://"
    secret: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the fields mean; `secret` is None where it stays as it is, and empty where it is taken away."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    method: str
    url: str
    secret: str | None


def read(entry: Entry, check_name: Callable[[str], None], check_url: Callable[[str], None]) -> Reading:
    """What was typed, if all of it is right.  Raises: Refusal, which names every field that is wrong."""
    faults: list[str] = []
    method, url = endpoint(entry.endpoint)
    checks: list[Callable[[], None]] = [
        lambda: check_name(checked_name(entry.name)),
        lambda: check_description(entry.description),
        lambda: check_endpoint(method, url, check_url),
        lambda: check_secret(entry.secret),
    ]
    for check in checks:
        try:
            check()
        except Refusal as refusal:
            faults.append(str(refusal))
    try:
        parameters: Mapping[str, Any] = checked_parameters(entry.parameters)
    except Refusal as refusal:
        faults.append(str(refusal))
    if faults:
        raise Refusal("\n".join(faults))
    secret = entry.secret.strip()
    return Reading(
        name=entry.name.strip(),
        description=" ".join(entry.description.split()),
        parameters=parameters,
        method=method,
        url=url,
        secret=("" if secret.lower() == NO_SECRET else secret) if secret else None,
    )


def checked_name(typed: str) -> str:
    """The name.  Raises: Refusal."""
    name = typed.strip()
    if not NAME.fullmatch(name):
        raise Refusal(f"Name: {one_line(name, 40) or 'nothing'} cannot be a name. Take 1 to 32 of a-z, 0-9, - and _.")
    return name


def check_description(typed: str) -> None:
    """Raises: Refusal."""
    count = len(" ".join(typed.split()))
    if not 0 < count <= MAX_DESCRIPTION_CHARACTERS:
        raise Refusal(
            f"Description: it has {count} characters, and 1 to {MAX_DESCRIPTION_CHARACTERS} are right: "
            "say what the tool does, for example Tell the weather of a city."
        )


def checked_parameters(typed: str) -> Mapping[str, Any]:
    """The JSON schema that was typed, in one way or the other.  Raises: Refusal."""
    schema = read_parameters(typed)
    try:
        return SchemaArguments(schema).schema
    except Refusal as refusal:
        raise Refusal(f"Parameters: {refusal}") from refusal


def endpoint(typed: str) -> tuple[str, str]:
    """The method and the address; POST where no method is typed."""
    first, _, rest = typed.strip().partition(" ")
    return (first.upper(), rest.strip()) if rest else ("POST", first)


def check_endpoint(method: str, url: str, check_url: Callable[[str], None]) -> None:
    """Raises: Refusal."""
    example = "for example POST https://name.example/path"
    if method not in METHODS:
        raise Refusal(f"Endpoint: {one_line(method, 20)} is no method: {', '.join(METHODS)}; {example}.")
    if not url.isascii() or not NOT_IN_AN_ADDRESS.isdisjoint(url):
        raise Refusal(f"Endpoint: an address holds plain letters, and %20 and the like for all others; {example}.")
    try:
        check_url(url)
    except Refusal as refusal:
        raise Refusal(f"Endpoint: {refusal}") from refusal


def check_secret(typed: str) -> None:
    """Raises: Refusal."""
    count = len(typed.strip())
    if not count or typed.strip().lower() == NO_SECRET:
        return
    if not MIN_SECRET_CHARACTERS <= count <= MAX_SECRET_CHARACTERS:
        raise Refusal(
            f"Secret: it has {count} characters, and {MIN_SECRET_CHARACTERS} to {MAX_SECRET_CHARACTERS} are right; "
            f"leave the field empty to change nothing, or type {NO_SECRET}."
        )


def shown_parameters(schema: Mapping[str, Any]) -> str:
    """A tool's parameters as they can be typed again, in the field that they came from."""
    lines = short_form(schema)
    if lines is None:
        lines = json.dumps(schema, ensure_ascii=False, indent=1)
    return lines if len(lines) <= MAX_PARAMETERS_CHARACTERS else json.dumps(schema, ensure_ascii=False)
