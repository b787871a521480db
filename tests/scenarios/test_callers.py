"""For whom a model calls: with the rights that the person has now, where they are, and no others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from bot.people import GONE
from sandbox.semantics import ChannelType
from tests.scenarios.workroom import Workroom

SANCTION = ("sanction", {"member": "edsger"})


async def test_moderators_tool_is_not_for_members(workroom: Workroom) -> None:
    """What the slash command asks for, a model's call has to have too: from the person, not from the bot."""
    assert await workroom.told("linus", "general", SANCTION) == ["Not permitted: Linus may not use sanction here."]
    (told,) = await workroom.told("grace", "general", SANCTION)
    assert told == f"Grace sanctions Edsger ({workroom.sandbox.users['edsger']})"


async def test_calls_after_a_question_ask_discord_for_nobody(workroom: Workroom) -> None:
    """The gateway's message has told who the person is, with their roles."""
    assert len(await workroom.told("grace", "general", ("weigh", {}), ("weigh", {}), ("weigh", {}))) == 3
    assert workroom.member_requests() == 0


async def test_command_tells_who_its_user_is(workroom: Workroom) -> None:
    """A question by slash command needs no request for the person either."""
    workroom.plan(SANCTION)
    await workroom.command("grace", "general", "ask", question="go")
    await workroom.answer_of("general", 1)
    assert workroom.outputs() == [f"Grace sanctions Edsger ({workroom.sandbox.users['edsger']})"]
    assert workroom.member_requests() == 0


async def test_calls_of_one_step_ask_for_a_person_once(workroom: Workroom) -> None:
    """After a restart nobody was seen yet, and all calls need the same person."""
    told = await workroom.told_later("grace", "general", lambda: None, *[("point", {"person": "grace"})] * 5)
    assert told == ["Member:grace"] * 5
    assert workroom.member_requests() == 1


async def test_person_who_left_gets_nothing_done(workroom: Workroom) -> None:
    """Who is gone when the call is carried out has no rights any more; many calls learn that at once."""
    engine, house = workroom.sandbox.engine, workroom.sandbox
    left = partial(engine.remove_member, house.guild_id, house.users["linus"])
    assert await workroom.told_later("linus", "general", left, ("weigh", {}), ("weigh", {})) == [GONE, GONE]
    assert workroom.member_requests() == 1


async def test_person_who_is_timed_out_may_use_nothing(workroom: Workroom) -> None:
    """Discord takes no slash command of theirs, so no model acts for them."""
    member = workroom.sandbox.engine.get_member(workroom.sandbox.guild_id, workroom.sandbox.users["linus"])

    def time_out() -> None:
        member.timed_out_until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()

    (told,) = await workroom.told_later("linus", "general", time_out, ("weigh", {}))
    assert told == "Not permitted: Linus is timed out here."


async def test_person_who_may_not_see_the_channel_any_more_gets_nothing_done(workroom: Workroom) -> None:
    """A channel that was closed to the person is no place to act for them."""
    engine, house = workroom.sandbox.engine, workroom.sandbox

    def demote() -> None:
        engine.remove_member_role(house.guild_id, house.users["grace"], house.house.roles["moderator"])

    assert await workroom.told_later("grace", "moderators", demote, ("weigh", {})) == [GONE]


async def test_direct_message_has_its_own_rights(workroom: Workroom) -> None:
    """There a person is nobody's moderator, and what is for servers does nothing."""
    place = await workroom.sandbox.people.open_dm(workroom.sandbox.users["grace"], workroom.sandbox.bot_id)
    assert await workroom.told("grace", place, SANCTION, ("gather", {}), ("point", {"person": "Parley"})) == [
        "Not permitted: Grace may not use sanction here.",
        "Not permitted: gather works only in servers.",
        "ClientUser:Parley",
    ]
    assert await workroom.told_later("grace", place, lambda: None, ("weigh", {})) == [
        '{"weights": ["ž`ž`ž`"], "unit": "kg"}'
    ]


async def test_thread_is_where_its_people_act(workroom: Workroom) -> None:
    """Who was let into a private thread may act there, for as long as they are in it."""
    engine, users = workroom.sandbox.engine, workroom.sandbox.users
    thread = engine.create_thread(workroom.place("general"), "quiet", users["linus"], type=ChannelType.PRIVATE_THREAD)
    for user_id in (workroom.sandbox.bot_id, users["linus"]):
        engine.add_thread_member(thread.id, user_id)
    assert await workroom.told("linus", thread.id, ("point", {"channel": "quiet"})) == ["Thread:quiet"]
    assert await workroom.told_later("linus", thread.id, lambda: None, ("gather", {})) == ["gathered"]
    leave = partial(engine.remove_thread_member, thread.id, users["linus"])
    assert await workroom.told_later("linus", thread.id, leave, ("gather", {})) == [GONE]
