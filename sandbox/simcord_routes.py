"""simcord's own routes and what they are answered with, for the routes that are added or corrected here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from simcord.backend.ops.commands import COMMAND_FIELDS
from simcord.http import routes as _routes  # noqa: F401 - importing it registers the routes
from simcord.http._helpers import bot_message, message_edit_changes
from simcord.http.router import _ROUTES as ROUTES
from simcord.http.router import Handler, RequestContext, RouteNotImplemented, UnsupportedField
from simcord.http.routes.channels import create_thread, create_thread_from_message, delete_channel, edit_channel
from simcord.http.routes.interactions import delete_followup, edit_followup, execute_webhook, get_followup
from simcord.http.routes.messages import get_history

from sandbox.semantics import Engine

# What simcord does with the messages of an interaction, whose routes are those of webhooks
INTERACTION_MESSAGES: Mapping[str, Handler] = {
    "execute": execute_webhook,
    "show": get_followup,
    "edit": edit_followup,
    "delete": delete_followup,
}

# What simcord does with channels, of which threads are some
CHANNEL_ROUTES: Mapping[str, Handler] = {
    "create_thread": create_thread,
    "create_thread_from_message": create_thread_from_message,
    "edit": edit_channel,
    "delete": delete_channel,
}


def engine_of(ctx: RequestContext) -> Engine:
    """The engine that a route answers from: the one kind of backend there is here."""
    return cast("Engine", ctx.backend)


__all__ = [
    "CHANNEL_ROUTES",
    "COMMAND_FIELDS",
    "INTERACTION_MESSAGES",
    "ROUTES",
    "Handler",
    "RequestContext",
    "RouteNotImplemented",
    "UnsupportedField",
    "bot_message",
    "engine_of",
    "get_history",
    "message_edit_changes",
]
