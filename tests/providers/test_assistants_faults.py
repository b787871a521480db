"""Threads and runs when the network, the server, the process or another program is in the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import count

import pytest

from bot.errors import ProviderError, ProviderFault
from bot.messages import ChatMessage, Role
from bot.providers.assistants.adapter import Assistants
from bot.providers.events import Event, Finished, FinishReason, RemoteStep, Started, TextDelta, ToolCallDone
from bot.providers.transport import Transport
from sandbox.provider import ScriptedProvider
from sandbox.runs_api import RunsServer
from sandbox.runs_thread import Run
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


def counted(countdown: Iterator[int], _: Event) -> bool:
    """Whether this is the event that a countdown ends at."""
    return next(countdown, None) == 0


async def test_process_may_die_anywhere(provider: ScriptedProvider, transport: Transport, waits: Waits) -> None:
    """After every event of both legs: in the next life there is one run, one submission, and each word once."""
    for deaths in count():
        server = provider.runs
        server.requests.clear()
        server.lose_threads()
        provider.play(ASKS, DONE)
        talk, countdown, lives = Talk(), iter(range(deaths, -1, -1)), 1
        talk.ask("Roll!")
        for outputs in (("5", "2"), ()):
            await talk.answer(assistants(transport, provider.base_url, waits), dies_at=partial(counted, countdown))
            if talk.has_died:
                lives += 1
                await talk.answer(assistants(transport, provider.base_url, waits))
            talk.give(*outputs)
        texts = [message.content for message in talk.messages if message.key == talk.run_key]
        assert texts == ["Let me see.", "5", "2", DONE.answer()], deaths
        assert (len(server.runs), len(server.submissions)) == (1, 1), deaths
        if lives == 1:
            break
    assert deaths > 20


LOST: dict[str, tuple[Story, ...]] = {
    "never arrived": (Story(refuses_connection=True),),
    "arrived, and nothing was heard": (),
    "server was busy": (refusal(503, "overloaded"),),
    "twice": (Story(refuses_connection=True), refusal(502, "bad_gateway")),
}


@pytest.mark.parametrize("name", LOST)
async def test_outputs_arrive_once_though_the_network_fails(
    name: str, talk: Talk, adapter: Assistants, server: RunsServer, provider: ScriptedProvider
) -> None:
    """After a failure the run is looked at, and they are sent again only where it still waits for them."""
    failed = LOST[name]
    provider.play(ASKS, *failed, DONE if failed else replace(DONE, cut_at=0))
    await talk.answer(adapter)
    talk.give("5", "2")
    assert text_of(await talk.answer(adapter)) == DONE.answer()
    assert len(server.submissions) == len(failed) + 1
    assert server.runs[0].outputs == ["5", "2"]
    assert len(server.runs) == 1


@pytest.mark.parametrize("name", LOST)
@pytest.mark.parametrize("lists_runs", [True, False])
async def test_run_is_created_once_though_the_network_fails(
    name: str,
    lists_runs: bool,
    talk: Talk,
    adapter: Assistants,
    server: RunsServer,
    provider: ScriptedProvider,
) -> None:
    """After a failure it is looked for by its mark, and the run that locks the thread is known by it too."""
    failed = LOST[name]
    server.look.lists_runs = lists_runs
    provider.play(*failed, DONE if failed else replace(DONE, cut_at=0))
    assert text_of(await talk.answer(adapter)) == DONE.answer()
    assert len(server.runs) == 1


async def test_server_that_is_gone_is_not_asked_for_ever(
    talk: Talk, adapter: Assistants, server: RunsServer, provider: ScriptedProvider
) -> None:
    """Outputs that never arrive are given up after some tries, with the reason."""
    provider.play(ASKS, *[refusal(503, "overloaded")] * 9)
    await talk.answer(adapter)
    talk.give("5", "2")
    with pytest.raises(ProviderError) as caught:
        await talk.answer(adapter)
    assert caught.value.fault is ProviderFault.BUSY
    assert len(server.submissions) == 3


async def test_stream_that_breaks_off_is_gone_on_with(
    talk: Talk, adapter: Assistants, server: RunsServer, provider: ScriptedProvider
) -> None:
    """The run lives on at the server: the rest of its words, its steps and its calls are asked for."""
    provider.play(replace(ASKS, cut_at=5), replace(DONE, cut_at=8))
    first = await talk.answer(adapter)
    assert [event.text for event in first if isinstance(event, TextDelta)] == ["Let me", " see."]
    assert first[-1] == Finished(FinishReason.TOOL_CALLS)
    assert [event.kind for event in first if isinstance(event, RemoteStep)] == ["message_creation"]
    talk.give("5", "2")
    assert text_of(await talk.answer(adapter)) == DONE.answer()
    assert len(server.submissions) == 1


async def test_outputs_that_come_too_late_are_told_to_a_new_run(
    talk: Talk, adapter: Assistants, server: RunsServer, provider: ScriptedProvider
) -> None:
    """A person took more than ten minutes to approve: nothing that was done is lost or done again."""
    provider.play(ASKS, ASKS, DONE)
    first = await talk.answer(adapter)
    talk.give("5", "2")
    now = server.clock()
    server.clock = lambda: now + 601
    second = await talk.answer(adapter)
    assert second[-1] == Finished(FinishReason.TOOL_CALLS)
    names = [event.id for event in (*first, *second) if isinstance(event, ToolCallDone)]
    assert len(set(names)) == 4
    talk.give("4", "1")
    assert text_of(await talk.answer(adapter)) == DONE.answer()
    assert [run.status for run in server.runs] == ["expired", "completed"]
    assert ("user", '(Tools that you called have answered.)\nroll({"sides": 6}): 5\nroll({}): 2') in said(
        server, talk.thread_id
    )
    talk.ask("Again!")
    await talk.answer(adapter)
    assert len(server.threads) == 1


FAILURES = {
    "rate limit": ('{"error": {"code": "rate_limit_exceeded", "message": "Slow down."}}', ProviderFault.RATE_LIMITED),
    "quota": (
        '{"error": {"code": "rate_limit_exceeded", "message": "You exceeded your current quota."}}',
        ProviderFault.QUOTA,
    ),
    "server": ('{"error": {"code": "server_error", "message": "Sorry."}}', ProviderFault.BUSY),
    "prompt": ('{"error": {"code": "invalid_prompt", "message": "No."}}', ProviderFault.BAD_REQUEST),
    "nothing": ("{}", ProviderFault.UNKNOWN),
}


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.parametrize("streams", [True, False])
async def test_failed_run_says_why(
    name: str, streams: bool, talk: Talk, adapter: Assistants, server: RunsServer, provider: ScriptedProvider
) -> None:
    """What the run gives as its last error is the reason, after the words that came before it."""
    error, fault = FAILURES[name]
    server.look.streams = streams
    provider.play(Story(finish_reason="failed", error=error))
    seen: list[Event] = []
    with pytest.raises(ProviderError) as caught:
        await talk.answer(adapter, seen=seen)
    assert caught.value.fault is fault
    assert text_of(seen) == Story().answer()


@pytest.mark.parametrize(
    ("status", "fault"), [("expired", ProviderFault.TIMEOUT), ("cancelled", ProviderFault.UNKNOWN)]
)
async def test_run_that_others_end_is_an_error(
    status: str, fault: ProviderFault, talk: Talk, adapter: Assistants, provider: ScriptedProvider
) -> None:
    """Half an answer is not taken for a whole one."""
    provider.play(Story(finish_reason=status))
    with pytest.raises(ProviderError) as caught:
        await talk.answer(adapter)
    assert caught.value.fault is fault


def foreign(server: RunsServer, thread_id: str, story: Story, *, hangs: bool = False) -> Run:
    """Another program's run in our thread."""
    thread = server.threads[thread_id]
    run = Run(id="run_foreign", thread=thread, body={}, created_at=server.clock())
    thread.runs[run.id] = run
    run.play(story, server.look, lambda kind: f"{kind}_foreign", lambda: hangs, lambda _: None)
    return run


@pytest.mark.parametrize("lists_runs", [True, False])
async def test_foreign_run_is_waited_for(
    lists_runs: bool, talk: Talk, adapter: Assistants, server: RunsServer, waits: Waits
) -> None:
    """Another program's answer in the same thread may end first."""
    await talk.answer(adapter)
    server.look.polls, server.look.lists_runs = 2, lists_runs
    run = foreign(server, talk.thread_id, Story(text="Theirs."))
    talk.ask("And mine?")
    assert text_of(await talk.answer(adapter)) == Story().answer()
    assert run.status == "completed"
    assert waits.seconds[:2] == [0.5, 0.75]


@pytest.mark.parametrize("story", [ASKS, Story(text="Theirs.")])
async def test_foreign_run_that_does_not_end_is_cancelled(
    story: Story, talk: Talk, adapter: Assistants, server: RunsServer, waits: Waits
) -> None:
    """One that waits for outputs which nobody will send at once, any other after some seconds."""
    await talk.answer(adapter)
    run = foreign(server, talk.thread_id, story, hangs=not story.tool_calls)
    talk.ask("And mine?")
    assert text_of(await talk.answer(adapter)) == Story().answer()
    assert run.status == "cancelled"
    assert len(server.sent("POST", "/run_foreign/cancel")) == 1
    assert 5 < sum(waits.seconds) < 30 or story.tool_calls


async def test_run_that_was_left_behind_is_cancelled_first(
    talk: Talk, adapter: Assistants, server: RunsServer, provider: ScriptedProvider, waits: Waits
) -> None:
    """What was seen of a stopped answer is in the thread already, which goes on with the next question."""
    provider.play(Story(hang_at=6))
    await talk.answer(adapter, dies_at=lambda event: isinstance(event, TextDelta))
    talk.messages.append(ChatMessage(role=Role.ASSISTANT, content=talk.partial, key=talk.run_key))
    talk.partial = ""
    talk.ask("Go on!")
    assert text_of(await talk.answer(adapter)) == Story().answer()
    assert [run.status for run in server.runs] == ["cancelled", "completed"]
    assert len(server.threads) == 1
    assert waits.seconds == []


async def test_cancel_ends_the_run(
    talk: Talk, adapter: Assistants, server: RunsServer, provider: ScriptedProvider
) -> None:
    """A pressed Stop is passed on for the run that it is meant for, and for no other."""
    provider.play(ASKS)
    await talk.answer(adapter)
    await adapter.cancel("run 99", talk.bookmarks["scripted"])
    assert server.runs[0].status == "requires_action"
    await adapter.cancel(talk.run_key, talk.bookmarks["scripted"])
    assert server.runs[0].status == "cancelled"
    await adapter.cancel(talk.run_key, talk.bookmarks["scripted"])  # it has ended: no error


async def test_cancel_finds_a_run_whose_id_was_never_heard(
    talk: Talk, adapter: Assistants, server: RunsServer, provider: ScriptedProvider
) -> None:
    """Its mark was written down before it was created."""
    provider.play(Story(hang_at=3))
    await talk.answer(adapter, dies_at=lambda event: isinstance(event, Started))
    before = {**talk.bookmarks["scripted"], "run": {**talk.bookmarks["scripted"]["run"], "id": ""}}
    await adapter.cancel(talk.run_key, before)
    assert server.runs[0].status == "cancelled"


async def test_cancel_of_what_has_ended_asks_nothing(talk: Talk, adapter: Assistants, server: RunsServer) -> None:
    """A run that was told to its end needs no end."""
    await talk.answer(adapter)
    await adapter.cancel(talk.run_key, talk.bookmarks["scripted"])
    assert server.sent("POST", "/cancel") == []


async def test_cancel_at_a_server_that_is_gone_raises_nothing(
    talk: Talk, adapter: Assistants, provider: ScriptedProvider
) -> None:
    """The engine has ended the run already, whatever becomes of it elsewhere."""
    provider.play(ASKS)
    await talk.answer(adapter)
    await provider.__aexit__()
    await adapter.cancel(talk.run_key, talk.bookmarks["scripted"])
