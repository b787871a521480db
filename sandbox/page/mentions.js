// Mentions as people type them (@Grace, #general) and as Discord sends them (<@1>, <#2>). Pure.

const CODE = /(```[^]*?```|`[^`\n]*`)/;

/** The text with every name in `names` ({name, code}) after its sign replaced by its code, outside of code spans. */
export function encodeMentions(text, names) {
  const longestFirst = [...names].sort((a, b) => b.name.length - a.name.length);
  return text
    .split(CODE)
    .map((part, index) => (index % 2 === 1 ? part : encodePart(part, longestFirst)))
    .join("");
}

function encodePart(text, names) {
  return names.reduce((encoded, { name, code }) => {
    const pattern = new RegExp(`(?<![\\w<])${escapePattern(name)}(?![\\p{L}\\p{N}_])`, "giu");
    return encoded.replace(pattern, () => code);
  }, text);
}

/** The text as one would type it: codes replaced by names. */
export function decodeMentions(text, names) {
  return names.reduce((decoded, { name, code }) => decoded.replaceAll(code, name), text);
}

/** Everyone and every channel that can be mentioned, as {name: "@Grace", code: "<@1>"}. */
export function mentionNames(world) {
  const users = world.state.users.map((user) => ({ name: `@${user.display_name}`, code: `<@${user.id}>` }));
  const channels = world.state.channels.map((channel) => ({ name: `#${channel.name}`, code: `<#${channel.id}>` }));
  return [...users, ...channels];
}

/** The mention being typed before the caret, as {sign, word, from}, or null. */
export function mentionBefore(text, caret) {
  const match = /(?:^|\s)([@#])([^\s@#]{0,32})$/u.exec(text.slice(0, caret));
  return match ? { sign: match[1], word: match[2].toLowerCase(), from: caret - match[2].length - 1 } : null;
}

function escapePattern(text) {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
