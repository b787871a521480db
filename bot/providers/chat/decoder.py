"""Chat completions, streamed or whole, as events; pure.

Decoded as leniently as it can be: every field may be absent or of another type than documented.  What decides is what
was seen, not what the provider calls it: an answer with calls in it ends with `TOOL_CALLS` whatever its
`finish_reason`, and a stream is whole if `[DONE]` or any `finish_reason` came.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from bot.errors import ProviderError, ProviderFault
from bot.providers.chat.choices import FurtherChoices
from bot.providers.chat.thoughts import Thoughts
from bot.providers.events import (
    Alternatives,
    Carried,
    Event,
    Finished,
    FinishReason,
    ReasoningDelta,
    Started,
    Usage,
)
from bot.providers.failures import Complaint, complaint_in, failure_of, redact
from bot.providers.formats import refuse_another_api
from bot.providers.parameters import Api
from bot.providers.sse import DONE
from bot.providers.thinking import ThinkingSplitter
from bot.providers.tool_calls import CallPiece, ToolCallAssembler
from bot.providers.usage import usage_in

# The documented words, and what other servers behind the same wire format say; any other word is a plain stop.
FINISH_REASONS: Mapping[str, FinishReason] = {
    "length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "model_length": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
    "safety": FinishReason.CONTENT_FILTER,
    "refusal": FinishReason.CONTENT_FILTER,
}

# Where a call of Gemini's has the signature of the thinking that led to it.
SIGNED = "extra_content"
NOBODY: Mapping[str, str] = MappingProxyType({})

Json = Mapping[str, object]


class ChunkDecoder:
    """Turns the chunks of one completion into events; `origin` names the provider and the model that it is of."""

    def __init__(
        self, *, origin: Mapping[str, str] = NOBODY, new_call_id: Callable[[], str], secrets: tuple[str, ...] = ()
    ) -> None:
        self._origin = origin
        self._secrets = secrets
        self._is_started = False
        self._has_spoken = False
        self._has_refused = False
        self._finish_reason: FinishReason | None = None
        self._usage: Usage | None = None
        self._thinking = ThinkingSplitter()
        self._thoughts = Thoughts()
        self._others = FurtherChoices()
        self._calls = ToolCallAssembler(new_call_id=new_call_id)
        self._stray = ""
        self.is_done = False

    @property
    def is_answered(self) -> bool:
        """Whether the model said that it is finished; usage and other answers may still follow."""
        return self.is_done or self._finish_reason is not None

    @property
    def is_settled(self) -> bool:
        """Whether nothing but usage may still follow."""
        return self.is_answered and self._others.are_ended

    def feed(self, data: str, name: str = "") -> list[Event]:
        """The events in one server-sent event.

        Raises:
            ProviderError: what the provider complains about, or `PROTOCOL` where JSON is broken.
        """
        if data == DONE:
            self.is_done = True
            return []
        if not data.lstrip().startswith(("{", "[")) and name != "error":
            self._stray = self._stray or data  # some servers say `ping` here
            return []
        try:
            chunk = json.loads(data)
        except (ValueError, RecursionError) as exc:
            if name == "error":
                raise self._failure(Complaint(message=data)) from exc
            if "\n" in data:  # events that no blank line kept apart
                return [event for line in data.split("\n") for event in self.feed(line)]
            raise ProviderError(ProviderFault.PROTOCOL, redact(f"broken JSON: {data}", self._secrets)) from exc
        if isinstance(chunk, list) and len(chunk) == 1:
            chunk = chunk[0]  # an error in a list is how some gateways wrap it
        return self._take_chunk(chunk, name) if isinstance(chunk, dict) else []

    def feed_whole(self, body: str) -> list[Event]:
        """The events in a completion that was not streamed: it is whole, whether it says so or not."""
        events = self.feed(body)
        self.is_done = self.is_done or self._has_spoken
        return events

    def close(self) -> list[Event]:
        """The end of the stream.

        Raises:
            ProviderError: `PROTOCOL` when neither `[DONE]` nor a finish_reason came: the answer is cut.
        """
        if not self.is_answered:
            detail = f"the stream ended in the middle {self._stray}" if self._is_started else f"no answer {self._stray}"
            raise ProviderError(ProviderFault.PROTOCOL, redact(detail, self._secrets))
        events = [*self._thinking.close(), *self._calls.close()]
        if self._usage is not None:
            events.append(self._usage)
        return [*events, *self._beside(), Finished(self._reason)]

    def _beside(self) -> Iterator[Event]:
        """What belongs to an answer beside its text: further answers, or what is wanted back with its calls."""
        if not self._calls.has_calls:
            texts = self._others.texts(is_done=self.is_done)
            yield from [Alternatives(texts)] if texts else []
            return
        carried = {"message": self._thoughts.carried, "calls": self._calls.carried}
        if any(carried.values()):
            yield Carried({**self._origin, **carried})

    @property
    def _reason(self) -> FinishReason:
        if self._calls.has_calls:
            return FinishReason.TOOL_CALLS
        return FinishReason.CONTENT_FILTER if self._has_refused else self._finish_reason or FinishReason.STOP

    def _take_chunk(self, chunk: Json, name: str) -> list[Event]:
        choices = chunk.get("choices")
        if name == "error" or chunk.get("error") or not isinstance(choices, list):
            refuse_another_api(Api.CHAT_COMPLETIONS, chunk, name)
            complaint = complaint_in(chunk)
            if complaint is not None:
                raise self._failure(complaint)
        self._usage = usage_in(chunk.get("usage")) or self._usage
        if not isinstance(choices, list):
            return []
        events: list[Event] = []
        if not self._is_started:
            self._is_started = True
            events.append(Started(_text(chunk.get("id")) or None, _text(chunk.get("model")) or None))
        for choice in choices:
            index = choice.get("index") if isinstance(choice, dict) else None
            if isinstance(index, int) and index > 0:
                self._others.feed(index, choice)
            elif isinstance(choice, dict):
                self._take_choice(choice, events)
        return events

    def _take_choice(self, choice: Json, events: list[Event]) -> None:
        delta, message = choice.get("delta"), choice.get("message")
        if isinstance(delta, dict):
            self._take_message(delta, events, is_whole=False)
        elif isinstance(choice.get("text"), str):  # the older API
            self._take_message({"content": choice["text"]}, events)
        elif isinstance(message, dict) and not self._has_spoken:  # a completion that is not streamed
            self._take_message(message, events)
        reason = choice.get("finish_reason")
        if reason == "error":
            raise self._failure(complaint_in(choice) or Complaint(message="finish_reason error", code="502"))
        if isinstance(reason, str) and reason:
            self._finish_reason = FINISH_REASONS.get(reason.lower(), FinishReason.STOP)

    def _take_message(self, message: Json, events: list[Event], *, is_whole: bool = True) -> None:
        before = len(events)
        if thought := self._thoughts.feed(message):
            events.append(ReasoningDelta(thought))
        content = message.get("content")
        if isinstance(content, str):
            if content:
                events += self._thinking.feed(content)
        elif content is not None:
            self._take_parts(content, events)
        if refusal := _text(message.get("refusal")):
            self._has_refused = True
            events += self._thinking.feed(refusal)
        calls = message.get("tool_calls")
        if isinstance(calls, list):
            for position, call in enumerate(calls):
                self._take_call(call, events, index=position if is_whole else None)
        if isinstance(message.get("function_call"), dict):
            self._take_call({"function": message["function_call"]}, events, index=None)
        self._has_spoken = self._has_spoken or len(events) > before

    def _take_parts(self, content: object, events: list[Event]) -> None:
        for part in content if isinstance(content, list) else [content]:
            if isinstance(part, str):
                events += self._thinking.feed(part)
            elif isinstance(part, dict) and "thinking" in part:
                thoughts = part["thinking"]
                texts = [_part_text(thought) for thought in (thoughts if isinstance(thoughts, list) else [thoughts])]
                events += [ReasoningDelta(text) for text in texts if text]
            else:
                events += self._thinking.feed(_part_text(part))

    def _take_call(self, call: object, events: list[Event], *, index: int | None) -> None:
        if not isinstance(call, dict):
            return
        function = call.get("function") or call.get("custom")
        if not isinstance(function, dict):
            function = {}
        given = call.get("index")
        arguments = function.get("arguments", function.get("input"))
        events += self._calls.feed(
            CallPiece(
                index=index if index is not None else given if isinstance(given, int) else None,
                id=_text(call.get("id")),
                name=_text(function.get("name")),
                arguments=json.dumps(arguments) if isinstance(arguments, (dict, list)) else _text(arguments),
                carried={SIGNED: call[SIGNED]} if isinstance(call.get(SIGNED), dict) else None,
            )
        )

    def _failure(self, complaint: Complaint) -> ProviderError:
        return failure_of(complaint, status=200, secrets=self._secrets)


def _part_text(part: object) -> str:
    return _text(part.get("text")) or _text(part.get("refusal")) if isinstance(part, dict) else _text(part)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
