"""The sandbox's switches over HTTP: faults, limits, and the gateway's connections."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from sandbox.faults import Fault, Faults, GatewayFaults
from sandbox.gateway import Gateway
from sandbox.limits import Limits, RateLimiter
from sandbox.page_api import explain
from sandbox.wire import Payload


class Drop(BaseModel):
    """Close the bot's gateway connections."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["drop"]
    code: Annotated[int, Field(ge=1000, le=4999)] = 4000
    resumable: bool = True


class Misbehave(BaseModel):
    """Let the gateway do things wrong from now on."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["misbehave"]
    faults: GatewayFaults


ORDER: TypeAdapter[Drop | Misbehave] = TypeAdapter(Annotated[Drop | Misbehave, Field(discriminator="action")])
FAULT: TypeAdapter[Fault] = TypeAdapter(Fault)
LIMITS: TypeAdapter[Limits] = TypeAdapter(Limits)


class Switches:
    """Changes how this Discord behaves while it runs."""

    def __init__(
        self, faults: Faults, limiter: RateLimiter, gateway: Gateway, on_limits_changed: Callable[[], None]
    ) -> None:
        self._faults = faults
        self._limiter = limiter
        self._gateway = gateway
        self._on_limits_changed = on_limits_changed

    def routes(self) -> tuple[web.RouteDef, ...]:
        """Where the switches are."""
        return (
            web.get("/sandbox/faults", self.show_faults),
            web.post("/sandbox/faults", self.add_fault),
            web.delete("/sandbox/faults", self.remove_faults),
            web.get("/sandbox/limits", self.show_limits),
            web.put("/sandbox/limits", self.change_limits),
            web.post("/sandbox/gateway", self.order_gateway),
        )

    async def show_faults(self, _request: web.Request) -> web.StreamResponse:
        """The rules in force."""
        return web.json_response({"faults": self._faults.to_json(), "gateway": asdict(self._faults.gateway)})

    async def add_fault(self, request: web.Request) -> web.StreamResponse:
        """Switch a rule on; the answer has its number."""
        try:
            rule = json.loads(await request.read())
            if not isinstance(rule, dict) or rule.keys() - Fault.__dataclass_fields__.keys():
                return _wrong(f"A fault has only these fields: {', '.join(Fault.__dataclass_fields__)}.")
            fault = self._faults.add(FAULT.validate_python(rule))
        except ValidationError as exc:
            return _wrong(explain(exc))
        except ValueError as exc:
            return _wrong(str(exc))
        return web.json_response(fault.to_json())

    async def remove_faults(self, request: web.Request) -> web.StreamResponse:
        """Switch one rule off by `?number=`, or all of them."""
        number = request.query.get("number")
        if number is None:
            self._faults.clear()
        elif number.isdecimal():
            self._faults.remove(int(number))
        else:
            return _wrong("number must be a rule's number.")
        return await self.show_faults(request)

    async def show_limits(self, _request: web.Request) -> web.StreamResponse:
        """The limits in force."""
        return web.json_response(asdict(self._limiter.limits))

    async def change_limits(self, request: web.Request) -> web.StreamResponse:
        """Change some or all of the limits."""
        try:
            changes: Payload = json.loads(await request.read())
            if not isinstance(changes, dict) or changes.keys() - asdict(self._limiter.limits).keys():
                return _wrong("Only the limits that GET shows can be changed.")
            self._limiter.limits = LIMITS.validate_python(asdict(self._limiter.limits) | changes)
        except ValidationError as exc:
            return _wrong(explain(exc))
        except ValueError:
            return _wrong("The request is not JSON.")
        self._on_limits_changed()
        return await self.show_limits(request)

    async def order_gateway(self, request: web.Request) -> web.StreamResponse:
        """Drop the connections, or let the gateway misbehave."""
        try:
            order = ORDER.validate_json(await request.read())
        except ValidationError as exc:
            return _wrong(explain(exc))
        match order:
            case Drop(code=code, resumable=resumable):
                self._gateway.drop(code, resumable=resumable)
            case Misbehave(faults=faults):
                self._faults.gateway = faults
        return web.json_response({"sessions": len(self._gateway.sessions)})


def _wrong(sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=400)
