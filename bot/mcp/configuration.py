"""`tools.toml`: which MCP servers there are, and what their tools may do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from bot.errors import ConfigurationError
from bot.settings_values import address, complaint, header_values
from bot.tables import filled, tables_in

# No underscore: `files_read` is then the tool `read` of `files`, and of no other server.
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class Approval(StrEnum):
    """Which calls of a model wait for a person."""

    UNLESS_READ_ONLY = "unless_read_only"
    ALWAYS = "always"
    NEVER = "never"


def endpoint(value: str) -> str:
    """An http or https URL, as it was written: a slash at its end may matter to the server."""
    address(value, "http", "https")
    return value


class ServerConfiguration(BaseModel):
    """One `[servers.NAME]` of the file, its `$VARIABLES` filled in."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: str
    command: tuple[str, ...] | None = Field(default=None, min_length=1)
    env: dict[str, SecretStr] = {}
    url: Annotated[str, AfterValidator(endpoint)] | None = None
    headers: Annotated[dict[str, SecretStr], AfterValidator(header_values)] = {}
    tools: tuple[str, ...] = ("*",)
    approval: Approval = Approval.UNLESS_READ_ONLY
    slash: bool = False
    # Searches and browsers take that long; people rarely wait longer, and runs have ten minutes for everything.
    timeout_seconds: float = Field(default=30.0, gt=0, le=600)
    group: str = Field(default="", max_length=32)
    guilds: tuple[int, ...] = ()

    @model_validator(mode="after")
    def one_way_to_reach_it(self) -> Self:
        """A server is a process of ours or an address, and each has settings of its own."""
        if (self.command is None) == (self.url is None):
            raise ValueError("needs either command or url")
        if self.command is None and self.env:
            raise ValueError("has env, which only a command can be given; a url takes headers")
        if self.url is None and self.headers:
            raise ValueError("has headers, which only a url can be given; a command takes env")
        if self.slash and self.guilds:
            raise ValueError("has slash and guilds: its slash commands would be in all Discord servers")
        return self

    def wants(self, tool: str) -> bool:
        """Whether the host wants a tool that the server names like this."""
        return any(fnmatchcase(tool, pattern) for pattern in self.tools)


def read_servers(file: Path, environment: Mapping[str, str]) -> tuple[ServerConfiguration, ...]:
    """The servers of a file, which may be missing.  Raises: ConfigurationError, one sentence per line and mistake."""
    servers, faults = tables_in(file, "servers")
    found: list[ServerConfiguration] = []
    for name, entry in servers.items():
        try:
            found.append(read_server(name, entry, environment))
        except ConfigurationError as fault:
            faults += [f"{file}: the server {name}: {line}" for line in str(fault).splitlines()]
    if faults:
        raise ConfigurationError("\n".join(faults))
    return tuple(found)


def read_server(name: str, entry: object, environment: Mapping[str, str]) -> ServerConfiguration:
    """One server.  Raises: ConfigurationError, one line for each mistake; never with a value that was filled in."""
    if not NAME.fullmatch(name):
        raise ConfigurationError("its name must be of a-z, 0-9 and hyphens, at most 32 characters.")
    if not isinstance(entry, dict):
        raise ConfigurationError("it must be a table that begins with [servers.NAME].")
    faults: list[str] = []
    given: dict[str, Any] = {"group": name} | entry | {"name": name}
    for field in ("env", "headers"):
        if isinstance(entry.get(field), dict):
            given[field] = {
                key: filled(f"{field}.{key}", value, environment, faults) for key, value in entry[field].items()
            }
    try:
        server = ServerConfiguration.model_validate(given)
    except ValidationError as exc:
        faults += [finding(error) for error in exc.errors(include_url=False, include_input=False)]
    if "name" in entry:
        faults.append("name is unknown: it stands in [servers.NAME].")
    if faults:
        # No cause: it could print what was filled in.
        raise ConfigurationError("\n".join(faults)) from None
    return server


def finding(error: Any) -> str:
    """pydantic's finding about one field."""
    field = ".".join(map(str, error["loc"]))
    match error["type"]:
        case "extra_forbidden":
            known = ", ".join(name for name in ServerConfiguration.model_fields if name != "name")
            return f"{field} is unknown; these are known: {known}."
        case "tuple_type":
            return f"{field} must be a list, for example {field} = [...]."
        case "string_type":
            return f"{field} must be a text in quotes."
    return f"{field} {complaint(error)}.".lstrip()
