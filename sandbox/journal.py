"""What the bot asked for, request by request: for tests, benchmarks and the page's inspector."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import overload

from sandbox.wire import Payload

KEPT_REQUESTS = 20_000  # over six minutes of a bot at its global limit, with full texts some 30 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """One request of the bot and what came of it."""

    number: int
    at: float  # monotonic seconds at which it was applied or refused
    at_ms: int  # the same moment on the wall clock
    method: str
    route: str  # template such as /channels/{channel_id}/messages
    path: str
    status: int  # 0: the connection was cut
    bucket: str = ""
    limit: int = 0
    remaining: int = 0
    reset_after: float = 0.0  # seconds
    retry_after: float = 0.0  # seconds, of a 429
    scope: str | None = None
    channel_id: int | None = None
    message_id: int | None = None
    content: str | None = None
    nonce: str | None = None
    code: int | None = None  # Discord's error code
    repeated: bool = False  # answered from an earlier request with the same nonce

    def to_json(self) -> Payload:
        """The record for the page; ids as strings, as everywhere in Discord's JSON."""
        record = asdict(self)
        for name in ("channel_id", "message_id"):
            record[name] = None if record[name] is None else str(record[name])
        return record


class Journal(Sequence[RequestRecord]):
    """The latest requests, oldest first."""

    def __init__(self) -> None:
        self._records: deque[RequestRecord] = deque(maxlen=KEPT_REQUESTS)
        self._listeners: list[Callable[[RequestRecord], None]] = []
        self.total = 0

    def listen(self, listener: Callable[[RequestRecord], None]) -> None:
        """Call a function with every record to come."""
        self._listeners.append(listener)

    def add(self, record: RequestRecord) -> None:
        """Keep a record and tell the listeners."""
        self._records.append(record)
        for listener in self._listeners:
            listener(record)

    def next_number(self) -> int:
        """The number of the next request, counted from 1 over the life of the sandbox."""
        self.total += 1
        return self.total

    def latest(self, count: int) -> list[RequestRecord]:
        """The last records, oldest first."""
        return list(self._records)[-count:]

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[RequestRecord]:
        return iter(self._records)

    @overload
    def __getitem__(self, index: int) -> RequestRecord: ...

    @overload
    def __getitem__(self, index: slice) -> list[RequestRecord]: ...

    def __getitem__(self, index: int | slice) -> RequestRecord | list[RequestRecord]:
        return list(self._records)[index] if isinstance(index, slice) else self._records[index]
