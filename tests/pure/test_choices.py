"""Several answers to one question, in one stream."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from bot.providers.body_decoder import BodyDecoder
from bot.providers.chat.choices import MAX_CHARACTERS, MAX_CHOICES
from bot.providers.chat.decoder import ChunkDecoder
from bot.providers.events import Alternatives, Event, Finished, FinishReason, TextDelta
from tests.pure.test_chat_completions_decoder import decode, stream


def choice(index: int, content: str | None = None, finish: str | None = None, **delta: object) -> dict[str, object]:
    """A choice of a chunk."""
    words = {} if content is None else {"content": content}
    return {"index": index, "delta": {**words, **delta}, "finish_reason": finish}


def chunks(*choices: dict[str, object]) -> list[str]:
    """A chunk for each choice."""
    return [json.dumps({"id": "c1", "model": "m", "choices": [each]}) for each in choices]


THREE = (
    choice(0, "Tea"),
    choice(1, "Cof"),
    choice(2, "<think>Hm</think>Milk"),
    choice(1, "fee"),
    choice(0, "!"),
    choice(0, finish="stop"),
    choice(1, finish="stop"),
    choice(2, finish="length"),
)
WHOLE = {
    "one choice in a chunk": stream(*chunks(*THREE)),
    "all choices in a chunk": stream(
        json.dumps({"choices": [choice(0, "Tea"), choice(1, "Coffee"), choice(2, "Milk")]}),
        json.dumps({"choices": [choice(0, "!", "stop"), choice(1, None, "stop"), choice(2, "", "stop")]}),
    ),
    "not streamed": json.dumps(
        {
            "choices": [
                {"index": number, "message": {"content": text}, "finish_reason": "stop"}
                for number, text in enumerate(("Tea!", "Coffee", [{"type": "text", "text": "Milk"}]))
            ]
        }
    ).encode(),
    "without their ends": stream(*chunks(choice(0, "Tea!"), choice(1, "Coffee"), choice(2, "Milk"))),
    "with an empty one": stream(*chunks(*THREE, choice(3, "  "), choice(3, finish="stop"))),
    "with one of calls": stream(*chunks(*THREE, choice(4, tool_calls=[{"function": {"name": "roll"}}], finish="stop"))),
    "more than were asked for": stream(*chunks(*THREE, choice(MAX_CHOICES, "Beer", "stop"), choice(10**9, "Gin"))),
}


@pytest.mark.parametrize("name", WHOLE)
def test_further_choices_come_whole_after_the_first(name: str) -> None:
    """The first answer is streamed, the others come together before the end, without their thinking."""
    events = decode(WHOLE[name])
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "Tea!"
    assert events[-2:] == [Alternatives(("Coffee", "Milk")), Finished(FinishReason.STOP)]


def test_further_choices_are_left_out_where_the_first_has_calls() -> None:
    """What the model wants done is done, and there is nothing to pick from."""
    calls = choice(0, tool_calls=[{"id": "t1", "function": {"name": "roll", "arguments": "{}"}}])
    events = decode(stream(*chunks(calls, choice(1, "Tea", "stop"))))
    assert events[-1] == Finished(FinishReason.TOOL_CALLS)
    assert not [event for event in events if isinstance(event, Alternatives)]


def test_further_choice_that_is_cut_is_left_out() -> None:
    """What broke off is no answer to pick."""
    events = decode(stream(*chunks(choice(1, "Cof"), choice(2, "Milk", "stop"), choice(0, "Tea", "stop")), done=False))
    assert events[-2] == Alternatives(("Milk",))


def test_further_choices_are_waited_for() -> None:
    """A stream of several answers is not over when the first of them is."""
    decoder = BodyDecoder(ChunkDecoder(new_call_id=str))

    def fed(*choices: dict[str, object]) -> Iterator[Event]:
        return decoder.feed(stream(*chunks(*choices), done=False))

    list(fed(choice(1, "Cof"), choice(0, "Tea", "stop")))
    assert (decoder.is_answered, decoder.is_settled) == (True, False)
    list(fed(choice(1, "fee", "stop")))
    assert decoder.is_settled


def test_further_choice_that_never_ends_is_not_kept_whole() -> None:
    """A server cannot fill the memory with answers that nobody reads."""
    endless = [choice(1, "word " * 10_000) for _ in range(10)]
    (found,) = (
        event for event in decode(stream(*chunks(*endless, choice(0, "Tea")))) if isinstance(event, Alternatives)
    )
    assert len(found.texts[0]) <= MAX_CHARACTERS + 50_000
