"""What a request took, where its provider says so and where it does not."""

from __future__ import annotations

import pytest

from bot.messages import ChatMessage, ProviderRequest, Role, ToolSpec
from bot.providers.events import (
    Alternatives,
    Bookmark,
    Event,
    ReasoningDelta,
    Routed,
    Started,
    TextDelta,
    ToolCallDone,
    Usage,
)
from bot.runs.draft import Draft
from bot.runs.metering import MAX_COUNTED_CHARACTERS, Meter

QUESTION = ChatMessage(role=Role.USER, content="one two three")
ROUTED, BEGUN = Routed("demo", "small"), Started(None, None)
CALL = ToolCallDone(0, "call_1", "roll", '{"sides": 6}')


class PerToken:
    """A nano for each token at one provider, and no price at any other."""

    async def load(self) -> None:
        """It is at hand."""

    def cost_nanos(self, provider: str, model: str, usage: Usage) -> int | None:
        """The tokens."""
        return usage.input_tokens + usage.output_tokens if (provider, model) == ("demo", "small") else None


def used(*events: Event, draft: Draft | None = None, messages: tuple[ChatMessage, ...] = (QUESTION,)) -> Usage | None:
    """What these events say a request took, where each word is a token."""
    draft = draft or Draft()
    for event in events:
        draft.take(event)
    tool = ToolSpec(name="roll", description="a die", parameters={})
    request = ProviderRequest(model="small", messages=messages, tools=(tool,))
    return Meter(PerToken(), count_tokens=lambda text: len(text.split())).used(request, draft)


def test_provider_is_believed() -> None:
    """What it counted stays as it is, and is paid for."""
    counted = Usage(input_tokens=90, output_tokens=7, cached_tokens=60, reasoning_tokens=2)
    seen = used(ROUTED, BEGUN, TextDelta("one"), counted)
    assert seen == Usage(input_tokens=90, output_tokens=7, cached_tokens=60, reasoning_tokens=2, cost_nanos=97)


@pytest.mark.parametrize("counted", [(), (Usage(input_tokens=0, output_tokens=0),)], ids=["missing", "zero"])
def test_missing_usage_is_estimated(counted: tuple[Usage, ...]) -> None:
    """Messages, tools, text, thoughts and calls, each with its words; thoughts are a part of what was written."""
    seen = used(ROUTED, BEGUN, ReasoningDelta("let me see"), TextDelta("four five"), CALL, *counted)
    read, written = 3 + 4 + 6, 2 + 3 + 3
    assert seen == Usage(
        input_tokens=read, output_tokens=written, reasoning_tokens=3, is_estimated=True, cost_nanos=read + written
    )


def test_further_answers_are_estimated_too() -> None:
    """All that were asked for are paid for, whichever is picked."""
    seen = used(ROUTED, BEGUN, TextDelta("four five"), Alternatives(("six seven eight", "nine")))
    assert seen is not None
    assert seen.output_tokens == 2 + 3 + 1


def test_half_of_a_usage_is_completed() -> None:
    """What the provider did count is kept."""
    seen = used(ROUTED, BEGUN, TextDelta("four five"), Usage(input_tokens=90, output_tokens=0, cached_tokens=60))
    expected = Usage(input_tokens=90, output_tokens=2, cached_tokens=60, is_estimated=True, cost_nanos=92)
    assert seen == expected


def test_request_that_was_not_taken_costs_nothing() -> None:
    """One that was refused, or that waited in a line until it was stopped."""
    assert used(ROUTED) is None


def test_run_that_its_provider_keeps_is_counted_at_its_end() -> None:
    """Its steps are not estimated, or they would be paid for twice; an end without a count is."""
    assert used(ROUTED, BEGUN, Bookmark("demo", {"run": {"owner": "run 1"}}), CALL) is None
    ended = used(ROUTED, BEGUN, Bookmark("demo", {}), TextDelta("four five"))
    assert ended is not None
    assert ended.is_estimated


def test_step_of_a_conversation_that_its_provider_keeps_is_counted() -> None:
    """Each of its responses is paid for by itself, and nothing counts it later."""
    step = used(ROUTED, BEGUN, Bookmark("demo", {"state": "conversation"}), CALL)
    assert step is not None
    assert step.is_estimated


def test_bookmark_of_who_did_not_answer_is_no_bookmark() -> None:
    """Who answers instead is asked what it took, and estimated if it does not say."""
    seen = used(Routed("spare", "large"), Bookmark("spare", {}), ROUTED, BEGUN, CALL)
    assert seen is not None
    assert seen.is_estimated


def test_what_an_earlier_attempt_wrote_is_not_counted_again() -> None:
    """It is a part of what was read by now."""
    draft = Draft.from_stored("one two ", "")
    seen = used(ROUTED, BEGUN, TextDelta(" three"), draft=draft)
    assert seen is not None
    assert seen.output_tokens == 1


def test_price_of_another_provider_is_unknown() -> None:
    """The tokens are counted all the same."""
    seen = used(Routed("spare", "small"), BEGUN, Usage(input_tokens=1, output_tokens=1))
    assert seen == Usage(input_tokens=1, output_tokens=1)


def test_long_text_is_estimated_from_its_beginning() -> None:
    """So that counting holds up nobody, however large the window is."""
    words = MAX_COUNTED_CHARACTERS * 2
    seen = used(ROUTED, BEGUN, messages=(ChatMessage(role=Role.USER, content="a " * words),))
    assert seen is not None
    assert seen.input_tokens == pytest.approx(words, rel=0.001)
