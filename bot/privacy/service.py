"""What a person can see and decide about what is stored about them: `/privacy`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.place_settings.chosen import PlaceValues
from bot.privacy.exporting import Exporting
from bot.privacy.forgetting import Forgetting
from bot.privacy.opt_outs import OptOuts
from bot.privacy.retention import Retention
from bot.providers.registry import Providers
from bot.runs.summary_text import cost_text
from bot.store import personal
from bot.store.database import Database
from bot.store.personal import Stored

DEFAULT_PAGE = "`docs/privacy.md` of Parley"
# What is counted, in the order in which it is listed: by the name of its section, one and many.
COUNTED = {
    "quotes": ("quotation of you in somebody's question", "quotations of you in others' questions"),
    "answers": ("answer that you asked for", "answers that you asked for"),
    "command_usage": ("summary that you asked for", "summaries that you asked for"),
    "tool_calls": ("tool call for you", "tool calls for you"),
    "decisions": ("tool call that you decided about", "tool calls that you decided about"),
    "reminders": ("reminder", "reminders"),
    "http_tool_calls": ("use of a server's own tool", "uses of servers' own tools"),
    "settings": ("setting that you chose", "settings that you chose"),
    "setting_changes": ("change of a setting in the log", "changes of settings in the log"),
}
BEFORE_DELETION = """### Delete what is stored about you?
- What is being answered to you is **stopped**.
- Your messages, quotations of you, reminders and approvals are **deleted**, with all of your direct messages, private \
questions and conversations that are yours alone.
- In conversations with others **the answers stay**, because others go on from them. Your messages there lose your \
name and every word, and no model is sent them again.
- What you decided and changed, and what your answers cost, stays as **nobody's**, so that logs and budgets are still \
right. What you have used of a budget that is running stays until the budget begins anew.
- What model providers keep of these conversations is deleted there, as far as they let me.
- **It cannot be undone.** It does not reach the host's backups, nor what stands in Discord: delete your messages there.
- Whether I leave you alone is not changed by this."""


class Places(Protocol):
    """What moderators chose for places."""

    async def at(self, guild_id: int | None, channel_id: int) -> PlaceValues:
        """What counts in a channel.  Raises: Refusal if it cannot be found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyView:
    """What a person sees, and whether they have opted out."""

    text: str
    has_opted_out: bool


class Privacy:
    """Shows, exports and deletes what is stored about a person, and leaves them alone."""

    def __init__(
        self,
        database: Database,
        places: Places,
        providers: Providers,
        retention: Retention,
        *,
        opt_outs: OptOuts,
        exporting: Exporting,
        forgetting: Forgetting,
        page_url: str | None,
    ) -> None:
        """`page_url` is where the host says all of it, if not in this project's own page."""
        self.opt_outs = opt_outs
        self.exporting = exporting
        self.forgetting = forgetting
        self.page_url = page_url
        self._database = database
        self._places = places
        self._providers = providers
        self._retention = retention

    async def view(self, user_id: int, guild_id: int | None, channel_id: int) -> PrivacyView:
        """What is stored about a person, who gets what here, and how long it is kept.  Raises: StoreError."""
        async with self._database.read() as transaction:
            stored = await personal.stored(transaction, user_id, guild_id)
        since = await self.opt_outs.since(user_id)
        parts = [
            "### What I know of you",
            *stored_lines(stored, guild_id),
            "### Who gets what you write here",
            await self._recipient(guild_id, channel_id),
            "### How long it is kept",
            await self._kept(guild_id),
            "### Whether I read you",
            reading_line(since),
        ]
        if self.page_url is None:
            parts.append(f"-# All of it, in words: {DEFAULT_PAGE}.")
        return PrivacyView(text="\n".join(parts), has_opted_out=since is not None)

    async def _recipient(self, guild_id: int | None, channel_id: int) -> str:
        """Which providers get the words of a place."""
        values = await self._places.at(guild_id, channel_id)
        first, model = self._providers.find(values.model)
        others = values.fallback or tuple(first.configuration.fallbacks_of(model))
        names = [self._providers.find(other)[0].configuration.name for other in others]
        further = [name for name in dict.fromkeys(names) if name != first.configuration.name]
        instead = f" If it does not answer, **{'**, **'.join(further)}** may." if further else ""
        return (
            f"`{model}` of the provider **{first.configuration.name}** answers here.{instead} It is sent what is "
            "said to me in this conversation, your display name, the names of your files, what tools found, and a "
            "made-up name in place of your id."
        )

    async def _kept(self, guild_id: int | None) -> str:
        """For how long, and when that was last carried out."""
        days = await self._retention.days(guild_id)
        place = "from here" if guild_id is not None else "from direct messages"
        rule = f"What is said is deleted after **{days} days**." if days else "Until I am removed, or you delete it."
        everywhere, here = await self._retention.last(guild_id)
        if everywhere is None or not days:
            return rule
        told = f"{rule} Last looked after {moment(everywhere.started_at)}"
        if here is None:
            return f"{told}."
        return f"{told}; {counted(here.done, 'message', 'messages')} {place} deleted last {moment(here.started_at)}."


def stored_lines(stored: Stored, guild_id: int | None) -> list[str]:
    """How much there is, as a list."""
    count = stored.counts["messages"]
    if not any(stored.counts.values()):
        return ["Nothing is stored about you."]
    elsewhere = count - stored.messages_direct - (0 if guild_id is None else stored.messages_here)
    spread = {
        "in this server": 0 if guild_id is None else stored.messages_here,
        "in other servers" if guild_id is not None else "in servers": elsewhere,
        "in direct messages": stored.messages_direct,
    }
    where = ", ".join(f"{number:,} {place}" for place, number in spread.items() if number)
    since = "" if stored.since is None else f", since <t:{stored.since.timestamp():.0f}:D>"
    lines = [f"- {counted(count, 'message of yours', 'messages of yours')}{f' ({where})' if where else ''}{since}"]
    for name, (one, many) in COUNTED.items():
        number = stored.counts[name]
        took = f", {stored.tokens:,} tokens, {cost_text(stored.cost_nanos)}" if name == "answers" and number else ""
        if number:
            lines.append(f"- {counted(number, one, many)}{took}")
    return lines


def reading_line(since: datetime | None) -> str:
    """Whether a person is left alone."""
    if since is None:
        return "I answer you, and read what you write to me. If you opt out I do neither."
    return f"You opted out {moment(since)}: I neither answer you nor read what you write."


def moment(at: datetime) -> str:
    """A time as Discord shows it to each in their own zone."""
    return f"<t:{at.timestamp():.0f}:R>"


def counted(number: int, one: str, many: str) -> str:
    """So many of them."""
    return f"{number:,} {one if number == 1 else many}"
