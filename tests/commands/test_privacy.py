"""/privacy as a person with two minutes uses it, in a server and in direct messages."""

from __future__ import annotations

import contextlib
import gzip
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import simcord

from bot.settings import Settings
from sandbox.semantics import walk_components
from sandbox.stories import Story
from tests.commands.process import Process
from tests.commands.town import Town

SECRET = "swordfish"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The database."""
    return tmp_path / "parley.db"


def rows(file: Path, table: str) -> list[dict[str, Any]]:
    """All rows of a table."""
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY rowid")]  # noqa: S608


def text_of(shown: simcord.ResponseMessage) -> str:
    """Everything that is written on the panel, as it stands now."""
    return "\n".join(component["content"] for component in walk_components(shown.components) if "content" in component)


def labels_of(shown: simcord.ResponseMessage) -> list[str]:
    """What its buttons say."""
    return [component["label"] for component in walk_components(shown.components) if component.get("label")]


async def said(town: Town, words: str = SECRET) -> None:
    """Linus asks something, and is answered."""
    before = len(town.provider.requests)
    await town.linus.send(town.general, f"{town.mention} {words}")
    await town.wait_for(lambda: len(town.provider.requests) > before)
    await town.answer("Regenerate")


async def opened(town: Town, who: simcord.MemberActor | None = None) -> simcord.ResponseMessage:
    """What /privacy shows somebody, Linus if not said otherwise, alone."""
    result = await (who or town.linus).slash(town.general, "privacy")
    assert result.ephemeral
    assert result.response is not None
    return result.response


async def test_panel_says_what_is_stored_and_who_gets_it(town: Town) -> None:
    """Counts with their places and since when, the model and its provider, the retention, and what one can do."""
    await said(town)
    shown = await opened(town)
    text = text_of(shown)
    assert "- 1 message of yours (1 in this server), since <t:" in text
    assert "- 1 answer that you asked for, " in text
    assert "`scripted` of the provider **default** answers here." in text
    assert "Until I am removed, or you delete it." in text
    assert "All of it, in words: `docs/privacy.md` of Parley." in text
    assert labels_of(shown) == ["Export", "Delete my data…", "Opt out", "Refresh"]
    assert SECRET not in text
    assert "Nothing is stored about you." in text_of(await opened(town, town.edsger))


async def test_panel_works_in_direct_messages(town: Town) -> None:
    """There it counts what was said elsewhere as such."""
    await said(town)
    alone = await town.linus.user.slash("privacy")
    assert alone.response is not None
    assert "- 1 message of yours (1 in servers), since <t:" in text_of(alone.response)


@pytest.fixture
def linked(settings: Settings) -> Settings:
    """A host who says it on a page of their own."""
    return settings.model_copy(update={"privacy_url": "https://example.org/privacy"})


async def test_panel_links_to_the_page_of_the_host(town: Town, linked: Settings) -> None:
    """The button leads there, and nothing else is named."""
    async with Process(linked) as process:
        await town.env.restart_bot(await process.start())
        shown = await opened(town)
        assert labels_of(shown)[-1] == "All of it, in words"
        assert "docs/privacy.md" not in text_of(shown)


async def exported(town: Town, shown: simcord.ResponseMessage) -> dict[str, Any]:
    """What is in the file that Linus gets."""
    result = await town.linus.click(shown, label="Export")
    (followup,) = result.followups
    assert followup.ephemeral
    (attachment,) = followup.attachments
    content = await attachment.read()
    found = json.loads(gzip.decompress(content) if attachment.filename.endswith(".gz") else content)
    assert isinstance(found, dict)
    return found


async def test_summary_is_told_and_exported(town: Town) -> None:
    """That somebody asked for it, where and what it took, and not what it says."""
    await town.edsger.send(town.general, "Tea at four?")
    town.provider.play(Story(text=SECRET))
    await town.linus.slash(town.general, "summarize")
    shown = await opened(town)
    assert text_of(shown).splitlines()[2] == "- 1 summary that you asked for"
    found = await exported(town, shown)
    (told,) = found["command_usage"]
    assert (told["place_id"], told["model"], "user_id" in told) == (str(town.general.id), "scripted", False)
    assert SECRET not in json.dumps(found)


async def test_export_is_one_file_of_json(town: Town) -> None:
    """It holds what Linus said and was answered, and nothing of anybody else's."""
    await said(town)
    await town.edsger.send(town.general, f"{town.mention} not for others")
    await town.wait_for(lambda: len(town.provider.requests) == 2)
    found = await exported(town, await opened(town))
    assert (found["format"], found["version"], found["is_whole"]) == ("parley-personal-data", 1, True)
    assert (found["user_id"], found["opted_out_since"]) == (str(town.linus.id), None)
    (message,) = found["messages"]
    assert (message["text"], message["author_name"], message["place_id"]) == (SECRET, "linus", str(town.general.id))
    (answer,) = found["answers"]
    assert answer["text"] == "Hello from the scripted model."
    assert "not for others" not in json.dumps(found)


async def test_deletion_asks_first_and_can_be_left(town: Town, file: Path) -> None:
    """It says what will happen; whoever keeps their data finds it as it was."""
    await said(town)
    shown = await opened(town)
    await town.linus.click(shown, label="Delete my data…")
    assert "It cannot be undone." in text_of(shown)
    assert labels_of(shown) == ["Delete all of it", "Keep it"]
    await town.linus.click(shown, label="Keep it")
    assert "- 1 message of yours" in text_of(shown)
    assert [row["text"] for row in rows(file, "messages")] == [SECRET, "Hello from the scripted model."]


async def test_deletion_leaves_nothing_about_the_person(town: Town, file: Path) -> None:
    """Afterwards no table holds their id, their name or their words; the job does not know whom it was for."""
    await said(town)
    await town.linus.slash(town.general, "remind", when="in 1 hour", what=SECRET)
    shown = await opened(town)
    await town.linus.click(shown, label="Delete my data…")
    await town.linus.click(shown, label="Delete all of it")
    await town.wait_for(lambda: "entries about you were deleted" in text_of(shown))
    tables = [row["name"] for row in rows(file, "sqlite_master") if row["type"] == "table"]
    held = [(name, row) for name in tables for row in rows(file, name)]
    for private in (str(town.linus.id), "linus", SECRET):
        assert [name for name, row in held if private in str(list(row.values()))] == []
    await town.linus.click(shown, label="Refresh")
    assert "Nothing is stored about you." in text_of(shown)


async def test_person_opts_out_and_in(town: Town, file: Path) -> None:
    """The panel turns with it; messages in between are left alone."""
    shown = await opened(town)
    pressed = await town.linus.click(shown, label="Opt out")
    assert "I neither answer you nor read what you write" in pressed.followups[0].content
    assert "Opt in again" in labels_of(shown)
    await town.linus.send(town.general, f"{town.mention} {SECRET}")
    asked = await town.linus.slash(town.general, "ask", question=SECRET)
    assert asked.ephemeral
    simcord.assert_error(town.env, Exception)
    assert rows(file, "messages") == []
    await town.linus.click(shown, label="Opt in again")
    await said(town)
    assert town.provider.requests[0].body["messages"][-1]["content"] == f"(from linus) {SECRET}"  # type: ignore[index]


async def test_buttons_act_for_whoever_presses_them_after_a_restart(town: Town, process: Process, file: Path) -> None:
    """They carry nobody's id, so that a guessed one reaches nobody else's data."""
    await said(town)
    shown = await opened(town, town.edsger)
    await town.env.restart_bot(await process.start())
    await town.edsger.click(shown, label="Delete my data…")
    await town.edsger.click(shown, label="Delete all of it")
    await town.wait_for(lambda: "entries about you were deleted" in text_of(shown))
    assert rows(file, "messages")[0]["text"] == SECRET
