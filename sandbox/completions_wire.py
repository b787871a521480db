"""Stories as the legacy completions API tells them: one text, no tools."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle

from sandbox.chat_wire import ended, event
from sandbox.serials import Message
from sandbox.stories import Frame, Story

TURN = re.compile(r"^(User|Assistant):", re.MULTILINE)


class CompletionsWire:
    """The older completions."""

    path = "/completions"

    def messages(self, body: Mapping[str, object]) -> Sequence[Message]:
        """The turns that the prompt is made of; an answer that is only announced is none."""
        _, *parts = TURN.split(str(body.get("prompt") or ""))
        turns = zip(parts[::2], parts[1::2], strict=True)
        return [{"role": who.lower(), "content": text.strip()} for who, text in turns if text.strip()]

    def frames(self, story: Story, model: str) -> Iterator[Frame]:
        """Chunks of text, the usage and `[DONE]`."""
        head = f'{{"id":"cmpl-1","object":"text_completion","created":0,"model":{json.dumps(model)},"choices":['

        def chunk(text: str, finish: str | None = None) -> bytes:
            choice = {"index": 0, "text": text, "finish_reason": finish}
            return event(story, f"{head}{json.dumps(choice)}]}}")

        frames = [Frame(chunk(word), word, True) for word in story.words()]
        if story.is_endless:
            return cycle(frames)
        if story.finish_reason is not None:
            frames.append(Frame(chunk("", story.finish_reason)))
        return iter(ended(story, frames, head))

    def whole(self, story: Story, model: str) -> bytes:
        """A completion that is not streamed."""
        choice = {"index": 0, "text": story.answer(), "finish_reason": story.finish_reason}
        return json.dumps({"id": "cmpl-1", "model": model, "choices": [choice], "usage": story.usage}).encode()
