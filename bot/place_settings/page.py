"""The text of `docs/parameters.md`: every setting of a place, from the table that commands and requests go by."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from bot.place_settings.table import SETTINGS
from bot.providers.parameters import Api, Parameter
from bot.setting import Setting

WIDTH = 120
INTRODUCTION = (
    "Whoever manages a channel can change these with `/set`, take them back with `/unset`, and see with `/settings` "
    "what counts where they are and who says so. `/model` is the short way to the model. Each can be set for a thread, "
    "a channel, a category or the whole server, which takes Manage Server; the nearest counts. In a direct message "
    "they are its person's own. What nobody set is the host's: `PROVIDER_MODEL`, `TEMPERATURE` and "
    "`MAX_OUTPUT_TOKENS`, and the rest is left to the provider.",
    "A setting counts from the next message on. An answer keeps "
    "the model that it began with. An API that does not have a parameter is not sent it. What a model or a server "
    "refuses by its name is left out from then on for that model; the host's `extra_body` always goes along, and wins.",
)
MODERATION = (
    "With `before` or `both`, what people write, with what they quote and what they reply to questions of the model's, "
    "is checked before the model gets it. What is flagged is not sent, now or later, and its author is told as what. A "
    "question that was edited after its answer is checked together with the next one.",
    "With `after` or `both`, an answer is checked when it has ended, also one that was stopped. It is still shown "
    "while it grows; if it is flagged, a sentence takes its place, and nothing of it is sent to the model again.",
    "The provider's `/moderations` checks: that of `MODERATION_MODEL` if the host has set it, else that of the place's "
    "model. What cannot be checked, because the provider does not offer it, fails, or takes longer than ten seconds, "
    "is neither sent nor kept, and people are told so.",
    "What tools return, what `/summarize` reads, and messages from before it was switched on are not checked.",
)


def render_parameters() -> str:
    """The whole page."""
    blocks = ("# What can be set for a place", *map(wrapped, INTRODUCTION), table())
    checks = ("## What `moderation` checks", *map(wrapped, MODERATION))
    made = "<!-- Made by: python -m bot parameters > docs/parameters.md -->"
    return "\n\n".join((*blocks, *checks, made)) + "\n"


def table() -> str:
    """All settings, one a row."""
    head = ("| Setting | What it may be | What it does | Example | Only in |", "| --- | --- | --- | --- | --- |")
    return "\n".join((*head, *map(row, SETTINGS.values())))


def row(setting: Setting) -> str:
    """One setting; signs that would end a cell are escaped."""
    cells = (f"`{setting.name}`", setting.range, setting.meaning, f"`{setting.example}`", ", ".join(apis(setting)))
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def apis(setting: Setting) -> Iterator[str]:
    """The APIs that have it, where others do not."""
    if isinstance(setting, Parameter) and len(setting.paths) < len(Api):
        yield from (f"`{api}`" for api in setting.paths)


def wrapped(text: str) -> str:
    """A paragraph."""
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)
