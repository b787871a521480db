"""The readable text of what a web server sent: its letters, and of a page what people come for."""

from __future__ import annotations

import asyncio
import codecs
import json
import logging
import re
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from subprocess import CalledProcessError

from bot.child import said_by
from bot.errors import Refusal
from bot.tools.response import Response

log = logging.getLogger(__name__)

CHILD = Path(__file__).with_name("markdown_child.py")
MARKUP = frozenset({"text/html", "application/xhtml+xml"})
# What can be read; all else is refused before it is.
TYPES = ("text/*", "application/json", "application/*+json", "application/xml", "application/*+xml")
# Usual pages take a tenth of a second, of which the new process is the half.
READING_SECONDS = 5.0
# The machine belongs to the answers: more pages at once wait for each other.
MAX_READINGS = 2
# More than 2 MB of markup can hold, unless somebody makes it grow.
MAX_CHARACTERS = 2_000_000

BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# As HTML says: within the first 1024 bytes, in either of its two forms, or in XML's declaration.
DECLARED = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)|<\?xml[^>]+encoding\s*=\s*[\"']([\w.:-]+)", re.I)
DECLARED_WITHIN_BYTES = 1024
# No encoding needs more of a header; the standard library takes seconds over 90 kB of semicolons.
MAX_TYPE_CHARACTERS = 200
# What Python calls the encodings of the web; its others (punycode, unicode_escape, utf-7) are no letters of any page.
OF_THE_WEB = re.compile(
    r"utf-8|utf-16(-[lb]e)?|ascii|iso8859-\d+|cp(125\d|866|874|932|949)|koi8-[ru]|mac-\w+|big5(hkscs)?"
    r"|gb(k|2312|18030)|euc_(jp|kr)|shift_jis|iso2022_jp"
)
# What says Latin-1 means Microsoft's, which has letters where Latin-1 has controls (WHATWG Encoding Standard).
MEANT = {"ascii": "cp1252", "iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What there is to read."""

    title: str
    text: str


class Reader:
    """Reads pages, a few at a time."""

    def __init__(self, seconds: float = READING_SECONDS) -> None:
        self._seconds = seconds
        self._turns = asyncio.Semaphore(MAX_READINGS)

    async def read(self, response: Response, *, with_links: bool) -> Page:
        """A page as Markdown, or a text as it is.  Raises: Refusal."""
        text = letters(response.body, response.headers.get("content-type", ""))
        if "\0" in text:
            raise Refusal("That is no text that could be read.")
        if response.content_type not in MARKUP:
            return Page(title="", text=text.strip())
        asked = {"html": text, "url": response.url, "with_links": with_links, "max_characters": MAX_CHARACTERS}
        async with self._turns:
            return Page(**json.loads(await converted(json.dumps(asked).encode(), self._seconds)))


async def converted(asked: bytes, seconds: float) -> bytes:
    """What the other program answers.  Raises: Refusal."""
    try:
        return await said_by(CHILD, asked, seconds)
    except TimeoutError as exc:
        log.info("a page took longer than %g s to read", seconds)
        raise Refusal("That page is made in a way that takes too long to read.") from exc
    except CalledProcessError as exc:
        log.info("a page could not be read: the program ended with %d", exc.returncode)
        raise Refusal("That page is made in a way that cannot be read.") from exc


def letters(body: bytes, content_type: str) -> str:
    """What bytes say: by their mark, else by the header, else by what they declare themselves, else in UTF-8."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return body.decode(encoding, "replace")
    header = Message()
    header["content-type"] = content_type[:MAX_TYPE_CHARACTERS]
    declared = DECLARED.search(body[:DECLARED_WITHIN_BYTES])
    named = (header.get_content_charset(), (declared[1] or declared[2]).decode("ascii") if declared else None)
    return body.decode(next(filter(None, map(encoding_named, named)), "utf-8"), "replace")


def encoding_named(label: str | None) -> str | None:
    """What Python calls an encoding; None for one that no page should have."""
    try:
        name = codecs.lookup(label or "").name
    except (LookupError, ValueError):  # a label may hold anything
        return None
    return MEANT.get(name, name) if OF_THE_WEB.fullmatch(name) else None
