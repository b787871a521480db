"""/usage over sockets: what answers took, with its picture and its table, what the host paid, and what is left."""

from __future__ import annotations

import csv
import io
from datetime import UTC
from zoneinfo import ZoneInfo

import httpx
from PIL import Image

from bot.providers.events import Usage
from bot.store import usage
from bot.store.database import Database
from sandbox.billing import BillingForm
from sandbox.semantics import walk_components
from sandbox.stories import Story
from sandbox.wire import Payload
from tests.scenarios.board import Board
from tests.scenarios.scene import EPHEMERAL, Scene
from tests.scenarios.test_channel import used as summed_up
from tests.store.stories import answer, converse

KEY = "sk-the-key-of-the-host"
MESSAGE = 3  # what a command of this kind is in the menu of


class Reader:
    """Somebody who uses /usage, and what they see of it."""

    def __init__(self, scene: Scene, name: str) -> None:
        self._scene = scene
        self._name = name
        self._user_id = scene.sandbox.users[name]
        self._place_id = scene.place("general")

    async def opens(self, **options: object) -> Board:
        """Use the command."""
        before = len(self._boards())
        await self._scene.command(self._name, "general", "usage", **options)
        return await self._scene.wait_for(lambda: next(iter(self._boards()[before:]), None))

    async def presses(self, label: str) -> None:
        """Press a button of the newest page."""
        board = self._boards()[-1]
        message_id = int(board.message["id"])
        await self._scene.sandbox.people.press(self._user_id, self._place_id, message_id, board.buttons[label])

    async def turns(self, label: str) -> Board:
        """Press a button, and what the page shows when it is drawn anew."""
        before = self._boards()[-1].message
        await self.presses(label)
        return await self._scene.wait_for(
            lambda: next((board for board in self._boards() if board.message != before), None)
        )

    async def table(self) -> list[dict[str, str]]:
        """What is in the file that the page hands over."""
        await self.presses("CSV")
        file = await self._scene.wait_for(
            lambda: next((file for file in self._files() if file["filename"].endswith(".csv")), None)
        )
        text = (await downloaded(file)).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def _boards(self) -> list[Board]:
        return [Board(message=message) for message in self._seen() if message["components"]]

    def _files(self) -> list[Payload]:
        return [file for message in reversed(self._seen()) for file in message["attachments"]]

    def _seen(self) -> list[Payload]:
        seen = self._scene.sandbox.messages(self._place_id, self._user_id)
        return [message for message in seen if message["flags"] & EPHEMERAL]


async def downloaded(file: Payload) -> bytes:
    """What Discord keeps of an upload."""
    async with httpx.AsyncClient() as client:
        return (await client.get(file["url"])).raise_for_status().content


async def drawn(board: Board) -> Image.Image:
    """The picture of a page, which has one and shows it."""
    (file,) = board.message["attachments"]
    galleries = [each for each in walk_components(board.message["components"]) if "items" in each]
    assert [item["media"]["url"] for gallery in galleries for item in gallery["items"]] == [file["url"]]
    return Image.open(io.BytesIO(await downloaded(file)))


async def told(scene: Scene) -> str:
    """What /usage says of the providers to Ada, who owns the application."""
    ada = Reader(scene, "ada")
    await ada.opens(of="host")
    await ada.presses("Providers")
    (text,) = await scene.wait_for(lambda: scene.whispers("ada", "general") or None)
    return text


async def test_own_usage_is_told_drawn_and_turned(parley: Scene) -> None:
    """Numbers with a picture that can be seen; a button draws another one in the same message."""
    parley.provider.play(Story(text="Hi.", usage={"prompt_tokens": 1000, "completion_tokens": 100}))
    await parley.ask("linus", "general", "@bot hi")
    linus = Reader(parley, "linus")
    page = await linus.opens()
    assert page.text.splitlines()[:3] == [
        "### Your usage, last 30 days",
        "**1 answer**, price unknown",
        "1,000 tokens read, 100 written",
    ]
    assert f"1. <#{parley.place('general')}>: 1 answer, 1,100 tokens, price unknown" in page.text
    by_day = await drawn(page)
    by_model = await drawn(await linus.turns("By model"))
    assert (by_day.format, by_model.format) == ("PNG", "PNG")
    assert by_day.convert("RGB").tobytes() != by_model.convert("RGB").tobytes()


async def test_private_answer_counts_for_who_asked(parley: Scene) -> None:
    """In one's own table with its channel; in the server's only in the sums."""
    await parley.ask("linus", "general", "@bot hi")
    await parley.command("linus", "playground", "ask", question="The secret", private=True)
    await parley.wait_for(lambda: parley.whispers("linus", "playground") or None)
    linus, ada = Reader(parley, "linus"), Reader(parley, "ada")
    await linus.opens(days=7)
    mine = {row["channel"] for row in await linus.table()}
    assert mine == {f"general ({parley.place('general')})", f"playground ({parley.place('playground')})"}
    page = await ada.opens(of="server")
    assert "**2 answers**" in page.text
    assert f"**Members**\n1. <@{parley.sandbox.users['linus']}>: 1 answer, " in page.text
    assert str(parley.place("playground")) not in page.text
    assert {row["channel"] for row in await ada.table()} == {f"general ({parley.place('general')})", "in private"}


async def test_summary_that_somebody_asks_for_counts_as_an_answer(scene: Scene) -> None:
    """By day, model and channel: for them, for the server and for the host, on the page and in the table."""
    await scene.start(provider_input_price_per_million=1000.0, provider_output_price_per_million=10_000.0)
    await scene.say("grace", "general", "We meet at three.")
    scene.provider.play(Story(text="They meet.", usage={"prompt_tokens": 1000, "completion_tokens": 100}))
    assert "They meet." in await summed_up(scene, "summarize")
    linus, ada, took = Reader(scene, "linus"), Reader(scene, "ada"), "1 answer, 1,100 tokens, $2.0000"
    for page in (await linus.opens(), await ada.opens(of="server"), await ada.opens(of="host")):
        assert "**1 answer**, $2.0000\n1,000 tokens read, 100 written" in page.text
        assert f"1. default/scripted: {took}" in page.text.replace("`", "")
        assert f"1. <#{scene.place('general')}>: {took}" in page.text or page.text.startswith("### Usage everywhere")
        await drawn(page)
    (row,) = await linus.table()
    assert (row["channel"], row["model"]) == (f"general ({scene.place('general')})", "scripted")
    assert [row[name] for name in ("answers", "input_tokens", "output_tokens", "cost_usd")] == ["1", "1000", "100", "2"]
    assert f"Today: {took}" in await told(scene)
    assert scene.rows("runs") == []


async def test_summary_for_one_person_alone_is_private(parley: Scene) -> None:
    """It is in their own channel's sums, and in the server's total, where nobody is named."""
    said = await parley.say("grace", "playground", "We meet at three.")
    parley.provider.play(Story(text="They meet."))
    linus_id, place_id = parley.sandbox.users["linus"], parley.place("playground")
    await parley.sandbox.people.context(linus_id, place_id, "Summarise from here", said, kind=MESSAGE)
    await parley.wait_for(lambda: parley.whispers("linus", "playground") or None)
    linus, ada = Reader(parley, "linus"), Reader(parley, "ada")
    await linus.opens()
    assert {row["channel"] for row in await linus.table()} == {f"playground ({place_id})"}
    page = await ada.opens(of="server")
    assert "**1 answer**" in page.text
    assert str(place_id) not in page.text
    assert str(linus_id) not in page.text
    assert {row["channel"] for row in await ada.table()} == {"in private"}


async def test_days_are_those_of_the_servers_zone(scene: Scene) -> None:
    """Which is said, and goes for the table as well."""
    now = scene.clock()
    yesterday = now.astimezone(ZoneInfo("Etc/GMT+12")).date()
    await scene.start(time_zone="Etc/GMT+12")
    await scene.ask("linus", "general", "@bot hi")
    linus = Reader(scene, "linus")
    assert "Days are those of Etc/GMT+12" in (await linus.opens()).text
    (row,) = await linus.table()
    assert row["day"] in (str(yesterday), str(scene.clock().astimezone(ZoneInfo("Etc/GMT+12")).date()))


async def test_nothing_to_show_is_a_sentence(parley: Scene) -> None:
    """Neither an empty picture nor an empty table."""
    linus = Reader(parley, "linus")
    page = await linus.opens(days=90)
    assert page.text == "### Your usage, last 90 days\nThere was no answer in these days."
    assert page.message["attachments"] == []
    await linus.presses("CSV")
    assert "no table" in await parley.refused("linus", "general")


async def test_host_sees_what_was_spent_and_what_is_left(scene: Scene) -> None:
    """Tokens and dollars of this day and month, and the balance that the relay tells; never the key."""
    scene.provider.billing.form = BillingForm.NEW_API
    await scene.start(
        provider_api_key=KEY, provider_input_price_per_million=1000.0, provider_output_price_per_million=10_000.0
    )
    scene.provider.play(Story(text="One two three.", usage={"prompt_tokens": 1000, "completion_tokens": 100}))
    await scene.ask("linus", "general", "@bot hi")
    text = await told(scene)
    assert text.splitlines()[1:5] == [
        "**default**",
        "Today: 1 answer, 1,100 tokens, $2.0000",
        "This month: 1 answer, 1,100 tokens, $2.0000",
        "Balance: $7.5000 left, $2.5000 spent",
    ]
    assert KEY not in text


async def test_days_and_months_are_those_of_utc(scene: Scene) -> None:
    """What was spent yesterday is of this month, what was spent before it of neither; estimates are marked."""
    today = scene.clock()
    month = today.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    used = Usage(input_tokens=900, output_tokens=100, cached_tokens=640, reasoning_tokens=30, cost_nanos=500_000_000)
    guessed = Usage(input_tokens=9, output_tokens=1, is_estimated=True)
    moments = [(today, used), (month, used), (month, guessed), (month.replace(year=month.year - 1), used)]
    async with Database.open(scene.settings().database_url) as database, database.write() as transaction:
        for at, counted in moments:
            run = await answer(transaction, await converse(transaction, scene.place("playground")), "words")
            await usage.record(transaction, run.id, "m", counted, at, provider="gone")
    await scene.start()
    lines = (await told(scene)).splitlines()
    first = lines.index("**gone**, no longer configured") + 1
    if today.astimezone(UTC).day > 1:
        assert lines[first] == "Today: 1 answer, 1,000 tokens (640 from the cache, 30 to think), $0.5000"
    assert lines[first + 1] == (
        "This month: 3 answers, ≈2,010 tokens (1,280 from the cache, 60 to think), "
        "≈$1.0000 and 1 answer of unknown price"
    )


async def test_provider_that_tells_no_balance_does_not_offer_it(parley: Scene) -> None:
    """And a price that nobody knows is said."""
    await parley.ask("linus", "general", "@bot hi")
    lines = (await told(parley)).splitlines()
    assert lines[2].startswith("Today: 1 answer, ")
    assert lines[2].endswith(" tokens, price unknown")
    assert lines[4] == "Balance: not offered"


async def test_discord_that_does_not_say_who_hosts_is_answered_in_words(parley: Scene) -> None:
    """Nobody is taken for the host on a guess."""
    parley.sandbox.faults.fail("GET", "/oauth2/applications/@me", status=403)
    await parley.command("ada", "general", "usage", of="host")
    assert "Try again" in await parley.refused("ada", "general")
    page = await Reader(parley, "linus").opens()
    assert page.text.startswith("### Your usage")
