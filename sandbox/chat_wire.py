"""Stories as the chat completions API tells them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import cycle
from typing import Protocol

from sandbox.serials import Message
from sandbox.stories import Frame, ScriptedCall, Story


class Wire(Protocol):
    """How one API is spoken: what of a request is asked, and how a story looks as its answer."""

    path: str

    def messages(self, body: Mapping[str, object]) -> Sequence[Message]:
        """The conversation of a request, as chat completions has it."""

    def frames(self, story: Story, model: str) -> Iterator[Frame]:
        """The events of the story as they go over the wire."""

    def whole(self, story: Story, model: str) -> bytes:
        """The story as one JSON body."""


class ChatWire:
    """Chat completions."""

    path = "/chat/completions"

    def messages(self, body: Mapping[str, object]) -> Sequence[Message]:
        """The conversation as it came."""
        messages = body.get("messages")
        return messages if isinstance(messages, list) else []

    def frames(self, story: Story, model: str) -> Iterator[Frame]:
        """Chunks, the usage and `[DONE]`."""
        frames = _frames(story, model)
        return cycle(frames[: len(story.words())]) if story.is_endless else iter(frames)

    def whole(self, story: Story, model: str) -> bytes:
        """A completion that is not streamed."""
        message = {"role": "assistant", "content": story.answer()}
        choice = {"index": 0, "message": message, "finish_reason": story.finish_reason}
        return json.dumps({"id": "chatcmpl-1", "model": model, "choices": [choice], "usage": story.usage}).encode()


@lru_cache(maxsize=256)
def _frames(story: Story, model: str) -> tuple[Frame, ...]:
    end = story.line_end * 2
    head = f'{{"id":"chatcmpl-1","object":"chat.completion.chunk","created":0,"model":{json.dumps(model)},"choices":['

    def event(data: str) -> bytes:
        comment = f": PING{end}" if story.comments else ""
        return f"{comment}data: {data}{end}".encode("utf-8", "surrogatepass")

    def chunk(delta: str, finish: str = "null") -> bytes:
        return event(f'{head}{{"index":0,"delta":{delta},"finish_reason":{finish}}}]}}')

    if story.raw is not None:
        frames = [Frame(event(data), is_token=True) for data in story.raw]
    else:
        frames = [Frame(chunk(json.dumps({story.reasoning_field: thought}))) for thought in story.reasoning]
        if not story.tool_calls or story.pieces is not None:
            frames += [Frame(chunk(f'{{"content":{json.dumps(word)}}}'), word, True) for word in story.words()]
        frames += [Frame(chunk(json.dumps(delta))) for call in story.tool_calls for delta in _call_deltas(call)]
        if story.finish_reason is not None:
            frames.append(Frame(chunk("{}", json.dumps(story.finish_reason))))
        if story.usage is not None:
            usage = {"completion_tokens": len(story.words()), **story.usage}
            frames.append(Frame(event(f'{head}],"usage":{json.dumps(usage)}}}')))
    if story.error_at is not None:
        frames[story.error_at :] = [Frame(event(story.error))]
    return (*frames, Frame(event("[DONE]"))) if story.sends_done else tuple(frames)


def _call_deltas(call: ScriptedCall) -> Iterator[dict[str, object]]:
    for number, arguments in enumerate(call.arguments):
        piece: dict[str, object] = {} if call.index is None else {"index": call.index}
        function: dict[str, object] = {"arguments": arguments}
        if number == 0:
            function["name"] = call.name
            piece["type"] = "function"
            if call.id is not None:
                piece["id"] = call.id
        yield {"tool_calls": [{**piece, "function": function}]}
