"""What a log channel is told, and what becomes of settings whose roles and channels are deleted."""

from __future__ import annotations

import asyncio

from tests.scenarios.scene import WAIT_SECONDS, Scene, Where


async def choose(parley: Scene, channel: Where, name: str, value: str, **options: object) -> None:
    """Ada owns the server and chooses."""
    assert (await parley.command("ada", channel, "set", name=name, value=value, **options)).ephemeral


def rules(parley: Scene) -> dict[str, str]:
    """What is set, by name, as the file holds it."""
    return {row["name"]: str(row["value"]) for row in parley.rows("place_settings")}


async def ruled(parley: Scene, names: set[str]) -> None:
    """Wait until nothing but this is set; nothing that happens in Discord tells of it."""
    async with asyncio.timeout(WAIT_SECONDS):
        while set(rules(parley)) != names:
            await parley.caught_up()


async def new_role(parley: Scene, name: str) -> int:
    """A role that Ada makes."""
    return await parley.sandbox.people.create_role(parley.sandbox.users["ada"], parley.sandbox.guild_id, name)


async def delete_role(parley: Scene, role: int) -> None:
    """Ada deletes a role."""
    await parley.sandbox.people.delete_role(parley.sandbox.users["ada"], parley.sandbox.guild_id, role)


async def test_log_channel_is_told_of_changes(parley: Scene) -> None:
    """Who changed what from what to what, without pinging anybody; a direct message's changes are nobody's business."""
    general, playground = parley.place("general"), parley.place("playground")
    await choose(parley, "general", "log_channel", str(playground), where="server")
    await choose(parley, "general", "temperature", "0.2")
    wanted = f"**temperature** in <#{general}>: not set → `0.2`"
    (message,) = await parley.wait_for(
        lambda: [each for each in parley.sandbox.messages(playground) if wanted in each["content"]] or None
    )
    assert f"<@{parley.sandbox.users['ada']}>" in message["content"]


async def test_deleted_role_leaves_the_rules(parley: Scene) -> None:
    """Other roles stay; a rule of which none is left is gone; budgets for it too, and the log tells it.

    Who alone is answered stays: nobody comes in because a role was deleted.
    """
    guests, friends = await new_role(parley, "Guests"), await new_role(parley, "Friends")
    await choose(parley, "general", "allowed_roles", f"{guests}|{friends}")
    await choose(parley, "general", "blocked_roles", str(guests))
    await choose(parley, "general", f"budget:role/{guests}:tokens:day", "500")
    await delete_role(parley, guests)
    await ruled(parley, {"allowed_roles"})
    assert rules(parley) == {"allowed_roles": f"[{friends}]"}
    assert parley.rows("setting_changes")[-1]["new_value"] in (None, f"[{friends}]")
    await delete_role(parley, friends)
    await parley.caught_up()
    await parley.caught_up()
    assert rules(parley) == {"allowed_roles": f"[{friends}]"}


async def test_what_was_deleted_meanwhile_is_let_go_of(parley: Scene) -> None:
    """Roles and channels that were deleted while the bot was away; the rest stays, and who alone was answered."""
    guests = await new_role(parley, "Guests")
    for name in ("allowed_roles", "blocked_roles"):
        await choose(parley, "general", name, str(guests))
    await choose(parley, "general", f"budget:each_of_role/{guests}:questions:day", "5")
    await choose(parley, "questions", "temperature", "0.2")
    await choose(parley, "general", "seed", "7")
    await parley.stop()
    await delete_role(parley, guests)
    await parley.sandbox.people.delete_channel(parley.sandbox.users["ada"], parley.place("questions"))
    await parley.start()
    await ruled(parley, {"allowed_roles", "seed"})
    assert rules(parley)["allowed_roles"] == f"[{guests}]"


async def test_deleted_channel_takes_its_settings_along(parley: Scene) -> None:
    """A thread too; renaming changes nothing."""
    ada, questions = parley.sandbox.users["ada"], parley.place("questions")
    thread = await parley.sandbox.people.start_thread(ada, parley.place("general"), "hot")
    await choose(parley, "questions", "temperature", "0.2")
    await choose(parley, thread, "seed", "7")
    await choose(parley, "general", "n", "2")
    await parley.sandbox.people.rename_channel(ada, parley.place("general"), "lobby")
    await parley.sandbox.people.delete_channel(ada, questions)
    await parley.sandbox.people.delete_channel(ada, thread)
    await ruled(parley, {"n"})
