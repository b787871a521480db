// The beginning of a channel, and what to try where nothing was said yet.

import { element } from "./dom.js";

export function drawWelcome(house, place, isEmpty) {
  const bot = house.world.bot?.display_name ?? "the bot";
  const box = element(
    "div",
    { class: "welcome" },
    element("h2", {}, titleOf(place)),
    element("p", {}, introOf(place, bot)),
  );
  if (isEmpty) {
    const suggestions = suggestionsFor(place, bot).map((text) =>
      element("button", { type: "button", class: "suggest", on: { click: () => house.send(text) } }, text),
    );
    box.append(element("p", { class: "dim" }, "Try one of these:"), element("div", { class: "suggest-row" }, suggestions));
  }
  return box;
}

function titleOf(place) {
  if (place.kind === "dm") return place.name;
  return place.kind === "thread" ? place.name : `#${place.name}`;
}

function introOf(place, bot) {
  if (place.kind === "dm") return `This is between you and ${place.name}.`;
  if (place.kind === "thread") return "A thread: a conversation of its own, with its own history.";
  return place.topic || `The beginning of this channel. Mention @${bot}, and it answers here.`;
}

// The demo's model is tiny: these it understands, and each shows something else.
const SUGGESTIONS = [
  "hello!",
  "Please roll a die with 6 sides.",
  "Please ask me which colour I like.",
  'Please make a poll with the question "Tea or coffee?" and the answers "tea | coffee".',
];

function suggestionsFor(place, bot) {
  return SUGGESTIONS.map((text) => (place.kind === "dm" ? text : `@${bot} ${text}`));
}
