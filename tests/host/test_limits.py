"""`limits.toml`: what stands on the page works, and what is wrong with a file is said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.budgets.model import HostBudget
from bot.checks import Verdict
from bot.errors import ConfigurationError
from bot.limit_checks import judge_limits
from bot.place_settings.budget_names import Period, Subject, Unit
from bot.place_settings.limits import Limits
from bot.place_settings.limits_file import read_limits
from tests.scenarios.given import GivenSettings

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "limits.md").read_text(encoding="utf-8")
SERVER, OTHER = 1_234_567_890_123_456_789, 1_234_567_890_123_456_780


class Offered:
    """Models whose names are whole, and one that is hidden."""

    def whole(self, reference: str) -> str:
        """The name."""
        return reference

    def is_hidden(self, reference: str) -> bool:
        """One is."""
        return reference == "openai/gpt-4o-hidden"


def written(folder: Path, text: str) -> Path:
    """A file."""
    file = folder / "limits.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def limits(tmp_path: Path) -> Limits:
    """What the page's example says."""
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    return Limits(limits=read_limits(written(tmp_path, example)), models=Offered())


@pytest.mark.parametrize(
    ("name", "value", "objection"),
    [
        ("model", "openai/gpt-4o-mini", None),
        ("model", "openai/o1", "`model` cannot be `openai/o1` here: the host does not offer that model."),
        ("model", "openai/gpt-4o-hidden", "`model` cannot be `openai/gpt-4o-hidden` here"),
        ("fallback", ["openai/gpt-4o", "other/x"], "`fallback` cannot be `other/x` here"),
        ("logit_bias", {"1": 2}, "`logit_bias` is the host's to choose here."),
        ("persona_name", "Marie", "`persona_name` is the host's to choose here."),
        ("temperature", 1.2, None),
        ("temperature", 1.3, "`temperature` has to be a number from 0 to 1.2 here: the host allows nothing else."),
        ("max_output_tokens", 2001, "`max_output_tokens` has to be a whole number from 16 to 2,000 here"),
        ("system_prompt", "x" * 8001, "`system_prompt` has to be a text of up to 8,000 characters here"),
        ("retention_days", 29, "`retention_days` has to be a whole number from 30 to 3,650 here"),
        ("tool_approval", "always", None),
        ("tool_approval", "never", "`tool_approval` has to be one of declared, always here"),
        ("top_p", 0.5, None),
        ("tool:roll", True, None),
    ],
)
def test_example_of_the_page_limits(limits: Limits, name: str, value: object, objection: str | None) -> None:
    """What may be chosen in a server that is named nowhere, and what is said of the rest."""
    said = limits.of(OTHER).objection(name, value)
    assert said is None if objection is None else (said or "").startswith(objection)


def test_entries_that_count_together_allow_what_each_allows(limits: Limits) -> None:
    """In the named server and in direct messages only the prompt can be chosen, and is not longer there either."""
    for guild_id in (None, SERVER):
        allowed = limits.of(guild_id)
        assert allowed.objection("seed", 7) == "`seed` is the host's to choose here."
        assert allowed.objection("system_prompt", "Be brief.") is None
        assert allowed.objection("system_prompt", "x" * 8001) is not None


def test_example_of_the_page_bars_tools_by_name_and_group(limits: Limits) -> None:
    """All but one, and but a group."""
    known = [("roll", "general"), ("fetch_page", "general"), ("search", "web")]
    assert [limits.let_use(OTHER, *tool) for tool in known] == [True, False, False]


def test_host_has_budgets(limits: Limits, tmp_path: Path) -> None:
    """In the words of the moderators' own; of two for the same the smaller counts."""
    found = {(each.subject, each.unit, each.period): each.value for each in limits.budgets(OTHER)}
    assert found == {
        (Subject.ALL, Unit.DOLLARS, Period.MONTH): 50,
        (Subject.EACH, Unit.QUESTIONS, Period.MINUTE): 10,
    }
    two = '[[limits]]\nbudgets = {"each:tokens:day" = 5}\n[[limits]]\nbudgets = {"each:tokens:day" = 3}'
    smaller = HostBudget(subject=Subject.EACH, unit=Unit.TOKENS, period=Period.DAY, value=3)
    assert Limits(limits=read_limits(written(tmp_path, two))).budgets(None) == (smaller,)


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("modles = []", "modles is unknown: did you mean models?"),
        ('models = "a/*"', 'models must be a list of texts, for example models = ["*", "!*/o1*"].'),
        ("tools = []", "tools must be a list of texts"),
        ("guilds = [12]", 'guilds must be a list of ids, "*" or "direct"'),
        ('locked = ["persona_nam"]', "locked: there is no setting persona_nam: did you mean persona_name?"),
        ("most = {heat = 1}", "most: there is no setting heat"),
        ("most = {temperature = 3}", "most.temperature must be a number that fits it: temperature is a number from 0"),
        ("most = {temperature = true}", "most.temperature must be a number that fits it"),
        ('most = {temperature = "hot"}', "most.temperature must be a number that fits it"),
        ("most = {n = 2.5}", "most.n must be a number that fits it: n is a whole number from 1 to 8."),
        ("most = {show_tools = 1}", "most.show_tools bounds nothing: show_tools is true or false."),
        ("least = {system_prompt = 1}", "least.system_prompt bounds nothing"),
        ("most = {n = 2}\nleast = {n = 3}", "least.n is more than most.n"),
        ('values = {tool_approval = ["maybe"]}', "values.tool_approval must list what it may be, one of declared"),
        ("values = {seed = [1]}", "values.seed cannot be listed"),
        ('budgets = {"role/5:tokens:day" = 1}', "budgets: role/5:tokens:day is no budget of all or each"),
        ('budgets = {"all:coins:day" = 1}', "budgets: all:coins:day is no budget of all or each"),
        ('budgets = {"all:tokens:day" = -1}', "budgets: all:tokens:day must be a whole number from 0 to"),
        (
            'budgets = {"each:questions:minute" = 0.5}',
            "budgets: each:questions:minute must be a whole number from 0 to",
        ),
        ('budgets = {"all:dollars:day" = -1}', "budgets: all:dollars:day must be a number from 0 to"),
        ("budgets = 5", "budgets must be a table: it begins with [limits.budgets]."),
    ],
)
def test_mistake_is_named_with_its_entry(tmp_path: Path, entry: str, fault: str) -> None:
    """Field, reason and an example or what was meant."""
    file = written(tmp_path, f"[[limits]]\n[[limits]]\n{entry}\n")
    with pytest.raises(ConfigurationError) as found:
        read_limits(file)
    assert str(found.value).startswith(f"{file}: in [[limits]] number 2, {fault}")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[limits]\nmodels = ['*']", "limits is a list: write [[limits]] in two brackets."),
        ("models = ['*']", "has an unknown entry models: all stands under [[limits]]."),
        ("[[limits]]\nmodels = gpt", "is not TOML"),
    ],
)
def test_file_that_is_none_is_said(tmp_path: Path, text: str, fault: str) -> None:
    """What a whole file has to look like."""
    with pytest.raises(ConfigurationError, match=re.escape(fault)):
        read_limits(written(tmp_path, text))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """A sentence each, so that the host starts once more and not thrice."""
    with pytest.raises(ConfigurationError) as found:
        read_limits(written(tmp_path, "more = 1\n[[limits]]\nmodels = 1\ntools = 2\n"))
    assert len(str(found.value).splitlines()) == 3


def settings(file: Path | str) -> GivenSettings:
    """A host's settings with a file of limits."""
    given = {"discord_token": "x", "provider_base_url": "https://provider.test/v1", "provider_model": "a-model"}
    return GivenSettings.model_validate(given | {"limits_file": str(file)})


def test_file_may_be_missing_only_under_its_usual_name(tmp_path: Path) -> None:
    """A misspelt one would limit nothing, and nobody would see it."""
    assert read_limits(tmp_path / "limits.toml") == ()
    assert settings("limits.toml").limits_file == "limits.toml"
    with pytest.raises(ValidationError, match="must be the path of a file, and there is none"):
        settings(tmp_path / "limit.toml")


def test_doctor_looks_at_the_file(tmp_path: Path) -> None:
    """How much it limits, or each mistake."""
    file = written(tmp_path, "[[limits]]\nmodels = ['a/*']\n")
    (check,) = judge_limits(settings(file))
    assert (check.verdict, check.sentence) == (Verdict.OK, f"{file} has 1 entry")
    written(tmp_path, "[[limits]]\nmodels = 1\ntools = 2\n")
    assert [check.verdict for check in judge_limits(settings(file))] == [Verdict.FAILED] * 2
