"""Where requests to one provider wait until it can take them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from bot.messages import ProviderRequest
from bot.providers.configuration import ProviderConfiguration
from bot.providers.events import Usage
from bot.providers.failures import retry_after
from bot.providers.rate_limits import Budget, limit_in
from bot.providers.turns import Turns

# Nobody has to be told of a wait as short as this.
PATIENCE_SECONDS = 0.5
# After a 429 nobody is sent for as long as it asks, unless it asks for more than people wait: as in `Retries`, the
# provider then says no itself, and another one may answer.
LONGEST_PAUSE_SECONDS = 20.0
TOO_MANY_REQUESTS = 429
# Where answers are asked for, in every API; images, speech and lists of models have limits of their own.
ANSWER_PATHS = ("/completions", "/responses", "/runs", "/submit_tool_outputs")
# English has four bytes a token and Chinese three; the provider's own count replaces this one when it is there.
BYTES_PER_TOKEN = 4


class Turn:
    """A place in the line, for one request."""

    def __init__(self, line: Line, place: str, tokens: int) -> None:
        self.place = place
        self.tokens = tokens
        self.position = 0
        self._line = line
        self._sent = asyncio.Event()
        self._moved = asyncio.Event()

    async def positions(self) -> AsyncGenerator[int, None]:
        """Wait, and get each new position: 1 is the next to be sent, and 0 the end; none if there is hardly a wait."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._sent.wait()
                return
        while self.position:
            self._moved.clear()
            yield self.position
            await self._moved.wait()
        yield 0

    @property
    def is_sent(self) -> bool:
        """Whether it waits no longer."""
        return self._sent.is_set()

    def move(self, position: int) -> None:
        """This is its position now."""
        if position != self.position:
            self.position = position
            self._moved.set()

    def send(self) -> None:
        """It is its turn now."""
        self.move(0)
        self._sent.set()

    def settle(self, usage: Usage) -> None:
        """This is what it has really taken."""
        self._line.settle(self, usage.input_tokens + usage.output_tokens)


class Line:
    """The requests to one provider: so many at once, so much a minute, and a fair order among those that wait."""

    def __init__(
        self,
        *,
        concurrency: int,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        learns: bool = True,
        utc_now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """What is None is learnt from the provider's headers, if it `learns`."""
        self._free = concurrency
        self._learns = learns
        self._requests = Budget(requests_per_minute)
        self._tokens = Budget(tokens_per_minute)
        self._turns = Turns[Turn]()
        self._unheard = deque[Turn]()  # those sent whose headers have not come, oldest first
        self._paused_until = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._utc_now = utc_now

    @classmethod
    def of(cls, configuration: ProviderConfiguration) -> Line:
        """The line that a provider's host describes."""
        return cls(
            concurrency=configuration.concurrency,
            requests_per_minute=configuration.requests_per_minute,
            tokens_per_minute=configuration.tokens_per_minute,
            learns=len(configuration.keys) <= 1,  # what one key has used up, another may still have
        )

    @contextmanager
    def turn(self, request: ProviderRequest) -> Iterator[Turn]:
        """A place in the line, which is given up at the end of the block, whether it was its turn or not."""
        turn = Turn(self, request.place or request.end_user or "", tokens_of(request))
        self._turns.join(turn.place, turn)
        self._advance()
        try:
            yield turn
        finally:
            self._leave(turn)
            self._advance()

    def settle(self, turn: Turn, tokens: int) -> None:
        """A request has taken this many tokens instead of those that were reserved for it."""
        self._tokens.use(tokens - turn.tokens, self._now())
        turn.tokens = tokens
        self._advance()

    def hear(self, url: str, status: int, headers: Mapping[str, str]) -> None:
        """Learn from a response of the provider, if it is an answer's; its headers are found by lower-case names."""
        if not self._learns or not url.endswith(ANSWER_PATHS):
            return
        now, date = self._now(), self._utc_now()
        if status == TOO_MANY_REQUESTS:
            pause_seconds = retry_after(headers, now=date) or 0.0
            if pause_seconds <= LONGEST_PAUSE_SECONDS:
                self._paused_until = max(self._paused_until, now + pause_seconds)
        if self._unheard:
            self._unheard.popleft()  # responses come in about the order of their requests
        if requests := limit_in(headers, "requests", now=date):
            self._requests.learn(requests, len(self._unheard), now)
        if tokens := limit_in(headers, "tokens", now=date):
            self._tokens.learn(tokens, sum(turn.tokens for turn in self._unheard), now)
        self._advance()

    def _leave(self, turn: Turn) -> None:
        if not turn.is_sent:
            self._turns.leave(turn.place, turn)
            return
        self._turns.end(turn.place)
        self._free += 1
        if turn in self._unheard:
            self._unheard.remove(turn)

    def _advance(self) -> None:
        """Send those who can be, tell the others where they are, and look again when there is room for the next."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        upcoming = deque(self._turns.upcoming())
        while upcoming and self._free and not (wait_seconds := self._wait_seconds(upcoming[0])):
            self._send(upcoming.popleft())
        for position, turn in enumerate(upcoming, 1):
            turn.move(position)
        if upcoming and self._free:
            self._timer = asyncio.get_running_loop().call_later(wait_seconds, self._advance)

    def _wait_seconds(self, turn: Turn) -> float:
        """How long until the provider has room for a request, other requests apart."""
        now = self._now()
        return max(
            self._paused_until - now,
            self._requests.wait_seconds(1, now),
            self._tokens.wait_seconds(turn.tokens, now),
            0.0,
        )

    def _send(self, turn: Turn) -> None:
        now = self._now()
        self._free -= 1
        self._turns.take(turn.place, turn)
        self._requests.use(1, now)
        self._tokens.use(turn.tokens, now)
        self._unheard.append(turn)
        turn.send()

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def tokens_of(request: ProviderRequest) -> int:
    """About how many tokens a request takes, its answer too."""
    words = [message.content for message in request.messages]
    words += [call.arguments for message in request.messages for call in message.tool_calls]
    words += [tool.words for tool in request.tools]
    return sum(len(text.encode("utf-8", "replace")) for text in words) // BYTES_PER_TOKEN + (
        request.max_output_tokens or 0
    )
