"""The people of a town who decide on its settings, and the panels that they open."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import simcord

from sandbox.semantics import walk_components
from tests.commands.town import Town

EPHEMERAL = 1 << 6


@dataclass
class Council:
    """A town in which Nora manages the channels, and Olaf the server with them; the parlour is in a category."""

    town: Town
    nora: simcord.MemberActor
    olaf: simcord.MemberActor
    parlour: simcord.ChannelHandle
    file: Path

    async def does(
        self,
        command: str,
        *,
        who: simcord.MemberActor | None = None,
        channel: simcord.ChannelHandle | None = None,
        **options: object,
    ) -> str:
        """What somebody, Nora if not said otherwise, alone reads after a command."""
        result = await (who or self.nora).slash(channel or self.town.general, command, **options)
        assert result.ephemeral
        return said(result)

    async def opens(
        self, who: simcord.MemberActor | None = None, channel: simcord.ChannelHandle | None = None
    ) -> OpenPanel:
        """The panel that somebody, Nora if not said otherwise, opens for themselves."""
        who = who or self.nora
        result = await who.slash(channel or self.town.general, "settings")
        assert result.ephemeral
        return OpenPanel(who, result)

    def demote(self, who: simcord.MemberActor) -> None:
        """Take all their roles from somebody."""
        backend, guild = self.town.env.backend, self.town.guild
        for role in guild.roles.values():
            backend.remove_member_role(guild.id, who.id, role.id)

    def rows(self) -> list[tuple[Any, ...]]:
        """What is chosen, as the file holds it."""
        with contextlib.closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as connection:
            return connection.execute(
                "SELECT place_kind, place_id, name, value, set_by FROM place_settings ORDER BY rowid"
            ).fetchall()

    async def asked(self, channel: simcord.ChannelHandle | None = None) -> dict[str, Any]:
        """What the provider gets when Linus asks something."""
        before = len(self.town.provider.requests)
        await self.town.linus.send(channel or self.town.general, f"{self.town.mention} hi")
        await self.town.wait_for(lambda: len(self.town.provider.requests) > before)
        return dict(self.town.provider.requests[before].body)


@dataclass
class OpenPanel:
    """A panel, pressed by who opened it if not said otherwise."""

    who: simcord.MemberActor
    opened: simcord.InteractionResult

    @property
    def message(self) -> Any:
        """As Discord shows it now."""
        assert self.opened.response is not None
        return self.opened.response

    @property
    def text(self) -> str:
        """What is read on it."""
        return said(self.opened)

    @property
    def parts(self) -> list[dict[str, Any]]:
        """All its components."""
        return list(walk_components(self.message.components))

    def line(self, name: str) -> str:
        """What it says of a setting."""
        return str(self._section(name)["components"][0]["content"]).split("\n")[0]

    def button(self, name: str) -> dict[str, Any]:
        """The button of a setting."""
        accessory: dict[str, Any] = self._section(name)["accessory"]
        return accessory

    def menu(self, action: str) -> dict[str, Any]:
        """The menu that does this."""
        return next(part for part in self.parts if str(part.get("custom_id", "")).startswith(f"settings:{action}:"))

    async def press(self, name: str, who: simcord.MemberActor | None = None) -> simcord.InteractionResult:
        """Press the button of a setting."""
        return await (who or self.who).click(self.message, custom_id=self.button(name)["custom_id"])

    def leak(self) -> None:
        """Let everybody see it, as Discord never would, so that they can press what they would have to guess."""
        stored = self.who._env.backend.get_message(self.message.channel_id, self.message.id)
        stored.flags &= ~EPHEMERAL

    async def choose(self, action: str, label: str) -> simcord.InteractionResult:
        """Choose the option of a menu whose label holds this."""
        menu = self.menu(action)
        value = next(option["value"] for option in menu["options"] if label in option["label"])
        return await self.who.select(self.message, [value], custom_id=menu["custom_id"])

    async def change(self, name: str, **given: Any) -> simcord.InteractionResult:
        """Fill in the form of a setting."""
        return await self.who.submit_modal(await self.press(name), given)

    def _section(self, name: str) -> dict[str, Any]:
        sections = (part for part in self.parts if part["type"] == 9)
        return next(it for it in sections if it["components"][0]["content"].startswith(f"**{name}** · "))


def said(result: simcord.InteractionResult) -> str:
    """Everything that a person reads."""
    shown = result.response
    assert shown is not None
    components = [component["content"] for component in walk_components(shown.components) if "content" in component]
    return "\n".join([shown.content, *components]).strip()


def told(result: simcord.InteractionResult) -> list[str]:
    """The sentences that come besides a panel."""
    return [
        message.content
        for message in (*([result.response] if result.response else []), *result.followups)
        if message.content
    ]


def values(suggested: Sequence[Any]) -> list[str]:
    """What Discord would send back of what is offered."""
    return [choice["value"] for choice in suggested]
