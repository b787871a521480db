"""How a place's prompt is changed: its form is opened, and what comes of it is kept or handed back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import discord

from bot.client import ParleyClient
from bot.errors import Refusal
from bot.interactions import respond
from bot.place_settings.aims import Action, Aim, Page, digest_of
from bot.place_settings.chosen import PROMPT_MODE, SYSTEM_PROMPT
from bot.place_settings.desk import Kept, called
from bot.place_settings.forms import MAX_INPUT_CHARACTERS, open_form, submitted
from bot.place_settings.managing import require_manager
from bot.place_settings.panel import FIRST_PROMPT_PAGE, Sight, sight
from bot.place_settings.prompt_form import (
    FILE,
    MODE,
    TEXT,
    as_file,
    long_prompt,
    prompt_form,
    require_short,
    text_of,
    uploaded,
)
from bot.place_settings.records import tell_kept
from bot.place_settings.service import Edit
from bot.places import Place
from bot.store.setting_changes import Change

Interaction: TypeAlias = discord.Interaction[ParleyClient]

HANDED_BACK = "{refusal}\nNothing was changed. What you entered is in the file."


async def open_prompt(interaction: Interaction, place: Place, page: Page | None, *, shows_file: bool = True) -> None:
    """Show the form of a place's prompt; of one that it does not hold first the whole as a file.  Raises: Refusal."""
    seen = await sight(interaction, place, FIRST_PROMPT_PAGE)
    require_manager(interaction, place)
    text = seen.there.value(SYSTEM_PROMPT) or ""
    if shows_file and len(text) > MAX_INPUT_CHARACTERS:
        said, file, view = long_prompt(place, text, interaction.guild_id)
        await respond(lambda: interaction.response.send_message(said, file=file, view=view, ephemeral=True))
        return
    aim = Aim(
        action=Action.WRITTEN,
        place=place,
        page=page,
        seen=digest_of(seen.own_value(SYSTEM_PROMPT)),
        key=SYSTEM_PROMPT,
    )
    await open_form(interaction, prompt_form(aim.custom_id, seen.there))


async def keep_prompt(interaction: Interaction, aim: Aim) -> Kept | None:
    """Keep what was submitted.  Raises: Refusal, unless it was told with a file, which is None."""
    seen = await sight(interaction, aim.place, FIRST_PROMPT_PAGE)
    require_manager(interaction, aim.place)
    given = submitted(interaction)
    text = str(given.get(TEXT) or "")
    try:
        file = uploaded(interaction, given.get(FILE) or [])
        if file is not None:
            text = await text_of(file)
        edits = [*edits_of(seen, require_short(text), str(given.get(MODE) or ""))]
        changes: tuple[Change, ...] = ()
        if edits:
            changes = await interaction.client.setting_desk.change(
                interaction.guild_id,
                interaction.channel_id or 0,
                edits,
                interaction.user.id,
                seen=seen.unless_changed(SYSTEM_PROMPT, aim.seen),
            )
    except Refusal as refusal:
        if not text.strip():
            raise
        said = HANDED_BACK.format(refusal=refusal)
        await interaction.followup.send(said, file=as_file(text), ephemeral=True)
        return None
    return Kept(sentence=told(edits, aim.place, interaction.guild_id), changes=changes)


def edits_of(seen: Sight, text: str, mode: str) -> Iterator[Edit]:
    """What a submitted form changes: nothing that was only shown in it becomes the place's own."""
    shown = seen.there.value(SYSTEM_PROMPT) or ""
    is_kept = not text.strip() and len(shown) > MAX_INPUT_CHARACTERS
    if not is_kept and text != shown:
        yield Edit(place=seen.place, name=SYSTEM_PROMPT, value=text if text.strip() else None)
    if mode and mode != seen.there.value(PROMPT_MODE):
        yield Edit(place=seen.place, name=PROMPT_MODE, value=mode)


def told(edits: list[Edit], place: Place, guild_id: int | None) -> str:
    """What holds after these edits, in a sentence."""
    where, values = called(place, guild_id), {edit.name: edit.value for edit in edits}
    if not values:
        return f"The prompt of {where} is as it was."
    said: list[str] = []
    if SYSTEM_PROMPT in values:
        text: Any = values[SYSTEM_PROMPT]
        said.append(f"has {len(text):,} characters now" if text else "is inherited now")
    if PROMPT_MODE in values:
        said.append("comes after that further out" if values[PROMPT_MODE] == "append" else "stands alone")
    return f"The prompt of {where} {' and '.join(said)}."


async def take_and_tell(interaction: Interaction, aim: Aim) -> None:
    """Keep what was submitted, and say so.  Raises: Refusal."""
    kept = await keep_prompt(interaction, aim)
    if kept is not None:
        await tell_kept(interaction, kept)
