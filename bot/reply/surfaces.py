"""Where the answer of a run is shown."""

from __future__ import annotations

import discord

from bot.reply.calls import Calls
from bot.reply.persona import PersonaSurface
from bot.reply.surface import ChannelSurface, InteractionSurface
from bot.reply.webhooks import Webhooks
from bot.reply.writer import Surface
from bot.runs.model import Run, RunKind
from bot.runs.run_place import Places


class Surfaces:
    """Finds where a run's answer is shown."""

    def __init__(self, client: discord.Client, calls: Calls, places: Places) -> None:
        self._client = client
        self._calls = calls
        self._places = places
        self._webhooks = Webhooks(client)

    def of(self, run: Run) -> Surface:
        """The private answer of an interaction, or the place where the question was asked."""
        application_id = self._client.application_id
        if run.interaction_token is not None and application_id is not None:
            return InteractionSurface(
                self._client,
                self._calls,
                application_id=application_id,
                token=run.interaction_token,
                continues=run.kind is RunKind.CONTINUE,
            )
        own = ChannelSurface(self._client, self._calls, channel_id=run.place_id, question_id=run.question_id)
        if run.guild_id is None or run.question_id is None:
            return own
        return PersonaSurface(own, run, self._places, self._webhooks, self._calls)
