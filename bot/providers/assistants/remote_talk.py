"""A conversation in a thread of the provider's: brought there, and freed of what stands in the way."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from itertools import accumulate, repeat

from bot.errors import ProviderError
from bot.messages import GO_ON, ChatMessage, ProviderRequest, Role
from bot.providers.assistants.runs_api import RunsApi, is_locked
from bot.providers.assistants.runs_objects import ENDED, RemoteRunView, RunStatus
from bot.providers.assistants.runs_request import told
from bot.providers.assistants.runs_state import MAX_KEYS, RemoteRun, RemoteThread
from bot.providers.known_keys import keys_of, unsent

log = logging.getLogger(__name__)

# Between two looks at a run, in seconds: short at first, because a person waits, then as servers like it.
FIRST_WAIT_SECONDS = 0.5
WAIT_GROWTH = 1.5
MAX_WAIT_SECONDS = 5.0
# A run that is not ours may be another program's answer: it gets this many looks, about ten seconds, to end.
FOREIGN_LOOKS = 6
# And as many one that was cancelled, which ends at once in most servers.
CANCELLED_LOOKS = 6

# Follows what is known already, so that nothing new does not look like another conversation.
END = ChatMessage(role=Role.USER, content="", key=GO_ON)


class RemoteTalk:
    """What a request asks, in a thread; what its own run has written there is not part of it."""

    def __init__(self, api: RunsApi, request: ProviderRequest, *, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._api = api
        self._messages = request.messages
        self._own_key = request.run_key
        self._removed = request.removed
        self._sleep = sleep

    def is_known(self, thread: RemoteThread) -> bool:
        """Whether a thread holds what is asked, word for word, and nothing else."""
        rest = self._unsent((*self._without_own(self._messages), END), thread, thread.keys)
        return rest is not None and not keys_of(rest)

    async def say(self, known: RemoteThread | None, run: RemoteRun) -> RemoteThread:
        """The thread that holds what is asked, for a run that is about to be created.

        What is new is added to the known thread; if that holds another conversation by now, a new one is made of all.
        Raises: ProviderError.
        """
        if known is None:
            return await self._begin(run)
        if known.run.id and not known.run.is_over:  # an earlier answer was stopped, or broke off
            await self._try(self._api.cancel(known.id, known.run.id))
        keys = known.known(keys_of(self._messages))
        new = self._unsent(self._messages, known, keys)
        if new is None:
            thread = await self._begin(run)
            await self._try(self._api.delete_thread(known.id))
            return thread
        for message in told(new):
            await self._unlocked(known.id, partial(self._api.add_message, known.id, message))
        said = (*keys, *keys_of(self._without_own(new)))
        return RemoteThread(id=known.id, keys=said[-MAX_KEYS:], run=run, removed=self._removed)

    async def free(self, thread_id: str, refusal: ProviderError, *, mark: str = "") -> RemoteRunView | None:
        """Wait for the run that stands in the way, and end it at last; the run itself if it has this mark."""
        run = await self._api.active_run(thread_id, refusal)
        if run is None or (mark and run.mark == mark):
            return run
        for number, wait_seconds in zip(range(FOREIGN_LOOKS + CANCELLED_LOOKS), waits(), strict=False):
            if run.status in ENDED:
                break
            if number == FOREIGN_LOOKS or run.status is RunStatus.REQUIRES_ACTION:  # nobody will give it any outputs
                log.info("a run that stood in the way was cancelled")
                await self._try(self._api.cancel(thread_id, run.id))
            await self._sleep(wait_seconds)
            run = await self._api.run(thread_id, run.id)
        return None

    async def _begin(self, run: RemoteRun) -> RemoteThread:
        id = await self._api.create_thread(told(self._messages))
        keys = keys_of(self._without_own(self._messages))[-MAX_KEYS:]
        return RemoteThread(id=id, keys=keys, run=run, removed=self._removed)

    def _unsent(
        self, messages: Sequence[ChatMessage], thread: RemoteThread, keys: Sequence[str]
    ) -> tuple[ChatMessage, ...] | None:
        return unsent(messages, keys, removed=self._removed - thread.removed)

    async def _unlocked(self, thread_id: str, request: Callable[[], Awaitable[None]]) -> None:
        """Make a request that a run in the thread may stand in the way of."""
        try:
            await request()
        except ProviderError as error:
            if not is_locked(error):
                raise
            await self.free(thread_id, error)
            await request()

    async def _try(self, request: Awaitable[None]) -> None:
        """Make a request that need not succeed."""
        try:
            await request
        except ProviderError as error:
            log.debug("not done: %s", error.detail)

    def _without_own(self, messages: tuple[ChatMessage, ...]) -> tuple[ChatMessage, ...]:
        return tuple(message for message in messages if message.key != self._own_key)


def waits() -> Iterator[float]:
    """Growing intervals, in seconds."""
    growing = repeat(WAIT_GROWTH)
    return accumulate(growing, lambda wait, growth: min(wait * growth, MAX_WAIT_SECONDS), initial=FIRST_WAIT_SECONDS)
