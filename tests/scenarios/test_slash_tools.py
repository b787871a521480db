"""A slow tool as the person who used it sees it: how far it is, then what it says, in one message."""

from __future__ import annotations

from bot.errors import UNEXPECTED
from tests.scenarios.workroom import Workroom

ORIGINAL = "/webhooks/{webhook_id}/{token}/messages/@original"


def edits(workroom: Workroom) -> list[tuple[str, str | None]]:
    """What the bot did to its deferred answers, in order."""
    return [(each.method, each.content) for each in workroom.sandbox.requests if each.route == ORIGINAL]


def seen(workroom: Workroom) -> list[str]:
    """What everybody reads in the channel."""
    return [message["content"] for message in workroom.sandbox.messages(workroom.place("general"))]


async def test_progress_is_shown_until_the_answer_is_there(workroom: Workroom) -> None:
    """The newest word only, on one line, and nothing of it after the answer."""
    assert (await workroom.command("ada", "general", "dig")).status == "deferred"
    await workroom.wait_for(lambda: seen(workroom) == ["-# two feet"])
    workroom.workshop.go.set()
    await workroom.wait_for(lambda: seen(workroom) == ["A treasure"])
    await workroom.stop()
    assert edits(workroom) == [("PATCH", "-# two feet"), ("PATCH", "A treasure")]


async def test_quick_tool_shows_no_progress(workroom: Workroom) -> None:
    """What is there before anybody could read it is not sent."""
    workroom.workshop.go.set()
    await workroom.command("ada", "general", "dig")
    await workroom.wait_for(lambda: seen(workroom) == ["A treasure"])
    assert edits(workroom) == [("PATCH", "A treasure")]


async def test_progress_of_what_failed_is_taken_back(workroom: Workroom) -> None:
    """It would look as if the tool were still at work."""
    await workroom.command("ada", "general", "dig", fails=True)
    await workroom.wait_for(lambda: seen(workroom) == ["-# two feet"])
    workroom.workshop.go.set()
    await workroom.wait_for(lambda: UNEXPECTED in workroom.whispers("ada", "general"))
    assert seen(workroom) == []
