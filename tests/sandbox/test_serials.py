"""Stories in steps, which go on from where a request stands."""

from __future__ import annotations

import httpx
import pytest

from sandbox.provider import Performance, ScriptedProvider
from sandbox.serials import NOT_OURS, Message, Serial
from sandbox.stories import ScriptedCall, Story

GO_ON = "Go on."
STEPS = (
    Story(pieces=("I will ", "look. "), tool_calls=(ScriptedCall(name="time"),), finish_reason="tool_calls"),
    Story(pieces=("It is ", "noon.")),
)
CALLED = {"role": "assistant", "content": "I will look. ", "tool_calls": [{"id": "call_1"}]}
OUTPUT = {"role": "tool", "content": "12:00", "tool_call_id": "call_1"}


def begun(text: str) -> Message:
    """The beginning of an answer."""
    return {"role": "assistant", "content": text}


@pytest.mark.parametrize(
    ("said", "pieces", "calls"),
    [
        ([], ("I will ", "look. "), 1),
        ([begun("I wi")], ("ll ", "look. "), 1),
        ([begun("I will look. ")], (), 1),
        ([CALLED, OUTPUT], ("It is ", "noon."), 0),
        ([CALLED, OUTPUT, begun("It is ")], ("noon.",), 0),
    ],
)
def test_serial_gives_the_rest_of_the_step_that_is_asked_for(
    said: list[Message], pieces: tuple[str, ...], calls: int
) -> None:
    """What a request holds already is not said again."""
    rest = Serial(steps=STEPS).rest(said)
    assert (rest.words(), len(rest.tool_calls)) == (pieces, calls)


@pytest.mark.parametrize("said", [[begun("You will")], [CALLED, OUTPUT, CALLED, OUTPUT]])
def test_serial_refuses_what_it_did_not_begin(said: list[Message]) -> None:
    """A client that sends back other words, or asks for more than there is, learns so at once."""
    assert Serial(steps=STEPS).rest(said) is NOT_OURS


async def test_provider_plays_the_serial_of_the_last_question_and_tells_of_each_event() -> None:
    """The words that ask for the rest are no question; who listens hears of the request and of all that is sent."""
    told: list[tuple[Performance, int]] = []
    async with ScriptedProvider() as provider, httpx.AsyncClient(trust_env=False) as client:
        provider.go_on = GO_ON
        provider.serials["noon"] = Serial(steps=STEPS[1:])
        provider.listen(lambda performance: told.append((performance, performance.event_count)))
        messages = [
            {"role": "user", "content": "story:noon"},
            {"role": "assistant", "content": "It is "},
            {"role": "user", "content": GO_ON},
        ]
        await client.post(f"{provider.base_url}/chat/completions", json={"model": "m", "messages": messages})
        (performance,) = provider.requests
    assert performance.text == "noon."
    assert told == [(performance, number) for number in range(5)]  # a word, the finish, the usage, the end
