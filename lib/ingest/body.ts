/** Reads a request's body with its limits enforced while it arrives, compressed and decompressed. */
import { Readable } from "node:stream";
import { createGunzip, gunzipSync } from "node:zlib";
import { HotspanError, invalidInput } from "@/lib/errors";
import type { ByteLease } from "@/lib/ingest/byte-budget";

/** So little is inflated in a fraction of a millisecond; a stream would cost more than the work. */
const SMALL_BYTES = 65_536;
const SMALL_INFLATED_BYTES = 4_194_304;

/**
 * @param lease pays for every byte held, and is released by the caller
 * @returns the decompressed body in one piece
 * @throws HotspanError `too-large` (naming the limit), `overloaded`, or `invalid-input` when the gzip is broken or the
 *   client went away
 */
export async function readBody(
  source: Readable,
  encoding: "gzip" | "identity",
  maxBytes: number,
  lease: ByteLease,
): Promise<Buffer> {
  const received = await collect(source, maxBytes, lease, "The body");
  if (encoding === "identity") return received;
  if (received.length === 0) throw invalidInput("The body is not valid gzip: it is empty.");
  const inflated =
    received.length <= SMALL_BYTES
      ? inflateSmall(received, Math.min(maxBytes, SMALL_INFLATED_BYTES))
      : undefined;
  if (inflated !== undefined) {
    lease.hold(inflated.length);
    return inflated;
  }
  const gunzip = createGunzip();
  const feed = Readable.from([received], { objectMode: false });
  feed.pipe(gunzip);
  const body = await collect(gunzip, maxBytes, lease, "The decompressed body").finally(() => {
    feed.destroy();
    gunzip.destroy();
  });
  lease.hold(body.length);
  return body;
}

/** @returns undefined when it is larger than `maxBytes` */
function inflateSmall(bytes: Buffer, maxBytes: number): Buffer | undefined {
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    if (codeOf(error) === "ERR_BUFFER_TOO_LARGE") return undefined;
    throw readError(error);
  }
}

async function collect(stream: Readable, maxBytes: number, lease: ByteLease, what: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    // The source is left open when a limit ends the loop: its connection still has to carry the answer.
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      if (!Buffer.isBuffer(chunk)) throw new TypeError("Bodies are read as bytes.");
      length += chunk.length;
      if (length > maxBytes) {
        throw new HotspanError("too-large", `${what} is larger than the limit of ${maxBytes} bytes.`);
      }
      lease.take(chunk.length);
      chunks.push(chunk);
    }
  } catch (error) {
    throw readError(error);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, length);
}

function readError(error: unknown): unknown {
  if (error instanceof HotspanError) return error;
  const code = codeOf(error);
  if (code === "Z_BUF_ERROR") return invalidInput("The body is not valid gzip: it ends too early.");
  if (code.startsWith("Z_")) {
    const reason = error instanceof Error ? error.message : "unknown reason";
    return invalidInput(`The body is not valid gzip: ${reason}.`);
  }
  if (code === "ECONNRESET" || code === "ERR_STREAM_PREMATURE_CLOSE" || code === "ABORT_ERR") {
    return invalidInput("The client closed the connection before the body was complete.");
  }
  return error;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
