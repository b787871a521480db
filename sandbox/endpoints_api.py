"""A provider's endpoints beside its answers: the same request always gets the same result."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox.stories import Story, refusal

Body = Mapping[str, Any]

NOT_OFFERED = refusal(404, "not_found", "Invalid URL.")


@dataclass(slots=True, kw_only=True, eq=False)
class Order:
    """One request to an endpoint; `body` is its JSON, or the fields of its form."""

    path: str
    body: Body
    headers: Mapping[str, str]
    disconnected: asyncio.Event = field(default_factory=asyncio.Event)


class EndpointsApi:
    """Endpoints that `ScriptedProvider` mounts, `provider.endpoints`.

    A request gets the next story that was queued for its path with `play`, as it stands there (`status`, `body`,
    `headers`, or a refused connection), else what a provider would say; a path in `not_offered` is a 404.
    """

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.not_offered: set[str] = set()
        self.flagged_words = {"forbidden"}
        self._queues: defaultdict[str, deque[Story]] = defaultdict(deque)

    def mount(self, app: web.Application, prefix: str, refuse: Callable[[web.Request], web.Response | None]) -> None:
        """Adds the endpoints; `refuse` says no to whom they are closed."""
        answers: Mapping[str, Callable[[Order], Awaitable[web.StreamResponse]]] = {
            "/moderations": self._moderate,
        }
        for path, answer in answers.items():
            app.router.add_post(f"{prefix}{path}", self._handler(path, answer, refuse))

    def play(self, path: str, *stories: Story) -> None:
        """Queues stories for the next requests to a path."""
        self._queues[path].extend(stories)

    def _handler(
        self,
        path: str,
        answer: Callable[[Order], Awaitable[web.StreamResponse]],
        refuse: Callable[[web.Request], web.Response | None],
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            if refused := refuse(request):
                return refused
            order = Order(path=path, body=await request.json(), headers=dict(request.headers))
            self.orders.append(order)
            story = self._queues[path].popleft() if self._queues[path] else None
            if path in self.not_offered:
                story = NOT_OFFERED
            if story is None:
                return await answer(order)
            if story.refuses_connection and request.transport is not None:
                request.transport.close()
            headers = {"Content-Type": story.content_type, **story.headers}
            return web.Response(status=story.status, headers=headers, body=story.body)

        return handle

    async def _moderate(self, order: Order) -> web.StreamResponse:
        given = order.body["input"]
        inputs = given if isinstance(given, list) else [given]
        if all(isinstance(one, str) for one in inputs):
            results = [self._verdict({"text": str(one)}) for one in inputs]
        else:
            results = [self._verdict({str(part["type"]).removesuffix("_url"): str(part) for part in inputs})]
        return web.json_response({"id": "modr-1", "model": order.body.get("model", "moderator"), "results": results})

    def _verdict(self, inputs: Mapping[str, str]) -> Body:
        kinds = [kind for kind, said in inputs.items() if any(word in said for word in self.flagged_words)]
        return {
            "flagged": bool(kinds),
            "categories": {"harassment": bool(kinds), "violence/graphic": False, "illicit": None},
            "category_scores": {"harassment": 0.98 if kinds else 0.01, "violence/graphic": 0.0},
            "category_applied_input_types": {"harassment": kinds, "violence/graphic": []},
        }
