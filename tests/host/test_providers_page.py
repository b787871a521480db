"""docs/providers.md: its configurations work, and its table is complete."""

from __future__ import annotations

import io
import re
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from bot.doctor import Report, examine_providers
from bot.providers.configuration import ProviderConfiguration
from sandbox.provider import ScriptedProvider
from tests.scenarios.given import GivenSettings

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "providers.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"```toml\n(.*?)```\n\n`PROVIDER_MODEL=(.*?)`", PAGE, re.DOTALL))
KEY = "sk-for-all-of-them"


class FilledSettings(GivenSettings):
    """Settings with an environment in which each variable of the page is set."""

    @property
    def environment(self) -> dict[str, str]:
        """All variables that an example refers to."""
        return dict.fromkeys(re.findall(r"\$([A-Z_]+)", PAGE), KEY)


def swapped(example: str, provider: ScriptedProvider) -> str:
    """An example with the sandbox's address in place of each provider's."""
    return re.sub(r'base_url = ".*?"', f'base_url = "{provider.base_url}"', example)


def as_written(value: Any) -> str:
    """A default as the file would say it."""
    match value:
        case None:
            return "-"
        case bool():
            return f"`{str(value).lower()}`"
        case StrEnum() | str():
            return f'`"{value}"`'
        case tuple():
            return "`[" + ", ".join(f'"{each}"' for each in value) + "]`"
        case dict():
            return "`{}`"
    return f"`{value:g}`"


def table() -> str:
    """Every field with its default, its meaning and an example."""
    rows = ["| field | default | meaning | example |", "| --- | --- | --- | --- |"]
    for name, field in ProviderConfiguration.model_fields.items():
        if name != "name":
            default = "required" if field.is_required() else as_written(field.default)
            (example,) = field.examples or [""]
            rows.append(f"| `{name}` | {default} | {field.description} | `{example}` |")
    return "\n".join(rows)


def test_table_of_the_page_has_every_field() -> None:
    """It is made of what the code says of them; `print(table())` makes it anew."""
    assert f"\n{table()}\n" in PAGE


def test_page_has_an_example_of_each_kind() -> None:
    """OpenAI, a relay, a local server, and threads and runs."""
    assert [model.partition("/")[0] for model in EXAMPLES.values()] == ["openai", "relay", "local", "assistants"]


@pytest.mark.parametrize(("example", "model"), EXAMPLES.items(), ids=list(EXAMPLES.values()))
async def test_example_passes_the_doctor(tmp_path: Path, example: str, model: str) -> None:
    """Copied, with its variables set and the sandbox in the provider's place, every check is a tick."""
    async with ScriptedProvider(api_key=KEY if "keys" in example else "") as provider:
        provider.models = ("the-name-of-a-model", "llama")
        file = tmp_path / "providers.toml"
        file.write_text(swapped(example, provider), encoding="utf-8")
        out = io.StringIO()
        settings = FilledSettings.model_validate(
            {"discord_token": "x", "provider_model": model, "providers_file": str(file)}
        )
        await examine_providers(settings, Report(out))
    lines = out.getvalue().splitlines()
    assert [line for line in lines if not line.startswith("✓")] == []
    assert len(lines) >= 4
