"""A server of the responses API: it remembers what it is told to, and refuses what it has not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from itertools import count
from typing import Any

from aiohttp import web

from sandbox.chat_wire import Wire
from sandbox.responses_wire import Item, ResponsesWire, items_in
from sandbox.stories import Story, refusal

Play = Callable[[Wire, web.Request, Story | None], Awaitable[web.StreamResponse]]


class ResponsesApi:
    """`/responses` and `/conversations`; `responses` and `conversations` are what is kept, by id, oldest item first."""

    def __init__(self, play: Play) -> None:
        """`play` answers a request over a wire, with a story where it may not choose one."""
        self.responses: dict[str, list[Item]] = {}
        self.conversations: dict[str, list[Item]] = {}
        self.has_conversations = True
        self._play = play
        self._sealed: set[str] = set()
        self._numbers = count(1)
        self._conversation_numbers = count(1)

    def mount(self, app: web.Application) -> None:
        """Serve below `/v1`."""
        app.router.add_post("/v1/responses", self._respond)
        app.router.add_post("/v1/conversations", self._converse)
        app.router.add_delete("/v1/responses/{id}", self._delete)
        app.router.add_delete("/v1/conversations/{id}", self._delete)

    def forget(self) -> None:
        """Lose all that is kept, and the key to what was sealed."""
        self.responses.clear()
        self.conversations.clear()
        self._sealed.clear()

    async def _converse(self, _: web.Request) -> web.Response:
        if not self.has_conversations:
            return web.json_response({"error": {"message": "Invalid URL (POST /v1/conversations)"}}, status=404)
        id = f"conv_{next(self._conversation_numbers)}"
        self.conversations[id] = []
        return web.json_response({"id": id, "object": "conversation", "created_at": 0, "metadata": {}})

    async def _delete(self, request: web.Request) -> web.Response:
        """Forget one thing that is kept."""
        id = request.match_info["id"]
        if self.responses.pop(id, None) is None and self.conversations.pop(id, None) is None:
            return web.json_response({"error": {"message": f"Nothing with the id '{id}'"}}, status=404)
        return web.json_response({"id": id, "deleted": True})

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        previous, conversation = body.get("previous_response_id"), body.get("conversation")
        history = self.conversations.get(conversation, []) if conversation else self.responses.get(previous, [])
        id = f"resp_{next(self._numbers)}"
        wire = ResponsesWire(
            id,
            history=history,
            seals=self._seal if "reasoning.encrypted_content" in body.get("include", ()) else None,
            kept=partial(self._keep, id, body, list(history)),
        )
        return await self._play(wire, request, self._complaint(body, history))

    def _seal(self) -> str:
        sealed = f"sealed-{next(self._numbers)}"
        self._sealed.add(sealed)
        return sealed

    def _keep(self, id: str, body: Mapping[str, Any], history: list[Item], output: list[Item]) -> None:
        if not body.get("store", True):
            return
        self.responses[id] = [*history, *items_in(body), *output]
        if conversation := body.get("conversation"):
            self.conversations[conversation] = self.responses[id]

    def _complaint(self, body: Mapping[str, Any], history: list[Item]) -> Story | None:
        """What is wrong with a request, as OpenAI says it."""
        previous, conversation = body.get("previous_response_id"), body.get("conversation")
        if previous and conversation:
            return refusal(
                400, "mutually_exclusive_parameters", "previous_response_id and conversation exclude another."
            )
        if previous and previous not in self.responses:
            return refusal(400, "previous_response_not_found", f"Previous response with id '{previous}' not found.")
        if conversation and conversation not in self.conversations:
            return refusal(404, "conversation_not_found", f"Conversation with id '{conversation}' not found.")
        calls: set[str] = set()
        for item in (*history, *items_in(body)):
            match item.get("type"):
                case "function_call":
                    calls.add(item["call_id"])
                case "function_call_output" if item["call_id"] not in calls:
                    message = f"No tool call found for function call output with call_id {item['call_id']}."
                    return refusal(400, "invalid_request_error", message)
                case "reasoning" if item not in history and item.get("encrypted_content") not in self._sealed:
                    return refusal(400, "invalid_encrypted_content", "The encrypted content could not be verified.")
        return None
