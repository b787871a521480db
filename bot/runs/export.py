"""A whole conversation as a file, written little by little, however long it is."""

from __future__ import annotations

import asyncio
import gzip
import shutil
from array import array
from bisect import bisect_left
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from io import SEEK_END, BufferedRandom
from tempfile import TemporaryFile

from bot.runs.export_text import About, ExportFormat, footer, header, record
from bot.runs.past import Kept

# Of what would fit by the ratio of the whole, so that one attempt mostly does; each further one takes less.
CAUTION = 0.9
LESS = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """An open file; `omitted` of all its messages, the oldest, did not fit."""

    file: BufferedRandom
    suffix: str
    count: int
    omitted: int


class Writing:
    """The messages as they are written into a file of their own, of which any newest part can be taken."""

    def __init__(self, form: ExportFormat, about: About, files: ExitStack) -> None:
        """All files that are opened are closed with `files`."""
        self._form = form
        self._about = about
        self._files = files
        self._records = self._opened()
        self._starts = array("Q")

    async def take(self, entries: AsyncIterator[Kept]) -> None:
        """Write all messages down."""
        separator = self._form.separator.encode()
        async for each in entries:
            if self._starts:
                self._records.write(separator)
            self._starts.append(self._records.tell())
            self._records.write(record(self._form, each).encode("utf-8", "replace"))

    def fit(self, max_bytes: int) -> Export:
        """The file: packed if it is too large, and only its newest part if it is too large even so.  Blocks."""
        whole, suffix = self._assembled(0), self._form.suffix
        size = size_of(whole)
        if size <= max_bytes:
            return self._export(whole, suffix, 0)
        packed, first = self._zipped(whole), 0
        room = size * CAUTION * max_bytes / size_of(packed)
        while size_of(packed) > max_bytes and first < len(self._starts) - 1:
            packed.close()
            first = min(bisect_left(self._starts, int(size - room)), len(self._starts) - 1)
            packed, room = self._zipped(self._assembled(first)), room * LESS
        return self._export(packed, f"{suffix}.gz", first)

    def _assembled(self, first: int) -> BufferedRandom:
        """The messages from one on, with what comes before and after them."""
        file = self._opened()
        file.write(header(self._form, self._about, first).encode("utf-8", "replace"))
        if self._starts:
            self._records.seek(self._starts[first])
            shutil.copyfileobj(self._records, file)
        file.write(footer(self._form).encode())
        return file

    def _zipped(self, file: BufferedRandom) -> BufferedRandom:
        """What is in a file, packed; the file is closed."""
        packed = self._opened()
        with file, gzip.GzipFile(fileobj=packed, mode="wb") as packing:
            file.seek(0)
            shutil.copyfileobj(file, packing)
        return packed

    def _opened(self) -> BufferedRandom:
        return self._files.enter_context(TemporaryFile())

    def _export(self, file: BufferedRandom, suffix: str, omitted: int) -> Export:
        file.seek(0)
        return Export(file=file, suffix=suffix, count=len(self._starts), omitted=omitted)


@asynccontextmanager
async def exported(
    entries: AsyncIterator[Kept], form: ExportFormat, about: About, *, max_bytes: int
) -> AsyncIterator[Export]:
    """The file of these messages, oldest first, which Discord takes if it takes `max_bytes`; closed after the block."""
    with ExitStack() as files:
        writing = Writing(form, about, files)
        await writing.take(entries)
        yield await asyncio.to_thread(writing.fit, max_bytes)


def size_of(file: BufferedRandom) -> int:
    """How many bytes are in a file."""
    return file.seek(0, SEEK_END)
