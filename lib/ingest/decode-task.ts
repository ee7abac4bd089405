/** What a decode worker can be asked to do. The same functions run inline for small bodies. */
import { type ErrorCode, HotspanError } from "@/lib/errors";
import { decodeProfileUpload, type ProfileUpload } from "@/lib/ingest/profile-upload";
import { decodeTraceRows, type TraceRows, type TraceUpload } from "@/lib/ingest/trace-rows";
import type { ProfileRows } from "@/lib/store/profile-row";

export type DecodeTask =
  | { readonly kind: "otlp-traces"; readonly upload: TraceUpload }
  | { readonly kind: "profile"; readonly upload: ProfileUpload };

export type DecodeResult =
  | { readonly kind: "otlp-traces"; readonly traces: TraceRows }
  | { readonly kind: "profile"; readonly rows: ProfileRows };

/** @throws HotspanError `invalid-input` or `too-large` */
export function runDecodeTask(task: DecodeTask): DecodeResult {
  switch (task.kind) {
    case "otlp-traces":
      return { kind: task.kind, traces: decodeTraceRows(task.upload) };
    case "profile":
      return { kind: task.kind, rows: decodeProfileUpload(task.upload) };
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
    case "otlp-traces": {
      const { text, ends, ids, starts } = result.traces.rows;
      return [text, ends, ids, starts];
    }
    case "profile": {
      const { functions, stacks, samples } = result.rows;
      return [samples.text, ...[functions, stacks].flatMap(({ ids, text, ends }) => [ids, text, ends])];
    }
  }
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
