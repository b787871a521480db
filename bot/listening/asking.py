"""Asking openly: the question is shown in the channel, and its answer replies to that."""

from __future__ import annotations

import discord

from bot.client import ParleyClient, where
from bot.errors import Refusal
from bot.interactions import CANNOT_WRITE, may_write, respond
from bot.listening.admission import admitted
from bot.listening.hearing import import_recent, words
from bot.listening.question_threads import place_of_answer
from bot.place_settings.chosen import PlaceValues
from bot.runs.service import Said

MAX_QUESTION_CHARACTERS = 1800  # with the name before it, and a link, the question fits one message
NOTHING_TO_ASK = "There is nothing in that message that I could read."


async def require_askable(
    interaction: discord.Interaction[ParleyClient], about: discord.Message | None = None
) -> PlaceValues:
    """What moderators chose here.

    Raises: Refusal unless the person may ask here, and about this message, openly; BudgetReached.
    """
    opt_outs = interaction.client.opt_outs
    await opt_outs.require_in(interaction.user.id)
    if not may_write(interaction):
        raise Refusal(CANNOT_WRITE)
    if about is not None and (
        not words(interaction.client, about) or await opt_outs.since(about.author.id) is not None
    ):
        raise Refusal(NOTHING_TO_ASK)
    chosen = await admitted(interaction)
    place = where(interaction.channel, interaction.guild, interaction.user.id)
    await interaction.client.budgets.require_some_left(place.guild_id, place.channel_id, place.user_id)
    return chosen


async def ask_openly(
    interaction: discord.Interaction[ParleyClient], question: str, about: discord.Message | None = None
) -> None:
    """Ask for whoever used a command or a form, about a message as if they had replied to it.  Raises: Refusal."""
    chosen = await require_askable(interaction, about)
    client, user = interaction.client, interaction.user
    of_what = "" if about is None else f" about {about.jump_url}"
    shown_words = f"**{discord.utils.escape_markdown(user.display_name)}** asks{of_what}: {question}"
    shown = await respond(lambda: interaction.response.send_message(shown_words))
    said = Said(
        message_id=(await interaction.original_response()).id if shown is None else shown.message_id,
        author_id=user.id,
        author_name=user.display_name,
        text=question,
        reply_author=None if about is None else about.author.display_name,
        reply_text=None if about is None else words(client, about),
        reply_author_id=None if about is None else about.author.id,
    )
    here = where(interaction.channel, interaction.guild, user.id)
    place = await place_of_answer(client, interaction.channel, here, said, chosen)
    if place == here:
        before = said.message_id or interaction.id
        await import_recent(client, interaction.channel, interaction.guild, here, chosen, before=before)
    if place is not None:
        await client.service.receive(place, said, chosen=chosen)
