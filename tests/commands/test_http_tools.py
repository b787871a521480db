"""Tools without code: moderators fill in a form, and people have a slash command at once."""

from __future__ import annotations

import hmac
import json
from typing import Any

import pytest
import simcord
from cryptography.fernet import Fernet

from bot.http_tools.panel import NOT_SAVED
from bot.settings import Settings
from tests.commands.desk import SECRET, Desk, filled_in, said, text_of
from tests.tools.endpoint import Endpoint


@pytest.fixture
def settings(settings: Settings, weather: Endpoint) -> Settings:
    """The host opens the loopback address, for this test alone, and can keep secrets."""
    given = {"tool_unsafe_addresses": weather.address, "secrets_key": Fernet.generate_key().decode()}
    return type(settings).model_validate(settings.model_dump() | given)


async def test_added_tool_is_a_command_at_once(desk: Desk) -> None:
    """Everybody has it with its options; the endpoint learns who calls and what with, and its words are shown."""
    assert text_of(await desk.added()).startswith("### `/weather`: people have it as a slash command, and the model")
    assert "weather" in desk.town.edsger.available_commands(desk.town.general)
    used = await desk.town.edsger.slash(desk.town.general, "weather", city="Bern")
    assert (said(used), used.ephemeral) == (["Sunny in Bern."], False)
    (asked,) = desk.endpoint.asked
    body = json.loads(asked.body)
    assert body.pop("idempotency_key") == asked.headers["idempotency-key"]
    assert body == {
        "tool": "weather",
        "arguments": {"city": "Bern", "days": 3},
        "caller": {
            "user_id": str(desk.town.edsger.id),
            "guild_id": str(desk.town.guild.id),
            "channel_id": str(desk.town.general.id),
            "run_id": None,
        },
    }
    (noted,) = desk.rows("http_tool_calls")
    assert (noted["user_id"], noted["status"], noted["outcome"]) == (desk.town.edsger.id, 200, "done")


async def test_added_tool_is_a_function_for_the_model(desk: Desk) -> None:
    """The model is told of it with the next question, with the same parameters, and no more when it is gone."""
    await desk.added()
    assert "weather" in await desk.offered()
    tools: Any = desk.town.provider.requests[-1].body["tools"]
    (told,) = [tool["function"] for tool in tools if tool["function"]["name"] == "weather"]
    assert told["description"] == "Tell the weather of a city"
    assert told["parameters"]["properties"]["days"]["maximum"] == 7
    await desk.does("edit", name="weather", enabled=False)
    assert "weather" not in await desk.offered()


async def test_options_have_the_limits_of_the_parameters(desk: Desk) -> None:
    """Discord does not even send what a parameter cannot be."""
    await desk.added()
    for options in ({}, {"city": "Bern", "days": 8}):
        with pytest.raises(simcord.OptionError):
            await desk.town.edsger.slash(desk.town.general, "weather", **options)


async def test_help_names_the_tools_of_the_server(desk: Desk) -> None:
    """What was added here stands beside what the bot brings along, and in no direct message."""
    await desk.added()
    edsger = desk.town.edsger
    there, alone = await edsger.slash(desk.town.general, "help"), await edsger.user.slash("help")
    assert there.response is not None
    await edsger.click(there.response, label="Tools")
    await edsger.user.click(alone.response, label="Tools")
    assert "`/weather`: Tell the weather of a city" in there.response.content
    assert "`/weather`" not in alone.response.content


async def test_tool_of_a_server_keeps_its_words(desk: Desk) -> None:
    """What a moderator wrote is not translated, though it says what one of the bot's own commands says."""
    await desk.added(parameters='question: string "What to ask"')
    (command,) = desk.town.env.backend.commands[desk.town.guild.id].values()
    assert "zh" not in str(command)
    assert "zh-CN" in str(desk.town.env.backend.commands[None])


async def test_request_is_signed_with_the_secret(desk: Desk) -> None:
    """Whoever knows the secret can tell that the bot asks, and when; the database and the card do not show it."""
    card = text_of(await desk.added(secret=SECRET))
    assert "signed with its secret" in card
    assert SECRET not in card
    (row,) = desk.rows("http_tools")
    assert SECRET not in str(row)
    await desk.town.edsger.slash(desk.town.general, "weather", city="Bern")
    (asked,) = desk.endpoint.asked
    signed = asked.headers["x-parley-timestamp"].encode() + b"." + asked.body
    assert asked.headers["x-parley-signature"] == f"v1={hmac.digest(SECRET.encode(), signed, 'sha256').hex()}"


async def test_get_carries_the_arguments_in_the_query(desk: Desk) -> None:
    """The caller's ids are a header there, and both are signed."""
    await desk.added(endpoint=f"GET {desk.endpoint.url}?units=c", secret=SECRET)
    await desk.town.edsger.slash(desk.town.general, "weather", city="Bern & Biel")
    (asked,) = desk.endpoint.asked
    assert (asked.method, asked.path, asked.body) == ("GET", "/page?units=c&days=3&city=Bern+%26+Biel", b"")
    assert json.loads(asked.headers["x-parley-caller"])["user_id"] == str(desk.town.edsger.id)
    query, caller = asked.path.partition("?")[2], asked.headers["x-parley-caller"]
    signed = f"{asked.headers['x-parley-timestamp']}.{query}.{caller}".encode()
    assert asked.headers["x-parley-signature"] == f"v1={hmac.digest(SECRET.encode(), signed, 'sha256').hex()}"


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("name", "Weather!", "Name: Weather! cannot be a name. Take 1 to 32 of a-z, 0-9, - and _."),
        ("name", "ask", "Name: there is a command or a tool named ask already. Choose another name."),
        ("name", "tools", "Name: there is a command or a tool named tools already. Choose another name."),
        ("description", " \n", "Description: it has 0 characters, and 1 to 500 are right: say what the tool does, for"),
        ("parameters", "city: text", "Parameters:\nline 1 (`city: text`): text is no type: string, integer, number,"),
        ("parameters", '{"type": "list"}', "Parameters: The JSON schema has to describe an object: "),
        ("endpoint", "FETCH https://name.example", "Endpoint: FETCH is no method: GET, POST, PUT, PATCH, DELETE; for"),
        (
            "endpoint",
            "https://name.example",
            "Endpoint: name.example may not be asked: whoever runs this bot can allow",
        ),
        (
            "endpoint",
            "http://10.0.0.1/",
            "Endpoint: Only https is asked: write https:// at the beginning of the address.",
        ),
        (
            "endpoint",
            "https://name.example/größe",
            "Endpoint: an address holds plain letters, and %20 and the like for",
        ),
        (
            "endpoint",
            "GET https://name.example/ x",
            "Endpoint: an address holds plain letters, and %20 and the like for",
        ),
        ("secret", "short", "Secret: it has 5 characters, and 16 to 200 are right; leave the field empty to change"),
    ],
)
async def test_wrong_field_is_named_and_nothing_typed_is_lost(
    desk: Desk, field: str, typed: str, sentence: str
) -> None:
    """The reason stands there with a button that opens the form again as it was; then it can be saved."""
    wrong = await desk.added(**{field: typed})
    assert text_of(wrong).startswith(f"{NOT_SAVED}\n{sentence}")
    assert desk.rows("http_tools") == []
    assert wrong.response is not None
    again = await desk.ida.click(wrong.response, label="Correct it")
    expected = desk.typed(**{field: typed}) | {"secret": ""}
    assert filled_in(again) == expected
    assert "### `/weather`" in text_of(await desk.ida.submit_modal(again, desk.typed(secret="none")))


async def test_all_wrong_fields_are_named_at_once(desk: Desk) -> None:
    """Nobody sends the form once for each."""
    told = text_of(await desk.added(name="?", description=" ", parameters="x", endpoint="x", secret="x"))
    assert [line.partition(":")[0] for line in told.split("\n") if ":" in line and not line.startswith("line")][:5] == [
        "Name",
        "Description",
        "Endpoint",
        "Secret",
        "Parameters",
    ]


async def test_secret_that_was_typed_survives_a_correction(desk: Desk) -> None:
    """It is not shown in the form again, and need not be typed again."""
    wrong = await desk.added(name="?", secret=SECRET)
    assert wrong.response is not None
    again = await desk.ida.click(wrong.response, label="Correct it")
    assert "signed with its secret" in text_of(await desk.ida.submit_modal(again, desk.typed()))


async def test_name_is_given_once(desk: Desk) -> None:
    """A second tool of the same name is refused in words."""
    await desk.added()
    assert "Name: there is a command or a tool named weather already." in text_of(await desk.added())
    assert len(desk.rows("http_tools")) == 1


async def test_others_cannot_register_tools(desk: Desk) -> None:
    """Discord does not offer it to them; where a server gives them the command all the same, we ask ourselves."""
    with pytest.raises(simcord.SetupError):
        await desk.town.grace.slash(desk.town.general, "tools add")
