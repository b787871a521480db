"""What a key may still spend, as far as its provider says so."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.errors import ProviderError, ProviderFault
from bot.providers.bodies import number, unusable
from bot.providers.configuration import ProviderConfiguration
from bot.providers.endpoint import Endpoint
from bot.providers.transport import Retries, Timeouts, Transport

# A person waits for it, and everything that is asked of a relay here is a look into its database.
TIMEOUT_SECONDS = 5.0
MAX_BODY_BYTES = 64 * 1024  # a relay's status holds its front page's texts
NANOS_PER_DOLLAR = 1_000_000_000
CENTS_PER_DOLLAR = 100
# A hundred times what the world has; past it, floats and sentences break.
MAX_DOLLARS = 1e16
# In what relays of the one-api family count; an operator can change it, and then `/api/status` says so.
QUOTA_PER_DOLLAR = 500_000
# The limit that they report for a key without one.
NO_LIMIT_DOLLARS = 100_000_000
LARGEST_SECONDS = 100_000_000_000  # a larger time is in milliseconds
# It may pass: whether the provider offers it is not known.
PASSING = frozenset({ProviderFault.TIMEOUT, ProviderFault.NETWORK, ProviderFault.BUSY, ProviderFault.RATE_LIMITED})

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What a key has spent and has left, in billionths of a US dollar; `left_nanos` None is no limit.

    From `expires_at` the key is accepted no more.  A relay that shows another currency reports that one instead.
    """

    left_nanos: int | None
    spent_nanos: int | None = None
    expires_at: datetime | None = None


async def balances(configuration: ProviderConfiguration) -> tuple[Balance | ProviderError | None, ...]:
    """For each key of a provider its balance, why it could not be asked for, or None where that is not offered.

    Made over connections of its own, so that a key that may answer but not look here goes on to be used.
    """
    timeouts = Timeouts(
        connect_seconds=TIMEOUT_SECONDS,
        first_byte_seconds=TIMEOUT_SECONDS,
        idle_seconds=TIMEOUT_SECONDS,
        total_seconds=TIMEOUT_SECONDS,
    )
    async with Transport(timeouts=timeouts, retries=Retries(max_retries=0)) as transport:
        keys = [key for key in configuration.keys if key.get_secret_value()]
        ones = [configuration.model_copy(update={"keys": (key,)}) for key in keys]
        return tuple(await asyncio.gather(*(_balance(transport, one) for one in ones)))


async def _balance(transport: Transport, configuration: ProviderConfiguration) -> Balance | ProviderError | None:
    """The balance of the only key, from whichever of the two forms the provider has."""
    at_root = configuration.model_copy(update={"base_url": configuration.base_url.removesuffix("/v1")})
    found = await asyncio.gather(
        of_token(Endpoint(transport, at_root)),
        of_dashboard(Endpoint(transport, configuration)),
        return_exceptions=True,
    )
    errors = list[ProviderError]()
    for result in found:
        if isinstance(result, Balance):
            return result
        if not isinstance(result, ProviderError):
            raise result
        errors.append(result)
    return next((error for error in errors if error.fault in PASSING), None)


async def of_token(endpoint: Endpoint) -> Balance:
    """What new-api says of a token; `endpoint` is at the relay's root.  Raises: ProviderError."""
    # With its slash: without one it is a redirect, and those are not followed.
    answer = await _fetch(endpoint, "/api/usage/token/")
    token = answer.get("data")
    left = number(token.get("total_available")) if isinstance(token, dict) else None
    if not isinstance(token, dict) or left is None:
        raise unusable(answer, "a token without total_available", secrets=endpoint.secrets)
    spent = number(token.get("total_used"))
    quota_per_dollar = await _quota_per_dollar(endpoint)
    return Balance(
        left_nanos=None if token.get("unlimited_quota") is True else _nanos(left / quota_per_dollar),
        spent_nanos=None if spent is None else _nanos(spent / quota_per_dollar),
        expires_at=_moment(token.get("expires_at")),
    )


async def of_dashboard(endpoint: Endpoint) -> Balance:
    """What one-api and OpenAI's old dashboard say of an account.  Raises: ProviderError."""
    subscription = await _fetch(endpoint, "/dashboard/billing/subscription")
    limit = number(subscription.get("hard_limit_usd"))
    if limit is None:
        raise unusable(subscription, "a subscription without hard_limit_usd", secrets=endpoint.secrets)
    usage = await _fetch(endpoint, "/dashboard/billing/usage")
    cents = number(usage.get("total_usage"))
    if cents is None:
        raise unusable(usage, "a usage without total_usage", secrets=endpoint.secrets)
    spent_nanos = _nanos(cents / CENTS_PER_DOLLAR)
    return Balance(
        left_nanos=None if limit >= NO_LIMIT_DOLLARS else _nanos(limit) - spent_nanos,
        spent_nanos=spent_nanos,
        expires_at=_moment(subscription.get("access_until")),
    )


async def _quota_per_dollar(endpoint: Endpoint) -> float:
    try:
        data = (await _fetch(endpoint, "/api/status")).get("data")
    except ProviderError:
        return QUOTA_PER_DOLLAR
    told = number(data.get("quota_per_unit")) if isinstance(data, dict) else None
    return told if told is not None and told > 0 else QUOTA_PER_DOLLAR


async def _fetch(endpoint: Endpoint, path: str) -> Json:
    """The object that a path is answered with."""
    answer = await endpoint.fetch("GET", path, max_bytes=MAX_BODY_BYTES)
    if not isinstance(answer, dict):
        raise ProviderError(ProviderFault.PROTOCOL, f"{path} was not answered with an object")
    return answer


def _nanos(dollars: float) -> int:
    """Raises: ProviderError, where that is no sum of money."""
    if abs(dollars) > MAX_DOLLARS:
        raise ProviderError(ProviderFault.PROTOCOL, "a balance of more than there is")
    return round(dollars * NANOS_PER_DOLLAR)


def _moment(value: object) -> datetime | None:
    """A time in seconds or milliseconds since 1970; 0 and -1 are never."""
    seconds = number(value) or 0.0
    if seconds > LARGEST_SECONDS:
        seconds /= 1000
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None
