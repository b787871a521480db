"""Stories as the responses API tells them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, count, cycle
from typing import Any

from sandbox.chat_wire import event
from sandbox.serials import Message
from sandbox.stories import Frame, ScriptedCall, Story

Item = dict[str, Any]

# What a response's end is called, and why, by the word of chat completions.
ENDS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "length": ("incomplete", {"incomplete_details": {"reason": "max_output_tokens"}}),
    "content_filter": ("incomplete", {"incomplete_details": {"reason": "content_filter"}}),
    "cancelled": ("cancelled", {}),
    "failed": ("failed", {"error": {"code": "rate_limit_exceeded", "message": "Slow down."}}),
}


class ResponsesWire:
    """One response: `id` is its own, `history` what the server has of the conversation.

    With `seals` it gives its thinking encrypted; `kept` is called with its items when it is whole.
    """

    path = "/responses"

    def __init__(
        self, id: str, *, history: Sequence[Item], seals: Callable[[], str] | None, kept: Callable[[list[Item]], None]
    ) -> None:
        self._id = id
        self._history = history
        self._seals = seals
        self._kept = kept
        self._numbers = count()
        self._ids = count(1)

    def messages(self, body: Mapping[str, object]) -> Sequence[Message]:
        """What the server knew, and what the request adds."""
        return [_message(item) for item in (*self._history, *items_in(body))]

    def frames(self, story: Story, model: str) -> Iterator[Frame]:
        """The events of the response; the ones around a word come with it, so that positions count words."""
        if story.raw is not None:
            return iter([Frame(event(story, data), is_token=True) for data in story.raw])
        frames = self._told(story, model)
        if story.error_at is not None:
            return chain((next(frames) for _ in range(story.error_at)), [Frame(event(story, story.error))])
        if story.is_endless:
            return chain([next(frames)], cycle([next(frames) for _ in story.words()[1:]]))
        return frames

    def whole(self, story: Story, model: str) -> bytes:
        """A response that is not streamed."""
        output = [item for item, _ in self._items(story)]
        status, why = ENDS.get(str(story.finish_reason), ("completed", {}))
        self._kept(output)
        return json.dumps({**self._response(story, model, status, output), **why}).encode()

    def _told(self, story: Story, model: str) -> Iterator[Frame]:
        before = b"".join(
            self._event(story, f"response.{status}", response=self._response(story, model, "in_progress", []))
            for status in ("created", "in_progress")
        )
        output: list[Item] = []
        for place, (item, pieces) in enumerate(self._items(story)):
            begun = {**item, "status": "in_progress", **_EMPTY[item["type"]]}
            before += self._event(story, "response.output_item.added", output_index=place, item=begun)
            for kind, field, text in pieces:
                told = self._event(story, kind, output_index=place, item_id=item["id"], **{field: text})
                is_word = kind in ("response.output_text.delta", "response.refusal.delta")
                yield Frame(before + told, text if is_word else "", is_word)
                before = b""
            before += self._event(story, "response.output_item.done", output_index=place, item=item)
            output.append(item)
        if story.finish_reason is None:
            yield Frame(before)
            return
        status, why = ENDS.get(story.finish_reason, ("completed", {}))
        self._kept(output)
        response = {**self._response(story, model, status, output), **why}
        yield Frame(before + self._event(story, f"response.{status}", response=response))

    def _items(self, story: Story) -> Iterator[tuple[Item, list[tuple[str, str, str]]]]:
        """The items of a story, each with the pieces that it is streamed in: event, field, text."""
        if story.reasoning:
            sealed = {"encrypted_content": self._seals()} if self._seals is not None else {}
            summary = [{"type": "summary_text", "text": "".join(story.reasoning)}]
            thoughts = [("response.reasoning_summary_text.delta", "delta", thought) for thought in story.reasoning]
            yield {"type": "reasoning", "id": self._own("rs"), "summary": summary, **sealed}, thoughts
        for query in story.searches:
            action = {"type": "search", "query": query}
            steps = [(f"response.web_search_call.{step}", "status", step) for step in ("in_progress", "searching")]
            yield {"type": "web_search_call", "id": self._own("ws"), "status": "completed", "action": action}, steps
        if not story.tool_calls or story.pieces is not None:
            yield self._said(story)
        for call in story.tool_calls:
            arguments = [("response.function_call_arguments.delta", "delta", piece) for piece in call.arguments]
            yield self._called(call), arguments

    def _said(self, story: Story) -> tuple[Item, list[tuple[str, str, str]]]:
        kind, field = ("output_text", "text") if story.refusal is None else ("refusal", "refusal")
        cited = [{"type": "url_citation", "url": url, "title": url} for url in story.cites]
        part = {"type": kind, field: "".join(story.words()), "annotations": cited}
        item = {
            "type": "message",
            "id": self._own("msg"),
            "role": "assistant",
            "status": "completed",
            "content": [part],
        }
        return item, [(f"response.{kind}.delta", "delta", word) for word in story.words()]

    def _called(self, call: ScriptedCall) -> Item:
        named = {} if call.id is None else {"call_id": call.id}
        arguments = "".join(call.arguments)
        return {"type": "function_call", "id": self._own("fc"), **named, "name": call.name, "arguments": arguments}

    def _response(self, story: Story, model: str, status: str, output: list[Item]) -> Item:
        usage = None
        if story.usage is not None and status != "in_progress":
            usage = {
                "input_tokens": story.usage.get("prompt_tokens", 0),
                "output_tokens": story.usage.get("completion_tokens", len(story.words())),
            }
        named = {"id": self._id, "object": "response", "model": model, "status": status}
        return {**named, "error": None, "incomplete_details": None, "output": output, "usage": usage}

    def _event(self, story: Story, kind: str, **fields: object) -> bytes:
        data = {"type": kind, "sequence_number": next(self._numbers), **fields}
        return f"event: {kind}{story.line_end}".encode() + event(story, json.dumps(data))

    def _own(self, prefix: str) -> str:
        return f"{prefix}_{self._id.removeprefix('resp_')}_{next(self._ids)}"


# What an item does not have yet when it begins.
_EMPTY: Mapping[str, Mapping[str, object]] = {
    "message": {"content": []},
    "function_call": {"arguments": ""},
    "reasoning": {"summary": []},
    "web_search_call": {"action": None},
}


def items_in(body: Mapping[str, object]) -> list[Item]:
    """What a request adds to the conversation."""
    given = body.get("input")
    return list(given) if isinstance(given, list) else [{"role": "user", "content": given}]


def _message(item: Item) -> Message:
    """An item as chat completions has it."""
    match item.get("type", "message"):
        case "function_call":
            function = {"name": item["name"], "arguments": item["arguments"]}
            return {"role": "assistant", "content": None, "tool_calls": [{"id": item["call_id"], "function": function}]}
        case "function_call_output":
            return {"role": "tool", "tool_call_id": item["call_id"], "content": item["output"]}
        case "message":
            content = item["content"]
            parts = content if isinstance(content, list) else [{"text": content}]
            return {"role": item["role"], "content": "".join(str(part.get("text", "")) for part in parts)}
        case kind:
            return {"role": kind, "content": None}
