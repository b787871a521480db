"""The file with everything that is stored about a person, whatever its size."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from bot.privacy.exporting import Exporting
from bot.store import messages, opt_outs
from bot.store.database import Database
from bot.store.messages import NewMessage
from tests.store.stories import ASKER_ID, NOW, converse

COUNT = 1300  # of more than one page
UNPACKABLE = 20_000  # bytes that a packed file of all has at the least


@dataclass
class Got:
    """What a person gets."""

    name: str
    size: int
    newest: int | None
    content: dict[str, Any]


async def got(database: Database, max_bytes: int) -> Got:
    """The file of at most so many bytes."""
    found = await Exporting(database, clock=lambda: NOW).export(ASKER_ID, max_bytes)
    with found.file as file:
        content = file.read()
    plain = gzip.decompress(content) if found.name.endswith(".gz") else content
    return Got(name=found.name, size=len(content), newest=found.newest, content=json.loads(plain))


@pytest.fixture
async def talkative(database: Database) -> Database:
    """A person who said much, and opted out."""
    async with database.write() as connection:
        conversation = await converse(connection)
        for number in range(COUNT):
            said = NewMessage(
                discord_id=2**62 + number,
                author_id=ASKER_ID,
                author_name="Ada",
                text=f"Message {number} 🙂 {hash(str(number)):x}",
                tokens=1,
                created_at=NOW + timedelta(seconds=number),
            )
            await messages.append(connection, conversation, said)
        await opt_outs.put(connection, ASKER_ID, NOW)
    return database


async def test_everything_is_in_one_file(talkative: Database) -> None:
    """All pages, the newest first; ids and times as texts that every reader takes."""
    file = await got(talkative, 10_000_000)
    assert (file.name, file.newest, file.content["is_whole"]) == ("my-data.json", None, True)
    said = file.content["messages"]
    assert [each["text"].split()[1] for each in said] == [str(number) for number in reversed(range(COUNT))]
    assert (said[-1]["discord_id"], said[-1]["created_at"]) == (str(2**62), NOW.isoformat())
    assert file.content["opted_out_since"] == NOW.isoformat()


async def test_large_file_is_packed(talkative: Database) -> None:
    """Where only that makes it small enough, and still with everything."""
    whole = await got(talkative, 10_000_000)
    packed = await got(talkative, whole.size - 1)
    assert (packed.name, packed.newest) == ("my-data.json.gz", None)
    assert packed.content == whole.content


async def test_newest_part_is_sent_of_what_is_too_large(talkative: Database) -> None:
    """It says that it is not all, and fits."""
    file = await got(talkative, UNPACKABLE)
    assert file.newest is not None
    assert 0 < file.newest < COUNT
    assert file.size <= UNPACKABLE
    assert file.content["is_whole"] is False
    said = [each["text"].split()[1] for each in file.content["messages"]]
    assert said == [str(COUNT - 1 - number) for number in range(file.newest)]
