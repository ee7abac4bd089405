/** The files of a zip, one after another, each bounded before it is held. Their paths are labels here and lead nowhere. */
import { type Entry, fromBufferPromise, type ZipFile } from "yauzl";
import { HotspanError, invalidInput } from "@/lib/errors";

export interface ZipLimits {
  /** Files, directories included. */
  readonly maxEntries: number;
  /** Of one file, inflated. */
  readonly maxFileBytes: number;
  /** Of all files together, inflated. */
  readonly maxTotalBytes: number;
}

/** One file, or why it is not there. `name` is its own, without folders. */
export type ZippedFile =
  | { readonly name: string; readonly bytes: Buffer }
  | { readonly name: string; readonly error: HotspanError };

/**
 * JSON of traces shrinks to a fiftieth at best. What shrinks to less than a 200th and is of some size was made to hurt.
 */
const MAX_RATIO = 200;
const HARMLESS_BYTES = 4_194_304;
const MAX_NAME_LENGTH = 200;

/**
 * @throws HotspanError `invalid-input` when the zip as a whole cannot be read, `too-large` when it holds too many files
 *   or they inflate to too much; files that came before were handed out
 */
export async function* readZip(bytes: Buffer, limits: ZipLimits): AsyncGenerator<ZippedFile> {
  const zip = await openZip(bytes);
  if (zip.entryCount > limits.maxEntries) {
    throw new HotspanError(
      "too-large",
      `The archive holds ${zip.entryCount} files; ${limits.maxEntries} are taken at once.`,
    );
  }
  let left = limits.maxTotalBytes;
  for await (const entry of entriesOf(zip)) {
    const path = entry.fileNameRaw.toString("utf8").replaceAll("\\", "/");
    const name = nameOf(path);
    if (name === "" || name.startsWith(".") || path.startsWith("__MACOSX/")) continue;
    let file: ZippedFile;
    try {
      const inflated = await inflateEntry(zip, entry, Math.min(limits.maxFileBytes, left));
      left -= inflated.length;
      file = { name, bytes: inflated };
    } catch (error) {
      const known = asRefusal(error);
      if (known.code === "too-large" && left < limits.maxFileBytes) {
        throw new HotspanError(
          "too-large",
          `The archive inflates to more than ${limits.maxTotalBytes} bytes: send its files in parts.`,
        );
      }
      file = { name, error: known };
    }
    yield file;
  }
}

async function openZip(bytes: Buffer): Promise<ZipFile> {
  try {
    // Undecoded names are not judged: one that leads upwards is no reason to refuse the files beside it.
    return await fromBufferPromise(bytes, { lazyEntries: true, decodeStrings: false });
  } catch (error) {
    throw damaged(error);
  }
}

async function* entriesOf(zip: ZipFile): AsyncGenerator<Entry> {
  try {
    yield* zip.eachEntry();
  } catch (error) {
    throw error instanceof HotspanError ? error : damaged(error);
  }
}

async function inflateEntry(zip: ZipFile, entry: Entry, maxBytes: number): Promise<Buffer> {
  if (entry.isEncrypted()) throw invalidInput("The file is encrypted.");
  if (!entry.canDecodeFileData())
    throw invalidInput("The file is compressed in a way that is not known here.");
  const stream = await zip.openReadStreamPromise(entry);
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      if (!Buffer.isBuffer(chunk)) throw new TypeError("Files of an archive are read as bytes.");
      length += chunk.length;
      if (length > maxBytes) {
        throw new HotspanError("too-large", `The file is larger than ${maxBytes} bytes uncompressed.`);
      }
      if (length > HARMLESS_BYTES && length > entry.compressedSize * MAX_RATIO) {
        throw new HotspanError(
          "too-large",
          `The file shrinks to less than a ${MAX_RATIO}th: it is not read.`,
        );
      }
      chunks.push(chunk);
    }
  } finally {
    stream.destroy();
  }
  return Buffer.concat(chunks, length);
}

function nameOf(path: string): string {
  const base = path.slice(path.lastIndexOf("/") + 1);
  return base.replace(/\p{C}/gu, "").slice(0, MAX_NAME_LENGTH);
}

function asRefusal(error: unknown): HotspanError {
  if (error instanceof HotspanError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new HotspanError("invalid-input", `The file is damaged in its archive: ${reason}.`, {
    cause: error,
  });
}

function damaged(error: unknown): HotspanError {
  const reason = error instanceof Error ? error.message : String(error);
  return new HotspanError("invalid-input", `The archive cannot be read: ${reason}.`, { cause: error });
}
