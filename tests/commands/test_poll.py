"""/poll: Discord's own poll, posted for somebody who could post it themselves."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import discord
import pytest
import simcord
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refusal
from bot.tools.model import Need
from cogs.poll import MAX_ANSWER_CHARACTERS, MAX_ANSWERS, NOT_ALLOWED, answers_of
from tests.commands.model import needed, told
from tests.commands.town import Town

LUNCH = {"question": "Lunch?", "answers": "Pizza | Pasta |Salad", "hours": 2, "multiple": True}


@pytest.fixture
def hall(town: Town) -> simcord.ChannelHandle:
    """A channel in which everybody may post polls; in simcord's servers nobody may without being let."""
    return hall_where(town)


def hall_where(town: Town, denied_to: Any = None, **denied: bool) -> simcord.ChannelHandle:
    """Such a channel, where somebody is denied something besides."""
    overwrites: Any = {town.guild.default_role: discord.PermissionOverwrite(send_polls=True)}
    if denied_to is not None:
        overwrites[denied_to] = discord.PermissionOverwrite(**denied)
    return town.guild.create_text_channel("hall", overwrites=overwrites)


def polls(hall: simcord.ChannelHandle) -> list[discord.Message]:
    """The messages with a poll in the channel."""
    return [message for message in hall.history() if message.poll is not None]


def answer_to(result: simcord.InteractionResult) -> str:
    """What the person reads in the place of the command."""
    return next(iter(filter(None, (result.response, *result.followups)))).content


def posted(town: Town) -> list[dict[str, object]]:
    """What the bot asked Discord to post in channels."""
    requests = [each for each in town.env.http_requests if each.method == "POST" and each.path.endswith("/messages")]
    return [each.json for each in requests if isinstance(each.json, dict)]


async def test_poll_is_posted_for_who_asked(town: Town, hall: simcord.ChannelHandle) -> None:
    """It is the poll that was described, says whose it is, pings nobody, and the command's answer leads to it."""
    result = await town.edsger.slash(hall, "poll", **LUNCH)
    (message,) = polls(hall)
    assert message.poll is not None
    assert message.poll.question == "Lunch?"
    assert [answer.text for answer in message.poll.answers] == ["Pizza", "Pasta", "Salad"]
    assert message.poll.multiple
    assert message.poll.expires_at is not None
    assert abs(message.poll.expires_at - message.created_at - timedelta(hours=2)) < timedelta(minutes=1)
    assert message.content == f"-# {town.edsger.mention} asks"
    assert message.jump_url in answer_to(result)
    (request,) = posted(town)
    assert request["allowed_mentions"] == {"parse": []}
    assert request["enforce_nonce"]


async def test_people_can_vote_in_a_poll(town: Town, hall: simcord.ChannelHandle) -> None:
    """Discord takes it for a poll like any other."""
    await town.edsger.slash(hall, "poll", **LUNCH)
    await town.linus.vote(polls(hall)[0], answer=2)
    (message,) = polls(hall)
    assert message.poll is not None
    assert [answer.vote_count for answer in message.poll.answers] == [0, 1, 0]


async def test_model_posts_a_poll_for_a_person(town: Town, hall: simcord.ChannelHandle) -> None:
    """Once it is approved; the request carries the call's own nonce, so that Discord posts it once."""
    assert await needed(town, "poll", json.dumps(LUNCH), channel=hall) is Need.APPROVAL
    said = await told(town, "poll", json.dumps(LUNCH), channel=hall)
    (message,) = polls(hall)
    assert said.endswith(message.jump_url)
    assert message.content == f"-# {town.edsger.mention} asks"
    assert [request["nonce"] for request in posted(town)] == ["poll-3"]


@pytest.mark.parametrize(
    ("denied", "sentence"),
    [
        ({"send_polls": False}, "Not permitted: edsger may not use poll here."),
        ({"send_messages": False}, "Not permitted: who may not write in this channel may not post a poll in it."),
    ],
)
async def test_poll_needs_the_rights_of_who_asks(town: Town, denied: dict[str, bool], sentence: str) -> None:
    """What a person may not do, no model does for them, though the bot may."""
    hall = hall_where(town, town.edsger, **denied)
    assert await told(town, "poll", json.dumps(LUNCH), channel=hall) == sentence
    assert list(hall.history()) == []


async def test_poll_needs_the_bot_s_rights_too(town: Town) -> None:
    """Where the bot may not post, the person is told who can change that."""
    hall = hall_where(town, town.guild.roles["TestBot"], send_messages=False)
    assert await told(town, "poll", json.dumps(LUNCH), channel=hall) == NOT_ALLOWED


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"answers": "Pizza"}, "A poll has 2 to 10 answers, not 1: separate them by |, as in Yes | No | Maybe."),
        (
            {"answers": "|".join(map(str, range(11)))},
            "A poll has 2 to 10 answers, not 11: separate them by |, as in Yes | No | Maybe.",
        ),
        ({"answers": f"No | {'y' * 56}"}, f"An answer has at most 55 characters, “{'y' * 54}…” has 56."),
        ({"answers": "Yes | yes"}, "Two answers of the poll are the same: make them different."),
    ],
)
async def test_poll_that_discord_would_not_take_is_explained(
    town: Town, hall: simcord.ChannelHandle, changed: dict[str, object], sentence: str
) -> None:
    """To people in an answer of their own, to models as the output; nothing is posted."""
    result = await town.edsger.slash(hall, "poll", **(LUNCH | changed))
    assert answer_to(result) == sentence
    simcord.assert_error(town.env, Refusal)
    assert await told(town, "poll", json.dumps(LUNCH | changed), channel=hall) == sentence
    assert posted(town) == []


@pytest.mark.parametrize("options", [{"question": "?" * 301}, {"hours": 0}, {"hours": 769}])
async def test_poll_has_discord_s_limits(town: Town, hall: simcord.ChannelHandle, options: dict[str, object]) -> None:
    """People cannot even send what is beyond them, and models are told which they are."""
    with pytest.raises(simcord.OptionError):
        await town.edsger.slash(hall, "poll", **(LUNCH | options))
    assert (await told(town, "poll", json.dumps(LUNCH | options), channel=hall)).startswith(
        "The arguments are not right."
    )


@given(st.text(st.sampled_from("ab |\n\tß"), max_size=80))
def test_answers_of_a_poll_fit_discord(written: str) -> None:
    """Whatever is written, the answers are as many and as long as Discord takes, or refused."""
    try:
        answers = answers_of(written)
    except Refusal:
        return
    assert 2 <= len(answers) <= MAX_ANSWERS
    assert all(0 < len(answer) <= MAX_ANSWER_CHARACTERS and answer == answer.strip() for answer in answers)
