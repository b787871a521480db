"""One answer, or one step of it, by a run in a thread of the provider's.

What is about to be done there is in a bookmark before it is done, and what came of it after.  So whatever is lost, the
stream, the response to a request or this process, the run is looked up and gone on with: its outputs are submitted
once, and no second run is created for what a first one answers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from typing import Any, TypeAlias

from bot.errors import ProviderError, ProviderFault
from bot.messages import GO_ON, PARTIAL, ChatMessage, ProviderRequest, Role
from bot.providers.assistants.remote_talk import MAX_WAIT_SECONDS, RemoteTalk, waits
from bot.providers.assistants.runs_api import RunsApi, is_locked
from bot.providers.assistants.runs_decoder import RunDecoder, Speech
from bot.providers.assistants.runs_objects import ENDED, SEPARATOR, UNDER_WAY, RemoteRunView, RunStatus
from bot.providers.assistants.runs_request import dispensable, run_body, submission, told
from bot.providers.assistants.runs_state import RemoteRun, RemoteThread
from bot.providers.dialect import Dialect
from bot.providers.events import (
    Bookmark,
    Event,
    Finished,
    FinishReason,
    Started,
    ToolCallDelta,
    ToolCallDone,
    ToolCallStarted,
)
from bot.providers.tool_calls import MAX_CALLS
from bot.providers.transport import ResponseStream

log = logging.getLogger(__name__)

# How often a run is created or outputs are sent when the server shows that they did not arrive.
MAX_TRIES = 3
# What can have happened to a request of which nothing is known.
UNSURE = frozenset({ProviderFault.NETWORK, ProviderFault.BUSY, ProviderFault.TIMEOUT, ProviderFault.PROTOCOL})

Stage: TypeAlias = AsyncGenerator[Event, None]


class RemoteAnswer:
    """What one request asks for, from wherever its bookmark says that it stands; to be used once.

    It goes stage by stage: each tells its events, and says which comes next.
    """

    def __init__(
        self,
        api: RunsApi,
        request: ProviderRequest,
        *,
        sleep: Callable[[float], Awaitable[None]],
        new_mark: Callable[[], str],
    ) -> None:
        self._api = api
        self._request = request
        self._talk = RemoteTalk(api, request, sleep=sleep)
        self._sleep = sleep
        self._new_mark = new_mark
        self._due = asyncio.get_running_loop().time() + api.endpoint.timeouts.total_seconds
        self._outputs = _last_outputs(request)
        self._shown = next((message.content for message in request.messages if message.key == PARTIAL), "")
        self._speech = Speech()
        self._message_count = 0
        self._thread = RemoteThread(id="", keys=(), run=RemoteRun(owner=request.run_key, mark=""))
        self._has_started = False
        self._next: Stage | None = None
        self._connection = AsyncExitStack()

    async def events(self) -> Stage:
        """The events.  Raises: ProviderError."""
        known = RemoteThread.read(self._request.bookmarks.get(self._api.endpoint.name))
        try:
            async with aclosing(self._stages(known)) as events:
                async for event in events:
                    yield event
        except ProviderError as error:
            may_be_lost = known is not None or "assistant" in error.detail.lower()  # else it is the model
            if error.fault is not ProviderFault.NOT_FOUND or self._has_started or not may_be_lost:
                raise
            log.info("the provider lost a thread or an assistant: %s", error.detail)
            self._api.forget_assistants()
        else:
            return
        async with aclosing(self._stages(None)) as events:
            async for event in events:
                yield event

    async def _stages(self, known: RemoteThread | None) -> Stage:
        async with self._connection:
            stage: Stage | None = await self._first_stage(known)
            while stage is not None:
                self._next = None
                async with aclosing(stage):
                    async for event in stage:
                        if not self._has_started and not isinstance(event, Bookmark):
                            self._has_started = True
                            if not isinstance(event, Started):
                                yield Started(self._run.id, None)
                        yield event
                stage = self._next

    async def _first_stage(self, known: RemoteThread | None) -> Stage:
        if known is None or known.run.owner != self._request.run_key or not self._talk.is_known(known):
            fresh = RemoteRun(owner=self._request.run_key, mark=self._new_mark())
            self._thread = await self._talk.say(known, fresh)
            return self._begin()
        self._thread, run = known, known.run
        self._speech = Speech(self._shown)
        if not run.id:
            found = await self._api.find_run(known.id, run.mark)
            return self._begin() if found is None else self._follow(found)
        names = tuple(output.tool_call_id for output in self._outputs)
        is_answered = bool(names) and names == run.call_names
        if is_answered and not run.is_submitting:
            return self._submit()
        view = await self._api.run(known.id, run.id)
        return self._submit() if is_answered and self._still_waits(view) else self._follow(view)

    @property
    def _run(self) -> RemoteRun:
        """The run that answers."""
        return self._thread.run

    def _still_waits(self, view: RemoteRunView) -> bool:
        return view.status is RunStatus.REQUIRES_ACTION and view.call_ids == self._run.awaiting

    def _bookmark(self, thread: RemoteThread) -> Bookmark:
        """What is written down before going on; from now on it is so."""
        self._thread = thread
        return Bookmark(self._api.endpoint.name, thread.model_dump(mode="json"))

    def _found(self, id: str) -> Bookmark:
        return self._bookmark(self._thread.with_run(self._run.model_copy(update={"id": id})))

    # --------------------------------------------------------------------- stages

    async def _begin(self) -> Stage:
        """Create the run."""
        yield self._bookmark(self._thread)
        thread_id, mark = self._thread.id, self._run.mark
        assistant_id = await self._api.assistant(self._request.model)
        sent = dispensable(self._request)

        def body(dialect: Dialect) -> dict[str, Any]:
            return run_body(self._request, self._api.endpoint.configuration, assistant_id, mark, dialect)

        async def look(error: ProviderError) -> RemoteRunView | None:
            if is_locked(error):
                return await self._talk.free(thread_id, error, mark=mark)
            return await self._api.find_run(thread_id, mark) if error.fault in UNSURE else None

        self._next = await self._sent(lambda: self._api.create_run(thread_id, self._request.model, body, sent), look)

    async def _submit(self) -> Stage:
        """Send the outputs of all calls together."""
        yield self._bookmark(self._thread.with_run(self._run.submitting()))
        thread_id, run = self._thread.id, self._run
        body = submission(run.awaiting, self._outputs, streams=self._api.endpoint.configuration.streams)

        async def look(error: ProviderError) -> RemoteRunView | None:
            if error.fault not in UNSURE and error.fault is not ProviderFault.BAD_REQUEST:
                return None
            view = await self._api.run(thread_id, run.id)
            return None if self._still_waits(view) else view

        self._next = await self._sent(lambda: self._api.submit(thread_id, run.id, body), look)

    async def _sent(
        self,
        send: Callable[[], AbstractAsyncContextManager[ResponseStream]],
        look: Callable[[ProviderError], Awaitable[RemoteRunView | None]],
    ) -> Stage:
        """What follows a request that must arrive once: after a failure, `look` tells whether it did."""
        pauses, tries = waits(), 0
        while True:
            tries += 1
            try:
                return self._read(await self._connection.enter_async_context(send()))
            except ProviderError as error:
                view = await look(error)
                if view is not None:
                    return self._follow(view)
                may_try = error.fault in UNSURE | {ProviderFault.RATE_LIMITED} or is_locked(error)
                if tries == MAX_TRIES or not may_try:
                    raise
                asked_seconds = min(error.retry_after_seconds or 0.0, MAX_WAIT_SECONDS)
            await self._sleep(max(asked_seconds, next(pauses)))

    async def _read(self, response: ResponseStream) -> Stage:
        """Tell what a response says; where it breaks off, the run is asked instead."""
        decoder = RunDecoder(self._speech, secrets=self._api.endpoint.secrets)
        idle_seconds, progress = self._api.endpoint.timeouts.idle_seconds, 0
        try:
            while not decoder.is_done and (chunk := await response.read()) is not None:
                for event in decoder.feed(chunk):
                    if isinstance(event, Started) and event.id not in (None, self._run.id):
                        yield self._found(event.id or "")
                    if not isinstance(event, Started) or not self._has_started:
                        yield event
                if decoder.progress != progress:
                    progress = decoder.progress
                    response.wait_at_most(idle_seconds)
            if not decoder.is_done:
                for event in decoder.close():
                    yield event
        except ProviderError as error:
            if error.fault not in UNSURE or decoder.has_failed:
                raise
            log.info("the stream of a run broke off: %s", error.detail)
        else:
            await response.read_to_end()
        await self._connection.aclose()
        self._message_count = decoder.message_count
        view = decoder.run
        if view is not None and view.id and not self._run.id:  # a run that was told whole
            yield self._found(view.id)
        is_over = view is not None and view.status not in UNDER_WAY
        self._next = self._conclude(view, is_told=True) if view is not None and is_over else self._follow(view)

    async def _follow(self, view: RemoteRunView | None) -> Stage:
        """Look at the run until it waits or has ended."""
        thread_id, failures, pauses = self._thread.id, 0, waits()
        if not self._run.id:
            view = view or await self._api.find_run(thread_id, self._run.mark)
            if view is None:
                raise ProviderError(ProviderFault.PROTOCOL, "the stream ended, and there is no run")
            yield self._found(view.id)
        while view is None or view.status in UNDER_WAY:
            if asyncio.get_running_loop().time() > self._due:
                raise ProviderError(ProviderFault.TIMEOUT, "the run did not end in time")
            await self._sleep(next(pauses))
            try:
                view, failures = await self._api.run(thread_id, self._run.id), 0
            except ProviderError as error:
                failures += 1
                if error.fault not in UNSURE or failures == MAX_TRIES:
                    raise
        self._next = self._conclude(view, is_told=False)

    async def _conclude(self, view: RemoteRunView, *, is_told: bool) -> Stage:
        """Tell how the run waits or has ended, and what it has said where the stream has not."""
        if view.status is RunStatus.EXPIRED and self._outputs and not self._speech.said and not self._shown:
            self._next = await self._renewed()
            return
        if not is_told or (view.status in ENDED and not self._speech.said):  # some stream nothing but statuses
            for event in await self._caught_up():
                yield event
        for event in self._speech.close():
            yield event
        failure = view.failure(self._api.endpoint.secrets)
        if failure is not None:
            raise failure
        if view.status is RunStatus.REQUIRES_ACTION:
            self._next = self._call(view)
            return
        if view.usage is not None:
            yield view.usage
        yield self._bookmark(self._thread.with_run(self._run.model_copy(update={"is_over": True})))
        is_refusal = self._speech.is_refusal and view.finish_reason is FinishReason.STOP
        yield Finished(FinishReason.CONTENT_FILTER if is_refusal else view.finish_reason)

    async def _caught_up(self) -> list[Event]:
        """What the run has said since the last outputs and nobody has told, and the steps that it took."""
        thread_id, run = self._thread.id, self._run
        messages = (await self._api.messages(thread_id, run.id))[run.messages_before :]
        self._message_count = len(messages)
        self._speech.is_refusal = any(message.is_refusal for message in messages)
        events = self._speech.catch_up(SEPARATOR.join(message.text for message in messages if message.text))
        try:
            return [*events, *await self._api.steps(thread_id, run.id)]
        except ProviderError as error:
            log.debug("no steps: %s", error.detail)
            return events

    async def _call(self, view: RemoteRunView) -> Stage:
        """Tell what the run asks for, once it is written down with what was said before."""
        if len(view.calls) > MAX_CALLS:
            raise ProviderError(ProviderFault.PROTOCOL, f"more than {MAX_CALLS} tool calls")
        if not view.calls:
            raise ProviderError(ProviderFault.PROTOCOL, "the run requires an action that is no tool's")
        run = self._run.asking(view.call_ids, self._run.messages_before + self._message_count)
        yield self._bookmark(self._thread.with_run(run))
        for index, (call, name) in enumerate(zip(view.calls, run.call_names, strict=True)):
            yield ToolCallStarted(index, name, call.name)
            yield ToolCallDelta(index, call.arguments)
            yield ToolCallDone(index, name, call.name, call.arguments)
        yield Finished(FinishReason.TOOL_CALLS)

    async def _renewed(self) -> Stage:
        """What follows where outputs came too late for their run: a new one is told of them."""
        old, thread_id = self._run, self._thread.id
        log.info("a run expired before its outputs came: another is told of them")
        for message in told(self._request.messages[self._request.messages.index(self._outputs[0]) - 1 :]):
            await self._api.add_message(thread_id, message)
        fresh = RemoteRun(owner=old.owner, mark=self._new_mark(), given=(*old.given, *old.call_names))
        self._thread = self._thread.with_run(fresh)
        self._outputs = ()
        return self._begin()


def _last_outputs(request: ProviderRequest) -> tuple[ChatMessage, ...]:
    """The outputs of the answer's newest step, where nothing but an interrupted text follows them."""
    outputs: list[ChatMessage] = []
    for message in reversed(request.messages):
        if message.role is Role.TOOL and message.key == request.run_key:
            outputs.append(message)
        elif outputs or message.key not in (PARTIAL, GO_ON):
            break
    return tuple(reversed(outputs))
