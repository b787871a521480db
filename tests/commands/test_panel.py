"""The panel of /settings as members, moderators of a channel and those of the server use it."""

from __future__ import annotations

from typing import Any

import discord

from bot.place_settings.managing import MANAGERS_ONLY, SERVER_MANAGERS_ONLY, SOMEBODY_ELSES
from bot.place_settings.panel import ELSEWHERE
from bot.place_settings.table import SETTINGS
from bot.setting import Group
from sandbox.provider import MODEL
from tests.commands.council import Council, OpenPanel, told
from tests.commands.process import Process

PAGES = {
    "model": Group.MODEL,
    "temperature": Group.WRITING,
    "trigger": Group.ANSWERING,
    "show_tools": Group.APPEARANCE,
    "time_zone": Group.SAFETY,
    "log_channel": Group.SAFETY,
}


async def shown(panel: OpenPanel, name: str) -> OpenPanel:
    """The panel, turned to the page of a setting."""
    await panel.choose("page", PAGES[name])
    return panel


async def test_panel_shows_what_counts_and_where_it_comes_from(council: Council) -> None:
    """The host's, the server's, the channel's own, and what is left to the provider."""
    await council.does("set", who=council.olaf, name="seed", value="7", where="server")
    await council.does("set", name="temperature", value="0.5")
    panel = await council.opens()
    assert panel.line("model") == f"**model** · `{MODEL}` · the host"
    assert panel.line("fallback") == "**fallback** · not set"
    await shown(panel, "temperature")
    assert panel.line("temperature") == "**temperature** · `0.5` · **this channel**"
    assert panel.line("top_p") == "**top_p** · left to the provider"
    await panel.who.click(panel.message, label="▶")
    assert panel.line("verbosity").endswith("left to the provider")
    await panel.who.click(panel.message, label="◀")
    await panel.choose("place", "The server")
    assert panel.line("temperature") == "**temperature** · left to the provider"
    assert f"⚠️ Where you are, <#{council.town.general.id}> has `0.5`." in panel.text


async def test_panel_has_every_setting_on_one_of_its_pages(council: Council) -> None:
    """Of the server's place all, with what is as long as it may be; each page fits a message of Discord's."""
    longest = {
        "stop": "|".join(["`@everyone`" * 9] * 4),
        "system_prompt": "@everyone " * 300,
        "languages": "|".join(["x" * 100] * 10),
        "allowed_roles": "|".join(map(str, range(1300000000000000001, 1300000000000000026))),
        "fallback": "|".join(["y" * 200] * 5),
        "logit_bias": "{" + ",".join(f'"{n}": 1' for n in range(300)) + "}",
    }
    where: dict[str, Any] = {"who": council.olaf, "channel": council.parlour, "where": "server"}
    for name in SETTINGS.keys() - {"server_tools"}:  # of which the model here has none
        await council.does("set", name=name, value=longest.get(name, SETTINGS[name].example), **where)
    panel = await council.opens(council.olaf, council.parlour)
    await panel.choose("place", "The server")
    found = set[str]()
    for group in Group:
        await panel.choose("page", group)
        while True:
            assert len(panel.parts) <= 40
            assert len(panel.text) <= 4000
            found |= {name for name in SETTINGS if f"**{name}** · " in panel.text}
            further = [part for part in panel.parts if part.get("label") == "▶"]
            if not further or further[0]["disabled"]:
                break
            await panel.who.click(panel.message, label="▶")
    assert found == set(SETTINGS)


async def test_switch_is_turned_by_one_press_and_inherited_again(council: Council) -> None:
    """The panel shows at once what holds then; taken back, the host's counts."""
    panel = await shown(await council.opens(), "show_tools")
    assert (panel.line("show_tools"), panel.button("show_tools")["label"]) == (
        "**show_tools** · 🟢 on · the host",
        "Turn off",
    )
    await panel.press("show_tools")
    assert (panel.line("show_tools"), panel.button("show_tools")["label"]) == (
        "**show_tools** · 🔴 off · **this channel**",
        "Turn on",
    )
    assert [row[2:] for row in council.rows()] == [("show_tools", "false", council.nora.user.id)]
    (option,) = panel.menu("inherit")["options"]
    assert option["description"] == "🟢 on, from the host"
    await panel.choose("inherit", "show_tools")
    assert panel.line("show_tools") == "**show_tools** · 🟢 on · the host"
    assert council.rows() == []


async def test_forms_are_filled_in_with_what_counts(council: Council) -> None:
    """A number, a choice, roles, a channel; left empty they are inherited."""
    guild, general = council.town.guild, council.town.general
    role = guild.create_role("Friends")
    await council.does("set", who=council.olaf, name="temperature", value="0.5", where="server")
    panel = await shown(await council.opens(council.olaf), "temperature")
    form = await panel.press("temperature")
    assert form.modal is not None
    assert form.modal["components"][1]["component"]["value"] == "0.5"
    await panel.who.submit_modal(form, {"value": "0.7"})
    assert panel.line("temperature") == "**temperature** · `0.7` · **this channel**"
    await panel.change("temperature", value="")
    assert panel.line("temperature") == "**temperature** · `0.5` · inherited from the server"
    await shown(panel, "trigger")
    await panel.change("trigger", value="all")
    assert panel.line("trigger") == "**trigger** · `all` · **this channel**"
    await panel.change("allowed_roles", value=[role])
    assert panel.line("allowed_roles") == f"**allowed_roles** · <@&{role.id}> · **this channel**"
    await panel.change("allowed_roles", value=[])
    assert panel.line("allowed_roles") == "**allowed_roles** · not set"
    await panel.choose("place", "The server")
    await shown(panel, "log_channel")
    await panel.change("log_channel", value=[general])
    assert panel.line("log_channel") == f"**log_channel** · <#{general.id}> · **the server**"
    assert [row[2:4] for row in council.rows()][1:] == [("trigger", '"all"'), ("log_channel", general.id)]


async def test_deleted_role_in_a_rule_is_said(council: Council) -> None:
    """Its id means nothing to people any more."""
    await council.does("set", name="blocked_roles", value="1300000000000000009")
    panel = await shown(await council.opens(), "trigger")
    assert panel.line("blocked_roles") == "**blocked_roles** · a deleted role · **this channel**"


async def test_value_that_cannot_be_is_refused_and_the_panel_stays(council: Council) -> None:
    """With the setting, its range and an example."""
    panel = await shown(await council.opens(), "temperature")
    result = await panel.change("temperature", value="hot")
    assert told(result) == ["`temperature` has to be a number from 0 to 2; for example `0.7`."]
    assert panel.line("temperature") == "**temperature** · left to the provider"
    assert council.rows() == []


async def test_second_of_two_moderators_sees_what_changed(council: Council) -> None:
    """A press or a form on a panel from before is refused with who was first, and shows what holds now."""
    first, second = await council.opens(council.olaf), await council.opens()
    for panel in (first, second):
        await shown(panel, "show_tools")
    await first.press("show_tools")
    result = await second.press("show_tools")
    (sentence,) = told(result)
    assert sentence.startswith(f"`show_tools` was changed meanwhile by <@{council.olaf.user.id}>, <t:")
    assert second.line("show_tools") == "**show_tools** · 🔴 off · **this channel**"
    await shown(second, "temperature")
    form = await second.press("temperature")
    await council.does("set", who=council.olaf, name="temperature", value="1")
    assert "changed meanwhile" in told(await second.who.submit_modal(form, {"value": "0.1"}))[0]
    assert second.line("temperature") == "**temperature** · `1` · **this channel**"


async def test_category_and_server_need_their_managers(council: Council) -> None:
    """Who manages one channel looks at what is further out; its buttons are off, and a guessed one is refused."""
    guild, grace, olaf = council.town.guild, council.town.grace, council.olaf
    trusted: Any = {grace: discord.PermissionOverwrite(manage_channels=True)}
    study = guild.create_text_channel("study", category=guild.create_category("Upstairs"), overwrites=trusted)
    panel, powerful = await council.opens(grace, study), await council.opens(olaf, study)
    powerful.leak()
    for label, sentence in (("The category", MANAGERS_ONLY), ("The server", SERVER_MANAGERS_ONLY)):
        for each in (panel, powerful):
            await each.choose("place", label)
            await shown(each, "show_tools")
        assert panel.button("show_tools")["disabled"]
        assert "You can look" in panel.text
        result = await powerful.press("show_tools", who=grace)
        assert told(result) == [sentence]
    await panel.choose("place", "This channel")
    await panel.press("show_tools")
    assert [row[0] for row in council.rows()] == ["channel"]


async def test_member_who_guesses_another_s_panel_is_refused(council: Council) -> None:
    """Looking takes a panel of one's own, changing the permission."""
    edsger, panel = council.town.edsger, await shown(await council.opens(), "show_tools")
    panel.leak()
    page = panel.menu("page")
    result = await edsger.select(panel.message, [page["options"][0]["value"]], custom_id=page["custom_id"])
    assert told(result) == [SOMEBODY_ELSES]
    assert told(await panel.press("show_tools", who=edsger)) == [MANAGERS_ONLY]
    await shown(panel, "temperature")
    assert told(await panel.press("temperature", who=edsger)) == [MANAGERS_ONLY]
    assert council.rows() == []


async def test_panel_works_after_a_restart(council: Council, process: Process) -> None:
    """Its menus, its buttons, and a form that was open meanwhile."""
    panel = await shown(await council.opens(), "temperature")
    form = await panel.press("temperature")
    await council.town.env.restart_bot(await process.start())
    await panel.who.submit_modal(form, {"value": "0.7"})
    assert panel.line("temperature") == "**temperature** · `0.7` · **this channel**"
    await shown(panel, "show_tools")
    await panel.press("show_tools")
    assert (await council.asked())["temperature"] == 0.7
    assert [row[2] for row in council.rows()] == ["temperature", "show_tools"]


async def test_model_is_chosen_from_a_list_or_typed(council: Council) -> None:
    """What is chosen goes before what is typed, and what is not offered is asked for as it stands."""
    panel = await council.opens()
    await panel.change("model", value="another-model")
    assert panel.line("model") == "**model** · `another-model` · **this channel**"
    await panel.change("model", value="another-model", pick=[f"default/{MODEL}"])
    assert panel.line("model") == f"**model** · `default/{MODEL}` · **this channel**"
    assert (await council.asked())["model"] == MODEL


async def test_tools_are_pages_of_switches(council: Council) -> None:
    """Groups first; a tool that its group has off can be turned on alone."""
    panel = await council.opens()
    await panel.choose("page", Group.TOOLS)
    assert panel.line("group:games") == "**group:games** · 🟢 on · not switched"
    await panel.press("group:games")
    assert panel.line("group:games") == "**group:games** · 🔴 off · **this channel**"
    while "**roll**" not in panel.text:
        await panel.who.click(panel.message, label="▶")
    assert panel.line("roll") == "**roll** · 🔴 off · **this channel** by group:games"
    await panel.press("roll")
    assert panel.line("roll") == "**roll** · 🟢 on · **this channel**"
    assert f"🟢 `roll` in `group:games` · on in <#{council.town.general.id}>" in await council.does(
        "tools list", who=council.olaf
    )


async def test_budgets_are_listed_in_words(council: Council) -> None:
    """All that count here, from every place; those of the place can be taken back."""
    await council.does("set", who=council.olaf, name="budget:each:tokens:day", value="5000", where="server")
    await council.does("set", name="budget:all:dollars:month", value="3")
    panel = await council.opens()
    await panel.choose("page", Group.BUDGETS)
    assert "- **5,000 tokens** a day · each member · the server" in panel.text
    assert f"- **$3.00** a month · everybody together · <#{council.town.general.id}>" in panel.text
    await panel.choose("inherit", "budget:all")
    assert "month" not in panel.text


async def test_panel_of_a_direct_message_is_its_person_s(council: Council) -> None:
    """There is one place alone, and nothing that is a server's."""
    linus = council.town.linus.user
    result = await linus.slash("settings")
    panel = OpenPanel(linus, result)  # type: ignore[arg-type]  # people press alike in direct messages
    assert "### Settings of this direct message" in panel.text
    assert not [part for part in panel.parts if str(part.get("custom_id", "")).startswith("settings:place:")]
    await shown(panel, "show_tools")
    await panel.press("show_tools")
    assert panel.line("show_tools") == "**show_tools** · 🔴 off · **this direct message**"
    await panel.choose("page", Group.SAFETY)
    assert "retention_days" not in panel.text


async def test_panel_of_a_place_elsewhere_is_refused(council: Council) -> None:
    """A channel that was moved to another category meanwhile lies elsewhere."""
    panel = await council.opens(channel=council.parlour)
    await panel.choose("place", "The category")
    category = next(place for place in panel.menu("place")["options"] if place["default"])["value"]
    assert category.startswith("category:")
    council.town.env.backend.channels[council.parlour.id].parent_id = None
    client: Any = council.town.env.bot
    client.get_channel(council.parlour.id).category_id = None
    result = await panel.choose("page", Group.APPEARANCE)
    assert told(result) == [ELSEWHERE]
