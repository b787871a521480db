"""Answers of the responses API, streamed or whole, as events; pure.

Decoded as leniently as it can be: only an event's `type` has to be there.  Sequence numbers, indexes and ids may be
missing, deltas may be, and `[DONE]` may follow; what was not streamed is taken from the item's end or the response's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot.errors import ProviderError, ProviderFault
from bot.providers.events import (
    Event,
    Finished,
    FinishReason,
    ReasoningDelta,
    ServerTool,
    Started,
    Usage,
)
from bot.providers.failures import Complaint, complaint_in, failure_of, redact
from bot.providers.formats import refuse_another_api
from bot.providers.parameters import Api
from bot.providers.responses.citations import Citations
from bot.providers.responses.items import arguments_of, sendable, text_of, thought_of, usage_of, wish_of
from bot.providers.sse import DONE
from bot.providers.thinking import ThinkingSplitter
from bot.providers.tool_calls import CallPiece, ToolCallAssembler

Json = Mapping[str, Any]

# The ends of a response, and what is told of those that are no answers.
INCOMPLETE: Mapping[str, FinishReason] = {
    "max_output_tokens": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
}
ENDS = frozenset({"completed", "done", "failed", "incomplete", "cancelled"})
CALL = "_call"  # how the types of items end that are tools of the provider's own


class ResponseDecoder:
    """Turns the events of one response into ours.

    `id` is the response's, and `output` its items as they came, but for what is null, which may not be sent back.
    """

    def __init__(self, *, new_call_id: Callable[[], str], secrets: tuple[str, ...] = ()) -> None:
        self._secrets = secrets
        self._thinking = ThinkingSplitter()
        self._calls = ToolCallAssembler(new_call_id=new_call_id)
        self._citations = Citations()
        self._indexes: dict[object, int] = {}
        self._call_chars: dict[int | None, int] = {}  # how much is known of each call's arguments
        self._text_chars = self._thought_chars = 0  # what was streamed of the item under way
        self._is_started = self._has_spoken = self._has_refused = False
        self._reason: FinishReason | None = None
        self._usage: Usage | None = None
        self._stray = ""
        self._takers: Mapping[str, Callable[[Json], Iterator[Event]]] = {
            "response.output_text.delta": self._take_text,
            "response.refusal.delta": self._take_refusal,
            "response.reasoning_text.delta": self._take_thought,
            "response.reasoning_summary_text.delta": self._take_thought,
            "response.function_call_arguments.delta": self._take_arguments,
            "response.function_call_arguments.done": self._take_all_arguments,
            "response.output_item.added": self._take_begun_item,
            "response.output_item.done": self._take_item,
            "response.output_text.annotation.added": self._take_annotation,
        }
        self.id = ""
        self.output: list[Json] = []
        self.is_done = False

    @property
    def is_answered(self) -> bool:
        """Whether the response has ended, or its stream has."""
        return self.is_done

    @property
    def is_settled(self) -> bool:
        """The same here: usage comes with the end."""
        return self.is_done

    def feed(self, data: str, name: str = "") -> list[Event]:
        """The events in one server-sent event.

        Raises: ProviderError: what the provider complains about, or `PROTOCOL` where JSON is broken.
        """
        if data == DONE:
            self.is_done = self._has_spoken or self._calls.has_calls
            return []
        if not data.lstrip().startswith(("{", "[")) and name != "error":
            self._stray = self._stray or data
            return []
        try:
            event = json.loads(data)
        except (ValueError, RecursionError) as exc:
            if name == "error":
                raise self._failure(Complaint(message=data)) from exc
            if "\n" in data:  # events that no blank line kept apart
                return [each for line in data.split("\n") for each in self.feed(line)]
            raise self._broken(f"broken JSON: {data}") from exc
        if isinstance(event, list) and len(event) == 1:
            event = event[0]  # an error in a list is how some gateways wrap it
        return list(self._take(event, name)) if isinstance(event, dict) else []

    def feed_whole(self, body: str) -> list[Event]:
        """The events in a response that was not streamed."""
        return self.feed(body)

    def close(self) -> list[Event]:
        """The end of the stream.  Raises: ProviderError, `PROTOCOL` where the response itself had not ended."""
        if not self.is_done:
            raise self._broken(f"{'the stream ended in the middle' if self._is_started else 'no answer'} {self._stray}")
        events = [*self._thinking.close(), *self._citations.close(), *self._calls.close()]
        if self._usage is not None:
            events.append(self._usage)
        return [*events, Finished(self._finish_reason)]

    @property
    def _finish_reason(self) -> FinishReason:
        if self._calls.has_calls:
            return FinishReason.TOOL_CALLS
        return FinishReason.CONTENT_FILTER if self._has_refused else self._reason or FinishReason.STOP

    def _take(self, event: Json, name: str) -> Iterator[Event]:
        kind = text_of(event.get("type")) or name
        taker = self._takers.get(kind)
        if taker is not None:
            yield from self._start(event)
            yield from taker(event)
            return
        if event.get("object") == "response":
            yield from self._end(event, str(event.get("status")))
            return
        topic, _, happened = kind.rpartition(".")
        if topic == "response" and isinstance(event.get("response"), dict):
            yield from self._start(event["response"])
            if happened in ENDS:
                yield from self._end(event["response"], happened)
        elif topic.startswith("response.") and topic.endswith(CALL):
            yield from self._take_server_tool(event, topic.removeprefix("response."), happened)
        elif kind == "response.error" or topic != "response":
            self._refuse(event, name)

    def _refuse(self, event: Json, name: str) -> None:
        """Raises: ProviderError, where an event is a complaint, or of another API."""
        refuse_another_api(Api.RESPONSES, event, name)
        complaint = complaint_in(event)
        if complaint is not None:
            raise self._failure(complaint)

    def _start(self, event: Json) -> Iterator[Event]:
        if not self._is_started:
            self._is_started = True
            self.id = text_of(event.get("id"))
            yield Started(self.id or None, text_of(event.get("model")) or None)

    def _end(self, response: Json, happened: str) -> Iterator[Event]:
        yield from self._start(response)
        self.id = text_of(response.get("id")) or self.id
        status = text_of(response.get("status")) or happened
        error = response.get("error")
        if status == "failed" or error:
            complaint = complaint_in(response) or Complaint(message="the response failed", code="server_error")
            raise self._failure(complaint)
        if status == "cancelled":
            raise ProviderError(ProviderFault.UNKNOWN, "the response was cancelled elsewhere", status=200)
        if status not in ENDS:
            raise self._broken(f"the response is not there yet: {status}")
        yield from self._take_missing(response)
        if status == "incomplete":
            details = response.get("incomplete_details")
            reason = details.get("reason") if isinstance(details, dict) else None
            self._reason = INCOMPLETE.get(text_of(reason), FinishReason.LENGTH)
        self._usage = usage_of(response.get("usage"))
        self.is_done = True

    def _take_missing(self, response: Json) -> Iterator[Event]:
        """What a response has at its end, and had not when it was streamed."""
        output = response.get("output")
        items = [item for item in output if isinstance(item, dict)] if isinstance(output, list) else []
        if self.output:
            return
        known = {"message": self._has_spoken, "function_call": self._calls.has_calls}
        for item in items:
            if known.get(text_of(item.get("type"))):
                self.output.append(sendable(item))
            else:
                yield from self._take_item({"item": item})

    def _take_begun_item(self, event: Json) -> Iterator[Event]:
        item = event.get("item")
        if not isinstance(item, dict):
            return
        kind = text_of(item.get("type"))
        if kind == "function_call":
            yield from self._take_call(event, item)
        elif kind == "message":
            self._text_chars = 0
        elif kind == "reasoning":
            self._thought_chars = 0
        elif kind.endswith(CALL):
            yield ServerTool(self._server_id(event, item), kind.removesuffix(CALL), False, wish_of(item))

    def _take_item(self, event: Json) -> Iterator[Event]:
        """A whole item: what was not streamed of it."""
        item = event.get("item")
        if not isinstance(item, dict):
            return
        self.output.append(sendable(item))
        kind = text_of(item.get("type"))
        if kind == "message":
            rest, self._text_chars = self._whole_text(item)[self._text_chars :], 0
            yield from self._say(rest)
        elif kind == "reasoning":
            thought, self._thought_chars = thought_of(item)[self._thought_chars :], 0
            if thought:
                yield ReasoningDelta(thought)
        elif kind == "function_call":
            yield from self._take_call(event, item)
        elif kind.endswith(CALL):
            failed = ", failed" if item.get("status") == "failed" else ""
            yield ServerTool(self._server_id(event, item), kind.removesuffix(CALL), True, wish_of(item) + failed)

    def _whole_text(self, item: Json) -> str:
        content = item.get("content")
        parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
        for part in parts:
            self._has_refused = self._has_refused or bool(text_of(part.get("refusal")))
            annotations = part.get("annotations")
            for annotation in annotations if isinstance(annotations, list) else ():
                self._citations.add(annotation)
        return "".join(text_of(part.get("text")) or text_of(part.get("refusal")) for part in parts) or text_of(content)

    def _take_call(self, event: Json, item: Json) -> Iterator[Event]:
        """A call as far as it is known: at its beginning, or when it is whole."""
        index = self._index(event, item)
        if index not in self._call_chars:
            self._call_chars[index] = 0
            yield from self._calls.feed(
                CallPiece(index=index, id=text_of(item.get("call_id")), name=text_of(item.get("name")), arguments="")
            )
        yield from self._add_arguments(index, arguments_of(item)[self._call_chars[index] :])

    def _take_arguments(self, event: Json) -> Iterator[Event]:
        yield from self._add_arguments(self._index(event), text_of(event.get("delta")))

    def _take_all_arguments(self, event: Json) -> Iterator[Event]:
        index = self._index(event)
        yield from self._add_arguments(index, arguments_of(event)[self._call_chars.get(index, 0) :])

    def _add_arguments(self, index: int | None, arguments: str) -> list[Event]:
        if not arguments:
            return []
        self._call_chars[index] = self._call_chars.get(index, 0) + len(arguments)
        return self._calls.feed(CallPiece(index=index, id="", name="", arguments=arguments))

    def _index(self, event: Json, item: Json | None = None) -> int | None:
        """Which call an event is about: by its place in the output, its id, or as the newest."""
        place = event.get("output_index")
        own = text_of(event.get("item_id")) if item is None else text_of(item.get("id")) or text_of(item.get("call_id"))
        key = place if isinstance(place, int) else own
        if key == "":
            return max(self._indexes.values(), default=None)
        return self._indexes.setdefault(key, len(self._indexes))

    def _take_text(self, event: Json) -> Iterator[Event]:
        delta = event.get("delta")
        if isinstance(delta, str) and delta:
            self._text_chars += len(delta)
            yield from self._say(delta)

    def _say(self, text: str) -> list[Event]:
        self._has_spoken = self._has_spoken or bool(text)
        return self._thinking.feed(text)

    def _take_refusal(self, event: Json) -> Iterator[Event]:
        self._has_refused = True
        yield from self._take_text(event)

    def _take_thought(self, event: Json) -> Iterator[Event]:
        if thought := text_of(event.get("delta")):
            self._thought_chars += len(thought)
            yield ReasoningDelta(thought)

    def _take_annotation(self, event: Json) -> Iterator[Event]:
        self._citations.add(event.get("annotation"))
        yield from ()

    def _take_server_tool(self, event: Json, kind: str, happened: str) -> Iterator[Event]:
        if happened not in ("completed", "failed"):  # which the end of its item tells with more words
            yield ServerTool(self._server_id(event, {}), kind.removesuffix(CALL), False)

    @staticmethod
    def _server_id(event: Json, item: Json) -> str:
        return text_of(event.get("item_id")) or text_of(item.get("id")) or f"item {event.get('output_index')}"

    def _failure(self, complaint: Complaint) -> ProviderError:
        return failure_of(complaint, status=200, secrets=self._secrets)

    def _broken(self, detail: str) -> ProviderError:
        return ProviderError(ProviderFault.PROTOCOL, redact(detail, self._secrets))
