"""The inspector: the bot's requests as they happen, and the budget they draw on."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from sandbox.world import Sandbox
from tests.browser.bot import Housekeeper
from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_requests_appear_with_status_and_budget(open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper) -> None:
    """A post and two edits are rows with method, route, status and remaining budget, and the meter follows."""
    page = await open_page()
    message = await bot.room(sandbox.channels["general"]).send("one")
    await message.edit(content="one two")
    await message.edit(content="one two three")
    rows = page.locator(".rows > li")
    newest = rows.first
    await expect(newest.locator(".row-content")).to_have_text("one two three")
    await expect(newest.locator(".method")).to_have_text("PATCH")
    await expect(newest.locator(".row-route")).to_have_text("#general/messages/…")
    await expect(newest.locator(".status")).to_have_text("200")
    await expect(newest.locator(".budget i.full")).to_have_count(3)
    await expect(newest.locator(".budget i")).to_have_count(5)
    await expect(rows.nth(2).locator(".method")).to_have_text("POST")
    await expect(page.locator(".meter .budget i.full")).to_have_count(3)
    await expect(page.locator(".meter-words")).to_contain_text("3 of 5 left")
    await expect(page.locator(".strip i")).to_have_count(3)
    await newest.locator(".row-head").click()
    await expect(newest.locator(".row-details")).to_contain_text(str(message.id))


async def test_requests_can_be_held_and_filtered(open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper) -> None:
    """Paused, the rows stand still and are counted; resumed they come; the filter and the channel narrow them."""
    page = await open_page()
    general, questions = (bot.room(sandbox.channels[name]) for name in ("general", "questions"))
    message = await general.send("here")
    rows = page.locator(".rows > li")
    await expect(rows.first).to_contain_text("here")
    shown = await rows.count()
    await page.get_by_role("button", name="Pause").click()
    await questions.send("there")
    await message.edit(content="changed")
    await expect(page.get_by_role("button", name="Resume (2)")).to_be_visible()
    assert await rows.count() == shown
    await page.get_by_role("button", name="Resume").click()
    await expect(rows).to_have_count(shown + 2)
    await page.get_by_label("Filter the requests").fill("post messages")
    await expect(rows).to_have_count(2)
    await page.get_by_label("this channel only").check()
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("here")


async def test_inspector_shows_what_came_before_the_page(
    open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper
) -> None:
    """A page that is opened later still lists the latest requests, and can be had without the inspector."""
    await bot.room(sandbox.channels["general"]).send("early")
    page = await open_page()
    await expect(page.locator(".row-content")).to_have_text("early")
    await page.get_by_role("button", name="Hide the inspector").click()
    await expect(page.locator("#inspector")).to_be_hidden()
    await page.get_by_role("button", name="Inspector").click()
    await expect(page.locator("#inspector")).to_be_visible()
