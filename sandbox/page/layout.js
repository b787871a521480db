// The frame of the page: title, gateway light, typing line, drawers, notices, dropping files.

import { element } from "./dom.js";
import { icon } from "./icons.js";
import { dots } from "./message.js";

const NOTICE_MS = 6_000;
const MOST_NAMES = 5; // of a thread's members, in one line
const NARROW = "(max-width: 760px)";
const ROOMY = "(min-width: 1100px)";

const find = (id) => document.getElementById(id);

export class Layout {
  constructor(house) {
    this.house = house;
    this.root = find("house");
    this.openButton = find("open-sidebar");
    this.inspectorButton = find("toggle-inspector");
    this.curtain = find("curtain");
    this.openButton.append(icon("lines"));
    this.openButton.addEventListener("click", () => this.openSidebar());
    this.curtain.addEventListener("click", () => this.#closeDrawers());
    this.inspectorButton.addEventListener("click", () => this.toggleInspector());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) this.#closeDrawers();
    });
    this.toggleInspector(matchMedia(ROOMY).matches);
    this.#takeDrops(document.querySelector("main"));
  }

  openSidebar() {
    this.root.classList.add("sidebar-open");
    this.openButton.setAttribute("aria-expanded", "true");
    this.#showCurtain();
    find("sidebar").querySelector("[aria-current], button")?.focus();
  }

  closeSidebar() {
    if (!this.root.classList.contains("sidebar-open")) return;
    this.root.classList.remove("sidebar-open");
    this.openButton.setAttribute("aria-expanded", "false");
    this.#showCurtain();
    this.openButton.focus();
  }

  toggleInspector(shown = !this.root.classList.contains("inspector-open")) {
    this.root.classList.toggle("inspector-open", shown);
    this.inspectorButton.setAttribute("aria-expanded", String(shown));
    this.#showCurtain();
  }

  showPlace(place) {
    const sign = { channel: "#", thread: "", dm: "@" }[place?.kind] ?? "";
    const parent = place?.kind === "thread" ? this.house.world.place(place.parentId) : null;
    find("channel-name").textContent = place ? `${sign}${place.name}` : "";
    find("channel-topic").textContent = parent ? this.#threadTopic(place, parent) : (place?.topic ?? "");
    document.title = place ? `${sign}${place.name} · ${this.house.world.state.guild?.name ?? ""}` : "Parley House";
  }

  #threadTopic(thread, parent) {
    const names = thread.members.slice(0, MOST_NAMES).map((id) => this.house.world.nameOf(id));
    const others = thread.members.length - names.length;
    return `A thread in #${parent.name} · ${names.join(", ")}${others > 0 ? ` and ${others} more` : ""}`;
  }

  /** The light for the bot's gateway, and a line while the bot or the sandbox itself is away. */
  showGateway() {
    const { linked, gateway, bot } = this.house.world;
    const online = linked && gateway.connected;
    const name = bot?.display_name ?? "The bot";
    const light = find("gateway");
    light.classList.toggle("online", online);
    light.replaceChildren(element("i", { class: "light", "aria-hidden": "true" }), online ? `${name} is online` : `${name} is away`);
    const absence = find("absence");
    absence.hidden = online;
    absence.textContent = linked ? "The bot is not connected. What you write waits for it." : "The sandbox does not answer. Trying again …";
  }

  showTyping() {
    const names = this.house.world.typingIn(this.house.world.openChannelId);
    const line = find("typing");
    if (names.length === 0) return line.replaceChildren();
    const who = names.length > 3 ? "Several people" : new Intl.ListFormat([], { type: "conjunction" }).format(names);
    return line.replaceChildren(dots(), ` ${who} ${names.length === 1 ? "is" : "are"} typing …`);
  }

  notify(text) {
    const notice = element("p", { class: "notice-box" }, text);
    find("notices").append(notice);
    setTimeout(() => notice.remove(), NOTICE_MS);
  }

  announce(text) {
    find("announcer").textContent = text;
  }

  #closeDrawers() {
    this.closeSidebar();
    if (!matchMedia(ROOMY).matches) this.toggleInspector(false);
  }

  #showCurtain() {
    const { classList } = this.root;
    const covered = classList.contains("sidebar-open") || (classList.contains("inspector-open") && matchMedia(NARROW).matches);
    this.curtain.hidden = !covered;
  }

  #takeDrops(target) {
    const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
    target.addEventListener("dragover", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      target.classList.add("dropping");
    });
    target.addEventListener("dragleave", (event) => {
      if (!target.contains(event.relatedTarget)) target.classList.remove("dropping");
    });
    target.addEventListener("drop", (event) => {
      target.classList.remove("dropping");
      if (!carriesFiles(event)) return;
      event.preventDefault();
      this.house.attach([...event.dataTransfer.files]);
    });
  }
}
