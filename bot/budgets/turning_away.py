"""How somebody learns in a channel that a budget is used up: a short reply that goes away again, and once."""

from __future__ import annotations

import logging
from collections import OrderedDict

import discord

from bot.budgets.model import BudgetReached, Key
from bot.interactions import NOT_TAKEN

log = logging.getLogger(__name__)

# Long enough to be read; what is longer there disturbs the others.
SHOWN_SECONDS = 15.0
SIGN = "⏳"
# People who are told within the longest window that anybody remembers; each takes about 500 bytes.
MAX_REMEMBERED = 2000


class TurningAway:
    """Tells each person of a budget once in its window, by a reply; after that a sign below the message is enough."""

    def __init__(self) -> None:
        self._told: OrderedDict[tuple[int, Key], None] = OrderedDict()

    async def tell(self, message: discord.Message, reached: BudgetReached) -> None:
        """Tell the author of a message, who is not pinged; raises nothing."""
        person = message.author.id, reached.budget.key
        is_told = person in self._told
        self._told[person] = None
        if len(self._told) > MAX_REMEMBERED:
            self._told.popitem(last=False)
        try:
            if is_told:
                await message.add_reaction(SIGN)
            else:
                await message.reply(str(reached), mention_author=False, delete_after=SHOWN_SECONDS, nonce=message.id)
        except NOT_TAKEN as error:
            log.info("nobody can be told of a budget in channel %d: %s", message.channel.id, type(error).__name__)
