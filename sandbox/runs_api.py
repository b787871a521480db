"""The assistants API of the scripted provider: threads, runs and their tool outputs, with the rules of the real one."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.pulse import Pulse
from sandbox.runs_thread import ENDED, LIFE_SECONDS, Look, Message, Run, Thread
from sandbox.wire import Payload

if TYPE_CHECKING:
    from sandbox.provider import ScriptedProvider

MAX_FIRST_MESSAGES = 32
WAIT_SECONDS = 15.0


@dataclass(slots=True)
class RunsRequest:
    """One request that came, and how it was answered; `status` 0 is for one that was not yet, or to nobody."""

    method: str
    path: str
    body: Payload
    headers: Mapping[str, str]
    status: int = 0


class Refused(Exception):
    """The API says no."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class RunsServer:
    """Threads and runs; each leg of a run, from its creation or its outputs on, plays the provider's next story."""

    def __init__(self, provider: ScriptedProvider, *, clock: Callable[[], float] = time.time) -> None:
        self.look = Look()
        self.clock = clock
        self.threads: dict[str, Thread] = {}
        self.assistants: dict[str, Payload] = {}
        self.requests: list[RunsRequest] = []
        self._provider = provider
        self._numbers = count(1)
        self._pulse = Pulse()
        self.loses: Callable[[RunsRequest], bool] = lambda _: False  # whether a request that comes is lost on its way

    def mount(self, app: web.Application) -> None:
        """Serve it."""
        for method, path, handler in (
            ("GET", "/assistants", self._list_assistants),
            ("POST", "/assistants", self._create_assistant),
            ("POST", "/threads", self._create_thread),
            ("DELETE", "/threads/{thread}", self._delete_thread),
            ("POST", "/threads/{thread}/messages", self._add_message),
            ("GET", "/threads/{thread}/messages", self._list_messages),
            ("POST", "/threads/{thread}/runs", self._create_run),
            ("GET", "/threads/{thread}/runs", self._list_runs),
            ("GET", "/threads/{thread}/runs/{run}", self._get_run),
            ("GET", "/threads/{thread}/runs/{run}/steps", self._list_steps),
            ("POST", "/threads/{thread}/runs/{run}/submit_tool_outputs", self._submit),
            ("POST", "/threads/{thread}/runs/{run}/cancel", self._cancel),
        ):
            app.router.add_route(method, f"/v1{path}", self._guarded(handler))

    def lose_threads(self) -> None:
        """Forget every thread."""
        self.threads.clear()

    def sent(self, method: str, end_of_path: str) -> list[RunsRequest]:
        """The requests of a method to paths that end so."""
        return [each for each in self.requests if each.method == method and each.path.endswith(end_of_path)]

    @property
    def submissions(self) -> list[RunsRequest]:
        """Each time that outputs were submitted, with success or without."""
        return self.sent("POST", "/submit_tool_outputs")

    @property
    def runs(self) -> list[Run]:
        """All runs that there are, oldest first."""
        return [run for thread in self.threads.values() for run in thread.runs.values()]

    async def wait_for(self, look: Callable[[], bool]) -> None:
        """Wait until something is so after a request."""
        await self._pulse.wait_for(look, WAIT_SECONDS)

    # ------------------------------------------------------------------ around a request

    def _guarded(
        self, handler: Callable[[web.Request, Payload], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            text = await request.text()
            body = json.loads(text) if text else {}
            path = request.path.removeprefix("/v1")
            note = RunsRequest(request.method, path, body, dict(request.headers))
            self.requests.append(note)
            self._pulse.beat()
            if self.loses(note):
                if request.transport is not None:
                    request.transport.abort()
                return web.Response()
            try:
                refused = self._provider.refuse_key(request) or self._refuse_version(request)
                response = refused or await handler(request, body)
            except Refused as refusal:
                error = {"message": str(refusal), "type": "invalid_request_error", "param": None, "code": None}
                response = web.json_response({"error": error}, status=refusal.status)
            note.status = response.status
            self._pulse.beat()
            return response

        return handle

    def _refuse_version(self, request: web.Request) -> web.Response | None:
        wanted = "assistants=v1" if self.look.is_first_version else "assistants=v2"
        if request.headers.get("OpenAI-Beta") == wanted:
            return None
        message = f"You must provide the 'OpenAI-Beta' header to access the Assistants API, with {wanted}."
        error = {"message": message, "type": "invalid_request_error", "param": None, "code": "invalid_beta"}
        return web.json_response({"error": error}, status=400)

    def _new_id(self, kind: str) -> str:
        number = next(self._numbers)
        return str(number) if self.look.has_odd_ids and kind != "thread" else f"{kind}_{number:04}"

    def _thread(self, request: web.Request) -> Thread:
        id = request.match_info["thread"]
        if id not in self.threads:
            raise Refused(404, f"No thread found with id '{id}'.")
        thread = self.threads[id]
        for run in thread.runs.values():
            if run.is_active and self.clock() >= run.created_at + LIFE_SECONDS:
                run.status = "expired"
        return thread

    def _run(self, request: web.Request) -> Run:
        id, thread = request.match_info["run"], self._thread(request)
        if id not in thread.runs:
            raise Refused(404, f"No run found with id '{id}'.")
        return thread.runs[id]

    # ------------------------------------------------------------------ assistants

    async def _list_assistants(self, _: web.Request, __: Payload) -> web.StreamResponse:
        return _list(reversed(self.assistants.values()))

    async def _create_assistant(self, _: web.Request, body: Payload) -> web.StreamResponse:
        if not body.get("model"):
            raise Refused(400, "Missing required parameter: 'model'.")
        assistant = {"id": self._new_id("asst"), "object": "assistant", **body}
        self.assistants[assistant["id"]] = assistant
        return web.json_response(assistant)

    # --------------------------------------------------------------------- threads

    async def _create_thread(self, _: web.Request, body: Payload) -> web.StreamResponse:
        given = body.get("messages", [])
        if len(given) > MAX_FIRST_MESSAGES:
            raise Refused(400, f"Invalid 'messages': array too long, at most {MAX_FIRST_MESSAGES}.")
        thread = Thread(id=self._new_id("thread"))
        for message in given:
            self._take(thread, message)
        self.threads[thread.id] = thread
        return web.json_response({"id": thread.id, "object": "thread", "metadata": {}})

    async def _delete_thread(self, request: web.Request, _: Payload) -> web.StreamResponse:
        thread = self._thread(request)
        del self.threads[thread.id]
        return web.json_response({"id": thread.id, "object": "thread.deleted", "deleted": True})

    async def _add_message(self, request: web.Request, body: Payload) -> web.StreamResponse:
        thread = self._thread(request)
        if (run := thread.active_run) is not None:
            raise Refused(400, f"Can't add messages to {thread.id} while a run {run.id} is active.")
        return web.json_response(thread.shown(self._take(thread, body), self.look))

    def _take(self, thread: Thread, body: Payload) -> Message:
        if body.get("role") not in ("user", "assistant"):
            raise Refused(400, "Invalid 'role': expected one of 'user' or 'assistant'.")
        if not isinstance(body.get("content"), str) or not body["content"].strip():
            raise Refused(400, "Message content must be non-empty.")
        message = Message(id=self._new_id("msg"), role=body["role"], content=body["content"])
        thread.messages.append(message)
        return message

    async def _list_messages(self, request: web.Request, _: Payload) -> web.StreamResponse:
        thread, run_id = self._thread(request), request.query.get("run_id")
        wanted = [message for message in reversed(thread.messages) if run_id is None or message.run_id == run_id]
        return _list(thread.shown(message, self.look) for message in wanted)

    # ------------------------------------------------------------------------ runs

    async def _create_run(self, request: web.Request, body: Payload) -> web.StreamResponse:
        thread = self._thread(request)
        if (active := thread.active_run) is not None:
            raise Refused(400, f"Thread {thread.id} already has an active run {active.id}.")
        if self.assistants.get(str(body.get("assistant_id"))) is None and body.get("assistant_id") != "asst_host":
            raise Refused(404, f"No assistant found with id '{body.get('assistant_id')}'.")
        run = Run(id=self._new_id("run"), thread=thread, body=body, created_at=self.clock())
        return await self._leg(request, run, body)

    async def _list_runs(self, request: web.Request, _: Payload) -> web.StreamResponse:
        thread = self._thread(request)
        if not self.look.lists_runs:
            raise Refused(404, "Invalid URL.")
        return _list(run.shown(self.look) for run in reversed(thread.runs.values()))

    async def _get_run(self, request: web.Request, _: Payload) -> web.StreamResponse:
        run = self._run(request)
        run.go_on(self.look)
        return web.json_response(run.shown(self.look))

    async def _list_steps(self, request: web.Request, _: Payload) -> web.StreamResponse:
        return _list(self._run(request).listed_steps())

    async def _submit(self, request: web.Request, body: Payload) -> web.StreamResponse:
        run, given = self._run(request), body.get("tool_outputs", [])
        if run.status != "requires_action":
            raise Refused(400, f'Runs in status "{run.status}" do not accept tool outputs.')
        if [output.get("tool_call_id") for output in given] != run.call_ids():
            raise Refused(400, f"Expected tool outputs for call_ids {run.call_ids()}.")
        if not all(isinstance(output.get("output"), str) for output in given):
            raise Refused(400, "Invalid 'output': expected a string.")
        return await self._leg(request, run, body, given)

    async def _leg(
        self,
        request: web.Request,
        run: Run,
        body: Payload,
        outputs: Sequence[Payload] = (),
    ) -> web.StreamResponse:
        """Begin the next leg of a run; a story that refuses changes nothing."""
        said = run.thread.said(outputs)
        performance = await self._provider.begin(request, {**body, "messages": said}, said)
        story = performance.story
        if not story.refuses_connection and story.body is None:
            run.thread.runs[run.id] = run
            run.submitted += [outputs] if outputs else []
            run.status = "queued"
            hangs = story.hang_at is not None or story.is_endless
            run.play(
                story,
                self.look,
                self._new_id,
                hangs=lambda: hangs and not performance.released.is_set(),
                note=lambda frame: performance.note(frame, asyncio.get_running_loop().time()),
            )
        content = json.dumps(run.shown(self.look)).encode()
        if story.body is None and not (body.get("stream") and self.look.streams and story.is_streamed):
            performance.ended.set()
            return web.Response(body=content, content_type="application/json")
        run.is_read = True
        try:
            return await self._provider.perform(request, performance, run.read, lambda: content)
        finally:
            run.is_read = False

    async def _cancel(self, request: web.Request, _: Payload) -> web.StreamResponse:
        run = self._run(request)
        if run.status in ENDED:
            raise Refused(400, f"Cannot cancel run with status '{run.status}'.")
        shown = run.shown(self.look) | {"status": "cancelling"}
        run.is_cancelled, run.status = True, "cancelled"
        return web.json_response(shown)


def _list(objects: Iterable[Payload]) -> web.Response:
    data = [*objects][:100]
    ids = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {"first_id": None, "last_id": None}
    return web.json_response({"object": "list", "data": data, **ids, "has_more": False})
