import { HotspanError, invalidInput } from "@/lib/errors";

/** An object of which nothing is known. */
export type Json = Readonly<Record<string, unknown>>;

/** Of one body; 64 MiB of spans have two million. */
const MAX_NESTED = 5_000_000;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACE = 0x7b;
const BRACKET = 0x5b;

/**
 * JSON in UTF-8, a byte order mark or none before it. What a few kilobytes of gzip can make, `{},{},{}` without end, is
 * refused before it is read: a parser at work cannot be stopped, and is at work on it for a minute.
 * @param what begins the sentence of a refusal
 * @throws HotspanError `invalid-input` with the parser's reason, `too-large` for too many objects and lists
 */
export function parseJson(bytes: Buffer, what = "The body"): unknown {
  if (bytes.length > MAX_NESTED && countNested(bytes) > MAX_NESTED) {
    throw new HotspanError(
      "too-large",
      `${what} has more than ${MAX_NESTED} objects and lists: send fewer at once.`,
    );
  }
  try {
    const text = bytes.toString("utf8");
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, 200) : "unknown reason";
    throw invalidInput(`${what} is not JSON: ${reason}.`);
  }
}

/** Outside of texts, which may hold JSON themselves. */
function countNested(bytes: Buffer): number {
  let nested = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === BRACE || byte === BRACKET) nested++;
    else if (byte === QUOTE) at = endOfText(bytes, at);
  }
  return nested;
}

/** Where the text that begins at `from` ends. */
function endOfText(bytes: Buffer, from: number): number {
  let at = from + 1;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
