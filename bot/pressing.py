"""What is the same for whatever people press: who presses, and what they are told where it does not apply."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord

from bot.client import sentence_for
from bot.interactions import tell
from bot.runs.service import Presser


def presser(interaction: discord.Interaction[Any]) -> Presser:
    """Who presses, and whether as a moderator of the place."""
    return Presser(
        user_id=interaction.user.id,
        place_id=interaction.channel_id or 0,
        is_moderator=interaction.permissions.manage_messages,
    )


def private_token(interaction: discord.Interaction[Any]) -> str | None:
    """By which an answer that only one person sees can be gone on with."""
    is_private = interaction.message is not None and interaction.message.flags.ephemeral
    return interaction.token if is_private else None


@asynccontextmanager
async def faults_told(interaction: discord.Interaction[Any]) -> AsyncIterator[None]:
    """What goes wrong in the block is told to the person in a sentence, as with commands."""
    try:
        yield
    except Exception as error:
        await tell(interaction, sentence_for(error))
