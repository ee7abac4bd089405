/** The receiver's HTTP door (port 4318): who may send what, how large, and what they read back. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { statusOf } from "@/lib/api/respond";
import { HotspanError } from "@/lib/errors";
import { readBody } from "@/lib/ingest/body";
import type { ByteBudget, ByteLease } from "@/lib/ingest/byte-budget";
import { parseContentEncoding, parseOtlpEncoding } from "@/lib/ingest/media-type";
import { encodeExportResponse, encodeStatus, GRPC_CODE, otlpContentType } from "@/lib/ingest/otlp-response";
import type { OtlpEncoding } from "@/lib/ingest/otlp-traces";
import type { TraceIntake } from "@/lib/ingest/trace-intake";

export interface ProfileUpload {
  /** As received, but for a Content-Encoding. */
  readonly body: Buffer;
  readonly query: URLSearchParams;
  readonly source: string;
  readonly lease: ByteLease;
}

export interface HttpServerOptions {
  readonly traces: TraceIntake;
  /** @returns what the client reads, as plain data */
  readonly receiveProfile: (upload: ProfileUpload) => Promise<unknown>;
  /** What GET /health says, as plain data. */
  readonly health: () => unknown;
  readonly budget: ByteBudget;
  readonly maxBodyBytes: number;
}

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
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
  const server = createServer({ keepAliveTimeout: 30_000 }, (request, response) => {
    // While the server closes, a connection kept alive would keep it from ending.
    response.once("finish", () => {
      if (!server.listening) request.socket.end();
    });
    void answer(options, request).then(
      (reply) => send(request, response, reply),
      (error: unknown) => send(request, response, errorReply(error)),
    );
  });
  server.requestTimeout = REQUEST_MS;
  server.headersTimeout = HEADERS_MS;
  return server;
}

async function answer(options: HttpServerOptions, request: IncomingMessage): Promise<Reply> {
  const url = new URL(`http://ingest${request.url ?? "/"}`); // joined: resolved, "//" would be no URL
  switch (url.pathname) {
    case "/v1/traces":
    case "/v1/metrics":
    case "/v1/logs":
      if (request.method === "OPTIONS") return preflight(request);
      if (request.method !== "POST") return wrongMethod("POST");
      return answerOtlp(options, request, url.pathname);
    case "/api/v1/profiles":
      if (request.method !== "POST") return wrongMethod("POST");
      return json(
        200,
        await withBody(options, request, (body, lease) => {
          const source = sourceOf(request, url.searchParams.get("source"));
          return options.receiveProfile({ body, query: url.searchParams, source, lease });
        }),
      );
    case "/health":
      return request.method === "GET" ? json(200, options.health()) : wrongMethod("GET");
    default:
      throw new HotspanError(
        "not-found",
        `Nothing is received at ${url.pathname.slice(0, 200)}: send traces to /v1/traces, profiles to /api/v1/profiles.`,
      );
  }
}

/** OTLP clients read errors in the encoding they sent; one whose encoding is unknown reads JSON. */
async function answerOtlp(
  options: HttpServerOptions,
  request: IncomingMessage,
  path: "/v1/traces" | "/v1/metrics" | "/v1/logs",
): Promise<Reply> {
  let encoding: OtlpEncoding = "json";
  try {
    const known = parseOtlpEncoding(request.headers["content-type"]);
    encoding = known;
    const receipt = await withBody(options, request, (body, lease) =>
      path === "/v1/traces"
        ? options.traces.accept(body, known, sourceOf(request, request.headers["x-hotspan-source"]), lease)
        : {
            rejectedSpans: 0,
            message: `Hotspan stores traces and profiles: ${path.slice(4)} were not stored.`,
          },
    );
    return otlp(200, encoding, encodeExportResponse(encoding, receipt.rejectedSpans, receipt.message));
  } catch (error) {
    const known = asKnown(error);
    const body = encodeStatus(encoding, GRPC_CODE[known.code], known.message);
    const reply = otlp(statusOf(known.code), encoding, body);
    return { ...reply, headers: { ...reply.headers, ...retryAfter(known) } };
  }
}

async function withBody<T>(
  options: HttpServerOptions,
  request: IncomingMessage,
  work: (body: Buffer, lease: ByteLease) => T | Promise<T>,
): Promise<T> {
  const lease = options.budget.lease();
  try {
    const encoding = parseContentEncoding(request.headers["content-encoding"]);
    const body = await readBody(request, encoding, options.maxBodyBytes, lease);
    return await work(body, lease);
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

function otlp(status: number, encoding: OtlpEncoding, body: Buffer): Reply {
  return { status, headers: { ...CORS, "content-type": otlpContentType(encoding) }, body };
}

function json(status: number, body: unknown): Reply {
  return { status, headers: { "content-type": "application/json" }, body: Buffer.from(JSON.stringify(body)) };
}

function wrongMethod(allowed: string): Reply {
  const reply = json(405, { error: { code: "invalid-input", message: `Use ${allowed} here.` } });
  return { ...reply, headers: { ...reply.headers, allow: allowed } };
}

function errorReply(error: unknown): Reply {
  const known = asKnown(error);
  const reply = json(statusOf(known.code), { error: { code: known.code, message: known.message } });
  return { ...reply, headers: { ...reply.headers, ...retryAfter(known) } };
}

function retryAfter(error: HotspanError): Record<string, string> {
  return error.code === "overloaded" || error.code === "unavailable"
    ? { "retry-after": String(error.retryAfterSeconds ?? 2) }
    : {};
}

/** What we did not foresee stored nothing, so a retry is right; a 500 would make the client drop its data. */
export function asKnown(error: unknown): HotspanError {
  if (error instanceof HotspanError && error.code !== "internal") return error;
  console.error("Receiving failed:", error);
  return new HotspanError("unavailable", "Receiving failed; the server's log says why.", {
    cause: error,
    retryAfterSeconds: 5,
  });
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
