"""The real bot in a sandbox, with the hands and eyes of its people, for the scenarios."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypeVar

from bot.app import run, utc_now
from bot.settings import Settings
from sandbox.interactions import InteractionOutcome
from sandbox.provider import MODEL, Performance, ScriptedProvider
from sandbox.wire import Payload
from sandbox.world import Sandbox
from tests.scenarios.answer import Answer
from tests.scenarios.given import GivenSettings

T = TypeVar("T")
Where = str | int  # a channel's name in the sandbox, or the id of a channel, thread or DM

EPHEMERAL = 1 << 6
EVENT_TASK, COMMAND_TASK = "discord.py: on_", "CommandTree-invoker"  # how discord.py's tasks are named
HELD_UP_SECONDS = 2.0
WAIT_SECONDS = 60.0  # for a machine whose cores are shared; everything here takes far less


class Scene:
    """One sandbox, one provider, one database, and the bot that may be started and stopped in it."""

    def __init__(self, sandbox: Sandbox, provider: ScriptedProvider, folder: Path) -> None:
        self.sandbox = sandbox
        self.provider = provider
        self.database_file = folder / "parley.db"
        self.clock: Callable[[], datetime] = utc_now  # what the bot goes by from its next start on
        self._bot: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # ------------------------------------------------------------------- the bot

    def settings(self, **changed: object) -> Settings:
        """What a host would set to run the bot here."""
        given: dict[str, object] = {
            "discord_token": self.sandbox.token,
            "discord_api_base_url": self.sandbox.api_base_url,
            "discord_gateway_url": self.sandbox.gateway_url,
            "provider_base_url": self.provider.base_url,
            "provider_model": MODEL,
            "provider_max_retries": 0,
            "system_prompt": "Be brief.",
            "database_url": f"sqlite+aiosqlite:///{self.database_file}",
        }
        return GivenSettings.model_validate(given | changed)

    async def start(self, **changed: object) -> None:
        """Run the bot until `stop`, and wait until it hears what is said and Discord knows its commands."""
        looked_at = len(self.syncs("GET"))
        await self.begin(**changed)
        await self.wait_for(lambda: len(self.syncs("GET")) > looked_at and self.sandbox.engine.commands.get(None))

    async def begin(self, **changed: object) -> None:
        """Run the bot until `stop`, and wait until it hears what is said."""
        before = self.sandbox.gateway.ready_count
        self._bot = asyncio.create_task(run(self.settings(**changed), self.clock))
        await self.wait_for(lambda: self.sandbox.gateway.ready_count > before)

    async def stop(self) -> None:
        """Tell the bot to stop, as SIGTERM does, and wait for its end.  Raises: whatever it ended with before."""
        bot, self._bot = self._bot, None
        if bot is None:
            return
        bot.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await bot
        await self.sandbox.wait_for(lambda: self.sandbox.gateway.connected == 0)

    async def wait_for(self, look: Callable[[], T | None]) -> T:
        """The first value of `look` that is neither None nor False.  Raises: what the bot died of meanwhile."""
        looking = asyncio.create_task(self.sandbox.wait_for(look, WAIT_SECONDS))
        await asyncio.wait([looking, *([self._bot] if self._bot is not None else [])], return_when="FIRST_COMPLETED")
        if not looking.done() and self._bot is not None:
            looking.cancel()
            await self._bot
        return await looking

    # ----------------------------------------------------------------- the people

    @property
    def mention(self) -> str:
        """How people mention the bot."""
        return f"<@{self.sandbox.bot_id}>"

    def place(self, channel: Where) -> int:
        """The id of a channel."""
        return self.sandbox.channels[channel] if isinstance(channel, str) else channel

    async def say(self, user: str, channel: Where, text: str, *, reply_to: int | None = None) -> int:
        """Post a message; `@bot` in it becomes the bot's mention.  Returns its id."""
        words = text.replace("@bot", self.mention)
        return await self.sandbox.people.say(self.sandbox.users[user], self.place(channel), words, reply_to=reply_to)

    async def ask(self, user: str, channel: Where, text: str, *, reply_to: int | None = None) -> Answer:
        """Post a message and wait for its whole answer."""
        question_id = await self.say(user, channel, text, reply_to=reply_to)
        return await self.wait_for(
            lambda: next(
                (found for found in self.answers(channel) if found.question_id == question_id and found.is_final), None
            )
        )

    async def command(self, user: str, channel: Where, name: str, /, **options: object) -> InteractionOutcome:
        """Run a slash command."""
        return await self.sandbox.people.command(self.sandbox.users[user], self.place(channel), name, options)

    async def caught_up(self) -> None:
        """Wait until the tables hold what has happened so far, unless something holds the bot up for long."""
        await self.command("ada", "moderators", "reset")  # whatever came before it is being handled by now
        await self.handled(EVENT_TASK)

    async def handled(self, *kinds: str) -> None:
        """Wait until these tasks of discord.py are done, unless something holds them up for long."""
        handling = [task for task in asyncio.all_tasks() if task.get_name().startswith(kinds)]
        if handling:
            await asyncio.wait(handling, timeout=HELD_UP_SECONDS)

    async def until(self, look: Callable[[], object]) -> None:
        """Wait for what only the tables show, and nothing that comes to Discord or the provider tells of."""
        async with asyncio.timeout(WAIT_SECONDS):
            while not look():
                await self.caught_up()

    async def press(self, user: str, answer: Answer, label: str) -> InteractionOutcome:
        """Press one of an answer's buttons."""
        return await self.sandbox.people.press(
            self.sandbox.users[user], answer.channel_id, answer.ids[-1], answer.buttons[label]
        )

    async def refused(self, user: str, channel: Where) -> str:
        """The next sentence that only this user sees."""
        return await self.wait_for(lambda: next(iter(self.whispers(user, channel)), None))

    # -------------------------------------------------------------- what is there

    def answers(self, channel: Where, viewer: str | None = None) -> list[Answer]:
        """The bot's answers in a channel: each begins with a message that replies to a question."""
        groups: list[list[Payload]] = []
        for message in self.sandbox.messages(self.place(channel), self.sandbox.users[viewer] if viewer else None):
            if int(message["author"]["id"]) != self.sandbox.bot_id or message.get("interaction_metadata"):
                continue
            if message.get("message_reference") or not groups:
                groups.append([])
            groups[-1].append(message)
        return [Answer(messages=tuple(group)) for group in groups]

    async def answer_of(self, channel: Where, run_id: int, *, final: bool = True) -> Answer:
        """What a run shows in a channel, as soon as its buttons are there, or when it is final."""
        return await self.wait_for(
            lambda: next(
                (found for found in self.answers(channel) if found.run_id == run_id and found.is_final >= final), None
            )
        )

    def whispers(self, user: str, channel: Where) -> list[str]:
        """What the bot said in a channel that only this user sees, newest first, without what is still empty."""
        seen = self.sandbox.messages(self.place(channel), self.sandbox.users[user])
        return [message["content"] for message in reversed(seen) if message["flags"] & EPHEMERAL and message["content"]]

    def writes(self, channel: Where, method: str = "*") -> list[str]:
        """The texts of the bot's successful requests that posted or edited messages in a channel, in order."""
        return [
            record.content or ""
            for record in self.sandbox.requests
            if record.channel_id == self.place(channel)
            and record.route.startswith("/channels/{channel_id}/messages")
            and record.method in (("POST", "PATCH") if method == "*" else (method,))
            and record.status == 200
        ]

    def syncs(self, method: str) -> list[int]:
        """What Discord answered to the bot's requests of this method for its commands of everywhere; 0 if nothing."""
        path = f"/applications/{self.sandbox.engine.application_id}/commands"
        asked = [record for record in self.sandbox.requests if record.path == path]
        return [record.status for record in asked if record.method == method]

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table, as the file holds them."""
        with contextlib.closing(sqlite3.connect(f"file:{self.database_file}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY rowid")]  # noqa: S608

    def run(self, run_id: int) -> dict[str, Any]:
        """One row of `runs`."""
        return next(row for row in self.rows("runs") if row["id"] == run_id)

    def causes(self, run_id: int) -> list[str]:
        """What moved a run, in order."""
        return [row["cause"] for row in self.rows("run_events") if row["run_id"] == run_id]


def sent(performance: Performance) -> list[str]:
    """What a request told the provider, one `role: content` for each message."""
    messages = performance.body["messages"]
    assert isinstance(messages, list)
    return [f"{message['role']}: {message['content']}" for message in messages]
