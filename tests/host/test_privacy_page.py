"""The page that says what is stored leaves no table out, and names what there is."""

from __future__ import annotations

import re
from pathlib import Path

from bot.privacy.exporting import FORMAT, VERSION
from bot.settings import Settings
from bot.store.personal import SECTIONS
from bot.store.schema import metadata

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "privacy.md").read_text(encoding="utf-8")
NOTHING_PERSONAL = {"notices", "lost_guilds", "shards"}
# A column that says who somebody is; what is said elsewhere in the row is about them.
NAMES_PEOPLE = re.compile(r"(asker|author|user|member|requested|approved|created|decided|set|changed)_(id|by)$")


def rows(heading: str) -> set[str]:
    """The names in the first column of the table under a heading."""
    table = next(part for part in PAGE.split("\n\n") if part.startswith(heading))
    return {name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])}


def test_every_table_is_on_the_page() -> None:
    """Each table of the database says there what of people is in it, or is named as holding nothing about them."""
    (nothing,) = re.findall(r"Nothing about people is in (.+?)\n\n", PAGE, re.DOTALL)
    assert set(re.findall(r"`(\w+)`", nothing)) == NOTHING_PERSONAL
    assert rows("| Table |") | NOTHING_PERSONAL == set(metadata.tables)


def test_tables_without_people_name_nobody() -> None:
    """None of the tables that are said to hold nothing about people has a column that names one."""
    named = {name for name, table in metadata.tables.items() if any(map(NAMES_PEOPLE.search, table.columns.keys()))}
    assert named
    assert named & NOTHING_PERSONAL == set()


def test_every_column_that_names_people_is_exported() -> None:
    """What says of whom a row is has a section in the export, but for what is told in its head or is being deleted."""
    exported = {str(column) for section in SECTIONS.values() for column in section.person}
    columns = [column for table in metadata.tables.values() for column in table.columns]
    named = {str(column) for column in columns if NAMES_PEOPLE.search(column.name)}
    assert named - exported == {"opt_outs.user_id", "jobs.user_id", "conversations.member_id"}


def test_every_field_of_the_export_is_on_the_page() -> None:
    """Format and version are told, and each section is."""
    assert f"`{FORMAT}`, {VERSION};" in PAGE
    head = {"format", "version", "exported_at", "user_id", "opted_out_since", "is_whole"}
    assert rows("| Field |") == head | set(SECTIONS)


def test_named_settings_exist() -> None:
    """The variables that the page names are the host's."""
    named = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", PAGE))
    assert named >= {"RETENTION_DAYS", "RETENTION_DAYS_AFTER_REMOVAL"}
    assert {name.lower() for name in named} <= set(Settings.model_fields)
