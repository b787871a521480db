"""Whether texts and images break a provider's rules, by its `/moderations`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.errors import ProviderError, ProviderFault
from bot.providers.bodies import Json, entries_in, given, number, object_in
from bot.providers.endpoint import Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageAddress:
    """An image to be judged: an address that the provider fetches, or a `data:` URL."""

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a moderation model thinks of one input; the categories are the provider's own words.

    `categories` are those that it breaks.  `scores` are from 0 to 1, of all categories that the model knows, and mean
    different things in different models.  `input_types` are what of several parts broke a category: `text`, `image`.
    """

    is_flagged: bool
    categories: tuple[str, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    input_types: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Moderations:
    """The moderation endpoint of one provider; it costs nothing at OpenAI, so it is asked again as answers are."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def check(self, texts: Sequence[str], *, model: str | None = None) -> tuple[Verdict, ...]:
        """A verdict for each text, in their order; without `model` the provider's own choice judges.

        Raises: ProviderError: `NOT_FOUND` or `NOT_IMPLEMENTED` where the provider does not offer it; `PROTOCOL` also
        where there are not as many verdicts as texts, because nobody can tell which one is missing.
        """
        return await self._judged(list(texts), len(texts), model) if texts else ()

    async def check_parts(self, parts: Sequence[str | ImageAddress], *, model: str | None = None) -> Verdict:
        """One verdict on texts and images together, at least one.  Raises: ProviderError, as `check`."""
        (verdict,) = await self._judged([_part(part) for part in parts], 1, model)
        return verdict

    async def _judged(self, inputs: object, count: int, model: str | None) -> tuple[Verdict, ...]:
        answer = await self._endpoint.fetch("POST", "/moderations", given(input=inputs, model=model))
        results = entries_in(answer, "results", secrets=self._endpoint.secrets)
        if len(results) != count:
            raise ProviderError(ProviderFault.PROTOCOL, f"{len(results)} verdicts on {count} inputs")
        return tuple(verdict_in(result) for result in results)


def _part(part: str | ImageAddress) -> Json:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    return {"type": "image_url", "image_url": {"url": part.url}}


def verdict_in(result: Json) -> Verdict:
    """The verdict that a result is.  Raises: ProviderError where it says neither yes nor no."""
    broken = tuple(name for name, is_broken in object_in(result, "categories").items() if is_broken is True)
    flagged = result.get("flagged")
    if not broken and not isinstance(flagged, bool):
        raise ProviderError(ProviderFault.PROTOCOL, "a verdict that says neither yes nor no")
    scores = {name: number(score) for name, score in object_in(result, "category_scores").items()}
    types = object_in(result, "category_applied_input_types")
    return Verdict(
        is_flagged=flagged if isinstance(flagged, bool) else True,
        categories=broken,
        scores={name: score for name, score in scores.items() if score is not None},
        input_types={
            name: tuple(map(str, kinds)) for name, kinds in types.items() if kinds and isinstance(kinds, list)
        },
    )
