"""The log of settings, undo, copy, export, import and reset, reached from the panel."""

from __future__ import annotations

import json
from typing import Any

import pytest
import simcord

from bot.place_settings.managing import MANAGERS_ONLY, SERVER_MANAGERS_ONLY
from bot.place_settings.transfer import MAX_FILE_BYTES
from cogs.records import CHANGED_MEANWHILE
from tests.commands.council import Council, OpenPanel, said, told
from tests.commands.process import Process

DEEP: dict[str, Any] = {"a": json.loads("[" * 100 + "]" * 100)}
EXPORT: dict[str, Any] = {"format": "parley-settings", "version": 1, "of": "channel 1", "settings": {}}


async def acts(council: Council, label: str, panel: OpenPanel | None = None) -> OpenPanel:
    """What a button in the bottom row of a panel opens."""
    panel = panel or await council.opens()
    button = next(part for part in panel.parts if part.get("label") == label)
    return OpenPanel(panel.who, await panel.who.click(panel.message, custom_id=button["custom_id"]))


async def import_file(council: Council, content: object, panel: OpenPanel | None = None) -> simcord.InteractionResult:
    """Hand over a file; what is no text is JSON."""
    form = (await acts(council, "Import…", panel)).opened
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return await (panel.who if panel else council.nora).submit_modal(form, {"file": ("settings.json", data)})


async def agree(who: simcord.MemberActor, asked: simcord.InteractionResult) -> None:
    """Have what was shown imported."""
    assert asked.response is not None
    await who.click(asked.response, label="Import")


def kept(council: Council, place_id: int | None = None) -> list[tuple[str, Any]]:
    """What is set, by name, at one place or at all."""
    return sorted((row[2], plain(row[3])) for row in council.rows() if place_id in (None, row[1]))


def plain(value: Any) -> Any:
    """A value of a JSON column, which SQLite keeps as a number where it can."""
    return json.loads(value) if isinstance(value, str) else value


async def undo(log: OpenPanel) -> simcord.InteractionResult:
    """Take back what was changed last."""
    first = next(part for part in log.parts if part.get("label") == "Undo")
    return await log.who.click(log.message, custom_id=first["custom_id"])


async def test_log_says_who_changed_what_and_takes_it_back(council: Council) -> None:
    """From what to what, the latest first; taken back, it is as before, and that stands in the log too."""
    await council.does("set", name="temperature", value="0.2")
    await council.does("set", name="temperature", value="0.7")
    log = await acts(council, "Log")
    general = council.town.general
    assert f"**temperature** in <#{general.id}>: `0.2` → `0.7`" in log.text
    assert f"**temperature** in <#{general.id}>: not set → `0.2`" in log.text
    assert f"<@{council.nora.user.id}>" in log.text
    await undo(log)
    assert kept(council) == [("temperature", 0.2)]
    assert "took back" in log.text


async def test_log_is_a_view_of_settings(council: Council) -> None:
    """What was changed here, without opening the panel."""
    await council.does("set", name="temperature", value="0.2")
    assert "not set → `0.2`" in await council.does("settings", view="log")


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("set", {"name": "temperature", "value": "0.7"}),
        ("unset", {"name": "temperature"}),
        ("budget set", {"amount": "9", "unit": "tokens", "period": "day"}),
        ("budget remove", {"budget": "channel:{id}:budget:all:tokens:day"}),
    ],
)
async def test_answer_to_a_command_takes_it_back(council: Council, command: str, options: dict[str, str]) -> None:
    """One press below what was just done, and the button goes."""
    general = council.town.general
    await council.does("set", name="temperature", value="0.2")
    await council.does("budget set", amount="5", unit="tokens", period="day")
    before = kept(council)
    given = {name: value.format(id=general.id) for name, value in options.items()}
    answer = await council.nora.slash(general, command, **given)
    assert kept(council) != before
    assert answer.response is not None
    await council.nora.click(answer.response, label="Undo")
    assert kept(council) == before
    assert said(answer).startswith("Taken back:")
    assert not answer.response.components


async def test_answer_has_no_way_back_where_nothing_changed(council: Council) -> None:
    """What was so before is not taken away."""
    await council.does("set", name="temperature", value="0.2")
    again = await council.nora.slash(council.town.general, "set", name="temperature", value="0.2")
    assert again.response is not None
    assert not again.response.components


async def test_change_that_was_overtaken_is_not_taken_back(council: Council) -> None:
    """The person hears who changed it since."""
    await council.does("set", name="temperature", value="0.2")
    log = await acts(council, "Log")
    await council.does("set", who=council.olaf, name="temperature", value="0.9")
    result = await undo(log)
    (sentence,) = told(result)[-1:]
    assert sentence.startswith(f"`temperature` was changed meanwhile by <@{council.olaf.user.id}>")
    assert kept(council) == [("temperature", 0.9)]


async def test_log_of_long_changes_fits_a_message(council: Council) -> None:
    """Whoever changes much at once by long values takes nobody the way to take it back."""
    names = ("stop", "languages", "fallback")
    long = {name: ["x" * 45 + name, "y" * 45] for name in ("stop", "languages")}
    long["fallback"] = ["provider/" + "m" * 100]
    roles = [council.town.guild.create_role(f"Role {number}").id for number in range(25)]
    for turn in range(9):
        values: dict[str, Any] = {"seed": turn, "allowed_roles": roles[turn:], "blocked_roles": roles[: 25 - turn]}
        values |= {name: [f"{turn}{long[name][0]}"[:100]] for name in names}
        await agree(council.nora, await import_file(council, EXPORT | {"settings": values}))
    log = await acts(council, "Log")
    assert len(log.text) < 4000
    assert log.text.count("and 1 more") + log.text.count("more") >= 8
    await undo(log)
    assert ("seed", 7) in kept(council)


async def test_log_pages_and_outlives_the_process(council: Council, process: Process) -> None:
    """Of a channel only what was changed there; of the server all."""
    for number in range(10):
        await council.does("set", name="seed", value=str(number))
    await council.does("set", channel=council.parlour, name="seed", value="77")
    log = await acts(council, "Log")
    assert "77" not in log.text
    await council.town.env.restart_bot(await process.start())
    await council.nora.click(log.message, label="Older")
    assert "page 2" in log.text
    assert "not set → `0`" in log.text
    panel = await council.opens(council.olaf)
    await panel.choose("place", "The server")
    assert "`77`" in (await acts(council, "Log", panel)).text


async def test_copy_shows_the_difference_and_makes_it_equal(council: Council) -> None:
    """What the other channel has is set, what it has not is let go, in one act that is taken back at once."""
    await council.does("set", channel=council.parlour, name="temperature", value="0.2")
    await council.does("set", channel=council.parlour, name="trigger", value="all")
    await council.does("set", name="temperature", value="0.7")
    await council.does("set", name="seed", value="7")
    asked = await acts(council, "Copy from…")
    menu = next(part for part in asked.parts if str(part.get("custom_id", "")).startswith("settings:source:"))
    await council.nora.select(asked.message, [council.parlour], custom_id=menu["custom_id"])
    general = council.town.general
    for line in (
        "temperature** in {}: `0.7` → `0.2`",
        "trigger** in {}: not set → `all`",
        "seed** in {}: `7` → not set",
    ):
        assert line.format(f"<#{general.id}>") in asked.text
    assert ("seed", 7) in kept(council)
    await council.nora.click(asked.message, label="Copy")
    assert kept(council, general.id) == [("temperature", 0.2), ("trigger", "all")]
    log = await acts(council, "Log")
    await undo(log)
    assert kept(council, general.id) == [("seed", 7), ("temperature", 0.7)]


async def test_export_is_imported_elsewhere(council: Council) -> None:
    """The file has what was set, and after a question another channel has it too."""
    await council.does("set", name="temperature", value="0.2")
    await council.does("set", name="stop", value="END|FIN")
    exported = (await acts(council, "Export")).message
    (file,) = exported.attachments
    content = await file.read()
    assert json.loads(content)["settings"] == {"stop": ["END", "FIN"], "temperature": 0.2}
    panel = await council.opens(channel=council.parlour)
    asked = await import_file(council, content, panel)
    assert f"**stop** in <#{council.parlour.id}>: not set → `END|FIN`" in said(asked)
    await agree(council.nora, asked)
    assert sorted(row[2] for row in council.rows() if row[1] == council.parlour.id) == ["stop", "temperature"]


async def test_export_of_a_server_holds_its_channels(council: Council) -> None:
    """Reset takes all of it away after a question, and importing brings it back."""
    await council.does("set", who=council.olaf, name="seed", value="7", where="server")
    await council.does("set", channel=council.parlour, name="temperature", value="0.2")
    panel = await council.opens(council.olaf)
    await panel.choose("place", "The server")
    content = await (await acts(council, "Export", panel)).message.attachments[0].read()
    asked = await acts(council, "Reset…", panel)
    assert kept(council) == [("seed", 7), ("temperature", 0.2)]
    await council.olaf.click(asked.message, label="Reset all 2 in its channels too")
    assert kept(council) == []
    imported = await import_file(council, content, panel)
    await agree(council.olaf, imported)
    assert kept(council) == [("seed", 7), ("temperature", 0.2)]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\x89PNG\r\n", "This is no export of Parley's settings."),
        (b"[" * 100_000, "This is no export of Parley's settings."),
        ([1], "This is no export of Parley's settings."),
        (EXPORT | {"settings": [1]}, "This is no export of Parley's settings."),
        (EXPORT | {"version": 2}, "This file is of version 2; I read version 1."),
        (EXPORT | {"settings": {"temperature": "hot"}}, "`temperature` has to be a number from 0 to 2; for example"),
        (
            EXPORT | {"settings": {"budget:all:tokens:day": -1}},
            "`budget:all:tokens:day` has to be a whole number from 0",
        ),
        (EXPORT | {"settings": {"budget:all:dollars:day": -0.5}}, "`budget:all:dollars:day` has to be a number from 0"),
        (
            EXPORT | {"settings": {"response_format": json.loads('{"a": ' * 70 + "1" + "}" * 70)}},
            "`response_format` has to be a JSON object; for example",
        ),
        (b" " * 50_000_000, "This file has 50,000,000 bytes; an export of settings has at most 1,000,000."),
        (EXPORT | {"settings": {"heat": 1}}, "There is no setting named heat."),
        (
            EXPORT | {"settings": {"persona_name": "@everyone"}},
            "`persona_name` has to be a name of up to 80 characters",
        ),
        (
            EXPORT | {"settings": {"system_prompt": "\ud800"}},
            "`system_prompt` has to be a text of up to 32,000 characters",
        ),
        (
            EXPORT | {"settings": {"history_max_messages": float("inf")}},
            "`history_max_messages` has to be a whole number",
        ),
        (EXPORT | {"settings": {"response_format": DEEP}}, "`response_format` has to be a JSON object"),
        (
            EXPORT | {"places": [{"kind": "channel", "id": float("inf"), "name": "", "settings": {}}]},
            "This is no export of Parley's settings.",
        ),
        (EXPORT | {"settings": {f"tool:a{number}": True for number in range(201)}}, "This file sets 201 things at one"),
        (
            EXPORT
            | {
                "places": [
                    {"kind": "channel", "id": id, "name": "", "settings": {f"tool:a{n}": True for n in range(200)}}
                    for id in range(11)
                ]
            },
            "This file sets 2,200 things in all",
        ),
        (b"{" + b" " * MAX_FILE_BYTES + b"}", "This file has 1,000,002 bytes; an export of settings has at most"),
    ],
)
async def test_file_that_is_none_is_refused_in_words(council: Council, content: object, sentence: str) -> None:
    """Nothing is set by it, whatever it is."""
    assert any(each.startswith(sentence) for each in told(await import_file(council, content)))
    assert council.rows() == []


async def test_roles_of_another_server_are_left_out(council: Council) -> None:
    """A rule that names nobody here would lock everybody out."""
    guest = council.town.guild.create_role("Guests")
    settings = {"allowed_roles": [1, guest.id], "blocked_roles": [2], "budget:role/3:tokens:day": 5}
    asked = await import_file(council, EXPORT | {"settings": settings})
    await agree(council.nora, asked)
    assert kept(council) == [("allowed_roles", [guest.id])]


async def test_second_of_two_moderators_sees_what_changed(council: Council) -> None:
    """What was asked is asked once more with what it would change now, and only then done; no file is lost by it."""
    await council.does("set", channel=council.parlour, name="temperature", value="0.2")
    copying = await acts(council, "Copy from…")
    menu = next(part for part in copying.parts if str(part.get("custom_id", "")).startswith("settings:source:"))
    await council.nora.select(copying.message, [council.parlour], custom_id=menu["custom_id"])
    resetting = await acts(council, "Reset…", await council.opens(council.olaf, council.parlour))
    asked = await import_file(council, EXPORT | {"settings": {"temperature": 0.4}})
    for seed, label, question in (("1", "Copy", copying), ("2", "Import", OpenPanel(council.nora, asked))):
        await council.does("set", who=council.olaf, name="seed", value=seed)
        assert told(await question.who.click(question.message, label=label))[-1] == CHANGED_MEANWHILE
        assert f"`{seed}` → not set" in question.text
        assert ("seed", int(seed)) in kept(council)
        await question.who.click(question.message, label=label)
        assert ("seed", int(seed)) not in kept(council)
    assert kept(council, council.town.general.id) == [("temperature", 0.4)]
    await council.does("set", channel=council.parlour, name="temperature", value="0.9")
    assert told(await council.olaf.click(resetting.message, label="Reset"))[-1] == CHANGED_MEANWHILE
    assert "`0.9` → not set" in resetting.text
    await council.olaf.click(resetting.message, label="Reset")
    assert kept(council, council.parlour.id) == []


async def test_what_cannot_be_here_is_not_imported(council: Council) -> None:
    """A tool of another server, a prompt that leaves no room: each is said, and the rest comes in."""
    settings = {"tool:weather": False, "system_prompt": "ä " * 15_000, "seed": 7}
    asked = await import_file(council, EXPORT | {"settings": settings})
    for sentence in ("There is no tool or group named `weather` here.", "`system_prompt` can be at most"):
        assert sentence in said(asked)
    await agree(council.nora, asked)
    assert "seed" in dict(kept(council))
    assert dict(kept(council)).keys().isdisjoint({"tool:weather", "system_prompt"})


def roles_of(council: Council) -> list[int]:
    """As many roles as a rule may name, that are there, the newest first."""
    guild = council.town.guild
    guild.create_role("one more")
    return [role.id for role in guild.roles.values()][-25:]


async def test_reset_asks_first(council: Council) -> None:
    """It says what is let go; where nothing is set there is nothing to reset."""
    (sentence,) = told((await acts(council, "Reset…")).opened)
    assert sentence == f"Nothing is set in <#{council.town.general.id}> itself."
    await council.does("set", name="seed", value="7")
    asked = await acts(council, "Reset…")
    assert "`7` → not set" in asked.text
    assert kept(council) == [("seed", 7)]
    await council.nora.click(asked.message, label="Reset")
    assert kept(council) == []


async def test_guessed_buttons_are_refused(council: Council) -> None:
    """Whoever presses has to manage the place, which has to be in the server that they are in."""
    await council.does("set", name="seed", value="7")
    panel, linus = await council.opens(), council.town.linus
    log, asked = await acts(council, "Log", panel), await acts(council, "Reset…", panel)
    for opened, label in ((panel, "Log"), (panel, "Export"), (log, "Undo"), (asked, "Reset")):
        opened.leak()
        result = await linus.click(opened.message, label=label)
        assert told(result)[-1] == MANAGERS_ONLY
    assert kept(council) == [("seed", 7)]
    of_server = await council.opens(council.olaf)
    await of_server.choose("place", "The server")
    of_server.leak()
    assert told(await council.nora.click(of_server.message, label="Reset…"))[-1] == SERVER_MANAGERS_ONLY
