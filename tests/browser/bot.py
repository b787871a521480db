"""A small real bot for the page to talk to: one of each thing that a bot can show."""

from __future__ import annotations

import io
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from sandbox.drawing import picture

CHINESE = {
    "ask": "提问",
    "Ask something": "问点什么",
    "question": "问题",
    "tone": "语气",
    "dry": "冷淡",
    "Quote this": "引用",
}
MODELS = ("demo/small", "demo/large", "other/tiny")


class Note(discord.ui.Modal, title="Leave a note"):
    """A form with a required line, a paragraph and a menu behind a label."""

    subject: discord.ui.TextInput[Note] = discord.ui.TextInput(label="Subject", custom_id="subject", max_length=20)
    text: discord.ui.TextInput[Note] = discord.ui.TextInput(
        label="Text", custom_id="text", style=discord.TextStyle.paragraph, required=False
    )
    mood: discord.ui.Label[Note] = discord.ui.Label(
        text="Mood",
        component=discord.ui.Select(
            custom_id="mood", options=[discord.SelectOption(label="Calm"), discord.SelectOption(label="Merry")]
        ),
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Say what was written."""
        menu = self.mood.component
        assert isinstance(menu, discord.ui.Select)
        await interaction.response.send_message(f"{self.subject.value}|{self.text.value}|{menu.values[0]}")


class Lines(discord.ui.Modal, title="Five lines"):
    """A form of five lines that are filled in already."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = [discord.ui.TextInput[Lines](label=f"Line {at}", default=f"was {at}") for at in range(1, 6)]
        for line in self.lines:
            self.add_item(line)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Say what was written."""
        await interaction.response.send_message("|".join(line.value for line in self.lines))


class Panel(discord.ui.View):
    """Buttons and menus under a message."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.add_item(discord.ui.Button(label="Elsewhere", url="https://example.org/"))

    @discord.ui.button(label="Count", custom_id="count", style=discord.ButtonStyle.primary)
    async def count(self, interaction: discord.Interaction, button: discord.ui.Button[Panel]) -> None:
        """Change the message and the button in place."""
        button.label = "Counted"
        await interaction.response.edit_message(content=f"pressed by {interaction.user.name}", view=self)

    @discord.ui.button(label="Note", custom_id="note")
    async def note(self, interaction: discord.Interaction, _button: discord.ui.Button[Panel]) -> None:
        """Open the form."""
        await interaction.response.send_modal(Note())

    @discord.ui.button(label="Long form", custom_id="lines", style=discord.ButtonStyle.success)
    async def lines(self, interaction: discord.Interaction, _button: discord.ui.Button[Panel]) -> None:
        """Open the longer form."""
        await interaction.response.send_modal(Lines())

    @discord.ui.button(label="Off", custom_id="off", disabled=True)
    async def off(self, interaction: discord.Interaction, _button: discord.ui.Button[Panel]) -> None:
        """Not to be reached."""
        raise AssertionError(interaction.id)

    @discord.ui.select(
        custom_id="fruit",
        placeholder="A fruit",
        min_values=1,
        max_values=2,
        options=[discord.SelectOption(label=name) for name in ("Pear", "Fig", "Plum")],
    )
    async def fruit(self, interaction: discord.Interaction, menu: discord.ui.Select[Panel]) -> None:
        """Say what was chosen, to who chose."""
        await interaction.response.send_message(f"fruit: {' and '.join(menu.values)}", ephemeral=True)

    @discord.ui.select(custom_id="who", placeholder="Somebody", cls=discord.ui.UserSelect)
    async def who(self, interaction: discord.Interaction, menu: discord.ui.UserSelect[Panel]) -> None:
        """Name the chosen member."""
        await interaction.response.send_message(f"chose {menu.values[0].display_name}")


class Translator(app_commands.Translator):
    """The words of one command in Chinese."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        _context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """A word that is known."""
        return CHINESE.get(string.message) if locale is discord.Locale.chinese else None


class Housekeeper(commands.Bot):
    """A bot with the commands that the tests of the page run; it says nothing by itself."""

    def __init__(self) -> None:
        super().__init__("!", intents=discord.Intents.all(), guild_ready_timeout=0.05)

    async def setup_hook(self) -> None:
        """Register the commands."""
        await self.tree.set_translator(Translator())
        self.tree.add_command(ask)
        self.tree.add_command(gather)
        self.tree.add_command(quote)
        self.tree.add_command(greet)
        self.tree.add_command(annotate)
        self.tree.add_command(tidy)
        self.tree.command(name="ping", description="Answer to you alone")(ping)
        self.tree.command(name="chart", description="A picture for you alone")(chart)
        await self.tree.sync()

    def room(self, channel_id: int) -> discord.TextChannel:
        """A text channel that the bot sees."""
        channel = self.get_channel(channel_id)
        assert isinstance(channel, discord.TextChannel)
        return channel


@app_commands.command(name="ask", description="Ask something")
@app_commands.describe(question="What you want to know", model="Which model answers")
async def ask(
    interaction: discord.Interaction,
    question: app_commands.Range[str, 3, 100],
    model: str | None = None,
    times: app_commands.Range[int, 1, 9] | None = None,
    tone: Literal["dry", "warm"] | None = None,
    whom: discord.Member | None = None,
) -> None:
    """Answer with all that was asked."""
    name = whom.display_name if whom is not None else None
    await interaction.response.send_message(f"{question}|{model}|{times}|{tone}|{name}")


@app_commands.command(name="gather", description="Take one of each")
async def gather(
    interaction: discord.Interaction,
    where: discord.TextChannel,
    role: discord.Role,
    anything: discord.Member | discord.Role,
    really: bool,
    much: app_commands.Range[float, 0, 3],
    paper: discord.Attachment,
) -> None:
    """Answer with all that was filled in."""
    named = (
        f"{where.name}|{role.name}|{anything.mention if isinstance(anything, discord.Role) else anything.display_name}"
    )
    await interaction.response.send_message(f"{named}|{really}|{much}|{paper.filename}")


@ask.autocomplete("model")
async def suggest_models(_interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """The models whose name contains what is typed."""
    return [app_commands.Choice(name=model.upper(), value=model) for model in MODELS if current in model]


async def chart(interaction: discord.Interaction) -> None:
    """Answer with a picture that only the asker sees."""
    file = discord.File(io.BytesIO(picture("usage", "256x128")), "chart.png")
    await interaction.response.send_message("your usage", file=file, ephemeral=True)


async def ping(interaction: discord.Interaction) -> None:
    """Answer so that only the asker sees it."""
    await interaction.response.send_message("only for your eyes", ephemeral=True)


@app_commands.context_menu(name="Quote this")
async def quote(interaction: discord.Interaction, message: discord.Message) -> None:
    """Say the message again."""
    await interaction.response.send_message(f"quoted: {message.content}")


@app_commands.context_menu(name="Greet")
async def greet(interaction: discord.Interaction, member: discord.Member) -> None:
    """Say hello to somebody."""
    await interaction.response.send_message(f"hello {member.display_name}")


@app_commands.context_menu(name="Annotate")
async def annotate(interaction: discord.Interaction, _message: discord.Message) -> None:
    """Open the form."""
    await interaction.response.send_modal(Note())


@app_commands.context_menu(name="Tidy up")
@app_commands.default_permissions(manage_messages=True)
@app_commands.guild_only()
async def tidy(interaction: discord.Interaction, _message: discord.Message) -> None:
    """Say that it is done."""
    await interaction.response.send_message("tidy", ephemeral=True)
