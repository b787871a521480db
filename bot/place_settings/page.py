"""The text of `docs/parameters.md`: every setting of a place, from the table that commands and requests go by."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import replace

from bot.place_settings.chosen import SYSTEM_PROMPT
from bot.place_settings.table import BUDGETS, MODEL, SETTINGS, TOOLS
from bot.providers.parameters import Api, Parameter
from bot.setting import Group, Setting, written

WIDTH = 120
FAMILIES = {"tool:NAME": TOOLS, "tool:group:NAME": TOOLS, "budget:FOR:OF:TIME": BUDGETS}
INTRODUCTION = (
    "Whoever manages a channel can change these on the panel that `/settings` opens, whose pages are the parts below, "
    "or with `/set` and `/unset`; `/model` and `/prompt` are short ways to two of them. Each can be set for a thread, "
    "a channel, a category or the whole server, which takes Manage Server; the nearest counts. In a direct message "
    "they are its person's own. What nobody set is as the last column says, or as the host says with the variable "
    "there; where it says nothing, it is off or the provider's. A host can [narrow](limits.md) all of it. "
    "[For moderators](moderators.md) is the guide to begin with.",
    "A setting counts from the next message on. An answer keeps "
    "the model that it began with. An API that does not have a parameter is not sent it. What a model or a server "
    "refuses by its name is left out from then on for that model; the host's `extra_body` always goes along, and wins.",
)
BUDGET_NAMES = (
    "A budget's name says for whom (`all`, `each`, `role/ID`, `each_of_role/ID`, `member/ID`), of what (`tokens`, "
    "`dollars`, `questions`) and for how long (`minute`, `hour`, `day`, `month`). `/budget` asks for each part. Unlike "
    "other settings, those of nearer places do not replace those further out: all of them count together."
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
    blocks = ("# What can be set for a place", *map(wrapped, INTRODUCTION), *map(part, Group), wrapped(BUDGET_NAMES))
    checks = ("## What `moderation` checks", *map(wrapped, MODERATION))
    made = "<!-- Made by: python -m bot parameters > docs/parameters.md -->"
    return "\n\n".join((*blocks, *checks, made)) + "\n"


def part(group: Group) -> str:
    """The settings that are a page of the panel, one a row; families come last."""
    head = (
        "| Setting | What it may be | What it does | Example | If nobody sets it |",
        "| --- | --- | --- | --- | --- |",
    )
    settings = [each for each in SETTINGS.values() if each.group is group]
    families = [replace(each, name=name) for name, each in FAMILIES.items() if each.group is group]
    return "\n".join((f"## {group}", "", *head, *map(row, (*settings, *families))))


def row(setting: Setting) -> str:
    """One setting; signs that would end a cell are escaped."""
    cells = (f"`{setting.name}`", setting.range, meaning(setting), f"`{setting.example}`", otherwise(setting))
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def meaning(setting: Setting) -> str:
    """What it does, the reason for its default, and where it does not count."""
    of_guild = ["Of the whole server only."] if setting.is_of_guild else []
    only = [f"Only in {', '.join(found)}."] if (found := list(apis(setting))) else []
    return " ".join((setting.meaning, *([setting.note] if setting.note else []), *of_guild, *only))


def otherwise(setting: Setting) -> str:
    """What counts where nobody set it, and the variable with which the host says something else."""
    named = "PROVIDER_MODEL" if setting is MODEL else (setting.variable or "").upper()
    if setting.name == SYSTEM_PROMPT:
        default = "a short one"
    else:
        default = f"`{written(setting, setting.default)}`" if setting.default is not None else ""
    return ", ".join(each for each in (default, f"`{named}`" if named else "") if each)


def apis(setting: Setting) -> Iterator[str]:
    """The APIs that have it, where others do not."""
    if isinstance(setting, Parameter) and len(setting.paths) < len(Api):
        yield from (f"`{api}`" for api in setting.paths)


def wrapped(text: str) -> str:
    """A paragraph."""
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)
