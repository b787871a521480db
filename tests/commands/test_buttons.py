"""Who may press the buttons under an answer, as Discord's permissions have it."""

from __future__ import annotations

import discord
import pytest

from sandbox.stories import Story
from tests.commands.process import Process
from tests.commands.town import Town

NOT_YOURS = "Only the person who asked, or a moderator, can do that."
PAUSED = Story(pieces=("First", " words."), hang_at=1)


@pytest.mark.parametrize("name", ["linus", "grace"])
async def test_asker_and_moderator_may_stop(town: Town, name: str) -> None:
    """Manage Messages in the channel makes a moderator."""
    town.provider.play(PAUSED)
    await town.linus.send(town.general, f"{town.mention} hi")
    await getattr(town, name).click(await town.answer("Stop"), label="Stop")
    assert (await town.answer("Regenerate")).content == "First\n-# Stopped."


async def test_moderator_of_one_channel_may_stop_there(town: Town) -> None:
    """The channel's own permissions count, not only the server's."""
    trusted = discord.PermissionOverwrite(manage_messages=True)
    town.general = town.guild.create_text_channel("edsgers", overwrites={town.edsger: trusted})
    town.provider.play(PAUSED)
    await town.linus.send(town.general, f"{town.mention} hi")
    await town.edsger.click(await town.answer("Stop"), label="Stop")
    assert (await town.answer("Regenerate")).content == "First\n-# Stopped."


@pytest.mark.parametrize("label", ["Stop", "Regenerate"])
async def test_others_are_refused_in_a_whisper(town: Town, label: str) -> None:
    """Who neither asked nor moderates reads why, alone, and nothing happens."""
    if label == "Stop":
        town.provider.play(PAUSED)
    await town.linus.send(town.general, f"{town.mention} hi")
    pressed = await town.edsger.click(await town.answer(label), label=label)
    (whisper,) = pressed.followups
    assert (whisper.content, whisper.ephemeral) == (NOT_YOURS, True)
    town.provider.requests[0].released.set()
    await town.answer("Regenerate")
    assert len(town.provider.requests) == 1


async def test_buttons_outlive_the_process(town: Town, process: Process) -> None:
    """After a restart, what stands under an old answer still works: it carries no more than an id."""
    await town.linus.send(town.general, f"{town.mention} hi")
    old = await town.answer("Regenerate")
    await town.env.restart_bot(await process.start())
    town.provider.play(Story(text="Again."))
    await town.linus.click(old, label="Regenerate")
    again = await town.answer("Regenerate", words="Again.")
    assert again.id == old.id
