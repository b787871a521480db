"""Which models there are: each provider's own list, as the host shows it, asked for again from time to time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from bot.errors import ProviderError, ProviderFault
from bot.providers.adapter import ListedModel
from bot.providers.advice import advice
from bot.providers.models import close_names
from bot.providers.parameters import Api
from bot.providers.prices import Prices
from bot.providers.registry import Provider, Providers

log = logging.getLogger(__name__)

# Models come and go by the day: an hour late is soon enough, for one small request.
REFRESH_SECONDS = 3600.0
# After a failure, often the start of a local server.
RETRY_SECONDS = 300.0
# Time to choose another model and to try it out.
WARN_BEFORE = timedelta(days=30)
# Relays and local servers that answer questions may all the same not list their models.
NOT_OFFERED = frozenset({ProviderFault.NOT_FOUND, ProviderFault.NOT_IMPLEMENTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """A model that is going, from a day on, or gone from its provider's list; `others` have names like it."""

    reference: str
    shutdown_on: date | None = None
    others: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The sentence for whoever can do something about it."""
        if self.shutdown_on is not None:
            day = f"{self.shutdown_on.day} {self.shutdown_on:%B %Y}"
            return f"The model {self.reference} ends on {day}: choose another one."
        hint = f": did you mean {' or '.join(self.others)}?" if self.others else ": choose another one."
        return f"The provider does not list the model {self.reference}{hint}"


@dataclass(slots=True)
class Shelf:
    """One provider's models as they were listed last; `models` None as long as they were not."""

    provider: Provider
    models: tuple[ListedModel, ...] | None = None
    gone: set[str] = field(default_factory=set)  # listed once, and not any more
    complaint: str | None = None

    def take(self, listed: tuple[ListedModel, ...]) -> None:
        """A new list; what is missing in it was on the last one."""
        names = {model.name for model in listed}
        self.gone = {*self.gone, *(model.name for model in self.models or ())} - names
        self.models, self.complaint = listed, None

    @property
    def names(self) -> tuple[str, ...]:
        """All names, shown or not: the provider's, then those that the host has named."""
        listed = (model.name for model in self.models or ())
        return tuple(dict.fromkeys((*listed, *self.provider.configuration.named_models)))

    def shown(self) -> Iterator[str]:
        """The models that may be chosen, as `provider/model`."""
        configuration = self.provider.configuration
        return (f"{configuration.name}/{name}" for name in self.names if configuration.shows(name))


class Catalog:
    """The models of all providers."""

    def __init__(
        self,
        providers: Providers,
        *,
        chosen: str,
        clock: Callable[[], datetime],
        prices: Prices,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`chosen` is the host's model, which always counts as known."""
        self._providers = providers
        self._chosen = chosen
        self._clock = clock
        self._prices = prices
        self._sleep = sleep
        self._told: set[str] = set()
        self._shelves = {provider.configuration.name: Shelf(provider) for provider in providers.all}

    async def keep(self) -> None:
        """Ask for the lists again and again, until cancelled."""
        while True:
            all_came = await self.refresh()
            await self._sleep(REFRESH_SECONDS if all_came else RETRY_SECONDS)

    async def refresh(self) -> bool:
        """Ask all providers for their lists at once, and tell the host what is new: whether all have answered."""
        await self._prices.load()
        all_came = all(await asyncio.gather(*map(self._list, self._shelves.values())))
        for sentence in map(str, self.leaving_in_use()):
            if sentence not in self._told:
                self._told.add(sentence)
                log.warning("%s", sentence)
        return all_came

    def references(self) -> tuple[str, ...]:
        """The models that may be chosen, as `provider/model`; the host's own is the first."""
        shown = (reference for shelf in self._shelves.values() for reference in shelf.shown())
        return tuple(dict.fromkeys((self.whole(self._chosen), *shown)))

    def known(self, reference: str) -> bool:
        """Whether a model may be chosen: it is shown, or nobody knows which models its provider has."""
        provider, model = self._providers.find(reference)
        if not provider.configuration.shows(model):
            return not self.is_hidden(reference)
        shelf = self._shelves[provider.configuration.name]
        return shelf.models is None or self.whole(reference) in self.references()

    def is_hidden(self, reference: str) -> bool:
        """Whether the host shows a model to nobody, and has not chosen it either."""
        provider, model = self._providers.find(reference)
        return not provider.configuration.shows(model) and self.whole(reference) != self.whole(self._chosen)

    def whole(self, reference: str) -> str:
        """A model's name with that of its provider, as `provider/model`."""
        provider, model = self._providers.find(reference)
        return f"{provider.configuration.name}/{model}"

    def server_tools(self, reference: str) -> tuple[str, ...]:
        """The kinds of its provider's own tools that a model may be given; those of threads and runs always are."""
        configuration = self._providers.find(reference)[0].configuration
        listed = configuration.server_tools if configuration.api is Api.RESPONSES else ()
        return tuple(str(tool.get("type", "")) for tool in listed)

    def facts(self, reference: str) -> str:
        """How many tokens a model reads and what a million cost, as far as that is known: `128k · $0.15 in / …`."""
        provider, model = self._providers.find(reference)
        return self._prices.facts(provider.configuration.name, model)

    def warning(self, reference: str) -> str | None:
        """That a model is going, or not listed any more, in a sentence; None where it stays."""
        leaving = self._going(reference)
        return None if leaving is None else f"⚠️ {leaving}"

    def leaving(self, reference: str) -> Leaving | None:
        """Whether a model is going within 30 days, or has gone since it was listed."""
        provider, model = self._providers.find(reference)
        shelf = self._shelves[provider.configuration.name]
        if model in shelf.gone:
            return self._missing(reference)
        day = next((one.shutdown_on for one in shelf.models or () if one.name == model), None)
        if day is None or day > (self._clock() + WARN_BEFORE).date():
            return None
        return Leaving(reference=reference, shutdown_on=day)

    def leaving_in_use(self) -> Iterator[Leaving]:
        """What of the host's own choice, the model and its fallbacks, is going or not listed."""
        for reference in self._in_use():
            leaving = self._going(reference)
            if leaving is not None:
                yield leaving

    def _going(self, reference: str) -> Leaving | None:
        """Whether a model is going, or is not on a list that there is."""
        provider, model = self._providers.find(reference)
        shelf = self._shelves[provider.configuration.name]
        is_absent = bool(shelf.models) and model not in shelf.names
        return self.leaving(reference) or (self._missing(reference) if is_absent else None)

    async def _list(self, shelf: Shelf) -> bool:
        """Whether a provider has said which models it has, or that it does not say."""
        try:
            shelf.take(await shelf.provider.adapter.list_models())
        except ProviderError as error:
            found = advice(shelf.provider.configuration, error)
            if error.fault in NOT_OFFERED and found is None:
                return True
            what = str(error) if found is None else f"{found}."
            complaint = f"{what} `python -m bot doctor` tells more. ({error.detail})"
            if complaint != shelf.complaint:  # it is asked again and again, and told once
                log.warning("provider %s: %s", shelf.provider.configuration.name, complaint)
            shelf.complaint = complaint
            return False
        return True

    def _missing(self, reference: str) -> Leaving:
        provider, model = self._providers.find(reference)
        name = provider.configuration.name
        others = close_names(model, self._shelves[name].names)
        return Leaving(reference=reference, others=tuple(f"{name}/{other}" for other in others))

    def _in_use(self) -> Iterable[str]:
        fallbacks = (
            reference
            for shelf in self._shelves.values()
            for named in shelf.provider.configuration.fallbacks.values()
            for reference in named
        )
        return dict.fromkeys((self.whole(self._chosen), *fallbacks))
