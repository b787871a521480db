"""More people ask than the provider answers at once: who waits sees where they are, and each channel gets its turn."""

from __future__ import annotations

from sandbox.stories import Story
from tests.scenarios.answer import Answer
from tests.scenarios.scene import Scene, sent

PAUSED = Story(pieces=("First", " answer."), hang_at=1)


def told(position: str) -> str:
    """What stands in a reply that waits."""
    return f"-# In line: {position}. Many people are asking at once."


async def shows(scene: Scene, channel: str, text: str) -> Answer:
    """The latest answer in a channel, as soon as it says this."""
    return await scene.wait_for(
        lambda: next((found for found in scene.answers(channel)[-1:] if found.text == text), None)
    )


async def test_who_waits_sees_a_position_that_moves_up(scene: Scene) -> None:
    """Three channels ask a provider that takes one at a time: they are answered in order, where they waited."""
    await scene.start(provider_concurrency=1)
    scene.provider.play(PAUSED, PAUSED, Story(text="Third answer."))
    await scene.say("linus", "general", "@bot one?")
    await scene.provider.wait_for_request()
    await scene.say("grace", "questions", "@bot two?")
    second = await shows(scene, "questions", told("1st"))
    await scene.say("edsger", "playground", "@bot three?")
    third = await shows(scene, "playground", told("2nd"))
    assert (list(second.buttons), list(third.buttons)) == (["Stop"], ["Stop"])
    assert len(scene.provider.requests) == 1
    scene.provider.requests[0].released.set()
    await shows(scene, "playground", told("1st"))
    await shows(scene, "questions", "First")
    (await scene.provider.wait_for_request(2)).released.set()
    assert (await scene.answer_of("questions", 2)).text == "First answer."
    answer = await scene.answer_of("playground", 3)
    assert (answer.text, answer.ids) == ("Third answer.", third.ids)
    assert [sent(request)[-1] for request in scene.provider.requests] == [
        "user: (from Linus) one?",
        "user: (from Grace) two?",
        "user: (from Edsger) three?",
    ]


async def test_end_of_the_wait_is_shown_before_the_first_word(scene: Scene) -> None:
    """While the provider thinks about what has waited, nobody reads any more that it is in line."""
    await scene.start(provider_concurrency=1)
    scene.provider.play(PAUSED, Story(hang_at=0))
    await scene.say("linus", "general", "@bot one?")
    first = await scene.provider.wait_for_request()
    await scene.say("grace", "questions", "@bot two?")
    await shows(scene, "questions", told("1st"))
    first.released.set()
    await shows(scene, "questions", "-# It is your turn.")
    scene.provider.requests[1].released.set()
    assert (await scene.answer_of("questions", 2)).text == Story().answer()


async def test_busy_channel_does_not_hold_up_another(scene: Scene) -> None:
    """Six members ask in one channel before somebody asks in another: that one is answered second."""
    await scene.start(provider_concurrency=1, conversation_scope="member")
    scene.provider.play(PAUSED)
    names = [f"member{number}" for number in range(6)]
    for number, name in enumerate(names):
        scene.sandbox.house.add_user(name, name)
        await scene.say(name, "general", "@bot hi")
        await scene.wait_for(lambda number=number: len(scene.rows("runs")) == number + 1)  # type: ignore[misc]
    await scene.wait_for(lambda: sum("In line" in text for text in scene.writes("general", "POST")) == 5)
    await scene.say("linus", "questions", "@bot hi")
    await shows(scene, "questions", told("1st"))
    scene.provider.requests[0].released.set()
    await scene.answer_of("questions", 7)
    await scene.provider.wait_for_request(7)
    assert ["Linus" in sent(request)[-1] for request in scene.provider.requests] == [False, True, *[False] * 5]


async def test_stop_works_in_line(scene: Scene) -> None:
    """Who gives up is never sent to the provider, and those behind move up."""
    await scene.start(provider_concurrency=1)
    scene.provider.play(PAUSED)
    await scene.say("linus", "general", "@bot one?")
    await scene.provider.wait_for_request()
    await scene.say("grace", "questions", "@bot two?")
    second = await shows(scene, "questions", told("1st"))
    await scene.say("edsger", "playground", "@bot three?")
    await shows(scene, "playground", told("2nd"))
    await scene.press("grace", second, "Stop")
    assert (await scene.answer_of("questions", 2)).text == "-# Stopped."
    await shows(scene, "playground", told("1st"))
    assert len(scene.provider.requests) == 1
    scene.provider.requests[0].released.set()
    await scene.answer_of("playground", 3)
    assert [sent(request)[-1] for request in scene.provider.requests[1:]] == ["user: (from Edsger) three?"]
    assert scene.run(2)["status"] == "cancelled"


async def test_wait_counts_for_the_runs_deadline(scene: Scene) -> None:
    """An answer has its time from the question on, however much of it was spent in line."""
    await scene.start(provider_concurrency=1, run_timeout_seconds=2.0)
    scene.provider.play(PAUSED, Story(hang_at=0))
    await scene.say("linus", "general", "@bot one?")
    await scene.provider.wait_for_request()
    await scene.say("grace", "questions", "@bot two?")
    answer = await scene.answer_of("questions", 2)
    assert answer.text == "-# This took longer than the host allows, so it was ended."
    first, second = (row["at"] for row in scene.rows("run_events") if row["cause"] == "deadline")
    assert second - first < 1500  # milliseconds: what was left to the second when the first gave up its turn
