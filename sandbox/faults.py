"""Faults on demand: which requests of the bot go wrong, and how its gateway misbehaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from sandbox.limits import Scope
from sandbox.wire import Payload

Action = Literal["status", "cut_before", "cut_after", "delay", "hang", "hang_after"]
HEARTBEAT_INTERVAL_MS = 41_250  # what Discord sends
ACTIONS: tuple[Action, ...] = ("status", "cut_before", "cut_after", "delay", "hang", "hang_after")


@dataclass(slots=True, kw_only=True)
class Fault:
    """One rule.  The first rule that matches a request acts on it, at most `times` times."""

    action: Action
    method: str = "*"
    path: str = "*"  # fnmatch over the path below /api/v10, such as /channels/*/messages
    times: int | None = 1  # None: until it is removed
    status: int = 500
    code: int = 0
    message: str = "a fault that was asked for"
    retry_after_seconds: float = 1.0  # of a 429
    scope: Scope = "user"  # of a 429
    delay_seconds: float = 0.0
    number: int = 0

    def matches(self, method: str, path: str) -> bool:
        """Whether a request meets this rule."""
        return self.method in ("*", method) and fnmatchcase(path, self.path)

    def to_json(self) -> Payload:
        """The rule as the switch over HTTP shows it."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


class Faults:
    """The rules in force, in the order in which they were switched on."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self._listeners: list[Callable[[str, str], object]] = []
        self._count = 0
        self.gateway = GatewayFaults()
        self.forgets_nonces = False  # as Discord does after some minutes

    def add(self, fault: Fault) -> Fault:
        """Switch a rule on; it gets a number by which it can be removed."""
        if fault.action not in ACTIONS:
            raise ValueError(f"the action must be one of {', '.join(ACTIONS)}")
        if fault.times is not None and fault.times < 1:
            raise ValueError("times must be at least 1, or null for a rule without an end")
        self._count += 1
        fault.number = self._count
        self._rules.append(fault)
        return fault

    def fail(self, method: str, path: str, status: int, *, times: int | None = 1, code: int = 0) -> Fault:
        """Answer matching requests with an error status; they are not applied."""
        return self.add(Fault(action="status", method=method, path=path, status=status, times=times, code=code))

    def refuse(
        self, method: str, path: str, retry_after_seconds: float, scope: Scope = "user", *, times: int | None = 1
    ) -> Fault:
        """Answer matching requests with a 429 of a scope; they are not applied."""
        return self.add(
            Fault(
                action="status",
                method=method,
                path=path,
                status=429,
                message="You are being rate limited.",
                retry_after_seconds=retry_after_seconds,
                scope=scope,
                times=times,
            )
        )

    def cut(self, method: str, path: str, *, applied: bool, times: int | None = 1) -> Fault:
        """Close the connection instead of answering, before or after the request is applied."""
        return self.add(Fault(action="cut_after" if applied else "cut_before", method=method, path=path, times=times))

    def delay(self, method: str, path: str, delay_seconds: float, *, times: int | None = None) -> Fault:
        """Let matching requests wait before they are applied."""
        return self.add(Fault(action="delay", method=method, path=path, delay_seconds=delay_seconds, times=times))

    def hang(self, method: str, path: str, *, applied: bool = False, times: int | None = 1) -> Fault:
        """Never answer matching requests, whether or not they are applied."""
        return self.add(Fault(action="hang_after" if applied else "hang", method=method, path=path, times=times))

    def listen(self, listener: Callable[[str, str], object]) -> None:
        """Call a function with the method and path of each request that comes; a rule that it adds acts on it."""
        self._listeners.append(listener)

    def take(self, method: str, path: str) -> Fault | None:
        """The rule that acts on a request; uses up one of its times."""
        for listener in self._listeners:
            listener(method, path)
        for rule in self._rules:
            if rule.matches(method, path):
                if rule.times is not None:
                    rule.times -= 1
                    if rule.times == 0:
                        self._rules.remove(rule)
                return rule
        return None

    def remove(self, number: int) -> None:
        """Switch one rule off; unknown numbers are ignored because a rule ends by itself."""
        self._rules = [rule for rule in self._rules if rule.number != number]

    def clear(self) -> None:
        """Switch everything off, the gateway's faults too."""
        self._rules.clear()
        self.gateway = GatewayFaults()
        self.forgets_nonces = False

    def to_json(self) -> list[Payload]:
        """The rules in force."""
        return [rule.to_json() for rule in self._rules]


@dataclass(slots=True, kw_only=True)
class GatewayFaults:
    """What the gateway does wrong from now on; the sets count down per event name."""

    acknowledges_heartbeats: bool = True
    heartbeat_interval_ms: int = HEARTBEAT_INTERVAL_MS  # told to connections to come
    swallow_ready: int = 0  # that many sessions never see READY
    lose: dict[str, int] = field(default_factory=dict)  # event name -> how many are never sent
    duplicate: dict[str, int] = field(default_factory=dict)  # event name -> how many are sent twice
    hold_back: dict[str, int] = field(default_factory=dict)  # event name -> how many arrive after the next event

    def counts_down(self, counts: dict[str, int], event: str) -> bool:
        """Whether an event is to be hit, using up one of its times."""
        left = counts.get(event, 0)
        if left > 0:
            counts[event] = left - 1
        return left > 0
