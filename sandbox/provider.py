"""A model provider over HTTP that plays stories instead of thinking."""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from aiohttp import web

from sandbox.billing import Billing
from sandbox.chat_wire import ChatWire, Wire
from sandbox.completions_wire import CompletionsWire
from sandbox.endpoints_api import EndpointsApi
from sandbox.responses_api import ResponsesApi
from sandbox.runs_api import RunsServer
from sandbox.serials import Message, Serial
from sandbox.stories import STORIES, Frame, Story

MODEL = "scripted"
WIRES: tuple[Wire, ...] = (ChatWire(), CompletionsWire())
STORY_WORD = "story:"


@dataclass(slots=True, kw_only=True, eq=False)
class Performance:
    """One request and how its story went so far; times are of `loop.time()`, in seconds."""

    body: Mapping[str, object]
    headers: Mapping[str, str]
    at: float
    story: Story
    first_token_at: float | None = None
    last_token_at: float | None = None
    event_count: int = 0
    token_count: int = 0
    pieces: list[str] = field(default_factory=list)
    token_times: list[float] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    disconnected: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)  # set it to let a story go on that hangs

    @property
    def text(self) -> str:
        """What of the answer has been sent."""
        return "".join(self.pieces)

    def note(self, frame: Frame, now: float) -> None:
        """Writes down that an event was sent."""
        self.event_count += 1
        if frame.is_token:
            self.token_count += 1
            self.pieces.append(frame.text)
            self.token_times.append(now)
            self.last_token_at = now
            if self.first_token_at is None:
                self.first_token_at = now


class ScriptedProvider:
    """All `WIRES` on loopback: `async with ScriptedProvider() as provider`, then `provider.base_url`.

    A request plays the next story that was queued with `play`, else the one that its last user message names with
    `story:NAME` (of `stories` and `serials`, to which one may add), else `default`.  `go_on` is what a client says to
    get the rest of an answer; the message before it is then the last one.
    """

    def __init__(
        self, *, api_key: str = "", default: Story | None = None, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.default = default or STORIES["hello"]
        self.stories = dict(STORIES)
        self.serials: dict[str, Serial] = {}
        self.go_on: str | None = None
        self.models: tuple[str, ...] = (MODEL,)
        self.shutdown_dates: dict[str, str] = {}  # of models, by their names
        self.requests: list[Performance] = []
        self.endpoints = EndpointsApi(lambda: self.models)
        self.billing = Billing()
        self.connection_count = 0
        self.base_url = ""
        self._api_key = api_key
        self._host = host
        self._port = port
        self._queue: deque[Story] = deque()
        self._listeners: list[Callable[[Performance], None]] = []
        self._arrived = asyncio.Condition()
        self.responses = ResponsesApi(self._complete)
        self.runs = RunsServer(self)
        self._peers: weakref.WeakSet[asyncio.Transport] = weakref.WeakSet()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> ScriptedProvider:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        for wire in WIRES:
            app.router.add_post(f"/v1{wire.path}", partial(self._complete, wire))
        self.responses.mount(app)
        self.runs.mount(app)
        app.router.add_get("/v1/models", self._list_models)
        self.endpoints.mount(app, "/v1", self.refuse_key)
        self.billing.mount(app, self.refuse_key)
        # A handler is cancelled when its client goes away: that is how a pressed Stop is seen from here.
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port, backlog=512)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.base_url = f"http://{host}:{port}/v1"
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def play(self, *stories: Story) -> None:
        """Queues stories for the next requests, in this order."""
        self._queue.extend(stories)

    def listen(self, listener: Callable[[Performance], None]) -> None:
        """Call a function when a request has come and after each event that it is sent."""
        self._listeners.append(listener)

    async def wait_for_request(self, number: int = 1) -> Performance:
        """The request of this number, counted from 1, as soon as it is there."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.requests) >= number)
        return self.requests[number - 1]

    async def _list_models(self, request: web.Request) -> web.StreamResponse:
        if refused := self.refuse_key(request):
            return refused
        days = self.shutdown_dates
        models = [
            {"id": name, "object": "model", **({"shutdown_date": days[name]} if name in days else {})}
            for name in self.models
        ]
        return web.json_response({"object": "list", "data": models})

    async def _complete(self, wire: Wire, request: web.Request, told: Story | None = None) -> web.StreamResponse:
        """Play the story that is told, or the one whose turn it is."""
        if refused := self.refuse_key(request):
            return refused
        body = await request.json()
        performance = await self.begin(request, body, wire.messages(body), told)
        model = str(body.get("model"))
        frames, whole = partial(wire.frames, performance.story, model), partial(wire.whole, performance.story, model)
        return await self.perform(request, performance, frames, whole)

    async def perform(
        self,
        request: web.Request,
        performance: Performance,
        frames: Callable[[], Iterable[Frame]],
        whole: Callable[[], bytes],
    ) -> web.StreamResponse:
        """Answer with a performance's story, as these events or as this body."""
        try:
            return await self._perform(request, performance, frames, whole)
        except asyncio.CancelledError:
            performance.disconnected.set()
            raise
        except ConnectionError:
            performance.disconnected.set()
            return web.Response()  # nobody is there to get it
        finally:
            performance.ended.set()

    async def begin(
        self, request: web.Request, body: Mapping[str, object], said: Sequence[Message], told: Story | None = None
    ) -> Performance:
        """Note a request that is to be answered, with the story that is told or the one whose turn it is."""
        story = told or (self._queue.popleft() if self._queue else self._story_of(said))
        now = asyncio.get_running_loop().time()
        performance = Performance(body=body, headers=dict(request.headers), at=now, story=story)
        if request.transport is not None and request.transport not in self._peers:
            self._peers.add(request.transport)
            self.connection_count += 1
        async with self._arrived:
            self.requests.append(performance)
            self._arrived.notify_all()
        self._tell(performance)
        return performance

    def _story_of(self, sent: Sequence[Message]) -> Story:
        asked = [
            number
            for number, message in enumerate(sent)
            if message.get("role") == "user" and message.get("content") != self.go_on
        ]
        name = _named_story(sent[asked[-1]]) if asked else ""
        if name in self.serials:
            return self.serials[name].rest(sent[asked[-1] + 1 :])
        return self.stories.get(name, self.default)

    def _tell(self, performance: Performance) -> None:
        for listener in self._listeners:
            listener(performance)

    async def _perform(
        self,
        request: web.Request,
        performance: Performance,
        frames: Callable[[], Iterable[Frame]],
        whole: Callable[[], bytes],
    ) -> web.StreamResponse:
        story = performance.story
        if story.refuses_connection:
            _drop(request)
            return web.Response()
        headers = {"Content-Type": story.content_type, **story.headers}
        if story.body is not None or not story.is_streamed:
            content = story.body if story.body is not None else whole()
            return web.Response(status=story.status, headers=headers, body=content)
        response = web.StreamResponse(status=story.status, headers=headers)
        await response.prepare(request)
        loop = asyncio.get_running_loop()
        due = loop.time() + story.first_token_seconds
        for number, frame in enumerate(frames()):
            if story.hang_at == number:
                await performance.released.wait()
            if story.cut_at == number:
                _drop(request)
                return response
            if frame.is_token:
                if due > loop.time():
                    await asyncio.sleep(due - loop.time())
                due += 1 / story.tokens_per_second if story.tokens_per_second else 0.0
            await _write(response, frame.content, story)
            performance.note(frame, loop.time())
            self._tell(performance)
        if story.hangs_after_done:
            await asyncio.Event().wait()
        await response.write_eof()
        if story.closes_connection:
            _drop(request)
        return response

    def refuse_key(self, request: web.Request) -> web.Response | None:
        """The refusal of a request without the right key."""
        if not self._api_key or request.headers.get("Authorization") == f"Bearer {self._api_key}":
            return None
        error = {"message": "Incorrect API key provided.", "type": "invalid_request_error", "code": "invalid_api_key"}
        return web.json_response({"error": error}, status=401)


async def serve(port: int) -> None:
    """Plays stories on this port until cancelled."""
    async with ScriptedProvider(port=port) as provider:
        print(f"scripted provider at {provider.base_url}, stories: {', '.join(provider.stories)}")
        await asyncio.Event().wait()


async def _write(response: web.StreamResponse, content: bytes, story: Story) -> None:
    size = story.bytes_per_write
    if size is None:
        await response.write(content)
        return
    for start in range(0, len(content), size):
        await response.write(content[start : start + size])
        await asyncio.sleep(story.seconds_per_write)


def _drop(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.close()


def _named_story(message: Message) -> str:
    _, found, rest = str(message.get("content")).rpartition(STORY_WORD)
    return rest.split()[0].strip(".,!?\"'`*") if found and rest.split() else ""
