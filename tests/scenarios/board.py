"""What `/runs` shows to one person."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.semantics import walk_components
from sandbox.wire import Payload
from tests.scenarios.scene import EPHEMERAL, Scene

STRING_SELECT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The message of one /runs as it stands."""

    message: Payload

    @property
    def text(self) -> str:
        """Everything that is written on it."""
        shown = walk_components(self.message["components"])
        return "\n".join(component["content"] for component in shown if "content" in component)

    @property
    def buttons(self) -> dict[str, str]:
        """Custom ids by label."""
        shown = walk_components(self.message["components"])
        return {button["label"]: button["custom_id"] for button in shown if "label" in button}

    @property
    def menu(self) -> Payload | None:
        """The menu that opens a run."""
        shown = walk_components(self.message["components"])
        return next((component for component in shown if component["type"] == STRING_SELECT), None)


class Overseer:
    """A person who looks after the runs of a channel."""

    def __init__(self, scene: Scene, name: str, channel: str = "general") -> None:
        self.scene = scene
        self.name = name
        self.channel = channel
        self._user_id = scene.sandbox.users[name]
        self._place_id = scene.place(channel)

    @property
    def board(self) -> Board:
        """The newest board that this person sees."""
        seen = self.scene.sandbox.messages(self._place_id, self._user_id)
        return Board(
            message=[message for message in seen if message["flags"] & EPHEMERAL and message["components"]][-1]
        )

    async def open(self) -> Board:
        """Use /runs."""
        await self.scene.command(self.name, self.channel, "runs")
        return await self.shows("### Runs here")

    async def press(self, label: str) -> None:
        """Press a button on the board."""
        board = self.board
        message_id = int(board.message["id"])
        await self.scene.sandbox.people.press(self._user_id, self._place_id, message_id, board.buttons[label])

    async def choose(self, run_id: int) -> None:
        """Choose a run in the menu."""
        board = self.board
        assert board.menu is not None
        await self.scene.sandbox.people.choose(
            self._user_id, self._place_id, int(board.message["id"]), board.menu["custom_id"], [str(run_id)]
        )

    async def shows(self, words: str) -> Board:
        """The board, once it holds these words."""
        return await self.scene.wait_for(lambda: self.board if words in self.board.text else None)
