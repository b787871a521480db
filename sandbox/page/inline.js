// Discord's Markdown, inside a line: text -> a list of plain objects. Pure.
// A node is {type: "text", text} or {type, children} or a leaf with what its type needs.

const DEEPEST = 16; // styles inside styles; more is drawn as it was typed
const PLAIN = /^(?:[^\\<[`|*_~@h\n]+|h(?!ttps?:\/\/)|`+|[^])/;
const ADDRESS = String.raw`https?:\/\/(?:\([^\s()<>]*\)|[^\s()<>])+`;

// In the order in which they are tried; the first that matches at a place wins.
const RULES = [
  [/^\\([^0-9A-Za-z\s])/, ([, text]) => ({ type: "text", text })],
  [/^(`+)(?!`)([^]*?[^`])\1(?!`)/, ([, , text]) => ({ type: "inlineCode", text: trimCode(text) })],
  [new RegExp(`^<(${ADDRESS})>`), ([, address]) => ({ type: "link", address, children: plain(address) })],
  [/^<@!?(\d+)>/, ([, id]) => ({ type: "userMention", id })],
  [/^<@&(\d+)>/, ([, id]) => ({ type: "roleMention", id })],
  [/^<#(\d+)>/, ([, id]) => ({ type: "channelMention", id })],
  [/^<\/([^:<>\n]{1,100}):(\d+)>/, ([, name, id]) => ({ type: "commandMention", name, id })],
  [/^<a?:(\w{2,32}):(\d+)>/, ([, name, id]) => ({ type: "emoji", name, id })],
  [/^<t:(-?\d{1,13})(?::([tTdDfFR]))?>/, ([, unix, style]) => ({ type: "time", unix: Number(unix), style: style ?? "f" })],
  [/^@(everyone|here)(?!\w)/, ([, name]) => ({ type: "everyone", name })],
  [
    new RegExp(String.raw`^\[((?:\\.|[^\[\]\\\n])+)\]\(<?(${ADDRESS})>?(?: +"[^"\n]*")?\)`),
    ([, label, address], context) => ({ type: "link", address, children: inner(label, { ...context, linked: true }) }),
  ],
  [new RegExp(`^${ADDRESS}`), bareLink],
  [/^\|\|([^]+?)\|\|/, styled("spoiler")],
  [/^\*\*((?:\\[^]|[^\\])+?)\*\*(?!\*)/, styled("bold")],
  [/^__((?:\\[^]|[^\\])+?)__(?!_)/, styled("underline")],
  [/^\*(?=\S)((?:\*\*|\\[^]|[^*\\])*?(?:\*\*|\\[^]|[^\s*\\]))\*(?!\*)/, styled("italic")],
  [/^_((?:__|\\[^]|[^\\_])+?)_\b/, styled("italic")],
  [/^~~([^]+?)~~/, styled("strike")],
];

/** The nodes of one paragraph, heading or list item. */
export function parseInline(text) {
  return parse(text, { depth: 0, linked: false });
}

function parse(text, context) {
  const nodes = [];
  let rest = text;
  while (rest !== "") {
    const { node, length } = nodeAt(rest, context);
    const last = nodes.at(-1);
    if (node.type === "text" && last?.type === "text") last.text += node.text;
    else nodes.push(node);
    rest = rest.slice(length);
  }
  return nodes;
}

function nodeAt(rest, context) {
  for (const [pattern, build] of RULES) {
    const match = pattern.exec(rest);
    const node = match ? build(match, context) : null;
    if (node && !(node.type === "link" && context.linked)) return { node, length: node.length ?? match[0].length };
  }
  const [text] = PLAIN.exec(rest);
  return { node: { type: "text", text }, length: text.length };
}

function inner(text, context) {
  return context.depth >= DEEPEST ? plain(text) : parse(text, { ...context, depth: context.depth + 1 });
}

function styled(type) {
  return ([, text], context) => ({ type, children: inner(text, context) });
}

function plain(text) {
  return [{ type: "text", text }];
}

/** Punctuation at the end of an address belongs to the sentence around it. */
function bareLink([whole]) {
  const address = whole.replace(/[.,:;"'!?\]*_~|]+$/, "");
  return { type: "link", address, children: plain(address), length: address.length };
}

/** A code span whose text itself starts or ends with a backtick is written with a space around it. */
function trimCode(text) {
  return /^ (?:`[^]*|[^]*`) $/.test(text) ? text.slice(1, -1) : text;
}
