"""The answers after the first, where several were asked for; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.providers.events import TextDelta
from bot.providers.thinking import ThinkingSplitter

# As many as may be asked for (`n` in `bot.providers.parameters`); a server that sends more is not listened to.
MAX_CHOICES = 8
# Of one answer: more than anybody reads, and than the first may have.
MAX_CHARACTERS = 200_000

Json = Mapping[str, object]


@dataclass(slots=True)
class _Choice:
    thinking: ThinkingSplitter = field(default_factory=ThinkingSplitter)
    pieces: list[str] = field(default_factory=list)
    characters: int = 0
    is_ended: bool = False
    has_calls: bool = False

    def add(self, text: str) -> None:
        if self.characters < MAX_CHARACTERS:
            said = [event.text for event in self.thinking.feed(text) if isinstance(event, TextDelta)]
            self.pieces += said
            self.characters += sum(map(len, said))


class FurtherChoices:
    """What the choices after the first come to: texts alone, for calls are made of the first."""

    def __init__(self) -> None:
        self._choices: dict[int, _Choice] = {}

    def feed(self, index: int, choice: Json) -> None:
        """More of the choice with this index."""
        if index >= MAX_CHOICES:
            return
        known = self._choices.setdefault(index, _Choice())
        message = choice.get("delta") or choice.get("message") or {"content": choice.get("text")}
        if isinstance(message, dict):
            known.has_calls = known.has_calls or bool(message.get("tool_calls") or message.get("function_call"))
            known.add(_content(message))
        known.is_ended = known.is_ended or bool(choice.get("finish_reason"))

    @property
    def are_ended(self) -> bool:
        """Whether all that were begun are whole."""
        return all(choice.is_ended for choice in self._choices.values())

    def texts(self, *, is_done: bool) -> tuple[str, ...]:
        """Those that are whole, which all are if the stream is done, in their order."""
        whole = [
            choice
            for _, choice in sorted(self._choices.items())
            if (choice.is_ended or is_done) and not choice.has_calls
        ]
        for choice in whole:
            choice.pieces += [event.text for event in choice.thinking.close() if isinstance(event, TextDelta)]
        return tuple(text for choice in whole if (text := "".join(choice.pieces)).strip())


def _content(message: Json) -> str:
    content = message.get("content") or message.get("refusal")
    parts = content if isinstance(content, list) else [content]
    texts = [part.get("text") if isinstance(part, dict) else part for part in parts]
    return "".join(text for text in texts if isinstance(text, str))
