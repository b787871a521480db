"""Who may see what the host pays."""

from __future__ import annotations

import simcord
from discord.ext import commands

from tests.commands.town import Town


async def test_command_is_not_offered_to_members(town: Town) -> None:
    """In a server it is there for administrators, and in direct messages for whoever hosts the bot."""
    assert "usage" not in town.grace.available_commands(town.general)
    assert "usage" in town.grace.user.available_commands()


async def test_others_than_the_host_are_told_who_may(town: Town, simcord_bot: commands.Bot) -> None:
    """A server can offer any command to anybody; what the host pays is nobody else's business."""
    (usage,) = [command for command in await simcord_bot.tree.fetch_commands() if command.name == "usage"]
    town.guild.set_command_permissions(usage, {town.grace: True})
    for result in (await town.grace.slash(town.general, "usage"), await town.grace.user.slash("usage")):
        assert refusal(result).startswith("Only the host of this bot can see this")
        town.env.errors.clear()
    assert town.provider.billing.paths == []


def refusal(result: simcord.InteractionResult) -> str:
    """What the person reads, who alone sees it."""
    assert result.ephemeral
    return "".join(message.content for message in (result.response, *result.followups) if message is not None)
