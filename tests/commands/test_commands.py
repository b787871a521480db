"""The slash commands as Discord lets people use them: permissions, places, and who sees what."""

from __future__ import annotations

from typing import Any

import discord
import pytest
import simcord
from discord import app_commands

from bot.client import COMMAND_CHANGED, COMMAND_GONE
from tests.commands.town import Town

CANNOT_WRITE = "I may not write in this channel. A moderator can give me Send Messages here; `private` works already."


async def test_everybody_may_use_every_command(town: Town) -> None:
    """The commands are synced, and need no permission that a member lacks."""
    assert set(town.edsger.available_commands(town.general)) >= {
        *("ask", "help", "reset", "roll", "time", "remind"),
        *("calculate", "user_info", "server_info"),
    }


async def test_open_question_is_answered_in_the_channel(town: Town) -> None:
    """/ask posts the question for all to see and answers it with a reply."""
    asked = await town.linus.slash(town.general, "ask", question="why?")
    assert not asked.ephemeral
    assert asked.response is not None
    assert asked.response.content == "**linus** asks: why?"
    answer = await town.answer("Regenerate")
    assert answer.content == "Hello from the scripted model."
    assert answer.reference is not None
    assert answer.reference.message_id == asked.response.id


async def test_private_question_leaves_no_trace_for_others(town: Town) -> None:
    """/ask with `private` is acknowledged to its user alone."""
    asked = await town.linus.slash(town.general, "ask", question="psst?", private=True)
    assert asked.deferred
    assert asked.ephemeral
    assert town.general.history(viewer=town.edsger) == []


async def test_question_is_refused_where_the_bot_may_not_write(town: Town) -> None:
    """Without Send Messages the bot says so to the user, and offers what works."""
    closed = discord.PermissionOverwrite(send_messages=False)
    channel = town.guild.create_text_channel("closed", overwrites={town.guild.default_role: closed})
    asked = await town.linus.slash(channel, "ask", question="why?")
    assert asked.ephemeral
    assert asked.response is not None
    assert asked.response.content == CANNOT_WRITE
    assert town.provider.requests == []
    assert len(town.env.errors) == 1  # simcord counts the refusal as one, and is told that it was meant
    private = await town.linus.slash(channel, "ask", question="why?", private=True)
    assert private.deferred
    await town.provider.wait_for_request()


@pytest.mark.parametrize("question", ["", "x" * 1801])
async def test_question_has_a_length(town: Town, question: str) -> None:
    """Discord refuses what would not fit a message together with the name before it."""
    with pytest.raises(simcord.OptionError):
        await town.linus.slash(town.general, "ask", question=question)


async def test_reset_is_told_to_all(town: Town) -> None:
    """Everybody in the channel sees where the new conversation starts."""
    result = await town.edsger.slash(town.general, "reset")
    assert not result.ephemeral
    assert result.response is not None
    assert result.response.content == "A new conversation starts here."


async def test_command_that_was_changed_meanwhile_is_used_once_more(town: Town) -> None:
    """Who uses what Discord has of an older version is told so, and Discord is told what there is."""
    (known,) = [command for command in town.env.backend.commands[None].values() if command["name"] == "ask"]
    known["options"] = []
    result = await town.linus.slash(town.general, "ask")
    assert result.response is not None
    assert result.response.content == COMMAND_CHANGED
    simcord.assert_error(town.env, app_commands.CommandSignatureMismatch)
    await town.linus.slash(town.general, "ask", question="why?")
    await town.answer("Regenerate")


async def test_command_that_is_gone_is_offered_no_more(town: Town) -> None:
    """Also in a direct message, where nobody but the bot itself has commands."""
    bot: Any = town.env.bot
    bot.tree.remove_command("roll")
    result = await town.linus.user.slash("roll")
    assert result.response is not None
    assert result.response.content == COMMAND_GONE
    simcord.assert_error(town.env, app_commands.CommandNotFound)
    assert "roll" not in town.linus.available_commands(town.general)
