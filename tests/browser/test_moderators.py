"""A moderator and a member, in two windows of the demo: what one sets, the other meets, also after a restart."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from sandbox.demo import SECOND_STORY
from sandbox.provider import Performance, ScriptedProvider
from tests.browser.conftest import PATIENCE_MS, said
from tests.browser.test_demo import ask, demo

pytestmark = pytest.mark.asyncio(loop_scope="session")

PIRATE = "You are a pirate."
USED_UP = "1 question a month, is used up; it begins anew"


@asynccontextmanager
async def windows(browser: Browser, address: str, **context: Any) -> AsyncIterator[tuple[Page, Page]]:
    """Grace, who moderates, and Linus, who does not, each at a screen of their own."""
    pages = []
    for person in ("Grace", "Linus"):
        page = await browser.new_page(base_url=address, **context)
        page.set_default_timeout(PATIENCE_MS)
        await page.goto("/")
        await page.get_by_role("radio", name=person).click()
        pages.append(page)
    grace, linus = pages
    yield grace, linus
    for page in pages:
        await page.close()


async def go(page: Page, channel: str) -> None:
    """Open a channel."""
    await page.locator(".place").filter(has_text=channel).click()
    await expect(page.get_by_role("heading", name=f"#{channel}").first).to_be_visible()


async def run(page: Page, command: str, **options: str) -> None:
    """Run a slash command: those of its options that are not there yet are added."""
    await page.locator("#composer-text").fill(f"/{command}")
    await page.keyboard.press("Enter")
    submit = page.get_by_role("button", name="Run the command")
    await submit.wait_for()
    for name, value in options.items():
        field = page.get_by_label(re.compile(rf"^{name}(, required)?$"))
        if not await field.count():
            await page.get_by_role("button", name=f"+ {name}", exact=True).press("Enter")
        await field.fill(value)
    await submit.click()
    await expect(submit).to_have_count(0)


def told(page: Page, text: str | re.Pattern[str]) -> Locator:
    """What only this person sees and that contains a text, the newest last."""
    return page.locator(".message.ephemeral").filter(has_text=text)


async def write_prompt(page: Page, text: str) -> None:
    """Write the prompt of the channel into its form."""
    await run(page, "prompt")
    form = page.get_by_role("dialog", name="Prompt of this channel")
    await form.get_by_role("textbox").fill(text)
    await form.get_by_role("button", name="Submit").click()
    await expect(told(page, f"has {len(text)} characters")).to_be_visible()


async def press(message: Locator, label: str) -> None:
    """Press a button of a message."""
    await message.last.get_by_role("button", name=label, exact=True).click()


async def open_log(page: Page) -> Locator:
    """What was changed in the channel, the newest first, each with its button."""
    logs = told(page, "What was changed in")
    before = await logs.count()
    await run(page, "settings")
    await press(told(page, "Settings of #questions"), "Log")
    await expect(logs).to_have_count(before + 1)
    return logs.last.locator(".v2-section")


async def undo(page: Page, setting: str) -> None:
    """Take back the newest change of a setting, from the log."""
    changes = await open_log(page)
    await changes.filter(has_text=setting).first.get_by_role("button", name="Undo").click()
    await expect(changes.first).to_contain_text(re.compile(rf"{setting}.*→ not set"))


def asked(performance: Performance) -> tuple[object, bool]:
    """Which model a request was for, and whether it was told to be a pirate."""
    return performance.body["model"], PIRATE in str(performance.body["messages"])


async def test_moderator_sets_and_member_meets_it_also_after_a_restart(browser: Browser, tmp_path: Path) -> None:
    """One channel gets a model and a prompt, a budget ends, usage is drawn, an undo counts, data goes, and it lasts."""
    async with ScriptedProvider() as provider:
        provider.models = ("plain", "fancy")
        variables = {"PROVIDER_BASE_URL": provider.base_url, "PROVIDER_MODEL": "plain"}
        async with demo(tmp_path, **variables) as address, windows(browser, address) as (grace, linus):
            await change_one_channel(grace, linus, provider)
            await run_into_a_budget(grace, linus)
            await look_at_usage(grace)
            await undo(grace, "model")
            await undo(grace, "budget")
            await ask(linus, "Once more?")
            assert asked(provider.requests[-1]) == ("plain", True)
            await export_and_delete(linus)
        async with demo(tmp_path, **variables) as address, windows(browser, address) as (grace, linus):
            await go(grace, "questions")
            await go(linus, "questions")
            await expect(await open_log(grace)).to_have_count(5)
            await ask(linus, "And after the restart?")
            assert asked(provider.requests[-1]) == ("plain", True)
            assert "Once more?" not in str(provider.requests[-1].body)


async def change_one_channel(grace: Page, linus: Page, provider: ScriptedProvider) -> None:
    """Another model and a prompt for one channel are used there, and in no other."""
    await go(grace, "questions")
    await run(grace, "model", model="default/fancy")
    await expect(told(grace, "default/fancy")).to_be_visible()
    await write_prompt(grace, PIRATE)
    await ask(linus, "Hello in general")
    await go(linus, "questions")
    await ask(linus, "Hello in questions")
    assert [asked(each) for each in provider.requests] == [("plain", False), ("fancy", True)]


async def run_into_a_budget(grace: Page, linus: Page) -> None:
    """The question after the last that is allowed gets a sentence with the time, for who asked alone."""
    await run(grace, "budget set", amount="1", unit="questions", period="month")
    await expect(told(grace, "1 question a month from now on")).to_be_visible()
    await ask(linus, "The last one?")
    await run(linus, "ask", question="One too many?")
    sentence = told(linus, USED_UP)
    await expect(sentence.locator(".stamp")).to_contain_text(re.compile(r"^in \d+ "))
    await expect(said(grace, USED_UP)).to_have_count(0)


async def look_at_usage(grace: Page) -> None:
    """A picture of what the server used."""
    await run(grace, "usage")
    panel = told(grace, re.compile("usage", re.IGNORECASE)).last
    await panel.get_by_role("button", name="Whose usage").click()
    await grace.get_by_role("option", name="server").first.click()
    await expect(panel.locator(".picture")).not_to_have_js_property("naturalWidth", 0)


async def export_and_delete(linus: Page) -> None:
    """A file with what is stored comes, and after a question nothing is stored any more."""
    await run(linus, "privacy")
    page = told(linus, "What I know of you").get_by_role("link", name="All of it, in words")
    in_words = await linus.request.get(str(await page.get_attribute("href")))
    assert (await in_words.text()).startswith("# ")
    await press(told(linus, "What I know of you"), "Export")
    await expect(told(linus, "Once more?").get_by_role("link", name="my-data.json")).to_be_visible()
    await press(told(linus, "What I know of you"), "Delete my data…")
    await press(told(linus, "Delete what is stored about you?"), "Delete all of it")
    await expect(told(linus, "entries about you were deleted")).to_be_visible()


async def test_newcomer_finds_a_second_model_to_choose(browser: Browser, tmp_path: Path) -> None:
    """Beside the embedded model the demo has one that always says the same, and that costs something."""
    async with demo(tmp_path) as address, windows(browser, address) as (grace, linus):
        await go(grace, "questions")
        await run(grace, "model", model="scripted/hello")
        await expect(told(grace, "$1.00 in / $4.00 out")).to_be_visible()
        await go(linus, "questions")
        await ask(linus, "Who are you?")
        await expect(said(linus, SECOND_STORY.text)).to_be_visible()
