"""What the bot gets to see of the engine's state: guilds, members and events by its intents."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import discord

from sandbox.semantics import Engine, gating
from sandbox.wire import Payload

ALL_INTENTS = discord.Intents.all().value
# The application flags that say which privileged intents are switched on, for bots in few guilds
PRIVILEGED_FLAGS = {"presences": 1 << 13, "members": 1 << 15, "message_content": 1 << 19}


class BotView:
    """The engine's state as a gateway session with some intents gets it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def guild_create(self, guild_id: int, intents_value: int) -> Payload:
        """GUILD_CREATE as a session with these intents gets it: open threads only, members by intent."""
        payload = self._engine.guild_payload(guild_id)
        payload["threads"] = [
            thread
            for thread in payload["threads"]
            if not thread["thread_metadata"]["archived"]
            and self._engine.sees_channel(self._engine.bot_user.id, int(thread["id"]))
        ]
        gating.prune_guild_create(payload, discord.Intents._from_value(intents_value), self._engine.bot_user.id)
        return payload

    def refused_intents(self, declared: int, granted: int) -> list[str]:
        """The privileged intents that were asked for and are not switched on for this application."""
        flags = discord.Intents._from_value
        return gating.missing_privileged_intents(flags(declared), flags(granted))

    def reaches_bot(self, event: str, payload: Mapping[str, Any]) -> bool:
        """Whether the bot may see the channel that an event is about."""
        if event.startswith(("MESSAGE_", "TYPING_")):
            return self._engine.sees_channel(self._engine.bot_user.id, int(payload["channel_id"]))
        return True

    def for_intents(self, event: str, payload: Mapping[str, Any], intents_value: int) -> Mapping[str, Any] | None:
        """What a session with these intents gets of an event, or None."""
        intents = discord.Intents._from_value(intents_value)
        gate = gating.required_intent(event, payload)
        is_own = event == "GUILD_MEMBER_UPDATE" and payload["user"]["id"] == str(self._engine.bot_user.id)
        if gate is not None and not getattr(intents, gate) and not is_own:
            return None
        if event == "GUILD_CREATE":
            guild = self.guild_create(int(payload["id"]), intents_value)
            if "unavailable" not in payload:  # a server that the bot is new in: only others are said to be there again
                del guild["unavailable"]
            return guild
        if intents.message_content or event not in ("MESSAGE_CREATE", "MESSAGE_UPDATE", "INTERACTION_CREATE"):
            return payload
        censored = deepcopy(dict(payload))
        if event != "INTERACTION_CREATE":
            gating.censor_message(censored, self._engine.bot_user.id, backend=self._engine)
        elif isinstance(censored.get("message"), dict):
            gating.censor_message(censored["message"], self._engine.bot_user.id, backend=self._engine, exempt_root=True)
        return censored

    def members_chunk(self, request: Payload) -> Payload | None:
        """The answer to a request for a guild's members: by ids, by the start of a name, or all."""
        guild = self._engine.guilds.get(int(request["guild_id"]))
        if guild is None:
            return None
        wanted = request.get("user_ids")
        ids = [wanted] if isinstance(wanted, str) else wanted or []
        prefix = str(request.get("query") or "").lower()
        found = [
            member
            for member in guild.members.values()
            if (not ids or str(member.user_id) in map(str, ids))
            and (
                (member.nick or "").lower().startswith(prefix)
                or self._engine.users[member.user_id].name.startswith(prefix)
            )
        ]
        chunk: Payload = {
            "guild_id": str(guild.id),
            "members": [
                self._engine.member_payload(guild.id, member.user_id)
                for member in found[: request.get("limit") or None]
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

    def application(self, granted_intents: int) -> Payload:
        """The bot's application, whose flags show the privileged intents that are switched on."""
        engine = self._engine
        owner_id = next((guild.owner_id for guild in engine.guilds.values()), engine.bot_user.id)
        return {
            "id": str(engine.application_id),
            "name": engine.bot_user.name,
            "icon": None,
            "description": "",
            "summary": "",
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "owner": engine.user_payload(owner_id),
            "team": None,
            "flags": self.application_flags(granted_intents),
            "bot": engine.user_payload(engine.bot_user.id),
            "approximate_guild_count": len(engine.guilds),
        }

    def guilds(self) -> list[Payload]:
        """The bot's servers with what it may do in each, in one batch: the sandbox has far fewer than 200."""
        engine, bot_id = self._engine, self._engine.bot_user.id
        return [
            {
                "id": str(guild.id),
                "name": guild.name,
                "owner": False,
                "permissions": str(engine.compute_permissions(guild.id, bot_id, None)),
            }
            for guild in engine.guilds.values()
        ]

    def application_flags(self, granted_intents: int) -> int:
        """The flags of an application with these intents switched on."""
        intents = discord.Intents._from_value(granted_intents)
        return sum(bit for name, bit in PRIVILEGED_FLAGS.items() if getattr(intents, name))
