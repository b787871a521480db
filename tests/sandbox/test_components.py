"""Components and forms as discord.py sends them, and what Discord refuses of them, told by the path of the field."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
from discord import app_commands, ui
from discord.http import Route

from sandbox.wire import Refused
from sandbox.world import Sandbox
from tests.sandbox.bots import Echo, Workshop
from tests.sandbox.conftest import Connect

Json = dict[str, Any]
V2 = 1 << 15
TEXT = {"type": 10, "content": "hello"}
THUMBNAIL = {"type": 11, "media": {"url": "https://example.org/a.png"}}


class Panel(ui.LayoutView):
    """One of each component that a message may show."""

    def __init__(self, moderator_role: int, channel: int) -> None:
        super().__init__(timeout=None)
        box: ui.Container[Panel] = ui.Container(accent_colour=0x123456)
        box.add_item(ui.Section("### Model", "echo", accessory=ui.Button(label="Change", custom_id="change")))
        box.add_item(ui.Section("A picture", accessory=ui.Thumbnail("attachment://face.png", description="A face")))
        box.add_item(ui.Separator(spacing=discord.SeparatorSpacing.large))
        box.add_item(ui.MediaGallery(discord.MediaGalleryItem("attachment://face.png", spoiler=True)))
        box.add_item(ui.File("attachment://notes.txt"))
        menus: list[ui.Item[Any]] = [
            ui.Select(
                custom_id="model",
                min_values=0,
                max_values=2,
                options=[discord.SelectOption(label=name, emoji="⚙️", default=name == "b") for name in "abc"],
            ),
            ui.UserSelect(custom_id="users", max_values=3),
            ui.RoleSelect(custom_id="roles", default_values=[discord.Object(moderator_role, type=discord.Role)]),
            ui.ChannelSelect(
                custom_id="channels",
                channel_types=[discord.ChannelType.text],
                default_values=[discord.Object(channel, type=discord.abc.GuildChannel)],
            ),
            ui.MentionableSelect(custom_id="both", disabled=True),
        ]
        for menu in menus:
            box.add_item(ui.ActionRow(menu))
        self.add_item(ui.TextDisplay("# Settings")).add_item(box)


class Form(ui.Modal, title="Everything"):
    """One of each field that a form may have."""

    prompt: ui.Label[Form] = ui.Label(
        text="Prompt",
        description="What the model is told",
        component=ui.TextInput(
            style=discord.TextStyle.paragraph, custom_id="prompt", default="Be kind.", max_length=4000
        ),
    )
    mode: ui.Label[Form] = ui.Label(
        text="Mode",
        component=ui.Select(
            custom_id="mode",
            options=[discord.SelectOption(label="Append", default=True), discord.SelectOption(label="Replace")],
        ),
    )
    role: ui.Label[Form] = ui.Label(
        text="Role", component=ui.RoleSelect(custom_id="role", required=False, min_values=0)
    )
    room: ui.Label[Form] = ui.Label(text="Room", component=ui.ChannelSelect(custom_id="room"))
    paper: ui.Label[Form] = ui.Label(
        text="A longer prompt", component=ui.FileUpload(custom_id="paper", required=False, max_values=2)
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Say all that was filled in."""
        values = [item.component for item in (self.mode, self.role, self.room, self.paper)]
        mode, role, room, paper = values
        assert isinstance(self.prompt.component, ui.TextInput)
        assert isinstance(mode, ui.Select)
        assert isinstance(role, ui.RoleSelect)
        assert isinstance(room, ui.ChannelSelect)
        assert isinstance(paper, ui.FileUpload)
        said = [
            str(len(self.prompt.component.value)),
            *mode.values,
            *(value.name for value in (*role.values, *room.values)),
        ]
        said += [(await file.read()).decode() for file in paper.values]
        await interaction.response.send_message("|".join(said), ephemeral=True)


@app_commands.command(description="Open the form")
async def form(interaction: discord.Interaction) -> None:
    """Open the form."""
    await interaction.response.send_modal(Form())


async def post(sandbox: Sandbox, client: discord.Client, body: Json) -> None:
    """Post a message's raw JSON."""
    await client.http.request(Route("POST", f"/channels/{sandbox.channels['general']}/messages"), json=body)


def button(number: int = 0, **fields: Any) -> Json:
    """A button of its own id."""
    return {"type": 2, "style": 2, "label": "Press", "custom_id": f"button {number}", **fields}


def menu(options: int, **fields: Any) -> Json:
    """A select menu."""
    names = [{"label": f"Option {number}", "value": str(number)} for number in range(options)]
    return {"type": 3, "custom_id": "menu", "options": names, **fields}


def row(*components: Json) -> Json:
    """An action row."""
    return {"type": 1, "components": list(components)}


def text_input(**fields: Any) -> Json:
    """A line of text in a form."""
    return {"type": 4, "custom_id": "text", "style": 1, **fields}


def label(component: Json, **fields: Any) -> Json:
    """A labelled field of a form."""
    return {"type": 18, "label": "Label", "component": component, **fields}


async def test_every_component_of_a_panel_is_taken_and_used(sandbox: Sandbox, echo: Echo) -> None:
    """A panel with sections, pictures, files and all menus is posted, and a choice reaches the bot resolved."""
    general, grace = sandbox.channels["general"], sandbox.users["grace"]
    files = [discord.File(io.BytesIO(b"\x89PNG"), "face.png"), discord.File(io.BytesIO(b"words"), "notes.txt")]
    panel = Panel(sandbox.house.roles["moderator"], general)
    message = await echo.get_partial_messageable(general).send(view=panel, files=files)
    [kept] = sandbox.messages(general)
    box = kept["components"][1]
    assert box["components"][1]["accessory"]["media"]["url"] == kept["attachments"][0]["url"]
    assert box["components"][7]["components"][0]["default_values"][0]["type"] == "role"
    heard: list[Any] = []
    for custom_id, values in (("model", ["a", "b"]), ("users", [grace]), ("channels", [sandbox.channels["questions"]])):
        using = asyncio.create_task(sandbox.people.choose(grace, general, message.id, custom_id, values))
        interaction = await echo.wait_for("interaction", timeout=10)
        heard.append(interaction.data)
        await interaction.response.defer()
        assert (await using).status == "nothing"
    assert [data["values"] for data in heard] == [
        ["a", "b"],
        [str(grace)],
        [str(sandbox.channels["questions"])],
    ]
    with pytest.raises(Refused, match="disabled"):
        await sandbox.people.choose(grace, general, message.id, "both", [grace])
    with pytest.raises(Refused, match="Choose between 0 and 2"):
        await sandbox.people.choose(grace, general, message.id, "model", ["a", "b", "c"])


async def test_every_field_of_a_form_comes_back(sandbox: Sandbox, connect: Connect) -> None:
    """A long text, a choice, a role, a channel and files are filled in and reach the bot; optional ones stay empty."""
    bot = Workshop()
    bot.tree.add_command(form)
    await connect(bot)
    grace, playground = sandbox.users["grace"], sandbox.channels["playground"]
    for role, papers, end in (
        (
            [sandbox.house.roles["moderator"]],
            [("more.txt", b"and more"), ("most.txt", b"and most")],
            "|and more|and most",
        ),
        ([], [], ""),
    ):
        shown = await sandbox.people.command(grace, playground, "form")
        assert shown.modal is not None
        assert shown.modal["components"][0]["component"]["value"] == "Be kind."
        fields = {"prompt": "x" * 4000, "mode": ["Replace"], "role": role, "room": [playground], "paper": papers}
        await sandbox.people.submit(grace, shown.interaction_id, fields)
        said = sandbox.messages(playground, grace)[-1]["content"]
        assert said == f"4000|Replace|{'Moderator|' if role else ''}playground{end}"


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"content": "x" * 2001}, "In content: Must be 2000 or fewer in length."),
        (
            {"content": "x", "components": [row(button(), button())]},
            "In components.0.components.1.custom_id: Component",
        ),
        (
            {"content": "x", "components": [row(button(custom_id="x" * 101))]},
            "In components.0.components.0.custom_id: Must be between 1 and 100",
        ),
        ({"content": "x", "components": [row(button(label="x" * 81))]}, "In components.0.components.0.label: "),
        ({"content": "x", "components": [row(button(label=None))]}, "In components.0.components.0: A button must have"),
        (
            {"content": "x", "components": [row(button(emoji={"name": "x"}))]},
            "In components.0.components.0.emoji.name: Invalid emoji",
        ),
        (
            {"content": "x", "components": [row({"type": 2, "style": 5, "label": "x", "url": "javascript:alert(1)"})]},
            "In components.0.components.0.url: Scheme",
        ),
        ({"content": "x", "components": [row(*(button(number) for number in range(6)))]}, "In components.0: "),
        ({"content": "x", "components": [row(menu(26))]}, "In components.0.components.0: options must contain"),
        (
            {"content": "x", "components": [row(menu(1, max_values=3))]},
            "In components.0.components.0.options: Must be between 3 and 25",
        ),
        ({"content": "x", "components": [row(menu(2, min_values=2))]}, "In components.0.components.0: min_values"),
        (
            {
                "content": "x",
                "components": [row({"type": 6, "custom_id": "r", "default_values": [{"id": "1", "type": "user"}]})],
            },
            "In components.0.components.0.default_values.0.type: Value must be one of",
        ),
        (
            {
                "content": "x",
                "components": [row({"type": 5, "custom_id": "u", "default_values": [{"id": "1", "type": "user"}] * 2})],
            },
            "In components.0.components.0.default_values: Must be between 1 and 1",
        ),
        (
            {"content": "x", "components": [row(button(number)) for number in range(6)]},
            "In components: legacy messages",
        ),
        ({"content": "x", "components": [TEXT]}, "In components: V2 components require"),
        ({"content": "x", "components": [TEXT], "flags": V2}, "In components: components_v2 messages cannot contain"),
        ({"components": [TEXT] * 41, "flags": V2}, "In components: messages may contain at most 40"),
        ({"components": [{"type": 10, "content": "x" * 1001}] * 4, "flags": V2}, "4000-character total"),
        (
            {"components": [{"type": 17, "components": []}], "flags": V2},
            "In components.0.components: This field is required",
        ),
        ({"components": [{"type": 9, "components": [TEXT]}], "flags": V2}, "In components.0: sections require"),
        (
            {"components": [{"type": 9, "components": [TEXT] * 4, "accessory": THUMBNAIL}], "flags": V2},
            "In components.0: sections must contain between 1 and 3",
        ),
        (
            {"components": [{"type": 13, "file": {"url": "https://example.org/a.txt"}}], "flags": V2},
            "In components.0.file.url: File components take attachments only.",
        ),
        (
            {"components": [{"type": 12, "items": [{"media": {"url": "attachment://missing.png"}}]}], "flags": V2},
            "has no uploaded file",
        ),
    ],
)
async def test_messages_that_discord_refuses_are_told_by_their_field(
    sandbox: Sandbox, echo: Echo, body: Json, fault: str
) -> None:
    """Each limit of components is error 50035 with the path of what is wrong, and nothing is posted."""
    with pytest.raises(discord.HTTPException) as caught:
        await post(sandbox, echo, body)
    assert caught.value.code == 50035
    assert fault in str(caught.value)
    assert sandbox.messages(sandbox.channels["general"]) == []


@pytest.fixture
async def opened(sandbox: Sandbox, echo: Echo) -> AsyncIterator[discord.Interaction]:
    """An interaction that waits for its first answer."""
    guild, playground = sandbox.guild_id, sandbox.channels["playground"]
    await echo.http.upsert_guild_command(sandbox.application_id, guild, {"name": "open", "description": "x", "type": 1})
    using = asyncio.create_task(sandbox.people.command(sandbox.users["ada"], playground, "open"))
    yield await echo.wait_for("interaction", timeout=10)
    using.cancel()


async def answer(interaction: discord.Interaction, client: discord.Client, kind: int, data: Json) -> None:
    """Answer an interaction with raw JSON."""
    path = f"/interactions/{interaction.id}/{interaction.token}/callback"
    await client.http.request(Route("POST", path), json={"type": kind, "data": data})


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"title": "x" * 46}, "In data.title: must be 45 or fewer characters"),
        (
            {"components": [label(text_input(custom_id=name)) for name in "abcdef"]},
            "In data.components: must contain between 1 and 5",
        ),
        (
            {"components": [label(text_input()), label(text_input())]},
            "In data.components.1.component.custom_id: Component",
        ),
        ({"components": [label(text_input(max_length=4001))]}, "In data.components.0.component.max_length: "),
        (
            {"components": [label(text_input(value="x" * 4001))]},
            "In data.components.0.component.value: Must be 4000 or fewer in length.",
        ),
        (
            {"components": [label(text_input(value="xx", max_length=1))]},
            "In data.components.0.component.value: Must be 1 ",
        ),
        ({"components": [label(text_input(), label="x" * 46)]}, "In data.components.0.label: must be 45 or fewer"),
        ({"components": [label(text_input(), description="x" * 101)]}, "In data.components.0.description: must be 100"),
        (
            {"components": [label(menu(2, disabled=True))]},
            "In data.components.0.component.disabled: Components in a modal",
        ),
        (
            {"components": [label({"type": 19, "custom_id": "f", "max_values": 11})]},
            "In data.components.0.component.max_values: ",
        ),
        ({"components": [row(menu(2))]}, "In data.components.0.components.0.type: Value must be one of (4,)."),
        ({"components": [row(text_input())]}, "In data.components.0.components.0.label: Could not interpret"),
        ({"components": [row(button())]}, "In data.components.0.components.0.type: Value must be one of (4,)."),
        ({"components": [label(button())]}, "In data.components.0.component: must contain one modal control"),
    ],
)
async def test_forms_that_discord_refuses_are_told_by_their_field(
    echo: Echo, opened: discord.Interaction, fields: Json, fault: str
) -> None:
    """Each limit of forms is error 50035 with the path of what is wrong, and the interaction can still be answered."""
    good = {"title": "Form", "custom_id": "form", "components": [label(text_input())]}
    with pytest.raises(discord.HTTPException) as caught:
        await answer(opened, echo, 9, good | fields)
    assert caught.value.code == 50035
    assert fault in str(caught.value)
    await answer(opened, echo, 9, good)


async def test_components_of_an_answer_are_told_below_its_data(echo: Echo, opened: discord.Interaction) -> None:
    """The path of a fault in an interaction's answer begins with `data`, as its form does."""
    with pytest.raises(discord.HTTPException, match=r"In data\.components\.0\.components\.0: options must"):
        await answer(opened, echo, 4, {"content": "x", "components": [row(menu(26))]})


@pytest.mark.parametrize(
    ("choices", "fault"),
    [
        ([{"name": "x", "value": "x"}] * 26, "In data.choices: Must be 25 or fewer in length."),
        ([{"name": "x" * 101, "value": "x"}], "In data.choices.0.name: Must be between 1 and 100 in length."),
        ([{"name": "x", "value": "x" * 101}], "In data.choices.0.value: Must be between 1 and 100 in length."),
        (
            [{"name": "x", "value": "x", "name_localizations": {"zh-CN": ""}}],
            "In data.choices.0.name_localizations.zh-CN: Must be between 1 and 100 in length.",
        ),
    ],
)
async def test_suggestions_that_discord_refuses_are_told_by_their_field(
    echo: Echo, opened: discord.Interaction, choices: list[Json], fault: str
) -> None:
    """At most 25 choices of 100 characters are suggested."""
    with pytest.raises(discord.HTTPException) as caught:
        await answer(opened, echo, 8, {"choices": choices})
    assert fault in str(caught.value)
