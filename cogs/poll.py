"""Discord's own polls: /poll."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import aiohttp
import discord
from discord.app_commands import Range
from discord.ext import commands

from bot.client import ParleyClient
from bot.errors import Refusal
from bot.messages import one_line
from bot.tools.caller import Caller
from bot.tools.declare import tool

# Discord's limits of a poll (resources/poll.mdx).
MAX_QUESTION_CHARACTERS = 300
MAX_ANSWER_CHARACTERS = 55
MAX_ANSWERS = 10
MAX_HOURS = 32 * 24
LEAST_ANSWERS = 2  # as Discord's own form has it
# discord.py tries five times where Discord is overloaded, and waits 25 seconds between them all together.
TIMEOUT_SECONDS = 30.0

NOT_ALLOWED = "I may not post a poll here. A moderator can give me Send Messages and Create Polls in this channel."
UNHEARD = "Discord does not say whether the poll was posted. Look for it in the channel before you ask for it again."


class Polls(commands.Cog):
    """Asks a channel."""

    @tool(
        idempotent=False,
        approval=True,
        permissions=discord.Permissions(send_polls=True),
        timeout_seconds=TIMEOUT_SECONDS,
        group="chat",
    )
    async def poll(
        self,
        caller: Caller,
        question: Range[str, 1, MAX_QUESTION_CHARACTERS],
        answers: str,
        hours: Range[int, 1, MAX_HOURS] = 24,
        multiple: bool = False,
    ) -> str:
        """Post a poll in this channel, in which everybody can vote

        Args:
            question: What to ask
            answers: The 2 to 10 answers to choose from, separated by |, for example: Yes | No | Maybe
            hours: How many hours people can vote; a week has 168
            multiple: Whether people can choose several answers
        """
        check_writing(caller)
        poll = discord.Poll(one_line(question, MAX_QUESTION_CHARACTERS), timedelta(hours=hours), multiple=multiple)
        for answer in answers_of(answers):
            poll.add_answer(text=answer)
        message = await post(caller, poll)
        end = discord.utils.format_dt(message.created_at + poll.duration, "f")
        return f"The poll is open until {end}: {message.jump_url}"


def check_writing(caller: Caller) -> None:
    """Raises: Refusal unless the person may write here themselves: the poll is theirs, though the bot posts it."""
    is_thread = isinstance(caller.channel, discord.Thread)
    may_write = caller.permissions.send_messages_in_threads if is_thread else caller.permissions.send_messages
    if not may_write:
        raise Refusal("Not permitted: who may not write in this channel may not post a poll in it.")


def answers_of(written: str) -> list[str]:
    """The answers of a poll, from one text.  Raises: Refusal where Discord would not take them."""
    answers = [" ".join(answer.split()) for answer in re.split(r"[|\n]", written)]
    answers = [answer for answer in answers if answer]
    if not LEAST_ANSWERS <= len(answers) <= MAX_ANSWERS:
        raise Refusal(
            f"A poll has {LEAST_ANSWERS} to {MAX_ANSWERS} answers, not {len(answers)}: "
            "separate them by |, as in Yes | No | Maybe."
        )
    for answer in answers:
        if len(answer) > MAX_ANSWER_CHARACTERS:
            raise Refusal(
                f"An answer has at most {MAX_ANSWER_CHARACTERS} characters, "
                f"“{one_line(answer, MAX_ANSWER_CHARACTERS)}” has {len(answer)}."
            )
    if len({answer.casefold() for answer in answers}) < len(answers):
        raise Refusal("Two answers of the poll are the same: make them different.")
    return answers


async def post(caller: Caller, poll: discord.Poll) -> discord.Message:
    """The message with the poll, which says for whom the bot asks.  Raises: Refusal."""

    async def request() -> discord.Message:
        text, nobody = f"-# {caller.user.mention} asks", discord.AllowedMentions.none()
        message: discord.Message = await caller.channel.send(text, poll=poll, nonce=nonce, allowed_mentions=nobody)
        return message

    nonce = f"poll-{caller.call_id or uuid4().hex[:16]}"  # Discord takes 25 characters, and each of them once
    try:
        try:
            return await request()
        except (aiohttp.ClientError, OSError) as error:  # nobody heard whether it is there
            caller.log.info("a poll is posted once more: %s", type(error).__name__)
            return await request()
    except discord.Forbidden as error:
        raise Refusal(NOT_ALLOWED) from error
    except (discord.DiscordServerError, aiohttp.ClientError, OSError) as error:
        raise Refusal(UNHEARD) from error
    except discord.HTTPException as error:
        caller.log.warning("Discord does not take a poll: %d %d", error.status, error.code)
        raise Refusal("Discord does not take this poll. Ask it in other words, or try again in a moment.") from error


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    await bot.add_cog(Polls())
