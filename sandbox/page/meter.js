// The edit bucket of the open channel, live: how many edits are left, when it is full again, and a strip of what went by.

import { element } from "./dom.js";

const EDIT_ROUTE = "/channels/{channel_id}/messages/{message_id}";
const CREATE_ROUTE = "/channels/{channel_id}/messages";
const STRIP_MS = 20_000; // the time that the strip shows; the animation in inspector.css is as long

/** What a request does to a channel as one watches it: "edit", "create", "refused", or null for all else. */
export function kindOf(record) {
  const edits = record.method === "PATCH" && record.route === EDIT_ROUTE;
  const creates = record.method === "POST" && record.route === CREATE_ROUTE;
  if (!edits && !creates) return null;
  if (record.status === 429) return "refused";
  return edits ? "edit" : "create";
}

export class Meter {
  constructor(root) {
    this.dots = element("span", { class: "budget" });
    this.words = element("span", { class: "meter-words" });
    this.bar = element("i", { class: "meter-bar" });
    this.strip = element("div", { class: "strip", "aria-hidden": "true" });
    root.append(
      element("div", { class: "meter-head" }, element("b", {}, "Edits in this channel"), this.dots),
      element("div", { class: "meter-track", "aria-hidden": "true" }, this.bar),
      this.strip,
      element("p", { class: "meter-legend" }, this.words, element("span", { class: "key create" }, "posted"), element("span", { class: "key edit" }, "edited"), element("span", { class: "key refused" }, "429")),
    );
    this.channelId = null;
    this.limit = 0;
  }

  /** Watches another channel from now on, from what is known of it. */
  watch(channelId, records, limits) {
    this.channelId = channelId;
    this.limit = limits?.edit_limit ?? this.limit;
    this.strip.replaceChildren();
    this.#refill();
    for (const record of records) this.take(record);
  }

  take(record) {
    const kind = String(record.channel_id) === this.channelId ? kindOf(record) : null;
    const ageMs = Date.now() - record.at_ms;
    if (kind === null || ageMs > STRIP_MS) return;
    this.#tick(kind, ageMs);
    if (record.method !== "PATCH" || !record.limit) return;
    const leftMs = record.reset_after * 1000 - ageMs;
    if (leftMs <= 0) return;
    this.limit = record.limit;
    this.#show(record.remaining, leftMs);
  }

  #tick(kind, ageMs) {
    const tick = element("i", { class: kind });
    tick.style.animationDelay = `-${Math.max(0, ageMs)}ms`;
    this.strip.append(tick);
    setTimeout(() => tick.remove(), STRIP_MS - ageMs);
  }

  #show(remaining, leftMs) {
    showBudget(this.dots, remaining, this.limit);
    this.words.textContent = `${remaining} of ${this.limit} left, full in ${(leftMs / 1000).toFixed(1)} s`;
    this.bar.style.animation = "none";
    this.bar.getBoundingClientRect(); // lets the animation start anew
    this.bar.style.animation = `run-down ${leftMs}ms linear forwards`;
    clearTimeout(this.refilling);
    this.refilling = setTimeout(() => this.#refill(), leftMs);
  }

  #refill() {
    clearTimeout(this.refilling);
    showBudget(this.dots, this.limit, this.limit);
    this.words.textContent = this.limit ? `${this.limit} of ${this.limit} left` : "";
    this.bar.style.animation = "none";
  }
}

const MOST_DOTS = 10; // a larger bucket is written as a number

/** A bucket as little dots, full ones for what remains. */
export function showBudget(parent, remaining, limit) {
  parent.title = limit ? `${remaining} of ${limit} left in this bucket` : "";
  if (!limit || limit > MOST_DOTS) {
    parent.textContent = limit ? `${remaining}/${limit}` : "";
    return;
  }
  parent.replaceChildren(...Array.from({ length: limit }, (_, index) => element("i", { class: index < remaining ? "full" : "" })));
}
