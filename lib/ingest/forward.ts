import "server-only";
import { statusOf } from "@/lib/api/respond";
import { readConfig } from "@/lib/config";
import { parseMediaType } from "@/lib/ingest/media-type";
import { encodeStatus, GRPC_CODE, otlpContentType } from "@/lib/ingest/otlp-response";

/** All that the receiver reads. Not X-Hotspan-Source: through this door everybody would come from this machine. */
const PASSED_ON = ["content-type", "content-encoding", "access-control-request-headers"];
const PASSED_BACK = [
  "content-type",
  "retry-after",
  "access-control-allow-origin",
  "access-control-allow-headers",
  "access-control-allow-methods",
  "access-control-max-age",
];

/**
 * Hands a request on the dashboard's port to the ingest process, the body as a stream: the only writer of the store
 * must see every upload, and the page's process must not hold any.
 * @param path of the ingest process; the request's query goes along, without `source`
 * @returns its answer, or 503 with Retry-After while it is away
 */
export async function forwardToIngest(request: Request, path: string): Promise<Response> {
  const target = new URL(path, readConfig().ingestUrl);
  for (const [key, value] of new URL(request.url).searchParams) {
    if (key !== "source") target.searchParams.append(key, value);
  }
  try {
    const answer = await fetch(target, {
      method: request.method,
      headers: pick(request.headers, PASSED_ON),
      body: request.body,
      // Node's fetch asks for it with a streamed body; the DOM's types do not know it.
      ...({ duplex: "half" } satisfies { duplex: "half" }),
      signal: request.signal,
      redirect: "error",
      cache: "no-store",
    });
    return new Response(answer.body, {
      status: answer.status,
      headers: pick(answer.headers, PASSED_BACK),
    });
  } catch {
    return unavailable(request, path);
  }
}

/** Not 502: the sentence tells what to do, and the status is one that every exporter retries. */
function unavailable(request: Request, path: string): Response {
  const message = "The ingest process does not answer right now: it is starting or being restarted.";
  const isProtobuf = parseMediaType(request.headers.get("content-type") ?? "").includes("protobuf");
  const encoding = isProtobuf ? "protobuf" : "json";
  const headers = { "content-type": otlpContentType(encoding), "retry-after": "1" };
  const said = { code: "unavailable", message };
  const body = /^\/v1(?:development)?\//.test(path)
    ? new Uint8Array(encodeStatus(encoding, GRPC_CODE.unavailable, message))
    : JSON.stringify(path.startsWith("/push.v1.") ? said : { error: said });
  return new Response(body, { status: statusOf("unavailable"), headers });
}

function pick(headers: Headers, names: readonly string[]): Headers {
  const picked = new Headers();
  for (const name of names) {
    const value = headers.get(name);
    if (value !== null) picked.set(name, value);
  }
  return picked;
}
