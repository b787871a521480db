"""What the doctor makes of the facts: each check is a name, a verdict, and a sentence that says what to do; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.facts import Application, Guild, SessionStarts, User
from bot.permissions import invite_link, missing

# Documented flags of an application: the intent is granted, or granted to an app in fewer than 100 servers.
MESSAGE_CONTENT = 1 << 18
MESSAGE_CONTENT_LIMITED = 1 << 19

# Discord drops an interaction after 3 s and leases last 30: a clock that is further off confuses what is late.
MAX_CLOCK_OFFSET_SECONDS = 5.0

# Discord allows 1000 a day and resets the token of a bot that uses them up; a restart takes one for each shard.
FEW_SESSION_STARTS = 50

MAX_SERVERS_NAMED = 5


class Verdict(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the doctor's report."""

    name: str
    verdict: Verdict
    sentence: str


def passed(name: str, sentence: str) -> Check:
    """A check with nothing to do."""
    return Check(name=name, verdict=Verdict.OK, sentence=sentence)


def warned(name: str, sentence: str) -> Check:
    """A check that lets the bot run, with something to look at."""
    return Check(name=name, verdict=Verdict.WARNING, sentence=sentence)


def failed(name: str, sentence: str) -> Check:
    """A check that says what to do before the bot can run."""
    return Check(name=name, verdict=Verdict.FAILED, sentence=sentence)


def skipped(name: str, sentence: str) -> Check:
    """A check that could not be made because of an earlier one."""
    return Check(name=name, verdict=Verdict.SKIPPED, sentence=sentence)


def judge_database(is_migrated: bool) -> Check:
    """The database can be written; an older one is no obstacle, because a start brings it up to date."""
    if is_migrated:
        return passed("database", "writable and up to date")
    return warned(
        "database", "writable, without this version's tables yet: the next start makes them, or `python -m bot migrate`"
    )


def judge_token(user: User) -> Check:
    """The token was accepted; whose it is shows whether it is the right one."""
    return passed("token", f"logged in as {user}")


def judge_intents(application: Application) -> Check:
    """Without the one privileged intent that Parley needs, Discord refuses the connection."""
    if application.flags & (MESSAGE_CONTENT | MESSAGE_CONTENT_LIMITED):
        return passed("intents", "Message Content is granted")
    return failed(
        "intents",
        f"tick Message Content Intent at https://discord.com/developers/applications/{application.id}/bot "
        "(Privileged Gateway Intents) and save: without it the bot cannot read what it is asked",
    )


def judge_invite(application: Application) -> Check:
    """The link is worth showing every time: it also adds permissions that are missing."""
    return passed("invite", invite_link(application.id))


def judge_permissions(guilds: Sequence[Guild]) -> Check:
    """What the bot's roles lack in each server."""
    if not guilds:
        return warned("permissions", "the bot is in no server yet: open the invite link above")
    lacking = [
        f"{guild.name}: {', '.join(names)}"
        for guild in guilds
        if guild.permissions is not None and (names := missing(guild.permissions))
    ]
    if lacking:
        more = len(lacking) - MAX_SERVERS_NAMED
        named = "; ".join(lacking[:MAX_SERVERS_NAMED]) + (f"; and {more} more servers" if more > 0 else "")
        return failed("permissions", f"give the bot's role what it lacks, or open the invite link again ({named})")
    if any(guild.permissions is None for guild in guilds):
        return warned("permissions", "Discord did not say what the bot may do in its servers")
    servers = "its server" if len(guilds) == 1 else f"all {len(guilds)} servers"
    return passed("permissions", f"complete in {servers}; a channel's own settings may still take some away")


def judge_sessions(starts: SessionStarts) -> Check:
    """A bot that restarts in a loop uses up its sessions, and then its token."""
    sentence = f"{starts.remaining} of {starts.total} gateway sessions are left today"
    if starts.remaining > FEW_SESSION_STARTS:
        return passed("sessions", sentence)
    hours = starts.reset_after / 3_600_000
    return warned("sessions", f"{sentence}: find out why the bot restarts so often, or wait {hours:.1f} hours")


def judge_gateway(address: str) -> Check:
    """The gateway said hello, so nothing between here and there stops websockets."""
    return passed("gateway", f"{address} answers")


def judge_clock(offset_seconds: float | None) -> Check:
    """This machine's clock beside Discord's."""
    if offset_seconds is None:
        return skipped("clock", "no answer of Discord's told the time")
    if abs(offset_seconds) <= MAX_CLOCK_OFFSET_SECONDS:
        return passed("clock", f"within {MAX_CLOCK_OFFSET_SECONDS:.0f} seconds of Discord's")
    direction = "ahead of" if offset_seconds > 0 else "behind"
    return warned(
        "clock",
        f"this machine's clock is {abs(offset_seconds):.0f} seconds {direction} Discord's: turn on time "
        "synchronisation, because deadlines are judged by it",
    )
