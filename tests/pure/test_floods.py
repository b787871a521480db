"""Servers that send more than any model says: whatever can be counted has an end."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

import pytest

from bot.errors import ProviderError, ProviderFault, Refusal
from bot.providers.assistants.runs_decoder import MAX_MESSAGES, RunDecoder, Speech
from bot.providers.body_decoder import BodyDecoder
from bot.providers.chat.decoder import ChunkDecoder
from bot.providers.configuration import Price
from bot.providers.events import FinishReason, ReasoningDelta, RemoteStep, ServerTool, Usage
from bot.providers.models import MAX_MODELS, models_in
from bot.providers.parameters import parsed
from bot.providers.prices import at_price
from bot.providers.responses.decoder import ResponseDecoder
from bot.providers.tool_calls import MAX_ARGUMENTS_CHARACTERS, MAX_CALLS
from bot.providers.usage import MAX_TOKENS, usage_in
from bot.runs.draft import MAX_REMOTE_STEPS, MAX_THINKING_CHARACTERS, Draft
from bot.runs.progress import MAX_ELSEWHERE, Progress


def chunk(*calls: object) -> bytes:
    """Calls in a chunk of chat completions."""
    return f"data: {json.dumps({'choices': [{'delta': {'tool_calls': calls}}]})}\n\n".encode()


def fault_of(events: Iterator[object]) -> ProviderFault:
    """Why decoding ends."""
    with pytest.raises(ProviderError) as caught:
        list(events)
    return caught.value.fault


def test_calls_have_an_end() -> None:
    """A million of them would be compared with each other."""
    decoder = BodyDecoder(ChunkDecoder(new_call_id=lambda: "call"))
    calls = [{"index": number, "id": f"c{number}", "function": {"name": "roll"}} for number in range(MAX_CALLS + 1)]
    assert len(list(decoder.feed(chunk(*calls[:-1])))) == MAX_CALLS + 1
    assert fault_of(iter(decoder.feed(chunk(calls[-1])))) is ProviderFault.PROTOCOL


def test_arguments_have_an_end() -> None:
    """They are put together from pieces, each of which copies all before it."""
    decoder = BodyDecoder(ChunkDecoder(new_call_id=lambda: "call"))
    piece = {"index": 0, "id": "c", "function": {"name": "roll", "arguments": " " * (MAX_ARGUMENTS_CHARACTERS // 4)}}
    for _ in range(4):
        list(decoder.feed(chunk(piece)))
    assert fault_of(iter(decoder.feed(chunk(piece)))) is ProviderFault.PROTOCOL


def test_messages_of_a_run_have_an_end() -> None:
    """Each is remembered by its id, to tell what is new of it."""
    decoder = RunDecoder(Speech())
    bodies = ({"id": f"m{number}", "object": "thread.message", "content": []} for number in range(MAX_MESSAGES + 1))
    stream = "".join(f"data: {json.dumps(body)}\n\n" for body in bodies).encode()
    assert fault_of(decoder.feed(stream)) is ProviderFault.PROTOCOL


def test_thinking_has_an_end() -> None:
    """A model that thinks for ever is stopped like one that talks for ever."""
    draft = Draft()
    draft.take(ReasoningDelta("h" * MAX_THINKING_CHARACTERS))
    assert draft.reason is None
    draft.take(ReasoningDelta("m"))
    assert draft.reason is FinishReason.LENGTH


def test_remote_steps_have_an_end() -> None:
    """Each is a row."""
    draft = Draft()
    for number in range(MAX_REMOTE_STEPS + 1):
        draft.take(RemoteStep(id=f"step_{number}", remote_run_id="run_1", kind="tool_calls", status="completed"))
    assert len(draft.remote_steps) == MAX_REMOTE_STEPS


def test_newest_tools_of_a_provider_are_kept() -> None:
    """Of those before them, only so many are told of."""
    progress = Progress(changed=lambda: None)
    for number in range(MAX_ELSEWHERE + 50):
        progress.hear(ServerTool(f"ws_{number}", "web_search", True, f"query {number}"))
    lines = progress.activity.elsewhere.splitlines()
    assert lines[0] == f"-# … and {MAX_ELSEWHERE - 5} more before"
    assert f"query {MAX_ELSEWHERE + 49}" in lines[-1]


def test_what_a_tool_was_asked_for_has_an_end() -> None:
    """It is read again for every look at the answer, and little of it is shown."""
    decoder = ResponseDecoder(new_call_id=lambda: "call")
    item = {"type": "web_search_call", "id": "ws_1", "action": {"query": "x" * 100_000}}
    events = decoder.feed(json.dumps({"type": "response.output_item.added", "item": item}))
    (tool,) = (event for event in events if isinstance(event, ServerTool))
    assert len(tool.detail) == 500


def test_models_have_an_end() -> None:
    """The list is searched with each letter that a moderator types."""
    listed = {"data": [{"id": f"model-{number}"} for number in range(MAX_MODELS + 10)]}
    assert len(models_in(listed)) == MAX_MODELS


@pytest.mark.parametrize("name", ["two\nlines", "\u202emodel", "x" * 201, "zero\u200bwidth", "", 7])
def test_odd_names_are_no_models(name: object) -> None:
    """They are shown to people and written into logs."""
    assert [model.name for model in models_in({"data": [{"id": name}, {"id": "org/model:free"}]})] == ["org/model:free"]


@pytest.mark.parametrize("count", [MAX_TOKENS + 1, 10**14, 1e14, 1e308, 10**400, -5, -1e308, math.nan, math.inf])
def test_numbers_that_count_nothing_are_no_usage(count: float) -> None:
    """The database sums them up, and what they would cost has to be a number of its own."""
    odd = {"prompt_tokens": count, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": count}}
    assert usage_in(odd) == Usage(input_tokens=0, output_tokens=7)


def test_most_tokens_at_the_highest_price_fit_the_database() -> None:
    """Also several of them in a run, which are added up."""
    dearest = Price(input=1_000_000, output=1_000_000)
    cost_nanos = at_price(dearest, Usage(input_tokens=MAX_TOKENS, output_tokens=MAX_TOKENS)) * 10**9
    assert cost_nanos * 10 < 2**63


@pytest.mark.parametrize("levels", [100, 900, 1500])
def test_deep_settings_are_refused(levels: int) -> None:
    """What can just be read here could not be written again from a deeper place, with each request of the channel."""
    with pytest.raises(Refusal):
        parsed("response_format", '{"type": ' + "[" * levels + "]" * levels + "}")
