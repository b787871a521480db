"""Webhooks that an application owns: made and found with Manage Webhooks, used by whoever has their token.

simcord's webhooks have no avatar, no thread, and none of Discord's checks of names, so its routes are replaced;
those that answer interactions share the path and stay simcord's.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any

from sandbox.form_errors import check_length, form_error
from sandbox.semantics import BackendError, Channel, ChannelType, Engine, Message, Webhook
from sandbox.simcord_routes import (
    INTERACTION_MESSAGES,
    Handler,
    RequestContext,
    bot_message,
    engine_of,
    get_history,
    message_edit_changes,
)
from sandbox.wire import Payload

MOST_PER_CHANNEL = 15
MOST_NAME_CHARACTERS = 80
FORBIDDEN_NAMES = ("discord", "clyde")  # anywhere in a name, whatever the case
MOST_ADDRESS_CHARACTERS = 2048
TOKEN_BYTES = 51  # 68 characters, as long as Discord's: discord.py takes nothing under 60 for a token
# What an execution may set: suppressed embeds, silence, Components V2; ephemeral messages answer interactions only
FLAGS_TO_SET = 1 << 2 | 1 << 12 | 1 << 15
ROOMS = (ChannelType.TEXT, ChannelType.NEWS, ChannelType.VOICE, ChannelType.STAGE_VOICE, ChannelType.FORUM)
PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,([A-Za-z0-9+/=\s]+)", re.ASCII)
IN_CHANNEL = "/channels/{channel_id}/webhooks"
IN_GUILD = "/guilds/{guild_id}/webhooks"
BY_ID = "/webhooks/{webhook_id}"
BY_TOKEN = "/webhooks/{webhook_id}/{token}"
MESSAGE = BY_TOKEN + "/messages/{message_id}"


def webhook_routes() -> dict[str, list[tuple[list[str], Handler]]]:
    """The routes by method, as simcord keeps its own."""
    routes: dict[str, list[tuple[list[str], Handler]]] = {}
    for method, path, handler in (
        ("GET", "/channels/{channel_id}/messages", _history),
        ("POST", IN_CHANNEL, _create),
        ("GET", IN_CHANNEL, _list_of_channel),
        ("GET", IN_GUILD, _list_of_guild),
        *((method, path, _changing(change)) for path in (BY_ID, BY_TOKEN) for method, change in CHANGES.items()),
        ("POST", BY_TOKEN, _unless_interaction(_execute, "execute")),
        ("GET", MESSAGE, _unless_interaction(_show_message, "show")),
        ("PATCH", MESSAGE, _unless_interaction(_edit_message, "edit")),
        ("DELETE", MESSAGE, _unless_interaction(_delete_message, "delete")),
    ):
        routes.setdefault(method, []).append((path.strip("/").split("/"), handler))
    return routes


def payload(engine: Engine, webhook: Webhook, *, with_token: bool = True) -> Payload:
    """A webhook as Discord writes it to its application."""
    body: Payload = {
        "id": str(webhook.id),
        "type": 1,  # one that takes messages
        "channel_id": str(webhook.channel_id),
        "guild_id": str(webhook.guild_id),
        "name": webhook.name,
        "avatar": engine.users[webhook.webhook_user_id].avatar,
        "application_id": str(engine.application_id),
        "token": webhook.token,
    }
    return body | {"user": engine.user_payload(webhook.creator_id)} if with_token else body


# ------------------------------------------------------------------ the webhook


def _create(ctx: RequestContext) -> Payload:
    engine = engine_of(ctx)
    channel = ctx.require_channel_permissions(ctx.int_arg("channel_id"), "manage_webhooks")
    if channel.type not in ROOMS:
        raise BackendError(400, 50024, "Cannot execute action on this channel type")
    body = ctx.fields("name", "avatar")
    _check_name("name", body.get("name"))
    if len(_of_channel(engine, channel.id)) >= MOST_PER_CHANNEL:
        raise BackendError(400, 30007, f"Maximum number of webhooks reached ({MOST_PER_CHANNEL})")
    webhook = engine.create_webhook(channel.id, body["name"].strip(), engine.bot_user.id)
    del engine.webhook_tokens[webhook.token]
    webhook.token = secrets.token_urlsafe(TOKEN_BYTES)
    engine.webhook_tokens[webhook.token] = webhook.id
    _take_avatar(engine, webhook, body)
    engine.announce_webhooks(channel.id)
    return payload(engine, webhook)


def _list_of_channel(ctx: RequestContext) -> list[Payload]:
    channel = ctx.require_channel_permissions(ctx.int_arg("channel_id"), "manage_webhooks")
    return [payload(engine_of(ctx), webhook) for webhook in _of_channel(engine_of(ctx), channel.id)]


def _list_of_guild(ctx: RequestContext) -> list[Payload]:
    guild = ctx.backend.get_guild(ctx.int_arg("guild_id"))
    ctx.require_guild_permissions(guild.id, "manage_webhooks")
    return [
        payload(engine_of(ctx), webhook) for webhook in ctx.backend.webhooks.values() if webhook.guild_id == guild.id
    ]


def _changing(change: Callable[[RequestContext, Webhook], Payload | None]) -> Handler:
    """A route on one webhook, found by its token or with Manage Webhooks."""

    def handle(ctx: RequestContext) -> Payload | None:
        if "token" in ctx.args:
            return change(ctx, _by_token(ctx))
        webhook = ctx.backend.get_webhook(ctx.int_arg("webhook_id"))
        ctx.require_channel_permissions(webhook.channel_id, "manage_webhooks")
        return change(ctx, webhook)

    return handle


def _show(ctx: RequestContext, webhook: Webhook) -> Payload:
    return payload(engine_of(ctx), webhook, with_token="token" not in ctx.args)


def _edit(ctx: RequestContext, webhook: Webhook) -> Payload:
    engine, body = engine_of(ctx), ctx.fields("name", "avatar", "channel_id")
    if "name" in body:
        _check_name("name", body["name"])
    if "token" in ctx.args or body.get("channel_id") is None:
        body.pop("channel_id", None)  # a token moves no webhook
    else:
        destination = ctx.require_channel_permissions(int(body["channel_id"]), "manage_webhooks")
        if destination.guild_id != webhook.guild_id or destination.type not in ROOMS:
            raise BackendError(400, 50024, "Cannot execute action on this channel type")
    _take_avatar(engine, webhook, body)
    engine.edit_webhook(webhook.id, body)
    engine.users[webhook.webhook_user_id].name = webhook.name
    return _show(ctx, webhook)


def _delete(ctx: RequestContext, webhook: Webhook) -> None:
    ctx.backend.delete_webhook(webhook.id)


CHANGES: dict[str, Callable[[RequestContext, Webhook], Payload | None]] = {
    "GET": _show,
    "PATCH": _edit,
    "DELETE": _delete,
}


# ----------------------------------------------------------------- its messages


def _unless_interaction(handler: Callable[[RequestContext, Webhook], Any], name: str) -> Handler:
    """A route on a webhook's messages; with an interaction's token it is simcord's."""

    def handle(ctx: RequestContext) -> Any:
        if ctx.args["token"] in ctx.backend.interaction_tokens:
            return INTERACTION_MESSAGES[name](ctx)
        return handler(ctx, _by_token(ctx))

    return handle


def _execute(ctx: RequestContext, webhook: Webhook) -> Payload | None:
    engine = engine_of(ctx)
    place = _place(ctx, webhook)
    if place.thread_metadata is not None and place.thread_metadata.archived:
        engine.edit_channel(place.id, {}, thread_metadata={"archived": False})
    body = {name: value for name, value in ctx.body().items() if name not in ("nonce", "enforce_nonce")}
    if body.get("username") is not None:
        _check_name("username", body["username"])
    body["username"] = body.get("username") or webhook.name
    body["avatar_url"] = _address(body.get("avatar_url")) or engine.cdn.face_address(
        webhook.id, engine.users[webhook.webhook_user_id].avatar
    )
    body["flags"] = int(body.get("flags") or 0) & FLAGS_TO_SET
    message = bot_message(
        ctx,
        place.id,
        author_id=webhook.webhook_user_id,
        webhook_id=webhook.id,
        body=body,
        webhook_execute=True,
    )
    waits = str(ctx.params.get("wait", "")).lower() in ("1", "true")
    return engine.message_payload(message) if waits else None


def _history(ctx: RequestContext) -> list[Payload]:
    """simcord's, which leaves out whose application a webhook's message is from."""
    own = {"application_id": str(engine_of(ctx).application_id)}
    return [message | own if message.get("webhook_id") else message for message in get_history(ctx)]


def _show_message(ctx: RequestContext, webhook: Webhook) -> Payload:
    return engine_of(ctx).message_payload(_message(ctx, webhook))


def _edit_message(ctx: RequestContext, webhook: Webhook) -> Payload:
    engine, message = engine_of(ctx), _message(ctx, webhook)
    return engine.message_payload(
        engine.edit_message(message.channel_id, message.id, message_edit_changes(ctx, message))
    )


def _delete_message(ctx: RequestContext, webhook: Webhook) -> None:
    message = _message(ctx, webhook)
    ctx.backend.delete_message(message.channel_id, message.id)


# --------------------------------------------------------------------- looking


def _of_channel(engine: Engine, channel_id: int) -> list[Webhook]:
    return [webhook for webhook in engine.webhooks.values() if webhook.channel_id == channel_id]


def _by_token(ctx: RequestContext) -> Webhook:
    webhook = ctx.backend.get_webhook(ctx.int_arg("webhook_id"))
    if not secrets.compare_digest(webhook.token, ctx.args["token"]):
        raise BackendError(401, 50027, "Invalid Webhook Token")
    return webhook


def _place(ctx: RequestContext, webhook: Webhook) -> Channel:
    """The webhook's channel, or the thread of it that the query names."""
    if "thread_id" not in ctx.params:
        return ctx.backend.get_channel(webhook.channel_id)
    thread = ctx.backend.get_channel(int(ctx.params["thread_id"]))
    if not thread.is_thread or thread.parent_id != webhook.channel_id:
        raise BackendError(404, 10003, "Unknown Channel")
    return thread


def _message(ctx: RequestContext, webhook: Webhook) -> Message:
    message = ctx.backend.get_message(_place(ctx, webhook).id, ctx.int_arg("message_id"))
    if message.webhook_id != webhook.id:
        raise BackendError(404, 10008, "Unknown Message")
    return message


# -------------------------------------------------------------------- checking


def _check_name(field: str, name: object) -> None:
    check_length(field, name.strip() if isinstance(name, str) else name, 1, MOST_NAME_CHARACTERS)
    for word in FORBIDDEN_NAMES:
        if word in str(name).lower():
            raise form_error(field, f'Username cannot contain "{word}"', "USERNAME_INVALID_CONTAINS")


def _address(url: str | None) -> str | None:
    if url and (not re.match(r"https?://[^/\s]+", url) or len(url) > MOST_ADDRESS_CHARACTERS):
        raise form_error("avatar_url", "Not a well formed URL.", "URL_TYPE_INVALID_URL")
    return url


def _take_avatar(engine: Engine, webhook: Webhook, body: Payload) -> None:
    if "avatar" not in body:
        return
    data = body.pop("avatar")
    picture = None if data is None else PICTURE.fullmatch(data)
    if data is not None and picture is None:
        raise form_error("avatar", "Unsupported image type given", "IMAGE_INVALID")
    user = engine.users[webhook.webhook_user_id]
    user.avatar = None if picture is None else engine.cdn.keep_face(webhook.id, picture[2], f"image/{picture[1]}")
