/** ClickHouse's HTTP protocol, reading half: url, headers and body become what Execution runs. */
import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { EngineException, overloaded } from "./exceptions";
import { formatParameter } from "./parameters";
import { formatSetting } from "./settings";

export interface WireRequest {
  readonly sql: string;
  readonly body: Buffer;
  readonly assignments: readonly string[];
  readonly format: string;
}

const unzip = promisify(gunzip);
/** Of the protocol, not settings. A database other than `default` does not exist here. */
const protocol = new Set(["query", "query_id", "default_format", "session_id", "role", "user", "password"]);

/** Bytes of bodies held by all requests together. */
export class BodyBudget {
  #held = 0;

  constructor(private readonly maxBytes: number) {}

  /** @throws EngineException 202 when all requests together hold too much */
  take(bytes: number): void {
    if (this.#held + bytes > this.maxBytes) {
      throw overloaded("The store is taking in too much at once; try again in a moment.");
    }
    this.#held += bytes;
  }

  give(bytes: number): void {
    this.#held -= bytes;
  }
}

/**
 * @param maxBytes limit on the body, before and after decompression
 * @param hold called with each piece's size before it is kept; may throw
 * @throws EngineException for whatever the protocol or the store does not take
 */
export async function readWireRequest(
  message: IncomingMessage,
  url: URL,
  maxBytes: number,
  hold: (bytes: number) => void,
): Promise<WireRequest> {
  let body = await readBody(message, maxBytes, hold);
  let sql = url.searchParams.get("query") ?? "";
  let format = url.searchParams.get("default_format") ?? "TabSeparated";
  const assignments: string[] = [];
  const take = (name: string, value: string) => {
    if (name.startsWith("param_")) assignments.push(formatParameter(name.slice("param_".length), value));
    else if (name === "database") requireDefault(value);
    else if (!protocol.has(name)) {
      const assignment = formatSetting(name, value);
      if (assignment !== undefined) assignments.push(assignment);
    }
  };
  for (const [name, value] of url.searchParams) take(name, value);

  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(
    message.headers["content-type"] ?? "",
  )?.[1];
  if (boundary !== undefined) {
    for (const [name, value] of splitMultipart(body, boundary)) {
      if (name === "query") sql += value;
      else take(name, value);
    }
    body = Buffer.alloc(0);
  } else if (sql === "" || !/^\s*INSERT\b/i.test(sql)) {
    sql = body.length === 0 ? sql : `${sql}${sql === "" ? "" : "\n"}${body.toString("utf8")}`;
    body = Buffer.alloc(0);
  }
  if (!/^\w{1,64}$/.test(format)) throw new EngineException(73, "UNKNOWN_FORMAT", "Unknown format.");
  if (format.toLowerCase() === "arrow") format = "Arrow"; // chdb gives the lower-case word a meaning of its own
  return { sql, body, assignments, format };
}

function requireDefault(database: string): void {
  if (database === "default" || database === "") return;
  throw new EngineException(81, "UNKNOWN_DATABASE", "The embedded store has one database, 'default'.");
}

async function readBody(
  message: IncomingMessage,
  maxBytes: number,
  hold: (bytes: number) => void,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    if (!(chunk instanceof Buffer)) throw new TypeError("The request has a text encoding set.");
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    hold(chunk.length);
    chunks.push(chunk);
  }
  const body = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size);
  const encoding = message.headers["content-encoding"] ?? "identity";
  if (encoding === "identity" || body.length === 0) return body;
  if (encoding !== "gzip") {
    throw new EngineException(48, "NOT_IMPLEMENTED", `Content-Encoding ${encoding} is not available here.`);
  }
  try {
    const inflated = await unzip(body, { maxOutputLength: maxBytes });
    hold(inflated.length);
    return inflated;
  } catch (error) {
    if (error instanceof EngineException) throw error;
    if (error instanceof RangeError) throw tooLarge(maxBytes);
    throw new EngineException(271, "CANNOT_DECOMPRESS", "The request's body is not valid gzip.");
  }
}

function tooLarge(maxBytes: number): EngineException {
  return new EngineException(
    396,
    "TOO_MANY_ROWS_OR_BYTES",
    `A request's body is limited to ${maxBytes} bytes.`,
  );
}

/** Parts by name, as the official client writes them: one header line, a blank line, the value. */
function* splitMultipart(body: Buffer, boundary: string): Generator<[name: string, value: string]> {
  const delimiter = Buffer.from(`--${boundary}`);
  let at = body.indexOf(delimiter);
  while (at !== -1) {
    const start = at + delimiter.length + 2;
    const next = body.indexOf(delimiter, start);
    if (next === -1) return;
    const blank = body.indexOf("\r\n\r\n", start);
    const name = /name="([^"]*)"/i.exec(body.toString("latin1", start, blank))?.[1];
    if (blank === -1 || blank > next || name === undefined) {
      throw new EngineException(36, "BAD_ARGUMENTS", "The multipart body is malformed.");
    }
    yield [name, body.toString("utf8", blank + 4, next - 2)];
    at = next;
  }
}
