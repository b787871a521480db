"""Sentences for what a person cannot do, and the checks that several actions share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.semantics import BackendError, Engine, Message, SetupError
from sandbox.wire import Refused

SENTENCES = {
    10003: "There is no such channel.",
    10008: "There is no such message.",
    10013: "There is no such user.",
    50001: "You cannot see that channel.",
    50013: "You do not have the permission to do that here.",
    50083: "That thread is archived.",
    160004: "There is a thread on that message already.",
}


@contextmanager
def refusals() -> Iterator[None]:
    """Turn the engine's errors into sentences for a person."""
    try:
        yield
    except BackendError as exc:
        raise Refused(SENTENCES.get(exc.code, f"Discord refuses that: {exc.message}")) from exc
    except SetupError as exc:
        raise Refused(f"{exc}.") from exc


def visible_message(engine: Engine, user_id: int, channel_id: int, message_id: int) -> Message:
    """The message, if the user can see it."""
    message = engine.get_message(channel_id, message_id)
    if not engine.sees_message(user_id, message):
        raise Refused("You cannot see that message.")
    return message
