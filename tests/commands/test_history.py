"""What people see of the stored conversations of a place, as Discord's permissions have it."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord

from bot.client import ParleyClient
from bot.listening.asking import NOTHING_TO_ASK
from bot.runs.removal import MODERATORS_ONLY, NOT_IN_IT, NOT_KEPT, TOO_LATE
from bot.runs.service import BUSY, NOT_YOURS
from cogs.asking import GONE
from cogs.channel import NO_RIGHT
from cogs.history import NO_MESSAGE, NO_SIGHT
from sandbox.provider import MODEL
from sandbox.semantics import walk_components
from sandbox.stories import ScriptedCall, Story
from tests.commands.desk import filled_in
from tests.commands.process import Process
from tests.commands.town import Town


def text_of(shown: simcord.ResponseMessage) -> str:
    """Everything that is written in a message, as it stands now."""
    return "\n".join(each["content"] for each in walk_components(shown.components) if "content" in each)


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    """All rows of a table, as the file holds them."""
    with contextlib.closing(sqlite3.connect(f"file:{folder}/parley.db?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY rowid")]  # noqa: S608


def sent(town: Town) -> list[str]:
    """What the model was told last, without the prompt."""
    messages = town.provider.requests[-1].body["messages"]
    assert isinstance(messages, list)
    return [message["content"] for message in messages if message["role"] != "system"]


async def opened(town: Town, actor: simcord.MemberActor, command: str, **options: object) -> simcord.ResponseMessage:
    """What one of the commands shows."""
    result = await actor.slash(town.general, f"history {command}", **options)
    assert result.ephemeral
    assert result.response is not None
    return result.response


async def talked(town: Town, *questions: str) -> None:
    """Linus asks, and each question is answered."""
    for number, question in enumerate(questions):
        town.provider.play(Story(text=f"Answer {number}."))
        await town.linus.send(town.general, f"{town.mention} {question}")
        await town.answer("Regenerate", words=f"Answer {number}.")


async def test_member_sees_what_is_stored_newest_first(town: Town) -> None:
    """Each entry with its author, time, link and beginning; nothing of it is formatted or mentions anybody."""
    await talked(town, "**why?**")
    text = text_of(await opened(town, town.edsger, "show"))
    heading, count, answer, words, question, asked, footer = text.splitlines()
    assert (heading, count) == ("### History", "2 messages since the last reset; the model reads about all of them.")
    link = rf"https://discord.com/channels/{town.guild.id}/{town.general.id}/\d+"
    assert re.fullmatch(rf"\*\*Answer\*\* <t:\d+:f> \[↗\]\({link}\)", answer)
    assert words == r"Answer 0."
    assert question.startswith("**linus** <t:")
    assert (asked, footer) == (r"\*\*why?\*\*", "-# Page 1")


async def test_empty_history_says_so(town: Town) -> None:
    """Where nobody asked anything there is nothing to turn over."""
    shown = await opened(town, town.edsger, "show")
    assert text_of(shown).startswith("Nothing is stored of this conversation.")


async def test_pages_turn_after_a_restart(town: Town, process: Process) -> None:
    """The buttons carry the page: Older leads to what was said first, and Newer back."""
    await talked(town, *(f"question {number}" for number in range(5)))
    shown = await opened(town, town.edsger, "show")
    assert "question 0" not in text_of(shown)
    await town.env.restart_bot(await process.start())
    await town.edsger.click(shown, label="Older")
    assert "question 0" in text_of(shown)
    await town.edsger.click(shown, label="Newer")
    assert "question 4" in text_of(shown)


async def test_search_finds_words_from_before_a_reset(town: Town) -> None:
    """What was said before a reset is found too, and marked."""
    await talked(town, "is there tea?")
    await town.grace.slash(town.general, "reset")
    await talked(town, "and TEA now?", "coffee?")
    text = text_of(await opened(town, town.edsger, "search", words="tea"))
    assert re.findall(r"· (before a reset)\n(.*)", text) == [("before a reset", "is there tea?")]
    assert "and TEA now?" in text
    assert "coffee" not in text
    nothing = text_of(await opened(town, town.edsger, "search", words="cake"))
    assert nothing == "Nothing of what is stored here holds these words."


async def test_search_pages_carry_the_words(town: Town, process: Process) -> None:
    """The second page of a search is of the same search, also after a restart."""
    await talked(town, *(f'say: "a b" {number}' for number in range(9)))
    shown = await opened(town, town.edsger, "search", words='"a b" say:')
    await town.env.restart_bot(await process.start())
    await town.edsger.click(shown, label="Older")
    assert r'say\: "a b" 0' in text_of(shown)


async def test_member_without_history_sees_nothing(town: Town) -> None:
    """Who may not read what was said in the channel does not read it here."""
    deaf = discord.PermissionOverwrite(read_message_history=False)
    town.general = town.guild.create_text_channel("deaf", overwrites={town.edsger: deaf})
    await talked(town, "why?")
    searched = await town.edsger.slash(town.general, "history search", words="why")
    for result in (await town.edsger.slash(town.general, "history show"), searched):
        assert result.response is not None
        assert (result.response.content, result.ephemeral) == (NO_SIGHT, True)
    assert len(town.env.errors) == 2  # simcord counts a refusal as one, and is told that it was meant


async def file_of(result: simcord.InteractionResult) -> bytes:
    """What the attached file holds."""
    assert result.response is not None
    (attachment,) = result.response.attachments
    return await attachment.read()


async def test_export_as_json_has_everything_by_name(town: Town) -> None:
    """Messages with who, when and what, and of an answer the model, its tokens and tools; people by name."""
    call = ScriptedCall(name="roll", arguments=('{"sides": 6}',))
    town.provider.play(Story(tool_calls=(call,), finish_reason="tool_calls"), Story(text="One."))
    await town.linus.send(town.general, f"{town.mention} roll")
    await town.answer("Regenerate", words="One.")
    exported = json.loads(await file_of(await town.linus.slash(town.general, "history export", format="json")))
    head = {name: exported[name] for name in ("schema", "version", "server", "channel", "private", "omitted")}
    assert head == {
        "schema": "parley.history",
        "version": 1,
        "server": "Parley House",
        "channel": "general",
        "private": False,
        "omitted": 0,
    }
    question, step, answer = exported["messages"]
    assert (question["role"], question["author"], question["text"]) == ("user", "linus", "roll")
    assert datetime.fromisoformat(question["at"]).tzinfo is not None
    assert [(tool["name"], tool["arguments"]) for tool in step["tool_calls"]] == [("roll", '{"sides": 6}')]
    assert step["tool_calls"][0]["output"]
    assert (step["model"], step["tokens"]["output"] > 0) == (MODEL, True)
    assert (answer["text"], answer["model"]) == ("One.", None)


async def test_export_keeps_tools_of_others_to_moderators(town: Town) -> None:
    """What a tool was given and returned is for who asked, and for moderators, as the Tools button has it."""
    call = ScriptedCall(name="roll", arguments=('{"sides": 6}',))
    town.provider.play(Story(tool_calls=(call,), finish_reason="tool_calls"), Story(text="One."))
    await town.linus.send(town.general, f"{town.mention} roll")
    await town.answer("Regenerate", words="One.")
    for actor, is_open in ((town.edsger, False), (town.grace, True), (town.linus, True)):
        exported = json.loads(await file_of(await actor.slash(town.general, "history export", format="json")))
        (tool,) = exported["messages"][1]["tool_calls"]
        assert (tool["name"], tool["arguments"] is not None, tool["output"] is not None) == (
            "roll",
            is_open,
            is_open,
        )


async def test_export_as_markdown_is_for_people(town: Town) -> None:
    """Also what was said before a reset is in it; a private one has only one's own questions."""
    await talked(town, "first?")
    await town.grace.slash(town.general, "reset")
    await talked(town, "second?")
    result = await town.edsger.slash(town.general, "history export", format="markdown")
    assert result.ephemeral
    text = (await file_of(result)).decode()
    assert text.startswith("# Conversation: general in Parley House\n\nExported ")
    assert re.findall(r"(?m)^### (\w+), .* UTC$", text) == ["linus", "Answer", "linus", "Answer"]
    assert "\nfirst?\n" in text
    private = await town.edsger.slash(town.general, "history export", format="markdown", private=True)
    assert private.response is not None
    assert private.response.content == "Nothing is stored of this conversation; the file is empty."


async def test_clear_asks_first_and_is_for_moderators(town: Town, tmp_path: Path) -> None:
    """A member is refused; a moderator is asked, and only then the words are gone for good; what was spent stays."""
    await talked(town, "why?")
    refused = await town.linus.slash(town.general, "history clear")
    assert refused.response is not None
    assert refused.response.content == MODERATORS_ONLY
    assert len(town.env.errors) == 1  # simcord counts a refusal as one, and is told that it was meant
    result = await town.grace.slash(town.general, "history clear")
    assert result.response is not None
    assert result.response.content.startswith("Delete all 2 messages of this conversation")
    assert len(rows(tmp_path, "messages")) == 2
    await town.grace.click(result.response, label="Delete for good")
    assert result.response.content == "2 messages were deleted for good. A new conversation starts here."
    assert rows(tmp_path, "messages") == []
    assert [run["text"] for run in rows(tmp_path, "runs")] == [""]
    assert len(rows(tmp_path, "usage")) == 1
    assert text_of(await opened(town, town.grace, "show")).startswith("Nothing is stored")
    await talked(town, "and now?")
    assert sent(town) == ["(from linus) and now?"]


async def test_what_is_asked_can_be_refused_after_a_restart(town: Town, process: Process, tmp_path: Path) -> None:
    """Keep everything changes nothing, and the question is gone."""
    await talked(town, "why?")
    result = await town.grace.slash(town.general, "history clear")
    assert result.response is not None
    await town.env.restart_bot(await process.start())
    await town.grace.click(result.response, label="Keep everything")
    assert (result.response.content, len(rows(tmp_path, "messages"))) == ("Nothing was changed.", 2)


async def test_who_lost_the_right_cannot_clear_any_more(town: Town, tmp_path: Path) -> None:
    """The permission is asked for when the button is pressed, not only when the question was asked."""
    await talked(town, "why?")
    result = await town.grace.slash(town.general, "history clear")
    assert result.response is not None
    (role,) = [role for role in town.guild.roles.values() if role.name == "Moderator"]
    town.env.backend.remove_member_role(town.guild.id, town.grace.id, role.id)
    pressed = await town.grace.click(result.response, label="Delete for good")
    assert [message.content for message in pressed.followups] == [MODERATORS_ONLY]
    assert len(rows(tmp_path, "messages")) == 2


async def test_direct_message_is_cleared_by_its_person(town: Town, tmp_path: Path) -> None:
    """Nobody else has a say in it."""
    channel = await town.linus.user.send_dm("why?")
    assert channel is not None
    await town.wait_for(lambda: len(rows(tmp_path, "messages")) == 2 or None)
    result = await town.linus.user.slash("history clear")
    await town.linus.user.click(result.response, label="Delete for good")
    assert rows(tmp_path, "messages") == []


async def test_rewind_takes_out_what_came_after(town: Town, tmp_path: Path) -> None:
    """The model goes on from the message that was chosen, and an answer that was taken out is not given again."""
    await talked(town, "one?", "two?", "three?")
    (choice,) = await town.grace.autocomplete(town.general, "history rewind", "message", "Answer 0.")
    assert choice["name"] == "Answer: Answer 0."
    result = await town.grace.slash(town.general, "history rewind", message=choice["value"])
    assert result.response is not None
    assert result.response.content.startswith("Take the 4 messages after that one out of my history?")
    await town.grace.click(result.response, label="Rewind")
    assert result.response.content.startswith("4 messages left the history.")
    assert len([row for row in rows(tmp_path, "messages") if row["hidden_at"]]) == 4
    last = town.general.last_message
    assert last is not None
    pressed = await town.linus.click(last, label="Regenerate")
    assert [message.content for message in pressed.followups] == [
        "The question was deleted or taken back, so there is nothing to answer again."
    ]
    await talked(town, "four?")
    assert sent(town) == ["(from linus) one?", "Answer 0.", "(from linus) four?"]


@pytest.mark.parametrize("message", ["hello", "https://discord.com/channels/1/2/3", "99"])
async def test_rewind_wants_a_message_of_this_conversation(town: Town, message: str) -> None:
    """Words, a link to elsewhere, an unknown id: each is answered with what to give instead."""
    await talked(town, "one?")
    result = await town.grace.slash(town.general, "history rewind", message=message)
    assert result.response is not None
    assert result.response.content in (NO_MESSAGE, NOT_IN_IT)
    assert len(town.env.errors) == 1


async def test_rewind_waits_for_an_answer_to_end(town: Town) -> None:
    """While an answer is written, nothing is taken out under it; a member may not rewind what is everybody's."""
    await talked(town, "one?")
    first = town.general.last_message
    assert first is not None
    member = await town.linus.slash(town.general, "history rewind", message=str(first.id))
    town.provider.play(Story(pieces=("Long",), hang_at=1))
    await town.linus.send(town.general, f"{town.mention} two?")
    await town.answer("Stop", words="Long")
    moderator = await town.grace.slash(town.general, "history rewind", message=str(first.id))
    assert member.response is not None
    assert moderator.response is not None
    assert (member.response.content, moderator.response.content) == (MODERATORS_ONLY, BUSY)
    assert len(town.env.errors) == 2


def words_of(result: simcord.InteractionResult) -> str:
    """What the person reads."""
    assert result.response is not None
    return result.response.content


async def test_message_is_forgotten_and_remembered_again(town: Town) -> None:
    """Its author takes a question out, the model reads it no more; Undo brings it back for the next answer."""
    await talked(town, "secret?")
    asked = town.general.history()[0]
    result = await town.linus.context_menu(town.general, "Forget this", asked)
    assert (words_of(result).startswith("I forgot this message"), result.ephemeral) == (True, True)
    await talked(town, "two?")
    assert sent(town) == ["Answer 0.", "(from linus) two?"]
    assert result.response is not None
    await town.linus.click(result.response, label="Undo")
    assert result.response.content == "It is in the history again."
    await talked(town, "three?")
    assert sent(town)[0] == "(from linus) secret?"


async def test_answer_is_forgotten_by_its_asker(town: Town, process: Process) -> None:
    """All pages and steps of it leave the history; Undo works after a restart."""
    await talked(town, "one?")
    result = await town.linus.context_menu(town.general, "Forget this", town.general.history()[-1])
    assert words_of(result).startswith("I forgot this answer")
    await talked(town, "two?")
    assert sent(town) == ["(from linus) one?", "(from linus) two?"]
    await town.env.restart_bot(await process.start())
    assert result.response is not None
    await town.linus.click(result.response, label="Undo")
    await talked(town, "three?")
    assert sent(town)[1] == "Answer 0."


@pytest.mark.parametrize("which", [0, -1])
async def test_others_forget_nothing_but_moderators_do(town: Town, which: int) -> None:
    """Neither the question nor the answer of somebody else."""
    await talked(town, "one?")
    target = town.general.history()[which]
    assert words_of(await town.edsger.context_menu(town.general, "Forget this", target)) == NOT_YOURS
    assert words_of(await town.grace.context_menu(town.general, "Forget this", target)).startswith("I forgot this")
    assert words_of(await town.grace.context_menu(town.general, "Forget this", target)) == NOT_KEPT
    assert len(town.env.errors) == 2


async def test_undo_is_too_late_after_a_reset(town: Town) -> None:
    """What was forgotten in a conversation that is over stays so."""
    await talked(town, "one?")
    result = await town.linus.context_menu(town.general, "Forget this", town.general.history()[0])
    await town.grace.slash(town.general, "reset")
    assert result.response is not None
    pressed = await town.linus.click(result.response, label="Undo")
    assert [message.content for message in pressed.followups] == [TOO_LATE]


async def test_question_about_a_message_quotes_it(town: Town) -> None:
    """The form's question is shown with a link to the message, and the model reads both; the answer is open."""
    said = await town.edsger.send(town.general, "Tea is best.")
    form = await town.linus.context_menu(town.general, "Ask about this", said)
    town.provider.play(Story(text="Indeed."))
    (field,) = filled_in(form)
    result = await town.linus.submit_modal(form, {field: "is it?"})
    assert words_of(result) == f"**linus** asks about {said.jump_url}: is it?"
    assert not result.ephemeral
    await town.answer("Regenerate", words="Indeed.")
    assert sent(town) == ["(from linus, replying to edsger: “Tea is best.”) is it?"]


async def test_question_about_a_message_outlives_the_process(town: Town, process: Process) -> None:
    """A form that was open over a restart asks; where the message is gone the question is handed back."""
    said, other = [await town.edsger.send(town.general, text) for text in ("Tea is best.", "So is coffee.")]
    form = await town.linus.context_menu(town.general, "Ask about this", said)
    late = await town.linus.context_menu(town.general, "Ask about this", other)
    await town.env.restart_bot(await process.start())
    town.provider.play(Story(text="Indeed."))
    (field,) = filled_in(form)
    await town.linus.submit_modal(form, {field: "is it?"})
    await town.answer("Regenerate", words="Indeed.")
    assert sent(town) == ["(from linus, replying to edsger: “Tea is best.”) is it?"]
    town.env.backend.delete_message(town.general.id, other.id)
    (field,) = filled_in(late)
    result = await town.linus.submit_modal(late, {field: "is it?"})
    assert (words_of(result), result.ephemeral) == (GONE.format(question="is it?"), True)


async def test_question_about_nothing_is_not_asked(town: Town) -> None:
    """A message without words opens no form, nor one of somebody who opted out."""
    said = await town.edsger.send(town.general, "Tea is best.")
    client: object = town.env.bot
    assert isinstance(client, ParleyClient)
    await client.opt_outs.leave(town.edsger.id)
    result = await town.linus.context_menu(town.general, "Ask about this", said)
    assert (words_of(result), result.ephemeral) == (NOTHING_TO_ASK, True)
    assert len(town.env.errors) == 1


async def test_summary_begins_at_the_message(town: Town) -> None:
    """One person alone reads what was said from there on, as the place's model understood it."""
    await town.edsger.send(town.general, "Earlier.")
    first = await town.edsger.send(town.general, "Tea at four?")
    await town.grace.send(town.general, "At five.")
    town.provider.play(Story(text="Tea at five."))
    result = await town.linus.context_menu(town.general, "Summarise from here", first)
    assert result.ephemeral
    heading, summary = words_of(result).splitlines()
    assert heading.startswith("-# What follows sums up the latest 2 messages here")
    assert summary == "Tea at five."
    (told,) = sent(town)
    assert told.splitlines()[1:-1] == ["(from edsger) Tea at four?", "(from grace) At five."]


async def test_summary_is_for_who_may_read_the_channel(town: Town) -> None:
    """No words of a channel reach anybody through a summary whom Discord does not let read it."""
    deaf = discord.PermissionOverwrite(read_message_history=False)
    channel = town.guild.create_text_channel("deaf", overwrites={town.edsger: deaf})
    said = await town.grace.send(channel, "Secret.")
    result = await town.edsger.context_menu(channel, "Summarise from here", said)
    assert words_of(result) == NO_RIGHT.format(name="edsger")
    assert town.provider.requests == []
    assert len(town.env.errors) == 1
