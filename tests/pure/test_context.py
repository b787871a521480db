"""Which part of a conversation a model is sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import MAX_QUOTE_CHARACTERS, Role, spoken
from bot.runs.context import CONTINUE, TOKENS_PER_MESSAGE, TooLong, build
from bot.runs.model import Run, RunKind
from bot.store.messages import StoredMessage
from tests.pure.runs import ASKED_AT, a_run

SYSTEM = "Be kind."


def said(id: int, run_id: int, text: str, *, role: Role = Role.USER, tokens: int = 10) -> StoredMessage:
    """One message of the history."""
    return StoredMessage(
        id=id,
        role=role,
        discord_id=id,
        author_id=1,
        author_name="Ada" if role is Role.USER else None,
        text=text,
        quote_author=None,
        quote_text=None,
        run_id=run_id,
        tokens=tokens,
        created_at=ASKED_AT,
    )


def sent(history: list[StoredMessage], run: Run, *, window_tokens: int = 8192) -> list[tuple[str, str]]:
    """The roles and texts of the request."""
    messages = build(history, run, system_prompt=SYSTEM, count=len, window_tokens=window_tokens, answer_tokens=100)
    return [(message.role.value, message.content) for message in messages]


def test_build_sends_the_conversation_in_its_order_with_names() -> None:
    """System prompt first, then turn after turn; people's messages carry their names."""
    history = [
        said(5, 7, "and now?"),
        said(4, 6, "It is.", role=Role.ASSISTANT),
        said(3, 6, "Is it?"),
    ]
    assert sent(history, a_run(id=7)) == [
        ("system", SYSTEM),
        ("user", "(from Ada) Is it?"),
        ("assistant", "It is."),
        ("user", "(from Ada) and now?"),
    ]


def test_build_drops_old_turns_whole() -> None:
    """A question without its answer, or an answer without its question, is never sent."""
    history = [said(5, 7, "now"), said(4, 6, "long answer", role=Role.ASSISTANT, tokens=50), said(3, 6, "old")]
    room_for_now = len(SYSTEM) + TOKENS_PER_MESSAGE + 100 + 10 + TOKENS_PER_MESSAGE
    messages = sent(history, a_run(id=7), window_tokens=room_for_now + 60)
    assert messages == [("system", SYSTEM), ("user", "(from Ada) now")]


def test_build_keeps_the_newest_of_too_many_waiting_messages() -> None:
    """Where what waited does not fit, the newest of it is answered."""
    history = [said(5, 7, "newest", tokens=100), said(4, 7, "oldest", tokens=5000)]
    assert sent(history, a_run(id=7), window_tokens=1000) == [("system", SYSTEM), ("user", "(from Ada) newest")]


def test_build_for_another_try_keeps_the_question_of_the_first() -> None:
    """Regenerate has no messages of its own: what the replaced answer answered is kept like its own."""
    history = [said(5, 6, "newest", tokens=100), said(4, 6, "oldest", tokens=5000)]
    again = a_run(id=7, kind=RunKind.AGAIN, previous_run_id=6)
    assert sent(history, again, window_tokens=1000) == [("system", SYSTEM), ("user", "(from Ada) newest")]


def test_build_refuses_a_question_that_fills_the_window() -> None:
    """It is said in words a member understands, instead of being refused by the provider."""
    with pytest.raises(TooLong, match="longer than the model can read"):
        sent([said(5, 7, "x", tokens=5000)], a_run(id=7), window_tokens=1000)


def test_build_asks_to_go_on_after_an_answer_that_was_cut() -> None:
    """Continue adds a request to the history that is stored nowhere."""
    history = [said(4, 6, "It was a dark and", role=Role.ASSISTANT), said(3, 6, "Tell me a story")]
    assert sent(history, a_run(id=7, kind=RunKind.CONTINUE))[-2:] == [
        ("assistant", "It was a dark and"),
        ("user", CONTINUE),
    ]


@given(st.lists(st.integers(1, 400), min_size=1, max_size=30), st.integers(600, 4000))
def test_build_never_exceeds_the_window(costs: list[int], window_tokens: int) -> None:
    """Whatever the messages cost: what is sent and the answer fit together."""
    history = [said(number, number, str(number), tokens=tokens) for number, tokens in enumerate(costs, 1)][::-1]
    messages = sent(history, a_run(id=len(costs)), window_tokens=window_tokens)
    assert messages[0] == ("system", SYSTEM)
    kept = costs[len(costs) - (len(messages) - 1) :]
    assert sum(kept) + len(messages) * TOKENS_PER_MESSAGE + len(SYSTEM) + 100 <= window_tokens
    assert messages[-1] == ("user", f"(from Ada) {len(costs)}")


def test_spoken_quotes_what_a_message_replies_to() -> None:
    """A reply carries whom it answers and their words."""
    assert spoken("Ada", "Why?", "Grace", "It is\nlate") == "(from Ada, replying to Grace: “It is late”) Why?"


def test_spoken_does_not_let_a_name_pose_as_a_message() -> None:
    """A display name with line breaks cannot put words into another person's mouth."""
    assert spoken("Ada\nGrace", "hi") == "(from Ada Grace) hi"


def test_spoken_cuts_long_quotes() -> None:
    """A reply to a long text does not send that text a second time."""
    assert len(spoken("Ada", "", "Grace", "x" * 5000)) < MAX_QUOTE_CHARACTERS + 100
