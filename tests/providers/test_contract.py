"""One contract: every adapter tells the same stories as the same events."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from bot.errors import ProviderError, ProviderFault
from bot.messages import GO_ON, PARTIAL, ChatMessage, ProviderRequest, Role, ToolCall, ToolSpec
from bot.providers.adapter import Adapter
from bot.providers.events import (
    Bookmark,
    Carried,
    Event,
    Finished,
    FinishReason,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallDone,
    ToolCallStarted,
    Usage,
)
from bot.providers.registry import ADAPTERS
from bot.providers.transport import Timeouts, Transport
from sandbox.provider import ScriptedProvider
from sandbox.stories import ScriptedCall, Story, refusal
from tests.providers.asking import text_of
from tests.providers.contract import CONTRACTS, Contract

KEY = "sk-right-key"
RUN = "run 7"
QUESTION = ChatMessage(role=Role.USER, content="(from Ada) Roll, please!", key="3 a1b2")
ROLL = ToolSpec(name="roll", description="Roll dice.", parameters={"type": "object", "properties": {}})
TOSS = replace(ROLL, name="toss", description="Toss a coin.")
PLAIN = ProviderRequest(
    model="scripted",
    messages=(ChatMessage(role=Role.SYSTEM, content="Be brief."), QUESTION),
    max_output_tokens=500,
    parameters={"temperature": 0.5},
    end_user="hash of Ada",
    conversation="hash of the place",
    run_key=RUN,
)
ONE_CALL = ScriptedCall(name="roll", arguments=('{"sides"', ": 6}"))
TWO_CALLS = (ONE_CALL, ScriptedCall(name="toss", arguments=("{}",), id="call_2", index=1))


def those_with(feature: str) -> pytest.MarkDecorator:
    """The test is for the APIs that have a feature."""
    names = [name for name, contract in CONTRACTS.items() if getattr(contract, feature)]
    return pytest.mark.parametrize("contract", names, indirect=True)


@pytest.fixture(params=CONTRACTS)
def contract(request: pytest.FixtureRequest) -> Contract:
    """Each way to configure each adapter."""
    return CONTRACTS[request.param]


@pytest.fixture
def adapter(contract: Contract, provider: ScriptedProvider, transport: Transport) -> Adapter:
    """The adapter, with the right key."""
    return contract.adapter(transport, provider.base_url, KEY)


async def told(adapter: Adapter, request: ProviderRequest, *, seen: list[Event] | None = None) -> list[Event]:
    """The events of an answer, in the order that all of them keep; `seen` has them even if the answer breaks."""
    seen = [] if seen is None else seen
    async with aclosing(adapter.stream(request)) as events:
        async for event in events:
            seen.append(event)
    assert isinstance(plain(seen)[0], Started)
    assert [event for event in seen if isinstance(event, Finished)] == [seen[-1]]
    return seen


def plain(events: list[Event]) -> list[Event]:
    """The events without those that some adapters alone have a use for."""
    return [event for event in events if not isinstance(event, (Bookmark, Carried))]


def after(request: ProviderRequest, events: list[Event], *outputs: str) -> ProviderRequest:
    """The request that submits outputs to the calls of an answer, as the engine would make it."""
    calls = tuple(
        ToolCall(id=event.id, name=event.name, arguments=event.arguments)
        for event in events
        if isinstance(event, ToolCallDone)
    )
    carried = next((event.data for event in events if isinstance(event, Carried)), None)
    step = ChatMessage(
        role=Role.ASSISTANT, content=text_of(events), tool_calls=calls, carried=carried, key=request.run_key
    )
    answers = (
        ChatMessage(role=Role.TOOL, content=output, tool_call_id=call.id, key=request.run_key)
        for call, output in zip(calls, outputs, strict=True)
    )
    return replace(request, messages=(*request.messages, step, *answers), bookmarks=bookmarks_of(events))


def bookmarks_of(events: list[Event]) -> dict[str, dict[str, object]]:
    """What is stored when an answer has come: the last bookmark of each provider."""
    return {event.provider: dict(event.state) for event in events if isinstance(event, Bookmark)}


def test_every_adapter_keeps_the_contract() -> None:
    """An adapter that is in the registry is in this suite."""
    assert {contract.api for contract in CONTRACTS.values()} == set(ADAPTERS)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
async def test_plain_answer_is_whole_and_counted(adapter: Adapter, provider: ScriptedProvider, line_end: str) -> None:
    """Words come as deltas in their order, then what they cost, then the end."""
    provider.play(Story(usage={"prompt_tokens": 12, "completion_tokens": 5}, line_end=line_end))
    events = plain(await told(adapter, PLAIN))
    assert [event for event in events if isinstance(event, TextDelta)] == [TextDelta(word) for word in Story().words()]
    assert events[-2:] == [Usage(input_tokens=12, output_tokens=5), Finished(FinishReason.STOP)]


async def test_long_answer_is_whole(adapter: Adapter, provider: ScriptedProvider) -> None:
    """Two thousand words in reads that end anywhere are two thousand words."""
    story = Story(token_count=2000, bytes_per_write=4093, comments=True)
    provider.play(story)
    assert text_of(await told(adapter, PLAIN)) == story.answer()


async def test_answer_that_is_not_streamed_is_understood(adapter: Adapter, provider: ScriptedProvider) -> None:
    """A server that ignores the wish to stream is still heard."""
    provider.play(Story(is_streamed=False, content_type="application/json"))
    assert text_of(await told(adapter, PLAIN)) == Story().answer()


@those_with("has_reasoning")
async def test_thinking_is_told_apart(adapter: Adapter, provider: ScriptedProvider) -> None:
    """What the model thinks is never part of the answer."""
    provider.play(Story(reasoning=("Hm, ", "well.")))
    events = await told(adapter, PLAIN)
    assert "".join(event.text for event in events if isinstance(event, ReasoningDelta)) == "Hm, well."
    assert text_of(events) == Story().answer()


@those_with("has_tools")
async def test_call_is_told_from_its_name_to_its_end(adapter: Adapter, provider: ScriptedProvider) -> None:
    """A call begins, grows and is whole, and the step ends as one with calls."""
    provider.play(Story(tool_calls=(ONE_CALL,), finish_reason="tool_calls"))
    events = plain(await told(adapter, replace(PLAIN, tools=(ROLL,))))
    (done,) = [event for event in events if isinstance(event, ToolCallDone)]
    assert (done.index, done.name, done.arguments) == (0, "roll", '{"sides": 6}')
    pieces = [event for event in events if isinstance(event, ToolCallDelta)]
    assert "".join(piece.arguments for piece in pieces) == done.arguments
    begun = [event for event in events if isinstance(event, ToolCallStarted)]
    assert begun == [ToolCallStarted(0, done.id, "roll")]
    assert events[-1] == Finished(FinishReason.TOOL_CALLS)


@those_with("has_tools")
async def test_outputs_of_parallel_calls_are_submitted_together(adapter: Adapter, provider: ScriptedProvider) -> None:
    """Two calls of one step have ids of their own, and what came of them goes out in one request."""
    provider.play(Story(tool_calls=TWO_CALLS, finish_reason="tool_calls"), Story(text="Five, and heads."))
    request = replace(PLAIN, tools=(ROLL, TOSS))
    first = await told(adapter, request)
    done = [event for event in first if isinstance(event, ToolCallDone)]
    assert [(event.index, event.name) for event in done] == [(0, "roll"), (1, "toss")]
    assert len({event.id for event in done}) == 2
    before = len(provider.requests)
    second = await told(adapter, after(request, first, "a five", "heads"))
    assert text_of(second) == "Five, and heads."
    assert second[-1] == Finished(FinishReason.STOP)
    assert len(provider.requests) == before + 1
    body = str(provider.requests[-1].body)
    assert "a five" in body
    assert "heads" in body


@those_with("has_tools")
async def test_words_beside_a_call_are_kept(adapter: Adapter, provider: ScriptedProvider) -> None:
    """What the model says before it asks for a tool is text like any other."""
    provider.play(Story(pieces=("Let me", " roll."), tool_calls=(ONE_CALL,), finish_reason="tool_calls"))
    events = await told(adapter, replace(PLAIN, tools=(ROLL,)))
    assert text_of(events) == "Let me roll."
    assert events[-1] == Finished(FinishReason.TOOL_CALLS)


async def test_tools_are_sent_where_the_api_has_them(
    contract: Contract, adapter: Adapter, provider: ScriptedProvider
) -> None:
    """What an adapter says about tools is what it does with them."""
    await told(adapter, replace(PLAIN, tools=(ROLL,)))
    assert adapter.takes_tools("scripted") is contract.has_tools
    assert any("Roll dice." in str(performance.body) for performance in provider.requests) is contract.has_tools


@those_with("has_refusals")
async def test_refusal_is_shown_and_ends_so(adapter: Adapter, provider: ScriptedProvider) -> None:
    """What a model says instead of an answer is read like one, and is not taken for a whole one."""
    provider.play(Story(refusal="I cannot help with that."))
    events = await told(adapter, PLAIN)
    assert text_of(events) == "I cannot help with that."
    assert events[-1] == Finished(FinishReason.CONTENT_FILTER)


@pytest.mark.parametrize("reason", [FinishReason.LENGTH, FinishReason.CONTENT_FILTER])
async def test_answer_that_was_cut_says_by_what(
    adapter: Adapter, provider: ScriptedProvider, reason: FinishReason
) -> None:
    """A limit and a filter leave the words there are, and their own end."""
    provider.play(Story(finish_reason=reason.value))
    events = await told(adapter, PLAIN)
    assert text_of(events) == Story().answer()
    assert events[-1] == Finished(reason)


BEFORE = {
    "quota": (refusal(429, "insufficient_quota"), ProviderFault.QUOTA),
    "quota of a relay": (refusal(403, "insufficient_user_quota"), ProviderFault.QUOTA),
    "wrong key": (refusal(401, "invalid_api_key"), ProviderFault.AUTH),
    "no such model": (refusal(404, "model_not_found"), ProviderFault.NOT_FOUND),
    "moderated": (refusal(400, "content_filter"), ProviderFault.MODERATED),
    "not offered": (refusal(501, "api_not_implemented"), ProviderFault.NOT_IMPLEMENTED),
    "page": (Story(body=b"<html><title>Log in</title>", content_type="text/html"), ProviderFault.PROTOCOL),
    "nothing": (Story(body=b""), ProviderFault.PROTOCOL),
    "error with 200": (
        Story(body=b'{"error": {"message": "no", "code": 401}}', content_type="application/json"),
        ProviderFault.AUTH,
    ),
}


@pytest.mark.parametrize("name", BEFORE)
async def test_error_before_the_stream_says_why(adapter: Adapter, provider: ScriptedProvider, name: str) -> None:
    """A refusal of any shape is raised with its reason, and the next request is answered as if nothing had been."""
    story, fault = BEFORE[name]
    provider.play(story)
    with pytest.raises(ProviderError) as caught:
        await told(adapter, PLAIN)
    assert caught.value.fault is fault
    assert text_of(await told(adapter, replace(PLAIN, run_key="run 8"))) == Story().answer()


async def test_error_in_the_stream_comes_after_the_words_before_it(
    adapter: Adapter, provider: ScriptedProvider
) -> None:
    """What was said before a failure is not lost: it was told before the error."""
    provider.play(Story(error_at=3))
    seen: list[Event] = []
    with pytest.raises(ProviderError) as caught:
        await told(adapter, PLAIN, seen=seen)
    assert caught.value.fault is ProviderFault.BUSY
    assert Story().answer().startswith(text_of(seen))
    assert not any(isinstance(event, Finished) for event in seen)


async def test_stream_that_breaks_off_is_no_answer(
    contract: Contract, adapter: Adapter, provider: ScriptedProvider
) -> None:
    """A connection that is lost in the middle is an error, or is gone on with; never a whole answer by mistake."""
    provider.play(Story(cut_at=4))
    seen: list[Event] = []
    if contract.goes_on:
        await told(adapter, PLAIN, seen=seen)
        assert text_of(seen) == Story().answer()
        return
    with pytest.raises(ProviderError) as caught:
        await told(adapter, PLAIN, seen=seen)
    assert caught.value.fault is ProviderFault.PROTOCOL
    assert Story().answer().startswith(text_of(seen))


async def test_connection_lost_after_the_end_changes_nothing(adapter: Adapter, provider: ScriptedProvider) -> None:
    """An error that comes after the last word comes too late to matter."""
    provider.play(Story(closes_connection=True))
    assert (await told(adapter, PLAIN))[-1] == Finished(FinishReason.STOP)


async def test_closing_a_stream_closes_its_connection(adapter: Adapter, provider: ScriptedProvider) -> None:
    """A pressed Stop reaches the provider, which then stops writing."""
    provider.play(Story(is_endless=True, tokens_per_second=200.0))
    async with aclosing(adapter.stream(PLAIN)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break
    async with asyncio.timeout(5):
        await provider.requests[-1].disconnected.wait()


async def test_stream_that_stands_still_is_ended(contract: Contract, provider: ScriptedProvider) -> None:
    """A server that sends nothing more does not hold an answer for ever."""
    provider.play(Story(hang_at=3))
    timeouts = Timeouts(first_byte_seconds=2, idle_seconds=0.2, total_seconds=1)
    async with Transport(timeouts=timeouts) as transport:
        with pytest.raises(ProviderError) as caught:
            await told(contract.adapter(transport, provider.base_url, KEY), PLAIN)
    assert caught.value.fault is ProviderFault.TIMEOUT


async def test_answer_that_was_interrupted_is_gone_on_with(adapter: Adapter, provider: ScriptedProvider) -> None:
    """After a restart the model is told how far it came, and the rest comes as its next words."""
    provider.play(Story(text="over the lazy dog."))
    partial = ChatMessage(role=Role.ASSISTANT, content="The quick fox jumps", key=PARTIAL)
    go_on = ChatMessage(role=Role.USER, content="Continue.", key=GO_ON)
    events = await told(adapter, replace(PLAIN, messages=(*PLAIN.messages, partial, go_on)))
    assert text_of(events) == "over the lazy dog."
    assert events[-1] == Finished(FinishReason.STOP)


async def test_next_question_is_answered_with_what_is_kept(adapter: Adapter, provider: ScriptedProvider) -> None:
    """A conversation goes on, whether we send it whole or the provider keeps it."""
    provider.play(Story(text="A five."), Story(text="A two."))
    first = await told(adapter, PLAIN)
    answered = ChatMessage(role=Role.ASSISTANT, content=text_of(first), key=RUN)
    again = ChatMessage(role=Role.USER, content="(from Ada) Again!", key="9 c3d4")
    request = replace(
        PLAIN, messages=(*PLAIN.messages, answered, again), run_key="run 8", bookmarks=bookmarks_of(first)
    )
    assert text_of(await told(adapter, request)) == "A two."
    assert "Again!" in str([performance.body for performance in provider.requests])


async def test_key_is_sent_and_never_told(contract: Contract, provider: ScriptedProvider, transport: Transport) -> None:
    """A wrong key is named as such, and is in no detail."""
    with pytest.raises(ProviderError) as caught:
        await told(contract.adapter(transport, provider.base_url, "sk-wrong-key"), PLAIN)
    assert caught.value.fault is ProviderFault.AUTH
    assert "wrong" not in caught.value.detail


async def test_cancel_of_what_was_never_begun_does_nothing(adapter: Adapter) -> None:
    """The engine may cancel any run that it has a bookmark of, and is told of no error."""
    await adapter.cancel(RUN, {})


async def test_answer_without_a_count_is_not_counted(adapter: Adapter, provider: ScriptedProvider) -> None:
    """Where a server does not say what an answer cost, the adapter does not make it up."""
    provider.play(Story(usage=None))
    events = await told(adapter, PLAIN)
    assert text_of(events) == Story().answer()
    assert not [event for event in events if isinstance(event, Usage)]


async def test_answer_of_nothing_ends_well(adapter: Adapter, provider: ScriptedProvider) -> None:
    """A model may have nothing to say, and no delta is empty."""
    provider.play(Story(pieces=()))
    events = await told(adapter, PLAIN)
    assert text_of(events) == ""
    assert events[-1] == Finished(FinishReason.STOP)


@those_with("has_tools")
async def test_arguments_that_are_empty_or_broken_are_told(adapter: Adapter, provider: ScriptedProvider) -> None:
    """A tool without parameters is called with none; what is no JSON comes as the model wrote it."""
    calls = (
        ScriptedCall(name="roll", arguments=("",)),
        ScriptedCall(name="toss", arguments=('{"side": ',), id="call_2", index=1),
    )
    provider.play(Story(tool_calls=calls, finish_reason="tool_calls"))
    events = await told(adapter, replace(PLAIN, tools=(ROLL, TOSS)))
    done = [event.arguments for event in events if isinstance(event, ToolCallDone)]
    assert done == ["{}", '{"side": ']


@those_with("has_tools")
async def test_several_steps_of_calls_are_gone_through(adapter: Adapter, provider: ScriptedProvider) -> None:
    """After the outputs of one step the model may ask for more, as often as it likes."""
    second = ScriptedCall(name="toss", id="call_9")
    provider.play(
        Story(tool_calls=(ONE_CALL,), finish_reason="tool_calls"),
        Story(tool_calls=(second,), finish_reason="tool_calls"),
        Story(text="Done."),
    )
    request = replace(PLAIN, tools=(ROLL, TOSS))
    bookmarks: dict[str, dict[str, object]] = {}
    for output in ("a five", "heads"):
        events = await told(adapter, request)
        assert events[-1] == Finished(FinishReason.TOOL_CALLS)
        bookmarks |= bookmarks_of(events)
        request = replace(after(request, events, output), bookmarks=bookmarks)
    assert text_of(await told(adapter, request)) == "Done."
    assert "heads" in str(provider.requests[-1].body)


async def test_answers_side_by_side_are_kept_apart(adapter: Adapter, provider: ScriptedProvider) -> None:
    """One adapter answers many conversations at once."""
    provider.default = Story(text="One after the other, word by word.", tokens_per_second=100.0)
    places = [replace(PLAIN, conversation=f"place {number}", run_key=f"run {number}") for number in range(5)]
    answers = await asyncio.gather(*(told(adapter, request) for request in places))
    assert [text_of(events) for events in answers] == [provider.default.answer()] * len(places)


async def test_models_are_listed(adapter: Adapter, provider: ScriptedProvider) -> None:
    """Whatever the API, its models are found at the same place."""
    provider.models = ("one", "two")
    assert [model.name for model in await adapter.list_models()] == ["one", "two"]


@pytest.mark.parametrize("name", ["sends_identifiers", "extra_body"])
async def test_configuration_of_every_adapter_counts(
    contract: Contract, provider: ScriptedProvider, transport: Transport, name: str
) -> None:
    """Who asks is told to nobody where the host says so, and what the host adds goes along and wins."""
    configured = {"sends_identifiers": False} if name == "sends_identifiers" else {"extra_body": {"temperature": 1.5}}
    adapter = replace(contract, configured={**contract.configured, **configured}).adapter(
        transport, provider.base_url, KEY
    )
    await told(adapter, PLAIN)
    bodies = str([performance.body for performance in provider.requests])
    assert "hash of Ada" not in bodies if name == "sends_identifiers" else "1.5" in bodies
