/** ClickHouse's HTTP protocol, as far as the official client speaks it: /ping, queries, inserts, typed errors. */
import { randomUUID, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { describeException, EngineException } from "./exceptions";
import type { Answer, Execution } from "./execution";
import { BodyBudget, readWireRequest } from "./http-request";
import { engineUser } from "./messages";

const maxBodyBytes = 268_435_456;
/** Bodies held at one time; more is turned away before it is read. */
const maxHeldBytes = 536_870_912;

/** @param secret the password of user `hotspan`, made anew at each start of the supervisor */
export function createEngineServer(execution: Execution, secret: string): Server {
  const budget = new BodyBudget(maxHeldBytes);
  const server = createServer((message, response) => void answer(message, response));
  server.keepAliveTimeout = 30_000;
  server.headersTimeout = 15_000;
  server.requestTimeout = 120_000;

  async function answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
    // Joined, not resolved: "//" is no URL of its own, and what throws here would end the process.
    const url = new URL(`http://engine${message.url ?? "/"}`);
    if (url.pathname === "/ping" || url.pathname === "/replicas_status") {
      response.writeHead(200, { "content-type": "text/html; charset=UTF-8" }).end("Ok.\n");
      return;
    }
    const id = url.searchParams.get("query_id") ?? randomUUID();
    const started = process.hrtime.bigint();
    let held = 0;
    const left = new AbortController();
    response.once("close", () => {
      if (!response.writableFinished) left.abort(cancelled);
    });
    try {
      if (!isAuthorized(message, secret)) throw unauthorized;
      if (url.pathname !== "/") throw new EngineException(1000, "POCO_EXCEPTION", "There is no such path.");
      if (!/^[\w-]{1,128}$/.test(id))
        throw new EngineException(36, "BAD_ARGUMENTS", "The query id is not usable.");
      const wire = await readWireRequest(message, url, maxBodyBytes, (bytes) => {
        budget.take(bytes);
        held += bytes;
      });
      const result = await execution.run({
        ...wire,
        // A tag of our own: the client's ids may repeat, and one caller must never stop another's query.
        id: randomUUID(),
        readOnly: message.method === "GET" || message.method === "HEAD",
        signal: left.signal,
      });
      reply(response, id, wire.format, result, process.hrtime.bigint() - started);
    } catch (error) {
      // What is still on its way must not be taken for the next request.
      if (!message.complete) response.setHeader("connection", "close");
      message.resume();
      replyWithException(response, id, error);
    } finally {
      budget.give(held);
    }
  }
  return server;
}

const cancelled = new EngineException(394, "QUERY_WAS_CANCELLED", "The client went away.");
const unauthorized = new EngineException(516, "AUTHENTICATION_FAILED", "Authentication failed.");

function reply(response: ServerResponse, id: string, format: string, answer: Answer, elapsed: bigint): void {
  const summary = {
    read_rows: String(answer.readRows),
    read_bytes: "0",
    written_rows: String(answer.writtenRows),
    written_bytes: "0",
    total_rows_to_read: "0",
    result_rows: String(answer.readRows),
    result_bytes: String(answer.bytes.length),
    elapsed_ns: String(elapsed),
  };
  response.writeHead(200, {
    "content-type": format.startsWith("JSON")
      ? "application/json; charset=UTF-8"
      : "text/plain; charset=UTF-8",
    "content-length": answer.bytes.length,
    "x-clickhouse-query-id": id,
    "x-clickhouse-format": format,
    "x-clickhouse-timezone": "UTC",
    "x-clickhouse-summary": JSON.stringify(summary),
  });
  response.end(answer.bytes);
}

function replyWithException(response: ServerResponse, id: string, error: unknown): void {
  const { status, code, text } = describeException(error);
  response.writeHead(status, {
    "content-type": "text/plain; charset=UTF-8",
    "x-clickhouse-query-id": encodeURIComponent(id),
    "x-clickhouse-exception-code": String(code),
    ...(status === 503 ? { "retry-after": "1" } : {}),
  });
  response.end(text);
}

function isAuthorized(message: IncomingMessage, secret: string): boolean {
  const [, basic] = /^Basic (.+)$/i.exec(message.headers.authorization ?? "") ?? [];
  if (basic !== undefined) {
    return isSame(Buffer.from(basic, "base64").toString("utf8"), `${engineUser}:${secret}`);
  }
  const { "x-clickhouse-user": user, "x-clickhouse-key": key } = message.headers;
  return isSame(`${String(user)}:${String(key)}`, `${engineUser}:${secret}`);
}

function isSame(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}
