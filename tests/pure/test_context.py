"""Which part of a conversation a model is sent."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import MAX_QUOTE_CHARACTERS, ChatMessage, Role, ToolSpec, alternating, spoken
from bot.runs.context import CONTINUE, NO_CALLS, NOT_CARRIED_OUT, OUTCOME_UNKNOWN, TOKENS_PER_MESSAGE, TooLong, build
from bot.runs.model import Run, RunKind
from bot.store.messages import StoredMessage
from bot.store.tool_calls import StoredCall
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
        quote_author_id=None,
        run_id=run_id,
        tokens=tokens,
        created_at=ASKED_AT,
    )


WAITING = "(waits)"  # the output of a call that was never begun


def a_call(message_id: int, position: int, output: str | None) -> StoredCall:
    """One call of a message."""
    return StoredCall(
        id=message_id * 10 + position,
        run_id=7,
        message_id=message_id,
        position=position,
        call_id=f"call_{message_id}_{position}",
        name="roll",
        arguments="{}",
        started_at=None if output == WAITING else ASKED_AT,
        ended_at=None,
        output=None if output == WAITING else output,
    )


def calling(message_id: int, *outputs: str | None) -> dict[int, tuple[StoredCall, ...]]:
    """A message's calls with these outputs."""
    return {message_id: tuple(a_call(message_id, position, output) for position, output in enumerate(outputs))}


def request(
    history: list[StoredMessage],
    run: Run,
    *,
    window_tokens: int = 8192,
    calls: Mapping[int, tuple[StoredCall, ...]] = NO_CALLS,
    tools: tuple[ToolSpec, ...] = (),
    partial: str = "",
) -> tuple[ChatMessage, ...]:
    """The messages of the request as strict providers get them, at one token for each character."""
    return alternating(
        build(
            history,
            run,
            system_prompt=SYSTEM,
            count=len,
            window_tokens=window_tokens,
            answer_tokens=100,
            calls=calls,
            tools=tools,
            partial=partial,
        )
    )


def sent(
    history: list[StoredMessage],
    run: Run,
    *,
    window_tokens: int = 8192,
    calls: Mapping[int, tuple[StoredCall, ...]] = NO_CALLS,
    partial: str = "",
) -> list[tuple[str, str]]:
    """The roles and texts of the request."""
    messages = request(history, run, window_tokens=window_tokens, calls=calls, partial=partial)
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


def test_build_joins_what_was_continued() -> None:
    """An answer in several parts is one message: two of an assistant's in a row are refused by strict templates."""
    history = [
        said(5, 7, " stormy", role=Role.ASSISTANT),
        said(4, 6, "It was a dark and", role=Role.ASSISTANT),
        said(3, 6, "Tell me a story"),
    ]
    assert sent(history, a_run(id=8, kind=RunKind.CONTINUE))[1:] == [
        ("user", "(from Ada) Tell me a story"),
        ("assistant", "It was a dark and stormy"),
        ("user", CONTINUE),
    ]


def test_build_keeps_the_parts_of_an_answer_together() -> None:
    """What was continued is one turn with its question: it is sent whole or not at all."""
    history = [said(6, 8, "now"), said(5, 7, "part two", role=Role.ASSISTANT), said(4, 6, "part one", tokens=500)]
    assert sent(history, a_run(id=8), window_tokens=500) == [("system", SYSTEM), ("user", "(from Ada) now")]


def test_build_asks_to_go_on_after_an_answer_that_was_interrupted() -> None:
    """What the model had written comes back to it, and takes its part of the window."""
    history = [said(5, 7, "Tell me a story"), said(4, 6, "Hi.", role=Role.ASSISTANT, tokens=100), said(3, 6, "Hi")]
    wanted = [
        ("user", "(from Ada) Tell me a story"),
        ("assistant", "It was a"),
        ("user", CONTINUE),
    ]
    assert sent(history, a_run(id=7), partial="It was a")[3:] == wanted
    assert sent(history, a_run(id=7), partial="It was a", window_tokens=340)[1:] == wanted
    assert len(sent(history, a_run(id=7), window_tokens=340)) == 4


def test_build_asks_once_to_go_on_after_a_continuation_that_was_interrupted() -> None:
    """The part before and what came of the next one are one text, which the model continues."""
    history = [said(4, 6, "It was a dark and", role=Role.ASSISTANT), said(3, 6, "Tell me a story")]
    assert sent(history, a_run(id=7, kind=RunKind.CONTINUE), partial=" stormy ni")[2:] == [
        ("assistant", "It was a dark and stormy ni"),
        ("user", CONTINUE),
    ]


def test_build_sends_each_call_with_its_output() -> None:
    """After the message that asks comes one for each call, in order; what nobody knows, or did, is said to be so."""
    history = [said(4, 7, "I roll.", role=Role.ASSISTANT), said(3, 7, "Roll!")]
    messages = request(history, a_run(id=7), calls=calling(4, "5", None, WAITING))
    assert [call.id for call in messages[2].tool_calls] == ["call_4_0", "call_4_1", "call_4_2"]
    assert [(message.role, message.content, message.tool_call_id) for message in messages[2:]] == [
        (Role.ASSISTANT, "I roll.", None),
        (Role.TOOL, "5", "call_4_0"),
        (Role.TOOL, OUTCOME_UNKNOWN, "call_4_1"),
        (Role.TOOL, NOT_CARRIED_OUT, "call_4_2"),
    ]


def test_build_goes_on_after_a_step_where_it_stood() -> None:
    """The wish to go on stands before the calls that it led to, and again behind what was interrupted after them."""
    history = [
        said(5, 7, "", role=Role.ASSISTANT),
        said(4, 6, "It was a dark and", role=Role.ASSISTANT),
        said(3, 6, "Tell me a story"),
    ]
    run = a_run(id=7, kind=RunKind.CONTINUE)
    step = [("assistant", "It was a dark and"), ("user", CONTINUE), ("assistant", ""), ("tool", "5")]
    assert sent(history, run, calls=calling(5, "5"))[2:] == step
    assert sent(history, run, calls=calling(5, "5"), partial=" stormy")[2:] == [
        *step,
        ("assistant", " stormy"),
        ("user", CONTINUE),
    ]


def test_build_counts_what_calls_and_tools_cost() -> None:
    """Arguments, outputs and the offered functions take their part of the window, as texts do."""
    history = [said(5, 7, "now"), said(4, 6, "", role=Role.ASSISTANT), said(3, 6, "Roll!")]
    spec = ToolSpec(name="roll", description="x" * 100, parameters={})
    assert len(request(history, a_run(id=7), window_tokens=500, calls=calling(4, "5"), tools=(spec,))) == 5
    assert len(request(history, a_run(id=7), window_tokens=400, calls=calling(4, "x" * 300))) == 2
    assert len(request(history, a_run(id=7), window_tokens=250, calls=calling(4, "5"))) == 5
    assert len(request(history, a_run(id=7), window_tokens=250, calls=calling(4, "5"), tools=(spec,))) == 2


def test_build_drops_old_steps_before_the_question_that_they_are_for() -> None:
    """Where the steps of one answer are too many, question and newest step are what the model needs."""
    history = [said(5, 7, "", role=Role.ASSISTANT), said(4, 7, "", role=Role.ASSISTANT), said(3, 7, "Roll!")]
    calls = {**calling(4, "x" * 300), **calling(5, "5")}
    assert sent(history, a_run(id=7), window_tokens=400, calls=calls) == [
        ("system", SYSTEM),
        ("user", "(from Ada) Roll!"),
        ("assistant", ""),
        ("tool", "5"),
    ]


def test_build_never_answers_a_step_without_its_question() -> None:
    """A newest step that leaves no room for its question is an error that is said, not a request without sense."""
    history = [said(4, 7, "", role=Role.ASSISTANT), said(3, 7, "Roll!")]
    with pytest.raises(TooLong):
        request(history, a_run(id=7), window_tokens=400, calls=calling(4, "x" * 300))


PEOPLE_AND_STEPS = st.lists(
    st.one_of(
        st.just(None),  # a person speaks
        st.lists(st.one_of(st.none(), st.text(max_size=50)), max_size=3),  # the model, with so many calls
    ),
    max_size=12,
)


@given(PEOPLE_AND_STEPS, st.sampled_from(RunKind), st.text(max_size=20), st.integers(1000, 2500))
def test_build_is_always_a_valid_request(
    told: list[list[str | None] | None], kind: RunKind, partial: str, window_tokens: int
) -> None:
    """Every call is followed by its output, no assistant speaks twice in a row, and all of it fits."""
    history = [said(0, 0, "Hi", tokens=len("(from Ada) Hi"))]
    calls: dict[int, tuple[StoredCall, ...]] = {}
    for id, outputs in enumerate(told, 1):
        role = Role.USER if outputs is None else Role.ASSISTANT
        run_id = history[-1].run_id or 0
        history.append(said(id, run_id + (role is Role.USER), "words", role=role, tokens=len("(from Ada) words")))
        calls |= calling(id, *(outputs or ()))
    run = a_run(id=history[-1].run_id, kind=kind)
    messages = request(history[::-1], run, window_tokens=window_tokens, calls=calls, partial=partial)
    owed: list[str] = []
    for before, message in zip((None, *messages), messages, strict=False):
        if message.role is Role.TOOL:
            assert message.tool_call_id == owed.pop(0)
            continue
        assert owed == []
        assert message.role is not Role.ASSISTANT or before is None or before.role is not Role.ASSISTANT
        owed = [call.id for call in message.tool_calls]
    assert owed == []
    texts = sum(len(message.content) for message in messages)
    assert texts + len(messages) * TOKENS_PER_MESSAGE + 100 <= window_tokens


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
