// Discord's Markdown, blocks: text -> a tree of plain objects that prose.js draws. Pure.
// Blocks: paragraph, heading, subtext, quote, list, code. What is inside a line is parsed by inline.js.

import { parseInline } from "./inline.js";

const FENCE = /^```(?:([a-z0-9_+\-.#]+)\n)?\n*([^\n][^]*?)\n*```\n?/i;
const HEADING = /^ *(#{1,3}) +([^\n]+?)(?: +#+)? *(?:\n|$)/;
const SUBTEXT = /^ *-# +([^\n]+)(?:\n|$)/;
const QUOTE_LINES = /^(?: *>(?!>>) [^\n]*(?:\n|$))+/;
const QUOTE_REST = /^ *>>> ([^]*)$/;
const LIST_ITEM = /^( *)([-*]|\d{1,9}\.) +([^\n]+)(?:\n|$)/;
const CONTINUATION = /^( {2,})(?! *(?:[-*]|\d{1,9}\.) )([^\n`]+)(?:\n|$)/;
const CHUNK = /^(?:\\[^]|[^\\`\n]+|`+|\n|\\)/;
const DEEPEST_LIST = 11; // Discord nests no deeper

/** The blocks of a message's content. */
export function parseMarkdown(text) {
  return parseBlocks(text, { quoted: false });
}

function parseBlocks(text, place) {
  const blocks = [];
  let rest = text;
  let paragraph = "";
  const endParagraph = () => {
    const content = paragraph.replace(/\n$/, "");
    if (content !== "") blocks.push({ type: "paragraph", children: parseInline(content) });
    else if (paragraph !== "" && blocks.length > 0) blocks.push({ type: "gap" });
    paragraph = "";
  };
  while (rest !== "") {
    const atLineStart = paragraph === "" || paragraph.endsWith("\n");
    const found = (atLineStart && blockAtLineStart(rest, place)) || fenceAt(rest);
    if (found) {
      endParagraph();
      blocks.push(found.block);
      rest = rest.slice(found.length);
    } else {
      const [chunk] = CHUNK.exec(rest);
      paragraph += chunk;
      rest = rest.slice(chunk.length);
    }
  }
  endParagraph();
  return blocks;
}

function fenceAt(rest) {
  const match = FENCE.exec(rest);
  if (!match) return null;
  return { block: { type: "code", language: match[1] ?? "", text: match[2] }, length: match[0].length };
}

function blockAtLineStart(rest, place) {
  const heading = HEADING.exec(rest);
  if (heading) {
    const block = { type: "heading", level: heading[1].length, children: parseInline(heading[2]) };
    return { block, length: heading[0].length };
  }
  const subtext = SUBTEXT.exec(rest);
  if (subtext) return { block: { type: "subtext", children: parseInline(subtext[1]) }, length: subtext[0].length };
  return (place.quoted ? null : quoteAt(rest)) ?? listAt(rest);
}

function quoteAt(rest) {
  const all = QUOTE_REST.exec(rest);
  if (all) return { block: { type: "quote", blocks: parseBlocks(all[1], { quoted: true }) }, length: rest.length };
  const lines = QUOTE_LINES.exec(rest);
  if (!lines) return null;
  const inner = lines[0].replace(/\n$/, "").replace(/^ *> /gm, "");
  return { block: { type: "quote", blocks: parseBlocks(inner, { quoted: true }) }, length: lines[0].length };
}

function listAt(rest) {
  const lines = [];
  let length = 0;
  for (;;) {
    const item = LIST_ITEM.exec(rest.slice(length));
    const more = !item && lines.length > 0 ? CONTINUATION.exec(rest.slice(length)) : null;
    if (item) lines.push({ indent: item[1].length, marker: item[2], text: item[3] });
    else if (more) lines.at(-1).text += `\n${more[2]}`;
    else break;
    length += (item ?? more)[0].length;
  }
  return lines.length > 0 ? { block: nestList(lines, 1), length } : null;
}

/** One list of the lines; those further in than the first become lists below the item before them. */
function nestList(lines, depth) {
  const [first] = lines;
  const ordered = first.marker.endsWith(".");
  const list = { type: "list", ordered, start: ordered ? Number.parseInt(first.marker, 10) : 1, items: [] };
  let index = 0;
  while (index < lines.length) {
    const item = { children: parseInline(lines[index].text), lists: [] };
    index += 1;
    const from = index;
    while (index < lines.length && depth < DEEPEST_LIST && lines[index].indent > first.indent) index += 1;
    if (index > from) item.lists.push(nestList(lines.slice(from, index), depth + 1));
    list.items.push(item);
  }
  return list;
}
