"""What is stored of a conversation as text for people; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.messages import MAX_NAME_CHARACTERS, Role, one_line
from bot.runs.past import Remembered

# Discord takes 4000 characters in all components of a message: eight entries, each character escaped, fit.
PAGE_LENGTH = 8
MAX_BEGINNING_CHARACTERS = 110
MAX_LABEL_CHARACTERS = 100  # of a suggestion, as Discord allows
MAX_TOOLS = 3

SPECIAL = re.compile(r"([\\*_~|`>#\[\]()<:-])")
NOTHING = "Nothing is stored of this conversation. It begins with the first question."
NOTHING_FOUND = "Nothing of what is stored here holds these words."
NO_MORE = "There is nothing on this page any more."


def page_text(shown: Sequence[Remembered], *, number: int, count: int, read: int) -> str:
    """A page of a conversation of `count` messages, of which the model reads the newest `read`."""
    if not count:
        return NOTHING
    some = "all of them" if read >= count else f"the newest {read}"
    heading = f"### History\n{counted(count, 'message')} since the last reset; the model reads about {some}."
    return "\n".join((heading, *(map(line, shown) if shown else (NO_MORE,)), footer(number)))


def found_text(shown: Sequence[Remembered], words: str, *, number: int) -> str:
    """A page of what a search found."""
    if not shown:
        return NOTHING_FOUND if not number else NO_MORE
    return "\n".join((f"### History with “{escaped(one_line(words, 100))}”", *map(line, shown), footer(number)))


def line(entry: Remembered) -> str:
    """One entry: who, when, where, how it begins, and what is to be said about it."""
    at = f"<t:{int(entry.at.timestamp())}:f>"
    where = "" if entry.link is None else f" [↗]({entry.link})"
    remarks = "".join(f" · {remark}" for remark in entry.remarks)
    return f"**{escaped(author(entry))}** {at}{where}{remarks}\n{escaped(beginning(entry)) or '…'}"


def label(entry: Remembered) -> str:
    """An entry as it is suggested."""
    return one_line(f"{author(entry)}: {beginning(entry)}", MAX_LABEL_CHARACTERS)


def author(entry: Remembered) -> str:
    """Who said it."""
    return one_line(entry.author, MAX_NAME_CHARACTERS) if entry.role is Role.USER else "Answer"


def beginning(entry: Remembered) -> str:
    """How it begins, or what it did."""
    names = [*entry.tools[:MAX_TOOLS], *(["more"] if len(entry.tools) > MAX_TOOLS else [])]
    used = f"[used {', '.join(names)}] " if names else ""
    return one_line(used + entry.text, MAX_BEGINNING_CHARACTERS)


def escaped(text: str) -> str:
    """A text in which nothing is formatted, linked or mentioned."""
    return SPECIAL.sub(r"\\\1", text)


def footer(number: int) -> str:
    """Which page it is, counted from 0."""
    return f"-# Page {number + 1}"


def counted(count: int, noun: str) -> str:
    """A number of things."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
