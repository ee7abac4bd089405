/** zstd (RFC 8878), which Node reads from 22.15 on only, by a decoder in JavaScript. */
import { Decompress } from "fzstd";
import { HotspanError, invalidInput } from "@/lib/errors";

const MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** What every encoder may ask of a decoder (RFC 8878, section 3.1.1.1.2). */
const USUAL_WINDOW = 8_388_608;

export function isZstd(bytes: Buffer): boolean {
  return bytes.subarray(0, MAGIC.length).equals(MAGIC);
}

/**
 * @returns what was compressed, at most `maxBytes` of it
 * @throws HotspanError `too-large` beyond that or when a frame asks for more memory than it may make of its bytes,
 *   `invalid-input` when it is damaged
 */
export function inflateZstd(bytes: Buffer, maxBytes: number): Buffer {
  // The decoder reserves what a frame's head asks for, up to 2 GB; each frame begins with the magic number.
  for (let at = 0; at !== -1; at = bytes.indexOf(MAGIC, at + MAGIC.length)) {
    if (windowOf(bytes, at + MAGIC.length) > Math.max(maxBytes, USUAL_WINDOW)) throw tooLarge(maxBytes);
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  const decoder = new Decompress((chunk) => {
    length += chunk.length;
    if (length > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  });
  try {
    decoder.push(bytes, true);
  } catch (error) {
    if (error instanceof HotspanError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw invalidInput(`The profile's zstd is damaged: ${reason}.`);
  }
  return Buffer.concat(chunks, length);
}

/** The memory that a frame asks for (RFC 8878, section 3.1.1.1): of its window, or of its whole content. */
function windowOf(bytes: Buffer, at: number): number {
  const descriptor = bytes[at] ?? 0;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  if (!isSingleSegment) {
    const window = bytes[at + 1] ?? 0;
    const base = 2 ** (10 + (window >> 3));
    return base + (base / 8) * (window & 7);
  }
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeAt = at + 1 + dictionaryBytes;
  const sizeBytes = [1, 2, 4, 8][descriptor >> 6] ?? 1;
  let size = 0;
  for (let byte = 0; byte < sizeBytes; byte++) size += (bytes[sizeAt + byte] ?? 0) * 2 ** (8 * byte);
  return sizeBytes === 2 ? size + 256 : size;
}

function tooLarge(maxBytes: number): HotspanError {
  return new HotspanError(
    "too-large",
    `The profile is larger than ${maxBytes} bytes uncompressed (HOTSPAN_MAX_BODY_BYTES).`,
  );
}
