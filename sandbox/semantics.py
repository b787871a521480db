"""What a Discord does, by simcord's backend: the one module here that imports simcord.

simcord 3.2.1 is made for tests inside one process, so four things are changed for a server that runs for
days: the clock is the wall's, its ever-growing logs keep nothing, ids come from a counter, and ephemeral
messages, which it announces to nobody, are told to their one viewer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any, TypeAlias, cast
from urllib.parse import quote, unquote

import discord
from simcord import intents as gating
from simcord._clock import Clock
from simcord.backend import Backend, serializers
from simcord.backend.access import channel_accessible, message_accessible, reaction_permissions
from simcord.backend.cdn import CdnStore
from simcord.backend.errors import BackendError, SetupError
from simcord.backend.models import Channel, Message, Overwrite
from simcord.enums import ChannelType, OverwriteType
from simcord.http import routes as _routes  # noqa: F401 - importing it registers the routes
from simcord.http.router import _ROUTES, Handler, RequestContext, RouteNotImplemented, UnsupportedField

from sandbox.wire import ApiError, Payload, RestCall

_log = logging.getLogger(__name__)

DISCORD_EPOCH_MS = 1420070400000
HAS_THREAD_FLAG = 1 << 5
ARCHIVED_THREAD = 50083  # Discord's code for writing into an archived thread

ALL_INTENTS = discord.Intents.all().value
# The application flags that say which privileged intents are switched on, for bots in few guilds
PRIVILEGED_FLAGS = {"presences": 1 << 13, "members": 1 << 15, "message_content": 1 << 19}

PrivateListener: TypeAlias = Callable[[int, str, Payload], None]  # viewer id, event, payload


def permission_bits(*names: str) -> int:
    """Discord's bits for permissions by discord.py's names."""
    return discord.Permissions(**dict.fromkeys(names, True)).value


class WallClock(Clock):
    """Real time, so that interaction deadlines are real."""

    def now(self) -> datetime:
        """The current UTC time."""
        return datetime.now(UTC)


class Unkept(list[Any]):
    """A log that keeps nothing, in place of the ones simcord lets grow."""

    def append(self, _entry: Any) -> None:
        """Drop the entry."""


class Cdn(CdnStore):
    """Uploads kept in memory under addresses of this server."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.blobs: dict[str, tuple[bytes, str]] = {}  # path -> content, content type

    def store_attachment(
        self, attachment_id: int, channel_id: int, filename: str, data: bytes, description: str | None
    ) -> dict[str, Any]:
        """Keep an upload and return the attachment object that points here."""
        attachment = super().store_attachment(attachment_id, channel_id, filename, b"", description)
        self._blobs.pop(attachment["url"])
        path = f"/cdn/attachments/{channel_id}/{attachment_id}/{quote(filename)}"
        self.blobs[path] = (data, attachment["content_type"])
        return attachment | {"size": len(data), "url": self.address + path, "proxy_url": self.address + path}


class Engine(Backend):
    """The state of one Discord and everything that may be done to it; not aware of sockets or of time limits."""

    def __init__(self, cdn_address: str) -> None:
        self._last_snowflake = 0
        self._nonce: str | int | None = None
        self.private_listeners: list[PrivateListener] = []
        super().__init__(clock=WallClock())
        self.http_requests = Unkept()
        self.transcript = Unkept()
        self.cdn: Cdn = Cdn(cdn_address)

    def snowflake(self) -> int:
        """A new id, above every earlier one, holding the time as Discord's ids do."""
        milliseconds = time.time_ns() // 1_000_000 - DISCORD_EPOCH_MS
        self._last_snowflake = max(self._last_snowflake + 1, milliseconds << 22)
        return self._last_snowflake

    def never_below(self, snowflake: int) -> None:
        """Let every new id be above this one, which was given out in an earlier life."""
        self._last_snowflake = max(self._last_snowflake, snowflake)

    # ------------------------------------------------------------------ events

    def emit(self, event: str, payload: Mapping[str, Any]) -> None:
        """Tell every subscriber; corrects what simcord leaves blank."""
        if event == "TYPING_START":
            payload = {**payload, "timestamp": int(time.time())}
        elif event == "MESSAGE_CREATE" and self._nonce is not None:
            payload = {**payload, "nonce": self._nonce}
        for listener in self.subscribers:
            listener(event, payload)

    def commit_message(self, message: Message, *, broadcast: bool = True) -> Message:
        """Install a prepared message; an ephemeral one is told to its viewer."""
        committed = super().commit_message(message, broadcast=broadcast)
        self._tell_viewer("MESSAGE_CREATE", committed)
        return committed

    def edit_message(self, channel_id: int, message_id: int, fields: dict[str, Any]) -> Message:
        """Change a message; an ephemeral one is told to its viewer."""
        message = super().edit_message(channel_id, message_id, fields)
        self._tell_viewer("MESSAGE_UPDATE", message)
        return message

    def delete_message(self, channel_id: int, message_id: int) -> None:
        """Remove a message; an ephemeral one is told to its viewer."""
        message = self.get_message(channel_id, message_id)
        super().delete_message(channel_id, message_id)
        self._tell_viewer("MESSAGE_DELETE", message)

    def _tell_viewer(self, event: str, message: Message) -> None:
        if not message.is_ephemeral or message.interaction_metadata is None:
            return
        viewer_id = int(message.interaction_metadata["user"]["id"])
        payload = self.message_payload(message, viewer_id)
        for listener in self.private_listeners:
            listener(viewer_id, event, payload)

    def create_thread(
        self,
        parent_id: int,
        name: str,
        owner_id: int,
        *,
        type: int = ChannelType.PUBLIC_THREAD,
        auto_archive_duration: int = 1440,
        message_id: int | None = None,
        applied_tags: Iterable[int] = (),
        broadcast: bool = True,
    ) -> Channel:
        """Open a thread; one that grows from a message marks it instead of announcing itself below it."""
        if message_id is not None and message_id in self.channels:
            raise BackendError(400, 160004, "A thread has already been created for this message")
        if not 1 <= len(name) <= 100:
            raise BackendError(400, 50035, "Invalid Form Body: name: Must be between 1 and 100 in length.")
        thread = super().create_thread(
            parent_id,
            name,
            owner_id,
            type=type,
            auto_archive_duration=auto_archive_duration,
            message_id=message_id,
            applied_tags=applied_tags,
            broadcast=broadcast and message_id is None,
        )
        if broadcast and message_id is not None:
            self.announce_thread_create(thread)
            starter = self.get_message(parent_id, message_id)
            starter.flags |= HAS_THREAD_FLAG
            self.emit("MESSAGE_UPDATE", self.message_payload(starter))
        return thread

    # -------------------------------------------------------------- what is seen

    def message_payload(self, message: Message, viewer_id: int | None = None) -> Payload:
        """A message as Discord writes it, `me` in its reactions as the viewer sees it."""
        payload = cast("Payload", dict(serializers.message_payload(self, message, for_user=viewer_id)))
        if message.flags & HAS_THREAD_FLAG and message.id in self.channels:
            payload["thread"] = self.channel_payload(message.id)
        return payload

    def channel_payload(self, channel_id: int) -> Payload:
        """A channel, thread or DM as Discord writes it."""
        return cast("Payload", dict(serializers.channel_payload(self, self.get_channel(channel_id))))

    def user_payload(self, user_id: int) -> Payload:
        """A user as Discord writes them."""
        return cast("Payload", dict(serializers.user_payload(self.get_user(user_id))))

    def member_payload(self, guild_id: int, user_id: int, *, with_user: bool = True) -> Payload:
        """A guild's member as Discord writes them."""
        member = self.get_member(guild_id, user_id)
        payload = serializers.member_payload(self, self.get_guild(guild_id), member, with_user=with_user)
        return cast("Payload", dict(payload))

    def sees_channel(self, user_id: int, channel_id: int) -> bool:
        """Whether somebody may look into a channel, thread or DM."""
        return channel_accessible(self, channel_id, user_id)

    def sees_message(self, user_id: int, message: Message) -> bool:
        """Whether somebody may read a message; an ephemeral one only its viewer."""
        return message_accessible(self, message.channel_id, message, user_id)

    # ------------------------------------------------------------------ gateway

    def guild_create(self, guild_id: int, intents_value: int) -> Payload:
        """GUILD_CREATE as a session with these intents gets it: open threads only, members by intent."""
        payload = cast("Payload", dict(serializers.guild_create_payload(self, self.get_guild(guild_id))))
        payload["threads"] = [
            thread
            for thread in payload["threads"]
            if not thread["thread_metadata"]["archived"] and self.sees_channel(self.bot_user.id, int(thread["id"]))
        ]
        gating.prune_guild_create(payload, discord.Intents._from_value(intents_value), self.bot_user.id)
        return payload

    def refused_intents(self, declared: int, granted: int) -> list[str]:
        """The privileged intents that were asked for and are not switched on for this application."""
        flags = discord.Intents._from_value
        return gating.missing_privileged_intents(flags(declared), flags(granted))

    def reaches_bot(self, event: str, payload: Mapping[str, Any]) -> bool:
        """Whether the bot may see the channel that an event is about."""
        if event.startswith(("MESSAGE_", "TYPING_")):
            return self.sees_channel(self.bot_user.id, int(payload["channel_id"]))
        return True

    def for_intents(self, event: str, payload: Mapping[str, Any], intents_value: int) -> Mapping[str, Any] | None:
        """What a session with these intents gets of an event, or None."""
        intents = discord.Intents._from_value(intents_value)
        gate = gating.required_intent(event, payload)
        if gate is not None and not getattr(intents, gate):
            return None
        if event == "GUILD_CREATE":
            return self.guild_create(int(payload["id"]), intents_value)
        if intents.message_content or event not in ("MESSAGE_CREATE", "MESSAGE_UPDATE", "INTERACTION_CREATE"):
            return payload
        censored = deepcopy(dict(payload))
        if event != "INTERACTION_CREATE":
            gating.censor_message(censored, self.bot_user.id, backend=self)
        elif isinstance(censored.get("message"), dict):
            gating.censor_message(censored["message"], self.bot_user.id, backend=self, exempt_root=True)
        return censored

    def members_chunk(self, request: Payload) -> Payload | None:
        """The answer to a request for a guild's members: by ids, by the start of a name, or all."""
        guild = self.guilds.get(int(request["guild_id"]))
        if guild is None:
            return None
        wanted = request.get("user_ids")
        ids = [wanted] if isinstance(wanted, str) else wanted or []
        prefix = str(request.get("query") or "").lower()
        found = [
            member
            for member in guild.members.values()
            if (not ids or str(member.user_id) in map(str, ids))
            and ((member.nick or "").lower().startswith(prefix) or self.users[member.user_id].name.startswith(prefix))
        ]
        chunk: Payload = {
            "guild_id": str(guild.id),
            "members": [
                self.member_payload(guild.id, member.user_id) for member in found[: request.get("limit") or None]
            ],
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": [str(user_id) for user_id in ids if int(user_id) not in guild.members],
        }
        if request.get("nonce") is not None:
            chunk["nonce"] = request["nonce"]
        if request.get("presences"):
            chunk["presences"] = []
        return chunk

    def application_payload(self, granted_intents: int) -> Payload:
        """The bot's application, whose flags show the privileged intents that are switched on."""
        intents = discord.Intents._from_value(granted_intents)
        owner_id = next(iter(self.guilds.values())).owner_id if self.guilds else self.bot_user.id
        return {
            "id": str(self.application_id),
            "name": self.bot_user.name,
            "icon": None,
            "description": "",
            "summary": "",
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "owner": self.user_payload(owner_id),
            "team": None,
            "flags": sum(bit for name, bit in PRIVILEGED_FLAGS.items() if getattr(intents, name)),
            "bot": self.user_payload(self.bot_user.id),
            "approximate_guild_count": len(self.guilds),
        }

    # --------------------------------------------------------------------- REST

    def answer(self, call: RestCall, match: RouteMatch) -> Any:
        """Apply a bot's request and return the body of its answer, None for 204.

        Raises:
            ApiError: Discord would refuse it, or (501) simcord does not know it.
        """
        body = call.json if isinstance(call.json, dict) else {}
        self._nonce = body.get("nonce")
        try:
            self._check_archived(call.method, match)
            answer = match.handler(
                RequestContext(
                    self,
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
            _log.error("not implemented: %s %s: %s", call.method, match.template, exc.message)
            raise ApiError(501, 0, exc.message) from exc
        except BackendError as exc:
            raise ApiError(exc.status, exc.code, exc.message, exc.errors) from exc
        except (KeyError, TypeError, ValueError, SetupError) as exc:
            _log.warning("malformed %s %s: %r", call.method, match.template, exc)
            raise ApiError(400, 50035, f"Invalid Form Body: {exc}") from exc
        finally:
            nonce, self._nonce = self._nonce, None
        if nonce is not None and isinstance(answer, dict) and "content" in answer:
            answer["nonce"] = nonce
        return answer

    def _check_archived(self, method: str, match: RouteMatch) -> None:
        """Posting opens an archived thread again; anything else inside it is refused, as is a locked one."""
        if method == "GET" or not match.template.startswith("/channels/{channel_id}/"):
            return
        channel = self.get_channel(int(match.arguments["channel_id"]))
        metadata = channel.thread_metadata
        if metadata is None or not metadata.archived:
            return
        if match.template != "/channels/{channel_id}/messages" or metadata.locked:
            raise BackendError(400, ARCHIVED_THREAD, "Thread is archived")
        self.edit_channel(channel.id, {}, thread_metadata={"archived": False})


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

    def __init__(self) -> None:
        self._routes: dict[tuple[str, int], list[tuple[list[str], str, Handler]]] = {}
        for method, routes in _ROUTES.items():
            for segments, handler in routes:
                known = self._routes.setdefault((method, len(segments)), [])
                known.append((segments, "/" + "/".join(segments), handler))
        for known in self._routes.values():  # the most literal first: ".../messages/pins" before a message's id
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


__all__ = [
    "ALL_INTENTS",
    "BackendError",
    "Channel",
    "ChannelType",
    "Engine",
    "Message",
    "Overwrite",
    "OverwriteType",
    "Routes",
    "SetupError",
    "permission_bits",
    "reaction_permissions",
]
