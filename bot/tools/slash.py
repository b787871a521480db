"""The face of a tool that people see: its slash command runs it, tells how far it is, and shows what it returns."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import discord

from bot.interactions import NOT_TAKEN, respond
from bot.messages import one_line
from bot.reply.characters import units
from bot.tools.attaching import MAX_NOTE_CHARACTERS, attached
from bot.tools.caller import Caller, PlaceSettings
from bot.tools.model import File, Output
from bot.tools.toolbox import Returned, Tool, output_of, unheard

log = logging.getLogger(__name__)

# Discord waits 3 seconds for an answer, and part of them is spent on the way.
AT_ONCE_SECONDS = 2.0
PROGRESS_SECONDS = 1.5  # between two edits: an answer's edits share a bucket of about 5 in 5 seconds
MAX_PROGRESS_CHARACTERS = 200
MAX_MESSAGE_CHARACTERS = 2000  # Discord's limit (resources/message.mdx)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One message: its text and its files."""

    text: str
    files: tuple[File, ...] = ()

    def attachments(self) -> list[discord.File]:
        """The files for one attempt to send them: discord.py closes what it has sent."""
        return [
            discord.File(io.BytesIO(file.content), file.name, description=file.description or None)
            for file in self.files
        ]


class Progress:
    """Shows how far a tool is in the answer that a person waits for, and nothing of one that is quick."""

    def __init__(self, interaction: discord.Interaction[Any]) -> None:
        self._interaction = interaction
        self._newest = self._shown = ""
        self._over = asyncio.Event()

    def tell(self, text: str) -> None:
        """Show this text soon, unless another one comes before."""
        self._newest = one_line(text, MAX_PROGRESS_CHARACTERS)

    async def __aenter__(self) -> Self:
        self._showing = asyncio.create_task(self._show())
        return self

    async def __aexit__(self, error: type[BaseException] | None, *_: object) -> None:
        """Let the last edit arrive, so that none comes after the answer; where there is none, take it back."""
        self._over.set()
        await self._showing
        if error is not None and self._shown:
            with contextlib.suppress(*NOT_TAKEN):
                await self._interaction.delete_original_response()

    async def _show(self) -> None:
        while not await self._is_over_soon():
            if self._newest == self._shown:
                continue
            self._shown = self._newest
            try:
                await self._interaction.edit_original_response(content=f"-# {self._shown}")
            except NOT_TAKEN as error:
                log.info("the progress of a tool is not shown: %s", type(error).__name__)

    async def _is_over_soon(self) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PROGRESS_SECONDS):
                await self._over.wait()
        return self._over.is_set()


async def show(interaction: discord.Interaction[Any], tool: Tool, arguments: Mapping[str, Any]) -> None:
    """Run a tool for the person who used its slash command, and show what it says to all.  Raises: what it raises."""
    if tool.timeout_seconds <= AT_ONCE_SECONDS:
        returned = await tool.perform(await caller_of(interaction, tool.name, unheard), arguments)
        now = shown(tool.name, returned, interaction.filesize_limit)
        await respond(lambda: interaction.response.send_message(now.text, files=now.attachments()))
        return
    await respond(lambda: interaction.response.defer(thinking=True))
    async with Progress(interaction) as progress:
        returned = await tool.perform(await caller_of(interaction, tool.name, progress.tell), arguments)
    final = shown(tool.name, returned, interaction.filesize_limit)
    await interaction.edit_original_response(content=final.text, attachments=final.attachments())


def shown(name: str, returned: Returned, max_file_bytes: int) -> Shown:
    """What a tool of this name returned, as one message that Discord takes; what does not fit it is named."""
    output = output_of(returned)
    text, file = output.text, f"{name}.txt"
    if not isinstance(returned, str | Output):
        whole = json.dumps(returned, ensure_ascii=False, indent=2, default=str)
        text, file = whole if "```" in whole else f"```json\n{whole}\n```", f"{name}.json"
        is_short = text != whole and units(text) <= MAX_MESSAGE_CHARACTERS - MAX_NOTE_CHARACTERS
        output = Output(text=whole, files=output.files)
    else:
        is_short = units(text) <= MAX_MESSAGE_CHARACTERS - (MAX_NOTE_CHARACTERS if output.files else 0)
    whole_text = () if is_short else (File(name=file, content=output.text.encode("utf-8", "replace")),)
    kept, note = attached((*whole_text, *output.files), max_file_bytes)
    return Shown(text="\n".join(filter(None, (text if is_short else "", note))), files=kept)


async def caller_of(interaction: discord.Interaction[Any], name: str, progress: Callable[[str], None]) -> Caller:
    """Who uses a command, for the tool of this name."""
    model = await interaction.client.setting_desk.model(interaction.guild_id, interaction.channel_id or 0)
    return Caller(
        user=interaction.user,
        guild=interaction.guild,
        channel=interaction.channel,
        permissions=interaction.permissions,
        place=PlaceSettings(model=model),
        log=logging.LoggerAdapter(log, {"tool": name}),
        progress=progress,
    )
