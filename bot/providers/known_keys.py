"""What of a conversation is new to a provider that keeps it itself, by the keys of its messages; pure.

One answer of the provider is one message here, so keys repeat: all that a run wrote has one.  What was written of an
interrupted answer and the requests to go on with it have no place among the known, because they are gone when the
answer is whole.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.messages import GO_ON, PARTIAL, ChatMessage, Role


def keys_of(messages: Sequence[ChatMessage]) -> tuple[str, ...]:
    """The keys of the messages that stay in the conversation."""
    return tuple(message.key for message in messages if _stays(message))


def unsent(
    messages: Sequence[ChatMessage], known: Sequence[str], *, removed: int = 0
) -> tuple[ChatMessage, ...] | None:
    """The messages after those that are known, without the system's; None if all have to be sent, to a new beginning.

    Of what is known the oldest may have left the window of the model; anything else that is not how the conversation
    begins now was edited, or came to be elsewhere.  `removed` is how many messages were deleted since: which they
    were does not matter, because one that has left the window is still kept by the provider.
    """
    if removed:
        return None
    keys = keys_of(messages)
    shared = next((size for size in range(min(len(known), len(keys)), 0, -1) if keys[:size] == tuple(known[-size:])), 0)
    if not shared:
        return None
    last = [number for number, message in enumerate(messages) if _stays(message)][shared - 1]
    return tuple(messages[last + 1 :]) or None


def _stays(message: ChatMessage) -> bool:
    return message.role is not Role.SYSTEM and message.key not in (PARTIAL, GO_ON)
