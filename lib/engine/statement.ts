/**
 * What kind of statement a text is, so that reads run where nothing can be written. This is a fence, not the lock:
 * the lock is `readonly=1` on the reader's session. The fence also stops what passes that lock (INTO OUTFILE, KILL).
 */
import { refused, syntaxError } from "./exceptions";

export type Statement =
  /** may run on a read-only session */
  | { readonly kind: "read"; readonly sql: string }
  /** INSERT ... SELECT, INSERT ... VALUES, DDL and the like */
  | { readonly kind: "write"; readonly sql: string }
  /** rows follow in the request's body */
  | {
      readonly kind: "insert";
      readonly table: string;
      readonly columns: readonly string[] | undefined;
      readonly format: string;
      /** rows that follow the statement in the same text, after a newline */
      readonly rows: string;
    };

const readers = new Set(["SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXISTS", "EXPLAIN"]);
const writers = new Set([
  "INSERT",
  "CREATE",
  "ALTER",
  "DROP",
  "TRUNCATE",
  "OPTIMIZE",
  "RENAME",
  "EXCHANGE",
  "DELETE",
  "UPDATE",
  "CHECK",
  "SYSTEM",
]);

/** Reach outside the store: a file, another host, a program. Refused from writers; readers are refused them by the engine. */
const outside = new Set([
  "FILE",
  "FILECLUSTER",
  "URL",
  "URLCLUSTER",
  "S3",
  "S3CLUSTER",
  "REMOTE",
  "REMOTESECURE",
  "EXECUTABLE",
  "MYSQL",
  "POSTGRESQL",
  "MONGODB",
  "REDIS",
  "SQLITE",
  "JDBC",
  "ODBC",
  "HDFS",
  "PYTHON",
]);

const insertHead =
  /^\s*INSERT\s+INTO\s+(?:TABLE\s+)?((?:[`"]?\w+[`"]?\.)?[`"]?\w+[`"]?)\s*(?:\(([^()]*)\))?\s*FORMAT\s+(\w+)[ \t]*;?[ \t\r]*(?:\n|$)/i;

/**
 * @param text one statement; a closing semicolon is allowed
 * @throws EngineException when it is empty, more than one, or of a kind the store never needs
 */
export function readStatement(text: string): Statement {
  const insert = insertHead.exec(text);
  // Rows are data: whatever stands in them is not looked at.
  if (insert !== null && insert[3]?.toUpperCase() !== "VALUES") return readInsert(text, insert);
  const tokens = tokenize(text);
  const first = tokens[0];
  if (first === undefined) throw syntaxError("Empty query.");
  const semicolon = tokens.findIndex((token) => token.text === ";");
  if (semicolon !== -1 && semicolon !== tokens.length - 1) {
    throw syntaxError("Multi-statements are not allowed.");
  }
  const sql = semicolon === -1 ? text : text.slice(0, tokens[semicolon]?.start);
  const words = tokens.map((token) => token.text.toUpperCase());
  for (const [index, word] of words.entries()) {
    const next = words[index + 1];
    if ((word === "INTO" && next === "OUTFILE") || (word === "FROM" && next === "INFILE")) {
      throw refused(`${word} ${next} is not available: the store reads and writes no other files.`);
    }
  }
  const verb = words.find((word) => word !== "(") ?? "";
  if (readers.has(verb)) return { kind: "read", sql };
  if (!writers.has(verb)) throw refused(`${verb} statements are not available in the embedded store.`);
  for (const [index, word] of words.entries()) {
    if (outside.has(word) && (words[index + 1] === "(" || words[index - 1] === "=")) {
      throw refused(`${word} is not available: the store reaches no file and no other host.`);
    }
  }
  return { kind: "write", sql };
}

function readInsert(text: string, head: RegExpExecArray): Statement {
  const [whole, table = "", columns, format = ""] = head;
  return {
    kind: "insert",
    table: unquote(table),
    columns: columns === undefined ? undefined : columns.split(",").map((column) => unquote(column.trim())),
    format,
    rows: text.slice(whole.length),
  };
}

function unquote(identifier: string): string {
  return identifier.replaceAll(/[`"]/g, "");
}

interface Token {
  readonly text: string;
  readonly start: number;
}

/** Words and single signs outside of comments and quotes, each with its place in the text. Linear in the text. */
function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text[at] ?? "";
    if (char === "'" || char === "`" || char === '"') {
      const start = at;
      at = endOfQuoted(text, at, char);
      tokens.push({ text: "''", start });
    } else if (char === "$" && heredoc.test(text.slice(at, at + 130))) {
      const start = at;
      at = endOfHeredoc(text, at);
      tokens.push({ text: "''", start });
    } else if (/[‘’“”]/.test(char)) {
      // The engine takes them for quotes; nothing of ours is written with them.
      throw syntaxError("Typographic quotes are not allowed outside of a string.");
    } else if (text.startsWith("--", at) || char === "#") {
      const end = text.indexOf("\n", at);
      at = end === -1 ? text.length : end + 1;
    } else if (text.startsWith("/*", at)) {
      const end = text.indexOf("*/", at + 2);
      if (end === -1) throw syntaxError("A comment is not closed.");
      at = end + 2;
    } else if (isWord(char)) {
      const start = at;
      while (at < text.length && isWord(text[at] ?? "")) at++;
      tokens.push({ text: text.slice(start, at), start });
    } else {
      if (char.trim() !== "") tokens.push({ text: char, start: at });
      at++;
    }
  }
  return tokens;
}

function endOfQuoted(text: string, start: number, quote: string): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === quote) return at + 1;
  }
  throw syntaxError("A quoted string is not closed.");
}

/** $tag$ ... $tag$, the engine's quotes for text that holds quotes. */
const heredoc = /^\$\w{0,128}\$/;

function endOfHeredoc(text: string, start: number): number {
  const tag = heredoc.exec(text.slice(start, start + 130))?.[0] ?? "$$";
  const end = text.indexOf(tag, start + tag.length);
  if (end === -1) throw syntaxError("A heredoc is not closed.");
  return end + tag.length;
}

function isWord(char: string): boolean {
  return /\w/.test(char);
}
