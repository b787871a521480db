"""Parley as Discord sees it: discord.py's bot with our intents, commands and manners."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from bot.budgets.desk import BudgetDesk
from bot.budgets.service import Budgets
from bot.budgets.turning_away import TurningAway
from bot.commands.access import CommandAccess
from bot.commands.of_guilds import TreeCommands
from bot.commands.of_servers import ServerCommands
from bot.commands.sync import EVERYWHERE, AnyCommand, CommandSync
from bot.connection import Connection
from bot.errors import UNEXPECTED, ParleyError, Refusal, StoreError
from bot.http_tools.service import HttpTools
from bot.interactions import tell
from bot.locales.translator import Words
from bot.locks import Locks
from bot.mcp.servers import McpServers
from bot.notices import Notices
from bot.people import People
from bot.place_settings.desk import SettingDesk
from bot.place_settings.log import Act, SettingLog
from bot.place_settings.service import PlaceSettings
from bot.privacy.opt_outs import OptOuts
from bot.privacy.service import Privacy
from bot.recent import Recent
from bot.reminders import Reminders
from bot.runs.changes import ChangeService
from bot.runs.decisions import Decisions
from bot.runs.history import History
from bot.runs.importing import Importer
from bot.runs.overview import Overview
from bot.runs.recovery import Recovery
from bot.runs.removal import Removal
from bot.runs.service import RunService, Where
from bot.settings import Settings
from bot.spending import Spending
from bot.summaries import Summaries
from bot.tool_rules import ToolRules
from bot.tools.declare import is_for_people, tools_of
from bot.tools.guard import Guard
from bot.tools.toolbox import Toolbox
from bot.usage.service import UsageReports
from bot.whereabouts import Whereabouts

log = logging.getLogger(__name__)

COGS = Path(__file__).resolve().parent.parent / "cogs"
# After a pause of this length no more servers are waited for.  One that comes later is read all the same.
SERVERS_SECONDS = 0.5
TOLD_AGAIN_SECONDS = 3600.0  # why somebody is not answered; more often would be noise for everybody else
# What Discord lets people enter, and discord.py does not find here.
NOT_USABLE = {
    discord.AppCommandOptionType.user: "Choose somebody who is a member of this server.",
    discord.AppCommandOptionType.channel: "I cannot see this channel. Choose another one, or let me see it.",
    discord.AppCommandOptionType.string: "That is no time. Type @time and choose one of Discord's.",
}

SETTINGS_CHANGED = "settings_changed"  # an event of ours, which cogs hear as those of Discord
COMMAND_GONE = "This command was taken away. Discord will not offer it any more in a moment."
COMMAND_CHANGED = "This command was changed. Use it once more in a moment, when Discord knows."


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


def sentence_for(error: Exception) -> str:
    """What a person is told about an error; what is not meant for people goes to the log."""
    if isinstance(error, Refusal):
        return str(error)
    if isinstance(error, app_commands.TransformerError):
        return NOT_USABLE.get(error.type, UNEXPECTED)
    if isinstance(error, ParleyError):
        log.error("a command could not be carried out: %s", error)
        return str(error)
    log.error("a command failed", exc_info=error)
    return UNEXPECTED


class Tree(app_commands.CommandTree["ParleyClient"]):
    """Slash commands, whose errors are answered in one sentence."""

    def add_command(self, command: AnyCommand, /, **options: Any) -> None:
        """Add a command, unless it is a tool that only models know."""
        if is_for_people(command):
            super().add_command(command, **options)

    async def on_error(self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError) -> None:
        """Tell the person, and the host where it is our fault."""
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        if isinstance(
            cause, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch
        ):  # Discord's is older
            await tell(
                interaction, COMMAND_GONE if isinstance(cause, app_commands.CommandNotFound) else COMMAND_CHANGED
            )
            for scope in {EVERYWHERE, interaction.guild_id}:
                interaction.client.command_sync.request(scope)
            return
        await tell(interaction, sentence_for(cause))


class ParleyClient(Connection):
    """The bot as Discord sees it; cogs find what they need in its attributes.

    `can_write` is set once the bot has logged in; answers can be posted from then on, before the gateway has told of
    all servers.  `may_have_missed` is set when it has, in each new session, and when a server has an outage; whoever
    reads what was missed clears it.  `changed` holds what was edited (None: deleted) while that is read, because it
    may have been read already and not be stored yet.  `guard` makes the requests of moderators' tools, `page_guard`
    those for web pages.  `turns` are for what has to be done in the order in which it is heard.  `http_tools` are
    moderators' tools, `guild_commands` the slash commands of servers, `command_sync` tells Discord of all commands,
    `command_access` knows who may use them, and `words` has what they are called in other languages.
    """

    def __init__(
        self,
        settings: Settings,
        trace: aiohttp.TraceConfig,
        *,
        service: RunService,
        changes: ChangeService,
        decisions: Decisions,
        overview: Overview,
        history: History,
        importer: Importer,
        opt_outs: OptOuts,
        removal: Removal,
        privacy: Privacy,
        recovery: Recovery,
        reminders: Reminders,
        summaries: Summaries,
        spending: Spending,
        usage_reports: UsageReports,
        budgets: Budgets,
        budget_desk: BudgetDesk,
        toolbox: Toolbox,
        guard: Guard,
        page_guard: Guard,
        whereabouts: Whereabouts,
        place_settings: PlaceSettings,
        setting_desk: SettingDesk,
        setting_log: SettingLog,
        tool_rules: ToolRules,
        notices: Notices,
        http_tools: HttpTools,
        mcp: McpServers,
    ) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # voice is not missing, it is not used
        super().__init__(
            command_prefix=commands.when_mentioned,
            tree_cls=Tree,
            help_command=None,
            intents=needed_intents(),
            allowed_mentions=discord.AllowedMentions.none(),
            # Said outright: Discord would write down its own idea of what is left open.
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            # Conversations are in the database: discord.py need not keep messages and members as well.
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            guild_ready_timeout=SERVERS_SECONDS,
            silence_timeout_seconds=settings.discord_silence_timeout_seconds,
            api_base_url=settings.discord_api_base_url,
            http_trace=trace,
        )
        self.settings = settings
        self.service = service
        self.changes = changes
        self.decisions = decisions
        self.overview = overview
        self.history = history
        self.importer = importer
        self.opt_outs = opt_outs
        self.removal = removal
        self.privacy = privacy
        self.reminders = reminders
        self.summaries = summaries
        self.spending = spending
        self.usage_reports = usage_reports
        self.budgets = budgets
        self.budget_desk = budget_desk
        self.turning_away = TurningAway()
        self.toolbox = toolbox
        self.guard = guard
        self.page_guard = page_guard
        self.whereabouts = whereabouts
        self.place_settings = place_settings
        self.setting_desk = setting_desk
        self.setting_log = setting_log
        self.tool_rules = tool_rules
        self.notices = notices
        self.http_tools = http_tools
        self.words = Words.read()
        self.command_sync = CommandSync(self.tree)
        self.command_access = CommandAccess(self.tree, self.command_sync)
        self.guild_commands = TreeCommands(self.tree, self.command_sync)
        self.mcp = mcp
        self.server_commands = ServerCommands(self.tree, self.command_sync, mcp)
        self.recovery = recovery
        self.people = People(self, model=setting_desk.model)
        self.turns = Locks()
        self._told: Recent[None] = Recent(kept_seconds=TOLD_AGAIN_SECONDS)
        self.may_have_missed = asyncio.Event()
        self.changed: dict[int, discord.Message | None] = {}

    @property
    def own_id(self) -> int:
        """The bot's user id; 0 before it has logged in."""
        return 0 if self.user is None else self.user.id

    @property
    def mention(self) -> str:
        """How people mention the bot."""
        return f"<@{self.own_id}>"

    def is_news(self, user_id: int, sentence: str) -> bool:
        """Whether somebody has not been told this within the hour; from now on they have."""
        if self._told.knows((user_id, sentence)):
            return False
        self._told.keep((user_id, sentence), None)
        return True

    def note_change(self, message_id: int, message: discord.Message | None) -> None:
        """A message was edited, or deleted if it is None; outside of a reading nobody needs to know."""
        if self.recovery.watermark.stands:
            self.changed[message_id] = message

    async def setup_hook(self) -> None:
        """Load every file in `cogs/` and the host's modules; Discord is told meanwhile which commands there are."""
        ours = [f"cogs.{file.stem}" for file in sorted(COGS.glob("[!_]*.py"))]
        theirs = [name.strip() for name in self.settings.tool_modules.split(",") if name.strip()]
        await self.load([*ours, *theirs])
        await self.tree.set_translator(self.words)
        self.toolbox.meet(self.people)
        self.budgets.meet(self.people)
        self.whereabouts.meet(self)
        self.place_settings.meet(lambda changes: self.dispatch(SETTINGS_CHANGED, Act(changes=tuple(changes))))
        await self.mcp.begin()
        self.server_commands.put()
        try:
            await self.http_tools.load(self.guild_commands)
        except StoreError as error:
            log.error("the tools of the servers cannot be offered: %s", error)
        self.command_sync.mark(EVERYWHERE)
        self.can_write.set()

    async def load(self, names: Iterable[str]) -> None:
        """Load the modules that are not yet, and the tools of all.  Raises: StartupError, which names every fault."""
        faults: list[str] = []
        for name in names:
            try:
                if name not in self.extensions:
                    await self.load_extension(name)
            except commands.ExtensionFailed as failed:
                if isinstance(failed.original, app_commands.CommandAlreadyRegistered):
                    faults.append(f"{name}: there is another command named {failed.original.name}.")
                elif isinstance(failed.original, app_commands.CommandLimitReached):
                    faults.append(f"{name}: Discord allows {failed.original.limit} commands: say for_people=False.")
                else:
                    raise
        self.toolbox.fill("code", tools_of(self.cogs.values(), faults))

    def begin_session(self) -> None:
        """What was said since the last one is still to be read."""
        self.recovery.watermark.stand_still()
        self.may_have_missed.clear()

    async def on_ready(self) -> None:
        """The servers are known; discord.py may say so late, of a session that is over."""
        if self.is_welcome:
            count = len(self.guilds)
            log.info("Parley is connected as %s, in %d %s.", self.user, count, "server" if count == 1 else "servers")
            self.may_have_missed.set()

    async def on_guild_unavailable(self, _guild: discord.Guild) -> None:
        """A server has an outage: what was said in it is read when it is over, as after the beginning of a session."""
        self.recovery.watermark.stand_still()
        self.may_have_missed.set()

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """A server let the bot in, maybe again: its tools are those that are still kept."""
        await self.http_tools.refresh(guild.id)
        self.guild_commands.welcome(guild.id)

    async def on_message(self, message: discord.Message, /) -> None:
        """Parley has no commands with a prefix: messages are the chat cog's."""

    async def on_interaction(self, interaction: discord.Interaction[Any], /) -> None:
        """Whoever uses a command or a button is known for a while, with their roles."""
        self.people.remember(interaction.user, interaction.channel)

    async def on_error(self, event_method: str, /, *_args: Any, **_kwargs: Any) -> None:
        """An event that could not be handled is for the host's log."""
        log.exception("the event %s could not be handled", event_method)
