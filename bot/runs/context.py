"""What of a conversation a model is sent: the newest whole turns that fit its window."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import groupby
from types import MappingProxyType
from typing import Any

from bot.errors import ParleyError
from bot.messages import GO_ON, PARTIAL, ChatMessage, Role, ToolCall, ToolSpec, spoken
from bot.runs.model import Run, RunKind
from bot.store.messages import StoredMessage
from bot.store.tool_calls import StoredCall

# What a message costs beyond its text: role and separators; four tokens in OpenAI's models, a few more in others.
TOKENS_PER_MESSAGE = 6
CONTINUE = "Continue your last message exactly where it stops. Do not repeat any of it."
ASKED_TO_GO_ON = ChatMessage(role=Role.USER, content=CONTINUE, key=GO_ON)
# The output of a call that was begun, and of which nothing more is known.
OUTCOME_UNKNOWN = "The outcome is unknown: the call was interrupted, and may or may not have had its effect."
# The output of one that was left waiting, by an answer that was stopped or that expired.
NOT_CARRIED_OUT = "It was not carried out."
NO_CALLS: Mapping[int, tuple[StoredCall, ...]] = MappingProxyType({})
NOTHING_CARRIED: Mapping[int, Mapping[str, Any]] = MappingProxyType({})
# Tells an edited message from what it was; two of one id that are alike by chance do no harm.
KEY_DIGEST_BYTES = 6


class TooLong(ParleyError):
    """The question does not fit what the model can read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A stored message as it is sent: one message, or for a step the model's and one for each of its calls."""

    run_id: int | None
    sent: tuple[ChatMessage, ...]
    tokens: int

    @property
    def is_question(self) -> bool:
        """Whether a person said it."""
        return self.sent[0].role is Role.USER

    @property
    def is_step(self) -> bool:
        """Whether the model asked for tools in it."""
        return bool(self.sent[0].tool_calls)


def build(
    history: Iterable[StoredMessage],
    run: Run,
    *,
    system_prompt: str,
    count: Callable[[str], int],
    window_tokens: int,
    answer_tokens: int,
    calls: Mapping[int, tuple[StoredCall, ...]] = NO_CALLS,
    carried: Mapping[int, Mapping[str, Any]] = NOTHING_CARRIED,
    tools: Iterable[ToolSpec] = (),
    partial: str = "",
) -> tuple[ChatMessage, ...]:
    """The messages of a request: the system prompt, then as many whole turns as leave room for the answer.

    `history` is newest first, `calls` are those of its messages, by their ids, and `carried` what the provider gave
    beside them; a turn is what was asked and all that
    was written for it.  Of the newest turn, which holds what is asked, the newest messages are kept if they are too
    many.  `tools` are sent beside the messages and take their part of the window.  With `partial`, what the model had
    written when it was interrupted, it is asked to go on from there.  Raises: TooLong if nothing fits.
    """
    prompts = [system_prompt, *([partial, CONTINUE] if partial else []), *([CONTINUE] if _continues(run) else [])]
    texts = (*prompts, *(tool.words for tool in tools))
    room = window_tokens - answer_tokens - sum(count(text) + TOKENS_PER_MESSAGE for text in texts)
    kept: list[Entry] = []
    for turn in _turns(_entry(message, calls.get(message.id, ()), count, carried) for message in history):
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
    beginning = [ChatMessage(role=Role.SYSTEM, content=system_prompt)] if system_prompt else []
    return (*beginning, *_in_order(kept, run, partial))


def _in_order(kept: list[Entry], run: Run, partial: str) -> Iterator[ChatMessage]:
    """What is sent of a conversation, oldest first, and the request to go on where the text to go on with ends."""
    goes_on = _continues(run)
    for entry in reversed(kept):
        if goes_on and entry.run_id == run.id:
            yield ASKED_TO_GO_ON
            goes_on = False
        yield from entry.sent
    if partial:
        yield ChatMessage(role=Role.ASSISTANT, content=partial, key=PARTIAL)
    if partial or goes_on:
        yield ASKED_TO_GO_ON


def _turns(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """The turns, newest first: a run that answers again or goes on belongs to the question of an earlier one."""
    turn: list[Entry] = []
    for _, group in groupby(entries, key=lambda entry: entry.run_id):
        turn.extend(group)
        if any(entry.is_question for entry in turn):
            yield turn
            turn = []
    if turn:
        yield turn


def _newest_that_fit(turn: list[Entry], room: int) -> list[Entry]:
    """The newest of a turn, newest first, that together fit; a step is never sent without the question it is for."""
    needed = next((entry for entry in turn if entry.is_question), None) if turn[0].is_step else None
    for oldest in turn[:0:-1]:
        if _cost(turn) <= room:
            break
        turn = [entry for entry in turn if entry is not oldest or entry is needed]
    return turn if _cost(turn) <= room else []


def _cost(turn: list[Entry]) -> int:
    return sum(entry.tokens for entry in turn)


def _continues(run: Run) -> bool:
    return run.kind is RunKind.CONTINUE


def _entry(
    message: StoredMessage,
    calls: tuple[StoredCall, ...],
    count: Callable[[str], int],
    carried: Mapping[int, Mapping[str, Any]],
) -> Entry:
    """What a message becomes; the tokens of its text were counted when it was stored."""
    first, tokens = _as_sent(message, calls, carried.get(message.id)), message.tokens + TOKENS_PER_MESSAGE
    if not calls:
        return Entry(run_id=message.run_id, sent=(first,), tokens=tokens)
    outputs = tuple(_as_output(call) for call in calls)
    asked = sum(count(call.name) + count(call.arguments) + TOKENS_PER_MESSAGE for call in calls)
    answered = sum(count(output.content) + TOKENS_PER_MESSAGE for output in outputs)
    return Entry(run_id=message.run_id, sent=(first, *outputs), tokens=tokens + asked + answered)


def _as_output(call: StoredCall) -> ChatMessage:
    said = call.output or (NOT_CARRIED_OUT if call.started_at is None else OUTCOME_UNKNOWN)
    return ChatMessage(role=Role.TOOL, content=said, tool_call_id=call.call_id, key=run_key(call.run_id))


def run_key(run_id: int | None) -> str:
    """How providers that keep conversations know what a run wrote."""
    return f"run {run_id}"


def _as_sent(message: StoredMessage, calls: tuple[StoredCall, ...], carried: Mapping[str, Any] | None) -> ChatMessage:
    if message.role is not Role.USER:
        asked = tuple(ToolCall(id=call.call_id, name=call.name, arguments=call.arguments) for call in calls)
        key = run_key(message.run_id)
        return ChatMessage(role=message.role, content=message.text, tool_calls=asked, carried=carried, key=key)
    words = spoken(message.author_name or "", message.text, message.quote_author, message.quote_text)
    digest = blake2b(words.encode("utf-8", "replace"), digest_size=KEY_DIGEST_BYTES).hexdigest()
    return ChatMessage(role=Role.USER, content=words, key=f"{message.id} {digest}")
