"""What the page may ask for on somebody's behalf: one model per action, ids as the page writes them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.stewards import Kind, Stance


class Action(BaseModel):
    """Something that a user does."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user: int


class Say(Action):
    """Post a message."""

    channel: int
    content: str = ""
    reply_to: int | None = None


class Edit(Action):
    """Change an own message."""

    channel: int
    message: int
    content: str


class Delete(Action):
    """Delete a message."""

    channel: int
    message: int


class Typing(Action):
    """Show as typing."""

    channel: int


class ChooseLocale(Action):
    """Choose the language of one's client."""

    locale: str


class OpenDm(Action):
    """Open direct messages with the bot."""

    recipient: int


class StartThread(Action):
    """Open a thread, on a message or by itself."""

    channel: int
    name: str
    message: int | None = None


class React(Action):
    """Add or take back a reaction."""

    channel: int
    message: int
    emoji: str
    on: bool = True


class Vote(Action):
    """Vote in a poll, instead of what was voted before."""

    channel: int
    message: int
    answers: list[int]


class Press(Action):
    """Press a button."""

    channel: int
    message: int
    custom_id: str


class Choose(Press):
    """Choose in a menu."""

    values: list[str]


class Submit(Action):
    """Send a form."""

    interaction: int
    custom_id: str | None = None
    fields: dict[str, Any]


class Command(Action):
    """Run a slash command."""

    channel: int
    name: str
    type: Literal[1] = 1
    options: dict[str, Any] = Field(default_factory=dict)


class Context(Action):
    """Run a context-menu command on a user or a message."""

    channel: int
    name: str
    type: Literal[2, 3]
    target: int


class Autocomplete(Action):
    """Ask for suggestions while typing an option."""

    channel: int
    name: str
    type: Literal[1] = 1
    options: dict[str, Any] = Field(default_factory=dict)
    focused: str


class Upkeep(Action):
    """Something that is done to the server."""


class CreateRole(Upkeep):
    """Make a role, with permissions by discord.py's names."""

    name: str
    permissions: list[str] = Field(default_factory=list)


class DeleteRole(Upkeep):
    """Delete a role."""

    role: int


class GiveRole(Upkeep):
    """Give somebody a role, or take it from them."""

    member: int
    role: int
    on: bool = True


class CreateChannel(Upkeep):
    """Open a channel or a category."""

    name: str
    kind: Kind = "text"
    category: int | None = None


class RenameChannel(Upkeep):
    """Give a channel, category or thread another name."""

    channel: int
    name: str


class DeleteChannel(Upkeep):
    """Delete a channel, category or thread."""

    channel: int


class Permit(Upkeep):
    """Say what a role or a member may do in a channel or category."""

    channel: int
    target: int
    permission: str
    stance: Stance


class ReadMessages(BaseModel):
    """Which messages of a channel the page wants, from a query string."""

    user: int
    channel: int
    before: int | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


ACTIONS: dict[str, type[Action]] = {
    "say": Say,
    "edit": Edit,
    "delete": Delete,
    "typing": Typing,
    "locale": ChooseLocale,
    "dm": OpenDm,
    "thread": StartThread,
    "react": React,
    "vote": Vote,
    "press": Press,
    "choose": Choose,
    "submit": Submit,
    "command": Command,
    "context": Context,
    "autocomplete": Autocomplete,
    "create-role": CreateRole,
    "delete-role": DeleteRole,
    "give-role": GiveRole,
    "create-channel": CreateChannel,
    "rename-channel": RenameChannel,
    "delete-channel": DeleteChannel,
    "permit": Permit,
}
