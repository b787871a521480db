"""What commands are called in other languages: nothing is missing, and Discord takes it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import discord
import pytest
from discord import app_commands
from discord.app_commands import TranslationContextTypes, locale_str

from bot.client import ParleyClient
from bot.locales.translator import ANYWHERE, Words, place_of
from bot.settings import Settings
from tests.commands.town import Town

LANGUAGES = sorted(Words.read().languages, key=str)
# Discord's limits (interactions/application-commands.mdx).
NAME = re.compile(r"[-_'\w]{1,32}")
MAX_MENU_CHARACTERS, MAX_WORDS_CHARACTERS, MAX_COMMAND_CHARACTERS = 32, 100, 4000

Text = tuple[str, str]  # place, English


class Collector(app_commands.Translator):
    """Collects what is to be translated."""

    def __init__(self) -> None:
        self.texts: dict[Text, None] = {}

    async def translate(self, string: locale_str, _: discord.Locale, context: TranslationContextTypes) -> None:
        """Note one text."""
        if any(character.isalpha() for character in string.message):  # a number is the same everywhere
            self.texts[place_of(context.data), string.message] = None


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A host that allows web pages, so that no command is left out."""
    return settings.model_copy(update={"tool_fetch_hosts": ("example.org",)})


@pytest.fixture
async def payloads(town: Town) -> list[dict[str, Any]]:
    """What Discord is told of the bot's own commands."""
    return list(town.env.backend.commands[None].values())


@pytest.fixture
async def texts(town: Town) -> list[Text]:
    """Everything in English that the bot's own commands say."""
    bot, collector = town.env.bot, Collector()
    assert isinstance(bot, ParleyClient)
    for command in bot.tree.get_commands():
        await command.get_translated_payload(bot.tree, collector)
    return list(collector.texts)


def entry(text: Text) -> str:
    """A text as it would stand in the file of a language."""
    place, english = text
    return f'["{place}"] {json.dumps(english, ensure_ascii=False)} = ""'


@pytest.mark.parametrize("locale", LANGUAGES, ids=str)
def test_every_text_is_translated(texts: list[Text], locale: discord.Locale) -> None:
    """Each language is complete: what is listed here is to be written into its file."""
    words = Words.read()
    missing = [entry(text) for text in texts if words.find(locale, *text) is None]
    assert not missing, "\n".join([f"bot/locales/{locale.value}.toml lacks:", *missing])


@pytest.mark.parametrize("locale", LANGUAGES, ids=str)
def test_every_translation_is_of_a_text(texts: list[Text], locale: discord.Locale) -> None:
    """What is listed here nobody reads: its English was changed or is gone."""
    tables = Words.read().languages[locale]
    read = {(place if english in tables.get(place, {}) else ANYWHERE, english) for place, english in texts}
    written = [(place, english) for place, table in tables.items() for english in table]
    unread = [entry(text) for text in written if text not in read]
    assert not unread, "\n".join([f"bot/locales/{locale.value}.toml has in vain:", *unread])


def test_no_english_is_cut(texts: list[Text]) -> None:
    """discord.py cuts docstrings and descriptions that are too long for Discord, in silence."""
    assert [text for text in texts if text[1].endswith("…")] == []


def in_language(described: dict[str, Any], field: str, locale: str) -> str:
    """A name or a description as somebody reads it who has a language."""
    return str((described.get(f"{field}_localizations") or {}).get(locale) or described.get(field, ""))


def walked(described: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A command, and all subcommands, options and choices in it."""
    yield described
    for inner in (*described.get("options", ()), *described.get("choices", ())):
        yield from walked(inner)


@pytest.mark.parametrize("locale", LANGUAGES, ids=str)
def test_discord_takes_the_words(payloads: list[dict[str, Any]], locale: discord.Locale) -> None:
    """Names are short, in lower case and without spaces; descriptions and choices have a length."""
    for each in (each for payload in payloads for each in walked(payload)):
        name = in_language(each, "name", locale.value)
        if "value" in each:
            assert 1 <= len(name) <= MAX_WORDS_CHARACTERS, name
        elif not each.get("options") and not each.get("description"):
            assert 1 <= len(name) <= MAX_MENU_CHARACTERS, name
        else:
            assert NAME.fullmatch(name), name
            assert name == name.lower()
            assert 1 <= len(in_language(each, "description", locale.value)) <= MAX_WORDS_CHARACTERS, name


@pytest.mark.parametrize("locale", LANGUAGES, ids=str)
def test_names_are_told_apart(payloads: list[dict[str, Any]], locale: discord.Locale) -> None:
    """No two commands of a kind, subcommands of a group, options of a command or choices of one have the same name."""
    for kind in {payload["type"] for payload in payloads}:
        assert twice([payload for payload in payloads if payload["type"] == kind], locale) == []
    for each in (each for payload in payloads for each in walked(payload)):
        assert twice(each.get("options", []), locale) == []
        assert twice(each.get("choices", []), locale) == []


def twice(described: list[dict[str, Any]], locale: discord.Locale) -> list[str]:
    """The names that several have in a language, or one in English and another one in the language."""
    names = [{each["name"], in_language(each, "name", locale.value)} for each in described]
    return [name for name, count in Counter(name for both in names for name in both).items() if count > 1]


def test_no_command_says_more_than_discord_holds(payloads: list[dict[str, Any]]) -> None:
    """Of each text the longest language counts."""
    for payload in payloads:
        sizes = [
            max(len(text) for text in (str(each.get(field, "")), *(each.get(f"{field}_localizations") or {}).values()))
            for each in walked(payload)
            for field in ("name", "description", "value")
        ]
        assert sum(sizes) <= MAX_COMMAND_CHARACTERS, payload["name"]
