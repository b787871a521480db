"""Models one by one, over real sockets."""

from __future__ import annotations

import pytest

from bot.errors import ProviderError, ProviderFault
from bot.providers.adapter import ListedModel
from bot.providers.endpoints.client import OpenAIClient
from bot.providers.models import models_in
from sandbox.endpoints_api import MODEL
from sandbox.provider import ScriptedProvider
from sandbox.stories import Story, refusal
from tests.providers.asking import fault_of, whole


async def test_models_are_listed(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """All models of the key, as the provider names them."""
    provider.models = ("painter", "vendor/speaker")
    assert await client.list_models() == (ListedModel(name="painter"), ListedModel(name="vendor/speaker"))


async def test_model_is_found_by_its_name(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """One model is asked for at its own address, also where its name has slashes and spaces."""
    provider.models = ("vendor/a speaker?",)
    assert await client.find_model("vendor/a speaker?") == ListedModel(name="vendor/a speaker?")
    assert await client.find_model("painter") is None
    assert [order.path for order in provider.endpoints.orders] == [MODEL] * 2


ODD: tuple[object, ...] = ({"data": []}, [], {"id": "another"})


@pytest.mark.parametrize("story", [refusal(404, "x"), refusal(501, "x"), refusal(405, "x"), *map(whole, ODD)])
async def test_model_is_found_in_the_list_where_it_has_no_address(
    story: Story, provider: ScriptedProvider, client: OpenAIClient
) -> None:
    """Many relays have the list only, or answer every such address with something else."""
    provider.endpoints.play(MODEL, story)
    assert await client.find_model("scripted") == ListedModel(name="scripted")


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"code": 401, "msg": "no my-key"}, "auth"),
        ({"success": False, "message": "quota used up"}, "quota"),
        ({}, "protocol"),
    ],
)
def test_list_that_is_an_error_has_its_reason(body: object, fault: str) -> None:
    """Relays complain with a status of 200: a wrong key is not called an unreadable list, and stays a secret."""
    with pytest.raises(ProviderError) as caught:
        models_in(body, secrets=("my-key",))
    assert caught.value.fault is ProviderFault(fault)
    assert "my-key" not in caught.value.detail


async def test_model_that_cannot_be_asked_for_is_an_error(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """A refused key is not a model that does not exist."""
    provider.endpoints.play(MODEL, refusal(401, "invalid_api_key"))
    assert await fault_of(client.find_model("scripted")) is ProviderFault.AUTH
