"""The scene with the tools of the tests, besides the bot's own, and what a model is told when it calls them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from bot.app import assembled
from bot.endpoints import point_discord_at
from bot.settings import Settings
from sandbox.stories import ScriptedCall, Story
from tests.scenarios.scene import Scene, Where
from tests.tools.workshop import Workshop

MEMBER = "/guilds/{guild_id}/members/{user_id}"


class Workroom(Scene):
    """People who ask, and a model that calls what a test says."""

    workshop: Workshop
    _back_at = 0

    async def begin(self, **changed: object) -> None:
        """Run the bot with the workshop's tools until `stop`, and wait until it hears what is said."""
        before = self.sandbox.gateway.ready_count
        self._bot = asyncio.create_task(self._work(self.settings(**changed)))
        await self.wait_for(lambda: self.sandbox.gateway.ready_count > before)

    async def _work(self, settings: Settings) -> None:
        point_discord_at(settings.discord_api_base_url, settings.discord_gateway_url)
        async with assembled(settings, self.clock) as parley, parley.client, asyncio.TaskGroup() as tasks:
            self.workshop = Workshop()
            await parley.client.add_cog(self.workshop)
            tasks.create_task(parley.work())
            tasks.create_task(parley.keep_commands())
            await parley.client.stay_connected(settings.discord_token.get_secret_value())

    async def told(
        self, user: str, channel: Where, *calls: tuple[str, dict[str, Any]], text: str = "@bot go"
    ) -> list[str]:
        """What the model is told of its calls, which it makes when somebody asks."""
        self.plan(*calls)
        await self.ask(user, channel, text)
        return self.outputs()

    async def told_later(
        self, user: str, channel: Where, meanwhile: Callable[[], object], *calls: tuple[str, dict[str, Any]]
    ) -> list[str]:
        """The same, where something happens while the bot is not there, and nobody has been seen when it is back."""
        await self.stop()
        await self.start(shutdown_grace_seconds=0)
        asked = len(self.provider.requests)
        self.provider.play(Story(hang_at=0))
        await self.say(user, channel, "@bot go")
        await self.provider.wait_for_request(asked + 1)
        await self.stop()
        meanwhile()
        self._back_at = self.sandbox.requests.total
        self.plan(*calls)
        await self.start()
        await self.answer_of(channel, len(self.rows("runs")))
        return self.outputs()

    def plan(self, *calls: tuple[str, dict[str, Any]]) -> None:
        """Let the model make these calls in its next answer."""
        scripted = [
            ScriptedCall(name=name, arguments=(json.dumps(arguments),), id=f"call_{number}", index=number)
            for number, (name, arguments) in enumerate(calls)
        ]
        self.provider.play(Story(tool_calls=tuple(scripted), finish_reason="tool_calls"), Story(text="Done."))

    def outputs(self) -> list[str]:
        """What the calls of the newest run gave the model, in the order asked."""
        calls = self.rows("tool_calls")
        return [call["output"] for call in calls if call["run_id"] == calls[-1]["run_id"]]

    def member_requests(self) -> int:
        """How often the bot asked Discord for a member, since it came back."""
        return sum(
            record.method == "GET" and record.route == MEMBER and record.number > self._back_at
            for record in self.sandbox.requests
        )
