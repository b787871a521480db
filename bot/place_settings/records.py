"""The log of settings and what moves them whole, as moderators see it: texts, boxes, buttons."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import discord
from discord import ui

from bot.interactions import tell
from bot.place_settings.aims import digest_of
from bot.place_settings.desk import Kept
from bot.place_settings.log import LogPage, shortened, valued
from bot.place_settings.service import Edit, Known
from bot.places import Place, PlaceKind, named

MAX_CHANGES_SHOWN, MAX_DIFFERENCE_CHARACTERS = 20, 3300  # of 4000, with the question above them
NOTHING_LOGGED = "Nothing was changed yet."
COPYABLE = [
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.voice,
    discord.ChannelType.stage_voice,
    discord.ChannelType.forum,
    discord.ChannelType.category,
    discord.ChannelType.public_thread,
    discord.ChannelType.private_thread,
]


class Step(StrEnum):
    """What is done where it is pressed, chosen or submitted."""

    LOG = "log"
    UNDO = "undo"
    BACK = "back"
    COPY = "copy"
    SOURCE = "source"
    COPIED = "copied"
    EXPORT = "export"
    IMPORT = "import"
    FILE = "file"
    IMPORTED = "imported"
    RESET = "reset"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What a button is for; `more` is the page of a log, a change, another place, or what was read of a file."""

    step: Step
    place: Place
    more: str = ""

    @property
    def custom_id(self) -> str:
        """How a button carries it."""
        begun = f"settings:{self.step}:{self.place.kind}:{self.place.id}"
        return f"{begun}:{self.more}" if self.more else begun

    @classmethod
    def parse(cls, custom_id: str) -> Self | None:
        """What a custom id stands for; None if it is for something else."""
        found = PATTERN.fullmatch(custom_id)
        if found is None:
            return None
        return cls(
            step=Step(found["step"]),
            place=Place(kind=PlaceKind(found["kind"]), id=int(found["id"])),
            more=found["more"] or "",
        )

    @property
    def number(self) -> int:
        """The page or the change."""
        return int(self.more) if self.more.isdecimal() else 0


PATTERN = re.compile(
    rf"settings:(?P<step>{'|'.join(Step)}):(?P<kind>{'|'.join(PlaceKind)}):(?P<id>\d{{1,20}})(?::(?P<more>[\w/-]{{1,40}}))?"
)


def log_view(page: LogPage, place: Place) -> ui.LayoutView:
    """A page of the log, each act with the button that takes it back."""
    view, box = ui.LayoutView(timeout=None), ui.Container[ui.LayoutView]()
    box.add_item(
        ui.TextDisplay(f"### What was changed in {named(place)}" + (f", page {page.number + 1}" * bool(page.number)))
    )
    for act in page.acts:
        undo = button("Undo", Errand(step=Step.UNDO, place=place, more=str(act.id)))
        box.add_item(ui.Section(ui.TextDisplay(act.text), accessory=undo))
    if not page.acts:
        box.add_item(ui.TextDisplay(NOTHING_LOGGED))
    view.add_item(box)
    ways = ("Newer", page.number - 1, page.number > 0), ("Older", page.number + 1, page.has_older)
    row = [button(label, Errand(step=Step.LOG, place=place, more=str(to))) for label, to, is_there in ways if is_there]
    if row:
        view.add_item(ui.ActionRow(*row))
    view.stop()  # discord.py need not keep it: what is under it is found by its custom id
    return view


async def tell_kept(interaction: discord.Interaction[Any], kept: Kept) -> None:
    """Tell somebody what they changed, with the button that takes it back."""
    view = discord.utils.MISSING
    if kept.changes:
        last, view = kept.changes[-1], ui.View(timeout=None)
        view.add_item(button("Undo", Errand(step=Step.BACK, place=last.place, more=str(last.id))))
        view.stop()
    await tell(interaction, kept.sentence, view=view)


def asking(sentence: str, edits: Sequence[Edit], known: Known, *doing: ui.Item[ui.LayoutView]) -> ui.LayoutView:
    """What would change, and the buttons that do it."""
    view = ui.LayoutView(timeout=None)
    view.add_item(
        ui.Container[ui.LayoutView](ui.TextDisplay("\n".join((f"### {sentence}", *difference(edits, known)))))
    )
    view.add_item(ui.ActionRow(*doing))
    view.stop()
    return view


def source_view(place: Place) -> ui.LayoutView:
    """Which channel's settings are to be copied."""
    view = ui.LayoutView(timeout=None)
    view.add_item(
        ui.Container[ui.LayoutView](ui.TextDisplay(f"### Copy settings to {named(place)}\nFrom which channel?"))
    )
    errand = Errand(step=Step.SOURCE, place=place)
    view.add_item(
        ui.ActionRow(
            ui.ChannelSelect[ui.LayoutView](
                custom_id=errand.custom_id, channel_types=COPYABLE, placeholder="A channel, a thread or a category"
            )
        )
    )
    view.stop()
    return view


def import_form(place: Place) -> ui.Modal:
    """Where a file is handed over."""
    form = ui.Modal(title="Import settings", custom_id=Errand(step=Step.FILE, place=place).custom_id)
    form.add_item(
        ui.Label(
            text="A file that Export made",
            description="You see what would change before anything does.",
            component=ui.FileUpload(custom_id="file", min_values=1, max_values=1),
        )
    )
    return form


def difference(edits: Sequence[Edit], known: Known) -> list[str]:
    """From what to what, a line each, and how many more there are."""
    lines = list[str]()
    for edit in edits:
        before = valued(edit.name, old_of(edit, known))
        lines.append(f"**{edit.name}** in {named(edit.place)}: {before} → {valued(edit.name, edit.value)}")
    return shortened(lines, len(edits), MAX_DIFFERENCE_CHARACTERS)


def mark(edits: Sequence[Edit], known: Known) -> str:
    """By which it is known again whether something would still change from what to what it was shown to."""
    return digest_of([[edit.place.kind, edit.place.id, edit.name, old_of(edit, known), edit.value] for edit in edits])


def old_of(edit: Edit, known: Known) -> Any:
    """What is set before an edit; None if nothing is."""
    choice = known.get((edit.place, edit.name))
    return None if choice is None else choice.value


def button(label: str, errand: Errand, style: discord.ButtonStyle = discord.ButtonStyle.secondary) -> ui.Button[Any]:
    """A button for this."""
    return ui.Button(label=label, style=style, custom_id=errand.custom_id)
