"""Who may see the runs of a place, as Discord's permissions have it."""

from __future__ import annotations

import pytest
import simcord
from discord.ext import commands

from sandbox.semantics import walk_components
from tests.commands.process import Process
from tests.commands.town import Town

MODERATORS_ONLY = "Only moderators can see the runs: that takes Manage Messages here."


def text_of(shown: simcord.ResponseMessage) -> str:
    """Everything that is written on a board, as it stands now."""
    return "\n".join(component["content"] for component in walk_components(shown.components) if "content" in component)


async def opened(town: Town) -> simcord.ResponseMessage:
    """What /runs shows Grace after one answer."""
    await town.linus.send(town.general, f"{town.mention} hi")
    await town.answer("Regenerate")
    result = await town.grace.slash(town.general, "runs")
    assert result.response is not None
    return result.response


async def test_command_is_there_for_moderators_only(town: Town) -> None:
    """Discord offers it to who has Manage Messages, and to nobody in a direct message."""
    assert "runs" in town.grace.available_commands(town.general)
    assert "runs" not in town.edsger.available_commands(town.general)
    assert "runs" not in town.grace.user.available_commands()
    with pytest.raises(simcord.SetupError):
        await town.edsger.slash(town.general, "runs")


async def test_command_that_a_server_gives_to_others_is_refused_in_words(town: Town, simcord_bot: commands.Bot) -> None:
    """A server can offer any command to anyone; who may not cancel the answers of others does not see them either."""
    (runs,) = [command for command in await simcord_bot.tree.fetch_commands() if command.name == "runs"]
    town.guild.set_command_permissions(runs, {town.edsger: True})
    result = await town.edsger.slash(town.general, "runs")
    assert result.response is not None
    assert (result.response.content, result.ephemeral) == (MODERATORS_ONLY, True)
    assert len(town.env.errors) == 1  # simcord counts the refusal as one, and is told that it was meant


async def test_moderator_sees_runs_alone(town: Town) -> None:
    """The list names who asked, and is for one moderator's eyes."""
    shown = await opened(town)
    assert f"<@{town.linus.id}>" in text_of(shown)
    assert shown.ephemeral
    assert shown.id not in [message.id for message in town.general.history(viewer=town.edsger)]


async def test_controls_ask_for_the_permission_again(town: Town) -> None:
    """Who is no moderator any more reads so, and learns nothing new from what is still on the screen."""
    shown = await opened(town)
    before = text_of(shown)
    (role,) = [role for role in town.guild.roles.values() if role.name == "Moderator"]
    town.env.backend.remove_member_role(town.guild.id, town.grace.id, role.id)
    for pressed in (await town.grace.click(shown, label="Refresh"), await town.grace.select(shown, ["1"])):
        (whisper,) = pressed.followups
        assert (whisper.content, whisper.ephemeral) == (MODERATORS_ONLY, True)
    assert text_of(shown) == before


async def test_board_outlives_the_process(town: Town, process: Process) -> None:
    """After a restart the menu opens a run and the button leads back: they carry no more than ids."""
    shown = await opened(town)
    await town.env.restart_bot(await process.start())
    await town.grace.select(shown, ["1"])
    assert text_of(shown).startswith("### ✅ Run #1")
    await town.grace.click(shown, label="Back")
    assert text_of(shown).startswith("### Runs here")
