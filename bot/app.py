"""The only composition root: opens everything, wires it, and closes it again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from bot.budgets.desk import BudgetDesk
from bot.budgets.service import Budgets
from bot.client import ParleyClient
from bot.endpoints import point_discord_at
from bot.http_tools.secrets import Secrets
from bot.http_tools.service import HttpTools
from bot.listening.missed import Missed
from bot.log_channel import post
from bot.mcp.configuration import read_servers
from bot.mcp.servers import McpServers
from bot.notices import Notices, end_of_models, lack_of_tools
from bot.place_settings.chosen import PlaceValues
from bot.place_settings.desk import SettingDesk
from bot.place_settings.limits import Limits
from bot.place_settings.limits_file import read_limits
from bot.place_settings.log import SettingLog
from bot.place_settings.service import PlaceSettings
from bot.privacy.exporting import Exporting
from bot.privacy.forgetting import Forgetting
from bot.privacy.opt_outs import OptOuts
from bot.privacy.retention import Retention
from bot.privacy.service import Privacy
from bot.providers.catalog import Catalog
from bot.providers.file import providers_of
from bot.providers.prices import Prices
from bot.providers.registry import opened as opened_providers
from bot.providers.tokens import TokenCounter
from bot.reminders import Reminders
from bot.reminding import Reminding
from bot.reply.calls import Calls, trace
from bot.reply.pacer import Pacer
from bot.reply.pacing import Pacing
from bot.reply.surfaces import Surfaces
from bot.runs.answer import Answerer, AnswerOptions
from bot.runs.changes import ChangeService
from bot.runs.decisions import Decisions
from bot.runs.history import History
from bot.runs.importing import Importer
from bot.runs.live import LiveRuns
from bot.runs.metering import Meter
from bot.runs.moderation import Moderator
from bot.runs.overview import Overview
from bot.runs.pseudonyms import Pseudonyms
from bot.runs.queue import RunDefaults
from bot.runs.recovery import Recovery
from bot.runs.removal import Removal
from bot.runs.requests import RequestOptions, Requests
from bot.runs.service import RunService
from bot.runs.steps import Steps
from bot.runs.watermark import Watermark
from bot.runs.worker import RunWorker
from bot.runs.writing import Author
from bot.settings import Settings
from bot.spending import Spending
from bot.store.database import Database
from bot.store.migrate import migrate
from bot.store.owners import Owner
from bot.summaries import Summaries
from bot.tool_rules import ToolRules
from bot.tools.ask_user import ASK_USER
from bot.tools.find_tool import Room
from bot.tools.guard import Guard
from bot.tools.toolbox import Toolbox
from bot.usage.painter import Painter
from bot.usage.service import UsageReports
from bot.whereabouts import Whereabouts

log = logging.getLogger(__name__)

ONLY_SHARD = 0  # one process hears everything


@dataclass(frozen=True, slots=True, kw_only=True)
class Parley:
    """Everything that runs, wired together but not started."""

    client: ParleyClient
    worker: RunWorker
    database: Database
    calls: Calls
    catalog: Catalog
    retention: Retention
    forgetting: Forgetting

    async def keep_commands(self) -> None:
        """Tell Discord of the commands that it has otherwise, from the moment that they are known, until cancelled."""
        await self.client.can_write.wait()
        await self.client.command_sync.keep()

    async def work(self) -> None:
        """Carry runs out, from the moment that Discord can be written to, until cancelled."""
        await self.client.can_write.wait()
        await self.client.recovery.renew_runs()
        async with self.calls:
            await self.worker.run(Surfaces(self.client, self.calls, self.client.place_settings))


def utc_now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


async def run(settings: Settings, clock: Callable[[], datetime] = utc_now) -> None:
    """Run the bot until cancelled.  Raises: ConfigurationError, StartupError, alone or in an ExceptionGroup."""
    point_discord_at(settings.discord_api_base_url, settings.discord_gateway_url)
    async with (
        assembled(settings, clock) as parley,
        parley.client,
        # The last to end: answers may go on for a while after the bot was told to stop, and call tools.
        parley.client.mcp.running(),
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(parley.work())
        tasks.create_task(parley.catalog.keep())
        tasks.create_task(parley.keep_commands())
        tasks.create_task(parley.database.watch())
        tasks.create_task(parley.client.recovery.watermark.keep())
        tasks.create_task(parley.client.insist_on_welcome())
        tasks.create_task(Missed(parley.client).read())
        tasks.create_task(Reminding(parley.client, parley.database, clock).run())
        tasks.create_task(parley.retention.run())
        tasks.create_task(parley.client.removal.keep())
        tasks.create_task(parley.forgetting.run())
        tasks.create_task(parley.client.budgets.keep())
        tasks.create_task(parley.client.budgets.news.run(partial(post, parley.client)))
        tasks.create_task(parley.client.server_commands.keep())
        await parley.client.stay_connected(settings.discord_token.get_secret_value())


@asynccontextmanager
async def assembled(settings: Settings, clock: Callable[[], datetime] = utc_now) -> AsyncIterator[Parley]:
    """The bot with its database open and up to date.  Raises: ConfigurationError, StartupError."""
    await migrate(settings.database_url)
    with Owner.alive(settings.database_url) as owner:
        async with opened(settings, owner, clock) as parley:
            yield parley


@asynccontextmanager
async def opened(settings: Settings, owner: Owner, clock: Callable[[], datetime]) -> AsyncIterator[Parley]:
    """The bot on a database that is up to date."""
    configured = providers_of(settings)
    for warning in configured.warnings:
        log.warning("%s", warning)
    async with (
        Database.open(settings.database_url, wait_seconds=settings.database_wait_seconds) as database,
        opened_providers(configured.providers, answer_timeout_seconds=settings.run_timeout_seconds) as provider,
    ):
        pacer = Pacer(Pacing(requests_per_second=settings.discord_requests_per_second))
        count_tokens = TokenCounter().count_tokens
        prices = Prices(configured.providers, clock)
        meter = Meter(prices, count_tokens=count_tokens)
        defaults = RunDefaults(model=settings.provider_model, timeout=timedelta(seconds=settings.run_timeout_seconds))
        # Nobody else has the token, and it stays the same over restarts.
        pseudonyms = Pseudonyms(settings.discord_token.get_secret_value())
        whereabouts = Whereabouts()
        host = PlaceValues(defaults=settings.place_defaults)
        catalog = Catalog(provider, chosen=settings.provider_model, clock=clock, prices=prices)
        limits = Limits(limits=read_limits(Path(settings.limits_file)), models=catalog)
        place_settings = PlaceSettings(database, whereabouts, defaults=host.defaults, clock=clock, limits=limits)
        tool_rules = ToolRules(place_settings)
        toolbox = toolbox_of(settings, tool_rules, limits, count_tokens)
        sources = (lack_of_tools(provider.takes_tools), end_of_models(catalog.leaving))
        notices = Notices(database, sources=sources, clock=clock)
        moderator = Moderator(database, provider, model=settings.moderation_model, clock=clock)
        steps, live = Steps(database, toolbox, count_tokens=count_tokens, clock=clock), LiveRuns()
        budgets = Budgets(
            database, place_settings, provider, meter, zone=host.time_zone, clock=clock, host=limits.budgets
        )
        author = Author(
            database,
            provider,
            Requests(database, toolbox, request_options(settings), pseudonyms, count_tokens=count_tokens),
            moderator,
            budgets,
            meter,
            steps,
            live,
            max_steps=settings.tool_max_steps,
            owner=owner.name,
            clock=clock,
        )
        answerer = Answerer(
            database,
            author,
            provider,
            moderator,
            place_settings,
            steps,
            notices,
            pacer,
            answer_options(settings, defaults, host),
            owner=owner.name,
            count_tokens=count_tokens,
            clock=clock,
        )
        worker = RunWorker(
            database,
            answerer,
            live,
            owner=owner,
            defaults=defaults,
            max_concurrent_runs=settings.max_concurrent_runs,
            lease=timedelta(seconds=settings.lease_seconds),
            grace_seconds=settings.shutdown_grace_seconds,
            clock=clock,
        )
        decisions = Decisions(database, worker, defaults=defaults, clock=clock)
        service = RunService(
            database,
            worker,
            decisions,
            budgets,
            place_settings,
            defaults=defaults,
            count_tokens=count_tokens,
            clock=clock,
        )
        recovery = Recovery(
            database,
            await Watermark.open(database, shard_number=ONLY_SHARD, now=clock()),
            max_age=timedelta(seconds=settings.missed_messages_max_age_seconds),
            run_timeout=defaults.timeout,
            clock=clock,
        )
        changes = ChangeService(
            database,
            worker,
            budgets,
            defaults=defaults,
            edit_window=timedelta(seconds=settings.edit_window_seconds),
            count_tokens=count_tokens,
            clock=clock,
        )
        forgetting = Forgetting(database, worker, provider, defaults=defaults, clock=clock)
        retention = Retention(
            database,
            provider,
            place_settings,
            kept_after_removal=timedelta(days=settings.retention_days_after_removal),
            default_days=settings.place_defaults.get("retention_days"),
            clock=clock,
        )
        opt_outs = OptOuts(database, worker, defaults=defaults, clock=clock)
        guard = Guard(allowed_hosts=settings.tool_http_hosts, unsafe_addresses=settings.tool_unsafe_addresses)
        client = ParleyClient(
            settings,
            trace(pacer, settings.discord_timeout_seconds),
            service=service,
            changes=changes,
            decisions=decisions,
            overview=Overview(database, clock=clock),
            history=History(
                database,
                service,
                place_settings,
                window_tokens=settings.provider_context_tokens,
            ),
            importer=Importer(database, defaults=defaults, count_tokens=count_tokens, clock=clock),
            removal=Removal(database, worker, service, changes, provider, defaults=defaults, clock=clock),
            opt_outs=opt_outs,
            privacy=Privacy(
                database,
                place_settings,
                provider,
                retention,
                opt_outs=opt_outs,
                exporting=Exporting(database, clock=clock),
                forgetting=forgetting,
                page_url=settings.privacy_url,
            ),
            recovery=recovery,
            reminders=Reminders(database, clock),
            summaries=Summaries(
                database,
                provider,
                meter,
                pseudonyms,
                parameters=host.parameters,
                window_tokens=settings.provider_context_tokens,
                max_output_tokens=host.max_output_tokens,
                count_tokens=count_tokens,
                clock=clock,
            ),
            spending=Spending(database, configured.providers, clock=clock),
            usage_reports=UsageReports(database, Painter(), clock=clock),
            budgets=budgets,
            budget_desk=BudgetDesk(database, place_settings, budgets, clock=clock),
            toolbox=toolbox,
            guard=guard,
            page_guard=Guard(
                allowed_hosts=settings.tool_fetch_hosts,
                unsafe_addresses=settings.tool_unsafe_addresses,
                setting="TOOL_FETCH_HOSTS",
            ),
            whereabouts=whereabouts,
            place_settings=place_settings,
            setting_desk=SettingDesk(
                place_settings,
                catalog,
                toolbox,
                window_tokens=settings.provider_context_tokens,
                count_tokens=count_tokens,
            ),
            setting_log=SettingLog(database, place_settings),
            tool_rules=tool_rules,
            notices=notices,
            http_tools=HttpTools(database, toolbox, guard, Secrets(settings.secrets_key), clock=clock),
            mcp=McpServers(read_servers(Path(settings.tools_file), settings.environment), toolbox),
        )
        if settings.tool_unsafe_addresses:
            log.warning("TOOL_UNSAFE_ADDRESSES lets tools ask in private networks: it is for tests and trying out.")
        yield Parley(
            client=client,
            worker=worker,
            database=database,
            calls=Calls(pacer),
            catalog=catalog,
            retention=retention,
            forgetting=forgetting,
        )


def request_options(settings: Settings) -> RequestOptions:
    """What holds for every request to the provider."""
    return RequestOptions(
        tool_choice=settings.tool_choice,
        parallel_tool_calls=settings.parallel_tool_calls,
        window_tokens=settings.provider_context_tokens,
    )


def answer_options(settings: Settings, defaults: RunDefaults, host: PlaceValues) -> AnswerOptions:
    """What holds for every answer."""
    return AnswerOptions(
        defaults=defaults,
        host=host,
        wait_timeout=timedelta(seconds=settings.tool_wait_seconds),
    )


def toolbox_of(settings: Settings, rules: ToolRules, limits: Limits, count_tokens: Callable[[str], int]) -> Toolbox:
    """The toolbox, with what is in it before any cog is loaded."""
    max_tokens = int(settings.provider_context_tokens * settings.tool_window_share)
    toolbox = Toolbox(
        is_offered=settings.tools_enabled,
        max_output_bytes=settings.tool_output_max_bytes,
        room=Room(max_tokens=max_tokens, count_tokens=count_tokens),
        rules=rules,
        limits=limits,
    )
    toolbox.fill("people", [ASK_USER])
    return toolbox
