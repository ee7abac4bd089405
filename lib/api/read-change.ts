/**
 * Requests that change something. There is no log-in, so whoever reaches the dashboard may; but a page of another
 * origin, open in the same browser, may not do it in its reader's name (Fetch Metadata, W3C; RFC 6454 for Origin).
 */
import type { z } from "zod";
import { HotspanError, invalidInput } from "@/lib/errors";

const MAX_BYTES = 65_536;
/** Named at once; a body that is wrong everywhere is read no further. */
const MAX_ISSUES = 5;

/** @throws HotspanError `forbidden` for a request that another site's page makes; programs send neither header and pass */
export function requireOwnOrigin(request: Request): void {
  const site = request.headers.get("sec-fetch-site");
  const origin = request.headers.get("origin");
  const host = request.headers.get("host");
  const isForeign =
    (site !== null && site !== "same-origin" && site !== "none") ||
    (origin !== null && (!URL.canParse(origin) || new URL(origin).host !== host));
  if (isForeign) throw new HotspanError("forbidden", "Only the dashboard's own pages may change this.");
}

/**
 * The JSON body of a change.
 * @throws HotspanError as requireOwnOrigin, `unsupported-media-type`, `too-large`, or `invalid-input` naming the field
 */
export async function readChange<T>(request: Request, schema: z.ZodType<T>): Promise<T> {
  requireOwnOrigin(request);
  const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new HotspanError("unsupported-media-type", "Send application/json.");
  }
  const parsed = schema.safeParse(parseJson(await readText(request)));
  if (parsed.success) return parsed.data;
  throw invalidInput(parsed.error.issues.slice(0, MAX_ISSUES).map(sentenceOf).join(" "));
}

async function readText(request: Request): Promise<string> {
  let bytes = 0;
  const parts: Uint8Array[] = [];
  for await (const part of request.body ?? []) {
    bytes += part.length;
    if (bytes > MAX_BYTES) throw new HotspanError("too-large", `The body is larger than ${MAX_BYTES} bytes.`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function sentenceOf({ message, path }: z.core.$ZodIssue): string {
  return `${path.length === 0 ? "The body" : path.join(".")}: ${message}.`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidInput("The body is not JSON.");
  }
}
