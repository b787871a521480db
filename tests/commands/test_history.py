"""What people see of the stored conversations of a place, as Discord's permissions have it."""

from __future__ import annotations

import re

import discord
import simcord

from cogs.history import NO_SIGHT
from sandbox.semantics import walk_components
from sandbox.stories import Story
from tests.commands.process import Process
from tests.commands.town import Town


def text_of(shown: simcord.ResponseMessage) -> str:
    """Everything that is written in a message, as it stands now."""
    return "\n".join(each["content"] for each in walk_components(shown.components) if "content" in each)


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
