/** One file of unknown kind to rows, by its content. Pure, for a worker thread: a file of 64 MiB takes a second or two. */
import { constants, gunzipSync } from "node:zlib";
import { HotspanError, invalidInput } from "@/lib/errors";
import { decodeProfileUpload, type ProfileUpload } from "@/lib/ingest/profile-upload";
import { readTraceDocuments } from "@/lib/ingest/trace-documents";
import type { ProfileRows } from "@/lib/store/profile-row";
import { encodeSpanRows, type SpanRows } from "@/lib/store/span-row";
import type { Span } from "@/lib/trace/span";

/** A profile's upload, should it be one; the other kinds need its bytes, source and limit only. */
export type ImportUpload = ProfileUpload;

export type ImportedFile =
  | { readonly kind: "profile"; readonly rows: ProfileRows }
  | {
      readonly kind: "traces";
      /** Each a group of its own for the store. */
      readonly batches: readonly SpanRows[];
      /** Spans that stand in the file a second time. */
      readonly repeated: number;
      readonly rejectedSpans: number;
      /** What was refused or cut, in sentences; "" when all is well. */
      readonly message: string;
      /** The first few. */
      readonly traceIds: readonly string[];
    };

/** Spans of one batch; a group of the store takes ten of them. */
const BATCH_SPANS = 5_000;
const MAX_TRACE_IDS = 20;
const GZIP = [0x1f, 0x8b] as const;
const PEEKED_BYTES = 4_096;
const JFR = Buffer.from("FLR\0", "latin1");

/**
 * @returns the rows of what the file holds
 * @throws HotspanError `invalid-input` naming what is wrong with the file, `too-large` naming the limit
 */
export function decodeImport(upload: ImportUpload): ImportedFile {
  const { byteLength, byteOffset, buffer } = upload.bytes;
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  if (bytes.length === 0) throw invalidInput("The file is empty.");
  if (isArchive(bytes)) throw invalidInput("An archive inside an archive is not opened.");
  const head = peek(bytes);
  if (!isJson(head)) {
    if (head.subarray(0, 4).equals(JFR)) {
      throw invalidInput("This is a recording of Java (JFR), which is not read: Hotspan reads pprof.");
    }
    if (isText(head)) throw invalidInput("This is text: neither a pprof nor traces in JSON.");
    return { kind: "profile", rows: decodeProfileUpload(upload) };
  }
  return decodeTraces(isGzip(bytes) ? inflate(bytes, upload.maxBytes) : bytes, upload);
}

/** True for a zip, by its first bytes. */
export function isArchive(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5 || bytes[2] === 7);
}

function decodeTraces(bytes: Buffer, { receivedUnixNano, source }: ImportUpload): ImportedFile {
  const documents = readTraceDocuments(bytes, receivedUnixNano);
  const batches: SpanRows[] = [];
  const traceIds = new Set<string>();
  const seen = new Set<string>();
  let repeated = 0;
  let waiting: Span[] = [];
  for (const spans of documents.spans) {
    for (const span of spans) {
      const id = span.traceId + span.spanId;
      if (seen.has(id)) {
        repeated++;
        continue;
      }
      seen.add(id);
      if (traceIds.size < MAX_TRACE_IDS) traceIds.add(span.traceId);
      waiting.push(span);
      if (waiting.length === BATCH_SPANS) {
        batches.push(encodeSpanRows(waiting, source));
        waiting = [];
      }
    }
  }
  if (waiting.length > 0) batches.push(encodeSpanRows(waiting, source));
  const { broken, cuts, rejected } = documents;
  if (seen.size === 0) {
    const reason = [broken, rejected, cuts].find(({ total }) => total > 0)?.describe();
    throw invalidInput(`There are no spans in this file${reason === undefined ? "" : `: ${reason}`}.`);
  }
  const sentences = [
    broken.total === 0 ? "" : `Not read: ${broken.describe(3)}.`,
    rejected.total === 0 ? "" : `${rejected.total} spans refused: ${rejected.describe()}.`,
    cuts.total === 0 ? "" : `Also: ${cuts.describe()}.`,
  ];
  return {
    kind: "traces",
    batches,
    repeated,
    rejectedSpans: rejected.total,
    message: sentences.filter((sentence) => sentence !== "").join(" "),
    traceIds: [...traceIds],
  };
}

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === GZIP[0] && bytes[1] === GZIP[1];
}

/** The beginning of what is inside: enough to tell JSON from protobuf. */
function peek(bytes: Buffer): Buffer {
  const head = bytes.subarray(0, PEEKED_BYTES);
  if (!isGzip(bytes)) return head;
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return head; // damaged: read as a profile, whose reader says how
  }
}

/** No pprof begins so: `{` and `[` would be tags of groups, which protobuf has given up. */
function isJson(head: Buffer): boolean {
  const text = head.toString("latin1").replace(/^(?:\xef\xbb\xbf)?\s*/, "");
  return text.startsWith("{") || text.startsWith("[");
}

/** Lengths and numbers of a pprof are bytes that no text has. */
function isText(head: Buffer): boolean {
  return head.every((byte) => byte > 0x1f || (byte >= 0x09 && byte <= 0x0d));
}

function inflate(bytes: Buffer, maxBytes: number): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "ERR_BUFFER_TOO_LARGE") {
      throw new HotspanError("too-large", `The file is larger than ${maxBytes} bytes uncompressed.`);
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new HotspanError("invalid-input", `The file's gzip is damaged: ${reason}.`, { cause: error });
  }
}
