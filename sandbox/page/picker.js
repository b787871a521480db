// A select menu: a button that opens a list of options, for one or several choices, all by keyboard too.

import { element } from "./dom.js";

const FILTER_FROM = 8; // options; a longer list gets a field to search in

/** `choose(values)` is called when the list closes with another choice than before.
 *
 * Options are {value, label, description, emoji, selected}.  `element` goes into the page, `values` is the choice now.
 */
export class Picker {
  constructor({ options, placeholder, label, least = 1, most = 1, disabled = false, customId = null, choose = () => {} }) {
    Object.assign(this, { options, placeholder, least, most, choose });
    this.values = options.filter((option) => option.selected).map((option) => option.value);
    this.button = element("button", {
      type: "button",
      class: "picker-button",
      disabled,
      "aria-haspopup": "listbox",
      "aria-expanded": "false",
      "aria-label": label ?? placeholder,
      data: customId === null ? {} : { customId },
      on: { click: () => (this.list ? this.close() : this.open()) },
    });
    this.button.addEventListener("keydown", (event) => {
      if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !this.list) {
        event.preventDefault();
        this.open();
      }
    });
    this.element = element("div", { class: "picker" }, this.button);
    this.#label();
  }

  open() {
    if (this.button.disabled) return;
    this.before = this.values.join("\n");
    this.filter = element("input", { type: "search", class: "picker-filter", placeholder: "Search", "aria-label": "Search" });
    this.filter.addEventListener("input", () => this.#fill());
    this.items = element("div", { role: "listbox", class: "picker-items", tabindex: "-1", "aria-multiselectable": String(this.most > 1) });
    const filter = this.options.length >= FILTER_FROM ? this.filter : null;
    this.list = element("div", { class: "picker-list" }, ...[filter, this.items].filter(Boolean));
    this.list.addEventListener("keydown", (event) => this.#key(event));
    this.element.append(this.list);
    this.#fill();
    this.button.setAttribute("aria-expanded", "true");
    (filter ?? this.items.querySelector("[aria-selected=true]") ?? this.items.firstElementChild)?.focus();
    this.list.scrollIntoView({ block: "nearest" });
    this.leave = (event) => this.element.contains(event.target) || this.close({ refocus: false });
    document.addEventListener("pointerdown", this.leave);
  }

  close({ refocus = true } = {}) {
    if (!this.list) return;
    document.removeEventListener("pointerdown", this.leave);
    this.list.remove();
    this.list = null;
    this.button.setAttribute("aria-expanded", "false");
    if (refocus) this.button.focus();
    if (this.values.join("\n") !== this.before && this.values.length >= this.least) this.choose(this.values);
  }

  #fill() {
    const words = this.filter.value.trim().toLowerCase();
    const shown = this.options.filter((option) => option.label.toLowerCase().includes(words)).slice(0, 100);
    this.items.replaceChildren(...shown.map((option) => this.#drawOption(option)));
    if (shown.length === 0) this.items.append(element("p", { class: "dim" }, "Nothing here by that name"));
  }

  #drawOption(option) {
    return element(
      "div",
      {
        role: "option",
        class: "picker-option",
        tabindex: "-1",
        "aria-selected": String(this.values.includes(option.value)),
        data: { value: option.value },
        on: { click: () => this.#pick(option.value) },
      },
      option.emoji && element("span", { class: "picker-emoji" }, option.emoji),
      element("span", { class: "picker-text" }, option.label, option.description && element("small", {}, option.description)),
    );
  }

  #pick(value) {
    if (this.most === 1) {
      this.values = this.least === 0 && this.values.includes(value) ? [] : [value];
      this.#label();
      this.close();
      return;
    }
    if (this.values.includes(value)) this.values = this.values.filter((one) => one !== value);
    else if (this.values.length < this.most) this.values = [...this.values, value];
    for (const item of this.items.children) item.setAttribute("aria-selected", String(this.values.includes(item.dataset.value)));
    this.#label();
  }

  #key(event) {
    const items = [...this.items.querySelectorAll("[role=option]")];
    const at = items.indexOf(document.activeElement);
    if (event.key === "ArrowDown") items[Math.min(at + 1, items.length - 1)]?.focus();
    else if (event.key === "ArrowUp") (at > 0 ? items[at - 1] : (items[0] ?? this.filter)).focus();
    else if (event.key === "Escape") this.close();
    else if (event.key === "Tab") return this.close();
    else if (event.key === "Enter" || (event.key === " " && at >= 0)) {
      const item = items[Math.max(at, 0)];
      if (item) this.#pick(item.dataset.value);
    } else return undefined;
    event.preventDefault();
    event.stopPropagation();
    return undefined;
  }

  #label() {
    const chosen = this.options.filter((option) => this.values.includes(option.value));
    const text = chosen.map((option) => [option.emoji, option.label].filter(Boolean).join(" ")).join(", ");
    this.button.replaceChildren(
      element("span", { class: text ? "" : "dim" }, text || this.placeholder || "Make a choice"),
      element("span", { class: "chevron", "aria-hidden": "true" }, "▾"),
    );
  }
}

/** The options of a user, role, mentionable or channel select, from what this person can see. */
export function entityOptions(component, world) {
  const chosen = new Set((component.default_values ?? []).map((one) => one.id));
  const users = world.state.users.map((user) => ({ value: user.id, label: user.display_name, description: user.name }));
  const roles = (world.state.roles ?? []).map((role) => ({ value: role.id, label: `@${role.name}` }));
  const allowed = component.channel_types ?? [];
  const channels = world.state.channels
    .filter((channel) => allowed.length === 0 || allowed.includes(channel.type ?? 0))
    .map((channel) => ({ value: channel.id, label: `#${channel.name}` }));
  const byType = { 5: users, 6: roles, 7: [...users, ...roles], 8: channels };
  return (byType[component.type] ?? []).map((option) => ({ ...option, selected: chosen.has(option.value) }));
}

/** The picker of any select component: 3 string, 5 user, 6 role, 7 mentionable, 8 channel. */
export function pickerOf(component, world, { label, disabled = false, choose } = {}) {
  const options =
    component.type === 3
      ? component.options.map((option) => ({ ...option, emoji: emojiText(option.emoji), selected: option.default === true }))
      : entityOptions(component, world);
  return new Picker({
    options,
    label,
    choose,
    placeholder: component.placeholder ?? "Make a choice",
    least: component.min_values ?? 1,
    most: component.max_values ?? 1,
    disabled: disabled || component.disabled === true,
    customId: component.custom_id,
  });
}

/** An emoji as text: itself, or the name of a custom one. */
export function emojiText(emoji) {
  if (!emoji) return null;
  return emoji.id ? `:${emoji.name}:` : emoji.name;
}
