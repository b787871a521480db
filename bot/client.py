"""Parley's connection to Discord: discord.py's bot with our intents, commands and manners."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from bot.endpoints import explained
from bot.errors import UNEXPECTED, ConfigurationError, ParleyError, Refusal, StartupError
from bot.runs.overview import Overview
from bot.runs.service import RunService, Where
from bot.settings import Settings
from bot.tools.declare import tools_of
from bot.tools.toolbox import Toolbox

log = logging.getLogger(__name__)

T = TypeVar("T")

COGS = Path(__file__).resolve().parent.parent / "cogs"
TOKEN_REFUSED = 4004  # the gateway's close code
TOO_MANY_REQUESTS, SERVER_ERRORS = 429, 500
# Whatever ends a request of discord.py's that Discord did not take.
NOT_TAKEN = (discord.HTTPException, aiohttp.ClientError, OSError)
# An interaction is answered within three seconds or never (interactions/receiving-and-responding.mdx), and once.
RESPONSE_SECONDS = 3.0
ALREADY_ANSWERED = 40060
FIRST_BACKOFF_SECONDS = 1.0
MAX_BACKOFF_SECONDS = 60.0


def needed_intents() -> discord.Intents:
    """What Parley listens to; message content is the only privileged one."""
    intents = discord.Intents.none()
    intents.guilds = True
    intents.guild_messages = True
    intents.dm_messages = True
    intents.message_content = True
    return intents


def where(channel: object, guild: discord.Guild | None, user_id: int) -> Where:
    """Where a message or a command came from."""
    return Where(
        channel_id=getattr(channel, "id", 0),
        guild_id=None if guild is None else guild.id,
        user_id=user_id,
        is_channel=guild is not None and not isinstance(channel, discord.Thread),
    )


async def respond(answer: Callable[[], Awaitable[T]]) -> T | None:
    """Make the first answer to an interaction, and make it again where Discord's word is not heard.

    What it comes to, or None where the second attempt shows that the first one arrived.  Raises: NOT_TAKEN.
    """
    try:
        async with asyncio.timeout(RESPONSE_SECONDS / 2):
            return await answer()
    except (aiohttp.ClientError, OSError) as error:
        log.info("an interaction is answered once more: %s", type(error).__name__)
    try:
        async with asyncio.timeout(RESPONSE_SECONDS / 2):
            return await answer()
    except discord.HTTPException as error:
        if error.code != ALREADY_ANSWERED:
            raise
        return None


async def acknowledge(interaction: discord.Interaction[Any]) -> None:
    """Let Discord know that a press was heard; what was wished is done all the same where it does not take that."""
    try:
        await respond(interaction.response.defer)
    except NOT_TAKEN as error:
        log.warning("a press could not be acknowledged: %s", error)


async def tell(interaction: discord.Interaction[Any], sentence: str) -> None:
    """Answer an interaction in words that only its user sees, whether or not it was acknowledged.

    Where Discord does not take them the log says so; Discord itself tells the person that nothing came.
    """
    try:
        if not interaction.response.is_done():
            try:
                await respond(lambda: interaction.response.send_message(sentence, ephemeral=True))
                return
            except discord.HTTPException as error:
                if error.code != ALREADY_ANSWERED:  # by an acknowledgement of which nothing was heard
                    raise
        await interaction.followup.send(sentence, ephemeral=True)
    except NOT_TAKEN as error:
        log.warning("a person could not be told: %s", error)


def sentence_for(error: Exception) -> str:
    """What a person is told about an error; what is not meant for people goes to the log."""
    if isinstance(error, Refusal):
        return str(error)
    if isinstance(error, ParleyError):
        log.error("a command could not be carried out: %s", error)
        return str(error)
    log.error("a command failed", exc_info=error)
    return UNEXPECTED


class Tree(app_commands.CommandTree["ParleyClient"]):
    """Slash commands, whose errors are answered in one sentence."""

    async def on_error(self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError) -> None:
        """Tell the person, and the host where it is our fault."""
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        await tell(interaction, sentence_for(cause))


class ParleyClient(commands.Bot):
    """The bot as Discord sees it.

    Cogs find what they need in `service`, `overview` and `settings`; `toolbox` holds the tools that they declare.
    `can_write` is set once the bot has logged in; answers can be posted from then on, before the gateway has told of
    all servers.
    """

    def __init__(
        self,
        settings: Settings,
        trace: aiohttp.TraceConfig,
        *,
        service: RunService,
        overview: Overview,
        toolbox: Toolbox,
    ) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # voice is not missing, it is not used
        super().__init__(
            command_prefix=commands.when_mentioned,
            tree_cls=Tree,
            help_command=None,
            intents=needed_intents(),
            allowed_mentions=discord.AllowedMentions.none(),
            # Conversations are in the database: discord.py need not keep messages and members as well.
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            http_trace=trace,
        )
        self.settings = settings
        self.service = service
        self.overview = overview
        self.toolbox = toolbox
        self.can_write = asyncio.Event()

    @property
    def own_id(self) -> int:
        """The bot's user id; 0 before it has logged in."""
        return 0 if self.user is None else self.user.id

    @property
    def mention(self) -> str:
        """How people mention the bot."""
        return f"<@{self.own_id}>"

    async def setup_hook(self) -> None:
        """Load every file in `cogs/` and tell Discord which commands there are."""
        await self.load(f"cogs.{file.stem}" for file in sorted(COGS.glob("[!_]*.py")))
        await self.tree.sync()
        self.can_write.set()

    async def load(self, names: Iterable[str]) -> None:
        """Load the modules that are not yet, and the tools of all.  Raises: StartupError, which names every fault."""
        clashes: list[str] = []
        for name in names:
            try:
                if name not in self.extensions:
                    await self.load_extension(name)
            except commands.ExtensionFailed as failed:
                if not isinstance(failed.original, app_commands.CommandAlreadyRegistered):
                    raise
                clashes.append(f"{name}: there is another command named {failed.original.name}.")
        self.toolbox.fill(tools_of(self.cogs.values(), clashes))

    async def on_ready(self) -> None:
        """Tell the host; discord.py calls this again after each session that could not be resumed."""
        log.info("Parley is connected as %s, in %d servers.", self.user, len(self.guilds))

    async def on_message(self, message: discord.Message, /) -> None:
        """Parley has no commands with a prefix: messages are the chat cog's."""

    async def on_error(self, event_method: str, /, *_args: Any, **_kwargs: Any) -> None:
        """An event that could not be handled is for the host's log."""
        log.exception("the event %s could not be handled", event_method)

    async def stay_connected(self, token: str) -> None:
        """Log in and listen until cancelled; a first connection that fails is tried again, with growing pauses.

        Raises: ConfigurationError for a refused token, StartupError for a missing intent.
        """
        backoff_seconds = FIRST_BACKOFF_SECONDS
        while True:
            try:
                await self._connect_once(token)
                return
            except (discord.DiscordServerError, discord.GatewayNotFound, aiohttp.ClientError, OSError) as error:
                log.warning(
                    "Discord cannot be reached (%s); next attempt in %.0f s.", type(error).__name__, backoff_seconds
                )
            await asyncio.sleep(backoff_seconds)
            backoff_seconds = min(backoff_seconds * 2, MAX_BACKOFF_SECONDS)

    async def _connect_once(self, token: str) -> None:
        try:
            if not self.can_write.is_set():
                await self._log_in(token)
            await self.connect()
        except discord.ConnectionClosed as exc:
            if exc.code == TOKEN_REFUSED:
                raise ConfigurationError("Discord does not accept DISCORD_TOKEN any more: copy the new one.") from exc
            raise StartupError(f"Discord closed the connection for good (code {exc.code}).") from exc
        except discord.HTTPException as exc:
            if exc.status == TOO_MANY_REQUESTS or exc.status >= SERVER_ERRORS:
                raise discord.GatewayNotFound from exc  # it will pass
            with explained(self.settings.discord_api_base_url, "DISCORD_API_BASE_URL"):
                raise
        except (discord.LoginFailure, discord.PrivilegedIntentsRequired):
            with explained(self.settings.discord_api_base_url, "DISCORD_API_BASE_URL"):
                raise
        except AttributeError as exc:
            # discord.py 2.7.1 looks at the socket that a failed first connection never got (client.py:787).
            if self.ws is not None:
                raise
            raise discord.GatewayNotFound from exc

    async def _log_in(self, token: str) -> None:
        try:
            await self.login(token)
        except Exception as error:
            await self.http.close()
            self.http.connector = discord.utils.MISSING  # it was closed too; the next attempt makes a new one
            if isinstance(error, TypeError | ValueError | KeyError):  # not the answers of a Discord
                with explained(self.settings.discord_api_base_url, "DISCORD_API_BASE_URL"):
                    raise
            raise
