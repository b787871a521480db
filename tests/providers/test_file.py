"""`providers.toml`: every mistake is one sentence that names the provider and the field, and no secret is in any."""

from __future__ import annotations

from pathlib import Path
from tomllib import TOMLDecodeError

import pytest

from bot.errors import ConfigurationError
from bot.providers.configuration import ProviderConfiguration
from bot.providers.file import ConfiguredProviders, example, providers_of, read_provider, read_providers
from bot.providers.parameters import Api
from tests.scenarios.given import GivenSettings

SECRET = "sk-the-key-of-the-relay"
ENVIRONMENT = {"RELAY_KEY": SECRET, "OTHER_KEY": "sk-another", "BROKEN": "line\nbreak", "PROJECT": "p-1"}
RELAY = '[providers.relay]\nbase_url = "https://relay.example.org/v1"\n'
LOCAL = '[providers.local]\nbase_url = "http://127.0.0.1:8080/v1"\n'
FIELDS = [name for name in ProviderConfiguration.model_fields if name != "name"]
OWN = ProviderConfiguration(name="default", base_url="https://api.example.org/v1")


def written(folder: Path, text: str) -> Path:
    """The file with this in it."""
    file = folder / "providers.toml"
    file.write_text(text, encoding="utf-8")
    return file


def read(folder: Path, text: str, own: ProviderConfiguration | None = None) -> ConfiguredProviders:
    """What a file comes to."""
    return read_providers(written(folder, text), ENVIRONMENT, own=own)


def refusal(folder: Path, text: str, own: ProviderConfiguration | None = None) -> list[str]:
    """What is said about a file, without its name."""
    with pytest.raises(ConfigurationError) as caught:
        read(folder, text, own)
    assert SECRET not in str(caught.value)
    assert isinstance(caught.value.__cause__, TOMLDecodeError | None)
    return [line.removeprefix(str(folder / "providers.toml")) for line in str(caught.value).splitlines()]


def test_missing_file_leaves_the_environments_own(tmp_path: Path) -> None:
    """Nobody has to have one."""
    assert read_providers(tmp_path / "providers.toml", {}, own=OWN).providers == (OWN,)


def test_variables_are_filled_in(tmp_path: Path) -> None:
    """Keys and headers come from the environment, and are in no text that could be logged."""
    text = RELAY + 'api = "responses"\nkeys = ["$RELAY_KEY", "$OTHER_KEY"]\nheaders = {X-Project = "id $PROJECT"}\n'
    found = read(tmp_path, text + LOCAL, OWN)
    own, relay, local = found.providers
    assert (own.name, relay.name, local.name) == ("default", "relay", "local")
    assert [key.get_secret_value() for key in relay.keys] == [SECRET, "sk-another"]
    assert [value.get_secret_value() for value in relay.headers.values()] == ["id p-1"]
    assert (relay.api, local.api) == (Api.RESPONSES, Api.CHAT_COMPLETIONS)
    assert SECRET not in repr(relay)
    assert found.warnings == ()


def test_secret_in_the_file_is_a_warning(tmp_path: Path) -> None:
    """It works, and the host is told where it belongs; a placeholder for a local server is no secret."""
    text = RELAY + f'keys = ["{SECRET}"]\nheaders = {{Authorization = "Bearer {SECRET}"}}\n'
    found = read(tmp_path, text + LOCAL + 'keys = ["none"]\n')
    file = tmp_path / "providers.toml"
    assert found.warnings == tuple(
        f"{file}: the provider relay: {field} holds a secret itself: write $RELAY_KEY there, and RELAY_KEY=… into .env."
        for field in ("keys", "headers.Authorization")
    )


def test_retries_give_way_to_fallbacks(tmp_path: Path) -> None:
    """Who has somebody to stand in is not asked again and again, unless the host says so."""
    chain = 'fallbacks = {"*" = ["relay/x"]}\n'
    relay, local = read(tmp_path, RELAY + LOCAL + chain).providers
    assert (relay.retries, local.retries) == (2, 0)
    _, local = read(tmp_path, RELAY + LOCAL + chain + "max_retries = 1\n").providers
    assert local.retries == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("providers = 3", ": the provider providers: it must be a table that begins with [providers.NAME]."),
        ("[provider.relay]", " has an unknown entry provider: providers stand under [providers.NAME]."),
        (
            "[providers.relay]\nbase_url = http://x",
            " is not TOML: Invalid value (at line 2, column 12), where a text needs quotes.",
        ),
        (
            RELAY + RELAY,
            " lists [providers.relay] twice (at line 3, column 17): rename one of them, or put both into one.",
        ),
        (
            RELAY + RELAY.replace("relay]", "Relay]"),
            ": the provider Relay: there are two of this name, with the one that the file lists already: "
            "rename one of them.",
        ),
        (
            RELAY.replace("relay]", "default]"),
            ": the provider default: there are two of this name, with the one that PROVIDER_BASE_URL is for: "
            "rename one of them.",
        ),
        (
            RELAY.replace("relay]", '"my relay"]'),
            ": the provider my relay: its name must be of a-z, 0-9, hyphens and underscores, at most 32 characters; "
            "for example [providers.openai].",
        ),
        (
            RELAY + 'bas_url = "https://x.org"',
            ": the provider relay: bas_url is unknown: did you mean base_url? "
            'For example base_url = "https://api.openai.com/v1".',
        ),
        (
            RELAY + "colour = 3",
            f": the provider relay: colour is unknown: these are known: {', '.join(FIELDS)}.",
        ),
        (
            "[providers.relay]",
            ': the provider relay: needs base_url, for example base_url = "https://api.openai.com/v1".',
        ),
        (
            '[providers.relay]\nbase_url = "relay.example.org"',
            ": the provider relay: base_url must be an address that begins with http:// or https://; "
            'for example base_url = "https://api.openai.com/v1".',
        ),
        (
            '[providers.relay]\nbase_url = "$RELAY_URL"',
            ": the provider relay: base_url needs the variable RELAY_URL: put it into .env or the environment.",
        ),
        (
            RELAY + 'api = "chat"',
            ": the provider relay: api must be 'chat_completions', 'responses', 'assistants' or 'completions'; "
            'for example api = "responses".',
        ),
        (
            RELAY + 'keys = "$RELAY_KEY"',
            ': the provider relay: keys must be a list; for example keys = ["$OPENAI_KEY"].',
        ),
        (
            RELAY + 'keys = ["$KEY"]',
            ": the provider relay: keys.1 needs the variable KEY: put it into .env or the environment.",
        ),
        (
            RELAY + 'keys = ["5$"]',
            ": the provider relay: keys.1 has a $ without a variable's name after it: write $$ for a dollar sign.",
        ),
        (
            RELAY + 'headers = {A = "$BROKEN"}',
            ": the provider relay: headers must be names and values of plain characters, without line breaks; "
            'for example headers = {OpenAI-Project = "$OPENAI_PROJECT"}.',
        ),
        (
            RELAY + 'state = "always"',
            ": the provider relay: state must be 'none', 'response' or 'conversation'; for example state = "
            '"response".',
        ),
        (
            RELAY + "concurrency = 0",
            ": the provider relay: concurrency must be at least 1; for example concurrency = 4.",
        ),
        (
            RELAY + 'tools = "maybe"',
            ": the provider relay: tools must be true or false; for example tools = false.",
        ),
        (
            RELAY + 'prices = {"x" = {input = 1}}',
            ": the provider relay: prices.x.output is missing; for example "
            'prices = {"gpt-*" = {input = 1.25, cached = 0.125, output = 10}}.',
        ),
        (
            RELAY + "fallbacks = 3",
            ": the provider relay: fallbacks must be a table; for example "
            'fallbacks = {"gpt-*" = ["relay/gpt-x", "local/llama"]}.',
        ),
        (
            RELAY + LOCAL + 'fallbacks = {"*" = ["relays/x"]}',
            ": the provider local: fallbacks.*: relays/x must be a provider/model of a provider that is listed: "
            "did you mean relay/x?",
        ),
        (
            RELAY + LOCAL + 'fallbacks = {"*" = ["gpt"]}',
            ": the provider local: fallbacks.*: gpt must be a provider/model of a provider that is listed: "
            "there are default, relay, local.",
        ),
        (
            RELAY + 'fallbacks = {"x" = ["relay/x"]}',
            ": the provider relay: fallbacks.x: relay/x falls back to itself: name another model or another provider.",
        ),
        (RELAY + 'name = "other"', ": the provider relay: name is unknown: it stands in [providers.NAME]."),
    ],
)
def test_mistake_is_explained(tmp_path: Path, text: str, said: str) -> None:
    """A host learns what to change, with an example."""
    assert refusal(tmp_path, text, OWN) == [said]


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    """Nobody has to start the bot once for each of them."""
    text = RELAY + 'keys = ["$NO_KEY"]\nconcurrency = "many"\n[providers.local]\n'
    assert [line.split(": ")[1:3] for line in refusal(tmp_path, text)] == [
        ["the provider relay", "keys.1 needs the variable NO_KEY"],
        ["the provider relay", "concurrency must be a whole number; for example concurrency = 4."],
        ["the provider local", 'needs base_url, for example base_url = "https://api.openai.com/v1".'],
    ]


@pytest.mark.parametrize("field", FIELDS)
def test_example_of_a_field_is_accepted(tmp_path: Path, field: str) -> None:
    """What a complaint suggests can be copied."""
    lines = {"base_url": 'base_url = "https://relay.example.org/v1"', field: example(field)}
    text = "[providers.relay]\n" + "\n".join(lines.values()) + "\n" + LOCAL.replace("local", "other")
    variables = {"OPENAI_KEY": "sk-x", "OPENAI_PROJECT": "p"}
    if field == "fallbacks":
        text += LOCAL
    relay = read_providers(written(tmp_path, text), variables).providers[0]
    assert getattr(relay, field) != ProviderConfiguration.model_fields[field].default


def test_providers_fit_the_chosen_model(tmp_path: Path) -> None:
    """Without one in the environment the model names its provider; with none at all, the host is told of both ways."""

    def chosen(text: str, **settings: object) -> ConfiguredProviders:
        given = {"discord_token": "x", "providers_file": str(written(tmp_path, text)), **settings}
        return providers_of(GivenSettings.model_validate(given))

    assert [provider.name for provider in chosen(RELAY + LOCAL, provider_model="relay/x").providers] == [
        "relay",
        "local",
    ]
    with pytest.raises(ConfigurationError, match=r"\(relay, local\); for example PROVIDER_MODEL=relay/x\.$"):
        chosen(RELAY + LOCAL, provider_model="other/x")
    with pytest.raises(ConfigurationError, match=r"PROVIDER_BASE_URL is not set, and .* lists no provider"):
        chosen("", provider_model="x")
    own = chosen(RELAY, provider_model="x", provider_base_url="https://api.example.org/v1")
    assert [provider.name for provider in own.providers] == ["default", "relay"]


def test_provider_is_a_table() -> None:
    """A number in its place is a sentence."""
    with pytest.raises(ConfigurationError, match="must be a table"):
        read_provider("relay", 3, {})


@pytest.mark.parametrize("name", ["DISCORD_TOKEN", "SECRETS_KEY"])
@pytest.mark.parametrize(
    "line", ['keys = ["$NAME"]', 'headers = {X-Key = "id ${NAME}"}', 'base_url = "https://x/$NAME"']
)
def test_own_secrets_are_for_no_provider(line: str, name: str, tmp_path: Path) -> None:
    """A slip would give the bot away with the next request."""
    text = RELAY.replace("base_url", line.replace("NAME", name) + "\n#") if "base_url" in line else RELAY + line
    file = written(tmp_path, text.replace("NAME", name))
    with pytest.raises(ConfigurationError, match=f"names {name}, which is for no provider") as caught:
        read_providers(file, {name: "hunter2-hunter2-hunter2"})
    assert "hunter2" not in str(caught.value)
