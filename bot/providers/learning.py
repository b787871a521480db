"""Requests to one provider in the dialect of each of its models."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from bot.errors import ProviderError
from bot.providers.configuration import ProviderConfiguration
from bot.providers.dialect import IDENTIFIERS, MAX_DIALECTS, Dialect
from bot.providers.endpoint import USUAL, Endpoint
from bot.providers.transport import ResponseStream, Terms

log = logging.getLogger(__name__)


class Learner:
    """Asks a provider, and asks otherwise from then on what it refuses."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._first = first_dialect(endpoint.configuration)
        self._learnt: dict[str, Dialect] = {}

    def dialect(self, model: str) -> Dialect:
        """How a model is asked, as far as it is known."""
        return self._learnt.get(model, self._first)

    @asynccontextmanager
    async def open(
        self,
        model: str,
        path: str,
        body: Callable[[Dialect], Mapping[str, Any]],
        sent: Iterable[str],
        *,
        headers: Mapping[str, str] | None = None,
        terms: Terms = USUAL,
    ) -> AsyncIterator[ResponseStream]:
        """The answer to the body that a dialect makes; `sent` are the fields of it that can be done without.

        What the host wrote as `extra_body` goes along and wins.  Raises: ProviderError.
        """

        def opened(body: Mapping[str, Any]) -> AbstractAsyncContextManager[ResponseStream]:
            return self._endpoint.open("POST", path, body, headers=headers, terms=terms)

        async with AsyncExitStack() as stack:
            yield await self._accepted(model, opened, body, tuple(sent), stack)

    async def _accepted(
        self,
        model: str,
        opened: Callable[[Mapping[str, Any]], AbstractAsyncContextManager[ResponseStream]],
        body: Callable[[Dialect], Mapping[str, Any]],
        sent: tuple[str, ...],
        stack: AsyncExitStack,
    ) -> ResponseStream:
        for _ in range(MAX_DIALECTS):
            dialect = self.dialect(model)
            whole = joined(body(dialect), self._endpoint.configuration.extra_body)
            try:
                return await stack.enter_async_context(opened(whole))
            except ProviderError as error:
                learnt = dialect.learn_from(error, sent)
                if learnt is None:
                    raise
                log.info("%s: the model is asked differently from now on: %s", self._endpoint.name, error.detail)
                self._learnt[model] = learnt
                refusal = error
        raise refusal


def joined(body: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """A body with what the host wants in every request, which wins; of two objects it is what both have."""
    whole = dict(body)
    for name, value in extra.items():
        ours = body.get(name)
        whole[name] = {**ours, **value} if isinstance(ours, Mapping) and isinstance(value, Mapping) else value
    return whole


def first_dialect(configuration: ProviderConfiguration) -> Dialect:
    """What the host says of a server."""
    return Dialect(
        includes_usage=configuration.stream_usage,
        max_tokens_field=configuration.max_tokens_field or Dialect().max_tokens_field,
        unwanted=frozenset() if configuration.sends_identifiers else frozenset(IDENTIFIERS),
        sends_tools=configuration.tools,
        sends_parallel_tool_calls=configuration.parallel_tools,
    )
