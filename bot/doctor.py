"""`python -m bot doctor`: looks at everything that a start needs, one by one, and says what to do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TextIO, TypeVar

from bot.checks import (
    Check,
    Verdict,
    failed,
    judge_clock,
    judge_database,
    judge_gateway,
    judge_intents,
    judge_invite,
    judge_permissions,
    judge_sessions,
    judge_token,
    passed,
    skipped,
    warned,
)
from bot.errors import ConfigurationError, DatabaseTooNew, ParleyError, ProviderError, ProviderFault, StartupError
from bot.inspection import Inspection
from bot.limit_checks import judge_limits
from bot.logs import set_up_logging
from bot.messages import ChatMessage, ProviderRequest, Role
from bot.place_settings.chosen import PlaceValues
from bot.provider_checks import (
    UNREACHABLE,
    ProviderAnswers,
    judge_moderation,
    judge_other,
    judge_provider,
    judge_window,
)
from bot.providers.events import Finished, ReasoningDelta, TextDelta
from bot.providers.file import providers_of
from bot.providers.prices import Prices
from bot.providers.registry import Provider, Providers, opened
from bot.setting_groups.running import LogLevel
from bot.settings import Settings
from bot.store.database import Database
from bot.store.migrate import require_current
from bot.tool_checks import judge_tools, try_servers

Answer = TypeVar("Answer")

SIGNS = {Verdict.OK: "✓", Verdict.WARNING: "!", Verdict.FAILED: "✗", Verdict.SKIPPED: "-"}
PLAIN_SIGNS = {Verdict.OK: "+", Verdict.WARNING: "!", Verdict.FAILED: "x", Verdict.SKIPPED: "-"}
COLOURS = {Verdict.OK: 32, Verdict.WARNING: 33, Verdict.FAILED: 31, Verdict.SKIPPED: 2}  # of ANSI terminals

FEW_TOKENS = 16  # enough for a greeting, and the least that some providers accept


class Report:
    """Writes each check as it is made, and remembers whether one failed."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._signs = SIGNS if can_write_signs(out) else PLAIN_SIGNS
        self.failed = False

    def add(self, check: Check) -> None:
        """Writes the check as one line."""
        sign = self._signs[check.verdict]
        if self._out.isatty():
            sign = f"\x1b[{COLOURS[check.verdict]}m{sign}\x1b[0m"
        print(f"{sign} {check.name}: {printable(check.sentence)}", file=self._out, flush=True)
        self.failed = self.failed or check.verdict is Verdict.FAILED

    async def ask(self, name: str, question: Awaitable[Answer], *judges: Callable[[Answer], Check]) -> bool:
        """Adds what each judge makes of the answer, or why there is none; returns whether there is one."""
        try:
            answer = await question
        except ParleyError as exc:
            self.add(failed(name, str(exc)))
            return False
        for judge in judges:
            self.add(judge(answer))
        return True


def can_write_signs(out: TextIO) -> bool:
    """Whether the stream's encoding has ticks and crosses; some terminals and pipes still have none."""
    try:
        "".join(SIGNS.values()).encode(out.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def printable(text: str) -> str:
    """The text without control characters: names of servers and models are chosen by strangers."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def utc_now() -> datetime:
    """This machine's clock."""
    return datetime.now(UTC)


async def doctor(load: Callable[[], Settings], out: TextIO, now: Callable[[], datetime] = utc_now) -> int:
    """Makes every check and returns the exit code: 0 all fine, 1 something failed, 2 a setting is wrong."""
    report = Report(out)
    try:
        settings = load()
    except ConfigurationError as exc:
        for sentence in str(exc).splitlines():
            report.add(failed("settings", sentence))
        return 2
    # What libraries log about a failure is in the report already, in words for the host.
    set_up_logging(settings.model_copy(update={"log_level": LogLevel.ERROR}))
    report.add(passed("settings", "complete"))
    await report.ask("database", is_migrated(settings.database_url), judge_database)
    report.add(judge_tools(settings))
    for check in (*await try_servers(settings), *judge_limits(settings)):
        report.add(check)
    await examine_discord(settings, report, now)
    await examine_providers(settings, report)
    return 1 if report.failed else 0


async def is_migrated(database_url: str) -> bool:
    """Whether a database that can be written has this program's tables; a missing file is made, without tables.

    Raises: ParleyError if it cannot be written, or was written by a newer Parley.
    """
    async with Database.open(database_url) as database:
        async with database.write():
            pass  # a transaction that may write has begun, which a read-only folder refuses
        try:
            await require_current(database)
        except DatabaseTooNew:
            raise
        except StartupError:
            return False
        return True


async def examine_discord(settings: Settings, report: Report, now: Callable[[], datetime]) -> None:
    """Token, intents, invite, permissions, sessions, gateway and clock."""
    async with Inspection.open(settings, now) as discord:
        if await report.ask("token", discord.log_in(), judge_token):
            await report.ask("intents", discord.application(), judge_intents, judge_invite)
            await report.ask("permissions", discord.guilds(), judge_permissions)
            await report.ask("sessions", discord.session_starts(), judge_sessions)
        else:
            for name in ("intents", "invite", "permissions", "sessions"):
                report.add(skipped(name, "not asked, because Discord did not let the bot in"))
        await report.ask("gateway", discord.shake_hands(), judge_gateway)
        report.add(judge_clock(discord.clock_offset_seconds))


async def examine_providers(settings: Settings, report: Report) -> None:
    """Each provider's address, key, model and answer; costs a few tokens, because no other question proves them."""
    try:
        configured = providers_of(settings)
    except ConfigurationError as exc:
        for sentence in str(exc).splitlines():
            report.add(failed("provider", sentence))
        return
    for warning in configured.warnings:
        report.add(warned("provider", warning))
    asked_once = [provider.model_copy(update={"max_retries": 0}) for provider in configured.providers]
    async with opened(asked_once, answer_timeout_seconds=settings.run_timeout_seconds) as providers:
        (provider, model), *others = models_to_ask(providers, settings.provider_model)
        chosen, *rest = await asyncio.gather(
            answers_of(provider, model, settings, is_chosen=True),
            *(answers_of(other, name, settings, is_chosen=False) for other, name in others),
        )
        moderation = await check_of_moderation(providers, settings.moderation_model)
    prices = Prices(configured.providers, utc_now)
    await prices.load()
    window = prices.window_tokens(chosen.provider.name, chosen.model or "")
    windows = [] if window is None else [judge_window(window, settings.provider_context_tokens)]
    for check in (*judge_provider(chosen), *windows, *map(judge_other, rest), *moderation):
        report.add(check)


def models_to_ask(providers: Providers, chosen: str) -> list[tuple[Provider, str | None]]:
    """The host's model, those that stand in for others, and of each other provider one that is named, if any is."""
    fallbacks = (
        reference
        for provider in providers.all
        for references in provider.configuration.fallbacks.values()
        for reference in references
    )
    asked: dict[tuple[str, str | None], tuple[Provider, str | None]] = {}
    for provider, model in map(providers.find, (chosen, *fallbacks)):
        asked.setdefault((provider.configuration.name, model), (provider, model))
    known = {name for name, _ in asked}
    unasked = [provider for provider in providers.all if provider.configuration.name not in known]
    named = [(provider, next(iter(provider.configuration.named_models), None)) for provider in unasked]
    return [*asked.values(), *named]


async def answers_of(provider: Provider, model: str | None, settings: Settings, *, is_chosen: bool) -> ProviderAnswers:
    """What a provider says to both questions; the second is not asked where the first found nobody, or of no model."""
    listed = await outcome(provider.adapter.list_models())
    spoke: float | ProviderError | None = None
    if isinstance(listed, ProviderError) and listed.fault in UNREACHABLE:
        spoke = listed
    elif model is not None:
        spoke = await outcome(first_words_seconds(provider, model, settings))
    return ProviderAnswers(
        provider=provider.configuration,
        model=model,
        listed=listed if isinstance(listed, ProviderError) else tuple(one.name for one in listed),
        first_words_seconds=spoke,
        is_chosen=is_chosen,
    )


async def check_of_moderation(providers: Providers, reference: str) -> tuple[Check, ...]:
    """Whether the host's moderation model checks a greeting, if the host has set one."""
    if not reference:
        return ()
    client, model = providers.client(reference)
    found = await outcome(client.moderations.check(("hello",), model=model))
    return (judge_moderation(reference, found if isinstance(found, ProviderError) else None),)


async def outcome(question: Awaitable[Answer]) -> Answer | ProviderError:
    """The answer, or the error in its place, for a verdict that needs several of them."""
    try:
        return await question
    except ProviderError as exc:
        return exc


async def first_words_seconds(provider: Provider, model: str, settings: Settings) -> float:
    """How long a model takes to begin, asked as the bot asks it; the rest of its answer is not waited for.

    Raises: ProviderError, also where something comes all the time and never a word.
    """
    request = ProviderRequest(
        model=model,
        messages=(ChatMessage(role=Role.USER, content="Say hello."),),
        max_output_tokens=FEW_TOKENS,
        parameters=PlaceValues(defaults=settings.place_defaults).parameters,
    )
    configuration, begun = provider.configuration, time.monotonic()
    try:
        async with (
            asyncio.timeout(configuration.first_byte_timeout_seconds + configuration.idle_timeout_seconds),
            aclosing(provider.adapter.stream(request)) as events,
        ):
            async for event in events:
                if isinstance(event, (TextDelta, ReasoningDelta, Finished)):
                    return time.monotonic() - begun
    except TimeoutError as exc:
        raise ProviderError(ProviderFault.TIMEOUT, "a stream without a word") from exc
    raise ProviderError(ProviderFault.PROTOCOL, "a stream without an end")
