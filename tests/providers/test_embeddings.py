"""Vectors of texts, over real sockets."""

from __future__ import annotations

import struct
from array import array
from base64 import b64encode

import pytest

from bot.errors import ProviderError, ProviderFault
from bot.providers.bodies import Consumption
from bot.providers.endpoints.client import OpenAIClient
from bot.providers.endpoints.embeddings import MAX_BATCH, EmbeddingRequest
from sandbox.judging import vector_of
from sandbox.provider import ScriptedProvider
from sandbox.stories import Story, refusal
from tests.providers.asking import fault_of, whole

PATH = "/embeddings"
TWO = EmbeddingRequest(model="vectors", inputs=("a quick fox", "a lazy dog"), user="hash")
ONE = EmbeddingRequest(model="vectors", inputs=("fox",))


def packed(*numbers: float) -> str:
    """Floats of 32 bits, the lowest byte first, in base64."""
    return b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def vectors(*embeddings: object) -> Story:
    """A whole answer with these vectors."""
    return whole({"data": [{"index": index, "embedding": embedding} for index, embedding in enumerate(embeddings)]})


@pytest.mark.parametrize("quirk", ["packed", "float_vectors", "refuses_base64"])
async def test_vectors_are_those_of_the_inputs(quirk: str, provider: ScriptedProvider, client: OpenAIClient) -> None:
    """Whether a server packs its vectors, ignores the wish or refuses it, each input has its own."""
    if quirk != "packed":
        setattr(provider.endpoints.quirks, quirk, True)
    embedded = await client.embeddings.embed(TWO)
    assert embedded.vectors == tuple(array("f", vector_of(text)) for text in TWO.inputs)
    assert (embedded.model, embedded.usage) == ("vectors", Consumption(input_tokens=6))
    body = {"input": ["a quick fox", "a lazy dog"], "model": "vectors", "user": "hash"}
    sent = [order.body for order in provider.endpoints.orders]
    assert sent == [{**body, "encoding_format": "base64"}, body][: 2 if quirk == "refuses_base64" else 1]


async def test_fewer_dimensions_are_asked_for(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """The length is sent, and a server that ignores it is found out before the vectors are compared with others."""
    short = EmbeddingRequest(model="vectors", inputs=((1, 2, 3),), dimensions=8)
    assert len((await client.embeddings.embed(short)).vectors[0]) == 8
    assert provider.endpoints.orders[0].body["input"] == [[1, 2, 3]]
    provider.endpoints.play(PATH, vectors([1.0] * 9))
    assert await fault_of(client.embeddings.embed(short)) is ProviderFault.PROTOCOL


async def test_many_inputs_are_asked_for_in_batches(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """More texts than one request may have come back as one result, counted together."""
    texts = [f"word{number}" for number in range(MAX_BATCH + 1)]
    embedded = await client.embeddings.embed(EmbeddingRequest(model="m", inputs=texts, dimensions=2))
    assert [len(order.body["input"]) for order in provider.endpoints.orders] == [MAX_BATCH, 1]
    assert embedded.vectors[-1] == array("f", vector_of(texts[-1], 2))
    assert embedded.usage == Consumption(input_tokens=MAX_BATCH + 1)


async def test_order_is_kept_where_every_index_is_the_same(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """Relays that number nothing, or everything with 0, keep the order of the inputs; usage may be missing."""
    for extra in ({}, {"index": 0}, {"index": None}, {"index": "1"}):
        provider.endpoints.play(PATH, whole({"data": [{"embedding": [1], **extra}, {"embedding": [2], **extra}]}))
        embedded = await client.embeddings.embed(TWO)
        assert [list(vector) for vector in embedded.vectors] == [[1.0], [2.0]]
        assert (embedded.model, embedded.usage) == (None, None)


async def test_nothing_to_embed_asks_nobody(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """An empty list needs no request."""
    assert (await client.embeddings.embed(EmbeddingRequest(model="m", inputs=()))).vectors == ()
    assert provider.endpoints.orders == []


BROKEN = {
    "cut base64": vectors(packed(1.0, 2.0)[:-1]),
    "half a float": vectors(b64encode(b"12345").decode()),
    "empty": vectors(""),
    "empty list": vectors([]),
    "no numbers": vectors(["a", "b"]),
    "no vector": vectors(None),
    "not finite": vectors(packed(1.0, float("nan"))),
    "too large": vectors([1e300]),
    "too many": vectors([1.0], [2.0]),
    "no list": whole({"data": {"embedding": [1.0]}}),
    "a page": Story(body=b"<!doctype html><title>Log in</title>", content_type="text/html"),
    "cut": Story(body=b'{"data": [{"embedding": [1.0'),
    "nothing": Story(body=b""),
    "a list": whole([]),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_broken_vector_is_an_error(name: str, provider: ScriptedProvider, client: OpenAIClient) -> None:
    """Nothing that is no vector of finite numbers, one for each text, is handed on."""
    provider.endpoints.play(PATH, BROKEN[name])
    assert await fault_of(client.embeddings.embed(ONE)) is ProviderFault.PROTOCOL


async def test_vectors_of_two_lengths_are_an_error(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """Vectors that cannot be compared with each other are not handed on."""
    provider.endpoints.play(PATH, vectors([1.0], [1.0, 2.0]))
    assert await fault_of(client.embeddings.embed(TWO)) is ProviderFault.PROTOCOL


@pytest.mark.parametrize(
    ("story", "fault"),
    [
        (whole({"code": 400, "msg": "no such model", "data": None}), ProviderFault.BAD_REQUEST),
        (whole({"error": "rate limit reached"}), ProviderFault.RATE_LIMITED),
        (refusal(501, "api_not_implemented"), ProviderFault.NOT_IMPLEMENTED),
        (refusal(403, "insufficient_user_quota"), ProviderFault.QUOTA),
    ],
    ids=lambda value: str(getattr(value, "status", value)),
)
async def test_refusal_has_its_reason(
    story: Story, fault: ProviderFault, provider: ScriptedProvider, client: OpenAIClient
) -> None:
    """Errors of any shape, also inside a 200, are those of answers."""
    provider.endpoints.play(PATH, story)
    assert await fault_of(client.embeddings.embed(ONE)) is fault


async def test_busy_server_is_asked_again(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """As for answers: a busy server and a dropped connection cost a wait."""
    provider.endpoints.play(PATH, refusal(503, "overloaded"), Story(refuses_connection=True))
    assert (await client.embeddings.embed(ONE)).vectors
    assert len(provider.endpoints.orders) == 3


async def test_endpoint_that_is_not_there_is_not_offered(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """A 404 is told apart, so that whoever offers it can stop."""
    provider.endpoints.quirks.not_offered.add(PATH)
    with pytest.raises(ProviderError) as caught:
        await client.embeddings.embed(ONE)
    assert caught.value.fault is ProviderFault.NOT_FOUND
    assert len(provider.endpoints.orders) == 1
