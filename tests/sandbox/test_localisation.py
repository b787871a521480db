"""Commands in several languages: what Discord takes of them, and what a person and a bot see."""

from __future__ import annotations

from typing import Any

import discord
import pytest
from discord import app_commands
from discord.ext import commands
from discord.http import Route

from sandbox.wire import Refused
from sandbox.world import Sandbox
from tests.sandbox.bots import Echo
from tests.sandbox.conftest import Connect

Json = dict[str, Any]
CHINESE = {"weather": "天气", "The weather": "今天的天气", "town": "城市", "Where": "在哪里", "wet": "下雨"}


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


class Polyglot(commands.Bot):
    """A bot with one command in two languages."""

    def __init__(self) -> None:
        super().__init__("!", intents=discord.Intents.all(), guild_ready_timeout=0.05)

    async def setup_hook(self) -> None:
        """Register the command."""
        await self.tree.set_translator(Translator())
        self.tree.add_command(weather)
        await self.tree.sync()


@app_commands.command(description="The weather")
@app_commands.describe(town="Where")
async def weather(interaction: discord.Interaction, town: str) -> None:
    """Say in which languages one was asked."""
    await interaction.response.send_message(f"{town}: {interaction.locale}, {interaction.guild_locale}", ephemeral=True)


@weather.autocomplete("town")
async def towns(_interaction: discord.Interaction, _typed: str) -> list[app_commands.Choice[str]]:
    """One town."""
    return [app_commands.Choice(name=app_commands.locale_str("wet"), value="rain")]


def commands_path(sandbox: Sandbox) -> str:
    """Where the application's commands are."""
    return f"/applications/{sandbox.application_id}/commands"


async def test_translations_come_back_when_they_are_asked_for(sandbox: Sandbox, connect: Connect) -> None:
    """What was synced is listed with its translations on request, and without them otherwise."""
    bot = Polyglot()
    await connect(bot)
    route = Route("GET", commands_path(sandbox))
    [plain] = await bot.http.request(route)
    [whole] = await bot.http.request(route, params={"with_localizations": "true"})
    assert "name_localizations" not in plain
    assert "name_localizations" not in plain["options"][0]
    assert whole["name_localizations"] == {"zh-CN": "天气"}
    assert whole["options"][0]["description_localizations"] == {"zh-CN": "在哪里"}
    assert whole["id"] == plain["id"]


async def test_interaction_tells_the_languages_of_person_and_server(sandbox: Sandbox, connect: Connect) -> None:
    """The bot is told which language the person chose, and the server's; so suggestions come in theirs."""
    await connect(Polyglot())
    linus, playground = sandbox.users["linus"], sandbox.channels["playground"]
    await sandbox.people.choose_locale(linus, "zh-CN")
    sandbox.engine.get_guild(sandbox.guild_id).preferred_locale = "de"
    for user, said in ((linus, "Ulm: zh-CN, de"), (sandbox.users["ada"], "Ulm: en-US, de")):
        await sandbox.people.command(user, playground, "weather", {"town": "Ulm"})
        assert sandbox.messages(playground, user)[-1]["content"] == said
    [choice] = await sandbox.people.autocomplete(linus, playground, "weather", {}, "town")
    assert (choice["name"], choice["value"]) == ("下雨", "rain")
    with pytest.raises(Refused, match="does not speak Klingon"):
        await sandbox.people.choose_locale(linus, "Klingon")


def slash(**fields: Any) -> Json:
    """A slash command."""
    return {"name": "rain", "description": "Rain", "type": 1, **fields}


def option(name: str, **fields: Any) -> Json:
    """A text option."""
    return {"type": 3, "name": name, "description": "x", **fields}


@pytest.mark.parametrize(
    ("commands_sent", "fault"),
    [
        ([slash(name="Rain")], "In 0.name: Command name is invalid"),
        ([slash(name="rain now")], "In 0.name: Command name is invalid"),
        ([slash(name="x" * 33)], "In 0.name: Must be between 1 and 32 in length."),
        ([slash(description="")], "In 0.description: Must be between 1 and 100 in length."),
        ([slash(), slash()], "In 1.name: Application command names must be unique"),
        ([slash(name_localizations={"cn": "雨"})], "In 0.name_localizations.cn: Value must be one of {"),
        ([slash(name_localizations={"zh-CN": "下 雨"})], "In 0.name_localizations.zh-CN: Command name is invalid"),
        ([slash(name_localizations={"de": "Regen"})], "In 0.name_localizations.de: Command name is invalid"),
        ([slash(description_localizations={"de": "x" * 101})], "In 0.description_localizations.de: Must be between 1"),
        ([slash(options=[option("a"), option("b", required=True)])], "In 0.options.1: Required options must be placed"),
        ([slash(options=[option("a"), option("a")])], "In 0.options.1.name: Option name already exists"),
        (
            [slash(options=[option("a"), option("b", name_localizations={"de": "a"})])],
            "In 0.options.1.name_localizations.de: Option name already exists",
        ),
        ([slash(options=[option(f"o{number}") for number in range(26)])], "In 0.options: Must be 25 or fewer"),
        (
            [slash(options=[option("a", choices=[{"name": "x", "value": "x" * 101}])])],
            "In 0.options.0.choices.0.value: Must be between 1 and 100 in length.",
        ),
        (
            [
                slash(
                    options=[option(f"o{n}", choices=[{"name": "x" * 100, "value": "y" * 100}] * 25) for n in range(2)]
                )
            ],
            "Command exceeds maximum size (8000)",
        ),
        ([{"name": "Ask", "type": 3, "description": "x"}], "In 0.description: Must be between 0 and 0 in length."),
        ([{"name": f"Ask {number}", "type": 3} for number in range(16)], "(error code: 30032)"),
        ([slash(name=f"rain{number}") for number in range(101)], "(error code: 30032)"),
    ],
)
async def test_commands_that_discord_refuses_are_told_by_their_field(
    sandbox: Sandbox, echo: Echo, commands_sent: list[Json], fault: str
) -> None:
    """Names, languages, numbers and sizes are checked, and what was registered before stays."""
    await echo.http.request(Route("PUT", commands_path(sandbox)), json=[slash(name="kept")])
    with pytest.raises(discord.HTTPException) as caught:
        await echo.http.request(Route("PUT", commands_path(sandbox)), json=commands_sent)
    assert fault in str(caught.value)
    assert [name for name, _ in sandbox.engine.commands[None]] == ["kept"]


@pytest.mark.parametrize("name", ["雨", "it's-raining_2", "मौसम", "อากาศ"])
async def test_names_of_every_script_are_taken(sandbox: Sandbox, echo: Echo, name: str) -> None:
    """A name may be written in any script that Discord allows."""
    taken = await echo.http.request(Route("POST", commands_path(sandbox)), json=slash(name_localizations={"hi": name}))
    assert taken["name_localizations"] == {"hi": name}


async def test_longest_language_counts_for_the_size(sandbox: Sandbox, echo: Echo) -> None:
    """Translations do not add up: of each text the longest counts."""
    long = dict.fromkeys(("de", "fr", "ja", "zh-CN"), "x" * 100)
    options = [option(f"o{number}", description_localizations=long) for number in range(25)]
    await echo.http.request(Route("PUT", commands_path(sandbox)), json=[slash(options=options)])
    assert sandbox.engine.commands[None]["rain", 1]["options"] == options


async def test_nobody_changed_who_may_use_a_command(sandbox: Sandbox, echo: Echo) -> None:
    """A server that changed no command's permissions has none to show, for all commands and for one."""
    made = await echo.http.request(Route("POST", commands_path(sandbox)), json=slash())
    path = f"/applications/{sandbox.application_id}/guilds/{sandbox.guild_id}/commands"
    assert await echo.http.request(Route("GET", f"{path}/permissions")) == []
    with pytest.raises(discord.NotFound, match="10066"):
        await echo.http.request(Route("GET", f"{path}/{made['id']}/permissions"))
