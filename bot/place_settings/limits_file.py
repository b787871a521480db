"""`limits.toml`: what the host lets moderators choose."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from bot.budgets.model import HostBudget
from bot.errors import ConfigurationError, Refusal
from bot.patterns import NOT, Patterns
from bot.place_settings.budget_names import BUDGET, BudgetName, Subject
from bot.place_settings.limits import DIRECT, Limit
from bot.place_settings.table import SETTINGS, TOOL, setting
from bot.setting import Kind, Setting, checked
from bot.tables import contents

ENTRY = "limits"
GUILD = re.compile(rf"!?(\*|{DIRECT}|\d{{15,20}})")
NUMBERS = (Kind.NUMBER, Kind.INTEGER)
LISTED = (Kind.CHOICE, Kind.TEXTS)
BUDGET_EXAMPLE = '"each:questions:minute" = 10'
Faults = list[str]


def read_limits(file: Path) -> tuple[Limit, ...]:
    """The entries of a file, which may be missing.  Raises: ConfigurationError, one sentence per line and mistake."""
    written = contents(file)
    entries = written.pop(ENTRY, [])
    faults = [f"{file} has an unknown entry {name}: all stands under [[{ENTRY}]]." for name in written]
    if not isinstance(entries, list):
        raise ConfigurationError("\n".join((*faults, f"{file}: {ENTRY} is a list: write [[{ENTRY}]] in two brackets.")))
    found = []
    for number, entry in enumerate(entries, 1):
        wrong: Faults = []
        found.append(limit_of(entry, wrong))
        faults += [f"{file}: in [[{ENTRY}]] number {number}, {fault}" for fault in wrong]
    if faults:
        raise ConfigurationError("\n".join(faults))
    return tuple(found)


def limit_of(entry: object, faults: Faults) -> Limit:
    """One entry; what is wrong with it is added to the faults."""
    if not isinstance(entry, dict):
        faults.append("there is no table.")
        return Limit()
    given = {}
    for key, value in entry.items():
        if key in READERS:
            given[key] = READERS[key](key, value, faults)
        else:
            close = get_close_matches(key, READERS, n=1)
            hint = f"did you mean {close[0]}?" if close else f"these are known: {', '.join(READERS)}."
            faults.append(f"{key} is unknown: {hint}")
    limit = Limit(**given)
    for name in limit.most.keys() & limit.least.keys():
        if limit.least[name] > limit.most[name]:
            faults.append(f"least.{name} is more than most.{name}, so that nothing could be chosen.")
    return limit


def patterns(key: str, value: Any, faults: Faults) -> Patterns:
    """A list of patterns."""
    if not isinstance(value, list) or not value or not all(isinstance(each, str) and each for each in value):
        faults.append(f'{key} must be a list of texts, for example {key} = ["*", "!{NOT_WANTED[key]}"].')
        return Patterns()
    return Patterns(tuple(value))


def guilds(key: str, value: Any, faults: Faults) -> Patterns:
    """Which guilds are meant; ids may be numbers."""
    texts = [str(each) for each in value] if isinstance(value, list) else []
    if not texts or not all(map(GUILD.fullmatch, texts)):
        faults.append(f'{key} must be a list of ids, "*" or "{DIRECT}"; for example {key} = [1234567890123456789].')
    return Patterns(tuple(texts))


def locked(key: str, value: Any, faults: Faults) -> Patterns:
    """Which settings are meant: each pattern has to match one that there is."""
    found = patterns(key, value, faults)
    for text in found.texts:
        pattern = text.removeprefix(NOT)
        if not any(fnmatchcase(name, pattern) for name in SETTINGS) and not pattern.startswith((TOOL, BUDGET)):
            faults.append(f"{key}: {unknown(pattern)}")
    return found


def bounds(key: str, value: Any, faults: Faults) -> Mapping[str, float]:
    """Numbers by the names of settings that they bound; the most may be of characters or entries too."""
    found = dict[str, float]()
    for name, number in items(key, value, faults):
        what = known(key, name, faults)
        if what is None:
            continue
        if what.kind not in NUMBERS and (key == "least" or what.high is None):
            faults.append(f"{key}.{name} bounds nothing: {name} is {what.range}.")
        elif not is_number(number) or not is_bound(what, number):
            faults.append(f"{key}.{name} must be a number that fits it: {name} is {what.range}.")
        else:
            found[what.name] = number
    return found


def choices(key: str, value: Any, faults: Faults) -> Mapping[str, tuple[str, ...]]:
    """What may be chosen, by the names of settings that have words for it."""
    found = dict[str, tuple[str, ...]]()
    for name, listed in items(key, value, faults):
        what = known(key, name, faults)
        if what is None:
            continue
        if what.kind not in LISTED:
            faults.append(f"{key}.{name} cannot be listed: {name} is {what.range}.")
        elif not isinstance(listed, list) or not listed or not all(fits(what, each) for each in listed):
            faults.append(f'{key}.{name} must list what it may be, {what.range}; for example ["{what.example}"].')
        else:
            found[what.name] = tuple(listed)
    return found


def budgets(key: str, value: Any, faults: Faults) -> tuple[HostBudget, ...]:
    """The host's own budgets."""
    found = list[HostBudget]()
    for name, number in items(key, value, faults):
        try:
            parsed = BudgetName.parse(BUDGET + name)
        except ValueError:
            parsed = None
        if parsed is None or parsed.subject not in (Subject.ALL, Subject.EACH):
            faults.append(f"{key}: {name} is no budget of all or each; for example {BUDGET_EXAMPLE}.")
        elif not is_number(number) or not may_be(setting(BUDGET + name), number):
            faults.append(f"{key}: {name} must be {setting(BUDGET + name).range}; for example {BUDGET_EXAMPLE}.")
        else:
            found.append(HostBudget(subject=parsed.subject, unit=parsed.unit, period=parsed.period, value=number))
    return tuple(found)


def items(key: str, value: Any, faults: Faults) -> Iterable[tuple[str, Any]]:
    """What a table holds."""
    if isinstance(value, dict):
        return value.items()
    faults.append(f"{key} must be a table: it begins with [{ENTRY}.{key}].")
    return ()


def known(key: str, name: str, faults: Faults) -> Setting | None:
    """The setting of this name."""
    try:
        return setting(name)
    except Refusal:
        faults.append(f"{key}: {unknown(name)}")
        return None


def unknown(name: str) -> str:
    """That there is no such setting, and which was meant."""
    close = get_close_matches(name, SETTINGS, n=1)
    return f"there is no setting {name}" + (f": did you mean {close[0]}?" if close else "; docs/parameters.md has all.")


def fits(what: Setting, value: Any) -> bool:
    """Whether a setting may be this, or have it as one of its texts."""
    return may_be(what, value if what.kind is Kind.CHOICE else [value])


def may_be(what: Setting, value: Any) -> bool:
    """Whether a setting may have this value."""
    try:
        checked(what, value)
    except ValueError:
        return False
    return True


def is_bound(what: Setting, number: float) -> bool:
    """Whether a setting could come to this number, or be of this length."""
    is_within = (what.low or 0) <= number <= (what.high or math.inf)
    return is_within and (what.kind is Kind.NUMBER or number == int(number))


def is_number(value: Any) -> bool:
    """Whether it is one."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


NOT_WANTED = {"models": "*/o1*", "tools": "group:web", "locked": "model"}
READERS: Mapping[str, Callable[[str, Any, Faults], Any]] = {
    "guilds": guilds,
    "models": patterns,
    "tools": patterns,
    "locked": locked,
    "most": bounds,
    "least": bounds,
    "values": choices,
    "budgets": budgets,
}
