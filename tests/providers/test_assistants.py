"""Threads and runs over real sockets, against a server that keeps to the API's rules and breaks in every way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.messages import ToolChoice
from bot.providers.assistants.adapter import Assistants
from bot.providers.events import (
    Finished,
    FinishReason,
    RemoteStep,
    ToolCallDone,
    Usage,
)
from bot.providers.transport import Transport
from sandbox.provider import ScriptedProvider
from sandbox.runs_api import RunsServer
from sandbox.stories import Story, refusal
from tests.providers.asking import text_of
from tests.providers.conftest import Waits
from tests.providers.remote import ASKS, DONE, Talk, assistants, said


@pytest.fixture
def adapter(provider: ScriptedProvider, transport: Transport, waits: Waits) -> Assistants:
    """The adapter as a host configures it who only says that this is its API."""
    return assistants(transport, provider.base_url, waits)


@pytest.fixture
def talk() -> Talk:
    """A conversation that begins."""
    talk = Talk()
    talk.ask("Roll!")
    return talk


async def test_next_question_is_added_to_the_thread(
    talk: Talk, adapter: Assistants, server: RunsServer, provider: ScriptedProvider
) -> None:
    """The provider keeps what was said, so only what is new is sent."""
    provider.play(Story(text="A five."), Story(text="A two."))
    await talk.answer(adapter)
    talk.ask("Again!")
    await talk.answer(adapter)
    assert said(server, talk.thread_id) == [
        ("user", "Roll!"),
        ("assistant", "A five."),
        ("user", "Again!"),
        ("assistant", "A two."),
    ]
    assert [(len(server.sent("POST", end))) for end in ("/threads", "/messages", "/runs")] == [1, 1, 2]


async def test_run_says_what_was_asked(
    talk: Talk, adapter: Assistants, server: RunsServer, provider: ScriptedProvider
) -> None:
    """The model, the instructions, the tools and the parameters of this answer are those of its run."""
    talk.changes = {
        "tool_choice": ToolChoice.REQUIRED,
        "parallel_tool_calls": False,
        "max_output_tokens": 300,
        "parameters": {"temperature": 0.5, "seed": 7},
    }
    await talk.answer(adapter)
    (request,) = server.sent("POST", "/runs")
    body = dict(request.body)
    assert str(body.pop("metadata")).startswith("{'parley': ")
    assert body == {
        "assistant_id": next(iter(server.assistants)),
        "model": "scripted",
        "instructions": "Be kind.",
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "roll",
                    "description": "Roll dice",
                    "parameters": {"type": "object", "properties": {}},
                },
            }
        ],
        "tool_choice": "required",
        "parallel_tool_calls": False,
        "max_completion_tokens": 300,
        "temperature": 0.5,
        "stream": True,
    }
    assert request.headers["OpenAI-Beta"] == "assistants=v2"
    assert provider.requests[0].headers["Authorization"] == "Bearer sk-right-key"


async def test_request_without_a_run_leaves_nothing(talk: Talk, adapter: Assistants, server: RunsServer) -> None:
    """A summary of a conversation is no part of any; its run has ended, so that its thread alone is deleted."""
    talk.changes = {"run_key": ""}
    assert text_of(await talk.answer(adapter)) == Story().answer()
    assert (server.threads, server.sent("POST", "/cancel")) == ({}, [])


async def test_own_assistant_is_made_once(
    talk: Talk, adapter: Assistants, server: RunsServer, provider: ScriptedProvider, transport: Transport, waits: Waits
) -> None:
    """Also after a restart the one that was made for a model is found again."""
    await talk.answer(adapter)
    talk.ask("Again!")
    await talk.answer(adapter)
    talk.ask("And again!")
    await talk.answer(assistants(transport, provider.base_url, waits))
    assert len(server.assistants) == 1


async def test_own_assistant_that_is_gone_is_made_anew(talk: Talk, adapter: Assistants, server: RunsServer) -> None:
    """Somebody who tidies up at the provider does not end a conversation."""
    await talk.answer(adapter)
    server.assistants.clear()
    talk.ask("Again!")
    assert text_of(await talk.answer(adapter)) == Story().answer()
    assert len(server.assistants) == 1


async def test_new_conversation_does_not_need_an_assistant_that_is_gone(
    talk: Talk, adapter: Assistants, server: RunsServer
) -> None:
    """What was remembered of it is forgotten, also where nothing else was lost."""
    await talk.answer(adapter)
    server.assistants.clear()
    another = Talk()
    another.ask("Hi!")
    assert text_of(await another.answer(adapter)) == Story().answer()


async def test_calls_without_words_cost_no_further_request(
    talk: Talk, adapter: Assistants, server: RunsServer, provider: ScriptedProvider
) -> None:
    """What a stream has told is not asked for."""
    provider.play(replace(ASKS, pieces=None), DONE)
    assert text_of(await talk.answer(adapter)) == ""
    talk.give("5", "2")
    await talk.answer(adapter)
    assert [each.path for each in server.requests if each.method == "GET"] == ["/assistants"]


async def test_host_may_name_an_assistant(
    talk: Talk, server: RunsServer, provider: ScriptedProvider, transport: Transport, waits: Waits
) -> None:
    """Then none is made, and its own parameters of the request are the host's."""
    adapter = assistants(
        transport, provider.base_url, waits, assistant_id="asst_host", extra_body={"truncation_strategy": "auto"}
    )
    await talk.answer(adapter)
    assert server.runs[0].body["assistant_id"] == "asst_host"
    assert server.runs[0].body["truncation_strategy"] == "auto"
    assert server.assistants == {}


@pytest.mark.parametrize(
    ("complaint", "changes", "field"),
    [
        ("Unsupported parameter: 'temperature'", {"parameters": {"temperature": 0.5, "top_p": 1}}, "temperature"),
        ("Unsupported value: 'reasoning_effort'", {"parameters": {"reasoning_effort": "low"}}, "reasoning_effort"),
        (
            "Unknown parameter: 'response_format'",
            {"parameters": {"response_format": {"type": "text"}}},
            "response_format",
        ),
        ("Unknown parameter: 'max_completion_tokens'", {"max_output_tokens": 99}, "max_completion_tokens"),
        ("Unknown parameter: 'parallel_tool_calls'", {"parallel_tool_calls": True}, "parallel_tool_calls"),
        ("Unknown parameter: 'tool_choice'", {"tool_choice": ToolChoice.REQUIRED}, "tool_choice"),
        ("This model does not support tools.", {}, "tools"),
    ],
)
async def test_what_a_server_refuses_of_a_run_is_left_out(
    talk: Talk,
    adapter: Assistants,
    server: RunsServer,
    provider: ScriptedProvider,
    complaint: str,
    changes: dict[str, Any],
    field: str,
) -> None:
    """At once, in the same thread, and from then on; all else is said as before."""
    talk.changes = changes
    provider.play(refusal(400, "x", complaint))
    assert text_of(await talk.answer(adapter)) == Story().answer()
    talk.ask("Again!")
    await talk.answer(adapter)
    refused, *others = (request.body for request in server.sent("POST", "/runs"))
    assert [refused.keys() - body.keys() for body in others] == [{field}, {field}]
    assert len(server.threads) == 1
    assert len(said(server, talk.thread_id)) == 4
    assert adapter.takes_tools("scripted") is (field != "tools")


async def test_outputs_are_submitted_together_and_once(
    talk: Talk, adapter: Assistants, server: RunsServer, provider: ScriptedProvider
) -> None:
    """Two calls of a step are answered by one request, and the same run goes on to its end."""
    provider.play(ASKS, DONE)
    first = await talk.answer(adapter)
    assert text_of(first) == "Let me see."
    assert [event.arguments for event in first if isinstance(event, ToolCallDone)] == ['{"sides": 6}', "{}"]
    talk.give("5", "2")
    second = await talk.answer(adapter)
    assert text_of(second) == DONE.answer()
    assert second[-1] == Finished(FinishReason.STOP)
    (submission,) = server.submissions
    assert submission.body == {
        "tool_outputs": [{"tool_call_id": "call_1", "output": "5"}, {"tool_call_id": "call_2", "output": "2"}],
        "stream": True,
    }
    assert len(server.runs) == 1
    assert Usage(input_tokens=10, output_tokens=7) in second  # the words of both legs
    steps = [event for event in (*first, *second) if isinstance(event, RemoteStep)]
    assert [(step.kind, step.status, step.remote_run_id) for step in steps] == [
        (kind, "completed", server.runs[0].id) for kind in ("message_creation", "tool_calls", "message_creation")
    ]


async def test_answer_after_tools_is_known_with_them(
    talk: Talk, adapter: Assistants, server: RunsServer, provider: ScriptedProvider
) -> None:
    """What a run wrote counts as a whole, so the next question still finds its thread."""
    provider.play(ASKS, DONE)
    await talk.answer(adapter)
    talk.give("5", "2")
    await talk.answer(adapter)
    talk.ask("Again!")
    await talk.answer(adapter)
    assert len(server.sent("POST", "/threads")) == 1


def edited(talk: Talk) -> None:
    """The last question gets other words, and what was answered is gone."""
    del talk.messages[-2:]
    talk.ask("Toss!")


def answered_again(talk: Talk) -> None:
    """Regenerate: the same question, and no answer."""
    del talk.messages[-1:]
    talk.number += 1


def deleted(talk: Talk) -> None:
    """What was asked last is gone, and another question is asked."""
    del talk.messages[-2:]
    talk.ask("Toss!")


@pytest.mark.parametrize("change", [edited, answered_again, deleted])
async def test_other_conversation_gets_another_thread(
    change: Callable[[Talk], None], talk: Talk, adapter: Assistants, server: RunsServer, provider: ScriptedProvider
) -> None:
    """A thread cannot forget: what was changed is said anew elsewhere, and the old thread is deleted."""
    provider.play(Story(text="Hello."), Story(text="A five."), Story(text="Heads."))
    await talk.answer(adapter)
    talk.ask("Roll again!")
    await talk.answer(adapter)
    old = talk.thread_id
    change(talk)
    messages = [(message.role.value, message.content) for message in talk.messages]
    await talk.answer(adapter)
    assert list(server.threads) == [talk.thread_id] != [old]
    assert said(server, talk.thread_id) == [*messages, ("assistant", "Heads.")]


async def test_history_that_was_trimmed_goes_on_in_its_thread(
    talk: Talk, adapter: Assistants, server: RunsServer
) -> None:
    """What has left the model's window at its beginning is no reason to begin anew."""
    for _ in range(3):
        await talk.answer(adapter)
        talk.ask("Again!")
    del talk.messages[:2]
    await talk.answer(adapter)
    assert len(server.sent("POST", "/threads")) == 1


async def test_lost_thread_is_made_anew_with_its_history(
    talk: Talk, adapter: Assistants, server: RunsServer, provider: ScriptedProvider
) -> None:
    """All of it is carried over, though a thread may begin with 32 messages; calls and outputs are told in words."""
    provider.play(ASKS, DONE)
    await talk.answer(adapter)
    talk.give("5", "2")
    await talk.answer(adapter)
    for _ in range(20):
        talk.ask("Again!")
        await talk.answer(adapter)
    server.lose_threads()
    talk.ask("And again!")
    assert text_of(await talk.answer(adapter)) == Story().answer()
    words = said(server, talk.thread_id)
    assert words[:4] == [
        ("user", "Roll!"),
        ("assistant", "Let me see."),
        ("user", '(Tools that you called have answered.)\nroll({"sides": 6}): 5\nroll({}): 2'),
        ("assistant", DONE.answer()),
    ]
    assert len(words) == 4 + 2 * 20 + 2


async def test_thread_that_is_lost_in_the_middle_is_answered_anew(
    talk: Talk, adapter: Assistants, server: RunsServer, provider: ScriptedProvider
) -> None:
    """A run that is gone cannot take its outputs; a new one is told of them."""
    provider.play(ASKS, DONE)
    await talk.answer(adapter)
    talk.give("5", "2")
    server.lose_threads()
    assert text_of(await talk.answer(adapter)) == DONE.answer()
    assert [role for role, _ in said(server, talk.thread_id)] == ["user", "assistant", "user", "assistant"]


ODDITIES: dict[str, dict[str, Any]] = {
    "crlf": {"story": {"line_end": "\r\n", "comments": True}},
    "seven bytes at a time": {"story": {"bytes_per_write": 7}},
    "no done": {"story": {"sends_done": False}},
    "no done, kept open": {"story": {"sends_done": False, "hangs_after_done": True}},
    "no statuses": {"sends_statuses": False},
    "no names": {"sends_names": False},
    "no statuses and no names": {"sends_names": False, "sends_statuses": False},
    "no deltas": {"sends_deltas": False},
    "float times": {"has_float_times": True},
    "odd ids": {"has_odd_ids": True},
    "no streams": {"streams": False},
    "no streams, slow": {"streams": False, "polls": 4},
    "no streams, odd ids, no statuses": {"streams": False, "has_odd_ids": True, "sends_statuses": False},
}


@pytest.mark.parametrize("name", ODDITIES)
async def test_odd_servers_are_understood(
    name: str, talk: Talk, adapter: Assistants, server: RunsServer, provider: ScriptedProvider
) -> None:
    """However a server writes, both legs are whole, and the outputs go to the calls that they are for."""
    odd = dict(ODDITIES[name])
    written = odd.pop("story", {})
    for switch, value in odd.items():
        setattr(server.look, switch, value)
    for story in (ASKS, ASKS, DONE):
        provider.play(Story(**{"pieces": story.pieces, "text": story.text, "tool_calls": story.tool_calls, **written}))
    texts, names = [], []
    for outputs in (("5", "2"), ("4", "1"), ()):
        events = await talk.answer(adapter)
        texts.append(text_of(events))
        names += [event.id for event in events if isinstance(event, ToolCallDone)]
        talk.give(*outputs)
    assert texts == ["Let me see.", "Let me see.", DONE.answer()]
    assert len(set(names)) == 4
    assert len(server.submissions) == 2
    assert len(server.runs) == 1


async def test_first_version_is_spoken_where_the_host_says_so(
    talk: Talk, server: RunsServer, provider: ScriptedProvider, transport: Transport, waits: Waits
) -> None:
    """Servers of before 2025 want another header, know no usage and do not stream."""
    server.look.is_first_version, server.look.streams = True, False
    provider.play(ASKS, DONE)
    adapter = assistants(transport, provider.base_url, waits, headers={"openai-beta": "assistants=v1"}, streams=False)
    await talk.answer(adapter)
    talk.give("5", "2")
    assert text_of(await talk.answer(adapter)) == DONE.answer()
    assert all("stream" not in each.body for each in server.requests)


async def test_polls_come_at_growing_intervals(
    talk: Talk, server: RunsServer, provider: ScriptedProvider, transport: Transport, waits: Waits
) -> None:
    """A server that cannot stream is asked soon, and then less and less often."""
    server.look.polls = 9
    adapter = assistants(transport, provider.base_url, waits, streams=False)
    events = await talk.answer(adapter)
    assert text_of(events) == Story().answer()
    assert waits.seconds[:3] == [0.5, 0.75, 1.125]
    assert waits.seconds == sorted(waits.seconds)
    assert waits.seconds[-1] == 5.0
    assert [event.kind for event in events if isinstance(event, RemoteStep)] == ["message_creation"]
