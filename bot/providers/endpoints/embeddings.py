"""Texts as vectors, by a provider's `/embeddings`."""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.errors import ProviderError, ProviderFault
from bot.providers.bodies import Consumption, Json, consumption_in, decoded, entries_in, given
from bot.providers.endpoint import Endpoint

# OpenAI takes 2048 inputs at once, but 256 vectors of 3072 numbers are 4 MB already, and 17 MB as decimal numbers.
MAX_BATCH = 256
MAX_ANSWER_BYTES = 24 * 1024 * 1024

Input = str | Sequence[int]  # a text, or its tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingRequest:
    """What to embed; `dimensions` None is as many as the model has, `user` is a hash of the end user."""

    model: str
    inputs: Sequence[Input] = field(repr=False)
    dimensions: int | None = None
    user: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """A vector for each input, in their order and all of one length: arrays of 32-bit floats (`f`).

    `model` is what the provider says it ran; `usage` None where it does not count.
    """

    vectors: tuple[array[float], ...] = field(repr=False)
    model: str | None = None
    usage: Consumption | None = None


class Embeddings:
    """The embeddings endpoint of one provider; it is asked again as for answers, as a repetition costs next to nothing.

    Vectors are asked for in base64 (32-bit floats, the lowest byte first), which is a quarter of the bytes and far
    quicker to read; lists of numbers are read too, because many servers know nothing else.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def embed(self, request: EmbeddingRequest) -> Embedded:
        """The vectors of all inputs, asked for in batches of `MAX_BATCH`.

        Raises: ProviderError: `PROTOCOL` also where vectors are missing, broken, or not of `dimensions`.
        """
        vectors: list[array[float]] = []
        model = usage = None
        for start in range(0, len(request.inputs), MAX_BATCH):
            inputs = [one if isinstance(one, str) else list(one) for one in request.inputs[start : start + MAX_BATCH]]
            answer = await self._fetch(request, inputs)
            vectors += self._vectors(answer, len(inputs))
            model, usage = answer.get("model"), _sum(usage, consumption_in(answer))
        lengths = {len(vector) for vector in vectors}
        if len(lengths) > 1 or (request.dimensions and lengths - {request.dimensions}):
            detail = f"vectors of {sorted(lengths)} numbers, {request.dimensions or 'one number'} of them asked for"
            raise ProviderError(ProviderFault.PROTOCOL, detail)
        return Embedded(vectors=tuple(vectors), model=model if isinstance(model, str) else None, usage=usage)

    async def _fetch(self, request: EmbeddingRequest, inputs: list[str | list[int]]) -> Json:
        body = given(input=inputs, model=request.model, dimensions=request.dimensions, user=request.user)
        try:
            answer = await self._post({**body, "encoding_format": "base64"})
        except ProviderError as error:
            if error.fault is not ProviderFault.BAD_REQUEST or "encoding_format" not in error.detail:
                raise
            answer = await self._post(body)
        return answer if isinstance(answer, dict) else {}

    async def _post(self, body: Json) -> object:
        return await self._endpoint.fetch("POST", "/embeddings", body, max_bytes=MAX_ANSWER_BYTES)

    def _vectors(self, answer: Json, count: int) -> list[array[float]]:
        entries = entries_in(answer, "data", secrets=self._endpoint.secrets)
        if len(entries) != count:
            raise ProviderError(ProviderFault.PROTOCOL, f"{len(entries)} vectors for {count} inputs")
        # The order is that of `index`; some relays leave it out or write 0 everywhere, and keep the inputs' order.
        places = [index if isinstance(index := entry.get("index"), int) else 0 for entry in entries]
        if sorted(places) == list(range(count)):
            entries = [entries[places.index(place)] for place in range(count)]
        return [vector_in(entry.get("embedding")) for entry in entries]


def vector_in(value: object) -> array[float]:
    """A vector that is written as base64 or as a list of numbers.  Raises: ProviderError."""
    vector = array("f")
    try:
        if isinstance(value, str):
            vector.frombytes(decoded(value))
            if sys.byteorder == "big":
                vector.byteswap()
        elif isinstance(value, list):
            vector.fromlist(value)
    except (ValueError, TypeError, OverflowError) as exc:
        raise ProviderError(ProviderFault.PROTOCOL, "a vector of something else than 32-bit floats") from exc
    if not vector or not math.isfinite(sum(vector)):
        raise ProviderError(ProviderFault.PROTOCOL, "a vector that is empty or not finite")
    return vector


def _sum(first: Consumption | None, second: Consumption | None) -> Consumption | None:
    if first is None or second is None:
        return first or second
    return Consumption(input_tokens=first.input_tokens + second.input_tokens)
