// A light colouring of code: comments, strings, numbers and the words most languages keep for themselves.

const WORDS = new Set(
  (
    "and as async await break case catch class const continue def del do elif else enum except export extends false " +
    "False finally fn for from func function if impl import in interface is lambda let match mod mut new nil None not " +
    "null or pass pub public private raise return select self static struct super switch this throw True true try " +
    "type use var void where while with yield SELECT FROM WHERE INSERT UPDATE DELETE CREATE TABLE INTO VALUES AND OR"
  ).split(" "),
);
const HASH_COMMENTS = new Set(["py", "python", "sh", "bash", "shell", "yaml", "yml", "toml", "ruby", "rb", "make", "r"]);
const UNCOLOURED = new Set(["", "text", "txt", "md", "markdown", "diff", "log", "console"]);
const LONGEST = 20_000; // characters; more is drawn plain

/** Nodes that show `text`; only text nodes and spans around them. */
export function colourCode(text, language) {
  if (UNCOLOURED.has(language.toLowerCase()) || text.length > LONGEST) return [document.createTextNode(text)];
  const comment = HASH_COMMENTS.has(language.toLowerCase()) ? "#[^\\n]*" : "\\/\\/[^\\n]*|\\/\\*[^]*?\\*\\/|--[^\\n]*";
  const token = new RegExp(
    `(?<comment>${comment})|(?<string>"(?:\\\\.|[^"\\\\\\n])*"|'(?:\\\\.|[^'\\\\\\n])*'|\`(?:\\\\.|[^\`\\\\])*\`)` +
      "|(?<number>\\b\\d[\\d._a-fA-FxX]*\\b)|(?<word>[A-Za-z_$][\\w$]*)",
    "g",
  );
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(token)) {
    const kind = kindOf(match, text);
    if (!kind) continue;
    nodes.push(document.createTextNode(text.slice(from, match.index)), span(kind, match[0]));
    from = match.index + match[0].length;
  }
  nodes.push(document.createTextNode(text.slice(from)));
  return nodes;
}

function kindOf(match, text) {
  const { comment, string, number, word } = match.groups;
  if (comment !== undefined) return "comment";
  if (string !== undefined) return "string";
  if (number !== undefined) return "number";
  if (WORDS.has(word)) return "keyword";
  return text[match.index + match[0].length] === "(" ? "call" : null;
}

function span(kind, text) {
  const node = document.createElement("span");
  node.className = `token-${kind}`;
  node.textContent = text;
  return node;
}
