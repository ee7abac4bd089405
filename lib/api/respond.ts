import { type ErrorCode, HotspanError } from "@/lib/errors";

/** The one place that knows HTTP statuses. Storage trouble is 503, never 500: exporters drop what a 500 answers. */
const STATUS: Readonly<Record<ErrorCode, number>> = {
  "invalid-input": 400,
  forbidden: 403,
  "not-found": 404,
  "too-large": 413,
  "unsupported-media-type": 415,
  overloaded: 429,
  internal: 500,
  unavailable: 503,
};

export function statusOf(code: ErrorCode): number {
  return STATUS[code];
}

/** Nobody reads the answer to a request that was given up; nginx's number for it. */
const CLIENT_CLOSED_REQUEST = 499;

/**
 * Runs a handler and turns what it returns or throws into a response.
 * @param work returns the body, plain data that JSON can say, or a Response of its own
 * @param request its abort is passed on as `signal`, so that queries end when the reader leaves
 */
export async function respond(
  request: Request,
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<Response> {
  try {
    const body = await work(request.signal);
    return body instanceof Response ? body : respondJson(body);
  } catch (error) {
    if (request.signal.aborted) return new Response(null, { status: CLIENT_CLOSED_REQUEST });
    return respondError(error);
  }
}

/** Never cached: the same URL (`now-1h`) has another answer in a second. */
export function respondJson(body: unknown, status = 200): Response {
  return Response.json(body, { status, headers: { "Cache-Control": "no-store" } });
}

/** `{"error":{"code","message"}}` with Retry-After where a retry makes sense. What is not ours is logged and not told. */
export function respondError(error: unknown): Response {
  const known = error instanceof HotspanError ? error : undefined;
  if (known === undefined) console.error(error);
  const code = known?.code ?? "internal";
  const message = known?.message ?? "Something went wrong on the server; its log says what.";
  const headers = new Headers({ "Cache-Control": "no-store" });
  if (code === "overloaded" || code === "unavailable") {
    headers.set("Retry-After", String(known?.retryAfterSeconds ?? 2));
  }
  return Response.json({ error: { code, message } }, { status: statusOf(code), headers });
}
