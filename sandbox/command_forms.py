"""What Discord asks of an application's commands before it takes them, in every language they are written in."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from discord import Locale

from sandbox.form_errors import check_length, form_error
from sandbox.semantics import AppCommandType, BackendError, OptionType
from sandbox.wire import Payload

MOST_NAME_CHARACTERS = 32
MOST_DESCRIPTION_CHARACTERS = 100
MOST_CHOICE_CHARACTERS = 100
MOST_OPTIONS = 25
MOST_CHARACTERS = 8000  # of a command's names, descriptions and values, each in its longest language
MOST_COMMANDS: Mapping[int, int] = {  # of one application, in each guild and everywhere
    AppCommandType.CHAT_INPUT: 100,
    AppCommandType.USER: 15,
    AppCommandType.MESSAGE: 15,
}
NAME_SIGNS = "-_'"  # beside letters and digits
COMBINING_SCRIPTS = ("DEVANAGARI", "THAI")  # whose marks count as letters of a name
LOCALES = frozenset(locale.value for locale in Locale)


def check_commands(commands: Sequence[Payload]) -> None:
    """Raises: BackendError where an application may not have these commands together."""
    kinds = Counter(_kind(command) for command in commands)
    for kind, most in MOST_COMMANDS.items():
        if kinds[kind] > most:
            raise BackendError(400, 30032, f"Maximum number of application commands reached ({most})")
    seen: set[tuple[Any, int]] = set()
    for index, command in enumerate(commands):
        check_command(command, f"{index}.")
        if (command["name"], _kind(command)) in seen:
            sentence = "Application command names must be unique"
            raise form_error(f"{index}.name", sentence, "APPLICATION_COMMANDS_DUPLICATE_NAME")
        seen.add((command["name"], _kind(command)))


def check_command(command: Mapping[str, Any], prefix: str = "") -> None:
    """Raises: BackendError where Discord would not take this command."""
    is_slash = _kind(command) == AppCommandType.CHAT_INPUT
    for path, name in _texts(command, "name", prefix):
        _check_name(path, name, is_slash=is_slash)
    for path, description in _texts(command, "description", prefix):
        check_length(path, description, int(is_slash), MOST_DESCRIPTION_CHARACTERS if is_slash else 0)
    _check_options(command.get("options") or [], f"{prefix}options")
    if _size(command) > MOST_CHARACTERS:
        raise form_error("", f"Command exceeds maximum size ({MOST_CHARACTERS})", "APPLICATION_COMMAND_TOO_LARGE")


def _check_options(options: Sequence[Mapping[str, Any]], path: str) -> None:
    if len(options) > MOST_OPTIONS:
        raise form_error(path, f"Must be {MOST_OPTIONS} or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    _check_unique(options, path)
    optional_before = False
    for index, option in enumerate(options):
        here = f"{path}.{index}."
        for where, name in _texts(option, "name", here):
            _check_name(where, name, is_slash=True)
        for where, description in _texts(option, "description", here):
            check_length(where, description, 1, MOST_DESCRIPTION_CHARACTERS)
        if option.get("required") and optional_before:
            sentence = "Required options must be placed before non-required options"
            raise form_error(here.rstrip("."), sentence, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID")
        optional_before |= not option.get("required")
        _check_choices(option, here)
        if option.get("type") in (OptionType.SUBCOMMAND, OptionType.SUBCOMMAND_GROUP):
            _check_options(option.get("options") or [], f"{here}options")


def _check_choices(option: Mapping[str, Any], prefix: str) -> None:
    choices = option.get("choices") or []
    if len(choices) > MOST_OPTIONS:
        raise form_error(f"{prefix}choices", f"Must be {MOST_OPTIONS} or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    for index, choice in enumerate(choices):
        for where, name in _texts(choice, "name", f"{prefix}choices.{index}."):
            check_length(where, name, 1, MOST_CHOICE_CHARACTERS)
        if isinstance(choice.get("value"), str):
            check_length(f"{prefix}choices.{index}.value", choice["value"], 1, MOST_CHOICE_CHARACTERS)


def _check_unique(options: Sequence[Mapping[str, Any]], path: str) -> None:
    """No two options of one command have the same name in any language, where the name itself stands in for none."""
    locales = {locale for option in options for locale in option.get("name_localizations") or {}}
    for locale in (None, *sorted(locales)):
        seen: set[str] = set()
        for index, option in enumerate(options):
            name = str((option.get("name_localizations") or {}).get(locale, option.get("name")))
            if name in seen:
                field = "name" if locale is None else f"name_localizations.{locale}"
                raise form_error(f"{path}.{index}.{field}", "Option name already exists", "OPTION_NAME_ALREADY_EXISTS")
            seen.add(name)


def _check_name(path: str, name: object, *, is_slash: bool) -> None:
    check_length(path, name, 1, MOST_NAME_CHARACTERS)
    text = str(name)
    if is_slash and (text != text.lower() or not all(map(_may_be_in_a_name, text))):
        raise form_error(path, "Command name is invalid", "APPLICATION_COMMAND_INVALID_NAME")


def _may_be_in_a_name(sign: str) -> bool:
    is_mark = unicodedata.category(sign)[0] == "M" and unicodedata.name(sign, "").startswith(COMBINING_SCRIPTS)
    return sign in NAME_SIGNS or unicodedata.category(sign)[0] in "LN" or is_mark


def _texts(thing: Mapping[str, Any], field: str, prefix: str) -> list[tuple[str, Any]]:
    """A text and its translations, each with its path."""
    translations = thing.get(f"{field}_localizations") or {}
    for locale in translations:
        if locale not in LOCALES:
            sentence = f"Value must be one of {{{', '.join(sorted(LOCALES))}}}."
            raise form_error(f"{prefix}{field}_localizations.{locale}", sentence, "BASE_TYPE_CHOICES")
    translated = [(f"{prefix}{field}_localizations.{locale}", text) for locale, text in translations.items()]
    return [(f"{prefix}{field}", thing.get(field) or ""), *translated]


def _size(thing: Mapping[str, Any]) -> int:
    texts = sum(max(len(str(text)) for _, text in _texts(thing, field, "")) for field in ("name", "description"))
    inner = [*(thing.get("options") or []), *(thing.get("choices") or [])]
    return texts + len(str(thing.get("value", ""))) + sum(map(_size, inner))


def _kind(command: Mapping[str, Any]) -> int:
    return int(command.get("type") or AppCommandType.CHAT_INPUT)
