"""How a page looks in Discord: its buttons, lists and files; the only place that knows their custom ids."""

from __future__ import annotations

import io

import discord

from bot.reply.activity import MAX_ROW_CHOICES, Prompt
from bot.reply.content import Action, Button, PageContent
from bot.tools.model import Need

LABELS = {
    Action.STOP: ("Stop", discord.ButtonStyle.secondary),
    Action.REGENERATE: ("Regenerate", discord.ButtonStyle.secondary),
    Action.CONTINUE: ("Continue", discord.ButtonStyle.primary),
    Action.RETRY: ("Retry", discord.ButtonStyle.primary),
    Action.CALLS: ("Tools", discord.ButtonStyle.secondary),
    Action.PREVIOUS: ("←", discord.ButtonStyle.secondary),
    Action.NEXT: ("→", discord.ButtonStyle.secondary),
}
# What the buttons of a call that waits for approval say; `cogs/calls.py` reads their custom ids.
DECISIONS = {
    "approve": ("Approve", discord.ButtonStyle.success),
    "deny": ("Deny", discord.ButtonStyle.danger),
    "always": ("Approve for this conversation", discord.ButtonStyle.secondary),
}
MAX_LABEL_CHARACTERS = 80  # of a button
MAX_OPTION_CHARACTERS = 100  # of a line of a list
MAX_OPTIONS = 25


def drawn(button: Button, row: int = 0) -> discord.ui.Button[discord.ui.View]:
    """The button as Discord shows it; its custom id is read back by `cogs/answers.py`."""
    label, style = LABELS[button.action]
    what = button.action if button.number is None else f"{button.action}:{button.number}"
    return discord.ui.Button(label=label, style=style, row=row, custom_id=f"parley:{what}:{button.run_id}")


def drawn_prompt(prompt: Prompt, row: int, *, is_only: bool) -> list[discord.ui.Item[discord.ui.View]]:
    """What a person can press about a call, from a row on; where several calls wait, buttons name the tool."""
    about, of_call = "" if is_only else f" {prompt.tool}", f"{prompt.call_id}:{prompt.run_id}"
    if prompt.need is Need.APPROVAL:
        return [
            discord.ui.Button(
                label=(label + about)[:MAX_LABEL_CHARACTERS], style=style, row=row, custom_id=f"parley:{word}:{of_call}"
            )
            for word, (label, style) in DECISIONS.items()
        ]
    other = discord.ui.Button[discord.ui.View](
        label="Answer…" if not prompt.choices else "Something else…",
        row=row + prompt.rows - 1,
        custom_id=f"parley:answer:{of_call}",
    )
    return [*drawn_choices(prompt, row, of_call), other]


def drawn_choices(prompt: Prompt, row: int, of_call: str) -> list[discord.ui.Item[discord.ui.View]]:
    """The answers to pick from, as buttons or, where they are many, as a list."""
    if len(prompt.choices) > MAX_ROW_CHOICES:
        options = [
            discord.SelectOption(label=choice[:MAX_OPTION_CHARACTERS], value=str(number))
            for number, choice in enumerate(prompt.choices[:MAX_OPTIONS])
        ]
        return [discord.ui.Select(options=options, row=row, custom_id=f"parley:pick:{of_call}")]
    return [
        discord.ui.Button(
            label=choice[:MAX_LABEL_CHARACTERS],
            style=discord.ButtonStyle.primary,
            row=row,
            custom_id=f"parley:choice:{number}:{of_call}",
        )
        for number, choice in enumerate(prompt.choices)
    ]


def custom_ids(message: discord.Message) -> list[str]:
    """The custom ids of a message's buttons and lists."""
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    items = [item for row in rows for item in row.children]
    return [item.custom_id for item in items if item.custom_id is not None]


def view_of(page: PageContent) -> discord.ui.View | None:
    """The page's buttons.  The view is stopped, so that discord.py does not keep it: presses go to dynamic items."""
    if not page.buttons and not page.prompts:
        return None
    view, row = discord.ui.View(timeout=None), 0
    for prompt in page.prompts:
        for item in drawn_prompt(prompt, row, is_only=len(page.prompts) == 1):
            view.add_item(item)
        row += prompt.rows
    for button in page.buttons:
        view.add_item(drawn(button, row))
    view.stop()
    return view


def files_of(page: PageContent) -> list[discord.File]:
    """The page's attachments; discord.py closes a file with the first attempt to send."""
    return [
        discord.File(io.BytesIO(file.content), filename=file.name, description=file.description or None)
        for file in page.files
    ]
