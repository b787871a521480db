"""What a host may write into the environment and `.env`, and what is said when it is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.errors import ConfigurationError
from bot.place_settings.table import ConversationScope, Trigger
from bot.setting_groups.running import LogFormat, LogLevel
from bot.settings import Settings, example
from bot.settings_example import HEADINGS, render_example

EXAMPLE_FILE = Path(__file__).resolve().parents[2] / ".env.example"
ENOUGH = {
    "DISCORD_TOKEN": "a-token",
    "PROVIDER_BASE_URL": "https://provider.test/v1",
    "PROVIDER_MODEL": "a-model",
}
FIELDS = sorted(Settings.model_fields)


def load(path: Path, **values: str) -> Settings:
    """Settings from a file with the required variables and these ones."""
    env_file = path / "test.env"
    env_file.write_text("".join(f"{name}='{value}'\n" for name, value in (ENOUGH | values).items()), encoding="utf-8")
    return Settings.load(env_file)


def refusal(path: Path, **values: str) -> str:
    """What is said about these values."""
    with pytest.raises(ConfigurationError) as caught:
        load(path, **values)
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_three_variables_are_enough(tmp_path: Path) -> None:
    """Token, provider and model have to be set; everything else has the documented default."""
    settings = load(tmp_path)
    assert settings.discord_token.get_secret_value() == "a-token"
    assert settings.provider_api_key.get_secret_value() == ""
    assert settings.discord_api_base_url == "https://discord.com/api/v10"
    assert settings.database_url == "sqlite+aiosqlite:///data/parley.db"
    assert (settings.log_level, settings.log_format) == (LogLevel.INFO, LogFormat.TEXT)
    assert "temperature" not in settings.place_defaults
    assert settings.place_defaults["trigger"] == Trigger.MENTION
    assert settings.place_defaults["conversation_scope"] == ConversationScope.CHANNEL


def test_example_file_is_what_the_code_prints() -> None:
    """`.env.example` and the fields are equal in names, defaults, order and descriptions."""
    assert EXAMPLE_FILE.read_text(encoding="utf-8") == render_example()


def test_example_file_headings_belong_to_fields() -> None:
    """A renamed field does not lose its heading."""
    assert set(HEADINGS) <= set(Settings.model_fields)


@pytest.mark.parametrize("field", FIELDS)
def test_field_says_what_it_is(field: str) -> None:
    """Every setting has a description and a sample that is accepted."""
    description = Settings.model_fields[field].description
    assert description is not None
    assert description.endswith(".")
    assert example(field)


def test_example_file_uncommented_holds_the_defaults(tmp_path: Path) -> None:
    """Taking every # away changes nothing, so each default is written as the file has to say it."""
    assigned = re.findall(r"^#?([A-Z_]+=.*)$", render_example(), re.MULTILINE)
    env_file = tmp_path / "test.env"
    env_file.write_text("\n".join([*assigned, *(f"{name}={value}" for name, value in ENOUGH.items())]))
    assert len(assigned) == len(Settings.model_fields)
    assert Settings.load(env_file).model_dump() == load(tmp_path).model_dump()


def test_every_sample_is_accepted(tmp_path: Path) -> None:
    """The value that a complaint suggests is itself without complaint."""
    load(tmp_path, **{field.upper(): example(field) for field in FIELDS})


def test_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process is started with counts more than the file that lies about."""
    monkeypatch.setenv("PROVIDER_MODEL", "from-the-environment")
    assert load(tmp_path).provider_model == "from-the-environment"


def test_environment_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container needs no file."""
    for name, value in ENOUGH.items():
        monkeypatch.setenv(name, value)
    assert Settings.load(tmp_path / "absent.env").provider_model == "a-model"


def test_missing_variables_get_a_sentence_each(tmp_path: Path) -> None:
    """All that is missing is said at once, with an example each."""
    with pytest.raises(ConfigurationError) as caught:
        Settings.load(tmp_path / "absent.env")
    sentences = str(caught.value).splitlines()
    assert [sentence.split()[0] for sentence in sentences] == list(ENOUGH)
    assert all("is not set" in sentence and "for example" in sentence for sentence in sentences)


def test_empty_line_counts_as_not_set(tmp_path: Path) -> None:
    """A copied example file whose token was forgotten is reported as such."""
    assert refusal(tmp_path, DISCORD_TOKEN="").startswith("DISCORD_TOKEN is not set")


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("MAX_OUTPUT_TOKENS", "many", "must be a whole number"),
        ("MAX_OUTPUT_TOKENS", "1.5", "must be a whole number"),
        ("MAX_OUTPUT_TOKENS", "5", "must be a whole number from 16"),
        ("TOOLS_ENABLED", "perhaps", "must be true or false"),
        ("TEMPERATURE", "warm", "must be a number"),
        ("TEMPERATURE", "nan", "must be a"),
        ("TEMPERATURE", "9", "must be a number from 0 to 2"),
        ("PROVIDER_IDLE_TIMEOUT_SECONDS", "0", "must be more than 0"),
        ("LEASE_SECONDS", "inf", "must be"),
        ("TOOL_CHOICE", "sometimes", "must be 'auto', 'none' or 'required'"),
        ("TOOL_WAIT_SECONDS", "59", "must be at least 60"),
        ("TRIGGER", "always", "must be one of mention, reply, all, threads, off"),
        ("LOG_LEVEL", "loud", "must be 'debug', 'info', 'warning' or 'error'"),
        ("PROVIDER_BASE_URL", "provider.test/v1", "must be an address that begins with http:// or https://"),
        ("PROVIDER_BASE_URL", "https://", "must be an address"),
        ("PROVIDER_BASE_URL", "https://host:port/v1", "must be an address"),
        ("PROVIDER_BASE_URL", "https://[broken", "must be an address"),
        ("PROVIDER_BASE_URL", "https://api..provider.test/v1", "must be an address"),
        ("PROVIDER_BASE_URL", "https://xn--/v1", "must be an address"),
        ("PROVIDER_BASE_URL", "https://provider\u2028.test/v1", "must be an address"),
        ("PROVIDER_BASE_URL", "https://provider.test/v1?key=x", "must end before any ?"),
        ("DISCORD_GATEWAY_URL", "https://gateway.discord.gg", "must be an address that begins with ws:// or wss://"),
        ("TOOL_HTTP_HOSTS", "https://example.org", "must be names of hosts, without https://"),
        (
            "TOOL_HTTP_HOSTS",
            "example.org,127.1",
            "must be names of hosts, without https://, and with commas between them; entry 2",
        ),
        ("TOOL_FETCH_HOSTS", "*.*", "must be names of hosts"),
        ("TOOL_FETCH_HOSTS", "[zz]", "must be names of hosts"),
        ("TOOL_UNSAFE_ADDRESSES", "127.0.0.1", "must be host:port"),
        ("TOOL_UNSAFE_ADDRESSES", "*:8080", "must be host:port"),
        ("TOOL_UNSAFE_ADDRESSES", "http://127.0.0.1:8080", "must be host:port"),
        ("DATABASE_URL", "mysql://host/name", "must be sqlite+aiosqlite:///"),
        ("DATABASE_URL", "sqlite+aiosqlite:///", "must be sqlite+aiosqlite:///"),
        ("DATABASE_URL", "sqlite+aiosqlite:///:memory:", "must be sqlite+aiosqlite:///"),
    ],
)
def test_wrong_value_gets_one_sentence(tmp_path: Path, name: str, value: str, complaint: str) -> None:
    """The variable, what is wrong with it, and an example of what would be right."""
    sentence = refusal(tmp_path, **{name: value})
    assert sentence.startswith(f"{name} {complaint}")
    assert f"for example {name}={example(name.lower())}." in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("address", [{}, {"PROVIDER_BASE_URL": ""}])
def test_named_file_of_providers_has_to_be_there(tmp_path: Path, address: Mapping[str, str]) -> None:
    """A misspelt path is named, and nothing else, instead of leaving out providers without a word."""
    sentence = refusal(tmp_path, PROVIDERS_FILE=str(tmp_path / "provider.toml"), **address)
    assert sentence == (
        "PROVIDERS_FILE must be the path of a file, and there is none; for example PROVIDERS_FILE=providers.toml."
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DISCORD_TOKEN", "Bot hunter2hunter2"),
        ("PROVIDER_API_KEY", "hunter2 hunter2"),
        ("PROVIDER_API_KEY", "hunter2\u201d"),
        ("PROVIDER_BASE_URL", "https://me:hunter2@provider.test/v1"),
        ("DATABASE_URL", "postgresql://me:hunter2@host/name"),
    ],
)
def test_wrong_secret_is_never_repeated(tmp_path: Path, name: str, value: str) -> None:
    """A complaint about a secret does not contain it, wherever it was put."""
    sentence = refusal(tmp_path, **{name: value})
    assert sentence.startswith(f"{name} must")
    assert "hunter2" not in sentence


def test_settings_do_not_show_secrets(tmp_path: Path) -> None:
    """Settings that end up in a traceback or a log line give nothing away."""
    settings = load(tmp_path, DISCORD_TOKEN="hunter2", PROVIDER_API_KEY="hunter2")
    assert "hunter2" not in f"{settings!r} {settings}"


def test_addresses_tolerate_a_trailing_slash_and_space(tmp_path: Path) -> None:
    """Paths are joined to base addresses, so their last slash is taken off."""
    settings = load(
        tmp_path,
        PROVIDER_BASE_URL=" http://127.0.0.1:1234/v1/ ",
        DISCORD_API_BASE_URL="http://127.0.0.1:8080/api/v10/",
        DISCORD_GATEWAY_URL="ws://127.0.0.1:8080/gateway/",
    )
    assert settings.provider_base_url == "http://127.0.0.1:1234/v1"
    assert settings.discord_api_base_url == "http://127.0.0.1:8080/api/v10"
    assert settings.discord_gateway_url == "ws://127.0.0.1:8080/gateway"


def test_hosts_are_listed_with_commas(tmp_path: Path) -> None:
    """A fresh install asks nobody; what is listed is taken as it stands, with space where people put it."""
    assert (
        load(tmp_path).tool_http_hosts == load(tmp_path).tool_fetch_hosts == load(tmp_path).tool_unsafe_addresses == ()
    )
    settings = load(
        tmp_path,
        TOOL_HTTP_HOSTS="api.example.org, *.example.net ,[2001:db8::1]:8443,",
        TOOL_FETCH_HOSTS="*",
        TOOL_UNSAFE_ADDRESSES="127.0.0.1:8080,localhost:80",
    )
    assert settings.tool_http_hosts == ("api.example.org", "*.example.net", "[2001:db8::1]:8443")
    assert settings.tool_fetch_hosts == ("*",)
    assert settings.tool_unsafe_addresses == ("127.0.0.1:8080", "localhost:80")


def test_database_url_names_its_driver(tmp_path: Path) -> None:
    """The short form that most documents show works too."""
    assert load(tmp_path, DATABASE_URL="sqlite:////var/parley.db").database_url == "sqlite+aiosqlite:////var/parley.db"


def test_answer_leaves_room_for_the_question(tmp_path: Path) -> None:
    """A window that an answer would fill by itself is refused with both names."""
    sentence = refusal(tmp_path, PROVIDER_CONTEXT_TOKENS="1000", MAX_OUTPUT_TOKENS="900")
    assert "MAX_OUTPUT_TOKENS must be at most half of PROVIDER_CONTEXT_TOKENS" in sentence


def test_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    """What Windows' editors put first does not become part of a name."""
    env_file = tmp_path / "test.env"
    env_file.write_text("".join(f"{name}={value}\n" for name, value in ENOUGH.items()), encoding="utf-8-sig")
    assert Settings.load(env_file).discord_token.get_secret_value() == "a-token"


def test_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    """UTF-16, which some shells write, is one sentence."""
    env_file = tmp_path / "test.env"
    env_file.write_text("DISCORD_TOKEN=x", encoding="utf-16")
    with pytest.raises(ConfigurationError, match="is not a text file in UTF-8"):
        Settings.load(env_file)


def test_key_for_secrets_is_one_or_several(tmp_path: Path) -> None:
    """What cannot encrypt is refused with how to make a key, and is not repeated."""
    key = example("secrets_key")
    assert load(tmp_path, SECRETS_KEY=f"{key}, {key}").secrets_key.get_secret_value() == f"{key}, {key}"
    told = refusal(tmp_path, SECRETS_KEY="hunter2")
    assert told.startswith("SECRETS_KEY must be a key as `openssl rand -base64 32 | tr +/ -_` makes it")
    assert "hunter2" not in told
