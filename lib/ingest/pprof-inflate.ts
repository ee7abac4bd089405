import { gunzipSync } from "node:zlib";
import { HotspanError, invalidInput } from "@/lib/errors";
import { inflateZstd, isZstd } from "@/lib/ingest/zstd-inflate";

/** Deflate cannot do better than 1032 to 1, so a larger size in the trailer is a lie. */
const MAX_RATIO = 1_032;

/**
 * A pprof's bytes without gzip or zstd, which are told by their magic numbers, not by what the sender says.
 *
 * @throws HotspanError `too-large` beyond `maxBytes` after inflation, `invalid-input` when what compressed it is damaged
 */
export function inflatePprof(bytes: Uint8Array, maxBytes: number): Buffer {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (body.length === 0) throw invalidInput("The profile is empty.");
  if (isZstd(body)) return inflateZstd(body, maxBytes);
  if (body[0] !== 0x1f || body[1] !== 0x8b) {
    if (body.length > maxBytes) throw tooLarge(maxBytes);
    return body;
  }
  // The trailer holds the size modulo 2^32: one chunk of it saves a fifth of the time. It is the sender's word, so capped.
  const hint = body.length >= 18 ? body.readUInt32LE(body.length - 4) : 0;
  const chunkSize = Math.max(16_384, Math.min(hint, maxBytes, body.length * MAX_RATIO));
  try {
    return gunzipSync(body, { maxOutputLength: maxBytes, chunkSize });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(maxBytes);
    const reason = error instanceof Error ? error.message : String(error);
    throw new HotspanError("invalid-input", `The profile's gzip is damaged: ${reason}.`, { cause: error });
  }
}

function tooLarge(maxBytes: number): HotspanError {
  return new HotspanError(
    "too-large",
    `The profile is larger than ${maxBytes} bytes uncompressed (HOTSPAN_MAX_BODY_BYTES).`,
  );
}
