"""What endpoints answer, however odd: it is read, or it is a provider's fault, and never anything else."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ProviderError
from bot.providers.bodies import Consumption, consumption_in, decoded
from bot.providers.endpoints.embeddings import vector_in
from bot.providers.endpoints.images import pictures_in
from bot.providers.endpoints.media import content_type_of
from bot.providers.endpoints.moderations import verdict_in
from bot.providers.endpoints.transcripts import transcript_in
from bot.providers.models import models_in

NAMES = """
    data b64_json url revised_prompt usage input_tokens output_tokens prompt_tokens seconds input_tokens_details
    image_tokens text segments words logprobs start end duration language speaker token logprob flagged categories
    category_scores category_applied_input_types hate id shutdown_date error message code size
"""
WORDS = st.sampled_from(NAMES.split())
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)  # JSON's integers have no end
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["aGVsbG8=", "data:image/png;base64,", "https://pictures.example", "2026-12-11"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=6),
    max_leaves=20,
)
OBJECTS = st.dictionaries(WORDS, VALUES, max_size=8)


@pytest.mark.parametrize(
    "read",
    [
        lambda answer: pictures_in(answer, secrets=()),
        lambda answer: transcript_in(answer, secrets=()),
        models_in,
        vector_in,
        verdict_in,
        consumption_in,
    ],
    ids=["pictures", "transcript", "models", "vector", "verdict", "usage"],
)
def test_any_answer_is_read_or_is_a_fault(read: Callable[[object], object]) -> None:
    """No JSON that a relay can send ends in an error of ours."""

    @given(OBJECTS | st.fixed_dictionaries({"data": st.lists(OBJECTS, max_size=3), "text": st.text()}))
    def reads(answer: object) -> None:
        with suppress(ProviderError):
            read(answer)

    reads()


@given(VALUES)
def test_any_value_is_a_vector_or_a_fault(value: object) -> None:
    """A vector that is handed on has numbers, and all are finite."""
    try:
        vector = vector_in(value)
    except ProviderError:
        return
    assert vector
    assert all(map(math.isfinite, vector))


@given(st.text() | st.binary().map(lambda content: content.decode("latin-1")))
def test_any_text_is_base64_or_a_fault(text: str) -> None:
    """What is no base64 is told, also where it holds characters outside of ASCII."""
    with suppress(ProviderError):
        assert decoded(text)


def test_usage_of_each_endpoint_is_read() -> None:
    """Images and sound name the same things differently; what says nothing is nothing."""
    sound = {"type": "tokens", "input_tokens": 14, "input_token_details": {"audio_tokens": 10}, "output_tokens": 45}
    picture = {"input_tokens": 50, "input_tokens_details": {"image_tokens": 40}, "output_tokens": 50}
    assert consumption_in({"usage": sound}) == Consumption(input_tokens=14, output_tokens=45, media_tokens=10)
    assert consumption_in({"usage": picture}) == Consumption(input_tokens=50, output_tokens=50, media_tokens=40)
    assert consumption_in({"usage": {"type": "duration", "seconds": 3}}) == Consumption(seconds=3.0)
    assert consumption_in({"usage": {"prompt_tokens": -1, "input_tokens": 10**400, "seconds": math.nan}}) is None


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
        (b"\0\0\0\x1cftypM4A ", "audio/mp4"),
        (b"\0\0\0\x1cftypavif", "image/avif"),
        (b"\0\0\0\x1cftypisom", "video/mp4"),
        (b"RIFF", None),
        (b"", None),
    ],
)
def test_content_is_known_by_its_beginning(content: bytes, content_type: str | None) -> None:
    """Formats that share a beginning are told apart by what follows."""
    assert content_type_of(content) == content_type
