"""What is offered while somebody types the name of a setting, or a value of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from bot.errors import Refusal
from bot.matching import holds, terms
from bot.messages import one_line
from bot.place_settings.budget_names import BUDGET
from bot.place_settings.desk import Models, Switchable
from bot.place_settings.limits import Limits
from bot.place_settings.table import SETTINGS, TOOL, TOOLS, setting
from bot.setting import Kind, Setting, understood

MAX_SUGGESTIONS, MAX_SUGGESTION_CHARACTERS = 25, 100  # as Discord allows
BUDGET_EXAMPLE = "budget:each:tokens:day"
BUDGET_HINT = f"{BUDGET_EXAMPLE}: what each member may use in a day; /budget asks for each part"
SEPARATOR = "|"  # between roles

Suggestion = tuple[str, str]  # what is shown, and the value it stands for
Named = Mapping[int, str]  # roles or channels of a server, by their ids


class Suggestions:
    """Finds what can be meant."""

    def __init__(self, models: Models, tools: Switchable, limits: Limits) -> None:
        self._models = models
        self._tools = tools
        self._limits = limits

    def names(self, guild_id: int | None, typed: str) -> list[Suggestion]:
        """The settings whose names or meanings hold what was typed; first those whose names begin with it."""
        wanted, beginning, allowed = terms(typed), typed.strip().lower(), self._limits.of(guild_id)
        there = [it for it in SETTINGS.values() if not allowed.is_locked(it.name)]
        found = [it for it in there if holds(f"{it.name} {it.meaning}", wanted)]
        found.sort(key=lambda it: (it.name != beginning, not it.name.startswith(beginning)))
        entries = [(f"{it.name}: {it.meaning}", it.name) for it in found]
        tools = [TOOL + name for name in self._tools.switchable(guild_id or 0)]
        switches = [(f"{name}: {TOOLS.meaning}", name) for name in tools if holds(name, wanted)]
        budgets = [(BUDGET_HINT, BUDGET_EXAMPLE)] if holds(f"{BUDGET_HINT} {BUDGET}", wanted) else []
        families = [each for each in (*switches, *budgets) if not allowed.is_locked(each[1])]
        begin = families if beginning.startswith((TOOL, BUDGET)) else []
        return suggested([*begin, *entries, *families])

    def values(self, guild_id: int | None, name: str, typed: str, roles: Named, channels: Named) -> list[Suggestion]:
        """Values of a setting: those there are, as far as they hold what was typed; of free ones what was typed."""
        try:
            what = self._limits.of(guild_id).narrowed(setting(name))
        except Refusal:
            return []
        match what.kind:
            case Kind.MODEL:
                return self.models(guild_id, typed)
            case Kind.CHOICE:
                return suggested((each, each) for each in what.choices if holds(each, terms(typed)))
            case Kind.BOOLEAN:
                return suggested((each, each) for each in ("true", "false") if holds(each, terms(typed)))
            case Kind.ROLES:
                return suggested(roles_for(typed, roles))
            case Kind.CHANNEL:
                wanted = terms(typed.lstrip("#"))
                return suggested((f"#{each}", str(id)) for id, each in channels.items() if holds(each, wanted))
            case _:
                return suggested([typed_or_example(what, typed.strip())])

    def models(self, guild_id: int | None, typed: str) -> list[Suggestion]:
        """The models whose names hold what was typed, with what they read and cost."""
        offered = self._limits.of(guild_id).offered(self._models.references())
        found = [each for each in offered if holds(each, terms(typed))]
        return suggested((self._labelled(each), each) for each in found[:MAX_SUGGESTIONS])

    def _labelled(self, reference: str) -> str:
        """A model's name, cut before what is known of it would be."""
        facts = self._models.facts(reference)
        known = f" · {facts}" if facts else ""
        return one_line(reference, MAX_SUGGESTION_CHARACTERS - len(known)) + known


def roles_for(typed: str, roles: Named) -> Iterator[Suggestion]:
    """The roles that the last part of what was typed may mean, after those before it."""
    *before, last = typed.split(SEPARATOR)
    ids = [int(each) for each in before if each.strip().isdecimal()]
    named = [f"@{roles.get(id, id)}" for id in ids]
    for id, name in roles.items():
        if id not in ids and holds(f"{name} {id}", terms(last.strip().lstrip("@"))):
            yield ", ".join((*named, f"@{name}")), SEPARATOR.join(map(str, (*ids, id)))


def typed_or_example(what: Setting, typed: str) -> Suggestion:
    """What was typed, if it may be the value: Enter takes what is suggested, not what was typed.  Else the range."""
    try:
        understood(what, typed)
    except Refusal:
        return f"{what.range}, for example {what.example}", what.example
    return typed, typed


def suggested(entries: Iterable[Suggestion]) -> list[Suggestion]:
    """As many of the entries as Discord shows, none twice; a value that is too long for it has to be typed."""
    fitting: dict[str, str] = {}
    for label, value in entries:
        if len(value) <= MAX_SUGGESTION_CHARACTERS:
            fitting.setdefault(value, one_line(label, MAX_SUGGESTION_CHARACTERS))
    return [(label, value) for value, label in islice(fitting.items(), MAX_SUGGESTIONS)]
