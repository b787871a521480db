"""Getting around on the page: channels, threads, direct messages, people, small windows, the keyboard alone."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from sandbox.world import Sandbox
from tests.browser.bot import Housekeeper
from tests.browser.conftest import OpenPage, logged_in, said

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_channels_are_those_that_one_may_see(open_page: OpenPage, sandbox: Sandbox) -> None:
    """Ada sees the moderators' channel; as Linus it is gone, and the switch survives a reload."""
    page = await open_page()
    hidden = page.get_by_role("button", name="moderators")
    await expect(hidden).to_be_visible()
    await page.get_by_role("radio", name="Linus").click()
    await expect(page.get_by_role("radio", name="Linus")).to_be_checked()
    await expect(hidden).to_have_count(0)
    await page.reload()
    await expect(page.get_by_role("radio", name="Linus")).to_be_checked()
    await page.locator("#composer-text").fill("it is me")
    await page.keyboard.press("Enter")
    await expect(page.locator(".author")).to_have_text("Linus")
    [message] = sandbox.messages(sandbox.channels["general"])
    assert message["author"]["id"] == str(sandbox.users["linus"])


async def test_unread_channel_is_marked_until_it_is_opened(
    open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper
) -> None:
    """A message elsewhere marks its channel, a mention counts, and opening the channel clears both."""
    page = await open_page()
    mention = f"<@{sandbox.users['ada']}> look"
    await bot.room(sandbox.channels["questions"]).send(mention)
    questions = page.locator(f"[data-place='{sandbox.channels['questions']}']")
    await expect(questions).to_contain_text("unread")
    await expect(questions.locator(".mention-count")).to_have_text("1")
    await questions.click()
    await expect(questions).not_to_contain_text("unread")
    await expect(page.locator(".message.mentions-me .mention.mine")).to_have_text("@Ada")


async def test_thread_is_started_from_a_message(open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper) -> None:
    """The menu starts a thread, it opens, is listed below its channel, and what is written there reaches it."""
    page = await open_page()
    await bot.room(sandbox.channels["general"]).send("a long matter")
    await page.locator(".message").click(button="right")
    await page.get_by_role("menuitem", name="Start a thread").click()
    name = page.get_by_role("dialog").get_by_label("Name")
    await expect(name).to_have_value("a long matter")
    await page.keyboard.press("Enter")
    await expect(page.locator("#channel-name")).to_have_text("a long matter")
    await expect(page.locator(".threads .place")).to_have_attribute("aria-current", "page")
    await page.locator("#composer-text").fill("in the thread")
    await page.keyboard.press("Enter")
    await expect(said(page, "in the thread")).to_be_visible()
    thread_id = int(await page.locator(".threads .place").get_attribute("data-place") or "0")
    assert "in the thread" in [message["content"] for message in sandbox.messages(thread_id)]
    await sandbox.people.say(sandbox.users["linus"], thread_id, "me too")
    await expect(page.locator("#channel-topic")).to_have_text("A thread in #general · Ada, Linus")


async def test_direct_message_is_opened_and_answered(open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper) -> None:
    """A new DM with the bot opens, and the bot's answer comes in there and nowhere else."""
    page, other = await open_page("edsger"), await open_page("ada")
    await page.get_by_role("button", name="New direct message").click()
    await page.get_by_role("menuitem", name="Parley").click()
    await expect(page.locator("#channel-name")).to_have_text("@Parley")
    await page.locator("#composer-text").fill("psst")
    await page.keyboard.press("Enter")
    await expect(said(page, "psst")).to_be_visible()
    user = await bot.fetch_user(sandbox.users["edsger"])
    await user.send("I hear you")
    await expect(said(page, "I hear you")).to_be_visible()
    assert await said(other, "I hear you").count() == 0


async def test_absent_bot_is_said_and_seen_to_come(open_page: OpenPage, sandbox: Sandbox) -> None:
    """A line says that the bot is not connected; it goes when the bot logs in and comes back when it leaves."""
    page = await open_page()
    banner = page.locator("#absence")
    await expect(banner).to_contain_text("The bot is not connected")
    async with logged_in(sandbox):
        await expect(banner).to_be_hidden()
        await expect(page.locator("#gateway")).to_have_text("Parley is online")
    await expect(banner).to_be_visible()


async def test_page_comes_back_after_the_sandbox_restarted(open_page: OpenPage) -> None:
    """The page connects again by itself, and as somebody who exists where the new sandbox has other people."""
    async with Sandbox.open() as first:
        port = int(first.address.rsplit(":", 1)[1])
        page = await open_page("linus", at=first)
        await first.people.say(first.users["ada"], first.channels["general"], "before")
        await expect(said(page, "before")).to_be_visible()
    await expect(page.locator("#absence")).to_contain_text("The sandbox does not answer")
    async with Sandbox.open(port=port) as second:
        await second.people.say(second.users["grace"], second.channels["general"], "after")
        await expect(said(page, "after")).to_be_visible()
        await expect(said(page, "before")).to_have_count(0)
        await expect(page.get_by_role("radio", name="Ada")).to_be_checked()


async def test_empty_channel_invites(open_page: OpenPage, sandbox: Sandbox) -> None:
    """A suggestion in an empty channel is one press away from being a mention of the bot."""
    page = await open_page()
    await page.get_by_role("button", name="@Parley hello!").click()
    await expect(page.locator(".message .mention")).to_have_text("@Parley")
    [message] = sandbox.messages(sandbox.channels["general"])
    assert message["content"] == f"<@{sandbox.bot_id}> hello!"


async def test_narrow_window_has_drawers(open_page: OpenPage, sandbox: Sandbox) -> None:
    """On a telephone's width nothing is cut off; channels and inspector are drawers that Escape closes."""
    page = await open_page(viewport={"width": 375, "height": 700})
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await expect(page.locator("#sidebar")).not_to_be_in_viewport()
    await expect(page.locator("#inspector")).to_be_hidden()
    await page.get_by_role("button", name="Channels").click()
    await page.get_by_role("button", name="playground").click()
    await expect(page.locator("#channel-name")).to_have_text("#playground")
    await expect(page.locator("#sidebar")).not_to_be_in_viewport()
    await page.get_by_role("button", name="Inspector").click()
    await expect(page.locator("#inspector")).to_be_in_viewport()
    await page.keyboard.press("Escape")
    await expect(page.locator("#inspector")).to_be_hidden()
    await page.locator("#composer-text").fill("from the road")
    await page.get_by_role("button", name="Send").click()
    await expect(said(page, "from the road")).to_be_visible()
    assert len(sandbox.messages(sandbox.channels["playground"])) == 1


async def test_keyboard_alone_is_enough(open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper) -> None:
    """Without a mouse: skip to the composer, write, go up to a message, reply by its menu, change the channel."""
    page = await open_page()
    press = page.keyboard.press
    await press("Tab")
    await expect(page.get_by_role("link", name="Skip to the composer")).to_be_focused()
    await press("Enter")
    await expect(page.locator("#composer-text")).to_be_focused()
    await page.keyboard.type("first")
    await press("Shift+Enter")
    await page.keyboard.type("second line")
    await press("Enter")
    await expect(page.locator(".message .content")).to_have_text("first\nsecond line")
    answer = await bot.room(sandbox.channels["general"]).send("the answer")
    await expect(page.locator(f"#message-{answer.id}")).to_be_visible()
    await page.locator(".scroller").focus()
    await press("ArrowUp")
    await expect(page.locator(f"#message-{answer.id}")).to_be_focused()
    await press("Enter")
    await expect(page.get_by_role("menuitem", name="Reply")).to_be_focused()
    await press("Enter")
    await expect(page.locator(".reply-bar")).to_contain_text("Replying to Parley")
    await press("Escape")
    await expect(page.locator(".reply-bar")).to_be_hidden()
    await page.locator(".place[aria-current]").focus()
    await press("Tab")
    await press("Enter")
    await expect(page.locator("#channel-name")).to_have_text("#questions")


async def test_new_messages_are_read_out(open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper) -> None:
    """A screen reader is told of a new message once, not of each edit of it."""
    page = await open_page()
    announcer = page.locator("#announcer")
    message = await bot.room(sandbox.channels["general"]).send("**hello** all")
    await expect(announcer).to_have_text("Parley: hello all")
    await message.edit(content="hello everybody")
    await expect(page.locator(".message .content")).to_contain_text("everybody")
    await expect(announcer).to_have_text("Parley: hello all")


async def test_server_is_kept_from_the_page(open_page: OpenPage, sandbox: Sandbox) -> None:
    """The owner makes, gives and deletes a role, and makes, closes and deletes a channel; members keep nothing."""
    page, other = await open_page("ada"), await open_page("linus")
    await expect(other.get_by_role("button", name="Parley House")).to_have_count(0)

    async def choose(*names: str) -> None:
        for name in names:
            await page.get_by_role("menuitem", name=name, exact=True).click()

    server = page.get_by_role("button", name="Parley House")
    await server.click()
    await choose("Create a role", "That manages channels")
    await page.get_by_role("dialog").get_by_label("Name").fill("Curators")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await sandbox.people.say(sandbox.users["linus"], sandbox.channels["general"], "may I?")
    await page.locator(".author").click()
    await choose("Roles", "Curators")
    await expect(other.get_by_role("button", name="Parley House")).to_be_visible()

    await server.click()
    await page.get_by_role("menuitem", name="Create a channel").click()
    await page.get_by_role("dialog").get_by_label("Name").fill("attic")
    await page.keyboard.press("Enter")
    attic = other.locator(".place", has_text="attic")
    await expect(attic).to_be_visible()
    await page.locator(".place", has_text="attic").click(button="right")
    await choose("Permissions", "@everyone", "See the channel", "Deny")
    await expect(attic).to_have_count(0)

    await page.locator(".place", has_text="attic").click(button="right")
    await choose("Delete")
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.locator(".place", has_text="attic")).to_have_count(0)
    await server.click()
    await choose("Delete a role", "Curators")
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(other.get_by_role("button", name="Parley House")).to_have_count(0)
    assert "Curators" not in [role.name for role in sandbox.engine.get_guild(sandbox.guild_id).roles.values()]
