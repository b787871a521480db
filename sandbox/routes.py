"""The REST routes that simcord knows, found quickly and answered with Discord's errors."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import unquote

from sandbox.command_routes import command_routes
from sandbox.component_forms import check_body
from sandbox.form_errors import as_discord_says
from sandbox.limits import CREATE_ROUTE
from sandbox.polls import check_poll
from sandbox.semantics import BackendError, Engine, SetupError
from sandbox.simcord_routes import ROUTES, Handler, RequestContext, RouteNotImplemented, UnsupportedField
from sandbox.thread_routes import thread_routes
from sandbox.webhook_routes import webhook_routes
from sandbox.wire import ApiError, Payload, RestCall

_log = logging.getLogger(__name__)

CALLBACK_ROUTE = "/interactions/{interaction_id}/{token}/callback"  # its form lies in `data`
ARCHIVED_THREAD = 50083  # Discord's code for writing into an archived thread


class RouteMatch:
    """A known route and the arguments that a path gives it."""

    __slots__ = ("arguments", "handler", "template")

    def __init__(self, template: str, handler: Handler, arguments: dict[str, str]) -> None:
        self.template = template
        self.handler = handler
        self.arguments = arguments

    @property
    def major(self) -> str:
        """The parameters that give a route a bucket of its own: channel, guild, webhook with its token."""
        names = ("channel_id", "guild_id", "webhook_id", "interaction_id", "token")
        return ":".join(self.arguments[name] for name in names if name in self.arguments)


class Routes:
    """simcord's routes, found by method and length; its own search walks all of them and copies every body."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._routes: dict[tuple[str, int], list[tuple[list[str], str, Handler]]] = {}
        for table in (webhook_routes(), thread_routes(), command_routes(), ROUTES):
            for method, routes in table.items():
                for segments, handler in routes:
                    known = self._routes.setdefault((method, len(segments)), [])
                    known.append((segments, "/" + "/".join(segments), handler))
        for known in (
            self._routes.values()
        ):  # the most literal first: ".../messages/pins" before a message's id; ours before simcord's
            known.sort(key=lambda entry: sum(segment.startswith("{") for segment in entry[0]))

    def find(self, method: str, path: str) -> RouteMatch | None:
        """The route of a still percent-encoded path such as `/channels/1/messages`."""
        parts = path.strip("/").split("/")
        for segments, template, handler in self._routes.get((method, len(parts)), ()):
            if all(known == part or known[0] == "{" for known, part in zip(segments, parts, strict=True)):
                pairs = zip(segments, parts, strict=True)
                return RouteMatch(
                    template, handler, {name[1:-1]: unquote(part) for name, part in pairs if name[0] == "{"}
                )
        return None

    def answer(self, call: RestCall, match: RouteMatch) -> Any:
        """Apply a bot's request and return the body of its answer, None for 204.

        Raises:
            ApiError: Discord would refuse it, or (501) simcord does not know it.
        """
        engine = self._engine
        body = call.json if isinstance(call.json, dict) else {}
        is_callback = match.template == CALLBACK_ROUTE
        engine.nonce = body.get("nonce") if (call.method, match.template) == CREATE_ROUTE else None
        try:
            self._check_archived(call.method, match)
            self._check_poll(match, body)
            check_body(body, is_callback=is_callback)
            answer = match.handler(
                RequestContext(
                    engine,
                    match.arguments,
                    json=call.json,
                    params=dict(call.params),
                    files=list(call.files),
                    reason=call.reason,
                    method=call.method,
                    path=call.path,
                )
            )
        except (RouteNotImplemented, UnsupportedField) as exc:
            fields = exc.fields if isinstance(exc, UnsupportedField) else []
            _log.error("simcord does not implement %s %s %s", call.method, match.template, fields)
            raise ApiError(501, 0, exc.message) from exc
        except BackendError as exc:
            told = as_discord_says(exc, "data." if is_callback else "")
            raise ApiError(told.status, told.code, told.message, told.errors) from exc
        except (KeyError, TypeError, ValueError, SetupError) as exc:
            _log.warning("malformed %s %s: %s", call.method, match.template, type(exc).__name__)
            raise ApiError(400, 50035, f"Invalid Form Body: {exc}") from exc
        finally:
            nonce, engine.nonce = engine.nonce, None
        if nonce is not None and isinstance(answer, dict) and "content" in answer:
            answer["nonce"] = nonce
        return answer

    def _check_poll(self, match: RouteMatch, body: Payload) -> None:
        """A poll keeps to Discord's bounds; where the bot posts one by itself, it needs the permission for that."""
        poll = body.get("poll") or (body.get("data") or {}).get("poll")
        if not poll:
            return
        check_poll(poll)
        if match.template == "/channels/{channel_id}/messages":
            channel = self._engine.get_channel(int(match.arguments["channel_id"]))
            self._engine.require_permissions(channel.guild_id, self._engine.bot_user.id, channel.id, "send_polls")

    def _check_archived(self, method: str, match: RouteMatch) -> None:
        """Posting opens an archived thread again; anything else inside it is refused, as is a locked one."""
        if method == "GET" or not match.template.startswith("/channels/{channel_id}/"):
            return
        channel = self._engine.get_channel(int(match.arguments["channel_id"]))
        metadata = channel.thread_metadata
        if metadata is None or not metadata.archived:
            return
        if match.template != "/channels/{channel_id}/messages" or metadata.locked:
            raise BackendError(400, ARCHIVED_THREAD, "Thread is archived")
        bot_id = self._engine.bot_user.id
        self._engine.require_permissions(channel.guild_id, bot_id, channel.id, "send_messages_in_threads")
        self._engine.edit_channel(channel.id, {}, thread_metadata={"archived": False})
