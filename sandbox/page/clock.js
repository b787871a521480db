// Times as people read them, and the times inside Discord's ids.

const DISCORD_EPOCH_MS = 1_420_070_400_000n; // the first second of 2015, from which snowflakes count
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const RELATIVE_UNITS = [
  ["year", 365 * DAY],
  ["month", 30 * DAY],
  ["day", DAY],
  ["hour", HOUR],
  ["minute", MINUTE],
  ["second", 1],
];
// The styles of <t:unix:style>, as Discord's reference names them.
const TIMESTAMP_STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};

/** Negative, zero or positive as id `a` is older than, the same as or newer than `b`; ids are decimal strings. */
export function compareIds(a, b) {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

export function sentAt(message) {
  if (message.timestamp) return new Date(message.timestamp);
  return new Date(Number((BigInt(message.id) >> 22n) + DISCORD_EPOCH_MS));
}

export function clockTime(date) {
  return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

/** With milliseconds, for the inspector. */
export function preciseTime(date) {
  const milliseconds = String(date.getMilliseconds()).padStart(3, "0");
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
  return `${time}.${milliseconds}`;
}

export function fullTime(date) {
  return date.toLocaleString([], { dateStyle: "full", timeStyle: "short" });
}

export function dayName(date) {
  return date.toLocaleDateString([], { dateStyle: "long" });
}

export function sameDay(a, b) {
  return a.toDateString() === b.toDateString();
}

/** "in 2 hours", "3 minutes ago". */
export function relativeTime(unixSeconds, nowMs = Date.now()) {
  const seconds = Math.round(unixSeconds - nowMs / 1000);
  const [unit, size] = RELATIVE_UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return new Intl.RelativeTimeFormat([], { numeric: "auto" }).format(Math.trunc(seconds / size), unit);
}

/** What Discord draws for `<t:unixSeconds:style>`; null for a time that no calendar has. */
export function timestampText(unixSeconds, style) {
  const date = new Date(unixSeconds * 1000);
  if (Number.isNaN(date.getTime())) return null;
  if (style === "R") return relativeTime(unixSeconds);
  return date.toLocaleString([], TIMESTAMP_STYLES[style] ?? TIMESTAMP_STYLES.f);
}
