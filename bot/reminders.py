"""What people ask of their reminders: to make one, to see them, to cancel one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo

from bot.errors import Refusal
from bot.moments import moment
from bot.runs.service import Where
from bot.store import reminders
from bot.store.database import Database
from bot.store.reminders import NewReminder, Reminder

# More than anybody keeps in mind, and as many as one message of Discord's has buttons for.
MAX_PENDING = 25
# Who plans further ahead has a calendar.
MAX_AHEAD = timedelta(days=366)
TOO_MANY = f"You have {MAX_PENDING} reminders already. Cancel one with `/reminders` first."


class Reminders:
    """The reminders of all people; `changed` is set when there is a new one."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self.changed = asyncio.Event()
        self._database = database
        self._clock = clock

    async def add(self, where: Where, text: str, when: str, zone: tzinfo, *, call_id: int | None = None) -> Reminder:
        """A reminder at a time as people write it; the same call of a model again gives the same one.

        Raises: Refusal.
        """
        now = self._clock()
        async with self._database.write() as transaction:
            if call_id is not None:
                known = await reminders.of_call(transaction, call_id)
                if known is not None:
                    return known
            due_at = in_bounds(moment(when, now, zone), now)
            if len(await reminders.pending(transaction, where.user_id)) >= MAX_PENDING:
                raise Refusal(TOO_MANY)
            new = NewReminder(
                user_id=where.user_id,
                guild_id=where.guild_id,
                channel_id=where.channel_id,
                text=text,
                due_at=due_at,
                created_at=now,
                call_id=call_id,
            )
            added = await reminders.add(transaction, new)
        self.changed.set()
        return added

    async def pending(self, user_id: int) -> tuple[Reminder, ...]:
        """What a person is still to be told, soonest first."""
        async with self._database.read() as transaction:
            return await reminders.pending(transaction, user_id)

    async def cancel(self, reminder_id: int, user_id: int) -> bool:
        """Forget a person's own reminder; False if it is not there any more."""
        async with self._database.write() as transaction:
            return await reminders.cancel(transaction, reminder_id, user_id)


def in_bounds(due_at: datetime, now: datetime) -> datetime:
    """The same moment.  Raises: Refusal if it is over, or too far away."""
    if due_at <= now:
        raise Refusal(f"That is over: <t:{due_at.timestamp():.0f}:F>. Give a time that is still to come.")
    if due_at - now > MAX_AHEAD:
        raise Refusal("That is more than a year away. Give a time within the next 366 days.")
    return due_at
