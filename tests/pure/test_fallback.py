"""Who is asked, and who is left out for a while."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bot.messages import PARTIAL, ChatMessage, ProviderRequest, Role
from bot.providers.fallback import REST_SECONDS, Circuit, Link, chain, given_up

FIRST, SECOND, THIRD = (Link(provider=name, model="m") for name in ("first", "second", "third"))
LINKS = (FIRST, SECOND, THIRD)
QUESTION = ChatMessage(role=Role.USER, content="?")
OUTPUT = ChatMessage(role=Role.TOOL, content="4", tool_call_id="call_1")
WRITTEN = ChatMessage(role=Role.ASSISTANT, content="So far", key=PARTIAL)
THEIR_RUN = {"second": {"run": {"id": "run_1", "owner": "run 1"}}}


def request(*messages: ChatMessage, **bookmarks: Mapping[str, object]) -> ProviderRequest:
    """A request of run 1."""
    return ProviderRequest(model="first/m", messages=messages, run_key="run 1", bookmarks=bookmarks)


def test_model_that_failed_is_left_out_for_a_while() -> None:
    """Then it is the first again."""
    circuit = Circuit()
    circuit.failed(FIRST, "was overloaded", 100.0)
    assert circuit.why(FIRST, 100.0) == "was overloaded"
    assert chain(LINKS, request(QUESTION), circuit, 100.0) == (SECOND, THIRD)
    assert chain(LINKS, request(QUESTION), circuit, 100.0 + REST_SECONDS) == LINKS


def test_when_all_have_failed_all_are_asked() -> None:
    """In the host's order: somebody may have recovered."""
    circuit = Circuit()
    for link in LINKS:
        circuit.failed(link, "was overloaded", 0.0)
    assert chain((*LINKS, FIRST), request(QUESTION), circuit, 1.0) == LINKS


@pytest.mark.parametrize(
    ("asked", "tried"),
    [
        (request(QUESTION, OUTPUT, **THEIR_RUN), (SECOND,)),
        (request(QUESTION, **THEIR_RUN), (SECOND, FIRST, THIRD)),
        (request(QUESTION, OUTPUT, second={"run": {"id": "run_1", "owner": "run 0"}}), LINKS),
        (request(QUESTION, OUTPUT, second={"response_id": "resp_1"}), LINKS),
        (request(QUESTION, OUTPUT, second={"run": None}), LINKS),
        (request(QUESTION, OUTPUT, elsewhere=THEIR_RUN["second"]), LINKS),
        (request(QUESTION, OUTPUT, second=given_up(THEIR_RUN["second"])), LINKS),
        (request(QUESTION, WRITTEN), (FIRST,)),
    ],
)
def test_who_keeps_the_run_is_not_left(asked: ProviderRequest, tried: tuple[Link, ...]) -> None:
    """Outputs go to whoever waits for them, and what was shown is gone on with by one alone."""
    assert chain(LINKS, asked, Circuit(), 0.0) == tried
