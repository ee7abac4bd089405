import type { IncomingHttpHeaders } from "node:http";
import { statusOf } from "@/lib/api/respond";
import { HotspanError } from "@/lib/errors";
import type { ByteLease } from "@/lib/ingest/byte-budget";

/** A request that stands before a door: its head is read, its body is not. */
export interface Delivery {
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  /** Pays for what the request holds in memory; the server releases it. */
  readonly lease: ByteLease;
  /**
   * The whole body without its Content-Encoding, not to be used once it was handed on.
   * @throws HotspanError `too-large`, `overloaded`, `unsupported-media-type`, or `invalid-input` for broken gzip
   */
  readonly readBody: () => Promise<Buffer>;
  /** What the sender says the data are: "sample" only from this machine, else "". */
  readonly sourceOf: (named: string | string[] | null | undefined) => string;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** One thing that clients send over HTTP, always by POST: where to, what becomes of it, and what they read back. */
export interface Door {
  readonly paths: readonly string[];
  /** Pages of any origin may send here, and ask first. */
  readonly cors?: boolean;
  readonly receive: (delivery: Delivery) => Promise<Reply>;
  /** A refusal as this client reads it; `{"error":{...}}` when absent. Retry-After is added by the server. */
  readonly refuse?: (error: HotspanError, headers: IncomingHttpHeaders) => Reply;
}

export function jsonReply(status: number, body: unknown): Reply {
  return { status, headers: { "content-type": "application/json" }, body: Buffer.from(JSON.stringify(body)) };
}

export function errorReply(error: HotspanError): Reply {
  return jsonReply(statusOf(error.code), { error: { code: error.code, message: error.message } });
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
