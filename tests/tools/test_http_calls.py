"""Calls of moderators' tools where no Discord is needed: keys, secrets, time, answers, and names that clash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.errors import Refusal
from bot.http_tools.call import HttpCaller, idempotency_key
from bot.http_tools.entry import Entry
from bot.http_tools.request import CallerIds, read_answer, request_for, signature_headers
from bot.http_tools.secrets import NO_KEY, UNREADABLE, Secrets
from bot.http_tools.service import MAX_TOOLS, OTHER_HOST, HttpTools, Traits
from bot.store.database import Database
from bot.store.migrate import migrate
from bot.tools.guard import Guard
from bot.tools.model import Asker, Need, Outcome
from bot.tools.toolbox import Overtime, Tool, Toolbox, unheard
from bot.tools.typed_parameters import read_parameters
from tests.tools.endpoint import Asked, Endpoint, endpoint
from tests.tools.guarding import guard
from tests.tools.people import Known

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
GUILD_ID = 5
ENTRY = Entry(name="weather", description="Tell it", endpoint="GET https://weather.example/now")
KEYS = tuple(Fernet.generate_key().decode() for _ in range(2))


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A database with our tables and nothing in them."""
    address = f"sqlite:///{tmp_path}/parley.db"
    await migrate(address)
    async with Database.open(address) as opened:
        yield opened


@pytest.fixture
async def silent() -> AsyncIterator[Endpoint]:
    """An endpoint that never answers, and ends with the connection."""
    over = asyncio.Event()

    async def wait(_: Asked, __: asyncio.StreamWriter) -> None:
        await over.wait()

    async with endpoint(wait) as running:
        yield running
        over.set()


def service(database: Database, box: Toolbox, guarded: Guard, keys: str = "") -> HttpTools:
    """Everything that moderators do, without Discord."""
    return HttpTools(database, box, guarded, Secrets(SecretStr(keys)), clock=lambda: NOW)


async def asker(call_id: int | None) -> Any:
    """Who calls, for the stored call of this id."""
    return await Known().caller(
        Asker(
            user_id=100, guild_id=GUILD_ID, channel_id=10, run_id=7, question_id=11, call_id=call_id, is_approved=True
        ),
        "x",
        unheard,
    )


async def test_same_call_has_the_same_key(database: Database) -> None:
    """In each attempt and each process; another call has another one, and a person's each time a fresh one."""
    tools = service(database, Toolbox(), guard())
    tool, _ = await tools.add(GUILD_ID, 1, ENTRY, Traits())
    first, second, by_hand = await asker(1), await asker(2), await asker(None)
    assert idempotency_key(tool, first) == idempotency_key(replace(tool, id=99), first)
    assert idempotency_key(tool, first) != idempotency_key(tool, second)
    assert idempotency_key(tool, by_hand) != idempotency_key(tool, by_hand)


async def test_call_that_takes_too_long_is_given_up(database: Database, silent: Endpoint) -> None:
    """The model reads which tool it was, and the log knows that no answer came in time."""
    tools = service(database, Toolbox(), guard(silent.address))
    entry = replace(ENTRY, endpoint=f"GET {silent.url}")
    tool, _ = await tools.add(GUILD_ID, 1, entry, Traits(timeout_seconds=0.05))
    caller = HttpCaller(database, guard(silent.address), Secrets(SecretStr("")), clock=lambda: NOW)
    with pytest.raises(Overtime, match=r"weather did not answer within 0\.05 seconds\."):
        await caller.carry_out(tool, await asker(1))
    (noted,) = await tools.log(tool)
    assert (noted.outcome, noted.status, noted.run_id) == (Outcome.TIMED_OUT, None, 7)


async def test_method_says_how_careful_to_be(database: Database) -> None:
    """What only asks may be called without approval, and again; what may act may not, unless somebody says so."""
    box = Toolbox()
    tools = service(database, box, guard())
    await tools.add(GUILD_ID, 1, ENTRY, Traits())
    await tools.add(GUILD_ID, 1, replace(ENTRY, name="open", endpoint="POST https://door.example/"), Traits())
    await tools.add(
        GUILD_ID, 1, replace(ENTRY, name="ask", endpoint="POST https://a.example/"), Traits(needs_approval=False)
    )
    found = {name: box.find(name, GUILD_ID) for name in ("weather", "open", "ask")}
    assert {name: tool.need for name, tool in found.items() if tool} == {
        "weather": None,
        "open": Need.APPROVAL,
        "ask": None,
    }
    assert {name: tool.is_idempotent for name, tool in found.items() if tool} == {
        "weather": True,
        "open": False,
        "ask": False,
    }
    assert box.find("weather", GUILD_ID + 1) is None


async def test_server_has_so_many_tools_at_most(database: Database) -> None:
    """The one too many is refused with what to do."""
    tools = service(database, Toolbox(), guard())
    for number in range(MAX_TOOLS):
        await tools.add(GUILD_ID, 1, replace(ENTRY, name=f"weather{number}"), Traits())
    with pytest.raises(Refusal, match="This server has 50 tools already"):
        await tools.add(GUILD_ID, 1, ENTRY, Traits())
    await tools.add(GUILD_ID + 1, 1, ENTRY, Traits())


async def test_tool_does_not_stand_in_for_one_in_code(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    """Where a newer program has a tool of that name, the program's counts, and the log says so."""
    await service(database, Toolbox(), guard()).add(GUILD_ID, 1, ENTRY, Traits())
    box = Toolbox()
    ours = Tool(
        name="weather", description="", arguments=Nothing(), carry_out=nothing, is_idempotent=True, timeout_seconds=1
    )
    box.fill("code", [ours])
    await service(database, box, guard()).load(NoCommands())
    assert box.find("weather", GUILD_ID) is ours
    assert [spec.name for spec in await box.offered(Asker(user_id=1, guild_id=GUILD_ID, channel_id=1, run_id=1))] == [
        "weather"
    ]
    assert "has the name of another one" in caplog.text


async def test_secret_needs_a_key_of_the_host(database: Database) -> None:
    """Without one the tool is not stored, and the moderator reads who can change that."""
    tools = service(database, Toolbox(), guard())
    with pytest.raises(Refusal) as refused:
        await tools.add(GUILD_ID, 1, replace(ENTRY, secret="long enough for all"), Traits())
    assert str(refused.value) == NO_KEY
    assert await tools.of_guild(GUILD_ID) == ()


async def test_secret_does_not_go_to_another_host(database: Database) -> None:
    """Who may edit a tool does not know its secret: what it signs may not be led to a host of theirs."""
    tools = service(database, Toolbox(), guard(), KEYS[0])
    tool, _ = await tools.add(GUILD_ID, 1, replace(ENTRY, secret="long enough for all"), Traits())
    elsewhere = replace(ENTRY, endpoint="GET https://collector.example/now")
    with pytest.raises(Refusal) as refused:
        await tools.edit(GUILD_ID, tool.id, elsewhere)
    assert str(refused.value) == OTHER_HOST
    later, _ = await tools.edit(GUILD_ID, tool.id, replace(ENTRY, endpoint="POST https://Weather.example/later"))
    assert later.secret == tool.secret
    for secret, is_kept in (("another one for them", True), ("none", False)):
        moved, _ = await tools.edit(GUILD_ID, tool.id, replace(elsewhere, secret=secret))
        assert (moved.secret is not None) is is_kept
        assert moved.secret != tool.secret


def test_secrets_survive_a_new_key_before_the_old_one() -> None:
    """What the old key encrypted is read while it is there; without it nobody reads it."""
    old, new = KEYS
    stored = Secrets(SecretStr(old)).encrypted("s3cret")
    assert "s3cret" not in stored
    rotated = Secrets(SecretStr(f"{new}, {old}"))
    assert rotated.decrypted(stored) == "s3cret"
    assert Secrets(SecretStr(new)).decrypted(rotated.encrypted("anew")) == "anew"
    for lost in (Secrets(SecretStr(new)), Secrets(SecretStr(""))):
        with pytest.raises(Refusal) as refused:
            lost.decrypted(stored)
        assert str(refused.value) == UNREADABLE


@pytest.mark.parametrize(
    ("content_type", "body", "said"),
    [
        ("text/plain", "Grüezi".encode(), "Grüezi"),
        ("text/plain", b"\xff", "\ufffd"),
        ("application/json", b'{"text": "Sunny.", "more": 1}', "Sunny."),
        ("application/json", '{"city": "Zürich", "text": 5}'.encode(), '{"city": "Zürich", "text": 5}'),
        ("application/problem+json", b"[1, 2]", "[1, 2]"),
        ("application/json", b'{"text": "half \\ud800"}', "half ?"),
        ("image/png", b"", ""),
    ],
)
def test_answer_is_its_text(content_type: str, body: bytes, said: str) -> None:
    """A field `text` is what the tool says, else the JSON is; nothing is an answer too."""
    assert read_answer(200, content_type, body) == said


class Nothing:
    """No arguments."""

    schema: Any = {"type": "object", "properties": {}}  # noqa: RUF012 - never changed

    def read(self, written: str) -> dict[str, Any]:  # noqa: ARG002 - interface
        """None."""
        return {}


async def nothing(_: Any) -> str:
    """Does nothing."""
    return ""


class NoCommands:
    """Discord's commands where there is no Discord."""

    def is_taken(self, name: str) -> bool:  # noqa: ARG002 - interface
        """None is."""
        return False

    def put(self, guild_id: int, tools: Any) -> None:
        """Nobody sees them."""

    async def sync(self, guild_id: int) -> bool:  # noqa: ARG002 - interface
        """Nobody is told."""
        return True


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_page_tells_endpoints_how_to_verify(method: str) -> None:
    """The function in docs/tools_http.md takes what is sent for genuine, and nothing that was changed."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "tools_http.md").read_text(encoding="utf-8")
    told: dict[str, Any] = {}
    exec(page.split("```python")[1].split("```")[0], told)  # noqa: S102 - our own page
    caller = CallerIds(user_id=1, guild_id=2, channel_id=3, run_id=None)
    request = request_for(
        tool="weather",
        method=method,
        url="https://weather.example/?units=c",
        arguments={"city": "Zürich & Bern", "way": [1, True], "loud": False},
        caller=caller,
        idempotency_key="a-key",
    )
    query = request.url.partition("?")[2]
    content = request.body or f"{query}.{request.headers['x-parley-caller']}".encode()
    sent = {name.title(): value for name, value in signature_headers(content, "s3cret", datetime.now(UTC)).items()}
    assert told["is_genuine"]("s3cret", sent, content)
    assert not told["is_genuine"]("s3cret", sent, content + b" ")
    assert not told["is_genuine"]("another", sent, content)
    old = signature_headers(content, "s3cret", NOW)
    assert not told["is_genuine"]("s3cret", {name.title(): value for name, value in old.items()}, content)


def test_lines_on_the_page_are_right() -> None:
    """What moderators copy from docs/tools_http.md is taken."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "tools_http.md").read_text(encoding="utf-8")
    (lines,) = [block for block in page.split("```") if "city: string" in block]
    assert len(read_parameters(lines)["properties"]) == 6
