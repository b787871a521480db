"""One answer of the bot, as people see it."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.semantics import walk_components
from sandbox.wire import Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The messages of one answer as they are seen, oldest first."""

    messages: tuple[Payload, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """What each message says."""
        return tuple(message["content"] for message in self.messages)

    @property
    def text(self) -> str:
        """What the answer's only message says."""
        (text,) = self.texts
        return text

    @property
    def words(self) -> str:
        """What the answer says above its small print."""
        return "\n".join(line for text in self.texts for line in text.split("\n") if not line.startswith("-# "))

    @property
    def small_print(self) -> list[str]:
        """The lines of its small print."""
        return [line[3:] for text in self.texts for line in text.split("\n") if line.startswith("-# ")]

    @property
    def ids(self) -> tuple[int, ...]:
        """The ids of the messages."""
        return tuple(int(message["id"]) for message in self.messages)

    @property
    def channel_id(self) -> int:
        """Where the answer is."""
        return int(self.messages[0]["channel_id"])

    @property
    def question_id(self) -> int | None:
        """The message that the answer replies to."""
        reference = self.messages[0].get("message_reference")
        return None if reference is None else int(reference["message_id"])

    @property
    def buttons(self) -> dict[str, str]:
        """Custom ids by label, of the last message's buttons."""
        shown = walk_components(self.messages[-1]["components"])
        return {button["label"]: button["custom_id"] for button in shown if button.get("label")}

    @property
    def run_id(self) -> int | None:
        """The run that its buttons name."""
        return next((int(custom_id.rpartition(":")[2]) for custom_id in self.buttons.values()), None)

    @property
    def is_final(self) -> bool:
        """Whether it will not change any more by itself."""
        return bool(self.buttons) and "Stop" not in self.buttons
