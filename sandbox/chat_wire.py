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
        message: dict[str, object] = {"role": "assistant", "content": story.answer()}
        if story.refusal is not None:
            message |= {"content": None, "refusal": story.refusal}
        if story.tool_calls:
            message["tool_calls"] = [_whole_call(call) for call in story.tool_calls]
        choice = {"index": 0, "message": message, "finish_reason": story.finish_reason}
        return json.dumps({"id": "chatcmpl-1", "model": model, "choices": [choice], "usage": story.usage}).encode()


@lru_cache(maxsize=256)
def _frames(story: Story, model: str) -> tuple[Frame, ...]:
    head = f'{{"id":"chatcmpl-1","object":"chat.completion.chunk","created":0,"model":{json.dumps(model)},"choices":['

    def chunk(delta: str, finish: str = "null") -> bytes:
        return event(story, f'{head}{{"index":0,"delta":{delta},"finish_reason":{finish}}}]}}')

    field = "content" if story.refusal is None else "refusal"
    frames = [Frame(chunk(json.dumps({story.reasoning_field: thought}))) for thought in story.reasoning]
    if not story.tool_calls or story.pieces is not None:
        frames += [Frame(chunk(f'{{"{field}":{json.dumps(word)}}}'), word, True) for word in story.words()]
    frames += [Frame(chunk(json.dumps(delta))) for call in story.tool_calls for delta in _call_deltas(call)]
    for number, text in enumerate(story.others, 1):
        choice = {"index": number, "delta": {"content": text}, "finish_reason": "stop"}
        frames.append(Frame(event(story, f"{head}{json.dumps(choice)}]}}")))
    if story.finish_reason is not None:
        frames.append(Frame(chunk("{}", json.dumps(story.finish_reason))))
    return ended(story, frames, head)


def event(story: Story, data: str) -> bytes:
    """One server-sent event as this story writes them."""
    end = story.line_end * 2
    comment = f": PING{end}" if story.comments else ""
    return f"{comment}data: {data}{end}".encode("utf-8", "surrogatepass")


def ended(story: Story, frames: list[Frame], head: str) -> tuple[Frame, ...]:
    """The answer's frames, or the story's raw ones, and what follows them: the usage, an error, `[DONE]`.

    `head` is how a chunk begins, up to its choices.
    """
    if story.raw is not None:
        frames = [Frame(event(story, data), is_token=True) for data in story.raw]
    elif story.usage is not None:
        usage = {"completion_tokens": len(story.words()), **story.usage}
        frames.append(Frame(event(story, f'{head}],"usage":{json.dumps(usage)}}}')))
    if story.error_at is not None:
        frames[story.error_at :] = [Frame(event(story, story.error))]
    return (*frames, Frame(event(story, "[DONE]"))) if story.sends_done else tuple(frames)


def _call_deltas(call: ScriptedCall) -> Iterator[dict[str, object]]:
    for number, arguments in enumerate(call.arguments):
        piece: dict[str, object] = {} if call.index is None else {"index": call.index}
        piece |= json.loads(call.extra) if number == 0 else {}
        function: dict[str, object] = {"arguments": arguments}
        if number == 0:
            function["name"] = call.name
            piece["type"] = "function"
            if call.id is not None:
                piece["id"] = call.id
        yield {"tool_calls": [{**piece, "function": function}]}


def _whole_call(call: ScriptedCall) -> dict[str, object]:
    function = {"name": call.name, "arguments": "".join(call.arguments)}
    return {**json.loads(call.extra), "id": call.id, "type": "function", "function": function}
