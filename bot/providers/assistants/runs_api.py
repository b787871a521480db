"""The requests that servers with threads and runs take; what is asked when is not decided here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import quote

from bot.errors import ProviderError, ProviderFault
from bot.providers.assistants.runs_objects import (
    ENDED,
    MARK,
    Json,
    RemoteRunView,
    Words,
    listed,
    run_in,
    step_in,
    text_in,
    words_in,
)
from bot.providers.assistants.runs_request import MAX_FIRST_MESSAGES, Message
from bot.providers.dialect import Dialect
from bot.providers.endpoint import Endpoint
from bot.providers.events import RemoteStep
from bot.providers.learning import Learner
from bot.providers.transport import ResponseStream, Terms

BETA = "OpenAI-Beta"
VERSION = "assistants=v2"
# What creates a run or gives it outputs: whether it arrived is looked up, not guessed.
ONCE = Terms(is_paid=True)
# The most that a page of a list may hold; a run writes a message or two and takes a step for each use of tools.
NEWEST = "limit=100&order=desc"
# "Thread thread_1 already has an active run run_1."; "Can't add messages to thread_1 while a run run_1 is active."
IS_LOCKED = re.compile(r"already has an active run|while a run\b.*\bis active")
RUN_ID = re.compile(r"\brun_\w+")


class RunsApi:
    """One server; every request can raise a ProviderError."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.learner = Learner(endpoint)
        names = {name.lower() for name in endpoint.configuration.headers}
        self._headers = {} if BETA.lower() in names else {BETA: VERSION}
        self._assistants: dict[str, str] = {}

    async def assistant(self, model: str) -> str:
        """The assistant whose runs answer: the host's, or one of our own for the model, made once."""
        configured = self.endpoint.configuration.assistant_id
        if configured is not None:
            return configured
        if model not in self._assistants:
            self._assistants[model] = await self._own_assistant(model)
        return self._assistants[model]

    def forget_assistants(self) -> None:
        """They may be gone."""
        self._assistants.clear()

    async def create_thread(self, messages: Sequence[Message]) -> str:
        """A thread that begins with these messages: its id."""
        first = [*messages[:MAX_FIRST_MESSAGES]]
        try:
            thread = await self._fetch("POST", "/threads", {"messages": first} if first else {})
        except ProviderError as error:
            if error.fault is not ProviderFault.NOT_FOUND:
                raise
            raise ProviderError(ProviderFault.NOT_IMPLEMENTED, error.detail, status=error.status) from error
        id = text_in(thread.get("id"))
        if not id:
            raise ProviderError(ProviderFault.PROTOCOL, "a thread without an id")
        for message in messages[MAX_FIRST_MESSAGES:]:
            await self.add_message(id, message)
        return id

    async def add_message(self, thread_id: str, message: Message) -> None:
        """Say something in a thread."""
        await self._fetch("POST", at("threads", thread_id, "messages"), message)

    async def delete_thread(self, thread_id: str) -> None:
        """Forget a thread."""
        await self._fetch("DELETE", at("threads", thread_id))

    def create_run(
        self, thread_id: str, model: str, body: Callable[[Dialect], Mapping[str, Any]], sent: Iterable[str]
    ) -> AbstractAsyncContextManager[ResponseStream]:
        """Have a thread answered by the body that the model's dialect makes, of which the fields that are `sent` can be
        done without; not sent again where it may have arrived.
        """
        path = at("threads", thread_id, "runs")
        return self.learner.open(model, path, body, sent, headers=self._headers, terms=ONCE)

    def submit(
        self, thread_id: str, run_id: str, body: Mapping[str, Any]
    ) -> AbstractAsyncContextManager[ResponseStream]:
        """Give a run the outputs that it waits for; not sent again where they may have arrived."""
        path = at("threads", thread_id, "runs", run_id, "submit_tool_outputs")
        return self.endpoint.open("POST", path, body, headers=self._headers, terms=ONCE)

    async def run(self, thread_id: str, run_id: str) -> RemoteRunView:
        """A run as it stands."""
        return run_in(await self._fetch("GET", at("threads", thread_id, "runs", run_id)))

    async def find_run(self, thread_id: str, mark: str) -> RemoteRunView | None:
        """The run that was created with a mark; None too where the server lists no runs."""
        try:
            runs = await self._runs(thread_id)
        except ProviderError as error:
            if error.fault not in (ProviderFault.NOT_FOUND, ProviderFault.NOT_IMPLEMENTED):
                raise
            return None
        return next((run for run in runs if run.mark == mark), None)

    async def active_run(self, thread_id: str, refusal: ProviderError) -> RemoteRunView | None:
        """The run that locks a thread: the one that a refusal names, else the one that is listed."""
        named = RUN_ID.search(refusal.detail)
        if named is not None:
            return await self.run(thread_id, named[0])
        return next((run for run in await self._runs(thread_id) if run.status not in ENDED), None)

    async def messages(self, thread_id: str, run_id: str) -> tuple[Words, ...]:
        """What a run has said so far, oldest message first."""
        path = f"{at('threads', thread_id, 'messages')}?run_id={quote(run_id, safe='', errors='replace')}&{NEWEST}"
        messages = listed(await self._fetch("GET", path))
        return tuple(words_in(message) for message in reversed(messages) if _is_of(message, run_id))

    async def steps(self, thread_id: str, run_id: str) -> tuple[RemoteStep, ...]:
        """The steps of a run that have ended, oldest first."""
        steps = listed(await self._fetch("GET", f"{at('threads', thread_id, 'runs', run_id, 'steps')}?{NEWEST}"))
        ended = (step_in({"run_id": run_id, **step}) for step in reversed(steps))
        return tuple(step for step in ended if step is not None)

    async def cancel(self, thread_id: str, run_id: str) -> None:
        """End a run."""
        await self._fetch("POST", at("threads", thread_id, "runs", run_id, "cancel"), {})

    async def _own_assistant(self, model: str) -> str:
        try:
            known = listed(await self._fetch("GET", f"/assistants?{NEWEST}"))
        except ProviderError:
            known = ()  # some servers make assistants and do not list them
        made = next((each for each in known if _mark(each) == model), None)
        if made is None:
            body = {"model": model, "name": "Parley", "metadata": {MARK: model}}
            made = await self._fetch("POST", "/assistants", body)
        return text_in(made.get("id"))

    async def _runs(self, thread_id: str) -> tuple[RemoteRunView, ...]:
        runs = listed(await self._fetch("GET", f"{at('threads', thread_id, 'runs')}?{NEWEST}"))
        return tuple(map(run_in, runs))

    async def _fetch(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Json:
        found = await self.endpoint.fetch(method, path, body, headers=self._headers)
        if not isinstance(found, dict):
            raise ProviderError(ProviderFault.PROTOCOL, f"{method} {path} was not answered with an object")
        return found


def at(*parts: str) -> str:
    """The path of these parts, of which each stays one: ids are a server's word, and may hold slashes and dots.

    Raises: ProviderError, `PROTOCOL` for what no request can name: an empty part, or one that leads elsewhere.
    """
    if any(part in ("", ".", "..") for part in parts):
        raise ProviderError(ProviderFault.PROTOCOL, "an id that cannot stand in an address")
    return "".join(f"/{quote(part, safe='', errors='replace')}" for part in parts)


def is_locked(error: ProviderError) -> bool:
    """Whether a server refused because a run is active in the thread."""
    return error.fault is ProviderFault.BAD_REQUEST and bool(IS_LOCKED.search(error.detail))


def _is_of(message: Json, run_id: str) -> bool:
    """Whether a run wrote a message; servers that cannot filter list those of others too."""
    return message.get("role") != "user" and text_in(message.get("run_id", run_id)) == run_id


def _mark(body: Json) -> str:
    metadata = body.get("metadata")
    return text_in(metadata.get(MARK)) if isinstance(metadata, dict) else ""
