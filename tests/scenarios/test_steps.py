"""What a step costs, and that its calls are carried out side by side within the time that is left."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, Engine, event

from sandbox.stories import Story
from tests.scenarios.scene import Scene
from tests.scenarios.test_waiting import DONE, MODULES, asks, call, outputs

MAX_COMMITS = 6


@contextmanager
def commits() -> Iterator[list[str]]:
    """The first statement on tool calls of each transaction that wrote some."""
    found: list[str] = []

    def look(connection: Connection, _: object, statement: str, *__: object) -> None:
        if statement.startswith(("INSERT INTO tool_calls", "UPDATE tool_calls", "UPDATE runs SET status")):
            connection.info.setdefault("wrote", statement)

    def note(connection: Connection) -> None:
        if "wrote" in connection.info:
            found.append(connection.info.pop("wrote"))

    event.listen(Engine, "before_cursor_execute", look)
    event.listen(Engine, "commit", note)
    try:
        yield found
    finally:
        event.remove(Engine, "commit", note)
        event.remove(Engine, "before_cursor_execute", look)


@pytest.mark.parametrize(
    "seconds", [(0.1,) * 20, tuple(number / 10 for number in range(20))], ids=["at once", "spread"]
)
async def test_step_of_twenty_calls_costs_few_commits(scene: Scene, seconds: tuple[float, ...]) -> None:
    """From the calls to their submission: what comes together is stored together, and the last with the submission."""
    await scene.start(**MODULES)
    calls = [call("slow", f"call_{number}", number, seconds=each) for number, each in enumerate(seconds)]
    scene.provider.play(asks(*calls), Story(text="It is done."))
    with commits() as found:
        await scene.ask("linus", "general", "@bot please")
    assert outputs(scene) == ["slept"] * 20
    of_step = [statement for statement in found if "tool_calls" in statement]
    assert 1 < len(of_step) + 1 <= MAX_COMMITS  # and the one that begins it, whose first statement is on the run


async def test_calls_that_take_too_long_are_stopped_in_time(scene: Scene) -> None:
    """The model is told while there is time left to answer, and what was done beside it is not lost."""
    await scene.start(**MODULES, run_timeout_seconds=3)
    scene.provider.play(asks(call("slow", "a", 0, seconds=9), call("slow", "b", 1, seconds=0.1)), DONE)
    answer = await scene.ask("linus", "general", "@bot please")
    assert answer.words.endswith("It is done.")
    stopped, slept = outputs(scene)
    assert "has to be given now" in stopped
    assert slept == "slept"
    assert [row["outcome"] for row in scene.rows("tool_calls")] == ["timed_out", "done"]


async def test_tool_that_cannot_be_stopped_holds_up_nothing(scene: Scene) -> None:
    """When its time is over it is left to itself: the model is told so, and Stop ends the next answer at once."""
    await scene.start(**MODULES, run_timeout_seconds=6)
    scene.provider.play(asks(call("cling")), DONE, asks(call("cling", "call_2")))
    answer = await scene.ask("linus", "general", "@bot please")
    assert answer.words.endswith("It is done.")
    assert "has to be given now" in outputs(scene)[0]
    await scene.say("linus", "general", "@bot again")
    second = await scene.wait_for(
        lambda: next((found for found in scene.answers("general") if "Stop" in found.buttons), None)
    )
    await scene.press("linus", second, "Stop")
    assert (await scene.answer_of("general", 2)).small_print[-1] == "Stopped."


async def test_progress_from_a_thread_is_shown(scene: Scene) -> None:
    """Much of what takes long is done in one; in debug mode the loop refuses whatever is not handed over to it."""
    await scene.start(**MODULES)
    asyncio.get_running_loop().set_debug(True)
    scene.provider.play(asks(call("think")), DONE)
    await scene.say("linus", "general", "@bot please")
    await scene.wait_for(lambda: any("thinking hard" in text for text in scene.writes("general")))
    await scene.answer_of("general", 1)
    assert outputs(scene) == ["thought"]
