"""What Discord lets a bot do with threads, where simcord asks for the permissions of channels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.form_errors import form_error
from sandbox.semantics import BackendError, Channel, ChannelType
from sandbox.simcord_routes import CHANNEL_ROUTES, Handler, RequestContext, engine_of
from sandbox.wire import Payload

CHANNEL = "/channels/{channel_id}"
PARENTS = (ChannelType.TEXT, ChannelType.NEWS, ChannelType.FORUM)
ARCHIVE_MINUTES = (60, 1440, 4320, 10080)
METADATA = ("archived", "locked", "auto_archive_duration", "invitable")
OWNERS_FIELDS = {"name", "archived", "auto_archive_duration", "applied_tags"}  # what a thread's creator may change
ARCHIVED = 50083


def thread_routes() -> dict[str, list[tuple[list[str], Handler]]]:
    """The routes by method, as simcord keeps its own."""
    return {
        "POST": [
            (_segments(CHANNEL + "/threads"), _create),
            (_segments(CHANNEL + "/messages/{message_id}/threads"), _create_from_message),
        ],
        "PATCH": [(_segments(CHANNEL), _edit)],
        "DELETE": [(_segments(CHANNEL), _delete)],
    }


def _segments(path: str) -> list[str]:
    return path.strip("/").split("/")


def _create(ctx: RequestContext) -> Any:
    _check_parent(ctx)
    return CHANNEL_ROUTES["create_thread"](ctx)


def _create_from_message(ctx: RequestContext) -> Any:
    _check_parent(ctx)
    return CHANNEL_ROUTES["create_thread_from_message"](ctx)


def _edit(ctx: RequestContext) -> Any:
    thread = ctx.backend.get_channel(ctx.int_arg("channel_id"))
    if not thread.is_thread:
        return CHANNEL_ROUTES["edit"](ctx)
    body = ctx.fields("name", "applied_tags", *METADATA, ignore=("rate_limit_per_user",))
    _check_form(body)
    ctx.require_channel_permissions(thread.id, *_needed(ctx, thread, body))
    metadata = thread.thread_metadata
    if metadata is not None and metadata.archived and body.get("archived", True):
        raise BackendError(400, ARCHIVED, "Thread is archived")
    plain = {name: value for name, value in body.items() if name not in METADATA}
    if "applied_tags" in plain:
        plain["applied_tags"] = [int(tag) for tag in plain["applied_tags"]]
    ctx.backend.edit_channel(thread.id, plain, thread_metadata={name: body[name] for name in METADATA if name in body})
    return engine_of(ctx).channel_payload(thread.id)


def _delete(ctx: RequestContext) -> Any:
    thread = ctx.backend.get_channel(ctx.int_arg("channel_id"))
    if not thread.is_thread:
        return CHANNEL_ROUTES["delete"](ctx)
    ctx.require_channel_permissions(thread.id, "manage_threads")
    payload: Payload = engine_of(ctx).channel_payload(thread.id)
    ctx.backend.delete_channel(thread.id)
    return payload


def _needed(ctx: RequestContext, thread: Channel, body: Mapping[str, Any]) -> tuple[str, ...]:
    """The permissions for a change: a creator keeps the thread in order, and whoever may write there opens it again."""
    metadata = thread.thread_metadata
    is_locked = metadata is not None and metadata.locked
    if dict(body) == {"archived": False} and not is_locked:
        return ("send_messages_in_threads",)
    if thread.owner_id == ctx.backend.bot_user.id and body.keys() <= OWNERS_FIELDS and not is_locked:
        return ()
    return ("manage_threads",)


def _check_parent(ctx: RequestContext) -> None:
    _check_form(ctx.body())
    if ctx.backend.get_channel(ctx.int_arg("channel_id")).type not in PARENTS:
        raise BackendError(400, 50024, "Cannot execute action on this channel type")


def _check_form(body: Mapping[str, Any]) -> None:
    if "name" in body and not 1 <= len(str(body["name"])) <= 100:
        raise form_error("name", "Must be between 1 and 100 in length.", "BASE_TYPE_BAD_LENGTH")
    if body.get("auto_archive_duration", ARCHIVE_MINUTES[0]) not in (*ARCHIVE_MINUTES, None):
        choices = ", ".join(map(str, ARCHIVE_MINUTES))
        raise form_error("auto_archive_duration", f"Value must be one of ({choices}).", "BASE_TYPE_CHOICES")
