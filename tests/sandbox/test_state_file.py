"""The world outlives the sandbox."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import aiohttp
import discord
import pytest

from sandbox.state_file import StateFileError
from sandbox.world import Sandbox
from tests.sandbox.bots import Echo, Workshop, logged_in


async def test_world_comes_back_with_the_same_ids_and_messages(tmp_path: Path) -> None:
    """After a restart everything is where it was: people, rooms, threads, DMs, messages, files, the token."""
    path = tmp_path / "deep" / "world.json"
    async with Sandbox.open(state_file=path) as first:
        ada, general = first.users["ada"], first.channels["general"]
        message = await first.people.say(ada, general, "remember me", files=[("note.txt", b"kept")])
        await first.people.react(ada, general, message, "👍")
        thread = await first.people.start_thread(ada, general, "Topic", message_id=message)
        await first.people.say(ada, thread, "inside")
        dm = await first.people.open_dm(ada, first.bot_id)
        await first.people.say(ada, dm, "psst", reply_to=None)
        before = (first.token, first.bot_id, first.application_id, first.guild_id, first.users, first.channels)
    async with Sandbox.open(state_file=path) as second:
        after = (second.token, second.bot_id, second.application_id, second.guild_id, second.users, second.channels)
        assert after == before
        kept = second.messages(general, ada)[0]
        assert (kept["content"], kept["reactions"][0]["me"], kept["thread"]["name"]) == ("remember me", True, "Topic")
        assert second.messages(thread)[0]["content"] == "inside"
        assert await second.people.open_dm(ada, second.bot_id) == dm
        assert kept["attachments"][0]["url"].startswith(second.address)
        async with aiohttp.ClientSession() as session, session.get(kept["attachments"][0]["url"]) as response:
            assert await response.read() == b"kept"
        assert await second.people.say(ada, general, "and more") > message


async def test_bot_goes_on_in_a_restored_world(tmp_path: Path) -> None:
    """A bot logs into the restored world, its commands still registered, and answers there."""
    path = tmp_path / "world.json"
    async with Sandbox.open(state_file=path) as first, logged_in(Workshop(), first):
        registered = {name: command["id"] for (name, _), command in first.engine.commands[None].items()}
    async with Sandbox.open(state_file=path) as second:
        assert {name: command["id"] for (name, _), command in second.engine.commands[None].items()} == registered
        async with logged_in(Echo(), second):
            general = second.channels["general"]
            await second.people.say(second.users["linus"], general, "still there?")
            await second.wait_for(lambda: len(second.messages(general)) == 2)


async def test_unreadable_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    """A broken or foreign file stops the start with a sentence and is not overwritten."""
    path = tmp_path / "world.json"
    for content in ("{", "[]", json.dumps({"version": 99})):
        path.write_text(content)
        with pytest.raises(StateFileError, match="delete it to start afresh"):
            async with Sandbox.open(state_file=path):
                raise AssertionError("it started")
        assert path.read_text() == content


async def test_world_of_an_earlier_version_learns_new_permissions(tmp_path: Path) -> None:
    """What moderators may do by now they may do in a kept world too, and its polls keep their votes."""
    path = tmp_path / "world.json"
    bot = Echo()
    async with Sandbox.open(state_file=path) as first, logged_in(bot, first):
        general = first.channels["general"]
        poll = discord.Poll("Tea?", timedelta(hours=1)).add_answer(text="Tea")
        message = (await bot.get_partial_messageable(general).send(poll=poll)).id
        await first.people.vote(first.users["linus"], general, message, [1])
        first.engine.edit_role(first.guild_id, first.house.roles["moderator"], {"permissions": 0})
    async with Sandbox.open(state_file=path) as second:
        await second.people.time_out(second.users["grace"], second.users["linus"], 60)
        [kept] = second.messages(general, second.users["linus"])
        assert kept["poll"]["results"]["answer_counts"] == [{"id": 1, "count": 1, "me_voted": True}]


async def test_kept_server_comes_back_as_it_was_left(tmp_path: Path) -> None:
    """A world whose moderators' role was deleted starts again without it, and languages and closed rooms stay."""
    path = tmp_path / "world.json"
    async with Sandbox.open(state_file=path) as first:
        ada, general = first.users["ada"], first.channels["general"]
        moderator = first.house.roles["moderator"]
        await first.people.delete_role(ada, first.guild_id, moderator)
        await first.people.permit(ada, general, first.guild_id, "deny", "view_channel")
        await first.people.choose_locale(ada, "zh-CN")
    async with Sandbox.open(state_file=path) as second:
        assert moderator not in second.engine.get_guild(second.guild_id).roles
        assert not second.engine.sees_channel(second.users["linus"], general)
        assert second.engine.locale_of(ada) == "zh-CN"
