"""What of a conversation is new to a provider that keeps it."""

from __future__ import annotations

import pytest

from bot.messages import GO_ON, PARTIAL, ChatMessage, Role
from bot.providers.known_keys import keys_of, unsent

SYSTEM = ChatMessage(role=Role.SYSTEM, content="Be kind.")


def messages(keys: str) -> tuple[ChatMessage, ...]:
    """A conversation by its keys, with `…` for an interrupted answer and `>` for the request to go on."""
    words = {"…": PARTIAL, ">": GO_ON}
    return (SYSTEM, *(ChatMessage(role=Role.USER, content="", key=words.get(key, key)) for key in keys.split()))


@pytest.mark.parametrize(
    ("sent", "known", "new"),
    [
        ("q1", "", None),
        ("q1 r1 q2", "q1 r1", "q2"),
        ("q1 r1 r1 r1", "q1 r1", "r1 r1"),
        ("q1 r1 r1 r1 r1 q2", "q1 r1 r1 r1 r1", "q2"),
        ("q1 r1 … >", "q1 r1", "… >"),
        ("q1 r1 >", "q1 r1", ">"),
        ("q1 r1 > r2 r2", "q1 r1 r2", "r2"),
        ("q1 r1 r2 q3", "q1 r1 r2", "q3"),
        ("q2 r2 q3", "q1 r1 q2 r2", "q3"),
        ("q1 r1 q2 r2 q3", "q2 r2", None),
        ("q1 edited r1 q2", "q1 r1", None),
        ("q1", "q1 r1", None),
        ("q1 r1", "q1 r1", None),
        ("q1 r1 r9 q2", "q1 r1", "r9 q2"),
    ],
)
def test_unsent_is_what_follows_the_known(sent: str, known: str, new: str | None) -> None:
    """Only what is new goes out, unless the conversation is no longer the one that the provider keeps."""
    expected = None if new is None else messages(new)[1:]
    assert unsent(messages(sent), known.split()) == expected


def test_nothing_is_known_of_a_conversation_that_lost_a_message() -> None:
    """What was deleted may be all that the keys do not show: the oldest, or what left the window before."""
    assert unsent(messages("q2 r2 q3"), ("q1", "r1", "q2", "r2"), removed=1) is None


def test_keys_leave_out_what_does_not_stay() -> None:
    """The instructions, a broken answer and the request to go on are in no history."""
    assert keys_of(messages("q1 … > q2")) == ("q1", "q2")
