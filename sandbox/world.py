"""The sandbox as one object: opens everything, wires it, and closes it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TypeVar

from sandbox.bot_view import ALL_INTENTS
from sandbox.call_log import watching_calls
from sandbox.faults import Faults
from sandbox.gateway import Gateway
from sandbox.house import House
from sandbox.journal import Journal
from sandbox.keeper import keeping
from sandbox.limits import Limits, RateLimiter
from sandbox.live import Live
from sandbox.page_api import PageApi
from sandbox.people import People
from sandbox.polls import Deadlines
from sandbox.pulse import Pulse
from sandbox.rest import API_PREFIX, Rest
from sandbox.semantics import ANSWER_SECONDS, Engine
from sandbox.server import Server, bind, gateway_answer
from sandbox.sockets import GatewaySockets
from sandbox.state_file import restore
from sandbox.switches import Switches
from sandbox.weather import Weather
from sandbox.wire import Payload

T = TypeVar("T")


def make_token(bot_id: int) -> str:
    """A token in Discord's shape: the bot's id in base64, then two parts that nobody else's has."""
    digest = hashlib.sha256(f"parley sandbox {bot_id}".encode()).digest()
    first, *rest = (
        base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (str(bot_id).encode(), digest[:4], digest[4:])
    )
    return ".".join((first, *rest))


class Sandbox:
    """A Discord on loopback, with the hands of its people and the switches of its faults."""

    def __init__(
        self,
        *,
        address: str,
        engine: Engine,
        house: House,
        limits: Limits,
        latency_seconds: float,
        granted_intents: int,
    ) -> None:
        self.address = address
        self.api_base_url = address + API_PREFIX
        self.gateway_url = address.replace("http", "ws", 1) + "/gateway"
        self.token = make_token(engine.bot_user.id)  # the one bot token that is accepted
        self.latency_seconds = latency_seconds
        self.engine = engine
        self.house = house
        self.faults = Faults()
        self.requests = Journal()
        self.gateway = Gateway(engine, self.faults, self.token, granted_intents)
        self._granted_intents = granted_intents
        self._limiter = RateLimiter(limits)
        self._pulse = Pulse()
        self.people = People(engine, self._pulse)
        self.live = Live(
            engine=engine, house=house, gateway=self.gateway, journal=self.requests, limits=lambda: self.limits
        )
        engine.subscribers.append(lambda _event, _payload: self._pulse.beat())
        engine.private_listeners.append(lambda _viewer_id, _event, _payload: self._pulse.beat())
        self.requests.listen(lambda _record: self._pulse.beat())
        self.gateway.listen(self._pulse.beat)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        *,
        limits: Limits | None = None,
        latency_seconds: float = 0.0,
        port: int = 0,
        state_file: Path | None = None,
        granted_intents: int | None = None,
        answer_seconds: float = ANSWER_SECONDS,
        bot_database: Path | None = None,
    ) -> AsyncIterator[Sandbox]:
        """A running sandbox.

        `latency_seconds` is a round trip, half of it passes on each way; `state_file` keeps the world between
        starts; `granted_intents` are the privileged intents that are switched on (all, if not given); of a Parley
        whose SQLite file is `bot_database` the page shows the tool calls.

        Raises:
            OSError: the port is taken.
            StateFileError: the state file is there and cannot be read.
        """
        async with AsyncExitStack() as stack:
            listener = stack.enter_context(bind(port))
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
            engine = Engine(address, answer_seconds=answer_seconds)
            house = House(engine)
            if state_file is not None and restore(state_file, engine, house):
                house.permit()
            else:
                house.furnish()
            sandbox = cls(
                address=address,
                engine=engine,
                house=house,
                limits=limits or Limits(),
                latency_seconds=latency_seconds,
                granted_intents=ALL_INTENTS if granted_intents is None else granted_intents,
            )
            if state_file is not None:
                await stack.enter_async_context(keeping(state_file, engine, house))
            Deadlines(engine)
            if bot_database is not None:
                await stack.enter_async_context(watching_calls(bot_database, sandbox.live.show_calls))
            server = sandbox._build_server()
            stack.push_async_callback(server.close)
            await server.start(listener)
            yield sandbox

    def _build_server(self) -> Server:
        engine = self.engine
        rest = Rest(
            engine=engine,
            limiter=self._limiter,
            faults=self.faults,
            journal=self.requests,
            token=self.token,
            delay_seconds=self._half_way,
        )
        rest.add_own_route("GET", "/gateway", lambda: {"url": self.gateway_url})
        rest.add_own_route("GET", "/gateway/bot", lambda: gateway_answer(self.gateway_url))
        rest.add_own_route("GET", "/users/@me/guilds", self.gateway.view.guilds)
        for path in ("/oauth2/applications/@me", "/applications/@me"):
            rest.add_own_route("GET", path, lambda: self.gateway.view.application(self._granted_intents))
        return Server(
            engine=engine,
            rest=rest,
            gateway=GatewaySockets(self.gateway, lambda: self.gateway_url, self._half_way),
            live=self.live,
            page_api=PageApi(engine, self.house, self.people),
            switches=Switches(self.faults, self._limiter, self.gateway, self.live.redraw),
            weather=Weather(self.address),
        )

    def _half_way(self) -> float:
        return self.latency_seconds / 2

    # ---------------------------------------------------------------- who is who

    @property
    def bot_id(self) -> int:
        """The bot's user id."""
        return self.engine.bot_user.id

    @property
    def application_id(self) -> int:
        """The bot's application id."""
        return self.engine.application_id

    @property
    def guild_id(self) -> int:
        """The id of "Parley House"."""
        return self.house.guild_id

    @property
    def channels(self) -> dict[str, int]:
        """Channel ids by name."""
        return self.house.channels

    @property
    def users(self) -> dict[str, int]:
        """User ids by name."""
        return self.house.users

    def add_channel(self, name: str, *, category: str | None = None, hidden: bool = False) -> int:
        """Open a text channel; a hidden one is for moderators and the bot.  Returns its id."""
        return self.house.add_channel(name, category=category, hidden=hidden)

    def add_user(self, name: str, display_name: str, *roles: str, bot: bool = False) -> int:
        """Let somebody join, with roles by name ("moderator"); returns the user's id."""
        return self.house.add_user(name, display_name, *roles, bot=bot)

    def add_guild(self, name: str, owner: str = "ada") -> int:
        """Found another guild with a channel of its name; returns the guild's id."""
        return self.house.add_guild(name, self.users[owner])

    # ------------------------------------------------------------------- looking

    @property
    def limits(self) -> Limits:
        """The rate limits in force; assign others to change them."""
        return self._limiter.limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self._limiter.limits = limits

    def messages(self, channel_id: int, viewer_id: int | None = None) -> list[Payload]:
        """The messages of a channel as Discord writes them, oldest first, ephemeral ones for their viewer only."""
        return [
            self.engine.message_payload(message, viewer_id)
            for message in self.engine.messages.get(channel_id, {}).values()
            if message.visible_to(viewer_id)
        ]

    async def wait_for(self, look: Callable[[], T | None], timeout_seconds: float = 10.0) -> T:
        """The first value of `look` that is neither None nor False, looked at after every event and request.

        Raises:
            TimeoutError: there was none in time.
        """
        return await self._pulse.wait_for(look, timeout_seconds)

    async def bot_ready(self, timeout_seconds: float = 10.0) -> None:
        """Wait until a session of the bot has been told READY and its guilds."""
        await self.wait_for(lambda: self.gateway.ready_count > 0 and self.gateway.connected > 0, timeout_seconds)
