"""All providers of the host behind one stream: a request goes to the one that its model names."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from bot.errors import ProviderError
from bot.messages import ProviderRequest
from bot.providers.adapter import Adapter
from bot.providers.assistants.adapter import Assistants
from bot.providers.chat.chat_completions import ChatCompletions
from bot.providers.chat.completions import Completions
from bot.providers.configuration import ProviderConfiguration
from bot.providers.endpoint import Endpoint
from bot.providers.endpoints.client import OpenAIClient
from bot.providers.events import Bookmark, Event, Routed, Usage, Waiting
from bot.providers.fallback import REASONS, Circuit, Link, chain, given_up, keeps_run, shows
from bot.providers.line import Line
from bot.providers.parameters import Api
from bot.providers.responses.adapter import Responses
from bot.providers.transport import Retries, Timeouts, Transport

log = logging.getLogger(__name__)

# A new wire format is a module beside these and an entry here.
ADAPTERS: Mapping[Api, Callable[[Endpoint], Adapter]] = {
    Api.CHAT_COMPLETIONS: ChatCompletions,
    Api.COMPLETIONS: Completions,
    Api.RESPONSES: Responses,
    Api.ASSISTANTS: Assistants,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One provider, ready to answer."""

    configuration: ProviderConfiguration
    endpoint: Endpoint
    adapter: Adapter
    line: Line


class Providers:
    """Finds the provider of a model and has it answer; a name without a provider's is the first one's."""

    def __init__(self, providers: Iterable[Provider], *, now: Callable[[], float] = time.monotonic) -> None:
        """There is at least one; `now` is in seconds and only goes forward."""
        self._providers = {provider.configuration.name: provider for provider in providers}
        self._first = next(iter(self._providers.values()))
        self._circuit = Circuit()
        self._now = now

    def find(self, reference: str) -> tuple[Provider, str]:
        """The provider of a `provider/model`, and its own name of the model, which may have slashes too."""
        name, slash, model = reference.partition("/")
        if slash and name in self._providers:
            return self._providers[name], model
        return self._first, reference

    def client(self, reference: str) -> tuple[OpenAIClient, str]:
        """The other endpoints of a model's provider (images, speech, moderations), and its own name of the model."""
        provider, model = self.find(reference)
        return OpenAIClient(provider.endpoint), model

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Event, None]:
        """The events of one answer, after `Routed`; close the generator to stop it.  Raises: ProviderError.

        Another `Routed` says that somebody else answers, of whom nothing has been passed on but bookmarks.
        """
        links = self._links(request)
        tried = chain(links, request, self._circuit, self._now())
        for link in tried:
            is_first = link == links[0]
            because = None if is_first else self._circuit.why(links[0], self._now())
            yield Routed(link.provider, link.model, None if is_first else links[0].reference, because)
            held: list[Event] | None = None if link == tried[-1] else []  # None as soon as somebody sees something
            kept = request.bookmarks[link.provider] if keeps_run(link, request) else None
            try:
                async with aclosing(self._answer(link, request)) as events:
                    async for event in events:
                        if isinstance(event, Bookmark):
                            kept = event.state
                        elif held is not None and not isinstance(event, Waiting):
                            held.append(event)
                            if not shows(event):
                                continue
                            *earlier, event = held
                            for passed in earlier:
                                yield passed
                            held = None
                        yield event
                return
            except ProviderError as error:
                reason = REASONS.get(error.fault)
                if reason is not None:
                    self._circuit.failed(link, reason, self._now())
                if reason is None or held is None:
                    raise
                log.warning("provider: %s %s (%s), so the next is asked", link.reference, reason, error.status)
            if kept is not None:
                left = given_up(kept)
                yield Bookmark(link.provider, left)
                request = replace(request, bookmarks={**request.bookmarks, link.provider: left})
                await self._providers[link.provider].adapter.cancel(request.run_key, kept)

    async def _answer(self, link: Link, request: ProviderRequest) -> AsyncGenerator[Event, None]:
        """The events of one provider's answer, in its turn."""
        provider = self._providers[link.provider]
        with provider.line.turn(request) as turn:
            async with aclosing(turn.positions()) as positions:
                async for position in positions:
                    yield Waiting(position)
            async with aclosing(provider.adapter.stream(replace(request, model=link.model))) as events:
                async for event in events:
                    if isinstance(event, Usage):
                        turn.settle(event)
                    yield event

    def _links(self, request: ProviderRequest) -> tuple[Link, ...]:
        """The model itself, then who may stand in for it: whom moderators chose, or else the host."""
        provider, model = self.find(request.model)
        others = request.fallback or provider.configuration.fallbacks_of(model)
        found = [(provider, model), *map(self.find, others)]
        return tuple(Link(provider=one.configuration.name, model=name) for one, name in found)

    def may_answer(self, request: ProviderRequest) -> tuple[tuple[str, str], ...]:
        """The provider of a request's model and its own name of it, then those that may stand in for it."""
        return tuple((link.provider, link.model) for link in self._links(request))

    async def cancel(self, run_key: str, bookmarks: Mapping[str, Mapping[str, Any]]) -> None:
        """End what providers still do for a run; raises nothing."""
        for name, bookmark in bookmarks.items():
            if name in self._providers:
                await self._providers[name].adapter.cancel(run_key, bookmark)

    async def forget(self, provider: str, bookmark: Mapping[str, Any]) -> None:
        """Delete what a provider keeps of a conversation, as far as it lets us; raises nothing."""
        if provider in self._providers:
            await self._providers[provider].adapter.forget(bookmark)

    @property
    def all(self) -> tuple[Provider, ...]:
        """In the host's order."""
        return tuple(self._providers.values())

    def takes_tools(self, reference: str) -> bool:
        """Whether a model's tools are sent."""
        provider, model = self.find(reference)
        return provider.adapter.takes_tools(model)


@asynccontextmanager
async def opened(
    configurations: Iterable[ProviderConfiguration],
    *,
    answer_timeout_seconds: float,
    now: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Providers]:
    """The providers with their connections, which are closed at the end of the block."""
    async with AsyncExitStack() as stack:
        providers = list[Provider]()
        for configuration in configurations:
            line = Line.of(configuration)
            transport = await stack.enter_async_context(_transport(configuration, answer_timeout_seconds, line))
            endpoint = Endpoint(transport, configuration, now=now)
            adapter = ADAPTERS[configuration.api](endpoint)
            providers.append(Provider(configuration=configuration, endpoint=endpoint, adapter=adapter, line=line))
        yield Providers(providers, now=now)


def _transport(configuration: ProviderConfiguration, answer_timeout_seconds: float, line: Line) -> Transport:
    timeouts = Timeouts(
        connect_seconds=configuration.connect_timeout_seconds,
        first_byte_seconds=configuration.first_byte_timeout_seconds,
        idle_seconds=configuration.idle_timeout_seconds,
        total_seconds=answer_timeout_seconds,
    )
    retries = Retries(max_retries=configuration.retries)
    return Transport(timeouts=timeouts, retries=retries, hear=line.hear)
