"""Somebody who manages the server of a town and its tools, with an endpoint that answers them."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import simcord

from tests.commands.town import Town
from tests.tools.endpoint import Endpoint

SECRET = "correct-horse-battery"
LINES = 'city: string "City name"\ndays?: integer 1..7 = 3 "How many days"'


@dataclass
class Desk:
    """A town whose Ida manages the server, and an endpoint that answers."""

    town: Town
    ida: simcord.MemberActor
    endpoint: Endpoint
    file: Path

    def typed(self, **changed: str) -> dict[str, str]:
        """What Ida types into the form."""
        right = {
            "name": "weather",
            "description": "Tell the weather of a city",
            "parameters": LINES,
            "endpoint": f"POST {self.endpoint.url}",
        }
        return right | changed

    async def added(self, /, **changed: str) -> simcord.InteractionResult:
        """What comes of the form of /tools add."""
        form = await self.ida.slash(self.town.general, "tools add", approval=False)
        return await self.ida.submit_modal(form, self.typed(**changed))

    async def does(self, command: str, **options: object) -> simcord.InteractionResult:
        """What comes of one of Ida's commands."""
        result = await self.ida.slash(self.town.general, f"tools {command}", **options)
        assert result.ephemeral or result.modal is not None
        return result

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table, as the file holds them."""
        with contextlib.closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY rowid")]  # noqa: S608

    async def offered(self) -> list[str]:
        """The functions that the model is told of when Linus asks something."""
        before = len(self.town.provider.requests)
        await self.town.linus.send(self.town.general, f"{self.town.mention} hi")
        await self.town.wait_for(lambda: len(self.town.provider.requests) > before)
        tools: Any = self.town.provider.requests[before].body["tools"]
        return [tool["function"]["name"] for tool in tools]


def text_of(result: simcord.InteractionResult) -> str:
    """What the person reads."""
    assert result.response is not None
    return result.response.content


def said(result: simcord.InteractionResult) -> list[str]:
    """Everything that came of a command."""
    return [message.content for message in (*([result.response] if result.response else []), *result.followups)]


def filled_in(result: simcord.InteractionResult) -> dict[str, str]:
    """What stands in the fields of a form that was opened."""
    assert result.modal is not None
    inputs = [label["component"] for label in result.modal["components"]]
    return {each["custom_id"]: each.get("value") or "" for each in inputs}
