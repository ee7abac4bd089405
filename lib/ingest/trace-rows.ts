import { decodeOtlpTraces, type OtlpEncoding } from "@/lib/ingest/otlp-traces";
import { decodeZipkin } from "@/lib/ingest/zipkin";
import { encodeSpanRows, type SpanRows } from "@/lib/store/span-row";

/** OTLP's two, and Zipkin's JSON of version 2. */
export type TraceEncoding = OtlpEncoding | "zipkin";

export interface TraceUpload {
  readonly bytes: Uint8Array;
  readonly encoding: TraceEncoding;
  /** The receiver's clock in Unix nanoseconds. */
  readonly now: bigint;
  /** "" for what users send, "sample" for the recorded demo shop. */
  readonly source: string;
}

export interface TraceRows {
  readonly rows: SpanRows;
  readonly rejectedSpans: number;
  readonly message: string;
}

/**
 * From an uncompressed body to rows that can be sent as they are.
 * @throws HotspanError `invalid-input`
 */
export function decodeTraceRows(upload: TraceUpload): TraceRows {
  const { bytes, encoding, now, source } = upload;
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { spans, rejectedSpans, message } =
    encoding === "zipkin" ? decodeZipkin(body, now) : decodeOtlpTraces(body, encoding, now);
  return { rows: encodeSpanRows(spans, source), rejectedSpans, message };
}
