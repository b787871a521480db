"""What a model names of Discord's, found among what the person it calls for can see, or asked back for."""

from __future__ import annotations

import pytest

from sandbox.semantics import ChannelType
from tests.scenarios.workroom import Workroom


async def pointed(workroom: Workroom, user: str, **arguments: str) -> str:
    """What the model is told when it points at something for somebody."""
    (told,) = await workroom.told(user, "general", ("point", arguments))
    return told


@pytest.mark.parametrize("written", ["Linus", "@Linus", "linus", " LINUS ", "<@{id}>", "<@!{id}>", "{id}"])
async def test_member_is_found_by_mention_id_or_name(workroom: Workroom, written: str) -> None:
    """A question shows a model names in place of mentions, so most often it writes those."""
    person = written.format(id=workroom.sandbox.users["linus"])
    assert await pointed(workroom, "edsger", person=person) == "Member:linus"


async def test_person_who_asks_is_found_too(workroom: Workroom) -> None:
    """Their own name stands before the question."""
    assert await pointed(workroom, "edsger", person="Edsger") == "Member:edsger"


async def test_member_is_found_by_the_name_that_the_question_shows(workroom: Workroom) -> None:
    """Discord looks people up by user name and nickname; what they call themselves is in the mention."""
    grete = workroom.sandbox.add_user("gh1901", "Grete")
    text = f"@bot point at <@{grete}>"
    (told,) = await workroom.told("edsger", "general", ("point", {"person": "Grete"}), text=text)
    assert told == "Member:gh1901"


async def test_namesakes_are_told_apart_by_id(workroom: Workroom) -> None:
    """A wrong guess could sanction the wrong person."""
    other = workroom.sandbox.add_user("linus2", "Linus")
    users = workroom.sandbox.users
    assert await pointed(workroom, "edsger", person="linus") == (
        f"There is more than one member named linus. Say which by its id: Linus ({users['linus']}), Linus ({other})."
    )


async def test_part_of_a_name_is_not_enough(workroom: Workroom) -> None:
    """The model is told who it may have meant."""
    told = await pointed(workroom, "edsger", person="lin")
    assert told == f"There is no member named lin here. There are: Linus ({workroom.sandbox.users['linus']})."


async def test_nobody_is_told_of_people_elsewhere(workroom: Workroom) -> None:
    """An id that is no member's says nothing of whose it is."""
    assert await pointed(workroom, "edsger", person="1" * 18) == (
        f"Nobody with the id {'1' * 18} is a member of this server."
    )


async def test_mention_of_a_namesake_is_not_mistaken(workroom: Workroom) -> None:
    """Somebody may have a user name that is what another one is called."""
    other = workroom.sandbox.add_user("xlinus", "Linus")
    text = f"@bot point at <@{other}>"
    (told,) = await workroom.told("edsger", "general", ("point", {"person": "Linus"}), text=text)
    assert told.startswith("There is more than one member named Linus.")


@pytest.mark.parametrize(("written", "found"), [("Moderator", "Role:Moderator"), ("@moderator", "Role:Moderator")])
async def test_role_is_found_by_name(workroom: Workroom, written: str, found: str) -> None:
    """With or without the sign before it; where a person would do as well, the role comes first."""
    assert await pointed(workroom, "edsger", role=written, either=written) == f"{found} {found}"


async def test_role_is_found_by_mention(workroom: Workroom) -> None:
    """As Discord writes it."""
    mention = f"<@&{workroom.sandbox.house.roles['moderator']}>"
    assert await pointed(workroom, "edsger", role=mention, either="Linus") == "Role:Moderator Member:linus"


async def test_channel_is_found_where_the_person_can_see_it(workroom: Workroom) -> None:
    """The bot sees the moderators' channel, and members learn of it from nobody."""
    hidden = workroom.sandbox.channels["moderators"]
    assert await pointed(workroom, "grace", channel="#moderators") == "TextChannel:moderators"
    for written in ("#moderators", f"<#{hidden}>", str(hidden)):
        told = await pointed(workroom, "linus", channel=written)
        assert told.startswith(f"There is no channel named {written} here that they can see. There are: general (")
        assert f"({hidden})" not in told
        assert "moderators (" not in told


async def test_channel_of_another_type_is_not_found(workroom: Workroom) -> None:
    """As people are offered only those that the function takes."""
    assert (await pointed(workroom, "linus", channel="Parlour")).startswith("There is no channel named Parlour here")


async def test_private_thread_is_found_by_those_who_are_in_it(workroom: Workroom) -> None:
    """Others do not learn that it exists; an archived one is found by its id."""
    engine, users = workroom.sandbox.engine, workroom.sandbox.users
    thread = engine.create_thread(workroom.place("general"), "quiet", users["linus"], type=ChannelType.PRIVATE_THREAD)
    for user_id in (workroom.sandbox.bot_id, users["linus"]):
        engine.add_thread_member(thread.id, user_id)
    assert await pointed(workroom, "linus", channel="quiet") == "Thread:quiet"
    told = await pointed(workroom, "edsger", channel="quiet")
    assert told.startswith("There is no channel named quiet here that they can see.")
    assert "quiet (" not in told


async def test_file_is_one_of_the_question(workroom: Workroom) -> None:
    """It is named as the model was told of it; its content goes to the tool, and what that says to the model."""
    sandbox = workroom.sandbox
    workroom.plan(("copy", {"file": "Notes.txt"}), ("copy", {"file": "other.txt"}))
    files = [("notes.txt", b"remember"), ("more.txt", b"forget")]
    await sandbox.people.say(sandbox.users["ada"], workroom.place("general"), f"{workroom.mention} copy", files=files)
    await workroom.answer_of("general", 1)
    copied, missing = workroom.outputs()
    assert copied == "notes.txt: remember"
    assert missing.startswith("There is no file named other.txt attached to the question. There are: more.txt (")


async def test_question_without_files_has_none(workroom: Workroom) -> None:
    """The model is told so."""
    assert await workroom.told("ada", "general", ("copy", {"file": "notes.txt"})) == [
        "There is no file named notes.txt attached to the question. There is none at all."
    ]


async def test_choices_are_made_by_name(workroom: Workroom) -> None:
    """The function gets what it gets of people: a Choice, a value, a literal, a member of an Enum, a time."""
    asked = {"size": "large", "depth": "deep", "level": 2, "colour": "RED", "at": "1970-01-01T01:00:00+01:00"}
    told = await workroom.told("ada", "general", ("paint", asked), ("paint", asked | {"at": "<t:0>"}))
    assert told == [
        "large=20 9 2 Colour.RED 1970-01-01 01:00:00+01:00",
        "large=20 9 2 Colour.RED 1970-01-01 00:00:00+00:00",
    ]


async def test_choice_that_is_none_is_refused(workroom: Workroom) -> None:
    """With the names that there are."""
    asked = {"size": "huge", "depth": "9", "level": 3, "at": "noon"}
    (told,) = await workroom.told("ada", "general", ("paint", asked))
    assert told.startswith("The arguments are not right. size: Input should be 'small' or 'large'; depth: Input")


async def test_direct_message_has_no_server(workroom: Workroom) -> None:
    """There are two people and nothing else."""
    place = await workroom.sandbox.people.open_dm(workroom.sandbox.users["grace"], workroom.sandbox.bot_id)
    calls = [("point", {name: "general"}) for name in ("person", "role", "channel", "either")]
    person, role, channel, either = await workroom.told("grace", place, *calls)
    assert person.startswith("There is no person named general here. There are: Grace (")
    assert role == "There is no role named general here. There is none at all."
    assert channel == "There are no channels in a direct message."
    assert either == person


async def test_member_is_found_though_the_question_cannot_be_read(workroom: Workroom) -> None:
    """Without Read Message History nobody is known from its mentions, and a file of it is not found."""
    workroom.sandbox.faults.fail("GET", "/channels/*/messages/*", 403, code=50013, times=None)
    assert await pointed(workroom, "edsger", person="Linus") == "Member:linus"
    (told,) = await workroom.told("ada", "general", ("copy", {"file": "notes.txt"}))
    assert told == "Discord does not say now who or what is meant. Try again in a moment."
