"""What is learnt from a server that refuses a request."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from bot.errors import ProviderError
from bot.providers.dialect import Dialect
from bot.providers.failures import failure

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SENT = (
    "n",
    "stop",
    "seed",
    "top_p",
    "temperature",
    "user",
    "safety_identifier",
    "prompt_cache_key",
    "reasoning_content",
)


def refused(message: object, status: int = 400, **more: object) -> ProviderError:
    """What a server says in OpenAI's shape."""
    return failure(status, json.dumps({"error": {"message": message, "type": "x", **more}}), {}, now=NOON)


def page(body: object) -> ProviderError:
    """What a server says in its own shape."""
    return failure(422, json.dumps(body), {}, now=NOON)


UNWANTED = {
    "OpenAI": (refused("Unsupported parameter: 'n' is not supported.", param="n", code="unsupported_parameter"), {"n"}),
    "the field alone": (refused("This is not supported.", param="stop"), {"stop"}),
    "a part of the field": (refused("Invalid type.", param="stop[0]"), {"stop"}),
    "old OpenAI": (refused("Unrecognized request argument supplied: seed"), {"seed"}),
    "old OpenAI, two": (
        refused("Unrecognized request arguments supplied: prompt_cache_key, safety_identifier"),
        {"prompt_cache_key", "safety_identifier"},
    ),
    "Groq": (refused("property 'user' is unsupported, did you mean 'users'?"), {"user"}),
    "Mistral": (
        page(
            {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"]}, {"loc": ["body", "safety_identifier"]}]}
        ),
        {"seed", "safety_identifier"},
    ),
    "Fireworks": (
        refused("Extra inputs are not permitted, field: 'prompt_cache_key', value: 'x'"),
        {"prompt_cache_key"},
    ),
    "in backticks": (refused("`seed` is not supported by this model."), {"seed"}),
    "a longer name without quotes": (refused("temperature is deprecated for this model"), {"temperature"}),
    "DeepSeek's older reasoner": (
        refused("The reasoning_content is an intermediate result. Please remove it."),
        {"reasoning_content"},
    ),
}


@pytest.mark.parametrize("name", UNWANTED)
def test_dialect_gives_up_what_is_named(name: str) -> None:
    """Each field that a refusal is about is not sent again, and no other."""
    error, unwanted = UNWANTED[name]
    learnt = Dialect().learn_from(error, SENT)
    assert learnt == Dialect(unwanted=frozenset(unwanted))
    assert learnt.learn_from(error, SENT) is None


@pytest.mark.parametrize(
    "message",
    [
        "Only one user message may stop the n turns.",
        "messages: the last one must be from the user; n was 3",
        "Please stop, the seed of this is unknown",
        "Invalid 'messages[3].content'.",
    ],
)
def test_dialect_takes_no_word_of_a_sentence_for_a_field(message: str) -> None:
    """A short name is also a word: it has to be quoted or announced to be meant."""
    assert Dialect().learn_from(refused(message), SENT) is None


def test_dialect_gives_up_a_field_before_the_tools() -> None:
    """What costs least is tried first."""
    error = refused("Function tools with reasoning_effort are not supported.")
    assert Dialect().learn_from(error, ("reasoning_effort",)) == Dialect(unwanted=frozenset({"reasoning_effort"}))


@pytest.mark.parametrize(
    "message",
    [
        "The `reasoning_content` in the thinking mode must be passed back to the API.",
        "thinking is enabled but reasoning_content is missing in assistant tool call message at index 2",
    ],
    ids=["DeepSeek", "Kimi"],
)
def test_dialect_gives_what_is_missed(message: str) -> None:
    """Thinking that a server asks for is not taken for refused."""
    learnt = Dialect().learn_from(refused(message), SENT)
    assert learnt == Dialect(fills_thinking=True)
    assert learnt.learn_from(refused(message), SENT) is None


def test_dialect_learns_nothing_from_other_failures() -> None:
    """An overloaded server or a wrong key says nothing about fields."""
    for status in (401, 429, 503):
        assert Dialect().learn_from(refused("Unsupported parameter: 'n'", status), SENT) is None
