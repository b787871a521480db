"""The web pages that an answer cites, as one small line of links below it; pure."""

from __future__ import annotations

import re

from bot.providers.events import Event, TextDelta

MAX_LINKS = 5
# A page's address that is longer says nothing to a reader, and five of them would fill a message.
MAX_URL_CHARS = 300
# What ends neither the link nor the line, and no mention: the address comes from the web.
SAFE_URL = re.compile(r"https?://(?:www\.)?([a-z0-9.-]+)(:[0-9]+)?(/[!-;=?-~]*)?", re.IGNORECASE | re.ASCII)


class Citations:
    """Collects what is cited, each address once, in the order of its first mention."""

    def __init__(self) -> None:
        self._hosts: dict[str, str] = {}

    def add(self, annotation: object) -> None:
        """Takes what stands beside a text, if it is a page's address."""
        cited = annotation.get("url_citation", annotation) if isinstance(annotation, dict) else None
        url = cited.get("url") if isinstance(cited, dict) else None
        if not isinstance(url, str) or len(url) > MAX_URL_CHARS or len(self._hosts) == MAX_LINKS:
            return
        if safe := SAFE_URL.fullmatch(url):
            self._hosts.setdefault(url, safe[1].lower())

    def close(self) -> list[Event]:
        """The line, if anything was cited; in angle brackets Discord draws no preview of a page."""
        if not self._hosts:
            return []
        links = [f"[{host}](<{url}>)" for url, host in self._hosts.items()]
        return [TextDelta(f"\n-# Sources: {' · '.join(links)}")]
