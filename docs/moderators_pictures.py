"""Takes the pictures of `docs/moderators.md`, in the demo with a scripted model."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.async_api import Browser, Locator, Page, expect

from sandbox.provider import ScriptedProvider
from tests.browser.test_demo import ask, demo
from tests.browser.test_moderators import go, open_log, run, told, windows

FOLDER = Path(__file__).parent / "moderators"
PROMPT = "You are a patient teacher of chemistry. Answer in three sentences, and end with a question."
DAYS = 28  # over which the answers are spread, so that the usage of a month can be seen
QUESTIONS = 9  # in each of two channels
PRICES = {"PROVIDER_INPUT_PRICE_PER_MILLION": "1.25", "PROVIDER_OUTPUT_PRICE_PER_MILLION": "10"}


async def take(browser: Browser, folder: Path) -> None:
    """All of them, in a demo that keeps its data in a folder."""
    FOLDER.mkdir(exist_ok=True)
    async with ScriptedProvider() as provider:
        provider.models = ("plain", "fancy")
        variables = {"PROVIDER_BASE_URL": provider.base_url, "PROVIDER_MODEL": "plain", **PRICES}
        async with demo(folder, **variables) as address:
            looks = {"color_scheme": "dark", "viewport": {"width": 1400, "height": 1100}, "locale": "en-GB"}
            async with windows(browser, address, **looks) as (grace, linus):
                await take_settings(grace)
                await take_budget(grace, linus)
                await keep(await log(grace), "log")
                await take_usage(grace, linus, folder / "data" / "demo" / "parley.db")
                await run(linus, "privacy")
                await keep(told(linus, "What I know of you"), "privacy")


async def take_settings(grace: Page) -> None:
    """The panel, the menu of models, and the form of the prompt."""
    await go(grace, "questions")
    await run(grace, "model", model="default/fancy")
    await expect(told(grace, "default/fancy")).to_be_visible()
    await run(grace, "prompt")
    form = grace.get_by_role("dialog", name="Prompt of this channel")
    await form.get_by_role("textbox").fill(PROMPT)
    await keep(form, "prompt")
    await form.get_by_role("button", name="Submit").click()
    await run(grace, "settings")
    await keep(told(grace, "Settings of #questions"), "panel")


async def take_budget(grace: Page, linus: Page) -> None:
    """What a member reads whose budget is used up."""
    await run(grace, "budget set", amount="1", unit="questions", period="day", **{"for": "each"})
    await expect(told(grace, "1 question a day from now on")).to_be_visible()
    await go(linus, "questions")
    await ask(linus, "What is an acid?")
    await run(linus, "ask", question="And what is a base?")
    await keep(told(linus, "is used up"), "budget")


async def take_usage(grace: Page, linus: Page, database: Path) -> None:
    """What the server used in a month, in which many asked much."""
    for channel in ("general", "playground"):
        for page in (grace, linus):
            await go(page, channel)
            for number in range(QUESTIONS):
                await ask(page, f"Question {number + 1}")
    spread(database)
    await run(grace, "usage")
    await told(grace, "Your usage").last.get_by_role("button", name="Whose usage").click()
    await grace.get_by_role("option", name="This server").click()
    panel = told(grace, "Usage in this server").last
    await expect(panel.locator(".picture")).not_to_have_js_property("naturalWidth", 0)
    await keep(panel.locator(".v2-container"), "usage")


def spread(database: Path) -> None:
    """Let the answers have been given on other days, and by models that read and wrote more."""
    chance, now = random.Random(7), datetime.now(UTC)  # noqa: S311 - only a picture
    with closing(sqlite3.connect(database)) as connection, connection:
        for (run_id,) in connection.execute("SELECT run_id FROM usage").fetchall():
            at = int((now - timedelta(days=chance.uniform(0, DAYS))).timestamp() * 1000)
            read, wrote, model = chance.randint(900, 9000), chance.randint(80, 900), chance.choice(("plain", "fancy"))
            connection.execute(
                "UPDATE usage SET created_at = ?, input_tokens = ?, output_tokens = ?, model = ?, cost_nanos = ?, "
                "is_estimated = 0 WHERE run_id = ?",
                (at, read, wrote, model, read * 1250 + wrote * 10_000, run_id),
            )


async def log(grace: Page) -> Locator:
    """The log of the channel, without the panel above it."""
    await open_log(grace)
    return told(grace, "What was changed in")


async def keep(shown: Locator, name: str) -> None:
    """Put what is shown into a file."""
    await shown.last.scroll_into_view_if_needed()
    await shown.last.screenshot(path=FOLDER / f"{name}.png")
