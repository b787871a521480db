// A poll under a message: a press on an answer is a vote, another press takes it back.

import { fullTime, relativeTime } from "./clock.js";
import { element } from "./dom.js";
import { emojiText } from "./picker.js";

/** Draws a poll as Discord's JSON has it; `vote(answers)` gets the ids that one votes for now. */
export function drawPoll(poll, vote) {
  const counts = new Map((poll.results?.answer_counts ?? []).map((one) => [one.id, one]));
  const mine = poll.answers.map((answer) => answer.answer_id).filter((id) => counts.get(id)?.me_voted);
  const total = [...counts.values()].reduce((sum, one) => sum + one.count, 0);
  const ended = poll.results?.is_finalized === true;
  const answers = poll.answers.map(({ answer_id: id, poll_media: media }) => {
    const count = counts.get(id)?.count ?? 0;
    const chosen = mine.includes(id);
    const others = poll.allow_multiselect ? mine.filter((one) => one !== id) : [];
    const button = element(
      "button",
      {
        type: "button",
        class: "poll-answer",
        disabled: ended,
        "aria-pressed": String(chosen),
        style: { "--share": total === 0 ? "0%" : `${Math.round((100 * count) / total)}%` },
        data: { customId: `poll-${id}` },
        on: { click: () => vote(chosen ? others : [...others, id]) },
      },
      element("span", { class: "poll-text" }, [emojiText(media.emoji), media.text].filter(Boolean).join(" ")),
      element("span", { class: "poll-count" }, String(count)),
    );
    return element("li", {}, button);
  });
  return element(
    "section",
    { class: "poll", "aria-label": `Poll: ${poll.question.text}` },
    element("h4", {}, poll.question.text),
    element("p", { class: "dim" }, poll.allow_multiselect ? "Choose one or more" : "Choose one"),
    element("ul", {}, answers),
    drawEnd(poll, total, ended),
  );
}

function drawEnd(poll, total, ended) {
  const end = new Date(poll.expiry);
  const when = ended ? "ended" : `ends ${relativeTime(end.getTime() / 1000)}`;
  return element("p", { class: "dim", title: fullTime(end) }, `${total} ${total === 1 ? "vote" : "votes"} · ${when}`);
}
