"""The log of settings, and what moves them whole: undo, copy, export, import, reset; reached from /settings."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import discord
from discord import ButtonStyle
from discord.ext import commands

from bot.client import ParleyClient
from bot.errors import Refusal
from bot.interactions import NOT_TAKEN, respond, tell
from bot.messages import one_line
from bot.place_settings.chosen import Choice
from bot.place_settings.log import lines
from bot.place_settings.managing import require_manager
from bot.place_settings.records import (
    Errand,
    Step,
    asking,
    button,
    import_form,
    log_view,
    mark,
    old_of,
    source_view,
)
from bot.place_settings.service import Edit, Known
from bot.place_settings.transfer import (
    MAX_FILE_BYTES,
    TOO_LARGE,
    Bundle,
    bundle,
    edits_of,
    edits_to,
    own,
    without_strangers,
)
from bot.places import Place, PlaceKind, named
from bot.pressing import faults_told

Interaction: TypeAlias = discord.Interaction[ParleyClient]

MAX_WAITING_FILES = 100  # that were read, and that nobody has said yes to yet
ALREADY_SO = "Nothing would change: it is so already."
NOTHING_SET = "Nothing is set in {place} itself."
FILE_GONE = "What was in this file is not known any more. Import it once more."
NOT_READ = "Discord did not hand over the file. Please try again in a moment."
CHANGED_MEANWHILE = (
    "Somebody changed settings meanwhile, so nothing was done yet. This is what it would change now; **Log** in "
    "`/settings` shows who changed what."
)
ALL = "all"
ITSELF = "Choose another channel than the one that the settings are for."


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What was read of a file that waits for its owner to say yes."""

    owner: int
    name: str
    read: Bundle


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What importing would change of what is known, and what of the file cannot be here."""

    edits: list[Edit]
    known: Known
    left_out: tuple[str, ...]


class Records(commands.Cog):
    """Hears what is done with all settings of a place at once."""

    def __init__(self, bot: ParleyClient) -> None:
        self.bot = bot
        self.files: dict[str, File] = {}  # by the interaction that brought them
        self.steps: Mapping[Step, Callable[[Interaction, Errand], Awaitable[None]]] = {
            Step.LOG: self.log,
            Step.UNDO: self.undo,
            Step.BACK: self.back,
            Step.COPY: self.copy,
            Step.SOURCE: self.source,
            Step.COPIED: self.copied,
            Step.EXPORT: self.export,
            Step.IMPORT: self.open_import,
            Step.FILE: self.file,
            Step.IMPORTED: self.imported,
            Step.RESET: self.reset,
            Step.CLEARED: self.cleared,
        }

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Do what a button, a menu or a form stands for, or say in words why not."""
        data: Any = interaction.data or {}
        errand = Errand.parse(str(data.get("custom_id", "")))
        if errand is not None:
            async with faults_told(interaction):
                require_manager(interaction, errand.place)
                await self.steps[errand.step](interaction, errand)

    async def log(self, interaction: Interaction, errand: Errand) -> None:
        """Show a page of the log: below the panel, or in place of the page before."""
        page = await self.bot.setting_log.page(interaction.guild_id, errand.place, errand.number)
        view = log_view(page, errand.place)
        if errand.more:
            await respond(lambda: interaction.response.edit_message(view=view))
        else:
            await respond(lambda: interaction.response.send_message(view=view, ephemeral=True))

    async def undo(self, interaction: Interaction, errand: Errand) -> None:
        """Take back what somebody changed at once, and show the log as it is then."""
        told = await self._take_back(interaction, errand)
        page = await self.bot.setting_log.page(interaction.guild_id, errand.place, 0)
        view = log_view(page, errand.place)
        await respond(lambda: interaction.response.edit_message(view=view))
        await tell(interaction, told)

    async def back(self, interaction: Interaction, errand: Errand) -> None:
        """Take back what a command did, in place of its answer."""
        told = await self._take_back(interaction, errand)
        await respond(lambda: interaction.response.edit_message(content=told, view=None))

    async def _take_back(self, interaction: Interaction, errand: Errand) -> str:
        """Let everything be as before an act, and what that changed in words.  Raises: Refusal."""
        log, guild_id = self.bot.setting_log, interaction.guild_id
        act = await log.act(guild_id, errand.place.id, errand.number)
        for change in act.changes:
            require_manager(interaction, change.place)
        return "\n".join(("Taken back:", *lines(await log.undo(guild_id, act, interaction.user.id))))

    async def copy(self, interaction: Interaction, errand: Errand) -> None:
        """Ask for the channel to copy from."""
        view = source_view(errand.place)
        await respond(lambda: interaction.response.send_message(view=view, ephemeral=True))

    async def source(self, interaction: Interaction, errand: Errand) -> None:
        """Show what copying from the chosen channel would change."""
        source = chosen_place(interaction)
        edits, known = await self._copying(interaction, errand.place, source)
        view = copy_question(errand.place, source, edits, known)
        await respond(lambda: interaction.response.edit_message(view=view))

    async def copied(self, interaction: Interaction, errand: Errand) -> None:
        """Copy, if it changes what was shown."""
        kind, id, *seen = errand.more.split("-")
        source = Place(kind=PlaceKind(kind), id=int(id))
        edits, known = await self._copying(interaction, errand.place, source)
        if seen != [mark(edits, known)]:
            await self._ask_again(interaction, copy_question(errand.place, source, edits, known))
            return
        await self._make(interaction, edits, known, f"{named(errand.place)} has the same settings now.")

    async def export(self, interaction: Interaction, errand: Errand) -> None:
        """Hand over what is set as a file."""
        known = await self._known(interaction, errand.place)
        made = bundle(known, errand.place, names_in(interaction.guild))
        if not made.values and not made.places:
            raise Refusal(NOTHING_SET.format(place=named(errand.place)))
        content = made.written(f"{errand.place.kind} {errand.place.id}")
        file = discord.File(io.BytesIO(content), filename=f"parley-{errand.place.kind}-{errand.place.id}.json")
        await respond(lambda: interaction.response.send_message(file=file, ephemeral=True))

    async def open_import(self, interaction: Interaction, errand: Errand) -> None:
        """Ask for the file."""
        await respond(lambda: interaction.response.send_modal(import_form(errand.place)))

    async def file(self, interaction: Interaction, errand: Errand) -> None:
        """Read the file, and show what it would change."""
        attachment = attached(interaction)
        if attachment.size > MAX_FILE_BYTES:
            raise Refusal(TOO_LARGE.format(size=attachment.size, most=MAX_FILE_BYTES))
        await respond(lambda: interaction.response.defer(ephemeral=True, thinking=True))
        try:
            content = await attachment.read()
        except NOT_TAKEN as error:
            raise Refusal(NOT_READ) from error
        given = File(owner=interaction.user.id, name=attachment.filename, read=Bundle.read(content))
        found = await self._importing(interaction, errand.place, given.read)
        self.files[str(interaction.id)] = given
        if len(self.files) > MAX_WAITING_FILES:
            del self.files[next(iter(self.files))]
        view = import_question(errand.place, str(interaction.id), given.name, found)
        await interaction.edit_original_response(view=view)

    async def imported(self, interaction: Interaction, errand: Errand) -> None:
        """Import what was read, if it changes what was shown."""
        key, _, seen = errand.more.partition("-")
        given = self.files.get(key)
        if given is None or given.owner != interaction.user.id:
            raise Refusal(FILE_GONE)
        found = await self._importing(interaction, errand.place, given.read)
        if seen != mark(found.edits, found.known):
            await self._ask_again(interaction, import_question(errand.place, key, given.name, found))
            return
        await self._make(interaction, found.edits, found.known, f"{named(errand.place)} is as the file says now.")
        del self.files[key]

    async def reset(self, interaction: Interaction, errand: Errand) -> None:
        """Show what is set, and ask whether to let go of it."""
        known = await self._known(interaction, errand.place)
        if not edits_to(known, errand.place, {}) and errand.place.kind is not PlaceKind.GUILD:
            raise Refusal(NOTHING_SET.format(place=named(errand.place)))
        view = reset_question(errand.place, known)
        await respond(lambda: interaction.response.send_message(view=view, ephemeral=True))

    async def cleared(self, interaction: Interaction, errand: Errand) -> None:
        """Let go of what is set at a place, or at all places of a server, if it is what was shown."""
        known, (reach, _, seen) = await self._known(interaction, errand.place), errand.more.partition("-")
        edits = everything(known) if reach == ALL else edits_to(known, errand.place, {})
        if seen != mark(edits, known):
            await self._ask_again(interaction, reset_question(errand.place, known))
            return
        await self._make(interaction, edits, known, f"Nothing is set in {named(errand.place)} itself any more.")

    async def _ask_again(self, interaction: Interaction, view: discord.ui.LayoutView) -> None:
        """Show what would change now, and that it is not what was shown before."""
        await respond(lambda: interaction.response.edit_message(view=view))
        await tell(interaction, CHANGED_MEANWHILE)

    async def _make(self, interaction: Interaction, edits: Sequence[Edit], known: Known, sentence: str) -> None:
        """Make the edits of what was known, and say so in place of the question.  Raises: Refusal."""
        for place in {edit.place for edit in edits}:
            require_manager(interaction, place)
        seen = {(edit.place, edit.name): old_of(edit, known) for edit in edits}
        changed = await self.bot.place_settings.change(interaction.guild_id, edits, interaction.user.id, seen=seen)
        told = f"{sentence} {len(changed)} changed; **Log** in `/settings` shows them and takes them back."
        view = discord.ui.LayoutView()
        view.add_item(discord.ui.TextDisplay(told))
        view.stop()
        await respond(lambda: interaction.response.edit_message(view=view))

    async def _copying(self, interaction: Interaction, place: Place, source: Place) -> tuple[list[Edit], Known]:
        """What copying would change.  Raises: Refusal."""
        if source == place:
            raise Refusal(ITSELF)
        require_manager(interaction, source)
        known = await self._known(interaction, place)
        wanted = own(known, source)
        if not wanted:
            raise Refusal(NOTHING_SET.format(place=named(source)))
        return changing(edits_to(known, place, wanted)), known

    async def _importing(self, interaction: Interaction, place: Place, read: Bundle) -> Found:
        """What importing would change.  Raises: Refusal."""
        known, guild = await self._known(interaction, place), interaction.guild
        edits, left_out = edits_of(read, known, place, names_in(guild))
        roles = {role.id for role in guild.roles} if guild is not None else set[int]()
        channels = {channel.id for channel in guild.channels} if guild is not None else set[int]()
        possible = list[Edit]()
        for edit in without_strangers(edits, roles, channels):
            objection = None
            if edit.value is not None:
                choice = Choice(place=edit.place, name=edit.name, value=edit.value)
                objection = self.bot.setting_desk.objection(choice, interaction.guild_id)
            if objection is None:
                possible.append(edit)
            else:
                left_out.append(objection)
        if not possible and left_out:
            raise Refusal("\n".join((ALREADY_SO, left_out_text(left_out))))
        return Found(edits=changing(possible), known=known, left_out=tuple(left_out))

    async def _known(self, interaction: Interaction, place: Place) -> Known:
        return await self.bot.place_settings.of_guild(interaction.guild_id, place.id)


def copy_question(place: Place, source: Place, edits: Sequence[Edit], known: Known) -> discord.ui.LayoutView:
    """What copying would change, and the button that does it."""
    done = Errand(step=Step.COPIED, place=place, more=f"{source.kind}-{source.id}-{mark(edits, known)}")
    sentence = f"Copy from {named(source)} to {named(place)}?"
    return asking(sentence, edits, known, button("Copy", done, ButtonStyle.danger))


def import_question(place: Place, key: str, filename: str, found: Found) -> discord.ui.LayoutView:
    """What importing would change, and the button that does it; `key` is that of the file."""
    done = Errand(step=Step.IMPORTED, place=place, more=f"{key}-{mark(found.edits, found.known)}")
    sentence = f"Import {one_line(filename, 60)} to {named(place)}?"
    if found.left_out:
        sentence += f"\n{left_out_text(found.left_out)}"
    return asking(sentence, found.edits, found.known, button("Import", done, ButtonStyle.danger))


def reset_question(place: Place, known: Known) -> discord.ui.LayoutView:
    """What would be let go of, and the buttons that do it."""
    own, all_of_it = edits_to(known, place, {}), everything(known)
    here = Errand(step=Step.CLEARED, place=place, more=f"own-{mark(own, known)}")
    buttons = [button("Reset", here, ButtonStyle.danger)]
    if place.kind is PlaceKind.GUILD:
        everywhere = Errand(step=Step.CLEARED, place=place, more=f"{ALL}-{mark(all_of_it, known)}")
        buttons.append(button(f"Reset all {len(known)} in its channels too", everywhere, ButtonStyle.danger))
    return asking(f"Let go of everything that is set in {named(place)}?", own, known, *buttons)


def everything(known: Known) -> list[Edit]:
    """What lets go of all that is set."""
    return [Edit(place=place, name=name, value=None) for place, name in known]


def left_out_text(left_out: Sequence[str]) -> str:
    """What of a file is not imported, and why."""
    return f"-# Not here, and left out: {one_line(', '.join(left_out), 600)}"


def changing(edits: list[Edit]) -> list[Edit]:
    """The edits, if there are any.  Raises: Refusal."""
    if not edits:
        raise Refusal(ALREADY_SO)
    return edits


def names_in(guild: discord.Guild | None) -> Mapping[Place, str]:
    """The places of a server by their names, without itself."""
    if guild is None:
        return {}
    names = {Place(kind=PlaceKind.THREAD, id=thread.id): thread.name for thread in guild.threads}
    for channel in guild.channels:
        names[Place(kind=kind_of(channel.type), id=channel.id)] = channel.name
    return names


def kind_of(type: discord.ChannelType) -> PlaceKind:
    """What kind of place a channel of Discord's is."""
    if type is discord.ChannelType.category:
        return PlaceKind.CATEGORY
    threads = discord.ChannelType.public_thread, discord.ChannelType.private_thread, discord.ChannelType.news_thread
    return PlaceKind.THREAD if type in threads else PlaceKind.CHANNEL


def chosen_place(interaction: Interaction) -> Place:
    """The channel that was chosen in the menu.  Raises: Refusal."""
    data: Any = interaction.data or {}
    channels = data.get("resolved", {}).get("channels", {})
    for channel in channels.values():
        return Place(kind=kind_of(discord.ChannelType(channel["type"])), id=int(channel["id"]))
    raise Refusal("Choose a channel that I can see.")


def attached(interaction: Interaction) -> discord.Attachment:
    """The file that was handed over in the form.  Raises: Refusal."""
    data: Any = interaction.data or {}
    for found in data.get("resolved", {}).get("attachments", {}).values():
        return discord.Attachment(data=found, state=interaction._state)
    raise Refusal("No file came with this. Choose one.")


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    await bot.add_cog(Records(bot))
