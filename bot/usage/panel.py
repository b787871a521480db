"""What stands around usage in Discord, and the buttons that lead on; each carries all that it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import discord
from discord import ui

from bot.usage.chart import By
from bot.usage.service import Page
from bot.usage.subject import Whose

Period = Literal[7, 30, 90]  # days: what a column each can show in a picture as wide as Discord's
USUAL: Period = 30
OFFERED = {
    Whose.ME: "My own usage",
    Whose.CHANNEL: "This channel",
    Whose.SERVER: "This server",
    Whose.HOST: "Everything, for the host",
}
WAYS = {By.DAY: "By day", By.MODEL: "By model", By.PLACE: "By channel"}
AIM = r"(?P<whose>me|member|channel|server|host):(?P<id>[0-9]{1,20}):(?P<days>7|30|90):(?P<by>day|model|place)"

Row = ui.ActionRow[ui.LayoutView]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What a person wants to see; `id` is of a channel or a member, else 0."""

    whose: Whose
    id: int = 0
    days: int = USUAL
    by: By = By.DAY

    def leading(self, control: str) -> str:
        """How a control carries it."""
        return f"parley:usage:{control}:{self.whose}:{self.id}:{self.days}:{self.by}"


def laid_out(page: Page, files: Sequence[discord.File], rows: Sequence[Row]) -> ui.LayoutView:
    """Words around a picture in a box, with controls below it."""
    box = ui.Container[ui.LayoutView](ui.TextDisplay(page.above))
    if files:
        box.add_item(ui.MediaGallery(*(discord.MediaGalleryItem(file, description=file.description) for file in files)))
    if page.below:
        box.add_item(ui.TextDisplay(page.below))
    view = ui.LayoutView(timeout=None)
    for item in (box, *rows):
        view.add_item(item)
    view.stop()  # discord.py need not keep it: what is under it is found by its custom id
    return view


def controls(aim: Aim, choices: Sequence[Whose], here: int) -> list[Row]:
    """What leads from here to what else a person may see."""
    periods = [
        drawn(f"{days} days", replace(aim, days=days), "days", is_shown=days == aim.days) for days in get_args(Period)
    ]
    ways = [
        drawn(way_label(by, aim), replace(aim, by=by), "by", is_shown=by is aim.by)
        for by in By
        if not (by is By.PLACE and aim.whose is Whose.CHANNEL)
    ]
    files = [drawn("CSV", aim, "csv")]
    if aim.whose is Whose.HOST:
        files.append(drawn("Providers", aim, "providers"))
    menu = [Row(drawn_menu(aim, choices, here))] if len(choices) > 1 else []
    return [*menu, Row(*periods), Row(*ways, *files)]


def way_label(by: By, aim: Aim) -> str:
    """What the button of a picture says."""
    return "By server" if by is By.PLACE and aim.whose is Whose.HOST else WAYS[by]


def drawn(label: str, aim: Aim, control: str, *, is_shown: bool = False) -> ui.Button[ui.LayoutView]:
    """A button that leads to what is aimed at; what is shown already cannot be pressed."""
    style = discord.ButtonStyle.primary if is_shown else discord.ButtonStyle.secondary
    return ui.Button(label=label, style=style, disabled=is_shown, custom_id=aim.leading(control))


def drawn_menu(aim: Aim, choices: Sequence[Whose], here: int) -> ui.Select[ui.LayoutView]:
    """A menu of whose usage a person may see."""
    is_here = aim.whose is not Whose.CHANNEL or aim.id == here
    options = [
        discord.SelectOption(label=OFFERED[whose], value=whose, default=is_here and whose is aim.whose)
        for whose in choices
    ]
    return ui.Select(placeholder="Whose usage", options=options, custom_id=f"parley:usage:whose:{aim.days}:{aim.by}")
