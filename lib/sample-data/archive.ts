/**
 * The recorded requests of the demo shop (examples/go-shop/cmd/record writes them): one gzip stream of entries, each a
 * 32-bit big-endian length and a head in JSON, then a length and the body as it was received.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createGunzip } from "node:zlib";
import { z } from "zod";
import { HotspanError } from "@/lib/errors";
import { type UnixNano, unixNano } from "@/lib/units";

export interface RecordedRequest {
  /** With its query, as in `/api/v1/profiles?service=gateway&kind=cpu&start=...`. */
  readonly path: string;
  readonly arrived: UnixNano;
  /** The reader's memory, to be changed at will. */
  readonly body: Buffer;
}

const ARCHIVE = "examples/go-shop/recording/shop.rec.gz";
const head = z.object({ path: z.string().startsWith("/"), arrived: z.string().regex(/^\d{1,19}$/) });
const INFLATE_CHUNK = 256 * 1_024;

/** @returns where the archive is, seen from the source as from the bundle in dist/; undefined when it was left out */
export function findArchive(from: string = fileURLToPath(import.meta.url)): string | undefined {
  for (let folder = dirname(from); ; folder = dirname(folder)) {
    const path = join(folder, ARCHIVE);
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) return undefined;
  }
}

/**
 * Reads one request after another; only the one being read is held inflated.
 * @throws HotspanError `internal` when the file is not such an archive or is cut off
 */
export async function* readArchive(path: string): AsyncGenerator<RecordedRequest> {
  const inflated = createGunzip({ chunkSize: INFLATE_CHUNK });
  inflated.end(await readFile(path));
  let held = Buffer.alloc(0);
  try {
    for await (const chunk of inflated) {
      held = Buffer.concat([held, chunk]);
      for (let next = takeEntry(held); next !== undefined; next = takeEntry(held)) {
        yield next.request;
        held = held.subarray(next.length);
      }
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HotspanError("internal", `The sample data in ${path} cannot be read: ${reason}.`, {
      cause: error,
    });
  }
  if (held.length > 0) throw new HotspanError("internal", `The sample data in ${path} are cut off.`);
}

/** @returns the first entry and its length in bytes, undefined while it is not there to its end */
function takeEntry(bytes: Buffer): { request: RecordedRequest; length: number } | undefined {
  if (bytes.length < 4) return undefined;
  const headEnd = 4 + bytes.readUInt32BE(0);
  if (bytes.length < headEnd + 4) return undefined;
  const bodyEnd = headEnd + 4 + bytes.readUInt32BE(headEnd);
  if (bytes.length < bodyEnd) return undefined;
  const { path, arrived } = head.parse(JSON.parse(bytes.toString("utf8", 4, headEnd)));
  const request = { path, arrived: unixNano(BigInt(arrived)), body: bytes.subarray(headEnd + 4, bodyEnd) };
  return { request, length: bodyEnd };
}
