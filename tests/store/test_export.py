"""A conversation as a file that Discord takes: whole, packed, or its newest part."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.messages import Role
from bot.runs.export import Export, exported
from bot.runs.export_text import About, ExportFormat
from bot.runs.past import Kept, Remembered, UsedTool

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
ABOUT = About(server=None, channel="general", is_private=False, at=AT)


def said(number: int, text: str) -> Kept:
    """A message of Ada's."""
    return Kept(entry=Remembered(role=Role.USER, author="Ada", at=AT, text=f"{number} {text}"), epoch=0)


async def entries(count: int, text: str = "") -> AsyncIterator[Kept]:
    """So many messages; no two are alike, so that they do not pack to nothing."""
    for number in range(count):
        yield said(number, text or f"{hash((number, 'salt')):x}{hash((number, 'pepper')):x}")


def read(export: Export) -> dict[str, Any]:
    """What the file says."""
    content = export.file.read()
    if export.suffix.endswith(".gz"):
        content = gzip.decompress(content)
    found: dict[str, Any] = json.loads(content)
    return found


@pytest.mark.parametrize("count", [0, 1, 3])
async def test_file_that_fits_is_plain(count: int) -> None:
    """Each message once, in its order, and JSON also where there is none."""
    async with exported(entries(count), ExportFormat.JSON, ABOUT, max_bytes=10_000) as export:
        assert (export.suffix, export.count, export.omitted) == ("json", count, 0)
        assert [message["text"].split()[0] for message in read(export)["messages"]] == [str(n) for n in range(count)]


async def test_larger_file_is_packed() -> None:
    """What repeats itself takes little room: nothing is left out."""
    async with exported(entries(500, "tea " * 20), ExportFormat.JSON, ABOUT, max_bytes=20_000) as export:
        assert (export.suffix, export.omitted) == ("json.gz", 0)
        assert len(read(export)["messages"]) == 500


@pytest.mark.parametrize("max_bytes", [2_000, 20_000])
async def test_newest_part_is_given_where_not_all_fits(max_bytes: int) -> None:
    """As much as fits, the last message among it, and the file says how many are missing."""
    async with exported(entries(5_000), ExportFormat.JSON, ABOUT, max_bytes=max_bytes) as export:
        size = export.file.seek(0, 2)
        export.file.seek(0)
        found = read(export)
        assert max_bytes / 3 < size <= max_bytes
        assert 0 < export.omitted == found["omitted"] == 5_000 - len(found["messages"])
        assert found["messages"][-1]["text"].startswith("4999 ")


async def test_markdown_keeps_what_tools_said_in_its_fence() -> None:
    """An output with a fence of its own does not end the one around it."""
    call = UsedTool(name="run", arguments="{}", output="```\ncode\n```", outcome="ok")
    kept = Kept(entry=Remembered(role=Role.ASSISTANT, author="", at=AT, text="Done."), epoch=0, calls=(call,))

    async def one() -> AsyncIterator[Kept]:
        yield kept

    async with exported(one(), ExportFormat.MARKDOWN, ABOUT, max_bytes=10_000) as export:
        assert "````\n```\ncode\n```\n````" in export.file.read().decode()
