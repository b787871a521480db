"""Files of the host in TOML: one kind of tables, `[kind.NAME]`, whose texts may refer to the environment."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from bot.errors import ConfigurationError

# What people get wrong most, as Python's reader says it.
TWICE = re.compile(r"Cannot declare \('(\w+)', '([^']+)'\) twice (.+)")


def tables_in(file: Path, kind: str) -> tuple[Mapping[str, Any], list[str]]:
    """The tables of a file by their names, none if it is missing; and what else stands there, a sentence each.

    Raises: ConfigurationError, if it cannot be read.
    """
    written = contents(file)
    tables = written.pop(kind, {})
    faults = [f"{file} has an unknown entry {name}: {kind} stand under [{kind}.NAME]." for name in written]
    return tables if isinstance(tables, dict) else {kind: tables}, faults


def contents(file: Path) -> dict[str, Any]:
    """All that stands in a file, nothing if it is missing.  Raises: ConfigurationError, if it cannot be read."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as exc:
        raise ConfigurationError(f"{file} {said(exc)}.") from exc
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not a text file in UTF-8"
        raise ConfigurationError(f"{file} cannot be read: {reason}.") from exc


def said(error: tomllib.TOMLDecodeError) -> str:
    """What is wrong with a file, without its name and a full stop."""
    if twice := TWICE.fullmatch(str(error)):
        return f"lists [{twice[1]}.{twice[2]}] twice {twice[3]}: rename one of them, or put both into one"
    hint = ", where a text needs quotes" if "Invalid value" in str(error) else ""
    return f"is not TOML: {error}{hint}"


def filled(field: str, value: object, environment: Mapping[str, str], faults: list[str]) -> object:
    """A value with its `$VARIABLES` replaced, so that no secret has to stand in the file."""
    if not isinstance(value, str):
        return value
    try:
        return Template(value).substitute(environment)
    except KeyError as missing:
        faults.append(f"{field} needs the variable {missing.args[0]}: put it into .env or the environment.")
    except ValueError:
        faults.append(f"{field} has a $ without a variable's name after it: write $$ for a dollar sign.")
    return ""
