"""/user_info and /server_info: what every member can see of the others and of the server."""

from __future__ import annotations

import json
import re

import discord

from tests.commands.model import told
from tests.commands.town import Town


async def shown(town: Town, name: str, **options: object) -> str:
    """What everybody reads after Edsger used a command."""
    result = await town.edsger.slash(town.general, name, **options)
    assert result.response is not None
    return result.response.content


def hide(town: Town) -> None:
    """Make a channel that Edsger cannot see."""
    hidden = discord.PermissionOverwrite(view_channel=False)
    town.guild.create_text_channel("secrets", overwrites={town.guild.default_role: hidden})


async def test_user_is_shown_with_days_and_roles(town: Town) -> None:
    """Of themselves, and of others."""
    about_grace = await shown(town, "user_info", member=town.grace)
    first, since, member_since, roles = about_grace.splitlines()
    assert first == f"**grace** (grace, id {town.grace.id}) {town.grace.mention}"
    assert since.startswith("On Discord since <t:")
    assert member_since == "Member since <t:1767225600:D> (<t:1767225600:R>)"
    assert roles == "Roles: Moderator"
    own = await shown(town, "user_info")
    assert own.startswith("**edsger** (edsger, ")
    assert own.endswith("Roles: none")


async def test_user_outside_the_server_is_shown_without_roles(town: Town) -> None:
    """Discord lets people name anybody by id."""
    stranger = town.env.create_user("stranger", bot=True)
    assert (await shown(town, "user_info", member=stranger)).endswith("Not a member of this server\nBadges: bot")


async def test_names_of_people_have_no_effect(town: Town) -> None:
    """A name is no Markdown, no other line, and pings nobody."""
    rogue = town.guild.add_member(town.env.create_user("rogue"), nick="**@everyone** `x`")
    said = await shown(town, "user_info", member=rogue)
    assert said.startswith(r"**\*\*@everyone\*\* \`x\`** (rogue, ")


async def test_many_roles_are_counted(town: Town) -> None:
    """The highest are named, and the text always fits a message."""
    roles = [town.guild.create_role(f"role {number:02d} {'x' * 90}") for number in range(20)]
    much = town.guild.add_member(town.env.create_user("much"), roles=roles)
    said = await shown(town, "user_info", member=much)
    assert "role 00" in said
    assert said.endswith(", 5 more")
    assert len(said) <= 2000


async def test_server_is_shown_as_who_asks_can_see_it(town: Town) -> None:
    """Channels that are hidden from them are not even counted."""
    hide(town)
    town.guild.create_voice_channel("lounge")
    said = await shown(town, "server_info")
    name, since, members, channels, roles = said.splitlines()
    assert name == f"**Parley House** (id {town.guild.id})"
    assert since.startswith("Since <t:")
    assert since.endswith(f", owned by <@{town.guild.owner.id}>")
    assert re.fullmatch(r"Members: about [1-5]", members)  # simcord counts only those who were there first
    assert channels == "Channels that you can see: 1 text, 1 voice"
    assert roles == f"Roles: {len(town.guild.roles) - 1}"


async def test_model_is_told_what_the_person_can_see(town: Town) -> None:
    """A model names a member by name, and gets the same lines as the person would."""
    hide(town)
    assert await told(town, "server_info", "{}") == await shown(town, "server_info")
    assert "Channels that you can see: 1 text" in await told(town, "server_info", "{}")
    about_grace = json.dumps({"member": "grace"})
    assert await told(town, "user_info", about_grace) == await shown(town, "user_info", member=town.grace)
    assert (await told(town, "user_info", "{}")).startswith("**edsger** (edsger, ")


async def test_only_people_are_shown_in_a_direct_message(town: Town) -> None:
    """There is no server there."""
    grace = town.grace.user
    assert "server_info" not in grace.available_commands()
    result = await grace.slash("user_info")
    assert result.response.content.startswith(f"**grace** (grace, id {grace.id}) {grace.mention}\nOn Discord since")
