"""A provider's endpoints beside its answers: the same request always gets the same result."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from aiohttp import web

from sandbox.drawing import draw
from sandbox.hearing import speak, transcribe, translate
from sandbox.judging import embed, moderate
from sandbox.orders import Order, Quirks, Result, SentFile, whole
from sandbox.stories import Story, refusal

ANSWERS: Mapping[str, Callable[[Order, Quirks], Result]] = {
    "/moderations": moderate,
    "/embeddings": embed,
    "/images/generations": draw,
    "/images/edits": draw,
    "/audio/speech": speak,
    "/audio/transcriptions": transcribe,
    "/audio/translations": translate,
}
MODEL = "/models/{name:.+}"
NOT_OFFERED = refusal(404, "not_found", "Invalid URL.")


class EndpointsApi:
    """The endpoints that `ScriptedProvider` mounts, as `provider.endpoints`.

    A request gets the next story that was queued for its path with `play`, as it stands there (`status`, `body`,
    `headers`, or a refused connection), else what a provider would say, with its `quirks`.
    """

    def __init__(self, models: Callable[[], Sequence[str]] = tuple) -> None:
        """`models` are those that can be asked for one by one, at `MODEL`."""
        self._models = models
        self.orders: list[Order] = []
        self.quirks = Quirks()
        self._queues: defaultdict[str, deque[Story]] = defaultdict(deque)
        self._arrived = asyncio.Condition()

    def mount(self, app: web.Application, prefix: str, refuse: Callable[[web.Request], web.Response | None]) -> None:
        """Adds the endpoints; `refuse` says no to whom they are closed."""
        for path in ANSWERS:
            app.router.add_post(f"{prefix}{path}", partial(self._handle, path, refuse))
        app.router.add_get(f"{prefix}{MODEL}", partial(self._handle, MODEL, refuse))

    def play(self, path: str, *stories: Story) -> None:
        """Queues stories for the next requests to a path."""
        self._queues[path].extend(stories)

    async def wait_for_order(self, number: int = 1) -> Order:
        """The request of this number, counted from 1, as soon as it is there."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.orders) >= number)
        return self.orders[number - 1]

    async def _handle(
        self, path: str, refuse: Callable[[web.Request], web.Response | None], request: web.Request
    ) -> web.StreamResponse:
        if refused := refuse(request):
            return refused
        order = await _order(path, request)
        async with self._arrived:
            self.orders.append(order)
            self._arrived.notify_all()
        try:
            return await self._answer(order, request)
        except (asyncio.CancelledError, ConnectionError):
            order.disconnected.set()
            raise

    async def _answer(self, order: Order, request: web.Request) -> web.StreamResponse:
        story = self._queues[order.path].popleft() if self._queues[order.path] else None
        if order.path in self.quirks.not_offered:
            story = NOT_OFFERED
        if story is not None and story.refuses_connection:
            _drop(request)
        return await self._write(self._result(order) if story is None else _told(story), request)

    def _result(self, order: Order) -> Result:
        if order.path == MODEL:
            return _model(str(order.body["name"]), self._models())
        return ANSWERS[order.path](order, self.quirks)

    async def _write(self, result: Result, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=result.status, headers=result.headers)
        response.headers["Content-Type"] = result.content_type
        for number, piece in enumerate((*result.pieces, b"")):
            if self.quirks.hang_at == number:
                await asyncio.Event().wait()
            if self.quirks.cut_at == number:
                _drop(request)
                return response
            if number == 0:
                await response.prepare(request)
            await response.write(piece)
        await response.write_eof()
        return response


def _told(story: Story) -> Result:
    return Result(
        pieces=[story.body or b""], content_type=story.content_type, status=story.status, headers=story.headers
    )


def _model(name: str, models: Sequence[str]) -> Result:
    if name in models:
        return whole({"id": name, "object": "model"})
    error = {"message": "No such model.", "type": "invalid_request_error", "code": "model_not_found"}
    return whole({"error": error}, status=404)


async def _order(path: str, request: web.Request) -> Order:
    headers = dict(request.headers)
    if request.method == "GET":
        return Order(path=path, body=request.match_info, headers=headers)
    if request.content_type != "multipart/form-data":
        return Order(path=path, body=await request.json(), headers=headers)
    body, files = dict[str, Any](), list[SentFile]()
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            with value.file as file:
                content = file.read()
            files.append(SentFile(field=name, name=value.filename, content_type=value.content_type, content=content))
        elif name.endswith("[]"):
            body.setdefault(name, []).append(value)
        else:
            body[name] = value
    return Order(path=path, body=body, headers=headers, files=files)


def _drop(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.close()
