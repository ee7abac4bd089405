/** The receiver's HTTP door (port 4318): how large a request may be, how long it may take, and which door it is for. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { HotspanError } from "@/lib/errors";
import { readBody } from "@/lib/ingest/body";
import type { ByteBudget } from "@/lib/ingest/byte-budget";
import { asKnown, type Door, errorReply, jsonReply, type Reply } from "@/lib/ingest/door";
import { parseContentEncoding } from "@/lib/ingest/media-type";
import type { Refusals } from "@/lib/ingest/refusals";

export interface HttpServerOptions {
  readonly doors: readonly Door[];
  /** What GET /health says, as plain data. */
  readonly health: () => unknown;
  readonly budget: ByteBudget;
  readonly refusals: Refusals;
  readonly maxBodyBytes: number;
}

/** A client that needs longer for a request is cut off; so is one that does not finish its headers. */
const REQUEST_MS = 60_000;
const HEADERS_MS = 15_000;
/** How long the rest of a refused body may keep coming, so that its sender reads why. */
const LINGER_MS = 2_000;

/** Any page may send traces, as any program may; nothing can be read here, so no origin is worth checking. */
const CORS = { "access-control-allow-origin": "*" };
const PREFLIGHT = {
  ...CORS,
  "access-control-allow-methods": "POST",
  "access-control-max-age": "7200",
};

export function createIngestServer(options: HttpServerOptions): Server {
  const doors = new Map(options.doors.flatMap((door) => door.paths.map((path) => [path, door] as const)));
  const server = createServer({ keepAliveTimeout: 30_000 }, (request, response) => {
    // While the server closes, a connection kept alive would keep it from ending.
    response.once("finish", () => {
      if (!server.listening) request.socket.end();
    });
    void answer(options, doors, request).then(
      (reply) => send(request, response, reply),
      (error: unknown) => send(request, response, errorReply(asKnown(error))),
    );
  });
  server.requestTimeout = REQUEST_MS;
  server.headersTimeout = HEADERS_MS;
  return server;
}

async function answer(
  options: HttpServerOptions,
  doors: ReadonlyMap<string, Door>,
  request: IncomingMessage,
): Promise<Reply> {
  const url = new URL(`http://ingest${request.url ?? "/"}`); // joined: resolved, "//" would be no URL
  if (url.pathname === "/health") {
    return request.method === "GET" ? jsonReply(200, options.health()) : wrongMethod("GET");
  }
  const door = doors.get(url.pathname);
  if (door === undefined) {
    throw new HotspanError(
      "not-found",
      `Nothing is received at ${url.pathname.slice(0, 200)}: send traces to /v1/traces, profiles to /api/v1/profiles.`,
    );
  }
  if (door.cors === true && request.method === "OPTIONS") return preflight(request);
  if (request.method !== "POST") return wrongMethod("POST");
  const reply = await passDoor(options, door, url, request);
  return door.cors === true ? { ...reply, headers: { ...reply.headers, ...CORS } } : reply;
}

async function passDoor(
  options: HttpServerOptions,
  door: Door,
  url: URL,
  request: IncomingMessage,
): Promise<Reply> {
  const lease = options.budget.lease();
  const { headers } = request;
  try {
    return await door.receive({
      url,
      headers,
      lease,
      readBody: async () => {
        const encoding = parseContentEncoding(headers["content-encoding"]);
        return readBody(request, encoding, options.maxBodyBytes, lease);
      },
      sourceOf: (named) => sourceOf(request, named),
    });
  } catch (error) {
    const known = asKnown(error);
    options.refusals.count(known);
    const reply = door.refuse?.(known, headers) ?? errorReply(known);
    return { ...reply, headers: { ...reply.headers, ...retryAfter(known) } };
  } finally {
    lease.release();
  }
}

/** Only this machine may say that data are the recorded sample, which one button removes. */
function sourceOf(request: IncomingMessage, named: string | string[] | null | undefined): string {
  const { remoteAddress, localAddress } = request.socket;
  // A connection between two ends of one address never left the machine.
  return named === "sample" && remoteAddress === localAddress ? "sample" : "";
}

function preflight(request: IncomingMessage): Reply {
  const asked = request.headers["access-control-request-headers"] ?? "content-type";
  return {
    status: 204,
    headers: { ...PREFLIGHT, "access-control-allow-headers": asked },
    body: Buffer.alloc(0),
  };
}

function wrongMethod(allowed: string): Reply {
  const reply = jsonReply(405, { error: { code: "invalid-input", message: `Use ${allowed} here.` } });
  return { ...reply, headers: { ...reply.headers, allow: allowed } };
}

function retryAfter(error: HotspanError): Record<string, string> {
  return error.code === "overloaded" || error.code === "unavailable"
    ? { "retry-after": String(error.retryAfterSeconds ?? 2) }
    : {};
}

function send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.status, { ...reply.headers, "content-length": reply.body.length });
  response.end(reply.body);
  if (request.complete) return;
  // Closing at once would reset the connection before the client has read the answer.
  request.resume();
  const timer = setTimeout(() => request.socket.destroy(), LINGER_MS);
  request.once("close", () => clearTimeout(timer));
}
