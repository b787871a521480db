"""What is left of a key's credit."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.errors import ProviderError, ProviderFault
from bot.providers.configuration import ProviderConfiguration
from bot.providers.endpoints.balance import Balance, balances
from sandbox.billing import BillingForm
from sandbox.provider import ScriptedProvider

KEY = "sk-right-key"
DOLLAR = 1_000_000_000


def configured(provider: ScriptedProvider, *keys: str) -> ProviderConfiguration:
    """The provider with these keys."""
    return ProviderConfiguration.model_validate({"name": "relay", "base_url": provider.base_url, "keys": keys})


@pytest.fixture(params=[BillingForm.NEW_API, BillingForm.ONE_API])
async def relay(provider: ScriptedProvider, request: pytest.FixtureRequest) -> ScriptedProvider:
    """A relay that tells in one of the forms."""
    provider.billing.form = request.param
    return provider


async def test_balance_is_told_in_dollars(relay: ScriptedProvider) -> None:
    """Both forms come to the same: of ten dollars two and a half are spent, and the key ends on New Year's Eve."""
    relay.billing.expires_at = 1_798_675_200
    assert await balances(configured(relay, KEY)) == (
        Balance(left_nanos=7_500_000_000, spent_nanos=2_500_000_000, expires_at=datetime(2026, 12, 31, tzinfo=UTC)),
    )


async def test_key_without_a_limit_has_none(relay: ScriptedProvider) -> None:
    """What it has spent is told all the same, also where it is more than was granted."""
    relay.billing.is_unlimited, relay.billing.used = True, 10_000_000
    assert await balances(configured(relay, KEY)) == (Balance(left_nanos=None, spent_nanos=20 * DOLLAR),)


async def test_account_can_be_overdrawn(relay: ScriptedProvider) -> None:
    """Relays count what an answer cost only when it is there."""
    relay.billing.used = relay.billing.granted + 250_000
    (found,) = await balances(configured(relay, KEY))
    assert isinstance(found, Balance)
    assert found.left_nanos == -DOLLAR // 2


async def test_units_of_a_dollar_are_the_relays_own(provider: ScriptedProvider) -> None:
    """Its status says how many there are."""
    provider.billing.form, provider.billing.quota_per_dollar = BillingForm.NEW_API, 1_000_000
    (found,) = await balances(configured(provider, KEY))
    assert isinstance(found, Balance)
    assert (found.left_nanos, found.spent_nanos) == (3_750_000_000, 1_250_000_000)


async def test_provider_that_tells_nobody_does_not_offer_it(provider: ScriptedProvider) -> None:
    """Nor one without a key, which is not even asked."""
    assert await balances(configured(provider, KEY)) == (None,)
    asked = len(provider.billing.paths)
    assert asked == 2
    assert await balances(configured(provider)) == ()
    assert len(provider.billing.paths) == asked


async def test_each_key_has_its_balance(relay: ScriptedProvider) -> None:
    """One that is refused is no reason not to ask with the other."""
    refused, found = await balances(configured(relay, "sk-wrong-key", KEY))
    assert refused is None
    assert isinstance(found, Balance)


async def test_error_in_a_200_is_no_balance(relay: ScriptedProvider) -> None:
    """Relays report their own faults so."""
    relay.billing.error = "record not found"
    assert await balances(configured(relay, KEY)) == (None,)


async def test_relay_that_is_away_is_not_called_one_that_offers_nothing(unreachable: str) -> None:
    """That may pass."""
    provider = ProviderConfiguration.model_validate({"name": "relay", "base_url": unreachable, "keys": [KEY]})
    (error,) = await balances(provider)
    assert isinstance(error, ProviderError)
    assert error.fault is ProviderFault.NETWORK


@pytest.fixture
async def unreachable() -> str:
    """The address of a provider that is gone."""
    async with ScriptedProvider() as provider:
        return provider.base_url


@pytest.mark.parametrize("used", [10**308, -(10**308), 10**306], ids=["endless", "owed", "large"])
async def test_endless_balance_is_none(relay: ScriptedProvider, used: int) -> None:
    """No error of ours either, which would hide what all the other providers say; it is only not told."""
    relay.billing.used, relay.billing.quota_per_dollar = used, 1
    assert await balances(configured(relay, KEY)) == (None,)
