"""Who may see what answers took."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import discord
import pytest
import simcord
from discord.ext import commands

from sandbox.semantics import walk_components
from tests.commands.process import Process
from tests.commands.town import Town

SERVER_ONLY = "Only who manages this server can see this: that takes Manage Server."
CHANNEL_ONLY = "Only who manages this channel can see this: that takes Manage Channels there, or Manage Server."
HOST_ONLY = "Only the host of this bot can see this"
MENU = 3


class Office:
    """A town with people of all ranks: Ida manages the server, Carl a channel, Olga hosts the bot."""

    def __init__(self, town: Town, bot: commands.Bot) -> None:
        self.town = town
        managing = discord.Permissions(manage_guild=True)
        manager = town.guild.create_role("Manager", permissions=managing)
        self.ida = town.guild.add_member(town.env.create_user("ida"), roles=[manager])
        self.carl = town.guild.add_member(town.env.create_user("carl"))
        self.workshop = town.guild.create_text_channel(
            "workshop", overwrites={self.carl: discord.PermissionOverwrite(manage_channels=True)}
        )
        self.olga = town.guild.add_member(town.env.create_user("olga"))
        bot.owner_id = self.olga.id

    async def asked(self) -> None:
        """Linus is answered once in the channel of all."""
        await self.town.linus.send(self.town.general, f"{self.town.mention} hi")
        await self.town.answer("Regenerate")


@pytest.fixture
def office(town: Town, simcord_bot: commands.Bot) -> Office:
    """The town with its people."""
    return Office(town, simcord_bot)


def seen(result: simcord.InteractionResult) -> simcord.ResponseMessage:
    """What the person sees, alone."""
    (message,) = [each for each in (*result.followups, result.response) if each is not None and shown(each)]
    assert message.ephemeral
    return message


def shown(message: simcord.ResponseMessage) -> str:
    """Everything that is written in a message."""
    parts = [each["content"] for each in walk_components(message.components) if "content" in each]
    return "\n".join([message.content, *parts]).strip()


def choices(message: simcord.ResponseMessage) -> list[str]:
    """Whose usage the menu offers."""
    menus = [each for each in walk_components(message.components) if each["type"] == MENU]
    return [option["value"] for menu in menus for option in menu["options"]]


async def test_member_sees_their_own_alone(office: Office) -> None:
    """Without options it is one's own, wherever it is used, and there is nothing else to choose."""
    await office.asked()
    town = office.town
    mine = seen(await town.linus.slash(town.general, "usage"))
    assert shown(mine).startswith("### Your usage, last 30 days\n**1 answer**")
    assert f"1. <#{town.general.id}>: 1 answer" in shown(mine)
    assert "Members" not in shown(mine)
    assert choices(mine) == []
    nothing = seen(await town.edsger.slash(town.general, "usage"))
    assert shown(nothing) == "### Your usage, last 30 days\nThere was no answer in these days."
    private = seen(await town.linus.user.slash("usage", days=7))
    assert shown(private).startswith("### Your usage, last 7 days\n**1 answer**")


async def test_moderator_sees_the_server_a_channel_and_a_member(office: Office) -> None:
    """With who asked, as mentions; and of a member what they asked here."""
    await office.asked()
    town, ida = office.town, office.ida
    server = seen(await ida.slash(town.general, "usage", of="server"))
    assert shown(server).startswith("### Usage in this server, last 30 days\n**1 answer**")
    assert f"**Members**\n1. <@{town.linus.id}>: 1 answer" in shown(server)
    assert choices(server) == ["me", "channel", "server"]
    here = seen(await ida.slash(town.general, "usage", of="channel"))
    assert shown(here).startswith(f"### Usage in <#{town.general.id}>, last 30 days\n**1 answer**")
    there = seen(await ida.slash(town.general, "usage", channel=office.workshop))
    assert shown(there) == f"### Usage in <#{office.workshop.id}>, last 30 days\nThere was no answer in these days."
    member = seen(await ida.slash(town.general, "usage", member=town.linus))
    assert shown(member).startswith(f"### Usage of <@{town.linus.id}> in this server, last 30 days\n**1 answer**")


async def test_manager_of_a_channel_sees_that_channel(office: Office) -> None:
    """From anywhere in the server, and no other."""
    town, carl = office.town, office.carl
    here = seen(await carl.slash(office.workshop, "usage", of="channel"))
    assert choices(here) == ["me", "channel"]
    assert shown(seen(await carl.slash(town.general, "usage", channel=office.workshop))) == shown(here)
    assert shown(seen(await carl.slash(office.workshop, "usage", channel=town.general))) == CHANNEL_ONLY
    town.env.errors.clear()


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        (lambda _: {"of": "server"}, SERVER_ONLY),
        (lambda _: {"of": "channel"}, CHANNEL_ONLY),
        (lambda _: {"of": "host"}, HOST_ONLY),
        (lambda office: {"channel": office.workshop}, CHANNEL_ONLY),
        (lambda office: {"member": office.ida}, SERVER_ONLY),
        (lambda office: {"member": office.ida, "of": "me"}, "Choose a channel or a member"),
        (lambda _: {"of": "everything\n@everyone"}, "There is no usage of “everything @everyone”."),
    ],
)
async def test_others_are_refused_in_words(
    office: Office, options: Callable[[Office], dict[str, Any]], refusal: str
) -> None:
    """Whoever may not see it reads what it takes."""
    result = await office.town.edsger.slash(office.town.general, "usage", **options(office))
    assert shown(seen(result)).startswith(refusal)
    office.town.env.errors.clear()


async def test_direct_message_has_no_server(office: Office) -> None:
    """There is only one's own, and all for the host."""
    told = await office.ida.user.slash("usage", of="server")
    assert shown(seen(told)) == "That is for servers. Here you can see your own usage: `/usage`."
    office.town.env.errors.clear()
    assert choices(seen(await office.olga.user.slash("usage"))) == ["me", "host"]


async def test_suggestions_are_what_the_person_may_see(office: Office) -> None:
    """Nobody is offered what they would be refused."""
    town = office.town

    async def offered(actor: simcord.MemberActor, channel: Any, typed: str = "") -> list[str]:
        return [choice["value"] for choice in await actor.autocomplete(channel, "usage", "of", typed)]

    assert await offered(town.edsger, town.general) == ["me"]
    assert await offered(office.carl, office.workshop) == ["me", "channel"]
    assert await offered(office.ida, town.general) == ["me", "channel", "server"]
    assert await offered(office.ida, town.general, "serv") == ["server"]
    assert await offered(office.olga, town.general) == ["me", "host"]


async def test_page_outlives_the_process(office: Office, process: Process) -> None:
    """After a restart its buttons and its menu go on: they carry all that it takes."""
    await office.asked()
    town, ida = office.town, office.ida
    page = seen(await ida.slash(town.general, "usage", of="server"))
    await town.env.restart_bot(await process.start())
    await ida.click(page, label="7 days")
    assert shown(page).startswith("### Usage in this server, last 7 days")
    await ida.click(page, label="By channel")
    await ida.select(page, ["channel"])
    assert shown(page).startswith(f"### Usage in <#{town.general.id}>, last 7 days")
    table = seen_file(await ida.click(page, label="CSV"))
    assert table.startswith("usage-")
    assert table.endswith(".csv")


def seen_file(result: simcord.InteractionResult) -> str:
    """The name of the file that the person was handed."""
    (message,) = [each for each in (result.response, *result.followups) if each is not None and each.attachments]
    assert message.ephemeral
    return str(message.attachments[0].filename)


async def test_controls_ask_for_the_right_again(office: Office) -> None:
    """Who is no moderator any more, or never was one, learns nothing from what is still on the screen."""
    await office.asked()
    town, ida = office.town, office.ida
    page = seen(await ida.slash(town.general, "usage", of="server"))
    before = shown(page)
    (role,) = [role for role in town.guild.roles.values() if role.name == "Manager"]
    town.env.backend.remove_member_role(town.guild.id, ida.id, role.id)
    attempts: list[Callable[[], Awaitable[simcord.InteractionResult]]] = [
        lambda: ida.click(page, label="7 days"),
        lambda: ida.click(page, label="CSV"),
        lambda: ida.select(page, ["server"]),
    ]
    for attempt in attempts:
        assert shown(seen_whisper(await attempt())) == SERVER_ONLY
    assert shown(page) == before


def seen_whisper(result: simcord.InteractionResult) -> simcord.ResponseMessage:
    """What only the person who pressed reads."""
    message = result.followups[-1] if result.followups else result.response
    assert message is not None
    assert message.ephemeral
    return message


async def test_host_sees_all_and_what_is_left(office: Office) -> None:
    """By servers, with the page of the providers behind a button; nobody's name."""
    await office.asked()
    town, olga = office.town, office.olga
    page = seen(await olga.slash(town.general, "usage", of="host"))
    assert "**Servers**\n1. `Parley House`: 1 answer" in shown(page)
    assert "<@" not in shown(page)
    told = seen_whisper(await olga.click(page, label="Providers"))
    assert told.content.startswith("### What the model providers took\n**default**\nToday: 1 answer")


async def test_host_alone_learns_of_the_providers(office: Office, simcord_bot: commands.Bot) -> None:
    """Whoever is not the host any more does not have the balances asked for either."""
    town, olga = office.town, office.olga
    page = seen(await olga.slash(town.general, "usage", of="host"))
    simcord_bot.owner_id = office.ida.id
    assert shown(seen_whisper(await olga.click(page, label="Providers"))).startswith(HOST_ONLY)
    assert town.provider.billing.paths == []
