"""The words of commands in other languages, from one file for each: `zh-CN.toml` beside this module, and the like.

English is the source and stands in the code.  In a file each command or option has a table, named as people type it
(`[ask]`, `["tools add approval"]`), which leads from English to the language.  What is the same in several places
stands in `["*"]`, as do the names of choices, of which discord.py does not tell where they stand.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self, TypeAlias

from discord import Locale, app_commands
from discord.app_commands import Parameter, TranslationContextTypes, locale_str

from bot.commands.sync import AnyCommand

Tables: TypeAlias = Mapping[str, Mapping[str, str]]  # place, English, translation

FOLDER = Path(__file__).parent
ANYWHERE = "*"


class Words(app_commands.Translator):
    """Knows the languages, and finds what commands are called in them."""

    def __init__(self, languages: Mapping[Locale, Tables]) -> None:
        self.languages = languages

    @classmethod
    def read(cls) -> Self:
        """The languages that there are files of."""
        return cls({Locale(file.stem): tomllib.loads(file.read_text("utf-8")) for file in FOLDER.glob("*.toml")})

    def find(self, locale: Locale, place: str, english: str) -> str | None:
        """What something in English is at a place, if the language is known and has it."""
        tables = self.languages.get(locale, {})
        return tables.get(place, {}).get(english) or tables.get(ANYWHERE, {}).get(english)

    async def translate(self, string: locale_str, locale: Locale, context: TranslationContextTypes) -> str | None:
        """Called by discord.py for each text of each command, with each of Discord's languages."""
        return self.find(locale, place_of(context.data), string.message)

    def name(self, locale: Locale, command: AnyCommand) -> str:
        """What a command is called where Discord lists it, without the group that it is in."""
        return self.find(locale, command.qualified_name, command.name) or command.name

    def description(self, locale: Locale, command: app_commands.Command[Any, ..., Any] | app_commands.Group) -> str:
        """What a command does."""
        return self.find(locale, command.qualified_name, command.description) or command.description


def place_of(described: Any) -> str:
    """Where a text stands: the table of a command, a group or an option."""
    if isinstance(described, Parameter):
        return f"{described.command.qualified_name} {described.display_name}"
    return getattr(described, "qualified_name", ANYWHERE)
