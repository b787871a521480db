"""The writing of an answer: step after step the provider's stream goes into a draft and the reply."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from bot.errors import UNEXPECTED, InvalidTransition, ParleyError, ProviderError
from bot.messages import ProviderRequest
from bot.place_settings.chosen import PlaceValues
from bot.providers.events import Bookmark, Event, FinishReason, ServerTool
from bot.reply.content import in_line
from bot.reply.writer import ReplyWriter
from bot.runs.draft import ENDINGS, FINISHED, IN_CIRCLES, TOO_MANY_STEPS, WAITS, Draft, Ending
from bot.runs.live import LiveRuns
from bot.runs.metering import Meter
from bot.runs.model import Cause, Run, Status
from bot.runs.moderation import Moderator
from bot.runs.persistence import until_stored
from bot.runs.progress import Progress
from bot.runs.requests import Requests
from bot.runs.run_place import RunPlace
from bot.runs.steps import Steps
from bot.store import bookmarks, runs
from bot.store.database import Database

log = logging.getLogger(__name__)


class Provider(Protocol):
    """One provider's stream of events."""

    def stream(self, request: ProviderRequest) -> AsyncGenerator[Event]:
        """The events of one answer.  Raises: ProviderError."""

    async def cancel(self, run_key: str, bookmarks: Mapping[str, Mapping[str, Any]]) -> None:
        """End what providers still do for a run, by the last of their bookmarks; raises nothing, takes seconds."""


class Budgets(Protocol):
    """What may be used."""

    async def reserve(self, run: Run, draft: Draft, request: ProviderRequest, chosen: PlaceValues) -> ProviderRequest:
        """The request as far as it may go, with what it may take reserved in the draft.  Raises: Refusal."""


class Author:
    """Has a provider's model write answers; those that are under way stand in `live`."""

    def __init__(
        self,
        database: Database,
        provider: Provider,
        requests: Requests,
        moderator: Moderator,
        budgets: Budgets,
        meter: Meter,
        steps: Steps,
        live: LiveRuns,
        *,
        max_steps: int,
        owner: str,
        clock: Callable[[], datetime],
    ) -> None:
        """`owner` is the name under which the runs are claimed; a model asks for tools `max_steps` times at most."""
        self._database = database
        self._provider = provider
        self._requests = requests
        self._moderator = moderator
        self._budgets = budgets
        self._meter = meter
        self._steps = steps
        self._max_steps = max_steps
        self._owner = owner
        self._clock = clock
        self._live = live

    async def write(self, run: Run, draft: Draft, writer: ReplyWriter, progress: Progress, place: RunPlace) -> Ending:
        """Write the answer into the draft and the reply: how it ended.  Raises nothing."""
        seconds_left = (run.expires_at - self._clock()).total_seconds()
        try:
            async with asyncio.timeout(seconds_left) as deadline:
                self._live.begin(run, draft, deadline)
                if await self._is_unwanted(run):
                    return Ending(cause=Cause.CANCELLED)
                if self._live.is_pausing:
                    return Ending(cause=Cause.HANDED_BACK)
                return await self._write_steps(run, draft, writer, progress, place)
        except TimeoutError:
            if await self._is_unwanted(run):
                return Ending(cause=Cause.CANCELLED)
            return Ending(cause=Cause.HANDED_BACK if self._live.is_pausing else Cause.DEADLINE)
        except ProviderError as error:
            log.warning("run %d: provider: %s (%s) %s", run.id, error.fault, error.status, error.detail)
            return Ending(cause=Cause.FAILED, failure=str(error))
        except ParleyError as error:
            log.warning("run %d: %s", run.id, error)
            return Ending(cause=Cause.FAILED, failure=str(error))
        except Exception:
            log.exception("run %d failed", run.id)
            return Ending(cause=Cause.FAILED, failure=UNEXPECTED)
        finally:
            self._live.end(run)
            progress.close()

    async def _write_steps(
        self, run: Run, draft: Draft, writer: ReplyWriter, progress: Progress, place: RunPlace
    ) -> Ending:
        """Stream step after step, with the use of tools between them: how the last one ended."""
        chosen = await place.look()
        writer.show(draft.whole, activity=progress.activity)
        if run.status is Status.REQUIRES_ACTION:
            ready = await until_stored(run.id, partial(self._steps.resume, run))
            if not await self._steps.carry_out(run, ready, progress, chosen.tool_policy):
                return WAITS
            chosen = await place.look()
        elif not progress.steps and not draft.whole:
            run = await until_stored(run.id, partial(self._requests.begun, run, chosen.model))
            await self._moderator.admit_question(run, chosen)
        while progress.steps < self._max_steps:
            if progress.steps:
                await self._moderator.admit_replies(run, chosen)
            await self._stream(run, draft, writer, progress, chosen)
            if draft.reason is not FinishReason.TOOL_CALLS:
                return ENDINGS.get(draft.reason or FinishReason.STOP, FINISHED)
            if progress.goes_in_circles(draft.calls):
                return IN_CIRCLES
            if not await self._act(run, draft, progress, chosen):
                return WAITS
            chosen = await place.look()
        return TOO_MANY_STEPS

    async def _act(self, run: Run, draft: Draft, progress: Progress, chosen: PlaceValues) -> bool:
        """Do what the model asks for: whether all of it is done and submitted."""
        policy = chosen.tool_policy
        needs = await self._steps.needs(run, draft.calls, policy)
        calls = await until_stored(run.id, partial(self._steps.begin, run, draft, needs))
        draft.next_step()
        progress.set(calls)
        return await self._steps.carry_out(run, tuple(call for call in calls if not call.waits), progress, policy)

    async def _stream(
        self, run: Run, draft: Draft, writer: ReplyWriter, progress: Progress, chosen: PlaceValues
    ) -> None:
        request = await until_stored(run.id, partial(self._requests.next, run, draft, chosen))
        request = await until_stored(run.id, partial(self._budgets.reserve, run, draft, request, chosen))
        draft.asked = request.model
        async with self._meter.reading(request, draft), aclosing(self._provider.stream(request)) as events:
            async for event in events:
                draft.take(event)
                if isinstance(event, Bookmark):
                    await until_stored(run.id, partial(self._mark, run, event))
                    continue
                if isinstance(event, ServerTool):
                    progress.hear(event)
                    continue
                writer.show(draft.whole, draft.thinking, in_line(progress.activity, draft.position))
                if draft.reason is not None:
                    break

    async def _mark(self, run: Run, bookmark: Bookmark) -> None:
        """Raises: InvalidTransition if another attempt has begun, whose bookmark is the newer one."""
        async with self._database.write() as transaction:
            stored = await runs.owned(transaction, run.id, self._owner)
            if stored is None or stored.attempt != run.attempt:
                raise InvalidTransition("Another attempt has begun.")
            await bookmarks.put(transaction, run, bookmark.provider, bookmark.state, self._clock())

    async def _is_unwanted(self, run: Run) -> bool:
        """Whether somebody wished the run to end, or it was begun anew; that may have come since its claim."""

        async def look() -> Run | None:
            async with self._database.read() as transaction:
                return await runs.get(transaction, run.id)

        stored = await until_stored(run.id, look)
        return stored is not None and (stored.cancel_requested_at is not None or stored.attempt != run.attempt)
