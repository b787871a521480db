// Beside the chat: each request of the bot as it happens, and the calls of its tools.

import { preciseTime } from "./clock.js";
import { element } from "./dom.js";
import { icon } from "./icons.js";
import { Meter, kindOf, showBudget } from "./meter.js";
import { ToolCalls } from "./tool-calls.js";

const KEPT = 1_000; // records to filter in
const SHOWN = 200; // rows at once
const CONTENT_CHARS = 52; // of a message in its row, about one line: the end, which is what an edit adds

export class Inspector {
  constructor(house, root) {
    this.house = house;
    this.root = root;
    this.records = [];
    this.waiting = [];
    this.paused = false;
    const meterBox = element("section", { class: "meter", "aria-label": "The edit bucket of this channel" });
    this.meter = new Meter(meterBox);
    this.filter = element("input", { type: "search", placeholder: "Filter: PATCH, 429, typing …", "aria-label": "Filter the requests" });
    this.here = element("input", { type: "checkbox" });
    this.pause = element("button", { type: "button", class: "quiet", "aria-pressed": "false" }, "Pause");
    const clear = element("button", { type: "button", class: "quiet" }, "Clear");
    const close = element("button", { type: "button", class: "icon", "aria-label": "Hide the inspector" }, icon("close"));
    this.rows = element("ol", { class: "rows", "aria-label": "Requests, newest first" });
    this.empty = element("p", { class: "dim rows-empty" }, "Nothing yet. Each request of the bot appears here as it happens.");
    this.calls = new ToolCalls(house);
    root.append(
      element("header", { class: "inspector-head" }, element("h2", {}, "Inspector"), this.pause, clear, close),
      meterBox,
      this.calls.element,
      element("div", { class: "inspector-tools" }, this.filter, element("label", {}, this.here, "this channel only")),
      this.empty,
      this.rows,
    );
    this.filter.addEventListener("input", () => this.#redraw());
    this.here.addEventListener("change", () => this.#redraw());
    this.pause.addEventListener("click", () => this.#togglePause());
    close.addEventListener("click", () => this.house.toggleInspector(false));
    clear.addEventListener("click", () => {
      this.records = [];
      this.#redraw();
    });
  }

  /** Takes a record; those of one frame of the screen are drawn together. */
  take(record) {
    if (this.records.some((known) => known.number === record.number && known.at_ms === record.at_ms)) return;
    this.records.push(record);
    if (this.records.length > KEPT) this.records.splice(0, this.records.length - KEPT);
    this.meter.take(record);
    if (this.paused) {
      this.held += 1;
      this.pause.textContent = `Resume (${this.held})`;
      return;
    }
    if (this.waiting.push(record) === 1) requestAnimationFrame(() => this.#flush());
    if (this.waiting.length > KEPT) this.waiting.shift(); // a hidden tab draws no frames
  }

  /** Shows the bot's tool calls, newest first. */
  showCalls(calls) {
    this.calls.show(calls);
  }

  watch(channelId) {
    this.meter.watch(channelId, this.records, this.house.world.state.limits);
    if (this.here.checked) this.#redraw();
  }

  #flush() {
    const fresh = this.waiting.splice(0).slice(-SHOWN).filter((record) => this.#matches(record));
    this.rows.prepend(...fresh.reverse().map((record) => this.#drawRow(record)));
    while (this.rows.childNodes.length > SHOWN) this.rows.lastChild.remove();
    this.empty.hidden = this.rows.childNodes.length > 0;
  }

  #redraw() {
    this.waiting = [];
    const shown = this.records.filter((record) => this.#matches(record)).slice(-SHOWN);
    this.rows.replaceChildren(...shown.reverse().map((record) => this.#drawRow(record)));
    this.empty.hidden = shown.length > 0;
  }

  #togglePause() {
    this.paused = !this.paused;
    this.held = 0;
    this.pause.setAttribute("aria-pressed", String(this.paused));
    this.pause.textContent = this.paused ? "Resume" : "Pause";
    if (!this.paused) this.#redraw();
  }

  #matches(record) {
    if (this.here.checked && String(record.channel_id) !== this.house.world.openChannelId) return false;
    const text = `${record.method} ${this.#route(record)} ${record.status} ${record.content ?? ""}`.toLowerCase();
    return this.filter.value.toLowerCase().split(/\s+/).every((word) => text.includes(word));
  }

  /** The route without what every route has in common, and with the channel's name in place of its id. */
  #route(record) {
    const place = record.channel_id ? this.house.world.place(String(record.channel_id)) : null;
    const path = record.route.replace("/channels/{channel_id}", place ? `#${place.name}` : "/channels/…");
    return path.replace(/\{[a-z_.]+\}/g, "…");
  }

  #drawRow(record) {
    const budget = element("span", { class: "budget small" });
    showBudget(budget, record.remaining, record.limit);
    const details = element("div", { class: "row-details", hidden: true });
    const head = element(
      "button",
      { type: "button", class: "row-head", "aria-expanded": "false" },
      element("span", { class: "row-time" }, preciseTime(new Date(record.at_ms))),
      element("span", { class: `method ${record.method.toLowerCase()}` }, record.method),
      element("span", { class: "row-route" }, this.#route(record)),
      element("span", { class: `status s${String(record.status)[0]}` }, statusText(record)),
      budget,
      record.content && element("span", { class: "row-content" }, oneLine(record.content)),
    );
    head.addEventListener("click", () => {
      if (details.childNodes.length === 0) details.append(drawDetails(record));
      details.hidden = !details.hidden;
      head.setAttribute("aria-expanded", String(!details.hidden));
    });
    return element("li", { class: kindOf(record) ?? "other", data: { number: record.number } }, head, details);
  }
}

function statusText(record) {
  return record.status === 0 ? "cut" : String(record.status);
}

function oneLine(text) {
  const line = text.replace(/\s+/g, " ");
  return line.length > CONTENT_CHARS ? `…${line.slice(-CONTENT_CHARS)}` : line;
}

function drawDetails(record) {
  const facts = {
    path: record.path,
    bucket: record.bucket,
    "reset after": record.limit ? `${record.reset_after.toFixed(3)} s` : null,
    "retry after": record.retry_after ? `${record.retry_after.toFixed(3)} s (${record.scope})` : null,
    message: record.message_id,
    nonce: record.nonce,
    repeated: record.repeated ? "answered from the same nonce" : null,
    "error code": record.code,
    content: record.content,
  };
  const rows = Object.entries(facts).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return element("dl", {}, rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, String(value))]));
}
