/** OTLP over HTTP (OTLP specification 1.11, "OTLP/HTTP"): errors are read in the encoding that was sent. */
import type { IncomingHttpHeaders } from "node:http";
import { statusOf } from "@/lib/api/respond";
import type { HotspanError } from "@/lib/errors";
import type { Door, Reply } from "@/lib/ingest/door";
import { parseOtlpEncoding } from "@/lib/ingest/media-type";
import { encodeExportResponse, encodeStatus, GRPC_CODE, otlpContentType } from "@/lib/ingest/otlp-response";
import type { OtlpEncoding } from "@/lib/ingest/otlp-traces";
import type { TraceIntake } from "@/lib/ingest/trace-intake";

export function tracesDoor(traces: TraceIntake): Door {
  return {
    paths: ["/v1/traces"],
    cors: true,
    receive: async ({ headers, lease, readBody, sourceOf }) => {
      const encoding = parseOtlpEncoding(headers["content-type"]);
      const body = await readBody();
      const source = sourceOf(headers["x-hotspan-source"]);
      const { message, rejectedSpans } = await traces.accept(body, encoding, source, lease);
      return otlpReply(200, encoding, encodeExportResponse(encoding, rejectedSpans, message));
    },
    refuse: refuseOtlp,
  };
}

/** Taken and not stored: SDKs send every signal to one endpoint, and would log an error at each interval. */
export function declinedDoor(signal: "metrics" | "logs"): Door {
  return {
    paths: [`/v1/${signal}`],
    cors: true,
    receive: async ({ headers, readBody }) => {
      const encoding = parseOtlpEncoding(headers["content-type"]);
      await readBody();
      return otlpReply(200, encoding, encodeExportResponse(encoding, 0, declined(signal), signal));
    },
    refuse: refuseOtlp,
  };
}

export function declined(signal: "metrics" | "logs"): string {
  return `Hotspan stores traces and profiles: ${signal} were not stored.`;
}

export function otlpReply(status: number, encoding: OtlpEncoding, body: Buffer): Reply {
  return { status, headers: { "content-type": otlpContentType(encoding) }, body };
}

/** One whose encoding is unknown reads JSON. */
export function refuseOtlp(error: HotspanError, headers: IncomingHttpHeaders): Reply {
  let encoding: OtlpEncoding = "json";
  try {
    encoding = parseOtlpEncoding(headers["content-type"]);
  } catch {
    // said in JSON that it is not known
  }
  return otlpReply(
    statusOf(error.code),
    encoding,
    encodeStatus(encoding, GRPC_CODE[error.code], error.message),
  );
}
