"""Declaring a tool: one method gives a slash command and a function, or a sentence about what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from discord import app_commands

from bot.app import assembled
from bot.client import COGS
from bot.errors import StartupError
from bot.tools.declare import tools_of
from tests.scenarios.given import GivenSettings
from tests.tools.people import ASKER, said
from tests.tools.workbench import Workbench

FAULTS = """\
These commands are not declared as they have to be:
tests.tools.clashing: there is another command named roll.
Faulty.mute: it has no docstring, which says what it does.
Faulty.vague: amount is not described under Args: in the docstring.
Faulty.aim: point has a type that cannot be told to a model; docs/tools.md lists those that can.
Faulty.aim: place has a type that cannot be told to a model; docs/tools.md lists those that can.
Faulty.aim: place is described in more than the 100 characters that Discord shows.
Faulty.overload: it has more than the 25 parameters that Discord allows.
Faulty.choose: number has more than the 25 choices that Discord allows.
Faulty.pack: unsupported type annotation list[str].
Faulty.unknown: name 'Nowhere' is not defined.
Faulty.hurry: it has to be an async method.
Faulty.grüße: models know only names of a-z, 0-9, - and _.
Faulty.name_that_is_longer_than_discord_allows: 'name_that_is_longer_than_discord_allows' must be \
between 1-32 characters and contain only lower-case letters, numbers, hyphens, or underscores.
Faulty.nobody: it is neither for the model nor for people.
Faulty.dawdle: people see no answer after 840 seconds: lower timeout_seconds, or for_people=False.
Faulty.find_tool: there is another command or tool named find_tool.
Faulty.purge: checks do not hold for what a model calls: say permissions= instead, or look at the caller.
Faulty.whisper: a model's call knows no place but guild_only and everywhere.
Faulty.local: a model's call knows no place but guild_only and everywhere.
Guarded.guarded: checks do not hold for what a model calls: say permissions= instead, or look at the caller.
Grouped.inner: what its group restricts does not hold for a model: put it outside, or restrict nothing.
Grouped.mightier: what its group restricts does not hold for a model: put it outside, or restrict nothing.
Grouped.mightier: Discord restricts no command of a group: put it outside, or restrict nothing."""


def settings(folder: Path) -> GivenSettings:
    """What it takes to put a bot together that never connects."""
    return GivenSettings.model_validate(
        {
            "discord_token": "none",
            "provider_base_url": "http://127.0.0.1:9/v1",
            "provider_model": "none",
            "database_url": f"sqlite+aiosqlite:///{folder}/parley.db",
        }
    )


async def test_tool_is_told_to_the_model_as_discord_parsed_it() -> None:
    """Types, ranges, choices, defaults and descriptions are those of the slash command."""
    spec = next(tool.spec for tool in tools_of([Workbench()]) if tool.name == "measure")
    assert spec.description == "Measure a text\n\nIt is never wrong."
    assert spec.parameters == {
        "type": "object",
        "properties": {
            "text": {"type": "string", "description": "What to measure", "maxLength": 6000},
            "pace": {"type": "string", "description": "How fast", "enum": ["slow", "fast"]},
            "count": {"type": "integer", "description": "How often", "minimum": 1, "maximum": 9, "default": 3},
            "share": {"type": "number", "description": "How much of it", "minimum": 0, "maximum": 1},
            "copy": {"type": "boolean", "description": "Whether to keep a copy", "default": False},
            "name": {
                "type": "string",
                "description": "Who measures",
                "minLength": 2,
                "maxLength": 5,
                "default": "Ada",
            },
        },
        "required": ["text", "pace"],
        "additionalProperties": False,
    }


async def test_tool_is_a_slash_command_with_the_same_options() -> None:
    """People get what discord.py makes of the method, without the caller."""
    (command,) = [each for each in Workbench().get_app_commands() if each.name == "measure"]
    assert command.description == "Measure a text"
    assert isinstance(command, app_commands.Command)
    options = {each.name: (each.required, each.description) for each in command.parameters}
    assert options == {
        "text": (True, "What to measure"),
        "pace": (True, "How fast"),
        "count": (False, "How often"),
        "share": (False, "How much of it"),
        "copy": (False, "Whether to keep a copy"),
        "name": (False, "Who measures"),
    }


async def test_start_names_every_fault_at_once(tmp_path: Path) -> None:
    """An engineer learns of all that is wrong in one go; nothing starts with half of the tools."""
    async with assembled(settings(tmp_path)) as parley:
        with pytest.raises(StartupError) as caught:
            await parley.client.load(["cogs.dice", "tests.tools.clashing", "tests.tools.faulty"])
        assert str(caught.value) == FAULTS
        assert [spec.name for spec in await parley.client.toolbox.offered(ASKER)] == ["ask_user"]


async def test_tools_of_the_same_name_are_a_fault() -> None:
    """Also where Discord would not mind, as in two groups: a model knows no groups."""
    with pytest.raises(StartupError, match=r"Workbench\.measure: there is another command or tool named measure"):
        tools_of([Workbench(), Workbench()])


async def test_every_cog_declares_what_a_model_can_be_told(tmp_path: Path) -> None:
    """All commands that come with the bot load, and their schemas can be made."""
    async with assembled(settings(tmp_path)) as parley:
        await parley.client.load(f"cogs.{file.stem}" for file in COGS.glob("[!_]*.py"))
        await parley.client.load(["cogs.dice"])
        assert all(parley.client.toolbox.find(name, None) for name in ("ask_user", "calculate", "roll", "time"))
        assert await parley.client.toolbox.offered(ASKER)


async def test_host_may_keep_tools_from_the_model(tmp_path: Path) -> None:
    """With TOOLS_ENABLED=false models are told of none, and a call of one is not carried out."""
    turned_off = settings(tmp_path).model_copy(update={"tools_enabled": False})
    async with assembled(turned_off) as parley:
        await parley.client.load(["cogs.dice"])
        assert await parley.client.toolbox.offered(ASKER) == ()
        assert await said(parley.client.toolbox, "roll") == "There is no tool named roll. These exist: none."
