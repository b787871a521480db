"""A panel of settings that somebody has opened in a scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from sandbox.interactions import InteractionOutcome
from sandbox.semantics import walk_components
from sandbox.wire import Payload
from tests.scenarios.scene import Scene, Where


@dataclass
class OpenPanel:
    """What its person sees of it, and does with it."""

    scene: Scene
    user: str
    channel_id: int
    message_id: int

    @classmethod
    async def open(cls, scene: Scene, user: str, channel: Where) -> Self:
        """Run /settings."""
        outcome = await scene.command(user, channel, "settings")
        assert outcome.ephemeral
        assert outcome.message_id is not None
        return cls(scene, user, scene.place(channel), outcome.message_id)

    @property
    def parts(self) -> list[Payload]:
        """Its components, as they are shown now."""
        seen = self.scene.sandbox.messages(self.channel_id, self.scene.sandbox.users[self.user])
        message = next(message for message in seen if int(message["id"]) == self.message_id)
        return list(walk_components(message["components"]))

    @property
    def text(self) -> str:
        """What is read on it."""
        return "\n".join(part["content"] for part in self.parts if "content" in part)

    async def shows(self, words: str) -> None:
        """Wait until it does."""
        await self.scene.wait_for(lambda: words in self.text)

    async def choose(self, action: str, label: str) -> None:
        """Choose the option whose label begins so, and wait until the panel shows it as chosen."""
        menu = next(part for part in self.parts if str(part.get("custom_id", "")).startswith(f"settings:{action}:"))
        option = next(option for option in menu["options"] if option["label"].startswith(label))
        await self._choose(menu["custom_id"], [option["value"]])
        await self.scene.wait_for(lambda: self._is_chosen(action, label))

    async def press(self, label: str) -> InteractionOutcome:
        """Press the button of this label, or that of the setting of this name."""
        people, user_id = self.scene.sandbox.people, self.scene.sandbox.users[self.user]
        return await people.press(user_id, self.channel_id, self.message_id, self._button(label))

    async def submit(self, opened: InteractionOutcome, **fields: Any) -> InteractionOutcome:
        """Fill in a form that was opened."""
        people, user_id = self.scene.sandbox.people, self.scene.sandbox.users[self.user]
        return await people.submit(user_id, opened.interaction_id, fields)

    async def _choose(self, custom_id: str, values: Sequence[str]) -> None:
        people, user_id = self.scene.sandbox.people, self.scene.sandbox.users[self.user]
        await people.choose(user_id, self.channel_id, self.message_id, custom_id, values)

    def _is_chosen(self, action: str, label: str) -> bool:
        menus = (part for part in self.parts if str(part.get("custom_id", "")).startswith(f"settings:{action}:"))
        return any(
            option["label"].startswith(label) and option.get("default") for each in menus for option in each["options"]
        )

    def _button(self, label: str) -> str:
        for part in self.parts:
            accessory = part.get("accessory")
            if accessory is not None and part["components"][0]["content"].startswith(f"**{label}** · "):
                return str(accessory["custom_id"])
        return next(str(part["custom_id"]) for part in self.parts if part.get("label") == label)
