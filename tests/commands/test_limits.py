"""/set, /model and the panel where the host limits what may be chosen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.settings import Settings
from sandbox.provider import MODEL, ScriptedProvider
from tests.commands.council import Council, OpenPanel, said, told, values
from tests.commands.model import told as told_model
from tests.commands.process import Process

LIMITS = """
[[limits]]
models = ["default/*", "relay/s*"]
tools = ["*", "!roll"]
locked = ["seed"]
most = {temperature = 1.2}
values = {verbosity = ["low", "medium"], reasoning_effort = ["low"]}
"""
NOTHING = "[[limits]]\n"
TOO_HOT = "`temperature` has to be a number from 0 to 1.2 here: the host allows nothing else."
NOT_LARGE = "`model` cannot be `relay/large` here: the host does not offer that model. `/model` offers those there are."


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of limits."""
    found = tmp_path / "limits.toml"
    found.write_text(LIMITS, encoding="utf-8")
    return found


@pytest.fixture
def settings(settings: Settings, provider: ScriptedProvider, file: Path, tmp_path: Path) -> Settings:
    """Models of another provider, and the file."""
    listed = tmp_path / "providers.toml"
    text = f'[providers.relay]\nbase_url = "{provider.base_url}"\nmodels = ["small", "large"]\n'
    listed.write_text(text, encoding="utf-8")
    return settings.model_copy(update={"limits_file": str(file), "providers_file": str(listed)})


async def restarted(council: Council, process: Process, file: Path, limits: str) -> None:
    """The bot starts again with other limits."""
    file.write_text(limits, encoding="utf-8")  # noqa: ASYNC240 - nothing else goes on
    await council.town.env.restart_bot(await process.start())


def parts(result: Any) -> list[dict[str, Any]]:
    """The fields of a form."""
    assert result.modal is not None
    return [part["component"] for part in result.modal["components"] if "component" in part]


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("model", "relay/large", NOT_LARGE),
        ("fallback", "relay/small|relay/large", NOT_LARGE.replace("`model`", "`fallback`")),
        ("seed", "7", "`seed` is the host's to choose here."),
        ("temperature", "1.3", TOO_HOT),
        ("verbosity", "high", "`verbosity` has to be one of low, medium here: the host allows nothing else."),
        ("tool:roll", "true", "There is no tool or group named `roll` here. `/settings` shows all of them."),
    ],
)
async def test_what_is_not_allowed_is_refused_in_words(council: Council, name: str, value: str, sentence: str) -> None:
    """The setting and what is allowed; nothing is stored."""
    assert await council.does("set", name=name, value=value) == sentence
    assert council.rows() == []
    assert len(council.town.env.errors) == 1


async def test_only_what_is_allowed_is_suggested(council: Council) -> None:
    """Models, names and choices, in /set and /model."""
    nora, general = council.nora, council.town.general
    for command, option, filled in (("model", "model", {}), ("set", "value", {"name": "model"})):
        assert values(await nora.autocomplete(general, command, option, "", **filled)) == [
            f"default/{MODEL}",
            "relay/small",
        ]
    assert values(await nora.autocomplete(general, "set", "value", "", name="verbosity")) == ["low", "medium"]
    (offered,) = await nora.autocomplete(general, "set", "value", "1.5", name="temperature")
    assert offered["name"] == "a number from 0 to 1.2, for example 0.7"
    assert "seed" not in values(await nora.autocomplete(general, "set", "name", "same seed"))
    assert values(await nora.autocomplete(general, "set", "name", "tool:roll")) == []


async def test_panel_offers_only_what_is_allowed(council: Council) -> None:
    """In its forms; what is locked cannot be pressed, and what is entered all the same is refused."""
    panel = await council.opens()
    menu, _ = parts(await panel.press("model"))
    assert [option["value"] for option in menu["options"]] == [f"default/{MODEL}", "relay/small"]
    await panel.choose("page", "How the model writes")
    refused = await panel.change("temperature", value="2")
    assert told(refused) == [TOO_HOT]
    while "reasoning_effort" not in panel.text:
        await panel.who.click(panel.message, label="▶")
    form = await panel.press("reasoning_effort")
    assert [option["value"] for option in parts(form)[0]["options"]] == ["low"]
    await panel.who.submit_modal(form, {"value": ["low"]})
    assert panel.line("reasoning_effort").startswith("**reasoning_effort** · `low` · ")
    while "seed" not in panel.text:
        await panel.who.click(panel.message, label="▶")
    assert panel.button("seed")["disabled"]
    assert "🔒 The host alone chooses this." in panel.text
    assert [row[2] for row in council.rows()] == ["reasoning_effort"]


async def test_choice_from_before_is_marked_and_taken_back(council: Council, process: Process, file: Path) -> None:
    """The panel and /model say that it does not count; whoever manages the place lets it go as any other."""
    await restarted(council, process, file, NOTHING)
    await council.does("model", model="relay/large")
    await council.does("set", name="temperature", value="2")
    assert (await council.asked())["temperature"] == 2
    await restarted(council, process, file, LIMITS)
    assert (await council.does("model")).splitlines()[-1] == (
        f"-# ⚠️ `relay/large` was chosen for <#{council.town.general.id}>, and the host does not allow it any more."
    )
    panel = await council.opens()
    assert panel.line("model") == f"**model** · `{MODEL}` · the host"
    assert "⚠️ `relay/large` was chosen here, and the host does not allow it any more." in panel.text
    await panel.choose("inherit", "model")
    assert "any more" not in panel.text
    asked = await council.asked()
    assert (asked["model"], "temperature" in asked) == (MODEL, False)
    assert [row[2] for row in council.rows()] == ["temperature"]
    said_now = await council.does("set", name="temperature", value="1")
    assert said_now == f"`temperature` is `1` in <#{council.town.general.id}> now."


async def test_neither_copy_nor_import_nor_undo_brings_it_back(council: Council, process: Process, file: Path) -> None:
    """What one place has from before is for no other place."""
    await restarted(council, process, file, NOTHING)
    await council.does("set", name="temperature", value="2")
    await council.does("unset", name="temperature")
    await restarted(council, process, file, LIMITS)
    panel = await council.opens()
    button = next(part for part in panel.parts if part.get("label") == "Log")
    log = OpenPanel(panel.who, await panel.who.click(panel.message, custom_id=button["custom_id"]))
    first = next(part for part in log.parts if part.get("label") == "Undo")
    undone = await log.who.click(log.message, custom_id=first["custom_id"])
    assert told(undone) == [TOO_HOT]
    content = {"format": "parley-settings", "version": 1, "of": "x", "settings": {"temperature": 2}}
    button = next(part for part in panel.parts if part.get("label") == "Import…")
    form = await panel.who.click(panel.message, custom_id=button["custom_id"])
    asked = await panel.who.submit_modal(form, {"file": ("settings.json", json.dumps(content).encode())})
    assert "has to be a number from 0 to 1.2 here: the host allows nothing else." in said(asked)
    assert council.rows() == []


async def test_tool_that_is_not_allowed_is_for_people_alone(council: Council) -> None:
    """Models are neither told of it nor may they call it; people have their command, and the list says so."""
    tools = {tool["function"]["name"] for tool in (await council.asked())["tools"]}
    assert "roll" not in tools
    assert tools
    assert (await told_model(council.town, "roll", "{}")).startswith("There is no tool named roll.")
    rolled = await council.town.linus.slash(council.town.general, "roll")
    assert rolled.response is not None
    listed = said(await council.olaf.slash(council.town.general, "tools list"))
    assert "⚪ `roll` in `group:" in listed
