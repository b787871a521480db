"""What and whom the bot answers, place by place, as moderators wish; and when a conversation begins anew."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.listening.admission import NOT_FOR, ONLY_FOR, ROLES_GONE
from sandbox.stories import Story
from tests.scenarios.scene import Scene, Where, sent
from tests.scenarios.test_channel import used
from tests.scenarios.test_clock_faults import Clock
from tests.scenarios.test_place_settings import choose

HELLO = "Hello from the scripted model."
TRIGGERS = {
    "mention": {"mention", "reply", "thread mention", "thread", "direct"},
    "reply": {"reply", "direct"},
    "all": {"plain", "mention", "reply", "thread plain", "thread mention", "thread", "direct"},
    "threads": {"thread mention", "thread", "direct"},
    "off": {"direct"},
}


async def heard(parley: Scene, user: str, channel: Where, text: str, *, reply_to: int | None = None) -> bool:
    """Whether a message is answered."""
    before = len(parley.rows("runs"))
    await parley.say(user, channel, text, reply_to=reply_to)
    await parley.caught_up()
    await parley.until(lambda: all(row["delivered_at"] for row in parley.rows("runs")))
    return len(parley.rows("runs")) > before


@pytest.mark.parametrize("trigger", TRIGGERS)
async def test_place_is_answered_in_as_its_moderators_wish(parley: Scene, trigger: str) -> None:
    """Also after a restart; the channel next to it as before, and commands everywhere."""
    people, linus = parley.sandbox.people, parley.sandbox.users["linus"]
    earlier = await parley.ask("linus", "general", "@bot hi")
    thread = await people.start_thread(linus, parley.place("general"), "Proofs")
    direct = await people.open_dm(linus, parley.sandbox.bot_id)
    await choose(parley, "general", "trigger", trigger)
    await parley.stop()
    await parley.start()
    answered = {
        "plain": await heard(parley, "linus", "general", "among us"),
        "mention": await heard(parley, "linus", "general", "@bot hi"),
        "reply": await heard(parley, "linus", "general", "why?", reply_to=earlier.ids[0]),
        "thread plain": await heard(parley, "linus", thread, "among us"),
        "thread mention": await heard(parley, "linus", thread, "@bot hi"),
        "thread": await heard(parley, "linus", thread, "and again"),
        "direct": await heard(parley, "linus", direct, "hi"),
    }
    assert {name for name, is_answered in answered.items() if is_answered} == TRIGGERS[trigger]
    assert await heard(parley, "linus", "questions", "@bot hi")
    assert not await heard(parley, "linus", "questions", "among us")
    runs = len(parley.rows("runs"))
    await parley.command("linus", "general", "ask", question="hi")
    await parley.until(lambda: len(parley.rows("runs")) == runs + 1)


async def test_places_that_are_not_answered_are_not_read_after_a_restart(parley: Scene) -> None:
    """What was missed there needs no request."""
    await choose(parley, "general", "trigger", "off")
    await parley.stop()
    await parley.say("linus", "general", "@bot hi")
    await parley.say("linus", "questions", "@bot hi")
    start = parley.sandbox.requests.total
    await parley.start()
    await parley.answer_of("questions", 1)
    read = {each.channel_id for each in parley.sandbox.requests if each.number > start and each.method == "GET"}
    assert parley.place("questions") in read
    assert parley.place("general") not in read


def role(parley: Scene, name: str, *members: str) -> int:
    """A new role for these."""
    engine, guild = parley.sandbox.engine, parley.sandbox.guild_id
    role_id: int = engine.create_role(guild, name).id
    for member in members:
        engine.add_member_role(guild, parley.sandbox.users[member], role_id)
    return role_id


async def test_only_members_with_an_allowed_role_are_answered(parley: Scene) -> None:
    """Others are told why where they call the bot, once; the moderator is answered, and everybody next door."""
    role_id = role(parley, "Readers", "linus")
    await choose(parley, "general", "allowed_roles", f"<@&{role_id}>")
    why = ONLY_FOR.format(f"<@&{role_id}>")
    assert (await parley.ask("linus", "general", "@bot hi")).text == HELLO
    assert (await parley.ask("grace", "general", "@bot hi")).text == HELLO
    told = await parley.say("edsger", "general", "@bot hi")
    await parley.wait_for(lambda: any(answer.question_id == told for answer in parley.answers("general")))
    assert parley.answers("general")[-1].text == why
    assert not await heard(parley, "edsger", "general", "@bot hi")
    assert parley.answers("general")[-1].question_id == told
    assert await heard(parley, "edsger", "questions", "@bot hi")
    await parley.command("edsger", "general", "ask", question="hi")
    assert await parley.refused("edsger", "general") == why


async def test_members_with_a_blocked_role_are_not_answered(parley: Scene) -> None:
    """By message, command or button; what nobody said to the bot is not even told; their moderators are answered."""
    role_id = role(parley, "Loud", "linus", "grace")
    await choose(parley, "general", "trigger", "all")
    answer = await parley.ask("linus", "general", "hi")
    await choose(parley, "general", "blocked_roles", str(role_id))
    assert not await heard(parley, "linus", "general", "hi")
    assert len(parley.answers("general")) == 1
    assert await heard(parley, "grace", "general", "hi")
    assert await heard(parley, "edsger", "general", "hi")
    for private in (True, False):
        await parley.command("linus", "general", "ask", question="hi", private=private)
    await parley.press("linus", answer, "Regenerate")
    why = NOT_FOR.format(f"<@&{role_id}>")
    await parley.wait_for(lambda: parley.whispers("linus", "general") == [why] * 3)


async def test_members_with_a_blocked_role_have_nothing_summed_up(parley: Scene) -> None:
    """It is the model's work as any answer is."""
    role_id = role(parley, "Loud", "linus")
    await parley.say("ada", "general", "tea")
    await choose(parley, "general", "blocked_roles", str(role_id))
    assert await used(parley, "summarize") == NOT_FOR.format(f"<@&{role_id}>")
    assert not parley.provider.requests
    assert "Hello from" in await used(parley, "summarize", user="edsger")


async def test_who_is_answered_no_longer_gets_no_answer_by_an_edit(parley: Scene) -> None:
    """The history has the new words of a question, and the model is not asked."""
    role_id = role(parley, "Loud", "linus")
    question = await parley.say("linus", "general", "@bot hi")
    await parley.answer_of("general", 1)
    await choose(parley, "general", "blocked_roles", str(role_id))
    people, linus = parley.sandbox.people, parley.sandbox.users["linus"]
    await people.edit(linus, parley.place("general"), question, f"{parley.mention} now")
    await parley.until(lambda: "now" in [row["text"] for row in parley.rows("messages")])
    assert await heard(parley, "edsger", "general", "@bot hi")
    assert len(parley.provider.requests) == 2


async def test_list_of_roles_that_are_all_gone_lets_nobody_in(parley: Scene) -> None:
    """Neither silently shut nor silently open: who calls is told what moderators can do, who are answered still."""
    role_id = role(parley, "Readers", "linus")
    await choose(parley, "general", "allowed_roles", str(role_id))
    await choose(parley, "questions", "blocked_roles", str(role_id))
    await parley.sandbox.people.delete_role(parley.sandbox.users["ada"], parley.sandbox.guild_id, role_id)
    await parley.until(lambda: [row["name"] for row in parley.rows("place_settings")] == ["allowed_roles"])
    told = await parley.say("linus", "general", "@bot hi")
    await parley.wait_for(lambda: any(answer.question_id == told for answer in parley.answers("general")))
    assert parley.answers("general")[-1].text == ROLES_GONE
    assert await heard(parley, "grace", "general", "@bot hi")
    assert await heard(parley, "linus", "questions", "@bot hi")


async def test_members_have_their_own_conversations_where_moderators_wish(parley: Scene) -> None:
    """From the next message on; what was shared before stays where it is, and is there again afterwards."""
    await parley.ask("linus", "general", "@bot one")
    await choose(parley, "general", "conversation_scope", "member")
    await parley.ask("linus", "general", "@bot two")
    await parley.ask("edsger", "general", "@bot three")
    await choose(parley, "general", "conversation_scope", "channel")
    await parley.ask("edsger", "general", "@bot four")
    said = [[line for line in sent(request) if line.startswith("user")] for request in parley.provider.requests]
    assert said == [
        ["user: (from Linus) one"],
        ["user: (from Linus) two"],
        ["user: (from Edsger) three"],
        ["user: (from Linus) one", "user: (from Edsger) four"],
    ]


async def test_conversation_begins_anew_after_a_silence(scene: Scene) -> None:
    """Where moderators wish, and after a restart too; a message that is heard twice begins none."""
    scene.clock = clock = Clock()
    await scene.start()
    await choose(scene, "general", "epoch_timeout_minutes", "60")
    for channel in ("general", "questions"):
        await scene.ask("linus", channel, "@bot one")
    clock.turn(timedelta(minutes=59))
    await scene.ask("linus", "general", "@bot two")
    clock.turn(timedelta(minutes=61))
    await scene.stop()
    await scene.start()
    scene.sandbox.faults.gateway.duplicate["MESSAGE_CREATE"] = 1
    await scene.ask("linus", "general", "@bot three")
    await scene.ask("linus", "questions", "@bot four")
    said = [[line[-5:].split()[-1] for line in sent(each) if "user" in line] for each in scene.provider.requests]
    assert said == [["one"], ["one"], ["one", "two"], ["three"], ["one", "four"]]
    assert [row["epoch"] for row in scene.rows("conversations") if row["place_id"] == scene.place("general")] == [1]


async def test_conversation_does_not_begin_anew_while_it_is_answered(scene: Scene) -> None:
    """However long that takes: what is said meanwhile belongs to it."""
    scene.clock = clock = Clock()
    await scene.start(run_timeout_seconds=86_400)
    await choose(scene, "general", "epoch_timeout_minutes", "60")
    scene.provider.play(Story(hang_at=1))
    await scene.say("linus", "general", "@bot one")
    await scene.answer_of("general", 1, final=False)
    clock.turn(timedelta(minutes=90))
    await scene.say("linus", "general", "@bot two")
    await scene.caught_up()
    scene.provider.requests[0].released.set()
    await scene.answer_of("general", 2)
    assert [line[-3:] for line in sent(scene.provider.requests[1]) if "user" in line] == ["one", "two"]


async def test_places_send_their_own_number_of_messages(parley: Scene) -> None:
    """The newest ones; the question itself is always one of them."""
    await choose(parley, "general", "history_max_messages", "1")
    for channel in ("general", "questions"):
        for text in ("one", "two"):
            await parley.ask("linus", channel, f"@bot {text}")
    assert [len(sent(request)) - 1 for request in parley.provider.requests] == [1, 1, 1, 3]
