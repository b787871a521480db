"""/prompt as moderators use it: typed, as a file, and what cannot be one."""

from __future__ import annotations

from typing import Any

import pytest
import simcord

from bot.place_settings.managing import MANAGERS_ONLY
from tests.commands.council import Council, said, told

MODE = {"mode": "replace"}


async def written(council: Council, **given: Any) -> simcord.InteractionResult:
    """What comes of Nora's filling in the form."""
    opened = await council.nora.slash(council.town.general, "prompt")
    return await council.nora.submit_modal(opened, MODE | given)


def handed_back(result: simcord.InteractionResult) -> Any:
    """The answer that has what was entered as a file."""
    return next(each for each in (result.response, *result.followups) if each is not None and each.attachments)


def fields(opened: simcord.InteractionResult) -> dict[str, dict[str, Any]]:
    """The fields of a form."""
    assert opened.modal is not None
    found = (label["component"] for label in opened.modal["components"])
    return {field["custom_id"]: field for field in found}


async def test_form_holds_the_prompt_that_counts(council: Council) -> None:
    """The host's first, then the channel's own; left as it is nothing is set."""
    opened = await council.nora.slash(council.town.general, "prompt")
    host = fields(opened)["text"]["value"]
    assert host.startswith("You are Parley")
    result = await council.nora.submit_modal(opened, MODE | {"text": host})
    assert said(result) == f"The prompt of <#{council.town.general.id}> is as it was."
    assert council.rows() == []
    await written(council, text="Be brief.")
    opened = await council.nora.slash(council.town.general, "prompt")
    assert fields(opened)["text"]["value"] == "Be brief."


async def test_prompt_of_4000_characters_is_kept_whole(council: Council) -> None:
    """As many as the form takes; it is shown in it again, and the model is told all of it."""
    text = "ä" * 4000
    result = await written(council, text=text)
    assert said(result) == f"The prompt of <#{council.town.general.id}> has 4,000 characters now."
    opened = await council.nora.slash(council.town.general, "prompt")
    assert fields(opened)["text"]["value"] == text
    body = await council.asked()
    assert str(body["messages"][0]["content"]).startswith(text)


async def test_prompt_comes_after_that_further_out(council: Council) -> None:
    """Where that is chosen, the model is told both."""
    await council.does("set", who=council.olaf, name="system_prompt", value="Be brief.", where="server")
    result = await written(council, text="Be kind.", mode="append")
    assert said(result).endswith("has 8 characters now and comes after that further out.")
    body = await council.asked()
    assert str(body["messages"][0]["content"]).startswith("Be brief.\n\nBe kind.")


async def test_prompt_left_empty_is_inherited(council: Council) -> None:
    """What the channel had of its own is gone."""
    await written(council, text="Be brief.")
    assert said(await written(council, text="")).endswith("is inherited now.")
    assert council.rows() == []


async def test_prompt_of_40000_characters_is_refused_and_handed_back(council: Council) -> None:
    """Nothing that was entered is lost, and nothing is changed."""
    text = "x" * 40_000
    result = await written(council, file=[("prompt.txt", text.encode())])
    answer = handed_back(result)
    assert answer.content == (
        "A prompt has up to 32,000 characters, and this one has 40,000. Please shorten it.\n"
        "Nothing was changed. What you entered is in the file."
    )
    assert await answer.attachments[0].read() == text.encode()
    assert council.rows() == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00", "That file is no text in UTF-8."),
        ("Grüße".encode("utf-16"), "That file is no text in UTF-8."),
        (b"Be\0brief", "That file is no text in UTF-8."),
        (b"", "That file is empty."),
        (b" \n ", "That file is empty."),
        (b"x" * 128_004, "A prompt has up to 32,000 characters, and that file has 128,004 bytes"),
    ],
)
async def test_file_that_is_no_prompt_is_refused(council: Council, content: bytes, sentence: str) -> None:
    """With what to upload instead; nothing is stored."""
    result = await written(council, file=[("prompt.txt", content)])
    assert any(each.startswith(sentence) for each in told(result))
    assert council.rows() == []


async def test_prompt_that_somebody_else_changed_is_handed_back(council: Council) -> None:
    """Who was first is said, and what was written is in a file."""
    opened = await council.nora.slash(council.town.general, "prompt")
    await council.does("set", who=council.olaf, name="system_prompt", value="Olaf's.")
    result = await council.nora.submit_modal(opened, MODE | {"text": "Nora's."})
    answer = handed_back(result)
    assert answer.content.startswith(f"`system_prompt` was changed meanwhile by <@{council.olaf.user.id}>")
    assert await answer.attachments[0].read() == b"Nora's."
    assert [row[3] for row in council.rows()] == ['"Olaf\'s."']


async def test_prompt_is_changed_on_the_panel(council: Council) -> None:
    """By the same form; the panel shows it at once."""
    panel = await council.opens()
    await panel.choose("page", "Prompt")
    await panel.change("system_prompt", text="Be brief.", mode="append")
    assert panel.line("system_prompt") == "**system_prompt** · `Be brief.` · **this channel**"
    assert panel.line("prompt_mode") == "**prompt_mode** · `append` · **this channel**"


async def test_file_with_a_byte_order_mark_is_read(council: Council) -> None:
    """As some editors write it; the mark is no part of the prompt."""
    await written(council, file=[("prompt.txt", b"\xef\xbb\xbfBe brief.")])
    assert [row[3] for row in council.rows()] == ['"Be brief."']


async def test_prompt_of_who_may_no_longer_change_it_is_refused(council: Council) -> None:
    """Rights that were taken while the form was open are asked for when it comes in."""
    opened = await council.nora.slash(council.town.general, "prompt")
    council.demote(council.nora)
    assert MANAGERS_ONLY in told(await council.nora.submit_modal(opened, MODE | {"text": "Be rude."}))
    assert council.rows() == []
