"""Discord's routes for an application's commands; simcord knows only how to replace all of them, unchecked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.command_forms import check_command, check_commands
from sandbox.semantics import AppCommandType, BackendError
from sandbox.simcord_routes import COMMAND_FIELDS, Handler, RequestContext
from sandbox.wire import Payload

EVERYWHERE = "/applications/{application_id}/commands"
IN_GUILD = "/applications/{application_id}/guilds/{guild_id}/commands"
TRANSLATIONS = ("name_localizations", "description_localizations")
Change = Callable[[RequestContext, list[Payload]], Payload | list[Payload] | None]


def replace(ctx: RequestContext, _known: list[Payload]) -> list[Payload]:
    """Let these be all commands."""
    commands = [_written(ctx, command) for command in ctx.json or []]
    check_commands(commands)
    return _register(ctx, commands)


def list_all(ctx: RequestContext, known: list[Payload]) -> list[Payload]:
    """Every command, with its translations where they are asked for."""
    if str(ctx.params.get("with_localizations", "")).lower() in ("1", "true"):
        return known
    return [_untranslated(command) for command in known]


def create(ctx: RequestContext, known: list[Payload]) -> Payload:
    """Add a command, or replace the one of its name and type."""
    command = _written(ctx, ctx.body())
    check_command(command)
    kind = command.setdefault("type", AppCommandType.CHAT_INPUT)
    others = [other for other in known if (other["name"], other["type"]) != (command["name"], kind)]
    check_commands([*others, command])
    return _named(_register(ctx, [*others, command]), command["name"], kind)


def show(ctx: RequestContext, known: list[Payload]) -> Payload:
    """The command of an id."""
    for command in known:
        if command["id"] == ctx.args["command_id"]:
            return command
    raise BackendError(404, 10063, "Unknown application command")


def edit(ctx: RequestContext, known: list[Payload]) -> Payload:
    """Change some of a command's fields; its id stays."""
    old = show(ctx, known)
    changed = old | _written(ctx, ctx.body())
    check_command(changed)
    _register(ctx, [changed if command is old else command for command in known])
    registered = _named(ctx.backend.commands[_guild(ctx)].values(), changed["name"], changed["type"])
    registered["id"] = old["id"]  # the engine knows commands by name, and this one may have another now
    return registered


def remove(ctx: RequestContext, known: list[Payload]) -> None:
    """Take a command away."""
    gone = show(ctx, known)
    _register(ctx, [command for command in known if command is not gone])


def overrides(ctx: RequestContext) -> list[Payload]:
    """What a guild has set of who may use the bot's commands: for some of them, or for all under the bot's own id."""
    guild_id, application_id = int(ctx.args["guild_id"]), ctx.args["application_id"]
    return [
        {"id": str(id_), "application_id": application_id, "guild_id": str(guild_id), "permissions": permissions}
        for (guild, id_), permissions in ctx.backend.command_permissions.items()
        if guild == guild_id
    ]


CHANGES: Mapping[str, tuple[tuple[str, Change], ...]] = {
    "PUT": (("", replace),),
    "POST": (("", create),),
    "GET": (("", list_all), ("/{command_id}", show)),
    "PATCH": (("/{command_id}", edit),),
    "DELETE": (("/{command_id}", remove),),
}


def command_routes() -> dict[str, list[tuple[list[str], Handler]]]:
    """The routes by method, as simcord keeps its own."""
    routes = {
        method: [
            ((scope + rest).strip("/").split("/"), _handler(change))
            for scope in (EVERYWHERE, IN_GUILD)
            for rest, change in changes
        ]
        for method, changes in CHANGES.items()
    }
    routes["GET"].append((f"{IN_GUILD}/permissions".strip("/").split("/"), overrides))
    return routes


def _handler(change: Change) -> Handler:
    def handle(ctx: RequestContext) -> Any:
        return change(ctx, list(ctx.backend.commands.get(_guild(ctx), {}).values()))

    return handle


def _guild(ctx: RequestContext) -> int | None:
    return int(ctx.args["guild_id"]) if "guild_id" in ctx.args else None


def _written(ctx: RequestContext, command: Payload) -> Payload:
    """The fields of a command in a request; `nsfw` is sent by discord.py and has no meaning here unless it is set."""
    body = {name: value for name, value in command.items() if (name, value) != ("nsfw", False)}
    return ctx.fields(*COMMAND_FIELDS, body=body)


def _untranslated(thing: Payload) -> Payload:
    """A command, option or choice without its translations."""
    return {
        name: [_untranslated(inner) for inner in value] if name in ("options", "choices") else value
        for name, value in thing.items()
        if name not in TRANSLATIONS
    }


def _register(ctx: RequestContext, commands: list[Payload]) -> list[Payload]:
    plain = [{name: command[name] for name in COMMAND_FIELDS if name in command} for command in commands]
    return ctx.backend.register_commands(_guild(ctx), plain)


def _named(commands: Any, name: str, kind: int) -> Payload:
    return next(command for command in commands if (command["name"], command["type"]) == (name, kind))
