"""The page's actions over HTTP: JSON or multipart in, JSON out, refusals as a sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import BodyPartReader, web
from pydantic import ValidationError

from sandbox.actions import (
    ACTIONS,
    Action,
    Autocomplete,
    Choose,
    ChooseLocale,
    Command,
    Context,
    CreateChannel,
    CreateRole,
    Delete,
    DeleteChannel,
    DeleteRole,
    Edit,
    GiveRole,
    OpenDm,
    Permit,
    Press,
    React,
    ReadMessages,
    RenameChannel,
    Say,
    StartThread,
    Submit,
    Typing,
    Upkeep,
    Vote,
)
from sandbox.house import House
from sandbox.interactions import InteractionOutcome
from sandbox.people import Attachment, People
from sandbox.refusals import refusals
from sandbox.semantics import Engine
from sandbox.wire import Payload, Refused

Files = dict[str, Attachment]  # by the name of their form field: file0, file1, ...


class PageApi:
    """Lets the page act as any of the people."""

    def __init__(self, engine: Engine, house: House, people: People) -> None:
        self._engine = engine
        self._house = house
        self._people = people

    async def act(self, request: web.Request) -> web.StreamResponse:
        """POST /sandbox/api/{action}."""
        model = ACTIONS.get(request.match_info["action"])
        if model is None:
            return web.json_response({"error": "There is no such action."}, status=404)
        try:
            body, files = await _read(request)
            action = model.model_validate(body)
            if action.user not in self._engine.users:
                raise Refused("There is no such user.")
            return web.json_response(await self._do(action, files))
        except ValidationError as exc:
            return web.json_response({"error": explain(exc)}, status=400)
        except Refused as exc:
            return web.json_response({"error": str(exc)}, status=403)

    async def messages(self, request: web.Request) -> web.StreamResponse:
        """GET /sandbox/api/messages: a page of a channel's history, newest last."""
        try:
            query = ReadMessages.model_validate(dict(request.query))
            with refusals():
                if not self._engine.sees_channel(query.user, query.channel):
                    raise Refused("You cannot see that channel.")
        except ValidationError as exc:
            return web.json_response({"error": explain(exc)}, status=400)
        except Refused as exc:
            return web.json_response({"error": str(exc)}, status=403)
        visible = [
            message
            for message in self._engine.messages[query.channel].values()
            if message.visible_to(query.user) and (query.before is None or message.id < query.before)
        ]
        page = [self._engine.message_payload(message, query.user) for message in visible[-query.limit :]]
        return web.json_response(page)

    async def _do(self, action: Action, files: Files) -> Payload:
        people, user = self._people, action.user
        match action:
            case Say(channel=channel, content=content, reply_to=reply_to):
                message = await people.say(user, channel, content, reply_to=reply_to, files=list(files.values()))
                return {"message": str(message)}
            case Edit(channel=channel, message=message, content=content):
                await people.edit(user, channel, message, content)
            case Delete(channel=channel, message=message):
                await people.delete(user, channel, message)
            case Typing(channel=channel):
                await people.start_typing(user, channel)
            case ChooseLocale(locale=locale):
                await people.choose_locale(user, locale)
            case OpenDm(recipient=recipient):
                return {"channel": str(await people.open_dm(user, recipient))}
            case StartThread(channel=channel, name=name, message=starter):
                return {"channel": str(await people.start_thread(user, channel, name, message_id=starter))}
            case React(channel=channel, message=message, emoji=emoji, on=on):
                await people.react(user, channel, message, emoji, on=on)
            case Vote(channel=channel, message=message, answers=answers):
                await people.vote(user, channel, message, answers)
            case Autocomplete(channel=channel, name=name, options=options, focused=focused):
                return {"choices": await people.autocomplete(user, channel, name, options, focused)}
            case Upkeep():
                return await self._keep(action)
            case _:
                return _outcome(await self._interact(action, files))
        return {}

    async def _keep(self, action: Upkeep) -> Payload:
        people, user, guild = self._people, action.user, self._house.guild_id
        match action:
            case CreateRole(name=name, permissions=permissions):
                return {"role": str(await people.create_role(user, guild, name, permissions))}
            case DeleteRole(role=role):
                await people.delete_role(user, guild, role)
            case GiveRole(member=member, role=role, on=on):
                await people.give_role(user, guild, member, role, on=on)
            case CreateChannel(name=name, kind=kind, category=category):
                made = await people.create_channel(user, guild, name, kind=kind, category_id=category)
                return {"channel": str(made)}
            case RenameChannel(channel=channel, name=name):
                await people.rename_channel(user, channel, name)
            case DeleteChannel(channel=channel):
                await people.delete_channel(user, channel)
            case Permit(channel=channel, target=target, permission=permission, stance=stance):
                await people.permit(user, channel, target, stance, permission)
        return {}

    async def _interact(self, action: Action, files: Files) -> InteractionOutcome:
        people, user = self._people, action.user
        match action:
            case Choose(channel=channel, message=message, custom_id=custom_id, values=values):
                return await people.choose(user, channel, message, custom_id, values)
            case Press(channel=channel, message=message, custom_id=custom_id):
                return await people.press(user, channel, message, custom_id)
            case Submit(interaction=interaction, fields=fields):
                return await people.submit(user, interaction, _with_files(fields, files))
            case Command(channel=channel, name=name, options=options):
                return await people.command(user, channel, name, _with_files(options, files))
            case Context(channel=channel, name=name, type=kind, target=target):
                return await people.context(user, channel, name, target, kind=kind)
            case _:
                raise Refused("There is no such action.")


def explain(exc: ValidationError) -> str:
    """The first thing that is wrong with a request, as a sentence."""
    error = exc.errors()[0]
    where = ".".join(str(part) for part in error["loc"])
    return f"{where}: {error['msg']}." if where else f"{error['msg']}."


def _outcome(outcome: InteractionOutcome) -> Payload:
    answer: Payload = {"interaction": str(outcome.interaction_id), "status": outcome.status}
    if outcome.modal is not None:
        answer["modal"] = {name: outcome.modal[name] for name in ("custom_id", "title", "components")}
    if outcome.error is not None:
        answer["error"] = outcome.error
    return answer


def _with_files(values: Mapping[str, Any], files: Files) -> dict[str, Any]:
    """The values, with the name of an uploaded field replaced by its file."""

    def replace(value: Any) -> Any:
        if isinstance(value, list):
            return [replace(item) for item in value]
        return files.get(value, value) if isinstance(value, str) else value

    return {name: replace(value) for name, value in values.items()}


async def _read(request: web.Request) -> tuple[Any, Files]:
    """An action's JSON and its files."""
    try:
        if request.content_type != "multipart/form-data":
            return json.loads(await request.read()), {}
        body: Any = None
        files: Files = {}
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                continue
            data = bytes(await part.read())
            if part.name == "payload":
                body = json.loads(data)
            elif part.name is not None:
                files[part.name] = (part.filename or part.name, data)
    except ValueError as exc:
        raise Refused("The request is not JSON.") from exc
    return body, files
