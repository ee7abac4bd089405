/** What OTLP clients read back (opentelemetry-proto, collector/trace; OTLP specification, "Failures"; google.rpc.Status). */
import type { ErrorCode } from "@/lib/errors";
import type { OtlpEncoding } from "@/lib/ingest/otlp-traces";

/** google.rpc.Code. UNAVAILABLE is the one that every client may retry. */
export const GRPC_CODE: Readonly<Record<ErrorCode, number>> = {
  "invalid-input": 3,
  forbidden: 7,
  "not-found": 5,
  "too-large": 8,
  "unsupported-media-type": 3,
  overloaded: 14,
  unavailable: 14,
  internal: 13,
};

export function otlpContentType(encoding: OtlpEncoding): string {
  return encoding === "protobuf" ? "application/x-protobuf" : "application/json";
}

/** What a signal's export counts, in the words of its JSON. In protobuf the layout is the same for every signal. */
const REJECTED_KEY = {
  traces: "rejectedSpans",
  metrics: "rejectedDataPoints",
  logs: "rejectedLogRecords",
  profiles: "rejectedProfiles",
} as const;

/** An export response; empty when everything was taken without remark. */
export function encodeExportResponse(
  encoding: OtlpEncoding,
  rejected: number,
  message: string,
  signal: keyof typeof REJECTED_KEY = "traces",
): Buffer {
  const silent = rejected === 0 && message === "";
  if (encoding === "json") {
    const partialSuccess = { [REJECTED_KEY[signal]]: String(rejected), errorMessage: message };
    return Buffer.from(JSON.stringify(silent ? {} : { partialSuccess }));
  }
  if (silent) return Buffer.alloc(0);
  return bytesField(
    1,
    Buffer.concat([rejected === 0 ? Buffer.alloc(0) : varintField(1, rejected), bytesField(2, message)]),
  );
}

export function encodeStatus(encoding: OtlpEncoding, code: number, message: string): Buffer {
  if (encoding === "json") return Buffer.from(JSON.stringify({ code, message }));
  return Buffer.concat([varintField(1, code), bytesField(2, message)]);
}

/** google.rpc.Status with a RetryInfo in its details, for the trailer `grpc-status-details-bin`. */
export function encodeRetryStatus(code: number, message: string, seconds: number): Buffer {
  const retryInfo = bytesField(1, varintField(1, seconds));
  const any = Buffer.concat([
    bytesField(1, "type.googleapis.com/google.rpc.RetryInfo"),
    bytesField(2, retryInfo),
  ]);
  return Buffer.concat([encodeStatus("protobuf", code, message), bytesField(3, any)]);
}

function varintField(field: number, value: number): Buffer {
  return Buffer.from([field << 3, ...varint(value)]);
}

function bytesField(field: number, value: string | Buffer): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...varint(bytes.length)]), bytes]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  return [...bytes, value];
}
