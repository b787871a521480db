"""The house rule: who may import whom."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(path for room in ("bot", "cogs") for path in (ROOT / room).rglob("*.py"))

# Which modules may import a library; a folder ends with a slash.
LIBRARIES = {
    "discord": (
        "cogs/",
        "bot/listening/asking.py",
        "bot/listening/admission.py",
        "bot/client.py",
        "bot/connection.py",
        "bot/commands/access.py",
        "bot/commands/sync.py",
        "bot/endpoints.py",
        "bot/commands/of_guilds.py",
        "bot/budgets/turning_away.py",
        "bot/listening/hearing.py",
        "bot/http_tools/panel.py",
        "bot/inspection.py",
        "bot/interactions.py",
        "bot/log_channel.py",
        "bot/locales/translator.py",
        "bot/log_channel.py",
        "bot/listening/missed.py",
        "bot/place_settings/forms.py",
        "bot/place_settings/managing.py",
        "bot/place_settings/panel.py",
        "bot/place_settings/prompt_form.py",
        "bot/place_settings/prompting.py",
        "bot/pressing.py",
        "bot/listening/question_threads.py",
        "bot/reminding.py",
        "bot/people.py",
        "bot/place_settings/managing.py",
        "bot/place_settings/records.py",
        "bot/tool_overview.py",
        "bot/tool_pages.py",
        "bot/usage/access.py",
        "bot/usage/panel.py",
        "bot/whereabouts.py",
        "bot/commands/of_servers.py",
        "bot/reply/writer.py",
        "bot/reply/calls.py",
        "bot/reply/drawing.py",
        "bot/reply/persona.py",
        "bot/reply/surface.py",
        "bot/reply/surfaces.py",
        "bot/reply/webhooks.py",
        "bot/tools/caller.py",
        "bot/tools/declare.py",
        "bot/tools/discord_values.py",
        "bot/tools/parameters.py",
        "bot/tools/sight.py",
        "bot/tools/slash.py",
        "bot/tools/schema_command.py",
    ),
    "httpx": ("bot/providers/", "bot/tools/"),
    "httpcore": ("bot/tools/",),
    "html_to_markdown": ("bot/tools/markdown_child.py",),
    "genai_prices": ("bot/providers/prices.py",),
    "httpx2": ("bot/mcp/",),
    "mcp": ("bot/mcp/",),
    "mcp_types": ("bot/mcp/",),
    "sqlalchemy": ("bot/store/",),
    "aiosqlite": ("bot/store/",),
    "alembic": ("bot/store/",),
    "mpmath": ("bot/calculation/",),
    "matplotlib": ("bot/usage/painter_child.py",),
}

# Which of our own modules a room may not import.
FORBIDDEN = {
    "bot/": ("cogs", "sandbox", "bench", "tests"),
    "cogs/": ("cogs", "sandbox", "bench", "tests", "bot.store"),
    "bot/store/": ("bot.providers", "bot.reply", "bot.runs.worker", "bot.runs.service", "bot.app", "bot.client"),
    "bot/providers/": ("bot.store", "bot.reply", "bot.runs", "bot.app", "bot.client"),
    "bot/tools/": ("bot.store", "bot.providers", "bot.reply", "bot.runs", "bot.app", "bot.client"),
    "bot/mcp/": ("bot.store", "bot.providers", "bot.reply", "bot.runs", "bot.app", "bot.client"),
    "bot/reply/": ("bot.store", "bot.providers", "bot.runs.worker", "bot.app"),
}

# Modules that hold no I/O: they may import only the standard library and each other.
PURE = (
    "bot/days.py",
    "bot/errors.py",
    "bot/matching.py",
    "bot/messages.py",
    "bot/patterns.py",
    "bot/moments.py",
    "bot/place_settings/aims.py",
    "bot/budgets/model.py",
    "bot/budgets/spending.py",
    "bot/budgets/windows.py",
    "bot/place_settings/budget_names.py",
    "bot/place_settings/chosen.py",
    "bot/place_settings/limits.py",
    "bot/place_settings/table.py",
    "bot/places.py",
    "bot/setting.py",
    "bot/runs/model.py",
    "bot/tools/model.py",
    "bot/calculation/words.py",
    "bot/local_time.py",
    "bot/tools/switches.py",
    "bot/tools/options.py",
    "bot/tools/typed_parameters.py",
    "bot/runs/export_text.py",
    "bot/runs/history_text.py",
    "bot/runs/past.py",
    "bot/runs/summary.py",
    "bot/runs/summary_text.py",
    "bot/providers/body_decoder.py",
    "bot/providers/usage.py",
    "bot/providers/events.py",
    "bot/providers/known_keys.py",
    "bot/providers/fallback.py",
    "bot/providers/formats.py",
    "bot/providers/keys.py",
    "bot/providers/parameters.py",
    "bot/providers/rate_limits.py",
    "bot/providers/assistants/runs_decoder.py",
    "bot/providers/assistants/runs_objects.py",
    "bot/providers/sse.py",
    "bot/providers/thinking.py",
    "bot/providers/tool_calls.py",
    "bot/providers/turns.py",
    "bot/providers/failures.py",
    "bot/providers/chat/request.py",
    "bot/providers/chat/decoder.py",
    "bot/providers/chat/choices.py",
    "bot/providers/responses/citations.py",
    "bot/providers/responses/decoder.py",
    "bot/providers/responses/items.py",
    "bot/providers/responses/request.py",
    "bot/providers/chat/completion_request.py",
    "bot/providers/dialect.py",
    "bot/providers/chat/thoughts.py",
    "bot/usage/subject.py",
    "bot/reply/activity.py",
    "bot/reply/pages.py",
    "bot/reply/breaks.py",
    "bot/reply/blocks.py",
    "bot/reply/tables.py",
    "bot/reply/spans.py",
    "bot/reply/characters.py",
    "bot/reply/pacing.py",
)
PURE_MODULES = {path.removesuffix(".py").replace("/", ".") for path in PURE}


def imported(path: Path) -> set[str]:
    """The dotted names that a module imports, `from a import b` as both `a` and `a.b`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def within(name: str, package: str) -> bool:
    """Whether a dotted name is a package or lies below it."""
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_module_imports_only_what_its_room_allows(path: Path) -> None:
    """Directions of import and the few homes of each library."""
    place, names = path.relative_to(ROOT).as_posix(), imported(path)
    for library, homes in LIBRARIES.items():
        if not place.startswith(homes):
            assert not [name for name in names if within(name, library)], f"{place} may not import {library}"
    for room, forbidden in FORBIDDEN.items():
        if place.startswith(room):
            loud = [name for name in names if not any(within(name, module) for module in PURE_MODULES)]
            wrong = [name for name in loud for package in forbidden if within(name, package)]
            assert not wrong, f"{place} may not import {wrong}"


@pytest.mark.parametrize("place", PURE)
def test_pure_module_imports_nothing_with_io(place: str) -> None:
    """The pure core knows only itself and the quiet part of the standard library."""
    path = ROOT / place
    if not path.exists():
        pytest.skip("not written yet")
    quiet = {
        "__future__",
        "collections",
        "dataclasses",
        "datetime",
        "enum",
        "types",
        "typing",
        "re",
        "math",
        "unicodedata",
        "itertools",
        "fnmatch",
        "functools",
        "hashlib",
        "heapq",
        "base64",
        "bisect",
        "decimal",
        "json",
        "email",
        "difflib",
        "urllib",
        "zoneinfo",  # reads a file of the system's, of a few kilobytes, once
    }
    for name in imported(path):
        ours = any(within(name, module) for module in PURE_MODULES)
        assert (
            ours
            or name.split(".")[0] in quiet
            or name in {"bot.runs", "bot.providers", "bot.reply", "bot.tools", "bot"}
        ), name
