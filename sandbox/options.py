"""What a person fills into a slash command, as the bot receives it: typed values and the objects behind ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.semantics import Engine, OptionType, SetupError, store_interaction_attachment, validate_option_value
from sandbox.wire import Payload, Refused

ENTITIES = {OptionType.USER, OptionType.CHANNEL, OptionType.ROLE, OptionType.MENTIONABLE}


class Resolver:
    """Collects the users, members, roles, channels and files that an interaction's values name."""

    def __init__(self, engine: Engine, user_id: int, channel_id: int) -> None:
        self._engine = engine
        self._user_id = user_id
        self._channel = engine.get_channel(channel_id)
        self.resolved: Payload = {}

    def entity(self, kind: OptionType, value: Any) -> str:
        """Resolve an id of a kind; returns it as the wire writes it."""
        snowflake = _snowflake(value)
        found = (
            (kind in (OptionType.USER, OptionType.MENTIONABLE) and self.user(snowflake))
            or (kind in (OptionType.ROLE, OptionType.MENTIONABLE) and self._role(snowflake))
            or (kind is OptionType.CHANNEL and self._chosen_channel(snowflake))
        )
        if not found:
            raise Refused(f"There is no {kind.name.lower()} {value} here.")
        return str(snowflake)

    def file(self, filename: str, data: bytes) -> str:
        """Upload a file; returns the id of its attachment."""
        return store_interaction_attachment(self._engine, self._channel.id, filename, data, self.resolved)

    def user(self, user_id: int) -> bool:
        """Resolve a user, as a member too where they are one; False if there is none."""
        engine, guild_id = self._engine, self._channel.guild_id
        if user_id not in engine.users:
            return False
        if guild_id is not None and user_id in engine.get_guild(guild_id).members:
            member = engine.member_payload(guild_id, user_id, with_user=False)
            member["permissions"] = str(engine.compute_permissions(guild_id, user_id, self._channel.id))
            self._keep("members", user_id, member)
        return self._keep("users", user_id, engine.user_payload(user_id))

    def _role(self, role_id: int) -> bool:
        guild_id = self._channel.guild_id
        if guild_id is None or role_id not in self._engine.get_guild(guild_id).roles:
            return False
        return self._keep("roles", role_id, self._engine.role_payload(guild_id, role_id))

    def _chosen_channel(self, channel_id: int) -> bool:
        engine, guild_id = self._engine, self._channel.guild_id
        channel = engine.channels.get(channel_id)
        if guild_id is None or channel is None or channel.guild_id != guild_id:
            return False
        if not engine.sees_channel(self._user_id, channel_id):
            return False
        payload = engine.channel_payload(channel_id)
        payload["permissions"] = str(engine.compute_permissions(guild_id, self._user_id, channel_id))
        return self._keep("channels", channel_id, payload)

    def _keep(self, kind: str, snowflake: int, payload: Payload) -> bool:
        self.resolved.setdefault(kind, {})[str(snowflake)] = payload
        return True


def fill(command: str, spec: Payload, values: Mapping[str, Any], resolver: Resolver) -> list[Payload]:
    """The `options` of a command whose leaf is `spec`, from values by option name.

    A file is a tuple of its name and content; users, channels and roles are ids.

    Raises:
        Refused: a value is missing, unknown, or not what the option takes.
    """
    declared = {option["name"]: option for option in spec.get("options") or []}
    if unknown := values.keys() - declared.keys():
        raise Refused(f"/{command} has no option {sorted(unknown)[0]}.")
    for name, option in declared.items():
        if option.get("required") and name not in values:
            raise Refused(f"/{command} needs the option {name}.")
    return [
        {"name": name, "type": declared[name]["type"], "value": _wire_value(command, declared[name], value, resolver)}
        for name, value in values.items()
    ]


def fill_partly(command: str, spec: Payload, values: Mapping[str, Any], focused: str) -> list[Payload]:
    """The `options` while somebody still types: what is not valid yet is left out, the focused one stays as typed."""
    options: list[Payload] = []
    for option in spec.get("options") or []:
        name, kind = option["name"], OptionType(option["type"])
        if name == focused:
            typed = str(values.get(name, ""))
            options.append({"name": name, "type": kind, "value": typed, "focused": True})
        elif name in values and kind in ENTITIES:
            options.append({"name": name, "type": kind, "value": str(values[name])})
        elif name in values and kind is not OptionType.ATTACHMENT:
            try:
                value = validate_option_value(command, option, _typed(kind, values[name]))
            except SetupError:
                continue
            options.append({"name": name, "type": kind, "value": value})
    return options


def _wire_value(command: str, option: Payload, value: Any, resolver: Resolver) -> Any:
    kind = OptionType(option["type"])
    if kind in ENTITIES:
        wire = resolver.entity(kind, value)
        allowed = option.get("channel_types")
        if allowed and resolver.resolved["channels"][wire]["type"] not in allowed:
            raise Refused(f"The option {option['name']} does not take that kind of channel.")
        return wire
    checked = validate_option_value(command, option, _typed(kind, value))
    if kind is OptionType.ATTACHMENT:
        return resolver.file(*checked)
    return checked


def _typed(kind: OptionType, value: Any) -> Any:
    """A value as its type has it, also where a form sent it as text."""
    if not isinstance(value, str):
        return value
    try:
        match kind:
            case OptionType.INTEGER:
                return int(value)
            case OptionType.NUMBER:
                return float(value)
            case OptionType.BOOLEAN:
                return {"true": True, "false": False}.get(value.lower(), value)
            case _:
                return value
    except ValueError:
        return value  # the check that follows says what is wrong with it


def _snowflake(value: Any) -> int:
    text = str(value)
    if not text.isdecimal():
        raise Refused(f"{value} is not an id.")
    return int(text)
