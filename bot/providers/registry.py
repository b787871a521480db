"""All providers of the host behind one stream: a request goes to the one that its model names."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from bot.messages import ProviderRequest
from bot.providers.adapter import Adapter, ListedModel
from bot.providers.chat_completions import ChatCompletions
from bot.providers.completions import Completions
from bot.providers.configuration import ProviderConfiguration
from bot.providers.endpoint import Endpoint
from bot.providers.events import Event, Routed
from bot.providers.openai_client import OpenAIClient
from bot.providers.parameters import Api
from bot.providers.responses import Responses
from bot.providers.transport import Retries, Timeouts, Transport

# A new wire format is a module beside these and an entry here.
ADAPTERS: Mapping[Api, Callable[[Endpoint], Adapter]] = {
    Api.CHAT_COMPLETIONS: ChatCompletions,
    Api.COMPLETIONS: Completions,
    Api.RESPONSES: Responses,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One provider, ready to answer."""

    configuration: ProviderConfiguration
    endpoint: Endpoint
    adapter: Adapter


class Providers:
    """Finds the provider of a model and has it answer; a name without a provider's is the first one's."""

    def __init__(self, providers: Iterable[Provider]) -> None:
        """There is at least one."""
        self._providers = {provider.configuration.name: provider for provider in providers}
        self._first = next(iter(self._providers.values()))

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
        """The events of one answer, after `Routed`; close the generator to stop it.  Raises: ProviderError."""
        provider, model = self.find(request.model)
        yield Routed(provider.configuration.name, model)
        async with aclosing(provider.adapter.stream(replace(request, model=model))) as events:
            async for event in events:
                yield event

    async def cancel(self, run_key: str, bookmarks: Mapping[str, Mapping[str, Any]]) -> None:
        """End what providers still do for a run; raises nothing."""
        for name, bookmark in bookmarks.items():
            if name in self._providers:
                await self._providers[name].adapter.cancel(run_key, bookmark)

    async def list_models(self) -> tuple[ListedModel, ...]:
        """The models of the first provider.  Raises: ProviderError."""
        return await self._first.adapter.list_models()

    def takes_tools(self, reference: str) -> bool:
        """Whether a model's tools are sent."""
        provider, model = self.find(reference)
        return provider.adapter.takes_tools(model)


@asynccontextmanager
async def opened(
    configurations: Iterable[ProviderConfiguration], *, answer_timeout_seconds: float
) -> AsyncIterator[Providers]:
    """The providers with their connections, which are closed at the end of the block."""
    async with AsyncExitStack() as stack:
        providers = list[Provider]()
        for configuration in configurations:
            transport = await stack.enter_async_context(_transport(configuration, answer_timeout_seconds))
            endpoint = Endpoint(transport, configuration)
            adapter = ADAPTERS[configuration.api](endpoint)
            providers.append(Provider(configuration=configuration, endpoint=endpoint, adapter=adapter))
        yield Providers(providers)


def _transport(configuration: ProviderConfiguration, answer_timeout_seconds: float) -> Transport:
    timeouts = Timeouts(
        connect_seconds=configuration.connect_timeout_seconds,
        first_byte_seconds=configuration.first_byte_timeout_seconds,
        idle_seconds=configuration.idle_timeout_seconds,
        total_seconds=answer_timeout_seconds,
    )
    return Transport(timeouts=timeouts, retries=Retries(max_retries=configuration.retries))
