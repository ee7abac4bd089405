/** What a decode worker can be asked to do. The same functions run inline for small bodies. */
import { type ErrorCode, HotspanError } from "@/lib/errors";
import { decodeImport, type ImportedFile, type ImportUpload } from "@/lib/ingest/import-file";
import {
  decodeOtlpProfiles,
  type OtlpProfileRows,
  type OtlpProfilesUpload,
} from "@/lib/ingest/otlp-profiles";
import { decodeProfileUpload, type ProfileUpload } from "@/lib/ingest/profile-upload";
import { decodePushJson, type PushedSeries } from "@/lib/ingest/push";
import { decodeDifferenceRows } from "@/lib/ingest/scrape-difference";
import { decodeTraceRows, type TraceRows, type TraceUpload } from "@/lib/ingest/trace-rows";
import type { ProfileRows } from "@/lib/store/profile-row";
import type { SpanRows } from "@/lib/store/span-row";

export type DecodeTask =
  | { readonly kind: "otlp-traces"; readonly upload: TraceUpload }
  | { readonly kind: "profile"; readonly upload: ProfileUpload }
  | { readonly kind: "scrape-difference"; readonly previous: Uint8Array; readonly upload: ProfileUpload }
  | { readonly kind: "otlp-profiles"; readonly upload: OtlpProfilesUpload }
  | { readonly kind: "push-json"; readonly upload: { readonly bytes: Uint8Array } }
  | { readonly kind: "import"; readonly upload: ImportUpload };

export type DecodeResult =
  | { readonly kind: "otlp-traces"; readonly traces: TraceRows }
  | { readonly kind: "profile" | "scrape-difference"; readonly rows: ProfileRows }
  | { readonly kind: "otlp-profiles"; readonly rows: OtlpProfileRows }
  | { readonly kind: "push-json"; readonly series: readonly PushedSeries[] }
  | { readonly kind: "import"; readonly file: ImportedFile };

/** @throws HotspanError `invalid-input` or `too-large` */
export function runDecodeTask(task: DecodeTask): DecodeResult {
  switch (task.kind) {
    case "otlp-traces":
      return { kind: task.kind, traces: decodeTraceRows(task.upload) };
    case "profile":
      return { kind: task.kind, rows: decodeProfileUpload(task.upload) };
    case "scrape-difference":
      return { kind: task.kind, rows: decodeDifferenceRows(task.previous, task.upload) };
    case "otlp-profiles":
      return { kind: task.kind, rows: decodeOtlpProfiles(task.upload) };
    case "push-json":
      return { kind: task.kind, series: decodePushJson(task.upload.bytes) };
    case "import":
      return { kind: task.kind, file: decodeImport(task.upload) };
  }
}

/** The task's body, which moves to the worker rather than being copied. */
export function bytesOfTask(task: DecodeTask): Uint8Array {
  return task.upload.bytes;
}

/** The memory that moves from the worker to whoever asked. */
export function buffersOfResult(result: DecodeResult): ArrayBuffer[] {
  // Columns may share memory, and what moves can move only once.
  return [...new Set(columnsOf(result).map(({ buffer }) => buffer))].filter((buffer) => isPlain(buffer));
}

function columnsOf(result: DecodeResult): ArrayBufferView[] {
  switch (result.kind) {
    case "otlp-traces":
      return columnsOfSpans(result.traces.rows);
    case "profile":
    case "scrape-difference":
      return columnsOfProfile(result.rows);
    case "otlp-profiles":
      return result.rows.profiles.flatMap(columnsOfProfile);
    case "push-json":
      // Small ones lie in a pool of Node's, which has to stay where it is.
      return result.series
        .flatMap(({ profiles }) => profiles)
        .filter(({ buffer, byteLength }) => buffer.byteLength === byteLength);
    case "import":
      return result.file.kind === "profile"
        ? columnsOfProfile(result.file.rows)
        : result.file.batches.flatMap(columnsOfSpans);
  }
}

function columnsOfSpans({ ends, ids, starts, text }: SpanRows): ArrayBufferView[] {
  return [text, ends, ids, starts];
}

function columnsOfProfile({ functions, samples, stacks }: ProfileRows): ArrayBufferView[] {
  return [samples.text, ...[functions, stacks].flatMap(({ ids, text, ends }) => [ids, text, ends])];
}

/** Errors lose their class between threads. */
export interface DecodeFailure {
  readonly code: ErrorCode;
  readonly message: string;
}

export function toFailure(error: unknown): DecodeFailure {
  if (error instanceof HotspanError) return { code: error.code, message: error.message };
  return {
    code: "internal",
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
}

function isPlain(buffer: ArrayBufferLike): buffer is ArrayBuffer {
  return buffer instanceof ArrayBuffer;
}
