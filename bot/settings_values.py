"""What a setting's value must look like; each rule raises ValueError with what comes after the variable's name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode

from bot.http_tools.secrets import Secrets
from bot.tools.hosts import HostPattern

HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.1

Headers = TypeVar("Headers", bound=Mapping[str, SecretStr])


def header_safe(secret: SecretStr) -> SecretStr:
    """The secret without surrounding space, if it can be sent as one HTTP header value."""
    text = secret.get_secret_value().strip()
    if not all("!" <= character <= "~" for character in text):
        raise ValueError("must be one run of plain characters: no space, no quotes from a text editor")
    return SecretStr(text)


def header_values(headers: Headers) -> Headers:
    """Headers that can be sent."""
    for name, secret in headers.items():
        value = secret.get_secret_value()
        if not HEADER.fullmatch(name) or not all(" " <= character <= "~" for character in value):
            raise ValueError("must be names and values of plain characters, without line breaks")
    return headers


def fernet_keys(secret: SecretStr) -> SecretStr:
    """One or more keys for encrypting with commas in between."""
    try:
        Secrets(secret)
    except ValueError:
        raise ValueError(
            "must be a key as `openssl rand -base64 32 | tr +/ -_` makes it, or several with commas"
        ) from None
    return secret


def address(value: str, *schemes: str) -> str:
    """An absolute URL of one of the schemes, without a trailing slash, and without anything secret in it."""
    try:
        parts = urlsplit(value)
        usable = parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        (parts.hostname or "").encode("idna").decode("idna")  # as it is looked up: two dots in a row name nothing
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(f"must be an address that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user name or a password")
    if parts.query or parts.fragment:
        raise ValueError("must end before any ? or #")
    return value.rstrip("/")


def web_address(value: str) -> str:
    """An http or https URL without its trailing slash, so that paths can be joined to it."""
    return address(value.strip(), "http", "https")


def present_if_named(usual: str) -> Callable[[str], str]:
    """The path of a file that may be missing only under its usual name: a misspelt one would be missed silently."""

    def check(file: str) -> str:
        if file != usual and not Path(file).is_file():
            raise ValueError("must be the path of a file, and there is none")
        return file

    return check


def gateway_address(value: str) -> str:
    """A ws or wss URL without its trailing slash."""
    return address(value.strip(), "ws", "wss")


def database_address(value: str) -> str:
    """The URL of a SQLite file, in the form that names its asynchronous driver."""
    driver, separator, path = value.strip().partition(":///")
    if driver not in ("sqlite", "sqlite+aiosqlite") or not separator or path in ("", ":memory:"):
        raise ValueError("must be sqlite+aiosqlite:/// and the path of a file")
    return f"sqlite+aiosqlite:///{path}"


def listed(value: Any) -> Any:
    """What a line lists with commas in between; what is no text is left as it is."""
    return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value


def host_names(entries: tuple[str, ...]) -> tuple[str, ...]:
    """Entries that each say which hosts may be asked."""
    return _each(entries, HostPattern.read, "names of hosts, without https://, and with commas between them")


def host_ports(entries: tuple[str, ...]) -> tuple[str, ...]:
    """Entries that each name one host and its port."""
    return _each(entries, HostPattern.read_one, "host:port, without http://, and with commas between them")


def _each(entries: tuple[str, ...], read: Callable[[str], object], wanted: str) -> tuple[str, ...]:
    for number, entry in enumerate(entries, 1):
        try:
            read(entry)
        except ValueError as exc:
            raise ValueError(f"must be {wanted}; entry {number} is something else") from exc
    return entries


HostNames = Annotated[tuple[str, ...], NoDecode, BeforeValidator(listed), AfterValidator(host_names)]
HostPorts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(listed), AfterValidator(host_ports)]


def complaint(error: Any) -> str:
    """pydantic's finding in words for somebody who edits a file."""
    context: dict[str, Any] = error.get("ctx", {})
    match error["type"]:
        case "int_parsing" | "int_from_float" | "int_type" | "int_parsing_size":
            return "must be a whole number"
        case "float_parsing" | "finite_number" | "float_type":
            return "must be a number"
        case "bool_parsing":
            return "must be true or false"
        case "greater_than":
            return f"must be more than {context['gt']:g}"
        case "greater_than_equal":
            return f"must be at least {context['ge']:g}"
        case "less_than_equal":
            return f"must be at most {context['le']:g}"
        case "string_too_long":
            return f"must have at most {context['max_length']} characters"
        case "enum" | "literal_error":
            return f"must be {context['expected']}"
        case "value_error":
            return str(context["error"])
        case _:
            return f"is wrong ({error['msg'][:1].lower()}{error['msg'][1:]})"
