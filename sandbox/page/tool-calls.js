// The bot's tool calls as its database has them: what was asked for, who approved it, what came of it.

import { copyText, element } from "./dom.js";

const ARGUMENTS_CHARS = 40; // of a call in its line
const ENDED = new Set(["completed", "incomplete", "failed", "cancelled", "expired"]);
const WAITS = { approval: "waits for approval", answer: "waits for an answer" };
const FAULTS = new Set(["refused", "failed", "timed_out", "denied", "unknown", "left"]);

export class ToolCalls {
  constructor(house) {
    this.house = house;
    this.lines = new Map(); // a call's id -> its <li>
    this.list = element("ol", { class: "calls", "aria-label": "Tool calls, newest first" });
    this.empty = element("p", { class: "dim" }, "None yet. Ask for a die to be rolled.");
    this.element = element("section", { class: "tool-calls", "aria-label": "Tool calls", hidden: true }, element("h3", {}, "Tool calls"), this.empty, this.list, drawSample());
  }

  /** Takes all calls, newest first; a line that is open stays open. */
  show(calls) {
    this.element.hidden = false;
    this.empty.hidden = calls.length > 0;
    const before = this.lines;
    this.lines = new Map(calls.map((call) => [call.id, this.#line(call, before.get(call.id))]));
    this.list.replaceChildren(...this.lines.values());
  }

  #line(call, known) {
    const source = JSON.stringify(call);
    if (known?.dataset.source === source) return known;
    const open = known?.querySelector("details").open ?? false;
    const state = stateOf(call);
    const summary = element(
      "summary",
      {},
      element("b", {}, call.name),
      element("span", { class: "call-arguments" }, oneLine(call.arguments)),
      element("span", { class: `call-state ${FAULTS.has(state) ? "fault" : ""}` }, state.replace("_", " ")),
      element("span", { class: "dim" }, duration(call)),
    );
    return element("li", { data: { source } }, element("details", { open }, summary, this.#details(call)));
  }

  #details(call) {
    const place = this.house.world.place(call.channel_id);
    const facts = {
      run: `${call.run_id}, ${call.run_status.replace("_", " ")}${place ? `, in ${place.name}` : ""}`,
      arguments: call.arguments,
      needed: call.need,
      "decided by": call.decided_by && this.house.world.nameOf(call.decided_by),
      output: call.output,
    };
    const rows = Object.entries(facts).filter(([, value]) => value);
    const list = element("dl", {}, rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
    return element("div", { class: "row-details" }, list);
  }
}

function stateOf(call) {
  if (call.outcome) return call.outcome;
  if (call.output !== null) return "done";
  if (ENDED.has(call.run_status)) return "left";
  if (call.need && !call.decided_at) return WAITS[call.need] ?? `waits for ${call.need}`;
  return call.started_at ? "under way" : "asked for";
}

function duration(call) {
  return call.started_at && call.ended_at ? `${call.ended_at - call.started_at} ms` : "";
}

function oneLine(text) {
  const line = text.replace(/\s+/g, " ");
  return line.length > ARGUMENTS_CHARS ? `${line.slice(0, ARGUMENTS_CHARS)}…` : line;
}

/** What to write into the form of /tools add, field by field, as the sandbox's own tool says it. */
function drawSample() {
  const fields = element("dl", { class: "sample" });
  const sample = element("details", {}, element("summary", {}, "Add one without code"), element("p", { class: "dim" }, "As Ada or Grace run /tools add, and write:"), fields);
  sample.addEventListener("toggle", async () => {
    if (!sample.open || fields.childNodes.length > 0) return;
    const tool = await (await fetch("/tools/weather")).json();
    fields.replaceChildren(
      ...Object.entries(tool).flatMap(([name, value]) => [
        element("dt", {}, name),
        element("dd", {}, element("button", { type: "button", class: "link", title: "Copy", on: { click: () => copyText(value) } }, value)),
      ]),
    );
  });
  return sample;
}
