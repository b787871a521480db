"""What of a conversation a model is sent: the newest whole turns that fit its window."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby

from bot.errors import ParleyError
from bot.messages import ChatMessage, Role, spoken
from bot.runs.model import Run, RunKind
from bot.store.messages import StoredMessage

# What a message costs beyond its text: role and separators; four tokens in OpenAI's models, a few more in others.
TOKENS_PER_MESSAGE = 6
CONTINUE = "Continue your last message exactly where it stops. Do not repeat any of it."


class TooLong(ParleyError):
    """The question does not fit what the model can read."""


def build(
    history: Iterable[StoredMessage],
    run: Run,
    *,
    system_prompt: str,
    count: Callable[[str], int],
    window_tokens: int,
    answer_tokens: int,
    partial: str = "",
) -> tuple[ChatMessage, ...]:
    """The messages of a request: the system prompt, then as many whole turns as leave room for the answer.

    `history` is newest first; a turn is what one run answered and wrote.  Of the newest turn, which holds what is
    asked, the newest messages are kept if they are too many.  Raises: TooLong if not even one of them fits.
    """
    room = window_tokens - answer_tokens - count(system_prompt) - TOKENS_PER_MESSAGE
    kept: list[StoredMessage] = []
    for _, group in groupby(history, key=lambda message: message.run_id):
        turn = list(group)
        if not kept:
            turn = _newest_that_fit(turn, room)
            if not turn:
                raise TooLong(
                    f"This is longer than the model can read: it takes about {window_tokens:,} tokens, "
                    "question and answer together. Please shorten it."
                )
        if _cost(turn) > room:
            break
        room -= _cost(turn)
        kept.extend(turn)
    messages = [ChatMessage(role=Role.SYSTEM, content=system_prompt)] if system_prompt else []
    messages.extend(_as_sent(message) for message in reversed(kept))
    if run.kind is RunKind.CONTINUE:
        messages.append(ChatMessage(role=Role.USER, content=CONTINUE))
    if partial:
        messages.append(ChatMessage(role=Role.ASSISTANT, content=partial))
        messages.append(ChatMessage(role=Role.USER, content=CONTINUE))
    return tuple(messages)


def _newest_that_fit(turn: list[StoredMessage], room: int) -> list[StoredMessage]:
    """The newest messages of a turn, newest first, that together fit."""
    while turn and _cost(turn) > room:
        turn = turn[:-1]
    return turn


def _cost(turn: list[StoredMessage]) -> int:
    return sum(message.tokens + TOKENS_PER_MESSAGE for message in turn)


def _as_sent(message: StoredMessage) -> ChatMessage:
    if message.role is not Role.USER:
        return ChatMessage(role=message.role, content=message.text)
    return ChatMessage(
        role=Role.USER,
        content=spoken(message.author_name or "", message.text, message.quote_author, message.quote_text),
    )
