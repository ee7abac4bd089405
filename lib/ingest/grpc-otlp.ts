/** OTLP over gRPC: the export methods of each signal. */
import type { ByteLease } from "@/lib/ingest/byte-budget";
import { declined } from "@/lib/ingest/door-otlp";
import { encodeExportResponse } from "@/lib/ingest/otlp-response";
import type { TraceIntake } from "@/lib/ingest/trace-intake";

/** One unary method: raw bytes in and out, so no generated code and no second decoder. */
export interface GrpcMethod {
  /** `/package.Service/Method` */
  readonly path: string;
  /** @returns the encoded response; what it throws becomes a status */
  readonly receive: (body: Buffer, lease: ByteLease) => Promise<Buffer>;
}

export function exportTraces(traces: TraceIntake): GrpcMethod {
  return {
    path: exportPath("trace", "TraceService"),
    receive: async (body, lease) => {
      const receipt = await traces.accept(body, "protobuf", "", lease);
      return encodeExportResponse("protobuf", receipt.rejectedSpans, receipt.message);
    },
  };
}

export function declinedExport(signal: "metrics" | "logs"): GrpcMethod {
  return {
    path: exportPath(signal, signal === "logs" ? "LogsService" : "MetricsService"),
    receive: async () => encodeExportResponse("protobuf", 0, declined(signal)),
  };
}

function exportPath(signal: string, service: string): string {
  return `/opentelemetry.proto.collector.${signal}.v1.${service}/Export`;
}
