"""Everything that is stored about a person, as one file of JSON."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BufferedRandom
from typing import Any

from bot.store import opt_outs, personal
from bot.store.database import Database

FORMAT, VERSION = "parley-personal-data", 1  # docs/privacy.md says what is in it
# How many of the newest rows of each kind are tried, where the file with all of them is larger than Discord takes.
NEWEST = (None, 20_000, 5000, 1000, 200, 50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A file, which whoever gets it closes; `newest` is how many rows of each kind are in it, None for all."""

    name: str
    file: BufferedRandom
    newest: int | None


class Exporting:
    """Writes what there is into a file, a page at a time, in threads: nobody else waits for it."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def export(self, user_id: int, max_bytes: int) -> Export:
        """A file of at most so many bytes, packed where it would be larger, and else with the newest part."""
        for newest in NEWEST:
            plain = await self._written(user_id, newest)
            if await asyncio.to_thread(size, plain) <= max_bytes:
                return Export(name="my-data.json", file=plain, newest=newest)
            packed = await asyncio.to_thread(pack, plain)
            plain.close()
            if await asyncio.to_thread(size, packed) <= max_bytes or newest == NEWEST[-1]:
                return Export(name="my-data.json.gz", file=packed, newest=newest)
            packed.close()
        raise AssertionError("The last attempt always returns.")

    async def _written(self, user_id: int, newest: int | None) -> BufferedRandom:
        file: BufferedRandom = await asyncio.to_thread(opened)
        head = await self._head(user_id, is_whole=newest is None)
        await asyncio.to_thread(file.write, head.removesuffix("}").encode())
        for name in personal.SECTIONS:
            await asyncio.to_thread(file.write, f',\n"{name}": ['.encode())
            offset, is_more = 0, True
            while is_more:
                async with self._database.read() as transaction:
                    rows = await personal.page(transaction, user_id, name, offset)
                is_more = len(rows) == personal.PAGE_ROWS and (newest is None or offset + len(rows) < newest)
                wanted = rows if newest is None else rows[: newest - offset]
                await asyncio.to_thread(add, file, wanted, is_first=not offset)
                offset += len(rows)
            await asyncio.to_thread(file.write, b"]")
        await asyncio.to_thread(file.write, b"}\n")
        return file

    async def _head(self, user_id: int, *, is_whole: bool) -> str:
        async with self._database.read() as transaction:
            since = await opt_outs.since(transaction, user_id)
        head = {
            "format": FORMAT,
            "version": VERSION,
            "exported_at": self._clock().isoformat(),
            "user_id": str(user_id),
            "opted_out_since": None if since is None else since.isoformat(),
            "is_whole": is_whole,
        }
        return json.dumps(head)


def add(file: BufferedRandom, rows: Sequence[Mapping[str, Any]], *, is_first: bool) -> None:
    """Write rows behind those that are there."""
    for number, row in enumerate(rows):
        file.write(b"\n" if is_first and not number else b",\n")
        file.write(json.dumps({name: exported(name, value) for name, value in row.items()}).encode())


def exported(name: str, value: Any) -> Any:
    """A value as JSON has it: ids as text, because many readers round such long numbers; times in UTC."""
    if isinstance(value, datetime):
        return value.isoformat()
    is_id = isinstance(value, int) and (name == "id" or name.endswith("_id"))
    return str(value) if is_id else value


def opened() -> BufferedRandom:
    """A file that is gone when it is closed."""
    return tempfile.TemporaryFile()


def size(file: BufferedRandom) -> int:
    """How many bytes a file has; it is read from its beginning then."""
    count = file.seek(0, os.SEEK_END)
    file.seek(0)
    return count


def pack(plain: BufferedRandom) -> BufferedRandom:
    """The same, compressed."""
    packed = opened()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as target:
        shutil.copyfileobj(plain, target)
    return packed
