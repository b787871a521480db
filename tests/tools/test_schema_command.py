"""Slash commands out of JSON schemas: what people see and fill in, and what the tool gets of it."""

from __future__ import annotations

from typing import Any

import discord
import pytest
from discord import app_commands

from bot.errors import Refusal
from bot.tools.options import Kind, Option
from bot.tools.schema_arguments import SchemaArguments
from bot.tools.schema_command import command_of, value_of
from bot.tools.toolbox import Tool


async def nothing(_: Any) -> str:
    """Does nothing."""
    return ""


def described(properties: dict[str, Any], *required: str, description: str = "Do it") -> dict[str, Any]:
    """What Discord is told of a tool with these parameters."""
    tool = Tool(
        name="do",
        description=description,
        arguments=SchemaArguments({"type": "object", "properties": properties, "required": list(required)}),
        carry_out=nothing,
        is_idempotent=True,
        timeout_seconds=1,
    )
    tree = app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
    return dict(command_of(tool).to_dict(tree))


def options(properties: dict[str, Any], *required: str) -> list[dict[str, Any]]:
    """Its options, without what says that there is nothing."""
    return [
        {name: value for name, value in option.items() if value not in (None, [])}
        for option in described(properties, *required)["options"]
    ]


def test_options_have_types_limits_and_choices() -> None:
    """Those that are required come first, as Discord wants it."""
    assert options(
        {
            "days": {"type": "integer", "minimum": 1, "maximum": 7, "description": "How many"},
            "unit": {"type": "string", "enum": ["c", "f"]},
            "city": {"type": "string", "minLength": 2},
            "loud": {"type": "boolean"},
            "share": {"type": "number", "maximum": 0.5},
        },
        "city",
    ) == [
        {"name": "city", "type": 3, "description": "city", "required": True, "min_length": 2, "max_length": 6000},
        {"name": "days", "type": 4, "description": "How many", "required": False, "min_value": 1, "max_value": 7},
        {
            "name": "unit",
            "type": 3,
            "description": "unit",
            "required": False,
            "choices": [{"name": "c", "value": "c"}, {"name": "f", "value": "f"}],
        },
        {"name": "loud", "type": 5, "description": "loud", "required": False},
        {
            "name": "share",
            "type": 10,
            "description": "share",
            "required": False,
            "min_value": -(2.0**53),
            "max_value": 0.5,
        },
    ]


@pytest.mark.parametrize("wide", [{"minimum": 2**60}, {"maximum": -(2**60)}, {"minimum": 5, "maximum": 1}])
def test_limits_that_discord_cannot_hold_are_left_to_the_schema(wide: dict[str, Any]) -> None:
    """It checks what people enter all the same."""
    (option,) = options({"x": {"type": "integer"} | wide})
    assert option.keys().isdisjoint({"min_value", "max_value"})


def test_names_that_discord_does_not_take_become_near_ones() -> None:
    """No name is there twice, and each is short enough."""
    long = "x" * 40
    names = [
        option["name"] for option in options(dict.fromkeys(["filePath", "FILEPATH", "größe", long, f"{long}y"], ANY))
    ]
    assert names == ["filepath", "filepath_2", "gr__e", "x" * 32, f"{'x' * 29}_2"]


ANY = {"type": "string"}


def test_what_no_option_says_is_typed_as_json() -> None:
    """Objects and arrays are one text each, which says so."""
    (option,) = options({"way": {"type": "array", "description": "d" * 200}})
    assert (option["type"], len(option["description"])) == (3, 100)
    assert option["description"].endswith("… (as JSON)")
    way = Option(name="way", kind=Kind.JSON)
    assert value_of(way, "[1, 2]") == [1, 2]
    with pytest.raises(Refusal, match="way has to be JSON, for example"):
        value_of(way, "1, 2")


def test_value_that_can_only_be_null_is_typed_as_json() -> None:
    """Nobody needs it, and it may be in a schema all the same."""
    (way,) = options({"way": {"anyOf": [{"type": "null"}, {"type": "null"}]}})
    assert way["description"] == "way (as JSON)"


def test_schema_that_nobody_foresaw_is_a_refusal() -> None:
    """Commands are made at the start, and no server's tool may keep the bot from starting."""
    old = {"type": "object", "required": True, "properties": {"x": {"type": "string"}}}
    tool = Tool(
        name="do",
        description="Do it",
        arguments=SchemaArguments(old, is_checked=True),
        carry_out=nothing,
        is_idempotent=True,
        timeout_seconds=1,
    )
    with pytest.raises(Refusal, match="do has parameters that no slash command can have"):
        command_of(tool)


def test_description_fits() -> None:
    """The first hundred characters of it, on one line."""
    assert described({}, description="a\nb" * 100)["description"] == ("a b" * 34)[:99] + "…"


def test_too_many_parameters_are_refused() -> None:
    """Discord takes 25; the model still has the function."""
    with pytest.raises(Refusal, match="do has 26 parameters, and a slash command takes 25"):
        described({str(number): {"type": "string"} for number in range(26)})
