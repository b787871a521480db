"""Discord's rules on who may use a command, where one overrules another."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from bot.commands.access import Asker, Overrides, Target, may_use

GUILD, HERE, THERE, ADA, SAILOR, COOK = 100, 1, 2, 3, 4, 5
EVERYONE, EVERY_CHANNEL = (Target.ROLE, GUILD), (Target.CHANNEL, GUILD - 1)
SAILORS, COOKS = (Target.ROLE, SAILOR), (Target.ROLE, COOK)


def asker(**changed: Any) -> Asker:
    """A sailor who cooks."""
    given: dict[str, Any] = {
        "user_id": ADA,
        "guild_id": GUILD,
        "channel_id": HERE,
        "role_ids": frozenset({GUILD, SAILOR, COOK}),
        "permissions": discord.Permissions(manage_messages=True),
        "is_host": False,
    }
    return Asker(**given | changed)


def described(needed: int | None) -> dict[str, Any]:
    """A command that needs these permissions, everywhere."""
    return {"contexts": None, "dm_permission": True, "default_member_permissions": needed}


@pytest.mark.parametrize(
    ("own", "of_all", "expected"),
    [
        ({}, {}, True),
        ({SAILORS: False, COOKS: True}, {}, True),
        ({SAILORS: False}, {}, False),
        ({EVERYONE: False, COOKS: True}, {}, True),
        ({EVERYONE: False}, {}, False),
        ({COOKS: False, (Target.USER, ADA): True}, {}, True),
        ({(Target.CHANNEL, HERE): True, EVERY_CHANNEL: False}, {}, True),
        ({(Target.CHANNEL, HERE): True}, {(Target.CHANNEL, HERE): False}, True),
        ({}, {EVERY_CHANNEL: False}, False),
        ({(Target.CHANNEL, THERE): False}, {}, True),
        ({(Target.CHANNEL, HERE): False, (Target.USER, ADA): True}, {}, False),
        ({COOKS: True}, {COOKS: False}, True),
        ({}, {COOKS: False}, False),
    ],
)
def test_nearest_rule_of_a_server_counts(own: Overrides, of_all: Overrides, expected: bool) -> None:
    """Of the command before all commands, of a person before roles before everyone, of a channel before all."""
    assert may_use(described(None), asker(), own, of_all) is expected
    administrator = asker(permissions=discord.Permissions(administrator=True))
    assert may_use(described(None), administrator, own, of_all)


@pytest.mark.parametrize(
    ("needed", "own", "of_all", "expected"),
    [
        (discord.Permissions.manage_messages.flag, {}, {}, True),
        (discord.Permissions.manage_guild.flag, {}, {}, False),
        (discord.Permissions.manage_guild.flag, {COOKS: True}, {}, True),
        (discord.Permissions.manage_guild.flag, {}, {COOKS: True}, False),
        (0, {}, {}, False),
    ],
)
def test_permissions_count_unless_a_server_allows_the_command(
    needed: int, own: Overrides, of_all: Overrides, expected: bool
) -> None:
    """What is allowed for all commands gives none; a command that needs nothing by number is for administrators."""
    assert may_use(described(needed), asker(), own, of_all) is expected
