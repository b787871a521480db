"""docs/moderators.md names what there is: pictures, commands, settings and buttons."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from discord import app_commands

from bot.client import ParleyClient
from bot.place_settings.table import SETTINGS
from bot.setting import Group
from tests.commands.town import Town

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "moderators.md").read_text(encoding="utf-8")
MAX_PICTURE_BYTES = 150_000
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pictures_are_there_and_described(page: Path) -> None:
    """Each picture of a page exists, and says in words what it shows."""
    pictures = re.findall(r"!\[(.*?)\]\(((?!https?:).+?)\)", page.read_text(encoding="utf-8"))
    assert [picture for words, picture in pictures if not words or not (page.parent / picture).is_file()] == []


def test_pictures_are_small_and_all_used() -> None:
    """They are read over slow lines, too, and none is left over."""
    pictures = sorted((ROOT / "docs" / "moderators").iterdir())
    assert [picture.name for picture in pictures if picture.stat().st_size > MAX_PICTURE_BYTES] == []
    assert {picture.name for picture in pictures} == set(re.findall(r"\(moderators/(.+?)\)", PAGE))


async def test_commands_of_the_page_exist(town: Town) -> None:
    """Each is a command of the bot's, with the part of it that is named."""
    bot = town.env.bot
    assert isinstance(bot, ParleyClient)
    known = {each.qualified_name for each in bot.tree.walk_commands() if not isinstance(each, app_commands.ContextMenu)}
    named = set(re.findall(r"`/([a-z_ ]+)`", PAGE))
    assert named >= {"settings", "model", "prompt", "budget set"}
    assert named - known == set()


def test_settings_and_pages_of_the_panel_exist() -> None:
    """Each setting that is named is one, and so is each page of the panel, in their order."""
    named = set(re.findall(r"`([a-z]+_[a-z_]+|trigger)`", PAGE))
    assert named
    assert named - set(SETTINGS) == set()
    assert ", ".join(Group) in " ".join(PAGE.split())
