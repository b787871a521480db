"""What people do with a bot's commands, buttons, menus and forms, and what the bot answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.modals import SELECTED_ENTITIES, choose, fill_modal
from sandbox.options import Resolver, fill, fill_partly
from sandbox.pulse import Pulse
from sandbox.refusals import refusals, visible_message
from sandbox.semantics import (
    AppCommandType,
    ComponentType,
    Engine,
    Interaction,
    InteractionType,
    base_payload,
    command_access,
    nest_options,
    validate_modal,
    walk_components,
    walk_to_subcommand,
)
from sandbox.wire import Payload, Refused

Status = Literal["answered", "deferred", "modal", "nothing", "failed"]
NO_ANSWER = "The application did not respond"
MENUS = {ComponentType.STRING_SELECT, *SELECTED_ENTITIES}
STATUSES: dict[str, Status] = {
    "message": "answered",
    "update": "answered",
    "autocomplete": "answered",
    "deferred": "deferred",
    "deferred_update": "nothing",
    "pong": "nothing",
    "modal": "modal",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionOutcome:
    """How the bot answered first; what it does with a deferred answer later is seen in the channel."""

    interaction_id: int
    status: Status
    message_id: int | None = None  # the answer, or the message that was updated
    ephemeral: bool = False
    modal: Payload | None = None
    choices: list[Payload] = field(default_factory=list)  # of an autocompletion
    error: str | None = None  # what the person reads when the bot did not answer in time


class Interactions:
    """Everything that becomes an INTERACTION_CREATE.

    Each action returns when the bot has answered, or when Discord's deadline for that is over.

    Raises:
        Refused: (every action) the user may not or cannot do that.
    """

    def __init__(self, engine: Engine, pulse: Pulse) -> None:
        self._engine = engine
        self._pulse = pulse

    async def command(
        self, user_id: int, channel_id: int, name: str, options: Mapping[str, Any] | None = None
    ) -> InteractionOutcome:
        """Run a slash command such as "ask" or "tools add"; users, channels and roles by id, files as tuples."""
        with refusals():
            root, leaf, path = self._find_command(user_id, channel_id, name)
            resolver = Resolver(self._engine, user_id, channel_id)
            filled = fill(name, leaf, options or {}, resolver)
            data = _command_data(root) | {"options": nest_options(root, path, filled)}
            if resolver.resolved:
                data["resolved"] = resolver.resolved
        return await self._interact(InteractionType.APPLICATION_COMMAND, user_id, channel_id, data)

    async def autocomplete(
        self, user_id: int, channel_id: int, name: str, options: Mapping[str, Any], focused: str
    ) -> list[Payload]:
        """What the bot suggests for the option that is being typed; nothing if it does not answer."""
        with refusals():
            root, leaf, path = self._find_command(user_id, channel_id, name)
            if not any(item["name"] == focused and item.get("autocomplete") for item in leaf.get("options") or []):
                raise Refused(f"The option {focused} of /{name} has no suggestions.")
            filled = fill_partly(name, leaf, options, focused)
            data = _command_data(root) | {"options": nest_options(root, path, filled)}
        kind = InteractionType.APPLICATION_COMMAND_AUTOCOMPLETE
        return (await self._interact(kind, user_id, channel_id, data)).choices

    async def context(
        self, user_id: int, channel_id: int, name: str, target_id: int, *, kind: int
    ) -> InteractionOutcome:
        """Run a context-menu command on a user (kind 2) or a message (kind 3)."""
        engine = self._engine
        with refusals():
            command_type = AppCommandType(kind)
            root = self._usable_command(user_id, channel_id, name, command_type)
            resolver = Resolver(engine, user_id, channel_id)
            if command_type is AppCommandType.USER:
                resolver.user(target_id)
            else:
                message = visible_message(engine, user_id, channel_id, target_id)
                resolver.resolved["messages"] = {str(target_id): engine.message_payload(message, user_id)}
            data = _command_data(root) | {"target_id": str(target_id), "resolved": resolver.resolved}
        return await self._interact(InteractionType.APPLICATION_COMMAND, user_id, channel_id, data)

    async def press(self, user_id: int, channel_id: int, message_id: int, custom_id: str) -> InteractionOutcome:
        """Press a button that is not disabled."""
        with refusals():
            button = self._component(user_id, channel_id, message_id, custom_id)
            if button["type"] != ComponentType.BUTTON:
                raise Refused("That is not a button.")
        return await self._use(user_id, channel_id, message_id, button, {})

    async def choose(
        self, user_id: int, channel_id: int, message_id: int, custom_id: str, values: Sequence[Any]
    ) -> InteractionOutcome:
        """Choose in a select menu: its options' values, or ids of users, roles and channels."""
        with refusals():
            menu = self._component(user_id, channel_id, message_id, custom_id)
            if menu["type"] not in MENUS:
                raise Refused("That is not a menu.")
            resolver = Resolver(self._engine, user_id, channel_id)
            data: Payload = {"values": choose(menu, values, resolver)}
            if menu["type"] != ComponentType.STRING_SELECT:
                data["resolved"] = resolver.resolved
        return await self._use(user_id, channel_id, message_id, menu, data)

    async def submit(self, user_id: int, interaction_id: int, fields: Mapping[str, Any]) -> InteractionOutcome:
        """Fill in and send the form that an interaction opened, once."""
        engine = self._engine
        with refusals():
            opened = engine.interactions.get(interaction_id)
            if opened is None or opened.modal is None or opened.user_id != user_id or opened.modal_consumed:
                raise Refused("That form is not open.")
            modal = validate_modal(opened.modal)
            resolver = Resolver(engine, user_id, opened.channel_id)
            components = fill_modal(modal, fields, resolver)
            data: Payload = {"custom_id": modal["custom_id"], "components": components}
            if resolver.resolved:
                data["resolved"] = resolver.resolved
            extra: Payload = {}
            if opened.source_message_id is not None:
                source = visible_message(engine, user_id, opened.channel_id, opened.source_message_id)
                extra["message"] = engine.message_payload(source, user_id)
            opened.modal_consumed = True
        return await self._interact(
            InteractionType.MODAL_SUBMIT, user_id, opened.channel_id, data, extra, opened.source_message_id
        )

    # ------------------------------------------------------------------- finding

    def _find_command(self, user_id: int, channel_id: int, name: str) -> tuple[Payload, Payload, list[str]]:
        """A slash command's root, its leaf's specification, and the names between them."""
        root_name, *path = name.split()
        root = self._usable_command(user_id, channel_id, root_name, AppCommandType.CHAT_INPUT)
        leaf, nesting = walk_to_subcommand(root, path)
        return root, leaf, nesting

    def _usable_command(self, user_id: int, channel_id: int, name: str, kind: AppCommandType) -> Payload:
        channel = self._engine.get_channel(channel_id)
        if not self._engine.sees_channel(user_id, channel_id):
            raise Refused("You cannot see that channel.")
        command = self._engine.find_command(name, channel.guild_id, kind)
        if command is None:
            raise Refused(f"There is no command {name}.")
        if not command_access(self._engine, command, user_id=user_id, channel_id=channel_id).allowed:
            raise Refused(f"You cannot use the command {name} here.")
        return command

    def _component(self, user_id: int, channel_id: int, message_id: int, custom_id: str) -> Payload:
        message = visible_message(self._engine, user_id, channel_id, message_id)
        for component in walk_components(message.components):
            if component.get("custom_id") == custom_id:
                if component.get("disabled"):
                    raise Refused("That is disabled.")
                return component
        raise Refused("That message has no such button or menu any more.")

    # ------------------------------------------------------------------- sending

    async def _use(
        self, user_id: int, channel_id: int, message_id: int, component: Payload, data: Payload
    ) -> InteractionOutcome:
        """Send a component's interaction, with the message it stands on."""
        message = self._engine.get_message(channel_id, message_id)
        data = {"custom_id": component["custom_id"], "component_type": component["type"], **data}
        if component.get("id") is not None:
            data["id"] = component["id"]
        extra = {"message": self._engine.message_payload(message, user_id)}
        return await self._interact(InteractionType.MESSAGE_COMPONENT, user_id, channel_id, data, extra, message_id)

    async def _interact(
        self,
        kind: InteractionType,
        user_id: int,
        channel_id: int,
        data: Payload,
        extra: Payload | None = None,
        source_message_id: int | None = None,
    ) -> InteractionOutcome:
        """Send INTERACTION_CREATE and wait for the first answer."""
        engine = self._engine
        with refusals():
            record, payload = base_payload(
                engine,
                type=int(kind),
                channel_id=channel_id,
                guild_id=engine.get_channel(channel_id).guild_id,
                user_id=user_id,
                data=data,
            )
        record.source_message_id = source_message_id
        engine.emit("INTERACTION_CREATE", payload | self._languages(user_id, channel_id) | (extra or {}))
        try:
            await self._pulse.wait_for(lambda: record.responded, engine.answer_seconds)
        except TimeoutError:
            return InteractionOutcome(interaction_id=record.id, status="failed", error=NO_ANSWER)
        return _outcome(record)

    def _languages(self, user_id: int, channel_id: int) -> Payload:
        """The languages of who interacts and of the server."""
        engine = self._engine
        guild_id = engine.get_channel(channel_id).guild_id
        of_guild = {} if guild_id is None else {"guild_locale": engine.get_guild(guild_id).preferred_locale}
        return {"locale": engine.locale_of(user_id)} | of_guild


def _command_data(root: Payload) -> Payload:
    data = {"id": root["id"], "name": root["name"], "type": root["type"]}
    return data | ({"guild_id": root["guild_id"]} if root.get("guild_id") else {})


def _outcome(record: Interaction) -> InteractionOutcome:
    return InteractionOutcome(
        interaction_id=record.id,
        status=STATUSES[record.response_kind or "pong"],
        message_id=record.message_id,
        ephemeral=record.ephemeral,
        modal=record.modal,
        choices=record.autocomplete_choices or [],
    )
