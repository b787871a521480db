// The left side: channels by category, threads below their channel, direct messages, and who one is.

import { avatar, element } from "./dom.js";
import { icon } from "./icons.js";
import { languageName } from "./language.js";
import { openMenu } from "./menu.js";
import { openChannelMenu, openServerMenu } from "./upkeep.js";

const ROLE_NAMES = { owner: "Owner", moderator: "Moderator", member: "Member" };

function describeRole(user) {
  const name = ROLE_NAMES[user.role] ?? "Member";
  return user.manages_server ? `${name}, manages the server` : name;
}

export class Sidebar {
  constructor(house, root) {
    this.house = house;
    this.root = root;
    this.title = element("h2", { class: "guild" });
    this.places = element("div", { class: "places" });
    this.who = element("div", { class: "who", role: "radiogroup", "aria-label": "Who you are" });
    this.language = element("button", { type: "button", class: "language", "aria-haspopup": "menu" });
    root.append(this.title, this.places, element("div", { class: "who-box" }, element("p", { class: "who-title" }, "You are"), this.who, this.language));
    this.language.addEventListener("click", () => this.#chooseLanguage());
    this.who.addEventListener("keydown", (event) => this.#moveWho(event));
  }

  show() {
    const { world } = this.house;
    const focused = document.activeElement?.dataset?.place ?? null;
    this.title.replaceChildren(this.#drawTitle());
    this.places.replaceChildren(...this.#groups(), this.#directMessages());
    this.#showWho();
    if (focused) this.places.querySelector(`[data-place="${CSS.escape(focused)}"]`)?.focus();
  }

  #drawTitle() {
    const { world } = this.house;
    const name = world.state.guild?.name ?? "…";
    if (!world.keeps("manage_channels") && !world.keeps("manage_roles")) return name;
    const button = element("button", { type: "button", class: "guild-name", "aria-haspopup": "menu" }, name);
    button.addEventListener("click", () => openServerMenu(this.house, button.getBoundingClientRect()));
    return button;
  }

  #groups() {
    const { categories } = this.house.world.state;
    const channels = [...this.house.world.textChannels()].sort((a, b) => (a.position ?? 0) - (b.position ?? 0));
    const known = new Set(categories.map((category) => category.id));
    const loose = channels.filter((channel) => !known.has(channel.parent_id));
    const groups = categories.map((category) => this.#drawGroup(category, channels.filter((channel) => channel.parent_id === category.id)));
    return loose.length > 0 ? [this.#drawGroup(null, loose), ...groups] : groups;
  }

  #drawGroup(category, channels) {
    return element(
      "section",
      { class: "group" },
      category && this.#offerMenu(element("h3", { tabindex: "-1" }, category.name), category, { isCategory: true }),
      element("ul", {}, channels.map((channel) => this.#drawChannel(channel))),
    );
  }

  #drawChannel(channel) {
    const threads = this.house.world.threadsOf(channel.id);
    return element(
      "li",
      {},
      this.#offerMenu(this.#drawPlace(channel.id, "#", channel.name), channel),
      threads.length > 0 && element("ul", { class: "threads" }, threads.map((thread) => element("li", {}, this.#drawPlace(thread.id, icon("thread"), thread.name)))),
    );
  }

  /** A right click, or the key for it, opens the menu of a channel for those who keep the server. */
  #offerMenu(node, channel, options = {}) {
    const { world } = this.house;
    if (!world.keeps("manage_channels") && !world.keeps("manage_roles")) return node;
    node.addEventListener("contextmenu", (event) => {
      event.preventDefault();
      openChannelMenu(this.house, channel, node.getBoundingClientRect(), options);
    });
    return node;
  }

  #drawPlace(id, sign, name, face = null) {
    const { world } = this.house;
    const open = world.openChannelId === id;
    const unread = world.unread.has(id);
    const mentions = world.unread.get(id) ?? 0;
    return element(
      "button",
      {
        type: "button",
        class: `place ${unread ? "unread" : ""}`,
        "aria-current": open ? "page" : null,
        data: { place: id },
        on: { click: () => this.house.openChannel(id) },
      },
      face ?? element("span", { class: "sign", "aria-hidden": "true" }, sign),
      element("span", { class: "place-name" }, name),
      unread && element("span", { class: "unseen" }, ", unread"),
      mentions > 0 && element("span", { class: "mention-count", "aria-label": `${mentions} for you` }, String(mentions)),
    );
  }

  #directMessages() {
    const { world } = this.house;
    const add = element("button", { type: "button", class: "icon", "aria-label": "New direct message", title: "New direct message" }, icon("plus"));
    add.addEventListener("click", () => {
      const apps = world.state.users.filter((user) => user.role === "bot");
      const items = apps.map((user) => ({ label: user.display_name, hint: "APP", act: () => this.house.openDirect(user.id) }));
      openMenu(add.getBoundingClientRect(), "New direct message", items);
    });
    const rows = world.state.dms.map((dm) => {
      const user = world.users.get(dm.recipient_id);
      return element("li", {}, this.#drawPlace(dm.id, "@", world.nameOf(dm.recipient_id), avatar(user, "tiny")));
    });
    return element("section", { class: "group" }, element("h3", {}, "Direct messages", add), element("ul", {}, rows));
  }

  #showWho() {
    const { world } = this.house;
    const people = world.state.users.filter((user) => user.role !== "bot");
    const hadFocus = this.who.contains(document.activeElement);
    this.who.replaceChildren(
      ...people.map((user) => {
        const chosen = user.id === world.me?.id;
        return element(
          "button",
          {
            type: "button",
            role: "radio",
            class: "person",
            "aria-checked": String(chosen),
            tabindex: chosen ? "0" : "-1",
            data: { user: user.id },
            on: { click: () => this.house.become(user.id) },
          },
          avatar(user, "small"),
          element("span", {}, user.display_name, element("small", {}, describeRole(user))),
        );
      }),
    );
    if (hadFocus) this.who.querySelector("[aria-checked=true]")?.focus();
    this.language.replaceChildren(`Language: ${languageName(world.me?.locale ?? "en-US")}`);
  }

  #chooseLanguage() {
    const { locales } = this.house.world.state;
    const items = locales.map((locale) => ({ label: languageName(locale), hint: locale, act: () => this.house.chooseLocale(locale) }));
    openMenu(this.language.getBoundingClientRect(), "Language", items);
  }

  #moveWho(event) {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const people = [...this.who.children];
    people.at((people.indexOf(document.activeElement) + step) % people.length).focus();
  }
}
