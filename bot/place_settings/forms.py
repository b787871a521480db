"""The forms in which people change a setting, and what they entered; everything a form is about is in its custom id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import discord
from discord import ui

from bot.interactions import respond
from bot.messages import one_line
from bot.place_settings.desk import Models
from bot.place_settings.limits import Allowed
from bot.setting import MAX_ROLES, Kind, Setting, understood, written

VALUE, PICK = "value", "pick"  # custom ids of the fields
MAX_TITLE_CHARACTERS, MAX_HINT_CHARACTERS = 45, 100  # of a form and of a label
MAX_INPUT_CHARACTERS = 4000
MAX_OPTIONS = 25
CHANNELS = [discord.ChannelType.text, discord.ChannelType.news, discord.ChannelType.public_thread]
LONG = (Kind.TEXT, Kind.TEXTS, Kind.MODELS, Kind.OBJECT)
OFFERED = (Kind.MODEL, Kind.ROLES, Kind.CHANNEL)  # what they may be is seen in their menus
EMPTY = "Left empty, it is inherited."

Field = ui.Item[ui.Modal]


def form(custom_id: str, what: Setting, value: Any, models: Models, allowed: Allowed) -> ui.Modal:
    """The form of a setting, filled in with what counts now; only what is allowed is offered."""
    what = allowed.narrowed(what)
    found = ui.Modal(title=f"Change {what.name}"[:MAX_TITLE_CHARACTERS], custom_id=custom_id, timeout=None)
    range = "" if what.kind in OFFERED or what.choices else f"\n-# {what.range[:1].upper()}{what.range[1:]}."
    found.add_item(ui.TextDisplay(what.meaning + range))
    for label in fields(what, value, models, allowed):
        found.add_item(label)
    return found


async def open_form(interaction: discord.Interaction[Any], opened: ui.Modal) -> None:
    """Show a form; what is submitted is found by its custom id."""
    opened.stop()
    await respond(lambda: interaction.response.send_modal(opened))


def fields(what: Setting, value: Any, models: Models, allowed: Allowed) -> Iterator[ui.Label[ui.Modal]]:
    """What is filled in."""
    match what.kind:
        case Kind.CHOICE:
            yield ui.Label(text="Value", component=choices(what, value))
        case Kind.ROLES:
            chosen = [discord.SelectDefaultValue.from_role(discord.Object(id)) for id in value or ()]
            menu: Field = ui.RoleSelect(
                custom_id=VALUE, min_values=0, max_values=MAX_ROLES, required=False, default_values=chosen
            )
            yield ui.Label(text="Roles", description=EMPTY, component=menu)
        case Kind.CHANNEL:
            chosen = [] if value is None else [discord.SelectDefaultValue.from_channel(discord.Object(value))]
            menu = ui.ChannelSelect(
                custom_id=VALUE, channel_types=CHANNELS, min_values=0, required=False, default_values=chosen
            )
            yield ui.Label(text="Channel", description=EMPTY, component=menu)
        case Kind.TEXTS if what.choices:
            options = [discord.SelectOption(label=one, default=one in (value or ())) for one in what.choices]
            most = min(int(what.high or 1), len(options))
            menu = ui.Select(custom_id=VALUE, min_values=0, max_values=most, required=False, options=options)
            yield ui.Label(text="Values", description=EMPTY, component=menu)
        case Kind.MODEL | Kind.MODELS:
            options = [option(reference, models) for reference in allowed.offered(models.references())[:MAX_OPTIONS]]
            if options:
                most = int(what.high or 1) if what.kind is Kind.MODELS else 1
                menu = ui.Select(
                    custom_id=PICK, min_values=0, max_values=min(most, len(options)), required=False, options=options
                )
                yield ui.Label(text="Choose", component=menu)
            yield typed(what, value, "Or type it" if options else "Value")
        case _:
            yield typed(what, value, "Value")


def typed(what: Setting, value: Any, label: str) -> ui.Label[ui.Modal]:
    """A field to type into; what is too long for it is not shown, because cut it would be lost."""
    text = "" if value is None else written(what, value)
    return ui.Label(
        text=label,
        description=EMPTY,
        component=ui.TextInput(
            custom_id=VALUE,
            style=discord.TextStyle.paragraph if what.kind in LONG else discord.TextStyle.short,
            default=text if 0 < len(text) <= MAX_INPUT_CHARACTERS else None,
            placeholder=one_line(what.example, MAX_HINT_CHARACTERS),
            max_length=MAX_INPUT_CHARACTERS,
            required=False,
        ),
    )


def choices(what: Setting, value: Any) -> Field:
    """One of a few; Discord takes no group of one, which a limit of the host's may leave."""
    if len(what.choices) == 1:
        return ui.Select(custom_id=VALUE, required=False, options=[discord.SelectOption(label=what.choices[0])])
    options = [discord.RadioGroupOption(label=one, value=one, default=one == value) for one in what.choices]
    return ui.RadioGroup(custom_id=VALUE, options=options)


def option(reference: str, models: Models) -> discord.SelectOption:
    """A model to choose; Discord takes 100 characters of each."""
    known = models.facts(reference)[:MAX_HINT_CHARACTERS] or None
    return discord.SelectOption(
        label=reference[:MAX_HINT_CHARACTERS], value=reference[:MAX_HINT_CHARACTERS], description=known
    )


def submitted(interaction: discord.Interaction[Any]) -> Mapping[str, Any]:
    """What was entered into a form, a text or a list of texts, by the custom ids of its fields."""
    data: Any = interaction.data or {}
    found = (row.get("component") or {} for row in data.get("components", ()))
    return {field["custom_id"]: field.get("values", field.get("value")) for field in found if "custom_id" in field}


def entered(what: Setting, given: Mapping[str, Any]) -> Any:
    """The value that was entered; None for nothing.  Raises: Refusal, with the range and an example."""
    chosen = given.get(PICK) or given.get(VALUE) or ""
    text = chosen if isinstance(chosen, str) else "|".join(chosen)
    return understood(what, text) if text.strip() else None
