"""What relays tell of a key's balance, in the forms of two programs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import StrEnum

from aiohttp import web

NO_LIMIT_DOLLARS = 100_000_000  # what relays say where there is none
NOT_FOUND = {"error": {"message": "Invalid URL", "type": "invalid_request_error", "param": "", "code": ""}}


class BillingForm(StrEnum):
    """Whose form it is."""

    NEW_API = "new-api"
    ONE_API = "one-api"


class Billing:
    """The balance of `ScriptedProvider`'s key, `provider.billing`; without a `form` it tells nobody.

    Quota is in units, of which `quota_per_dollar` are a US dollar.  `error` is told with a status of 200 instead, and
    while it `hangs` nothing is told.  `paths` are those that were asked, in their order.
    """

    def __init__(self) -> None:
        self.form: BillingForm | None = None
        self.quota_per_dollar = 500_000
        self.granted = 5_000_000
        self.used = 1_250_000
        self.is_unlimited = False
        self.expires_at = 0
        self.error: str | None = None
        self.hangs = False
        self.paths: list[str] = []

    def mount(self, app: web.Application, refuse: Callable[[web.Request], web.Response | None]) -> None:
        """Adds the paths of all forms; `refuse` says no to whom they are closed."""
        self._refuse = refuse
        app.router.add_get("/api/usage/token", self._without_slash)
        app.router.add_get("/api/usage/token/", self._token)
        app.router.add_get("/api/status", self._status)
        for prefix in ("", "/v1"):
            app.router.add_get(f"{prefix}/dashboard/billing/subscription", self._subscription)
            app.router.add_get(f"{prefix}/dashboard/billing/usage", self._usage)

    async def _without_slash(self, _request: web.Request) -> web.StreamResponse:
        raise web.HTTPMovedPermanently("/api/usage/token/")

    async def _status(self, _request: web.Request) -> web.StreamResponse:
        if self.form is None:
            return web.json_response(NOT_FOUND, status=404)
        return web.json_response({"success": True, "message": "", "data": {"quota_per_unit": self.quota_per_dollar}})

    async def _token(self, request: web.Request) -> web.StreamResponse:
        token = {
            "object": "token_usage",
            "name": "parley",
            "total_granted": self.granted,
            "total_used": self.used,
            "total_available": self.granted - self.used,
            "unlimited_quota": self.is_unlimited,
            "model_limits": {},
            "model_limits_enabled": False,
            "expires_at": self.expires_at,
        }
        return await self._told(request, BillingForm.NEW_API, {"code": True, "message": "ok", "data": token})

    async def _subscription(self, request: web.Request) -> web.StreamResponse:
        limit = NO_LIMIT_DOLLARS if self.is_unlimited else self.granted / self.quota_per_dollar
        limits = dict.fromkeys(("soft_limit_usd", "hard_limit_usd", "system_hard_limit_usd"), limit)
        told = {"object": "billing_subscription", "has_payment_method": True, "access_until": self.expires_at}
        return await self._told(request, BillingForm.ONE_API, told | limits)

    async def _usage(self, request: web.Request) -> web.StreamResponse:
        cents = self.used / self.quota_per_dollar * 100
        return await self._told(request, BillingForm.ONE_API, {"object": "list", "total_usage": cents})

    async def _told(self, request: web.Request, form: BillingForm, body: object) -> web.StreamResponse:
        if refused := self._refuse(request):
            return refused
        self.paths.append(request.path)
        if self.hangs:
            await asyncio.Event().wait()
        if self.form is not form:
            return web.json_response(NOT_FOUND, status=404)
        if self.error is not None:
            return web.json_response({"error": {"message": self.error, "type": "upstream_error"}})
        return web.json_response(body)
