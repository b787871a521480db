// The list that opens above a text field while one types: people, channels, commands, choices.

import { element } from "./dom.js";

/** Belongs to one input, which keeps the focus; arrows, Enter, Tab and Escape go through `key(event)`. */
export class Suggestions {
  constructor(input, label) {
    this.input = input;
    this.element = element("div", { class: "suggestions", role: "listbox", id: `suggestions-${crypto.randomUUID()}`, "aria-label": label, hidden: true });
    this.items = [];
    this.active = -1;
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", this.element.id);
    input.setAttribute("aria-expanded", "false");
  }

  get open() {
    return !this.element.hidden;
  }

  /** Shows items {label, detail, icon, value}; `first` is whether Enter takes the first one without an arrow key. */
  show(items, pick, { first = true, title = null } = {}) {
    this.items = items;
    this.pick = pick;
    this.element.replaceChildren(
      ...[title && element("p", { class: "suggestions-title" }, title)].filter(Boolean),
      ...items.map((item, index) => this.#draw(item, index)),
    );
    this.element.hidden = items.length === 0;
    this.input.setAttribute("aria-expanded", String(this.open));
    this.#activate(first ? 0 : -1);
  }

  hide() {
    this.show([], null);
  }

  /** Whether the key was for the list. */
  key(event) {
    if (!this.open || event.isComposing) return false;
    const { key } = event;
    if (key === "ArrowDown") this.#activate((this.active + 1) % this.items.length);
    else if (key === "ArrowUp") this.#activate(this.active <= 0 ? this.items.length - 1 : this.active - 1);
    else if ((key === "Enter" || (key === "Tab" && !event.shiftKey)) && this.active >= 0) this.#choose(this.active);
    else if (key === "Escape") this.hide();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  #choose(index) {
    const item = this.items[index];
    const pick = this.pick;
    this.hide();
    pick(item);
  }

  #draw({ label, detail, icon }, index) {
    const node = element(
      "div",
      { class: "suggestion", role: "option", id: `${this.element.id}-${index}` },
      icon,
      element("span", { class: "suggestion-label" }, label),
      detail && element("span", { class: "suggestion-detail" }, detail),
    );
    node.addEventListener("pointerdown", (event) => event.preventDefault()); // the input keeps the focus
    node.addEventListener("click", () => this.#choose(index));
    return node;
  }

  #activate(index) {
    this.active = this.items.length > 0 ? index : -1;
    const options = this.element.querySelectorAll("[role=option]");
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === this.active)));
    const chosen = options[this.active];
    if (chosen) {
      this.input.setAttribute("aria-activedescendant", chosen.id);
      chosen.scrollIntoView({ block: "nearest" });
    } else this.input.removeAttribute("aria-activedescendant");
  }
}
