"""The form of a place's prompt: as a text or as a file, alone or after the prompt further out."""

from __future__ import annotations

import io
from typing import Any

import discord
from discord import ui

from bot.errors import Refusal
from bot.interactions import NOT_TAKEN
from bot.place_settings.aims import Action, Aim
from bot.place_settings.chosen import PROMPT_MODE, SYSTEM_PROMPT, PlaceValues
from bot.place_settings.desk import called
from bot.place_settings.forms import MAX_INPUT_CHARACTERS
from bot.place_settings.lines import OWN
from bot.place_settings.table import MAX_PROMPT_CHARACTERS, PromptMode
from bot.places import Place

TEXT, FILE, MODE = "text", "file", "mode"  # custom ids of the fields
# A character of UTF-8 has up to four bytes, and some editors put three before the text.
MAX_FILE_BYTES = 4 * MAX_PROMPT_CHARACTERS + 3
MODES = {
    PromptMode.REPLACE: "It is all that the model is told",
    PromptMode.APPEND: "It comes after the prompt of the next place further out",
}
LONGER = "It has {count:,} characters, too many for this form: left empty, it stays as it is."
TOO_LONG = "A prompt has up to {most:,} characters, and this one has {count:,}. Please shorten it."
NOT_TEXT = "That file is no text in UTF-8. Save it as plain text, for example as `prompt.txt`."
NOT_READ = "Discord did not hand the file over. Please try again in a moment."
EMPTY_FILE = "That file is empty. Upload a text, or leave the form empty to inherit the prompt."


def prompt_form(custom_id: str, there: PlaceValues) -> ui.Modal:
    """The form, filled in with the prompt that counts at a place, its nearest alone."""
    found = ui.Modal(title=f"Prompt of {OWN[there.places[0].kind]}", custom_id=custom_id, timeout=None)
    text = there.value(SYSTEM_PROMPT) or ""
    fits = len(text) <= MAX_INPUT_CHARACTERS
    is_own = (there.places[0], SYSTEM_PROMPT) in there.known
    about = "Set here. Left empty, it is inherited." if is_own else "Inherited, until you change it here."
    words: ui.TextInput[ui.Modal] = ui.TextInput(
        custom_id=TEXT,
        style=discord.TextStyle.paragraph,
        default=text if fits and text else None,
        placeholder="You are a patient teacher of chemistry.",
        max_length=MAX_INPUT_CHARACTERS,
        required=False,
    )
    upload: ui.FileUpload[ui.Modal] = ui.FileUpload(custom_id=FILE, required=False, min_values=0)
    chosen = there.value(PROMPT_MODE)
    options = [
        discord.RadioGroupOption(label=mode.capitalize(), value=mode, description=words, default=mode == chosen)
        for mode, words in MODES.items()
    ]
    modes: ui.RadioGroup[ui.Modal] = ui.RadioGroup(custom_id=MODE, options=options)
    hint = about if fits else LONGER.format(count=len(text))
    found.add_item(ui.Label(text="What the model is told", description=hint, component=words))
    most = f"Plain text of up to {MAX_PROMPT_CHARACTERS:,} characters; it wins over what is typed above."
    found.add_item(ui.Label(text="Or a file", description=most, component=upload))
    found.add_item(ui.Label(text="With prompts further out", component=modes))
    return found


def long_prompt(place: Place, text: str, guild_id: int | None) -> tuple[str, discord.File, ui.View]:
    """What is shown of a prompt that no form holds: a sentence, the whole as a file, and the button to the form."""
    where = called(place, guild_id)
    said = f"The prompt of {where} has {len(text):,} characters, more than Discord's form holds: here it is as a file."
    view = ui.View(timeout=None)
    aim = Aim(action=Action.PROMPT, place=place)
    view.add_item(ui.Button(label="Change it", style=discord.ButtonStyle.primary, custom_id=aim.custom_id))
    view.stop()
    return said, as_file(text), view


def as_file(text: str) -> discord.File:
    """A prompt as a file that can be uploaded again."""
    return discord.File(io.BytesIO(text.encode("utf-8", "replace")), filename="prompt.txt")


def uploaded(interaction: discord.Interaction[Any], ids: list[str]) -> discord.Attachment | None:
    """The file that came with a form; None if there is none."""
    data: Any = interaction.data or {}
    known = data.get("resolved", {}).get("attachments", {})
    found = [known[id] for id in ids if id in known]
    return discord.Attachment(data=found[0], state=interaction._state) if found else None


async def text_of(attachment: discord.Attachment) -> str:
    """The text in a file, which is not read where it is too large for one.  Raises: Refusal."""
    if attachment.size > MAX_FILE_BYTES:
        raise Refusal(
            f"A prompt has up to {MAX_PROMPT_CHARACTERS:,} characters, and that file has {attachment.size:,} bytes: "
            "upload a shorter one. Nothing was changed."
        )
    try:
        content = await attachment.read()
    except NOT_TAKEN as error:
        raise Refusal(NOT_READ) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refusal(NOT_TEXT) from None
    if "\0" in text:  # a picture, or UTF-16
        raise Refusal(NOT_TEXT)
    if not text.strip():
        raise Refusal(EMPTY_FILE)
    return text


def require_short(text: str) -> str:
    """Raises: Refusal for what no prompt may be."""
    if len(text) > MAX_PROMPT_CHARACTERS:
        raise Refusal(TOO_LONG.format(most=MAX_PROMPT_CHARACTERS, count=len(text)))
    return text
