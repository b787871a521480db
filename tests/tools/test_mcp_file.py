"""`tools.toml`: every mistake is one sentence that names the server and the field, and no secret is in any."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.errors import ConfigurationError
from bot.mcp.configuration import Approval, read_servers
from tests.tools.mcp_bench import ROOT

ENVIRONMENT = {"TOKEN": "the-key", "BROKEN": "line\nbreak"}
A_COMMAND = '[servers.files]\ncommand = ["serve"]\n'
AN_ADDRESS = '[servers.files]\nurl = "https://example.org/mcp"\n'


def refusal(folder: Path, text: str) -> list[str]:
    """What is said about a file, without its name."""
    file = folder / "tools.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_servers(file, ENVIRONMENT)
    assert "the-key" not in str(caught.value)
    return [line.removeprefix(str(file)) for line in str(caught.value).splitlines()]


def test_missing_file_lists_no_servers(tmp_path: Path) -> None:
    """Nobody has to have one."""
    assert read_servers(tmp_path / "tools.toml", {}) == ()


def test_variables_are_filled_in(tmp_path: Path) -> None:
    """Secrets come from the environment, alone or in a text; two dollar signs are one."""
    file = tmp_path / "tools.toml"
    file.write_text(AN_ADDRESS + 'headers = {Authorization = "Bearer $TOKEN", Price = "$$5"}', encoding="utf-8")
    (server,) = read_servers(file, ENVIRONMENT)
    assert {name: value.get_secret_value() for name, value in server.headers.items()} == {
        "Authorization": "Bearer the-key",
        "Price": "$5",
    }
    assert "the-key" not in repr(server)
    assert (server.name, server.group, server.approval) == ("files", "files", Approval.UNLESS_READ_ONLY)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("servers = 3", ": the server servers: it must be a table that begins with [servers.NAME]."),
        ("[server.files]", " has an unknown entry server: servers stand under [servers.NAME]."),
        (
            A_COMMAND + A_COMMAND,
            " lists [servers.files] twice (at line 3, column 15): rename one of them, or put both into one.",
        ),
        (
            '[servers."My Files"]\ncommand = ["x"]',
            ": the server My Files: its name must be of a-z, 0-9 and hyphens, at most 32 characters.",
        ),
        (
            A_COMMAND + "time = 3",
            ": the server files: time is unknown; these are known: command, env, url, headers, tools, approval, "
            "slash, timeout_seconds, group, guilds.",
        ),
        ("[servers.files]", ": the server files: needs either command or url."),
        (A_COMMAND + 'url = "https://x.org"', ": the server files: needs either command or url."),
        (
            '[servers.files]\ncommand = "serve"',
            ": the server files: command must be a list, for example command = [...].",
        ),
        (
            '[servers.files]\nurl = "example.org"',
            ": the server files: url must be an address that begins with http:// or https://.",
        ),
        (
            A_COMMAND + 'approval = "sometimes"',
            ": the server files: approval must be 'unless_read_only', 'always' or 'never'.",
        ),
        (A_COMMAND + "timeout_seconds = 0", ": the server files: timeout_seconds must be more than 0."),
        (A_COMMAND + 'guilds = ["here"]', ": the server files: guilds.0 must be a whole number."),
        (A_COMMAND + "env = {PORT = 80}", ": the server files: env.PORT must be a text in quotes."),
        (
            A_COMMAND + 'env = {KEY = "$OTHER"}',
            ": the server files: env.KEY needs the variable OTHER: put it into .env or the environment.",
        ),
        (
            A_COMMAND + 'env = {KEY = "5$"}',
            ": the server files: env.KEY has a $ without a variable's name after it: write $$ for a dollar sign.",
        ),
        (
            A_COMMAND + 'headers = {A = "b"}',
            ": the server files: has headers, which only a url can be given; a command takes env.",
        ),
        (
            AN_ADDRESS + 'env = {A = "b"}',
            ": the server files: has env, which only a command can be given; a url takes headers.",
        ),
        (
            AN_ADDRESS + 'headers = {A = "$BROKEN"}',
            ": the server files: headers must be names and values of plain characters, without line breaks.",
        ),
        (
            A_COMMAND + "slash = true\nguilds = [1]",
            ": the server files: has slash and guilds: its slash commands would be in all Discord servers.",
        ),
        (A_COMMAND + 'name = "other"', ": the server files: name is unknown: it stands in [servers.NAME]."),
    ],
)
def test_mistake_is_explained(tmp_path: Path, text: str, said: str) -> None:
    """A host learns what to change."""
    assert refusal(tmp_path, text) == [said]


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    """Nobody has to start the bot once for each of them."""
    text = A_COMMAND + 'env = {KEY = "$OTHER", TOKEN = "$TOKEN"}\ntimeout_seconds = "long"\n[servers.web]\n'
    assert refusal(tmp_path, text) == [
        ": the server files: env.KEY needs the variable OTHER: put it into .env or the environment.",
        ": the server files: timeout_seconds must be a number.",
        ": the server web: needs either command or url.",
    ]


def test_file_that_cannot_be_read_is_explained(tmp_path: Path) -> None:
    """A folder in its place is named, and so is what is no text."""
    with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
        read_servers(tmp_path, {})
    (tmp_path / "tools.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="it is not a text file in UTF-8"):
        read_servers(tmp_path / "tools.toml", {})


def test_example_of_the_page_is_accepted(tmp_path: Path) -> None:
    """What `docs/mcp.md` shows can be copied, once its variables are set."""
    (example,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "mcp.md").read_text(encoding="utf-8"), re.DOTALL)
    file = tmp_path / "tools.toml"
    file.write_text(example, encoding="utf-8")
    variables = dict.fromkeys(re.findall(r"\$([A-Z_]+)", example), "set")
    assert [server.name for server in read_servers(file, variables)] == ["files", "tickets"]
