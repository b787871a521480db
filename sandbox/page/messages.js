// The list of messages of the open channel: loading, order, grouping, and where one is scrolled to.

import { ActionBar, editInPlace, openMessageMenu } from "./actions.js";
import { dayName, relativeTime, sameDay, sentAt } from "./clock.js";
import { element } from "./dom.js";
import { isEphemeral } from "./history.js";
import { MessageView, spokenMessage } from "./message.js";
import { drawWelcome } from "./welcome.js";

const PAGE_SIZE = 50; // messages loaded at once
const LOAD_OLDER_WITHIN_PX = 400;
const AT_BOTTOM_WITHIN_PX = 48;
const GROUP_WITHIN_MS = 7 * 60_000; // as Discord groups the messages of one author
const RELATIVE_TIMES_EVERY_MS = 15_000;
const PLAIN_TYPES = new Set([0]);

export class MessageList {
  constructor(house, root) {
    this.house = house;
    this.views = new Map();
    this.pinned = true; // whether the newest message is in sight and stays there
    this.heldTop = 0; // where the list was scrolled to when it was last brought to the bottom
    this.bar = new ActionBar(house);
    this.list = element("ol", { class: "messages", role: "list" });
    this.lead = element("div", { class: "lead" });
    this.scroller = element("div", { class: "scroller" }, this.lead, this.list);
    this.jump = element("button", { type: "button", class: "jump", hidden: true }, "Jump to the newest ↓");
    root.append(this.scroller, this.jump);
    this.jump.addEventListener("click", () => this.toBottom());
    this.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    const sizes = new ResizeObserver(() => this.#keepBottom()); // once a frame, however many messages came
    for (const part of [this.scroller, this.lead, this.list]) sizes.observe(part);
    this.#listen();
    setInterval(() => this.#refreshTimes(), RELATIVE_TIMES_EVERY_MS);
  }

  /** Shows a channel from its newest message on. */
  async show(channelId) {
    this.channelId = channelId;
    this.views.clear();
    this.bar.leave();
    this.list.replaceChildren();
    this.lead.replaceChildren();
    this.toBottom();
    const history = this.house.world.history(channelId);
    if (!history.loaded) await this.#load(null);
    else this.#draw();
  }

  /** Reads the newest messages again, after the socket was away. */
  async refresh() {
    await this.#load(null);
  }

  change({ kind, message, id, channelId }) {
    if (channelId !== this.channelId) return;
    if (kind === "updated" && this.views.has(message.id)) this.views.get(message.id).show(message);
    else if (kind === "deleted") this.#delete(id);
    else if (kind === "created" && message === this.#messages().at(-1)) this.#append(message);
    else this.#draw();
    if (kind !== "created") return;
    const isOwn = message.author?.id === this.house.world.me?.id;
    if (!isOwn) this.house.announce(spokenMessage(message, this.house));
    if (isOwn || isEphemeral(message)) this.toBottom(); // an ephemeral message answers what I just did
    this.jump.hidden = this.pinned;
  }

  toBottom() {
    this.pinned = true;
    this.heldTop = 0;
    this.#keepBottom();
    this.jump.hidden = true;
  }

  /** Scrolls to a message that is loaded and marks it for a moment. */
  reveal(id) {
    const view = this.views.get(id);
    if (!view) return false;
    view.element.scrollIntoView({ block: "center" });
    view.element.classList.remove("found");
    requestAnimationFrame(() => view.element.classList.add("found"));
    view.element.focus({ preventScroll: true });
    return true;
  }

  /** Opens the editor on my newest message here. */
  editLastOwn() {
    const own = this.#messages().findLast((message) => message.author?.id === this.house.world.me?.id && !isEphemeral(message));
    if (own) editInPlace(this.views.get(own.id));
  }

  #messages() {
    return this.house.world.history(this.channelId).messages;
  }

  async #load(before) {
    const channelId = this.channelId;
    const history = this.house.world.history(channelId);
    if (this.loading === channelId || this.house.api.userId === null) return;
    this.loading = channelId;
    try {
      const page = await this.house.api.messages(channelId, { before, limit: PAGE_SIZE });
      history.takePage(page, PAGE_SIZE);
    } catch (refusal) {
      this.house.notify(refusal.message);
    } finally {
      this.loading = null;
    }
    if (channelId === this.channelId && history === this.house.world.history(channelId)) this.#draw();
  }

  /** Brings the list to the history: new messages are drawn, gone ones removed, the others stay as they are. */
  #draw() {
    const messages = this.#messages();
    const anchor = this.#firstInSight();
    const wanted = new Set(messages.map((message) => message.id));
    for (const id of this.views.keys()) if (!wanted.has(id)) this.#remove(id);
    let previous = null;
    for (const message of messages) {
      const view = this.#viewOf(message);
      const after = previous ? previous.element.nextSibling : this.list.firstChild;
      if (view.element !== after) this.list.insertBefore(view.element, after);
      this.#join(view, previous?.message ?? null);
      previous = view;
    }
    this.#drawLead();
    this.#keepSight(anchor);
    this.#keepBottom();
  }

  /** The usual case, a message newer than all others, touches nothing else and measures nothing. */
  #append(message) {
    const before = this.#messages().at(-2) ?? null;
    const view = this.#viewOf(message);
    this.list.append(view.element);
    this.#join(view, before);
    if (before === null) this.#drawLead();
  }

  #viewOf(message) {
    const present = this.views.get(message.id);
    if (present) {
      if (present.message !== message) present.show(message);
      return present;
    }
    const view = new MessageView(this.house, message);
    this.views.set(message.id, view);
    return view;
  }

  /** Groups a message with the one before it and marks where a day begins. */
  #join(view, before) {
    const date = sentAt(view.message);
    const newDay = !before || !sameDay(sentAt(before), date);
    const near = before && date - sentAt(before) < GROUP_WITHIN_MS && sameAuthor(before.author, view.message.author);
    const plain = PLAIN_TYPES.has(view.message.type ?? 0) && before && PLAIN_TYPES.has(before.type ?? 0);
    view.setGrouped(Boolean(near && plain && !newDay && !isEphemeral(view.message)));
    if (newDay) view.element.dataset.day = dayName(date);
    else delete view.element.dataset.day;
  }

  #drawLead() {
    const history = this.house.world.history(this.channelId);
    const place = this.house.world.place(this.channelId);
    if (!history.complete || !place) return this.lead.replaceChildren();
    return this.lead.replaceChildren(drawWelcome(this.house, place, history.messages.length === 0));
  }

  #delete(id) {
    this.#remove(id);
    this.#draw();
  }

  #remove(id) {
    const view = this.views.get(id);
    if (!view) return;
    if (this.bar.view === view) this.bar.leave();
    if (view.element.contains(document.activeElement)) this.house.focusComposer();
    view.element.remove();
    this.views.delete(id);
  }

  #firstInSight() {
    const top = this.scroller.getBoundingClientRect().top;
    for (const view of this.views.values()) {
      const box = view.element.getBoundingClientRect();
      if (view.element.isConnected && box.bottom > top) return { view, top: box.top };
    }
    return null;
  }

  /** After older messages came in above: what one was reading stays where it was. */
  #keepSight(anchor) {
    if (this.pinned || !anchor?.view.element.isConnected) return;
    this.scroller.scrollTop += anchor.view.element.getBoundingClientRect().top - anchor.top;
  }

  #keepBottom() {
    this.#seeWhetherPinned();
    if (!this.pinned) return;
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.heldTop = this.scroller.scrollTop;
  }

  /** Only scrolling up leaves the bottom.  Being far from it may also mean that the list has just grown, for the
   * scroll event comes a frame later than the scrolling. */
  #seeWhetherPinned() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    if (scrollHeight - scrollTop - clientHeight < AT_BOTTOM_WITHIN_PX) {
      this.pinned = true;
      this.heldTop = scrollTop;
    } else if (scrollTop < this.heldTop - AT_BOTTOM_WITHIN_PX) this.pinned = false;
  }

  #scrolled() {
    const { scrollTop } = this.scroller;
    this.#seeWhetherPinned();
    if (this.pinned) this.jump.hidden = true;
    const history = this.house.world.history(this.channelId);
    if (scrollTop < LOAD_OLDER_WITHIN_PX && history.loaded && !history.complete) this.#load(history.oldestId);
  }

  #listen() {
    const viewAt = (event) => this.views.get(event.target.closest?.(".message")?.dataset.id);
    const follow = (event) => {
      const view = viewAt(event);
      if (view) this.bar.moveTo(view);
    };
    this.list.addEventListener("pointerover", follow);
    this.list.addEventListener("focusin", follow);
    this.scroller.addEventListener("pointerleave", () => this.bar.leave());
    this.list.addEventListener("contextmenu", (event) => {
      const view = viewAt(event);
      if (!view || event.target.closest("a, img") || !getSelection().isCollapsed) return;
      event.preventDefault();
      const point = { left: event.clientX, top: event.clientY, bottom: event.clientY };
      openMessageMenu(view, event.clientX > 0 ? point : view.element.getBoundingClientRect());
    });
    this.scroller.tabIndex = 0;
    this.scroller.setAttribute("role", "group");
    this.scroller.setAttribute("aria-label", "Messages: arrow keys move between them, Enter opens the menu of one");
    this.scroller.addEventListener("keydown", (event) => this.#key(event));
  }

  #key(event) {
    const items = [...this.list.children];
    const at = items.indexOf(document.activeElement);
    if (at < 0 && document.activeElement !== this.scroller) return;
    const view = this.views.get(items[at]?.dataset.id);
    const steps = { ArrowDown: at < 0 ? items.length - 1 : at + 1, ArrowUp: at < 0 ? items.length - 1 : at - 1, Home: 0, End: items.length - 1 };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in steps) items[Math.max(0, Math.min(steps[event.key], items.length - 1))]?.focus();
    else if (event.key === "Escape") this.house.focusComposer();
    else if (view && event.key === "Enter") openMessageMenu(view, view.element.getBoundingClientRect());
    else if (view && event.key === "r") this.house.replyTo(view.message);
    else if (view && event.key === "e" && view.message.author?.id === this.house.world.me?.id) editInPlace(view);
    else return;
    event.preventDefault();
  }

  #refreshTimes() {
    for (const stamp of this.list.querySelectorAll("time[data-relative]"))
      stamp.textContent = relativeTime(Number(stamp.dataset.relative));
  }
}

/** A webhook speaks under several names and pictures, each of which is somebody else to who reads. */
function sameAuthor(one, other) {
  return one?.id === other?.id && one?.username === other?.username && one?.avatar === other?.avatar;
}
