"""A thread for each question, where moderators want that."""

from __future__ import annotations

import asyncio
from fnmatch import fnmatchcase

import pytest

from bot.listening.question_threads import CANNOT_OPEN, MAX_NAME_CHARACTERS
from sandbox.semantics import ChannelType
from tests.scenarios.answer import Answer
from tests.scenarios.scene import Scene, sent
from tests.scenarios.test_channel import forbid
from tests.scenarios.test_place_settings import choose

HELLO = "Hello from the scripted model."
OPEN = "/channels/*/messages/*/threads"


@pytest.fixture
async def parley(parley: Scene) -> Scene:
    """The bot with threads in one of its channels."""
    await choose(parley, "general", "answer_in_thread", "true")
    return parley


async def answers_in(scene: Scene, thread: int, count: int = 1) -> list[Answer]:
    """The answers in a thread, as soon as there are so many."""

    def look() -> list[Answer] | None:
        if thread not in scene.sandbox.engine.channels:
            return None
        found = scene.answers(thread)
        # In its thread nothing can reply to the question: what is seen of several answers there is one group.
        shown = [message for answer in found for message in answer.messages if message["components"]]
        return found if len(shown) == count and all(answer.is_final for answer in found) else None

    return await scene.wait_for(look)


async def test_question_is_answered_in_a_thread_of_its_own(parley: Scene) -> None:
    """Named after it, growing from it; what is said there goes on, and the channel next to it has none."""
    first = await parley.say("linus", "general", "@bot Why is the **sky** blue?\nAnd at night?")
    (answer,) = await answers_in(parley, first)
    assert answer.text == HELLO
    thread = parley.sandbox.engine.get_thread(first)
    assert (thread.name, thread.parent_id) == ("Why is the **sky** blue? And at night?", parley.place("general"))
    assert thread.thread_metadata is not None
    assert thread.thread_metadata.auto_archive_duration == 1440
    await parley.ask("grace", first, "and the sea?")
    second = await parley.say("linus", "general", "@bot " + "long " * 100)
    await answers_in(parley, second)
    assert len(parley.sandbox.engine.get_thread(second).name or "") == MAX_NAME_CHARACTERS
    await parley.ask("linus", "questions", "@bot hi")
    assert parley.answers("general") == []
    assert [sent(request)[1:] for request in parley.provider.requests[1:3]] == [
        [
            "user: (from Linus) Why is the **sky** blue?\nAnd at night?",
            f"assistant: {HELLO}",
            "user: (from Grace) and the sea?",
        ],
        [f"user: (from Linus) {'long ' * 99}long"],
    ]


async def test_question_in_a_thread_is_answered_there(parley: Scene) -> None:
    """There is no thread in a thread."""
    people, linus = parley.sandbox.people, parley.sandbox.users["linus"]
    thread = await people.start_thread(linus, parley.place("general"), "Proofs")
    assert (await parley.ask("linus", thread, "@bot hi")).text == HELLO


async def test_ask_has_a_thread_too(parley: Scene) -> None:
    """It grows from the message that shows the question; a private answer has none."""
    outcome = await parley.command("linus", "general", "ask", question="hi")
    assert outcome.message_id is not None
    (answer,) = await answers_in(parley, outcome.message_id)
    assert answer.text == HELLO
    await parley.command("linus", "general", "ask", question="hi", private=True)
    await parley.wait_for(lambda: HELLO in parley.whispers("linus", "general"))
    threads = [each for each in parley.sandbox.engine.channels.values() if each.type is ChannelType.PUBLIC_THREAD]
    assert [each.name for each in threads] == ["hi"]


@pytest.mark.parametrize("permission", ["create_public_threads", "send_messages_in_threads"])
async def test_channel_is_answered_in_where_no_thread_may_be_opened(parley: Scene, permission: str) -> None:
    """Moderators are told so once, below an answer, and again nothing is lost."""
    forbid(parley, parley.sandbox.bot_id, permission)
    answers = [await parley.ask("linus", "general", "@bot hi") for _ in range(2)]
    assert [answer.text for answer in answers] == [f"{HELLO}\n-# {CANNOT_OPEN}", HELLO]


async def test_thread_that_nobody_told_of_is_found(parley: Scene) -> None:
    """Discord opened it and its word was lost: it is opened again, and Discord says that it is there."""
    parley.sandbox.faults.cut("POST", OPEN, applied=True)
    question = await parley.say("linus", "general", "@bot hi")
    await answers_in(parley, question)
    assert parley.answers("general") == []


@pytest.mark.parametrize("is_open", [True, False])
async def test_question_of_a_bot_that_died_opening_a_thread_is_answered_once(parley: Scene, *, is_open: bool) -> None:
    """Whether Discord had opened it or not, the next life takes it, and hears the question once."""
    parley.sandbox.faults.hang("POST", OPEN, applied=is_open)
    asked = asyncio.Event()
    parley.sandbox.faults.listen(lambda _, path: asked.set() if fnmatchcase(path, OPEN) else None)
    question = await parley.say("linus", "general", "@bot hi")
    await asked.wait()
    if is_open:
        await parley.wait_for(lambda: question in parley.sandbox.engine.channels)
    await parley.stop()
    assert parley.rows("messages") == []
    await parley.start()
    await answers_in(parley, question)
    await parley.caught_up()
    assert len(parley.provider.requests) == 1
    assert parley.answers("general") == []


async def test_question_that_was_answered_is_not_given_a_thread_later(parley: Scene) -> None:
    """Where it is read again, as after a restart, it is known: also if it was answered before threads were wanted."""
    await choose(parley, "general", "answer_in_thread", "false")
    answer = await parley.ask("linus", "general", "@bot hi")
    await choose(parley, "general", "answer_in_thread", "true")
    parley.sandbox.faults.gateway.duplicate["MESSAGE_CREATE"] = 1
    question = await parley.say("linus", "general", "@bot again")
    await answers_in(parley, question)
    await parley.caught_up()
    assert answer.question_id not in parley.sandbox.engine.channels
    assert len(parley.provider.requests) == 2


async def test_answer_in_its_thread_is_found_again(scene: Scene) -> None:
    """A page that Discord posted and whose word was lost is taken up there, though it replies to nothing."""
    await scene.start(shutdown_grace_seconds=0)
    await choose(scene, "general", "answer_in_thread", "true")
    scene.sandbox.faults.cut("POST", "/channels/*/messages", applied=True)
    question = await scene.say("linus", "general", "@bot hi")
    (answer,) = await answers_in(scene, question)
    assert answer.text == HELLO
    assert len(answer.messages) == 1
