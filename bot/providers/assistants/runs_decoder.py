"""What a server with threads and runs streams, as events; pure.

An event is known by the `object` in its data and else by its name.  A stream may end without the run having ended:
what has come of the run is in `run`, and what has been said in `speech`; both can be gone on with by asking.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from bot.errors import ProviderError, ProviderFault
from bot.providers.assistants.runs_objects import (
    SEPARATOR,
    UNDER_WAY,
    Json,
    RemoteRunView,
    Words,
    run_in,
    step_in,
    text_in,
    words_in,
)
from bot.providers.events import Event, Started, TextDelta
from bot.providers.failures import Complaint, complaint_in, failure_of, redact
from bot.providers.formats import refuse_another_api
from bot.providers.parameters import Api
from bot.providers.sse import BYTE_ORDER_MARK, DONE, MAX_EVENT_BYTES, EventStreamDecoder
from bot.providers.thinking import ThinkingSplitter

# A run writes a message or two between its uses of tools.
MAX_MESSAGES = 1000


class Speech:
    """What a leg of a run says, from its stream and from its messages, each word once.

    `shown` is what an earlier attempt has shown of it already; of that nothing is told again.
    """

    def __init__(self, shown: str = "") -> None:
        self._thinking = ThinkingSplitter()
        self._pieces: list[str] = []
        self._shown = len(shown)
        self.is_refusal = False

    @property
    def said(self) -> str:
        """All of it so far, as it came."""
        return "".join(self._pieces)

    def feed(self, text: str) -> list[Event]:
        """What is new with this much more."""
        if not text:
            return []
        self._pieces.append(text)
        events = self._thinking.feed(text)
        return self._unseen(events) if self._shown else events

    def catch_up(self, whole: str) -> list[Event]:
        """What is new now that all of it is known; nothing where it is no longer what was said."""
        said = self.said
        return self.feed(whole[len(said) :]) if whole.startswith(said) else []

    def close(self) -> list[Event]:
        """What was held back, when no more comes."""
        return self._unseen(self._thinking.close())

    def _unseen(self, events: list[Event]) -> list[Event]:
        unseen: list[Event] = []
        for event in events:
            if isinstance(event, TextDelta) and self._shown:
                text = event.text.replace("\r\n", "\n")  # as it is stored
                skipped = min(self._shown, len(text))
                self._shown -= skipped
                if text[skipped:]:
                    unseen.append(TextDelta(text[skipped:]))
            else:
                unseen.append(event)
        return unseen


class RunDecoder:
    """Turns the body of one response into events: an event stream, or the run as JSON."""

    def __init__(self, speech: Speech, *, secrets: tuple[str, ...] = ()) -> None:
        self.run: RemoteRunView | None = None
        self.speech = speech
        self.is_done = False
        self.has_failed = False  # by the server's own word
        self._secrets = secrets
        self._stream = EventStreamDecoder()
        self._body = bytearray()
        self._is_stream: bool | None = None
        self._messages: dict[str, int] = {}  # how much of each came

    @property
    def message_count(self) -> int:
        """How many messages were begun."""
        return len(self._messages)

    @property
    def progress(self) -> int:
        """A number that grows with every whole line, comments too, and not with mere bytes."""
        return self._stream.line_count

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """The events that are whole with these bytes; nothing after the end is looked at.

        Raises:
            ProviderError: what the server complains about, or `PROTOCOL` where this is no such stream.
        """
        if not self._is_stream:
            self._body += chunk
            if len(self._body) > MAX_EVENT_BYTES:
                raise ProviderError(ProviderFault.PROTOCOL, f"a body of more than {MAX_EVENT_BYTES} bytes")
            start = self._body.removeprefix(BYTE_ORDER_MARK).lstrip()[:1]
            self._is_stream = start not in b"{[<" if start else None
            chunk = bytes(self._body)
        if self._is_stream:
            self._body.clear()
            for name, data in self._stream.feed(chunk):
                yield from self._take(name, data)

    def close(self) -> Iterator[Event]:
        """What is left at the end of the body."""
        if self._is_stream:
            for name, data in self._stream.close():
                yield from self._take(name, data)
            return
        body = self._body.removeprefix(BYTE_ORDER_MARK).decode("utf-8", "replace").strip()
        if not body.startswith("{"):
            message = body or "an empty body"
            raise failure_of(Complaint(message=message), status=200, is_page=True, secrets=self._secrets)
        yield from self._take("", body)

    def _take(self, name: str, data: str) -> list[Event]:
        if data == DONE:
            self.is_done = True
        if self.is_done:
            return []
        try:
            body = json.loads(data)
        except (ValueError, RecursionError) as exc:
            if name == "error":
                raise failure_of(Complaint(message=data), status=200, secrets=self._secrets) from exc
            raise ProviderError(ProviderFault.PROTOCOL, redact(f"broken JSON: {data}", self._secrets)) from exc
        if not isinstance(body, dict):
            return []
        if isinstance(body.get("data"), dict) and isinstance(body.get("event"), str):  # name and data in one
            name, body = body["event"], body["data"]
        return self._take_object(name, body)

    def _take_object(self, name: str, body: Json) -> list[Event]:
        kind = text_in(body.get("object")) or name
        if name == "error" or not kind.startswith("thread"):
            refuse_another_api(Api.ASSISTANTS, body, name)
            complaint = complaint_in(body)
            if complaint is not None:
                self.has_failed = True
                raise failure_of(complaint, status=200, secrets=self._secrets)
        if kind.startswith("thread.message.delta"):
            return self._take_delta(body)
        if kind.startswith("thread.message"):
            return self._take_message(body)
        if kind.startswith("thread.run.step"):
            step = None if kind == "thread.run.step.delta" else step_in(body, name)
            return [] if step is None else [step]
        return self._take_run(name, body) if kind.startswith("thread.run") else []

    def _take_run(self, name: str, body: Json) -> list[Event]:
        is_first, self.run = self.run is None, run_in(body, name)
        self.is_done = self.run.status not in UNDER_WAY  # nothing that matters follows
        return [Started(self.run.id or None, self.run.model or None)] if is_first else []

    def _take_delta(self, body: Json) -> list[Event]:
        delta = body.get("delta")
        return self._say(text_in(body.get("id")), words_in(delta)) if isinstance(delta, dict) else []

    def _take_message(self, body: Json) -> list[Event]:
        """A message that is begun, or one that is whole, of which servers send no pieces that do not stream."""
        if body.get("role") not in (None, "assistant"):
            return []
        id, words = text_in(body.get("id")), words_in(body)
        return self._say(id, words._replace(text=words.text[self._messages.get(id, 0) :]))

    def _say(self, message_id: str, words: Words) -> list[Event]:
        text = words.text
        self.speech.is_refusal = self.speech.is_refusal or words.is_refusal
        begun = self._messages.setdefault(message_id, 0)
        if len(self._messages) > MAX_MESSAGES:
            raise ProviderError(ProviderFault.PROTOCOL, f"more than {MAX_MESSAGES} messages of one run")
        self._messages[message_id] = begun + len(text)
        is_another = text and not begun and any(length for id, length in self._messages.items() if id != message_id)
        events = self.speech.feed(SEPARATOR) if is_another else []
        return events + self.speech.feed(text)
