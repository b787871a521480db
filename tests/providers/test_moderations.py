"""Verdicts on texts and images, over real sockets."""

from __future__ import annotations

import pytest

from bot.errors import ProviderFault
from bot.providers.configuration import ProviderConfiguration
from bot.providers.endpoints.client import OpenAIClient
from bot.providers.endpoints.moderations import ImageAddress, Moderations
from bot.providers.registry import opened
from sandbox.provider import ScriptedProvider
from sandbox.stories import Story, refusal
from tests.providers.asking import fault_of, whole

PATH = "/moderations"


@pytest.fixture
def moderations(client: OpenAIClient) -> Moderations:
    """The endpoint with the right key."""
    return client.moderations


def answer(*results: object) -> Story:
    """A whole answer with these results."""
    return whole({"results": results})


async def test_texts_are_judged_each_for_itself(provider: ScriptedProvider, moderations: Moderations) -> None:
    """Each text has its verdict at its own place, with categories, scores and kinds of input."""
    good, bad = await moderations.check(["Hello!", "Something forbidden"], model="judge")
    assert provider.endpoints.orders[0].body == {"input": ["Hello!", "Something forbidden"], "model": "judge"}
    assert (good.is_flagged, good.categories) == (False, ())
    assert (bad.is_flagged, bad.categories) == (True, ("harassment",))
    assert bad.scores == {"harassment": 0.98, "violence/graphic": 0.0}
    assert bad.input_types == {"harassment": ("text",)}


async def test_parts_are_judged_together(provider: ScriptedProvider, moderations: Moderations) -> None:
    """Texts and images of one message get one verdict, which says what broke the rule."""
    verdict = await moderations.check_parts(["Look!", ImageAddress(url="data:image/png;base64,forbidden")])
    assert provider.endpoints.orders[0].body == {
        "input": [
            {"type": "text", "text": "Look!"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,forbidden"}},
        ]
    }
    assert verdict.input_types == {"harassment": ("image",)}


async def test_nothing_to_judge_asks_nobody(provider: ScriptedProvider, moderations: Moderations) -> None:
    """An empty list needs no request."""
    assert await moderations.check([]) == ()
    assert provider.endpoints.orders == []


async def test_verdict_is_read_without_its_ornaments(provider: ScriptedProvider, moderations: Moderations) -> None:
    """Relays leave fields out or fill them with anything; a yes or no is enough."""
    provider.endpoints.play(
        PATH,
        answer({"flagged": True}),
        answer({"categories": {"hate": True, "violence": None}, "category_scores": {"hate": "high", "violence": 0.5}}),
        answer({"flagged": False, "categories": [], "category_scores": None, "category_applied_input_types": {"a": 1}}),
    )
    plain, bare, odd = [(await moderations.check(["x"]))[0] for _ in range(3)]
    assert (plain.is_flagged, plain.categories) == (True, ())
    assert (bare.is_flagged, bare.categories, bare.scores) == (True, ("hate",), {"violence": 0.5})
    assert (odd.is_flagged, odd.scores, odd.input_types) == (False, {}, {})


@pytest.mark.parametrize(
    ("story", "fault"),
    [
        (answer(), ProviderFault.PROTOCOL),
        (answer({"flagged": False}, {"flagged": False}), ProviderFault.PROTOCOL),
        (answer({"categories": {"hate": False}}), ProviderFault.PROTOCOL),
        (answer("no"), ProviderFault.PROTOCOL),
        (Story(body=b"<!doctype html><title>Log in</title>"), ProviderFault.PROTOCOL),
        (Story(body=b'{"code": 429, "msg": "slow down"}'), ProviderFault.RATE_LIMITED),
        (Story(body=b'{"error": {"code": "insufficient_user_quota"}, "results": []}'), ProviderFault.QUOTA),
        (refusal(501, "api_not_implemented"), ProviderFault.NOT_IMPLEMENTED),
        (refusal(404, "x"), ProviderFault.NOT_FOUND),
    ],
    ids=str,
)
async def test_what_is_no_verdict_is_an_error(
    story: Story, fault: ProviderFault, provider: ScriptedProvider, moderations: Moderations
) -> None:
    """Nothing that cannot be read passes for innocent."""
    provider.endpoints.play(PATH, story)
    assert await fault_of(moderations.check(["x"])) is fault


async def test_busy_moderation_is_asked_again(provider: ScriptedProvider, moderations: Moderations) -> None:
    """A verdict that costs nothing is asked for again, as an answer is."""
    provider.endpoints.play(PATH, refusal(503, "overloaded"), Story(refuses_connection=True))
    assert len(await moderations.check(["x"])) == 1
    assert len(provider.endpoints.orders) == 3


async def test_registry_finds_the_client_of_a_model(provider: ScriptedProvider) -> None:
    """A `provider/model` is enough to reach the provider's other endpoints."""
    own = {"name": "mine", "base_url": provider.base_url, "keys": ("sk-right-key",)}
    async with opened([ProviderConfiguration.model_validate(own)], answer_timeout_seconds=5) as providers:
        client, model = providers.client("mine/judge")
        assert model == "judge"
        assert not (await client.moderations.check(["Hello!"], model=model))[0].is_flagged
