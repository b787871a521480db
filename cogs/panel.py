"""The panel of settings as moderators press it, whoever opened it and whenever: everything is in the custom ids."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

import discord
from discord.ext import commands

from bot.client import ParleyClient
from bot.interactions import acknowledge, respond
from bot.place_settings.aims import FIRST_PAGE, Action, Aim, Page, place_of
from bot.place_settings.chosen import SYSTEM_PROMPT
from bot.place_settings.forms import entered, form, open_form, submitted
from bot.place_settings.managing import require_looker, require_manager
from bot.place_settings.panel import Sight, drawn, sight
from bot.place_settings.prompting import keep_prompt, open_prompt, take_and_tell
from bot.place_settings.service import Edit
from bot.place_settings.table import setting
from bot.places import Place
from bot.pressing import faults_told

Interaction: TypeAlias = discord.Interaction[ParleyClient]


class Panel(commands.Cog):
    """Hears what is done on panels."""

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Do what a part of a panel stands for, or say in words why not."""
        data: Any = interaction.data or {}
        aim = Aim.parse(str(data.get("custom_id", "")))
        if aim is not None:
            async with faults_told(interaction):
                await STEPS[aim.action](interaction, aim)


async def show(interaction: Interaction, place: Place, page: Page) -> None:
    """Show how things are now, in the same message."""
    view = drawn(await sight(interaction, place, page))
    await interaction.edit_original_response(view=view)


async def look(interaction: Interaction, aim: Aim) -> None:
    """Go to another place or another page."""
    place = place_of(chosen(interaction)) if aim.action is Action.PLACE else aim.place
    page = Page.parse(chosen(interaction)) if aim.action is Action.PAGE else aim.page or FIRST_PAGE
    require_looker(interaction, place)
    await acknowledge(interaction)
    await show(interaction, place, page)


async def switch(interaction: Interaction, aim: Aim) -> None:
    """Turn something on or off."""
    seen = await sight(interaction, aim.place, aim.page or FIRST_PAGE)
    await change(interaction, seen, seen.named_by(aim.key), aim.seen, aim.action is Action.ON)


async def ask(interaction: Interaction, aim: Aim) -> None:
    """Open the form of a setting."""
    seen = await sight(interaction, aim.place, aim.page or FIRST_PAGE)
    require_manager(interaction, aim.place)
    name = seen.named_by(aim.key)
    if name == SYSTEM_PROMPT:
        await open_prompt(interaction, aim.place, aim.page)
        return
    models = interaction.client.setting_desk.models
    value = seen.there.value(name)
    await open_form(interaction, form(seen.aim(Action.FORM, name), setting(name), value, models, seen.allowed))


async def take(interaction: Interaction, aim: Aim) -> None:
    """Keep what was submitted."""
    seen = await sight(interaction, aim.place, aim.page or FIRST_PAGE)
    name = seen.named_by(aim.key)
    await change(interaction, seen, name, aim.seen, entered(setting(name), submitted(interaction)))


async def inherit(interaction: Interaction, aim: Aim) -> None:
    """Take back what is set at the place."""
    digest, _, key = chosen(interaction).partition(":")
    seen = await sight(interaction, aim.place, aim.page or FIRST_PAGE)
    await change(interaction, seen, seen.named_by(key), digest, None)


async def change(interaction: Interaction, seen: Sight, name: str, digest: str, value: Any) -> None:
    """Let a setting have a value at the place, None to inherit it, and show what came of it.  Raises: Refusal."""
    require_manager(interaction, seen.place)
    await acknowledge(interaction)
    try:
        await interaction.client.setting_desk.change(
            interaction.guild_id,
            interaction.channel_id or 0,
            [Edit(place=seen.place, name=name, value=value)],
            interaction.user.id,
            seen=seen.unless_changed(name, digest),
        )
    finally:
        await show(interaction, seen.place, seen.page)


async def write(interaction: Interaction, aim: Aim) -> None:
    """Open the form of the prompt, under the file with the whole of it."""
    await open_prompt(interaction, aim.place, aim.page, shows_file=False)


async def take_prompt(interaction: Interaction, aim: Aim) -> None:
    """Keep the prompt that was submitted, and show it where it was asked for."""
    if aim.page is None:
        await respond(lambda: interaction.response.defer(ephemeral=True, thinking=True))
        await take_and_tell(interaction, aim)
        return
    await acknowledge(interaction)
    try:
        await keep_prompt(interaction, aim)
    finally:
        await show(interaction, aim.place, aim.page)


def chosen(interaction: Interaction) -> str:
    """What was chosen in a menu."""
    data: Any = interaction.data or {}
    values: Sequence[str] = data.get("values", ())
    return values[0] if values else ""


STEPS: Mapping[Action, Callable[[Interaction, Aim], Awaitable[None]]] = {
    Action.PLACE: look,
    Action.PAGE: look,
    Action.TURN: look,
    Action.ON: switch,
    Action.OFF: switch,
    Action.CHANGE: ask,
    Action.FORM: take,
    Action.INHERIT: inherit,
    Action.PROMPT: write,
    Action.WRITTEN: take_prompt,
}


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    await bot.add_cog(Panel())
