"""The world written to a JSON file and read again, with the same ids.

The models of the engine are plain dataclasses; pydantic writes and checks them field by field.  Ephemeral
messages, sessions and limits are not kept: Discord forgets the first on a reload and the rest on a restart.
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from sandbox.house import House
from sandbox.semantics import Channel, Engine, Guild, Message, User, Webhook
from sandbox.wire import Payload

VERSION = 1
KEPT_MESSAGES_PER_CHANNEL = 1000  # the newest; a demo's file stays a few megabytes
MAX_KEPT_UPLOAD_BYTES = 1024 * 1024  # larger uploads are gone after a restart

USERS: TypeAdapter[list[User]] = TypeAdapter(list[User])
GUILDS: TypeAdapter[list[Guild]] = TypeAdapter(list[Guild])
CHANNELS: TypeAdapter[list[Channel]] = TypeAdapter(list[Channel])
MESSAGES: TypeAdapter[list[Message]] = TypeAdapter(list[Message])
WEBHOOKS: TypeAdapter[list[Webhook]] = TypeAdapter(list[Webhook])


class StateFileError(Exception):
    """The file that keeps the sandbox's world cannot be read; delete it to start with a fresh world."""


def dump(engine: Engine, house: House) -> Payload:
    """The world as JSON."""
    messages = [
        message
        for kept in engine.messages.values()
        for message in [message for message in kept.values() if not message.is_ephemeral][-KEPT_MESSAGES_PER_CHANNEL:]
    ]
    return {
        "version": VERSION,
        "address": engine.cdn.address,
        "last_id": engine.snowflake(),
        "application_id": engine.application_id,
        "bot_id": engine.bot_user.id,
        "users": USERS.dump_python(list(engine.users.values()), mode="json"),
        "guilds": GUILDS.dump_python(list(engine.guilds.values()), mode="json"),
        "channels": CHANNELS.dump_python(list(engine.channels.values()), mode="json"),
        "messages": MESSAGES.dump_python(messages, mode="json"),
        "webhooks": WEBHOOKS.dump_python(list(engine.webhooks.values()), mode="json"),
        "dm_channels": list(engine.dm_channels.items()),
        "locales": list(engine.locales.items()),
        "commands": [[guild_id, list(kept.values())] for guild_id, kept in engine.commands.items()],
        "uploads": {
            path: [base64.b64encode(data).decode(), content_type]
            for path, (data, content_type) in engine.cdn.blobs.items()
            if len(data) <= MAX_KEPT_UPLOAD_BYTES
        },
        "house": {
            "guild_id": house.guild_id,
            "channels": house.channels,
            "users": house.users,
            "roles": house.roles,
        },
    }


def save(path: Path, state: Payload) -> None:
    """Write a dumped world so that a crash leaves the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(state, file, separators=(",", ":"))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def restore(path: Path, engine: Engine, house: House) -> bool:
    """Put the world of a file into a new engine; False if there is no file.

    Raises:
        StateFileError: the file is not such a world.
    """
    if not path.exists():
        return False
    try:
        text = path.read_text(encoding="utf-8")
        state = json.loads(text)
        if state["version"] != VERSION:
            raise StateFileError(f"{path} was written by another version of the sandbox; delete it to start afresh.")
        # Uploads are linked by address, and the port may be another one this time
        _fill(json.loads(text.replace(state["address"] + "/cdn/", engine.cdn.address + "/cdn/")), engine, house)
    except (ValueError, KeyError, TypeError, AttributeError, OSError, ValidationError) as exc:
        raise StateFileError(f"{path} cannot be read ({exc}); delete it to start afresh.") from exc
    return True


def _fill(state: Payload, engine: Engine, house: House) -> None:
    engine.never_below(state["last_id"])
    engine.application_id = state["application_id"]
    engine.users = {user.id: user for user in USERS.validate_python(state["users"])}
    engine.bot_user = engine.users[state["bot_id"]]
    engine.guilds = {guild.id: guild for guild in GUILDS.validate_python(state["guilds"])}
    engine.channels = {channel.id: channel for channel in CHANNELS.validate_python(state["channels"])}
    engine.messages = {channel_id: {} for channel_id in engine.channels}
    for message in MESSAGES.validate_python(state["messages"]):
        engine.messages[message.channel_id][message.id] = message
    engine.webhooks = {webhook.id: webhook for webhook in WEBHOOKS.validate_python(state.get("webhooks", []))}
    engine.webhook_tokens = {webhook.token: webhook.id for webhook in engine.webhooks.values()}
    engine.dm_channels = dict(_pairs(state["dm_channels"]))
    engine.locales = {int(user_id): locale for user_id, locale in state.get("locales", [])}
    engine.commands = {
        guild_id: {(command["name"], command["type"]): command for command in kept}
        for guild_id, kept in state["commands"]
    }
    engine.cdn.blobs = {path: (base64.b64decode(data), kind) for path, (data, kind) in state["uploads"].items()}
    kept = state["house"]
    house.guild_id, house.channels, house.users, house.roles = (
        kept["guild_id"],
        kept["channels"],
        kept["users"],
        kept["roles"],
    )


def _pairs(items: Any) -> list[tuple[int, int]]:
    return [(int(first), int(second)) for first, second in items]
