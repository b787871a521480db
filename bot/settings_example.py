"""The text of `.env.example`: every setting with its meaning, unit, range, default and reason."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from bot.settings import Settings

WIDTH = 100

INTRODUCTION = (
    "Copy this file to .env and fill in the lines that are not commented out. A line that begins with #NAME= shows "
    "a default: take the # away to change it. The environment wins over this file; an empty value counts as not set."
)

# The heading that stands above a field and those that follow it.
HEADINGS = {
    "discord_token": "Discord",
    "providers_file": "The model provider",
    "system_prompt": "Answers, where moderators chose nothing else",
    "limits_file": "Answers, everywhere",
    "tools_enabled": "Tools",
    "max_concurrent_runs": "Running",
    "database_url": "Storage",
    "log_level": "Logging",
}


def render_example() -> str:
    """The whole file, generated from the fields of `Settings`, which are its only source."""
    lines = [*comment(INTRODUCTION), "# Made by: python -m bot settings > .env.example"]
    for field, information in Settings.model_fields.items():
        if field in HEADINGS:
            lines += ["", f"# --- {HEADINGS[field]} ---"]
        lines += ["", *describe(information), assignment(field, information)]
    return "\n".join(lines) + "\n"


def describe(information: FieldInfo) -> Iterator[str]:
    """The comment above one setting."""
    yield from comment(information.description or "")
    if information.is_required():
        yield "# Required."
    elif span := allowed(information):
        yield f"# Allowed: {span}."
    if information.examples:
        yield f"# Example: {information.examples[0]}"


def allowed(information: FieldInfo) -> str:
    """The range of a number, if the field has one."""
    low = high = ""
    for rule in information.metadata:
        if (least := getattr(rule, "ge", None)) is not None:
            low = f"from {least}"
        elif (above := getattr(rule, "gt", None)) is not None:
            low = f"more than {above}"
        elif (most := getattr(rule, "le", None)) is not None:
            high = f"{'to' if low.startswith('from') else 'up to'} {most}"
    return ", ".join((low, high)) if low.startswith("more") else f"{low} {high}".strip()


def assignment(field: str, information: FieldInfo) -> str:
    """The line that sets it: empty and live when the host must or usually does fill it in, else the default."""
    name = field.upper()
    if information.is_required() or field in ("provider_base_url", "provider_api_key"):
        return f"{name}="
    default = information.default
    if default in (None, (), PydanticUndefined):
        return f"#{name}="
    text = f"{default:g}" if isinstance(default, float) else str(default)
    return f'#{name}="{text}"' if " " in text else f"#{name}={text}"


def comment(text: str) -> list[str]:
    """Text as comment lines."""
    return textwrap.wrap(text, WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
